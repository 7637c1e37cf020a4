"""From one fragment to the call that it lies in, by the rules by which legs are followed."""

from __future__ import annotations

import pytest
from builders.made_streams import MINUTE_MS, T0, MemorySource, Sent, losing, run_of, stream, without_tags

from callbeam.calls import LegEnd, Piece, call_at, find_fragment, read_leg_of
from callbeam.errors import JobError, UsageError
from callbeam.kvs import FragmentStatus, ListedFragment

NOW_MS = T0 + 30 * 24 * 60 * MINUTE_MS


def listed(sent: list[Sent], number: int) -> ListedFragment:
    (one,) = (each for each in sent if each.number == number)
    return ListedFragment(number, one.at_ms, one.at_ms, 100, 1000)


def read(sent: list[Sent], number: int, *, whole: bool) -> tuple[str, list[int]]:
    """Read the leg of a fragment; return its call and its fragments."""
    source, of = MemorySource(sent), stream()
    fragment = listed(sent, number)
    call, begin = call_at(source, of, fragment, NOW_MS)
    first = begin if whole else fragment
    events = list(read_leg_of(source, of, fragment, first=first, call=call, as_of_ms=NOW_MS))
    last = events[-1]
    assert isinstance(last, LegEnd)
    pieces = [each for each in events if isinstance(each, Piece) and each.leg == last.leg]
    numbers = [one.listed.number for piece in pieces for one in piece.fragments[piece.first_owned : piece.end_owned]]
    return last.leg.identity.call_id, numbers


def three_calls() -> list[Sent]:
    some: list[Sent] = []
    for index, call in enumerate(("a", "b", "c")):
        some += run_of(call, T0 + index * 60_000, 40, first_number=100 * (index + 1), pcm_ms=1000)
    return some


@pytest.mark.parametrize("number", [200, 201, 239])
def test_a_leg_is_read_from_a_fragment_on_or_from_its_begin(number: int) -> None:
    assert read(three_calls(), number, whole=False) == ("b", list(range(number, 240)))
    assert read(three_calls(), number, whole=True) == ("b", list(range(200, 240)))


def test_a_tag_from_hours_ago_names_a_fragment() -> None:
    sent = run_of("a", T0, 200, first_number=100, step_ms=50_000, pcm_ms=1000)
    sent = without_tags(sent, range(101, 300))
    assert read(sent, 280, whole=False) == ("a", list(range(280, 300)))
    assert read(sent, 280, whole=True) == ("a", list(range(100, 300)))


def test_audio_without_tags_after_a_pause_is_a_call_of_its_own() -> None:
    sent = three_calls() + run_of(None, T0 + 20 * MINUTE_MS, 10, first_number=900, pcm_ms=1000)
    assert read(sent, 905, whole=False) == ("s1#905", list(range(905, 910)))


def test_a_call_that_comes_back_is_read_from_where_it_does() -> None:
    sent = [*three_calls(), *run_of("b", T0 + 4 * MINUTE_MS, 20, first_number=500, pcm_ms=1000)]
    assert read(sent, 510, whole=True) == ("b", list(range(500, 520)))
    assert read(sent, 210, whole=True) == ("b", list(range(200, 240)))


def test_a_fragment_that_cannot_be_read_is_told() -> None:
    for status, error in ((FragmentStatus.NOT_FOUND, UsageError), (FragmentStatus.DAMAGED, JobError)):
        source = MemorySource(losing(three_calls(), {201}, status))
        with pytest.raises(error, match=r"fragment 201.*made to fail"):
            find_fragment(source, stream(), 201)
