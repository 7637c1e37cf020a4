"""The rules of legs, units and jobs, each on plain values."""

from itertools import accumulate, pairwise

import pytest
from builders.jobs import make_job
from builders.made_streams import MINUTE_MS, T0, stream
from hypothesis import given
from hypothesis import strategies as st

from callbeam.calls import CallIdentity, CallStatus, Leg, LegEnd, decide_call
from callbeam.calls.ownership import (
    LegState,
    Place,
    continues,
    extend_leg,
    is_open,
    owns_leg,
    place_of,
    unit_of,
    untagged_identity,
)
from callbeam.kvs import HOUR_MS, Lane, Unit

A, B = CallIdentity("a", "connect"), CallIdentity("b", "connect")
S1 = stream("s1")
JOB = make_job(T0, T0 + 4 * HOUR_MS)
END = JOB.end_ms


def leg_end(start_ms, name="s1", *, number=1, open_=False, pieces=1):
    return LegEnd(Leg(A, stream(name), number, start_ms), pieces, start_ms + 1000, open_)


def test_a_pause_of_more_than_an_hour_ends_a_leg():
    leg = LegState(A, 0, 0)
    assert continues(leg, A, HOUR_MS)
    assert not continues(leg, A, HOUR_MS + 1)
    assert not continues(leg, B, 1)


def test_instance_does_not_make_another_call():
    leg = LegState(CallIdentity("a", "connect", instance_id="i"), 0, 0)
    assert continues(leg, A, 1000)


def test_tagless_fragments_reach_five_minutes_from_the_last_tag():
    leg = LegState(A, 0, 0)
    leg = extend_leg(leg, None, 4 * MINUTE_MS)
    assert continues(leg, None, 5 * MINUTE_MS)
    assert not continues(leg, None, 5 * MINUTE_MS + 1)
    assert continues(leg, A, HOUR_MS)


def test_untagged_audio_ends_at_a_pause_of_over_a_minute_and_is_named_after_its_first_fragment():
    leg = LegState(untagged_identity(S1, 77), 0, None)
    assert leg.identity == CallIdentity("s1#77", "untagged")
    leg = extend_leg(leg, None, 30_000)
    assert continues(leg, None, 90_000)
    assert not continues(leg, None, 90_001)
    assert not continues(leg, A, 30_001)


@pytest.mark.parametrize(
    ("start_ms", "place"),
    [
        (T0 - 2 * MINUTE_MS - 1, Place.EARLIER),
        (T0 - 2 * MINUTE_MS, Place.BEFORE),
        (T0 - 1, Place.BEFORE),
        (T0, Place.INSIDE),
        (END + 2 * MINUTE_MS - 1, Place.INSIDE),
        (END + 2 * MINUTE_MS, Place.LATER),
    ],
)
def test_places(start_ms, place):
    assert place_of(start_ms, JOB) is place


def test_units_are_the_lanes_own_else_clock_hours_of_the_job_and_one_for_the_margin_after_it():
    job = make_job(T0 + 30 * MINUTE_MS, T0 + 150 * MINUTE_MS)
    planned = Unit(T0 + HOUR_MS, T0 + 2 * HOUR_MS, 5, 500)
    lane = Lane(S1, (planned,), 0)
    assert unit_of(T0 + HOUR_MS, lane, job) is planned
    assert unit_of(T0 + 40 * MINUTE_MS, lane, job) == Unit(job.start_ms, T0 + HOUR_MS, 0, 0)
    assert unit_of(T0 + 149 * MINUTE_MS, lane, job) == Unit(T0 + 2 * HOUR_MS, job.end_ms, 0, 0)
    assert unit_of(job.end_ms, lane, job) == Unit(job.end_ms, T0 + 3 * HOUR_MS, 0, 0)


def test_open_until_65_minutes_after_the_last_fragment_or_another_call():
    assert is_open(0, 65 * MINUTE_MS - 1, other_call_followed=False)
    assert not is_open(0, 65 * MINUTE_MS, other_call_followed=False)
    assert not is_open(0, 1000, other_call_followed=True)


def test_a_leg_after_the_border_goes_with_one_before_it():
    before, after = END - MINUTE_MS, END + MINUTE_MS
    following = make_job(END, END + HOUR_MS)
    assert owns_leg(after, [before, after], JOB)
    assert not owns_leg(after, [before, after], following)
    assert not owns_leg(after, [after], JOB)
    assert owns_leg(after, [after], following)
    assert not owns_leg(before, [before, after], following)
    # a leg of the call further away before the border makes no difference
    assert not owns_leg(after, [END - 2 * MINUTE_MS - 1, after], JOB)
    assert owns_leg(after, [END - 2 * MINUTE_MS, after], JOB)


def test_decisions():
    far = leg_end(END - HOUR_MS, "s2")
    near = leg_end(END + 5, "s1")
    assert decide_call([near], JOB).status is CallStatus.OTHER_UNIT
    assert decide_call([leg_end(T0 - 1, pieces=0)], JOB).legs == ()
    decision = decide_call([near, far], JOB)
    assert (decision.status, decision.legs) == (CallStatus.OWNED, (far,))
    both = decide_call([near, leg_end(END - 5, "s2")], JOB)
    assert [end.leg.stream.name for end in both.legs] == ["s2", "s1"]


def test_a_call_is_open_as_a_whole_but_not_for_another_jobs_leg():
    assert decide_call([leg_end(T0 + 5), leg_end(T0 + 6, "s2", open_=True)], JOB).status is CallStatus.OPEN
    assert decide_call([leg_end(T0 + 5), leg_end(END + 9, "s2", open_=True)], JOB).status is CallStatus.OWNED


@given(
    st.lists(st.integers(2 * MINUTE_MS, 10 * MINUTE_MS), min_size=1, max_size=4),
    st.integers(1, 2 * MINUTE_MS),
    st.lists(st.integers(0, 20 * MINUTE_MS), min_size=1, max_size=6),
)
def test_jobs_side_by_side_own_each_leg_once(lengths, last, offsets):
    # only the last job may be shorter than the margin: a range need not end with a day
    borders = list(accumulate([*lengths, last], initial=T0))
    starts = [T0 + 2 * MINUTE_MS + offset for offset in offsets]
    for start in starts:
        owners = [job for job in (make_job(a, b) for a, b in pairwise(borders)) if owns_leg(start, starts, job)]
        if start < borders[-1]:
            assert len(owners) == 1
        assert len(owners) <= 1
