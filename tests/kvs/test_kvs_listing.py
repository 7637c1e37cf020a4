"""Listing fragments: every page, exact ranges, retention, and listings that fail."""

from __future__ import annotations

import json
import random
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from builders.kvs_reading import LIST, START_MS, apis, client_for
from dateutil.tz import gettz
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callbeam.emulator import Emulator, EmulatorConfig, Fault
from callbeam.errors import UsageError
from callbeam.kvs import HOUR_MS, KvsClient, KvsConfig, ListedFragment, Stream
from callbeam.kvs.listing import milliseconds
from callbeam.kvs.service_errors import KvsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


AWKWARD = EmulatorConfig(listing_page_cap=7, listing_empty_first_page=True, listing_omits_empty=True)


@pytest.fixture(scope="module")
def awkward() -> Iterator[tuple[Emulator, list[tuple[int, int]]]]:
    """A stream whose listing comes in many shuffled pages, the first one empty; and (number, server ms) of it."""
    with Emulator(config=AWKWARD) as emulator:
        emulator.add_stream("s")
        chance = random.Random(3)
        held = []
        for i in range(60):
            server_ms = START_MS + i * 500 + chance.randrange(500)
            held.append((emulator.add_fragment("s", b"", server_ms=server_ms, producer_ms=server_ms - 3), server_ms))
        yield emulator, held


def test_all_pages_are_listed_and_sorted_by_number(clock: Any, awkward: Any) -> None:
    emulator, held = awkward
    client = client_for(emulator, clock)
    [stream] = client.resolve_streams(["s"])
    emulator.requests.clear()
    listed = client.source(stream).list(START_MS, START_MS + HOUR_MS)
    assert [(f.number, f.server_ms) for f in listed] == sorted(held)
    assert all(f.producer_ms == f.server_ms - 3 for f in listed if f.server_ms)
    pages = [request for request in emulator.requests if request.api == LIST]
    assert len(pages) == 10
    assert {page.n for page in pages} == {1000}


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(-2000, 31_000), length=st.integers(0, 5000), border=st.integers(0, 59))
def test_ranges_are_exact_to_the_millisecond(clock: Any, awkward: Any, start: int, length: int, border: int) -> None:
    emulator, held = awkward
    client = client_for(emulator, clock)
    source = client.source(client.resolve_streams(["s"])[0])
    at = held[border][1]
    for a, b in ((START_MS + start, START_MS + start + length), (at, at + 1), (at - 100, at), (at + 1, at + 100)):
        assert [f.number for f in source.list(a, b)] == sorted(n for n, ms in held if a <= ms < b)


def test_an_empty_range_asks_nothing(calls: Any, clock: Any) -> None:
    client = client_for(calls.emulator, clock)
    source = client.source(client.resolve_streams(["calls-1"])[0])
    calls.emulator.requests.clear()
    assert source.list(START_MS, START_MS) == []
    assert apis(calls.emulator) == []


LISTING_FAULTS = [
    Fault(LIST, "error", times=6),
    Fault(LIST, "error", code="InternalFailure", times=3),
    Fault(LIST, "error", code="AccessDeniedException", times=1),
    Fault(LIST, "cut", times=2),
    Fault(LIST, "stall", seconds=1.5, times=1),
    Fault(LIST, "error", code="InvalidArgumentException", message="NextToken has expired", after=2, times=1),
    Fault("GetDataEndpoint", "error", code="ServiceUnavailable", times=2),
]


@pytest.mark.parametrize("fault", LISTING_FAULTS, ids=lambda fault: f"{fault.api}-{fault.action}-{fault.code}")
def test_a_listing_is_whole_whatever_passes(clock: Any, awkward: Any, fault: Fault) -> None:
    emulator, held = awkward
    client = client_for(emulator, clock, read_timeout_s=0.4)
    [stream] = client.resolve_streams(["s"])
    emulator.faults.clear()
    emulator.faults.add(fault)
    try:
        listed = client.source(stream).list(START_MS, START_MS + HOUR_MS)
        assert emulator.faults.strikes() >= 1
    finally:
        emulator.faults.clear()
    assert [f.number for f in listed] == sorted(number for number, _ in held)


def test_a_fragment_without_timestamp_stays_listed(calls: Any, clock: Any) -> None:
    client = client_for(calls.emulator, clock)
    source = client.source(client.resolve_streams(["calls-1"])[0])
    calls.emulator.faults.add(Fault(LIST, "no_timestamps", fragments=(calls.numbers[5],), times=None))
    listed = source.list(START_MS, START_MS + HOUR_MS)
    assert [f.number for f in listed] == calls.numbers
    assert (listed[5].server_ms, listed[5].producer_ms) == (None, None)


def test_what_is_not_an_argument_of_retention_fails(calls: Any, clock: Any) -> None:
    client = client_for(calls.emulator, clock)
    source = client.source(client.resolve_streams(["calls-1"])[0])
    calls.emulator.faults.add(Fault(LIST, "error", code="InvalidArgumentException", message="so wrong", times=None))
    with pytest.raises(KvsError, match="ListFragments of stream calls-1: InvalidArgumentException: so wrong"):
        source.list(START_MS, START_MS + HOUR_MS)


def test_ranges_that_retention_has_passed(clock: Any) -> None:
    config = EmulatorConfig(apply_retention=True, clock=lambda: clock.wall_ms() / 1000)
    with Emulator(config=config) as emulator:
        emulator.add_stream("s", retention_hours=3)
        numbers = [
            emulator.add_fragment("s", b"", server_ms=START_MS + i * HOUR_MS, producer_ms=None) for i in range(5)
        ]
        clock.wall_start_ms = START_MS + 5 * HOUR_MS - 60_000
        client = client_for(emulator, clock)
        source = client.source(client.resolve_streams(["s"])[0])
        assert source.list(START_MS, START_MS + HOUR_MS) == []
        assert [f.number for f in source.list(START_MS, START_MS + 9 * HOUR_MS)] == numbers[2:]


