"""Following legs through one lane: what is read, skipped, given out and accounted for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders.jobs import make_job
from builders.lane_readings import JOB, S1, Reading
from builders.made_streams import (
    MINUTE_MS,
    MemorySource,
    Sent,
    losing,
    make_lane,
    run_of,
    without_tags,
)

from callbeam.calls import CallStatus, LegEnd, Piece, decide_call, read_lane
from callbeam.kvs import HOUR_MS, FragmentStatus, Unit

START, END = JOB.start_ms, JOB.end_ms


def test_a_call_inside_the_job():
    reading = Reading(run_of("a", START + MINUTE_MS, 100, first_number=500))
    assert reading.legs() == [("a", 500, 100)]
    assert reading.rows == []
    assert [type(event) for event in reading.events] == [Piece, LegEnd]
    (end,) = reading.ends
    assert (end.pieces, end.last_server_ms, end.open) == (1, START + MINUTE_MS + 99_000, False)
    (piece,) = reading.pieces
    assert (piece.unit.start_ms, piece.last, piece.anchors) == (START, True, ())
    assert piece.leg.identity.instance_id == "i-1"


def test_a_stream_reused_without_a_pause():
    sent = run_of("a", START, 50, first_number=1) + run_of("b", START + 50_000, 70, first_number=51)
    assert Reading(sent).legs() == [("a", 1, 50), ("b", 51, 70)]


def test_partly_tagged_and_tagless_fragments_belong_to_the_call_before():
    sent = without_tags(run_of("a", START, 400, first_number=1), {2, 3, 50, *range(300, 401)})
    assert Reading(sent).legs() == [("a", 1, 400)]
    sent = without_tags(run_of("a", START, 700, first_number=1), set(range(101, 701)))
    assert Reading(sent).legs() == [("a", 1, 700)]


def test_a_call_that_was_named_once_goes_on_however_long():
    once = without_tags(run_of("a", START, 4000, first_number=1), set(range(2, 4001)))
    reading = Reading(once)
    assert reading.legs() == [("a", 1, 4000)]
    assert not reading.ends[0].may_be_cut
    again = run_of("a", once[-1].at_ms + HOUR_MS, 5, first_number=5000)
    assert Reading(once + again).legs() == [("a", 1, 4005)]
    other = run_of("b", once[-1].at_ms + 1000, 5, first_number=5000)
    assert Reading(once + other + run_of(None, other[-1].at_ms + 1000, 900, first_number=6000)).legs() == [
        ("a", 1, 4000),
        ("b", 5000, 905),
    ]


def test_audio_without_tags_after_a_pause_may_be_the_call_before():
    first = without_tags(run_of("a", START, 400, first_number=1), set(range(2, 401)))
    for pause_ms, cut in ((MINUTE_MS, None), (MINUTE_MS + 1, True), (HOUR_MS, True), (HOUR_MS + 1, False)):
        reading = Reading(first + run_of(None, first[-1].at_ms + pause_ms, 50, first_number=1000))
        assert reading.legs() == ([("a", 1, 450)] if cut is None else [("a", 1, 400), ("s1#1000", 1000, 50)])
        assert {end.may_be_cut for end in reading.ends} == {bool(cut)}
    # untagged audio is never sure to be one call, and a tagged call that follows is not this one
    apart = run_of(None, START, 50, first_number=1) + run_of(None, START + 5 * MINUTE_MS, 50, first_number=100)
    apart += run_of("b", apart[-1].at_ms + 1000, 50, first_number=200)
    assert {end.may_be_cut for end in Reading(apart).ends} == {False}


@pytest.mark.parametrize("hours", [0.2, 3])
def test_a_job_knows_whose_a_long_run_without_tags_is_that_leads_into_it(hours):
    count = round(hours * 360)
    run = without_tags(
        run_of("x", START - count * 10_000, count + 60, first_number=1, step_ms=10_000), set(range(2, count + 100))
    )
    assert Reading(run).legs() == []
    later = run[-1].at_ms + HOUR_MS
    reading = Reading(run + run_of("x", later, 9, first_number=20_000))
    assert reading.legs() == []
    assert set(reading.statuses(START).values()) == {"other_unit"}
    assert Reading(run + run_of("y", later, 9, first_number=20_000)).legs() == [("y", 20_000, 9)]
    # after a break in the run, what follows it is untagged audio, and the tagged call another leg
    broken = [one for one in run if not 50 < one.number < 58]
    if hours > 1:
        assert Reading(broken + run_of("x", later, 9, first_number=20_000)).legs() == [("x", 20_000, 9)]
    reading = Reading(run + run_of(None, later, 9, first_number=20_000))
    assert [(end.leg.identity.call_id, end.may_be_cut) for end in reading.ends] == [("s1#20000", True)]


def test_untagged_audio():
    sent = run_of(None, START, 10, first_number=1) + run_of(None, START + 9_000 + MINUTE_MS, 10, first_number=20)
    assert Reading(sent).legs() == [("s1#1", 1, 20)]
    sent = run_of(None, START, 10, first_number=1) + run_of(None, START + 9_001 + MINUTE_MS, 10, first_number=20)
    reading = Reading(sent)
    assert reading.legs() == [("s1#1", 1, 10), ("s1#20", 20, 10)]
    assert {end.leg.identity.source for end in reading.ends} == {"untagged"}


# What other jobs own


def test_an_hours_foreign_leg_costs_few_reads():
    sent = run_of("x", START - 50 * MINUTE_MS, 2 * 3600, first_number=1) + run_of(
        "a", END - 5 * MINUTE_MS, 60, first_number=9000
    )
    reading = Reading(sent)
    assert reading.legs() == [("a", 9000, 60)]
    foreign = sum(count for number, count in reading.source.read_numbers.items() if number < 9000)
    assert foreign <= 20  # two hours less what lies before the job, a probe each five minutes
    inside = [one.number for one in sent if one.call == "x" and START <= one.at_ms < START + HOUR_MS]
    assert reading.statuses(START) == dict.fromkeys(inside, "other_unit")
    assert len(reading.rows) == len([one for one in sent if one.call == "x" and one.at_ms >= START])
    assert {row.call_id for row in reading.rows} == {"x"}


def test_the_end_of_a_foreign_leg_without_a_pause_is_found_by_bisecting():
    for last in (700, 701, 777, 899, 900):
        foreign = run_of("x", START - 10 * MINUTE_MS, last, first_number=1)
        own = run_of("a", foreign[-1].at_ms + 1000, 1000, first_number=last + 1)
        reading = Reading(foreign + own)
        assert reading.legs() == [("a", last + 1, 1000)]
        assert sum(n for number, n in reading.source.read_numbers.items() if number <= last) <= 20
        assert max(reading.source.read_numbers.values()) == 1


def test_tagless_fragments_at_the_end_of_a_foreign_leg_are_its_own():
    sent = without_tags(run_of("x", START - 10 * MINUTE_MS, 900, first_number=1), set(range(800, 901)))
    sent += run_of("a", sent[-1].at_ms + 1000, 100, first_number=901)
    reading = Reading(sent)
    assert reading.legs() == [("a", 901, 100)]
    assert reading.statuses(START) == dict.fromkeys(range(601, 901), "other_unit")


def test_looking_back_over_a_pause_to_the_tag_before_it():
    margin = START - 2 * MINUTE_MS
    # the last fragment before the margin is tagless; its tag stands 5 min before it; the call goes on 1 h after it
    sent = [Sent(1, margin - 64 * MINUTE_MS, "x"), Sent(2, margin - 59 * MINUTE_MS)]
    sent += run_of("x", margin + MINUTE_MS, 200, first_number=3)
    reading = Reading(sent)
    assert reading.legs() == []
    assert reading.ends == []
    assert set(reading.statuses(START).values()) == {"other_unit"}
    # a second more, and the tagless fragment is untagged audio, after which the call's fragments are another leg
    sent[0] = replace(sent[0], at_ms=sent[0].at_ms - 1000)
    (end,) = Reading(sent).ends
    assert (end.leg.first_number, end.pieces) == (3, 0)


def test_looking_back_past_fragments_that_fail():
    margin = START - 2 * MINUTE_MS
    sent = [Sent(1, margin - 6 * MINUTE_MS, "x"), Sent(2, margin - 1000), *run_of(None, margin, 200, first_number=3)]
    reading = Reading(losing(sent, {3}))
    assert reading.legs() == []
    assert {row.call_id for row in reading.rows} == {None}
    sent = losing(run_of("x", margin - 40_000, 300, first_number=1), set(range(20, 60)))
    reading = Reading(sent)
    assert (reading.legs(), reading.ends, reading.letters) == ([], [], [])
    assert {row.call_id for row in reading.rows} == {"x"}


def test_legs_in_the_margin_before_are_named_but_not_given():
    sent = run_of("a", START - MINUTE_MS, 600, first_number=1)
    reading = Reading(sent)
    assert reading.pieces == []
    (end,) = reading.ends
    assert (end.leg.identity.call_id, end.leg.start_server_ms, end.pieces) == ("a", START - MINUTE_MS, 0)
    assert end.last_server_ms == sent[-1].at_ms
    assert reading.source.read_numbers.total() <= 10
    assert reading.statuses(START) == dict.fromkeys(range(61, 601), "other_unit")
    assert decide_call(reading.ends, JOB).status is CallStatus.OTHER_UNIT


def test_a_foreign_call_that_comes_back_after_an_hour_is_the_jobs():
    sent = run_of("x", START - 10 * MINUTE_MS, 660, first_number=1)
    sent += run_of("x", sent[-1].at_ms + HOUR_MS + 1, 30, first_number=2000)
    assert Reading(sent).legs() == [("x", 2000, 30)]
    sent = sent[:660] + run_of("x", sent[659].at_ms + HOUR_MS, 30, first_number=2000)
    assert Reading(sent).legs() == []


# Beyond the unit and the job


def test_a_leg_is_read_across_its_units_border():
    sent = run_of("a", START + 50 * MINUTE_MS, 1200, first_number=1)
    reading = Reading(sent)
    assert reading.legs() == [("a", 1, 1200)]
    assert {piece.unit.start_ms for piece in reading.pieces} == {START}
    assert reading.statuses(START) == {}
    assert reading.statuses(START + HOUR_MS) == dict.fromkeys(range(601, 1201), "other_unit")


def test_a_leg_is_read_to_its_end_beyond_the_job():
    sent = run_of("a", END - MINUTE_MS, 3 * 3600, first_number=1)
    sent += run_of("b", sent[-1].at_ms + 1000, 3600, first_number=20_000)
    reading = Reading(sent)
    assert reading.legs() == [("a", 1, 3 * 3600)]
    assert reading.rows == []
    assert len([n for n in reading.source.read_numbers if n >= 20_000]) <= 200
    beyond = [b - a for a, b in reading.source.lists if a >= END]
    assert beyond[:2] == [2 * MINUTE_MS, 5 * MINUTE_MS]
    assert max(beyond) <= 65 * MINUTE_MS


def test_a_leg_that_pauses_beyond_the_job():
    sent = run_of("a", END - MINUTE_MS, 10, first_number=1) + run_of("a", END + 58 * MINUTE_MS, 10, first_number=20)
    assert Reading(sent).legs() == [("a", 1, 20)]
    sent = run_of("a", END - MINUTE_MS, 10, first_number=1) + run_of("a", END + 60 * MINUTE_MS, 10, first_number=20)
    assert Reading(sent).legs() == [("a", 1, 10)]


def test_legs_in_the_margin_after_have_a_unit_of_their_own():
    sent = run_of("a", END + MINUTE_MS, 100, first_number=1) + run_of("b", END + 5 * MINUTE_MS, 10, first_number=200)
    reading = Reading(losing(sent, {5}))
    assert reading.legs() == [("a", 1, 99)]
    assert reading.pieces[0].unit == Unit(END, END + HOUR_MS, 0, 0)
    assert [(row.number, row.unit_start_ms, row.status) for row in reading.rows] == [(5, END, "not_found")]


def test_what_begins_later_is_not_listed():
    sent = run_of("b", END + 2 * MINUTE_MS, 100, first_number=1)
    reading = Reading(losing(sent, {1}))
    assert reading.events == []
    assert max(end for _, end in reading.source.lists) == END + 2 * MINUTE_MS


def test_nothing_is_read_where_nothing_lies_in_the_job():
    reading = Reading(run_of("x", START - HOUR_MS, 100, first_number=1))
    assert reading.events == []
    assert reading.source.asked == []


# Open calls


@pytest.mark.parametrize(("age_ms", "is_open"), [(65 * MINUTE_MS - 1, True), (65 * MINUTE_MS, False)])
def test_a_young_leg_is_open(age_ms, is_open):
    sent = run_of("a", END - HOUR_MS, 100, first_number=1)
    job = make_job(START, END, as_of_ms=sent[-1].at_ms + age_ms)
    reading = Reading(sent, job)
    assert [(end.open, end.pieces) for end in reading.ends] == [(is_open, 1)]
    assert max(end for _, end in reading.source.lists) <= job.as_of_ms
    assert decide_call(reading.ends, job).status is (CallStatus.OPEN if is_open else CallStatus.OWNED)


def test_another_call_on_its_stream_closes_a_leg():
    sent = run_of("a", END - 5 * MINUTE_MS, 100, first_number=1) + run_of("b", END + 3 * MINUTE_MS, 5, first_number=200)
    reading = Reading(sent, make_job(START, END, as_of_ms=END + 10 * MINUTE_MS))
    assert [(end.leg.identity.call_id, end.open) for end in reading.ends] == [("a", False)]


def test_what_came_after_the_plan_does_not_count():
    sent = run_of("a", END - 5 * MINUTE_MS, 1000, first_number=1)
    reading = Reading(sent, make_job(START, END, as_of_ms=END + 2 * MINUTE_MS))
    assert reading.legs() == [("a", 1, 7 * 60)]
    assert reading.ends[0].open


# Fragments that fail


def test_failed_fragments_are_accounted_for_with_the_leg_around_them():
    sent = losing(run_of("a", START + 55 * MINUTE_MS, 600, first_number=1), {1, 7, 400}, FragmentStatus.EXPIRED)
    reading = Reading(sent)
    assert reading.legs() == [("a", 2, 597)]
    own = [(r.number, r.call_id, r.reason) for r in reading.rows if r.status == "expired"]
    assert own == [(1, None, "made to fail"), (7, "a", "made to fail"), (400, "a", "made to fail")]
    assert reading.statuses(START) == {1: "expired", 7: "expired", 400: "expired"}
    assert reading.statuses(START + HOUR_MS) == dict.fromkeys(range(301, 601), "other_unit")
    letter = reading.letters[1]
    assert (letter.step, letter.reason, letter.number, letter.call_id) == ("ReadFragments", "expired", 7, "a")
    assert (letter.unit_start_ms, letter.sample) == (START, b"no")


def test_failed_fragments_end_no_leg():
    sent = losing(run_of("a", START, 1200, first_number=1), set(range(100, 1100)))
    reading = Reading(sent)
    assert reading.legs() == [("a", 1, 200)]
    assert sum(row.call_id == "a" for row in reading.rows) == 300  # what lies within five minutes of the last tag
    assert len(reading.rows) == len(reading.letters) == 1000


def test_failed_fragments_of_a_foreign_leg_are_another_units():
    sent = losing(run_of("x", START - 10 * MINUTE_MS, 900, first_number=1), set(range(750, 901)))
    reading = Reading(sent)
    assert reading.statuses(START) == dict.fromkeys(range(601, 901), "other_unit")
    assert reading.letters == []


def test_a_source_that_fails_stops_the_lane():
    class Failing(MemorySource):
        def read(self, listed):
            yield from super().read(listed[:5])
            raise OSError("gone")

    sent = run_of("a", START, 100, first_number=1)
    with pytest.raises(OSError, match="gone"):
        Reading(sent, source=Failing(sent))


def test_a_consumer_that_stops_ends_the_read_under_way():
    sent = run_of("a", START, 50, first_number=1) + run_of("b", START + MINUTE_MS, 100, first_number=51)
    source = MemorySource(sent)
    events = read_lane(make_lane(S1, JOB, sent), JOB, source)
    assert isinstance(next(events), Piece)
    assert source.under_way == 1
    events.close()
    assert source.under_way == 0


# Pieces


def test_a_four_hour_leg_is_given_in_pieces_as_it_is_read():
    count = 4 * 360 + 30
    sent = run_of("a", START, count, first_number=1, step_ms=10_000, pcm_ms=20)
    source = MemorySource(sent)
    read_before = []
    numbers = []
    for event in read_lane(make_lane(S1, JOB, sent), JOB, source):
        if isinstance(event, Piece):
            read_before.append(source.read_numbers.total())
            numbers += [f.listed.number for f in event.fragments[event.first_owned : event.end_owned]]
    assert numbers == [one.number for one in sent]
    assert len(read_before) == 9
    assert read_before[:8] == [185 + 180 * k for k in range(8)]


def test_fragments_that_come_in_one_burst_are_ordered_by_number():
    sent = [Sent(number, START + 5, "a" if number < 10 else "b") for number in range(1, 20)]
    assert Reading(sent).legs() == [("a", 1, 9), ("b", 10, 10)]
