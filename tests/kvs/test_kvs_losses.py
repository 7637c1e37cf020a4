"""What the reader gives up, when, and as what: only that, and never unsaid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from builders.kvs_reading import GMFFL, LISTED_ALL, START_MS, load_seconds, read_all
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callbeam.emulator import Emulator, EmulatorConfig, Fault
from callbeam.kvs import FetchedFragment, FragmentStatus, ListedFragment
from callbeam.kvs.service_errors import KvsError
from callbeam.mkv import CONNECT, LIBAV, BlockSpec, TrackSpec, write_fragment

if TYPE_CHECKING:
    from collections.abc import Sequence


def lost(fetched: Sequence[FetchedFragment]) -> dict[int, FetchedFragment]:
    assert all((f.status is None) == (f.document is not None) for f in fetched)
    return {f.listed.number: f for f in fetched if f.status is not None}


@pytest.mark.parametrize("then", ["continue", "stop"])
def test_not_found_for_good(calls: Any, then: Any, open_source: Any) -> None:
    culprit = calls.numbers[11]
    calls.emulator.faults.add(Fault(GMFFL, "not_found", fragments=(culprit,), times=None, then=then))
    fetched = read_all(open_source(calls.emulator))
    [gone] = lost(fetched).values()
    assert (gone.listed.number, gone.status) == (culprit, FragmentStatus.NOT_FOUND)
    assert "3000 FRAGMENT_NOT_FOUND" in gone.reason
    assert gone.sample[:4] == b"\x1a\x45\xdf\xa3"
    assert len(gone.sample) <= 64
    assert len(fetched) == 40


def test_a_recent_fragment_is_waited_for_half_a_minute(calls: Any, clock: Any, open_source: Any) -> None:
    culprit = calls.numbers[11]
    calls.emulator.faults.add(Fault(GMFFL, "not_found", fragments=(culprit,), times=None))
    clock.wall_start_ms = START_MS + 11_000 + 5 * 60_000
    source = open_source(calls.emulator)
    assert lost(read_all(source)).keys() == {culprit}
    assert 30 <= sum(clock.slept) < 40
    clock.slept.clear()
    clock.wall_start_ms = START_MS + 11_000 + 3_600_000
    assert lost(read_all(source)).keys() == {culprit}
    assert sum(clock.slept) < 10


def test_not_found_past_retention_is_expired(clock: Any, open_source: Any) -> None:
    with Emulator() as emulator:
        arn = emulator.add_stream("s", retention_hours=2)
        numbers = [
            emulator.add_fragment(arn, b"\x1a\x45\xdf\xa3", server_ms=START_MS + i * 3_600_000, producer_ms=None)
            for i in range(3)
        ]
        clock.wall_start_ms = START_MS + 3 * 3_600_000
        emulator.faults.add(Fault(GMFFL, "not_found", times=None))
        fetched = list(
            open_source(emulator, "s").read(
                [ListedFragment(n, START_MS + i * 3_600_000) for i, n in enumerate(numbers)]
            )
        )
        assert [f.status for f in fetched] == [FragmentStatus.EXPIRED, FragmentStatus.EXPIRED, FragmentStatus.NOT_FOUND]


@pytest.mark.parametrize("switch", ["not_found", "invalid"])
def test_fragments_that_expire_between_listing_and_reading(clock: Any, switch: Any, open_source: Any) -> None:
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
        source = open_source(emulator, "s")
        listed = source.list(START_MS, START_MS + hours)
        assert [f.number for f in listed] == numbers
        clock.wall_start_ms = START_MS + 2 * hours + 6 * 60_000 + 30_000
        gone = lost(list(source.read(listed)))
        assert list(gone) == numbers[:7]
        assert {f.status for f in gone.values()} == {FragmentStatus.EXPIRED}


def test_a_number_that_the_service_refuses_is_isolated(calls: Any, open_source: Any) -> None:
    other = fill_other(calls.emulator)
    source = open_source(calls.emulator)
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
            calls.check(fragment)


def fill_other(emulator: Emulator) -> int:
    track = TrackSpec(1, "AUDIO_FROM_CUSTOMER", "A_AAC")
    producer = write_fragment(dialect=CONNECT, tracks=[track], blocks=[BlockSpec(1, 0, b"xx")], timecode_ms=0)
    return emulator.add_fragment("other-1", producer, server_ms=START_MS, producer_ms=START_MS)


@pytest.mark.parametrize("error_id", [4500, 4501, 4502, 4504, 4505, 4506])
def test_a_refused_key_is_told_without_asking_again(calls: Any, error_id: int, open_source: Any) -> None:
    culprit = calls.numbers[0]
    calls.emulator.faults.add(Fault(GMFFL, "in_band", fragments=(culprit,), error_id=error_id, times=None))
    [gone] = lost(read_all(open_source(calls.emulator))).values()
    assert (gone.listed.number, gone.status) == (culprit, FragmentStatus.SERVICE_ERROR)
    assert str(error_id) in gone.reason
    assert calls.asked() == [40]


@pytest.mark.parametrize("error_id", [5000, 3002, 4503, 9999])
def test_an_error_that_does_not_pass_is_a_service_error(
    calls: Any, clock: Any, error_id: int, open_source: Any
) -> None:
    culprit = calls.numbers[39]
    calls.emulator.faults.add(Fault(GMFFL, "in_band", fragments=(culprit,), error_id=error_id, times=None))
    [gone] = lost(read_all(open_source(calls.emulator))).values()
    assert (gone.listed.number, gone.status) == (culprit, FragmentStatus.SERVICE_ERROR)
    assert str(error_id) in gone.reason
    assert 30 <= sum(clock.slept) < 40


def test_a_fragment_that_fails_every_call_costs_only_itself(calls: Any, open_source: Any) -> None:
    culprit = calls.numbers[21]
    calls.emulator.faults.add(Fault(GMFFL, "error", code="InternalFailure", fragments=(culprit,), times=None))
    [gone] = lost(read_all(open_source(calls.emulator))).values()
    assert (gone.listed.number, gone.status) == (culprit, FragmentStatus.SERVICE_ERROR)
    assert "InternalFailure" in gone.reason


@pytest.mark.parametrize("action", ["cut", "end"])
def test_a_fragment_at_which_every_body_breaks_costs_only_itself(
    calls: Any, clock: Any, action: Any, open_source: Any
) -> None:
    culprit = calls.numbers[21]
    calls.emulator.faults.add(Fault(GMFFL, action, at_byte=0, fragments=(culprit,), times=None))
    [gone] = lost(read_all(open_source(calls.emulator))).values()
    assert (gone.listed.number, gone.status) == (culprit, FragmentStatus.SERVICE_ERROR)
    assert ("broke off" if action == "cut" else "empty") in gone.reason
    assert sum(clock.slept) >= 120


def test_bodies_that_end_within_a_fragment_for_a_while_cost_nothing(calls: Any, clock: Any, open_source: Any) -> None:
    culprit, source = calls.numbers[21], open_source(calls.emulator, batch_fragments=1)
    calls.emulator.faults.add(Fault(GMFFL, "end", at_byte=3000, fragments=(culprit,), times=7))
    calls.check_all(read_all(source))
    assert 20 < sum(clock.slept) < 40


@pytest.mark.parametrize("batch", [1, 40])
def test_a_fragment_within_which_all_bodies_end_costs_only_itself(
    calls: Any, clock: Any, batch: int, open_source: Any
) -> None:
    culprit = calls.numbers[21]
    calls.emulator.faults.add(Fault(GMFFL, "end", at_byte=3000, fragments=(culprit,), times=None))
    [damaged] = lost(read_all(open_source(calls.emulator, batch_fragments=batch))).values()
    assert (damaged.listed.number, damaged.status) == (culprit, FragmentStatus.DAMAGED)
    assert 30 <= sum(clock.slept) < 80


def test_throttling_without_end_fails_the_job_and_loses_nothing(calls: Any, clock: Any, open_source: Any) -> None:
    source = open_source(calls.emulator)
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
def test_refusals_for_good_fail_the_job(
    calls: Any, clock: Any, code: str, waited_s: float, match: str, open_source: Any
) -> None:
    source = open_source(calls.emulator)
    listed = source.list(*LISTED_ALL)
    calls.emulator.faults.add(Fault(GMFFL, "error", code=code, message="on purpose", times=None))
    with pytest.raises(KvsError, match=match):
        list(source.read(listed))
    assert waited_s <= sum(clock.slept) <= waited_s + 30


def test_what_was_yielded_before_a_failure_stands(calls: Any, open_source: Any) -> None:
    source = open_source(calls.emulator, batch_fragments=10)
    listed = source.list(*LISTED_ALL)
    calls.emulator.faults.add(Fault(GMFFL, "error", code="AccessDeniedException", after=2, times=None))
    got: list[FetchedFragment] = []
    with pytest.raises(KvsError):
        got.extend(source.read(listed))
    assert [f.listed for f in got] == listed[:20]


def test_damage_in_storage_is_told_after_three_tries(clock: Any, open_source: Any) -> None:
    with Emulator() as emulator:
        numbers = load_seconds(emulator, "s", 3, LIBAV)
        whole = write_fragment(
            dialect=LIBAV, tracks=[TrackSpec(1, "a", "A_AAC")], blocks=[BlockSpec(1, 0, b"x" * 500)], timecode_ms=0
        )
        cut = emulator.add_fragment("s", whole[:-300], server_ms=START_MS + 5000, producer_ms=None)
        junk = emulator.add_fragment("s", b"no Matroska at all", server_ms=START_MS + 6000, producer_ms=None)
        more = [emulator.add_fragment("s", whole, server_ms=START_MS + 7000, producer_ms=None)]
        fetched = read_all(open_source(emulator, "s"))
        assert [f.listed.number for f in fetched] == [*numbers, cut, junk, *more]
        gone = lost(fetched)
        assert gone[cut].status is FragmentStatus.DAMAGED
        assert gone[cut].reason
        assert 0 < len(gone[cut].sample) <= 64
        assert gone.keys() == {cut, junk}
        assert sum(clock.slept) < 6
        assert gone[junk].status in {FragmentStatus.DAMAGED, FragmentStatus.SERVICE_ERROR}


def after_a_clean_cut(calls: Any, open_source: Any, then: Sequence[Fault]) -> FetchedFragment:
    """Read fragments one by one; the first one's body ends between two blocks at first."""
    for fault in (Fault(GMFFL, "end", document=0, place="block_border"), *then):
        calls.emulator.faults.add(fault)
    source = open_source(calls.emulator, batch_fragments=1)
    [fetched] = source.read(source.list(*LISTED_ALL)[:1])
    return fetched


