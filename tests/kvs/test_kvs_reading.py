"""Reading media from the emulator while everything goes wrong that is known to go wrong with KVS."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from botocore.response import StreamingBody
from builders.kvs_reading import GMFFL, LISTED_ALL, START_MS, load_seconds, read_all

from callbeam.emulator import Emulator, EmulatorConfig, Fault, Quotas
from callbeam.kvs import FragmentStatus, ListedFragment
from callbeam.mkv import CONNECT, BlockSpec, TrackSpec, write_fragment

if TYPE_CHECKING:
    pass


def test_media_comes_in_the_order_asked_for(calls: Any, open_source: Any) -> None:
    source = open_source(calls.emulator)
    listed = source.list(*LISTED_ALL)
    random.Random(7).shuffle(listed)
    fetched = list(source.read(listed))
    assert [f.listed for f in fetched] == listed
    for fragment in fetched:
        calls.check(fragment)


def test_each_document_holds_its_own_bytes_alone(calls: Any, open_source: Any) -> None:
    for fetched in read_all(open_source(calls.emulator)):
        assert fetched.document is not None
        assert len(fetched.document.data.obj) == len(fetched.document.data)


def test_batches_keep_to_bytes_and_count(calls: Any, open_source: Any) -> None:
    source = open_source(calls.emulator, batch_fragments=16)
    calls.check_all(read_all(source))
    assert calls.asked() == [16, 16, 8]
    calls.emulator.requests.clear()
    size = source.list(*LISTED_ALL)[0].size
    calls.check_all(read_all(open_source(calls.emulator, batch_bytes=size * 3 + 100)))
    assert max(calls.asked()) == 3
    calls.emulator.requests.clear()
    calls.check_all(read_all(open_source(calls.emulator, batch_bytes=1)))
    assert calls.asked() == [1] * 40


def test_nothing_asked_for_asks_nothing(calls: Any, open_source: Any) -> None:
    assert list(open_source(calls.emulator).read([])) == []
    assert calls.asked() == []


def test_a_fragment_listed_twice_is_given_twice_and_asked_for_once(calls: Any, open_source: Any) -> None:
    source = open_source(calls.emulator)
    listed = source.list(*LISTED_ALL)[:2]
    fetched = list(source.read([*listed, listed[0]]))
    assert [f.listed.number for f in fetched] == [calls.numbers[0], calls.numbers[1], calls.numbers[0]]
    assert calls.asked() == [2]


def test_the_pace_holds_between_calls(calls: Any, clock: Any, open_source: Any) -> None:
    calls.check_all(read_all(open_source(calls.emulator, fragments_per_second=10.0, batch_fragments=10)))
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
def test_what_passes_costs_no_fragment(calls: Any, name: str, open_source: Any) -> None:
    source = open_source(calls.emulator)
    for fault in PASSING[name]:
        calls.emulator.faults.add(fault)
    calls.check_all(read_all(source))
    assert calls.emulator.faults.strikes() >= 1


@pytest.mark.parametrize("place", ["before", "block", "after"])
def test_a_stall_is_left_and_what_came_is_kept(calls: Any, place: Any, open_source: Any) -> None:
    source = open_source(calls.emulator, read_timeout_s=0.3)
    calls.emulator.faults.add(Fault(GMFFL, "stall", document=30, place=place, seconds=2.0))
    calls.check_all(read_all(source))
    assert len(calls.asked()) <= 12


def test_a_clean_early_end_asks_only_for_the_rest(calls: Any, open_source: Any) -> None:
    calls.emulator.faults.add(Fault(GMFFL, "end", document=30, place="before"))
    calls.check_all(read_all(open_source(calls.emulator)))
    assert calls.asked() == [40, 10]


def test_a_last_document_shorter_than_listed_is_asked_for_once_more(calls: Any, open_source: Any) -> None:
    source = open_source(calls.emulator)
    listed = [ListedFragment(f.number, f.server_ms, f.producer_ms, f.size + 5000) for f in source.list(*LISTED_ALL)]
    calls.emulator.requests.clear()
    assert all(f.document for f in source.read(listed))
    assert calls.asked() == [40, 1]


def test_a_document_that_may_be_cut_is_asked_for_by_itself(calls: Any, open_source: Any) -> None:
    calls.emulator.faults.add(Fault(GMFFL, "end", document=30, place="block_border"))
    calls.check_all(read_all(open_source(calls.emulator)))
    assert calls.asked() == [40, 9, 1]


def test_media_that_came_stands_when_asking_once_more_finds_nothing(calls: Any, open_source: Any) -> None:
    source = open_source(calls.emulator)
    [last] = source.list(*LISTED_ALL)[-1:]
    calls.emulator.faults.add(Fault(GMFFL, "not_found", after=1, times=None))
    [fetched] = source.read([ListedFragment(last.number, last.server_ms, last.producer_ms, last.size + 5000)])
    calls.check(fetched)


def test_the_document_at_which_a_body_breaks_is_not_trusted(
    calls: Any, monkeypatch: pytest.MonkeyPatch, open_source: Any
) -> None:
    monkeypatch.setattr("callbeam.kvs.delivery.CHUNK_BYTES", 100)  # so that all but the last bytes before it arrive
    source = open_source(calls.emulator)
    for document in (3, 20):
        calls.emulator.faults.add(Fault(GMFFL, "cut", document=document, place="block_border"))
    calls.check_all(read_all(source))


def test_every_body_is_closed(calls: Any, monkeypatch: pytest.MonkeyPatch, open_source: Any) -> None:
    closed: list[StreamingBody] = []
    close = StreamingBody.close

    def noted(body: StreamingBody) -> None:
        closed.append(body)
        close(body)

    monkeypatch.setattr(StreamingBody, "close", noted)
    calls.emulator.faults.add(Fault(GMFFL, "cut", document=30, place="block", times=2))
    calls.check_all(read_all(open_source(calls.emulator)))
    assert len(closed) == len(calls.asked()) >= 2


def test_a_refusal_asks_for_the_endpoint_again(calls: Any, open_source: Any) -> None:
    calls.emulator.faults.add(Fault(GMFFL, "error", code="NotAuthorizedException"))
    calls.check_all(read_all(open_source(calls.emulator)))
    assert [request.api for request in calls.emulator.requests].count("GetDataEndpoint") == 3


def test_an_answer_between_two_refusals_makes_them_two_efforts(calls: Any, open_source: Any) -> None:
    calls.emulator.faults.add(Fault(GMFFL, "error", code="NotAuthorizedException", every=2, times=2))
    calls.emulator.faults.add(Fault(GMFFL, "end", document=5, place="before", after=1))
    calls.check_all(read_all(open_source(calls.emulator)))
    assert calls.asked() == [40, 40, 35, 35]


@pytest.mark.parametrize("switches", [{"media_order": "shuffled"}, {"tag_vocabulary": "documented"}])
def test_order_and_names_of_tags_do_not_matter(switches: dict[str, Any], open_source: Any) -> None:
    with Emulator(config=EmulatorConfig(**switches)) as emulator:
        numbers = load_seconds(emulator, "s", 12)
        emulator.faults.add(Fault(GMFFL, "not_found", fragments=(numbers[3],), times=None))
        emulator.faults.add(Fault(GMFFL, "end", document=6, place="block"))
        fetched = read_all(open_source(emulator, "s"))
        assert [f.listed.number for f in fetched] == numbers
        assert Counter(f.status for f in fetched) == {None: 11, FragmentStatus.NOT_FOUND: 1}
        for index, fragment in enumerate(fetched):
            if fragment.document:
                assert bytes(fragment.document.payload(fragment.document.blocks[0])) == bytes([index]) * 100


def test_sound_documents_are_media_whatever_they_hold(open_source: Any) -> None:
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
        fetched = read_all(open_source(emulator, "s"))
        assert [f.status for f in fetched] == [None, None]
        assert [len(f.document.blocks) for f in fetched if f.document] == [1, 0]


def test_a_reader_that_stops_early_holds_no_connection(clock: Any, open_source: Any) -> None:
    config = EmulatorConfig(quotas=Quotas(fragment_list_connections=1))
    with Emulator(config=config) as emulator:
        numbers = load_seconds(emulator, "s", 12)
        source = open_source(emulator, "s", batch_fragments=3)
        for _ in range(3):
            reading = source.read(source.list(*LISTED_ALL))
            assert next(reading).listed.number == numbers[0]
        assert len(read_all(source)) == 12
        assert clock.slept == []


def test_separate_endpoints_are_followed(open_source: Any) -> None:
    with Emulator(config=EmulatorConfig(separate_endpoints=True)) as emulator:
        numbers = load_seconds(emulator, "s", 3)
        fetched = read_all(open_source(emulator, "s"))
        assert [f.listed.number for f in fetched] == numbers
        assert all(fragment.document for fragment in fetched)