def test_a_range_that_begins_before_retention_is_asked_for_again_within_it(calls: Any, clock: Any) -> None:
    """Such a range has been seen to come back empty though its end holds fragments."""
    client = client_for(calls.emulator, clock)
    arn = calls.arn
    clock.wall_start_ms = START_MS + 3 * HOUR_MS
    source = client.source(Stream(arn, START_MS - 10 * HOUR_MS, 4))
    calls.emulator.requests.clear()
    assert source.list(START_MS - 5 * HOUR_MS, START_MS) == []
    assert apis(calls.emulator).count(LIST) == 2
    assert source.list(START_MS - 5 * HOUR_MS, START_MS - 3 * HOUR_MS) == []
    assert apis(calls.emulator).count(LIST) == 3
    calls.emulator.faults.add(
        Fault(LIST, "error", code="InvalidArgumentException", message="Start is outside of the retention period")
    )
    assert [f.number for f in source.list(START_MS - 5 * HOUR_MS, START_MS + HOUR_MS)] == calls.numbers


def test_a_range_within_retention_is_not_taken_for_empty(calls: Any, clock: Any) -> None:
    clock.wall_start_ms = START_MS + 3 * HOUR_MS
    outside = Fault(LIST, "error", code="InvalidArgumentException", message="outside of the stream retention period")
    for hours, fails in ((24, True), (5, True), (3, False), (0, False)):
        source = client_for(calls.emulator, clock).source(Stream(calls.arn, START_MS - 100 * HOUR_MS, hours))
        calls.emulator.faults.add(outside)
        if fails:
            with pytest.raises(KvsError, match=f"stream calls-1: .* retention, which is {hours} h and covers it"):
                source.list(START_MS, START_MS + HOUR_MS)
        else:
            assert source.list(START_MS, START_MS + HOUR_MS) == []


@settings(deadline=None, max_examples=200)
@given(ms=st.integers(0, 4_000_000_000_000), zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]))
def test_instants_of_any_zone_are_exact(ms: int, zone: str) -> None:
    instant = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=ms / 1000)  # as the SDK makes it
    assert milliseconds(instant.astimezone(gettz(zone))) == ms


def test_no_instant_stays_none() -> None:
    assert milliseconds(None) is None


class _Pages(BaseHTTPRequestHandler):
    """KVS as far as a listing of one page needs it: it sends the fragments that it is told to."""

    def do_POST(self) -> None:
        host, port = self.server.server_address[:2]
        listing = self.path == "/listFragments"
        body = self.server.page if listing else json.dumps({"DataEndpoint": f"http://{host}:{port}"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def list_page(clock: Any) -> Iterator[Callable[[bytes], list[ListedFragment]]]:
    """List what a page holds of an hour."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as server:
        threading.Thread(target=server.serve_forever).start()
        config = KvsConfig(endpoint_url=f"http://127.0.0.1:{server.server_port}", give_up_after_s=1)
        stream = Stream("arn:aws:kinesisvideo:us-east-1:111122223333:stream/s/1", 0, 24)

        def listed(page: bytes) -> list[ListedFragment]:
            server.page = page
            return KvsClient(config, clock.timing).source(stream).list(START_MS, START_MS + HOUR_MS)

        yield listed
        server.shutdown()


def test_instants_come_as_seconds_or_as_dates(list_page: Any) -> None:
    at_s, date = START_MS / 1000, datetime.fromtimestamp(START_MS / 1000, tz=timezone.utc).isoformat()
    page = [
        {"FragmentNumber": "1", "ServerTimestamp": at_s + 0.0014, "ProducerTimestamp": at_s + 0.0016},
        {"FragmentNumber": "2", "ServerTimestamp": date, "ProducerTimestamp": str(at_s)},
        {"FragmentNumber": "3", "ServerTimestamp": int(at_s), "FragmentSizeInBytes": 7},
        {"FragmentNumber": "4", "ServerTimestamp": None, "FragmentLengthInMilliseconds": None},
    ]
    assert list_page(json.dumps({"Fragments": page, "NextToken": None}).encode()) == [
        ListedFragment(1, START_MS + 1, START_MS + 2),
        ListedFragment(2, START_MS, START_MS),
        ListedFragment(3, START_MS, None, 7),
        ListedFragment(4, None),
    ]


@pytest.mark.parametrize("page", [b"{}", b'{"Fragments": null}', b'{"Fragments": []}'])
def test_a_page_may_hold_nothing(list_page: Any, page: bytes) -> None:
    assert list_page(page) == []


@pytest.mark.parametrize("page", [b"", b"<html>Sign in to this network</html>", b'{"Fragments": [', b"[]"])
def test_an_answer_that_is_no_page_is_not_taken_for_an_empty_one(list_page: Any, page: bytes) -> None:
    with pytest.raises(KvsError, match=r"ListFragments of stream s: .*is not Kinesis Video Streams"):
        list_page(page)


class _SignIn(_Pages):
    """Something on the way that answers whatever is asked."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>Sign in to this network</html>")


@pytest.fixture
def sign_in() -> Iterator[str]:
    """Serve it; give its URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _SignIn) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_who_answers_for_the_service_is_named(clock: Any, sign_in: str) -> None:
    client = KvsClient(KvsConfig(region="us-east-1", endpoint_url=sign_in, give_up_after_s=1), clock.timing)
    with pytest.raises(UsageError, match=r"DescribeStream of stream s: .*b'<html>Sign in to this network"):
        client.resolve_streams(["s"])