def test_media_that_may_be_cut_is_asked_for_again_however_often_it_is_refused(calls: Any, open_source: Any) -> None:
    refused = Fault(GMFFL, "not_found", fragments=(calls.numbers[0],), after=1, times=6)
    calls.check(after_a_clean_cut(calls, open_source, [refused]))


def test_media_that_was_cut_is_no_substitute_for_what_is_damaged_further_on(calls: Any, open_source: Any) -> None:
    damaged = Fault(GMFFL, "end", document=0, place="block", after=1, times=None)
    fetched = after_a_clean_cut(calls, open_source, [damaged])
    assert fetched.status is FragmentStatus.DAMAGED


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
    calls: Any, faults: list[Fault], batch: int, open_source: Any
) -> None:
    source = open_source(calls.emulator, batch_fragments=batch)
    listed = source.list(*LISTED_ALL)
    calls.emulator.faults.clear()
    for fault in faults:
        calls.emulator.faults.add(fault)
    fetched = list(source.read(listed))
    calls.emulator.faults.clear()
    assert [f.listed for f in fetched] == listed
    for fragment in fetched:
        if fragment.document:
            calls.check(fragment)
        else:
            # four faults on one fragment may use up the tries that a fragment gets; never silently
            assert fragment.status in {FragmentStatus.DAMAGED, FragmentStatus.NOT_FOUND, FragmentStatus.SERVICE_ERROR}
            assert fragment.reason
    if len(faults) < 2:
        assert not lost(fetched)
