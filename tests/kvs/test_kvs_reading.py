"""Reading media from the emulator while everything goes wrong that is known to go wrong with KVS."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from botocore.response import StreamingBody
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callbeam.emulator import Emulator, EmulatorConfig, Fault, Quotas
from callbeam.kvs.client import KvsClient, StreamSource
from callbeam.kvs.config import KvsConfig
from callbeam.kvs.fragments import FetchedFragment, FragmentStatus, ListedFragment
from callbeam.kvs.troubles import KvsError
from callbeam.mkv.fragment import fragment_tags
from callbeam.mkv.writer import CONNECT, LIBAV, BlockSpec, TrackSpec, write_fragment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

GMFFL = "GetMediaForFragmentList"
START_MS = 1_772_409_600_000
LISTED_ALL = (START_MS - 1000, START_MS + 3_600_000)


def open_source(calls: Any, clock: Any, name: str = "calls-1", **options: Any) -> StreamSource:
    config = KvsConfig(endpoint_url=calls.emulator.endpoint_url, **{"fragments_per_second": 0.0, **options})
    client = KvsClient(config, clock.timing)
    [stream] = client.resolve_streams([name])
    return client.source(stream)


def read_all(source: StreamSource) -> list[FetchedFragment]:
    return list(source.read(source.list(*LISTED_ALL)))


def asked(calls: Any) -> list[int]:
    """How many fragments each call for media asked for."""
    return [request.n for request in calls.emulator.requests if request.api == GMFFL]


def check_media(fetched: FetchedFragment, calls: Any, payload_of: Callable[[int, int, int], bytes]) -> None:
    index = calls.numbers.index(fetched.listed.number)
    document = fetched.document
    assert document is not None, fetched
    assert fragment_tags(document).number == fetched.listed.number
    got = [(block.track, bytes(document.payload(block))) for block in document.blocks]
    assert got == [(track, payload_of(index, track, block)) for block in range(4) for track in (1, 2)]


@pytest.fixture
def payload_of() -> Callable[[int, int, int], bytes]:
    return lambda index, track, block: (index * 1000 + track * 100 + block).to_bytes(4, "big") * 200


@pytest.fixture
def check(calls: Any, payload_of: Any) -> Callable[[Sequence[FetchedFragment]], None]:
    """Check that every fragment is there, once, in order, with its own media."""

    def check_all(fetched: Sequence[FetchedFragment]) -> None:
        assert [f.listed.number for f in fetched] == calls.numbers
        for fragment in fetched:
            check_media(fragment, calls, payload_of)

    return check_all


def test_media_comes_in_the_order_asked_for(calls: Any, clock: Any, payload_of: Any) -> None:
    source = open_source(calls, clock)
    listed = source.list(*LISTED_ALL)
    random.Random(7).shuffle(listed)
    fetched = list(source.read(listed))
    assert [f.listed for f in fetched] == listed
    for fragment in fetched:
        check_media(fragment, calls, payload_of)


def test_each_document_holds_its_own_bytes_alone(calls: Any, clock: Any) -> None:
    for fetched in read_all(open_source(calls, clock)):
        assert fetched.document is not None
        assert len(fetched.document.data.obj) == len(fetched.document.data)


def test_batches_keep_to_bytes_and_count(calls: Any, clock: Any, check: Any) -> None:
    source = open_source(calls, clock, batch_fragments=16)
    check(read_all(source))
    assert asked(calls) == [16, 16, 8]
    calls.emulator.requests.clear()
    size = source.list(*LISTED_ALL)[0].size
    check(read_all(open_source(calls, clock, batch_bytes=size * 3 + 100)))
    assert max(asked(calls)) == 3
    calls.emulator.requests.clear()
    check(read_all(open_source(calls, clock, batch_bytes=1)))
    assert asked(calls) == [1] * 40


def test_nothing_asked_for_asks_nothing(calls: Any, clock: Any) -> None:
    assert list(open_source(calls, clock).read([])) == []
    assert asked(calls) == []


def test_a_fragment_listed_twice_is_given_twice_and_asked_for_once(calls: Any, clock: Any) -> None:
    source = open_source(calls, clock)
    listed = source.list(*LISTED_ALL)[:2]
    fetched = list(source.read([*listed, listed[0]]))
    assert [f.listed.number for f in fetched] == [calls.numbers[0], calls.numbers[1], calls.numbers[0]]
    assert asked(calls) == [2]


def test_the_pace_holds_between_calls(calls: Any, clock: Any, check: Any) -> None:
    check(read_all(open_source(calls, clock, fragments_per_second=10.0, batch_fragments=10)))
    assert sum(clock.slept) == pytest.approx(3.0)


PASSING = {
    "throttled": [Fault(GMFFL, "error", code="ClientLimitExceededException", times=7)],
    "connections": [Fault(GMFFL, "error", code="ConnectionLimitExceededException", times=2)],
    "unnamed throttling": [Fault(GMFFL, "error", code="ThrottlingException", times=1)],
    "internal": [Fault(GMFFL, "error", code="InternalFailure", times=5)],
    "unavailable": [Fault(GMFFL, "error", code="ServiceUnavailable", times=2)],
    "too many": [Fault(GMFFL, "error", code="FragmentLimitExceeded", times=3)],
    "denied once": [Fault(GMFFL, "error", code="NotAuthorizedException", times=1)],
    "wrong endpoint": [Fault(GMFFL, "error", code="InvalidEndpointException", times=1)],
    "endpoint throttled": [Fault("GetDataEndpoint", "error", times=2)],
    "cut before": [Fault(GMFFL, "cut", document=5, place="before")],
    "cut in a block": [Fault(GMFFL, "cut", document=5, place="block", times=3)],
    "cut at a border": [Fault(GMFFL, "cut", document=0, place="block_border", times=3)],
    "cut after": [Fault(GMFFL, "cut", document=7, place="after")],
    "cut at once": [Fault(GMFFL, "cut", at_byte=0, times=4)],
    "end before": [Fault(GMFFL, "end", document=5, place="before", times=3)],
    "end in a block": [Fault(GMFFL, "end", document=5, place="block", times=1)],
    "end at a border": [Fault(GMFFL, "end", document=5, place="block_border", times=1)],
    "end of the last at a border": [Fault(GMFFL, "end", document=-1, place="block_border", times=1)],
    "end at once": [Fault(GMFFL, "end", at_byte=0, times=2)],
    "end in the header": [Fault(GMFFL, "end", at_byte=20, times=2)],
    "not found once": [Fault(GMFFL, "not_found", times=1)],
    "not found, then nothing": [Fault(GMFFL, "not_found", times=1, then="stop")],
    "not found thrice": [Fault(GMFFL, "not_found", times=3)],
    "in band 5000": [Fault(GMFFL, "in_band", error_id=5000, times=2)],
    "in band 3002, then nothing": [Fault(GMFFL, "in_band", error_id=3002, times=1, then="stop")],
    "in band 4503": [Fault(GMFFL, "in_band", error_id=4503, times=2)],
    "in band unknown": [Fault(GMFFL, "in_band", error_id=9999, error_code="SOMETHING_NEW", times=2)],
    "no time in tags": [Fault(GMFFL, "no_timestamps", times=None)],
}


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_costs_no_fragment(calls: Any, clock: Any, check: Any, name: str) -> None:
    source = open_source(calls, clock)
    for fault in PASSING[name]:
        calls.emulator.faults.add(fault)
    check(read_all(source))
    assert calls.emulator.faults.strikes() >= 1


@pytest.mark.parametrize("place", ["before", "block", "after"])
def test_a_stall_is_left_and_what_came_is_kept(calls: Any, clock: Any, check: Any, place: Any) -> None:
    source = open_source(calls, clock, read_timeout_s=0.3)
    calls.emulator.faults.add(Fault(GMFFL, "stall", document=30, place=place, seconds=2.0))
    check(read_all(source))
    assert len(asked(calls)) <= 12


def test_a_clean_early_end_asks_only_for_the_rest(calls: Any, clock: Any, check: Any) -> None:
    calls.emulator.faults.add(Fault(GMFFL, "end", document=30, place="before"))
    check(read_all(open_source(calls, clock)))
    assert asked(calls) == [40, 10]


def test_a_last_document_shorter_than_listed_is_asked_for_once_more(calls: Any, clock: Any) -> None:
    source = open_source(calls, clock)
    listed = [ListedFragment(f.number, f.server_ms, f.producer_ms, f.size + 5000) for f in source.list(*LISTED_ALL)]
    calls.emulator.requests.clear()
    assert all(f.document for f in source.read(listed))
    assert asked(calls) == [40, 1]


def test_a_document_that_may_be_cut_is_asked_for_by_itself(calls: Any, clock: Any, check: Any) -> None:
    calls.emulator.faults.add(Fault(GMFFL, "end", document=30, place="block_border"))
    check(read_all(open_source(calls, clock)))
    assert asked(calls) == [40, 9, 1]


def test_media_that_came_stands_when_asking_once_more_finds_nothing(calls: Any, clock: Any, payload_of: Any) -> None:
    source = open_source(calls, clock)
    [last] = source.list(*LISTED_ALL)[-1:]
    calls.emulator.faults.add(Fault(GMFFL, "not_found", after=1, times=None))
    [fetched] = source.read([ListedFragment(last.number, last.server_ms, last.producer_ms, last.size + 5000)])
    check_media(fetched, calls, payload_of)


def test_the_document_at_which_a_body_breaks_is_not_trusted(
    calls: Any, clock: Any, check: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callbeam.kvs.delivery.CHUNK_BYTES", 100)  # so that all but the last bytes before it arrive
    source = open_source(calls, clock)
    for document in (3, 20):
        calls.emulator.faults.add(Fault(GMFFL, "cut", document=document, place="block_border"))
    check(read_all(source))


def test_every_body_is_closed(calls: Any, clock: Any, check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[StreamingBody] = []
    close = StreamingBody.close

    def noted(body: StreamingBody) -> None:
        closed.append(body)
        close(body)

    monkeypatch.setattr(StreamingBody, "close", noted)
    calls.emulator.faults.add(Fault(GMFFL, "cut", document=30, place="block", times=2))
    check(read_all(open_source(calls, clock)))
    assert len(closed) == len(asked(calls)) >= 2


def test_a_refusal_asks_for_the_endpoint_again(calls: Any, clock: Any, check: Any) -> None:
    calls.emulator.faults.add(Fault(GMFFL, "error", code="NotAuthorizedException"))
    check(read_all(open_source(calls, clock)))
    assert [request.api for request in calls.emulator.requests].count("GetDataEndpoint") == 3


def test_an_answer_between_two_refusals_makes_them_two_efforts(calls: Any, clock: Any, check: Any) -> None:
    calls.emulator.faults.add(Fault(GMFFL, "error", code="NotAuthorizedException", every=2, times=2))
    calls.emulator.faults.add(Fault(GMFFL, "end", document=5, place="before", after=1))
    check(read_all(open_source(calls, clock)))
    assert asked(calls) == [40, 40, 35, 35]


@pytest.mark.parametrize("switches", [{"media_order": "shuffled"}, {"tag_vocabulary": "documented"}])
def test_order_and_names_of_tags_do_not_matter(clock: Any, switches: dict[str, Any]) -> None:
    with Emulator(config=EmulatorConfig(**switches)) as emulator:
        numbers = fill(emulator, "s", 12)
        emulator.faults.add(Fault(GMFFL, "not_found", fragments=(numbers[3],), times=None))
        emulator.faults.add(Fault(GMFFL, "end", document=6, place="block"))
        fetched = read_all(open_source(Holder(emulator), clock, "s"))
        assert [f.listed.number for f in fetched] == numbers
        assert Counter(f.status for f in fetched) == {None: 11, FragmentStatus.NOT_FOUND: 1}
        for index, fragment in enumerate(fetched):
            if fragment.document:
                assert bytes(fragment.document.payload(fragment.document.blocks[0])) == bytes([index]) * 100


class Holder:
    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator


def fill(emulator: Emulator, name: str, count: int, dialect: Any = CONNECT) -> list[int]:
    arn = emulator.add_stream(name)
    track = TrackSpec(1, "AUDIO_FROM_CUSTOMER", "A_AAC", sample_rate_hz=8000.0, channels=1)
    return [
        emulator.add_fragment(
            arn,
            write_fragment(
                dialect=dialect, tracks=[track], blocks=[BlockSpec(1, 0, bytes([i]) * 100)], timecode_ms=i * 1000
            ),
            server_ms=START_MS + i * 1000,
            producer_ms=START_MS + i * 1000,
        )
        for i in range(count)
    ]


def lost(fetched: Sequence[FetchedFragment]) -> dict[int, FetchedFragment]:
    assert all((f.status is None) == (f.document is not None) for f in fetched)
    return {f.listed.number: f for f in fetched if f.status is not None}


@pytest.mark.parametrize("then", ["continue", "stop"])
def test_not_found_for_good(calls: Any, clock: Any, then: Any) -> None:
    culprit = calls.numbers[11]
    calls.emulator.faults.add(Fault(GMFFL, "not_found", fragments=(culprit,), times=None, then=then))
    fetched = read_all(open_source(calls, clock))
    [gone] = lost(fetched).values()
    assert (gone.listed.number, gone.status) == (culprit, FragmentStatus.NOT_FOUND)
    assert "3000 FRAGMENT_NOT_FOUND" in gone.reason
    assert gone.sample[:4] == b"\x1a\x45\xdf\xa3"
    assert len(gone.sample) <= 64
    assert len(fetched) == 40


def test_a_recent_fragment_is_waited_for_half_a_minute(calls: Any, clock: Any) -> None:
    culprit = calls.numbers[11]
    calls.emulator.faults.add(Fault(GMFFL, "not_found", fragments=(culprit,), times=None))
    clock.wall_start_ms = START_MS + 11_000 + 5 * 60_000
    source = open_source(calls, clock)
    assert lost(read_all(source)).keys() == {culprit}
    assert 30 <= sum(clock.slept) < 40
    clock.slept.clear()
    clock.wall_start_ms = START_MS + 11_000 + 3_600_000
    assert lost(read_all(source)).keys() == {culprit}
    assert sum(clock.slept) < 10


def test_not_found_past_retention_is_expired(clock: Any) -> None:
    with Emulator() as emulator:
        arn = emulator.add_stream("s", retention_hours=2)
        numbers = [
            emulator.add_fragment(arn, b"\x1a\x45\xdf\xa3", server_ms=START_MS + i * 3_600_000, producer_ms=None)
            for i in range(3)
        ]
        clock.wall_start_ms = START_MS + 3 * 3_600_000
        emulator.faults.add(Fault(GMFFL, "not_found", times=None))
        fetched = list(
            open_source(Holder(emulator), clock, "s").read(
                [ListedFragment(n, START_MS + i * 3_600_000) for i, n in enumerate(numbers)]
            )
        )
        assert [f.status for f in fetched] == [FragmentStatus.EXPIRED, FragmentStatus.EXPIRED, FragmentStatus.NOT_FOUND]


@pytest.mark.parametrize("switch", ["not_found", "invalid"])
def test_fragments_that_expire_between_listing_and_reading(clock: Any, switch: Any) -> None:
    hours = 3_600_000
    config = EmulatorConfig(apply_retention=True, expired_number=switch, clock=lambda: clock.wall_ms() / 1000)
    with Emulator(config=config) as emulator:
        arn = emulator.add_stream("s", retention_hours=2)
        clock.wall_start_ms = START_MS + 1 * hours
        producer = write_fragment(
            dialect=CONNECT, tracks=[TrackSpec(1, "a", "A_AAC")], blocks=[BlockSpec(1, 0, b"x")], timecode_ms=0
        )
        numbers = [
            emulator.add_fragment(arn, producer, server_ms=START_MS + i * 60_000, producer_ms=None) for i in range(20)
        ]
        source = open_source(Holder(emulator), clock, "s")
        listed = source.list(START_MS, START_MS + hours)
        assert [f.number for f in listed] == numbers
        clock.wall_start_ms = START_MS + 2 * hours + 6 * 60_000 + 30_000
        gone = lost(list(source.read(listed)))
        assert list(gone) == numbers[:7]
        assert {f.status for f in gone.values()} == {FragmentStatus.EXPIRED}


def test_a_number_that_the_service_refuses_is_isolated(calls: Any, clock: Any, payload_of: Any) -> None:
    other = fill_other(calls.emulator)
    source = open_source(calls, clock)
    listed = source.list(*LISTED_ALL)
    strangers = [ListedFragment(other, START_MS), ListedFragment(5, START_MS)]
    mixed = [*listed[:13], strangers[0], *listed[13:29], strangers[1], *listed[29:]]
    fetched = list(source.read(mixed))
    assert [f.listed for f in fetched] == mixed
    gone = lost(fetched)
    assert gone.keys() == {other, 5}
    assert {f.status for f in gone.values()} == {FragmentStatus.NOT_FOUND}
    assert all("Fragment numbers are invalid" in f.reason for f in gone.values())
    for fragment in fetched:
        if fragment.document:
            check_media(fragment, calls, payload_of)


def fill_other(emulator: Emulator) -> int:
    track = TrackSpec(1, "AUDIO_FROM_CUSTOMER", "A_AAC")
    producer = write_fragment(dialect=CONNECT, tracks=[track], blocks=[BlockSpec(1, 0, b"xx")], timecode_ms=0)
    return emulator.add_fragment("other-1", producer, server_ms=START_MS, producer_ms=START_MS)


@pytest.mark.parametrize("error_id", [4500, 4501, 4502, 4504, 4505, 4506])
def test_a_refused_key_is_told_without_asking_again(calls: Any, clock: Any, error_id: int) -> None:
    culprit = calls.numbers[0]
    calls.emulator.faults.add(Fault(GMFFL, "in_band", fragments=(culprit,), error_id=error_id, times=None))
    [gone] = lost(read_all(open_source(calls, clock))).values()
    assert (gone.listed.number, gone.status) == (culprit, FragmentStatus.SERVICE_ERROR)
    assert str(error_id) in gone.reason
    assert asked(calls) == [40]


@pytest.mark.parametrize("error_id", [5000, 3002, 4503, 9999])
def test_an_error_that_does_not_pass_is_a_service_error(calls: Any, clock: Any, error_id: int) -> None:
    culprit = calls.numbers[39]
    calls.emulator.faults.add(Fault(GMFFL, "in_band", fragments=(culprit,), error_id=error_id, times=None))
    [gone] = lost(read_all(open_source(calls, clock))).values()
    assert (gone.listed.number, gone.status) == (culprit, FragmentStatus.SERVICE_ERROR)
    assert str(error_id) in gone.reason
    assert 30 <= sum(clock.slept) < 40


def test_a_fragment_that_fails_every_call_costs_only_itself(calls: Any, clock: Any) -> None:
    culprit = calls.numbers[21]
    calls.emulator.faults.add(Fault(GMFFL, "error", code="InternalFailure", fragments=(culprit,), times=None))
    [gone] = lost(read_all(open_source(calls, clock))).values()
    assert (gone.listed.number, gone.status) == (culprit, FragmentStatus.SERVICE_ERROR)
    assert "InternalFailure" in gone.reason


@pytest.mark.parametrize("action", ["cut", "end"])
def test_a_fragment_at_which_every_body_breaks_costs_only_itself(calls: Any, clock: Any, action: Any) -> None:
    culprit = calls.numbers[21]
    calls.emulator.faults.add(Fault(GMFFL, action, at_byte=0, fragments=(culprit,), times=None))
    [gone] = lost(read_all(open_source(calls, clock))).values()
    assert (gone.listed.number, gone.status) == (culprit, FragmentStatus.SERVICE_ERROR)
    assert ("broke off" if action == "cut" else "empty") in gone.reason
    assert sum(clock.slept) >= 120


def test_throttling_without_end_fails_the_job_and_loses_nothing(calls: Any, clock: Any) -> None:
    source = open_source(calls, clock)
    listed = source.list(*LISTED_ALL)
    calls.emulator.faults.add(Fault(GMFFL, "error", times=None))
    with pytest.raises(KvsError, match=r"GetMediaForFragmentList of stream calls-1: ClientLimitExceeded.*lower --frag"):
        list(source.read(listed))
    assert 3600 <= sum(clock.slept) < 3700


@pytest.mark.parametrize(
    ("code", "waited_s", "match"),
    [
        ("InternalFailure", 900, "run it again later"),
        ("AccessDeniedException", 0, "credentials"),
        ("ResourceNotFoundException", 0, "exists in this region"),
        ("InvalidArgumentException", 0, "on purpose"),
        ("SomethingNew", 0, "SomethingNew"),
    ],
)
def test_refusals_for_good_fail_the_job(calls: Any, clock: Any, code: str, waited_s: float, match: str) -> None:
    source = open_source(calls, clock)
    listed = source.list(*LISTED_ALL)
    calls.emulator.faults.add(Fault(GMFFL, "error", code=code, message="on purpose", times=None))
    with pytest.raises(KvsError, match=match):
        list(source.read(listed))
    assert waited_s <= sum(clock.slept) <= waited_s + 30


def test_what_was_yielded_before_a_failure_stands(calls: Any, clock: Any) -> None:
    source = open_source(calls, clock, batch_fragments=10)
    listed = source.list(*LISTED_ALL)
    calls.emulator.faults.add(Fault(GMFFL, "error", code="AccessDeniedException", after=2, times=None))
    got: list[FetchedFragment] = []
    with pytest.raises(KvsError):
        got.extend(source.read(listed))
    assert [f.listed for f in got] == listed[:20]


def test_damage_in_storage_is_told_after_three_tries(clock: Any) -> None:
    with Emulator() as emulator:
        numbers = fill(emulator, "s", 3, LIBAV)
        whole = write_fragment(
            dialect=LIBAV, tracks=[TrackSpec(1, "a", "A_AAC")], blocks=[BlockSpec(1, 0, b"x" * 500)], timecode_ms=0
        )
        cut = emulator.add_fragment("s", whole[:-300], server_ms=START_MS + 5000, producer_ms=None)
        junk = emulator.add_fragment("s", b"no Matroska at all", server_ms=START_MS + 6000, producer_ms=None)
        more = [emulator.add_fragment("s", whole, server_ms=START_MS + 7000, producer_ms=None)]
        fetched = read_all(open_source(Holder(emulator), clock, "s"))
        assert [f.listed.number for f in fetched] == [*numbers, cut, junk, *more]
        gone = lost(fetched)
        assert gone[cut].status is FragmentStatus.DAMAGED
        assert gone[cut].reason
        assert 0 < len(gone[cut].sample) <= 64
        assert gone.keys() == {cut, junk}
        assert gone[junk].status in {FragmentStatus.DAMAGED, FragmentStatus.SERVICE_ERROR}


def test_sound_documents_are_media_whatever_they_hold(clock: Any) -> None:
    with Emulator() as emulator:
        arn = emulator.add_stream("s")
        video = TrackSpec(1, "video", "V_MPEG4/ISO/AVC", track_type=1)
        foreign = write_fragment(dialect=CONNECT, tracks=[video], blocks=[BlockSpec(1, 0, b"frame")], timecode_ms=0)
        emulator.add_fragment(arn, foreign, server_ms=START_MS, producer_ms=None)
        # a Cluster with a Timecode and no block
        headers = foreign[: foreign.index(b"\x1f\x43\xb6\x75")]
        emulator.add_fragment(
            arn, headers + b"\x1f\x43\xb6\x75\x83\xe7\x81\x00", server_ms=START_MS + 1, producer_ms=None
        )
        fetched = read_all(open_source(Holder(emulator), clock, "s"))
        assert [f.status for f in fetched] == [None, None]
        assert [len(f.document.blocks) for f in fetched if f.document] == [1, 0]


def test_a_reader_that_stops_early_holds_no_connection(clock: Any) -> None:
    config = EmulatorConfig(quotas=Quotas(fragment_list_connections=1))
    with Emulator(config=config) as emulator:
        numbers = fill(emulator, "s", 12)
        source = open_source(Holder(emulator), clock, "s", batch_fragments=3)
        for _ in range(3):
            reading = source.read(source.list(*LISTED_ALL))
            assert next(reading).listed.number == numbers[0]
        assert len(read_all(source)) == 12
        assert clock.slept == []


def test_separate_endpoints_are_followed(clock: Any) -> None:
    with Emulator(config=EmulatorConfig(separate_endpoints=True)) as emulator:
        numbers = fill(emulator, "s", 3)
        fetched = read_all(open_source(Holder(emulator), clock, "s"))
        assert [f.listed.number for f in fetched] == numbers
        assert not lost(fetched)


FAULTS = st.builds(
    Fault,
    api=st.just(GMFFL),
    action=st.sampled_from(["error", "cut", "end", "not_found", "in_band"]),
    code=st.sampled_from(["ClientLimitExceededException", "InternalFailure", "FragmentLimitExceeded"]),
    after=st.integers(0, 3),
    every=st.integers(1, 3),
    times=st.integers(1, 2),
    document=st.integers(-1, 12),
    place=st.sampled_from(["before", "block", "block_border", "after"]),
    then=st.sampled_from(["continue", "stop"]),
)


def is_seen(faults: list[Fault]) -> bool:
    """Tell whether each end of a body can be told: the same clean cut between two blocks, twice, looks like storage."""
    ends = [fault for fault in faults if fault.action == "end" and fault.place == "block_border"]
    return sum(fault.times or 0 for fault in ends) < 2


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults=st.lists(FAULTS, max_size=4).filter(is_seen), batch=st.integers(1, 40))
def test_any_mixture_of_what_passes_loses_nothing_unaccounted(
    calls: Any, clock: Any, payload_of: Any, faults: list[Fault], batch: int
) -> None:
    source = open_source(calls, clock, batch_fragments=batch)
    listed = source.list(*LISTED_ALL)
    calls.emulator.faults.clear()
    for fault in faults:
        calls.emulator.faults.add(fault)
    fetched = list(source.read(listed))
    calls.emulator.faults.clear()
    assert [f.listed for f in fetched] == listed
    for fragment in fetched:
        if fragment.document:
            check_media(fragment, calls, payload_of)
        else:
            # four faults on one fragment may use up the tries that a fragment gets; never silently
            assert fragment.status in {FragmentStatus.DAMAGED, FragmentStatus.NOT_FOUND, FragmentStatus.SERVICE_ERROR}
            assert fragment.reason
    if len(faults) < 2:
        assert not lost(fetched)
