"""Candidate units: their lengths, what parts and joins them, and that nothing is missing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.sentiment import Unit, candidate_units
from callbeam.sentiment.units import JOINED_GAP, LONGEST, SHORTEST
from callbeam.spans import as_spans, intersect, length, mask_of_spans, subtract

CHANNEL = "0123456789ab"


def units_of(
    speech, *, utterances=None, masked=(), levels=None, first=0, core=None, frames=6000, changes=()
) -> list[Unit]:
    speech, masked = as_spans(speech), as_spans(masked)
    utterances = speech if utterances is None else np.array(utterances, dtype=np.int64).reshape(-1, 2)
    if levels is None:
        levels = np.where(mask_of_spans(speech, first, frames), -20, -60).astype(np.float32)
    ids = [f"{CHANNEL}-{begin * 10:08d}" for begin in utterances[:, 0].tolist()]
    return candidate_units(
        CHANNEL, utterances, ids, speech, masked, levels, first, core or (first, first + frames), changes
    )


def spans(units: list[Unit], kind: str = "utterance") -> list[tuple[int, int]]:
    return [(unit.begin, unit.end) for unit in units if unit.unit_type == kind]


def test_an_utterance_of_a_good_length_is_a_unit():
    (unit,) = units_of([(100, 480)])
    assert unit == Unit(f"{CHANNEL}-u00001000", "utterance", 100, 480, (f"{CHANNEL}-00001000",))


def test_a_short_utterance_joins_its_nearest_neighbour():
    units = units_of([(100, 400), (480, 520), (570, 900)])
    assert spans(units) == [(100, 400), (480, 900)]
    assert units[1].utterance_ids == (f"{CHANNEL}-00004800", f"{CHANNEL}-00005700")


def test_short_ones_join_each_other():
    assert spans(units_of([(100, 160), (220, 270), (350, 390)])) == [(100, 390)]


@pytest.mark.parametrize(
    ("speech", "masked"),
    [
        ([(100, 400), (500, 520)], []),  # 1 s apart
        ([(100, 400), (480, 520)], [(440, 442)]),  # masked audio between
        ([(100, 1550), (1600, 1640)], []),  # 15.4 s together
        ([(100, 400), (480, 600)], []),  # neither is short
    ],
)
def test_what_does_not_join_stays_a_unit(speech, masked):
    assert spans(units_of(speech, masked=masked)) == speech


def test_a_long_utterance_is_split_at_its_deepest_pause():
    speech = [(0, 500), (530, 900), (920, 1700)]
    levels = np.full(6000, -20, np.float32)
    levels[500:530] = -40
    levels[900:920] = -60
    assert spans(units_of(speech, utterances=[(0, 1700)], levels=levels)) == [(0, 900), (920, 1700)]
    levels[500:530] = -80
    assert spans(units_of(speech, utterances=[(0, 1700)], levels=levels)) == [(0, 500), (530, 1700)]


def test_a_long_utterance_without_a_pause_is_split_where_it_is_quietest():
    levels = np.full(6000, -20, np.float32)
    levels[880:891] = -30
    assert spans(units_of([(0, 1700)], levels=levels)) == [(0, 885), (885, 1700)]


def test_windows_lie_on_the_grid_and_need_ten_seconds_of_speech():
    assert spans(units_of([(2900, 3999)]), "window") == []
    assert spans(units_of([(2900, 4000)]), "window") == [(3000, 6000)]
    assert spans(units_of([(2900, 4100)], masked=[(3500, 3600)], utterances=[]), "window") == [(3000, 6000)]
    assert spans(units_of([(2900, 4100)], masked=[(3500, 3601)], utterances=[]), "window") == []


def test_the_core_cuts_windows_and_leaves_other_pieces_their_utterances():
    speech = [(3100, 3200), (3300, 4700), (9000, 9100)]
    units = units_of(speech, first=3000, frames=7000, core=(3250, 8000))
    assert spans(units) == [(3300, 4700)]
    assert spans(units, "window") == [(3250, 6000)]
    assert units[1].unit_id == f"{CHANNEL}-w00032500"
    assert units[1].utterance_ids == (f"{CHANNEL}-00033000",)


def test_no_utterances_no_units():
    assert units_of([]) == []


@st.composite
def talk(draw):
    """Utterances as voice activity gives them, with pauses under 500 ms within, and masked audio between some."""
    at, speech, utterances, masked = 0, [], [], []
    for gap, parts, mask in draw(
        st.lists(
            st.tuples(
                st.integers(50, 300),
                st.lists(st.tuples(st.integers(1, 1200), st.integers(1, 49)), min_size=1, max_size=5),
                st.booleans(),
            ),
            max_size=12,
        )
    ):
        if mask and at:
            masked.append((at + 10, at + 20))
        at += gap
        begin = at
        for talking, pause in parts:
            speech.append((at, at + talking))
            at += talking + pause
        at -= parts[-1][1]
        utterances.append((begin, at))
    return speech, utterances, masked, at + 100, draw(st.integers(0, 2**32 - 1))


@settings(deadline=None, max_examples=150)
@given(talk())
def test_every_utterance_is_held_and_every_unit_is_sound(made):
    speech, utterances, masked, frames, seed = made
    levels = np.random.default_rng(seed).uniform(-70, -10, frames).astype(np.float32)
    units = units_of(speech, utterances=utterances, masked=masked, levels=levels, frames=frames)
    talked = [unit for unit in units if unit.unit_type == "utterance"]
    held = as_spans((unit.begin, unit.end) for unit in talked)
    assert length(held) == sum(unit.end - unit.begin for unit in talked), "units overlap"
    assert length(subtract(as_spans(speech), held)) == 0, "speech is in no unit"
    assert length(intersect(held, as_spans(masked))) == 0
    assert all(unit.end - unit.begin <= LONGEST for unit in talked)
    assert len({unit.unit_id for unit in units}) == len(units)
    named = {name for unit in talked for name in unit.utterance_ids}
    assert named == {f"{CHANNEL}-{begin * 10:08d}" for begin, _ in utterances}
    for one, other in pairwise(talked):
        masked_between = length(intersect(as_spans([(one.end, other.begin)]), as_spans(masked)))
        short = min(one.end - one.begin, other.end - other.begin) < SHORTEST
        near = other.begin - one.end < JOINED_GAP and not masked_between
        assert not (short and near and other.end - one.begin <= LONGEST), "should have been joined"


@settings(deadline=None, max_examples=150)
@given(talk(), st.lists(st.floats(0, 1), max_size=6))
def test_no_unit_but_a_window_holds_two_voices(made, shares):
    speech, utterances, masked, frames, seed = made
    levels = np.random.default_rng(seed).uniform(-70, -10, frames).astype(np.float32)
    changes = sorted({int(share * frames) for share in shares})
    given_units = {"utterances": utterances, "masked": masked, "levels": levels, "frames": frames}
    units = [unit for unit in units_of(speech, **given_units, changes=changes) if unit.unit_type == "utterance"]
    for unit in units:
        for change in changes:
            sides = (
                intersect(as_spans(speech), as_spans([(unit.begin, change)])),
                intersect(as_spans(speech), as_spans([(change, unit.end)])),
            )
            assert not (unit.begin < change < unit.end and length(sides[0]) and length(sides[1]))
        assert all(any(unit.begin < end and unit.end > begin for begin, end in utterances) for _ in unit.utterance_ids)
    held = as_spans((unit.begin, unit.end) for unit in units)
    assert length(held) == sum(unit.end - unit.begin for unit in units), "units overlap"
    assert length(subtract(as_spans(speech), held)) == 0, "speech is in no unit"
