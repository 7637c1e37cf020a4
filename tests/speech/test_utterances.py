import itertools

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callbeam.errors import UsageError
from callbeam.spans import as_spans, clip, covered, length, mask_of_spans, subtract
from callbeam.speech import UtteranceConfig, utterance_spans
from callbeam.speech.utterances import BORDER_FRAMES

LEAD = 3000
SHORTEST_CORE = 4000
"""Of all but a leg's last piece; in earnest they have 30 min."""
CONFIG = UtteranceConfig()
NONE = as_spans(())


def whole(speech, masked=NONE, level=None, config=CONFIG, frames=None):
    frames = frames or int(speech[-1, 1]) + 1
    level = np.full(frames, -30, np.float32) if level is None else level
    return utterance_spans(as_spans(speech), as_spans(masked), level, 0, (0, frames), config).tolist()


def test_speech_is_joined_over_shorter_pauses_only():
    assert whole(as_spans([(3, 100), (149, 160), (210, 250)])) == [[3, 160], [210, 250]]
    assert whole(as_spans([(3, 100), (149, 160)]), config=UtteranceConfig(min_pause_ms=490)) == [[3, 100], [149, 160]]


def test_speech_is_never_joined_over_masked_audio():
    assert whole(as_spans([(0, 50), (60, 90)]), [(55, 56)]) == [[0, 50], [60, 90]]
    assert whole(as_spans([(0, 90)]), [(55, 56)]) == [[0, 55], [56, 90]]
    assert whole(as_spans([(0, 90)]), [(0, 200)]) == []


def test_no_speech_is_no_utterance():
    assert whole(NONE, frames=10) == []


def test_the_longest_pause_parts_what_is_too_long():
    speech = as_spans([(0, 500), (540, 2000), (2030, 3200)])
    assert whole(speech) == [[0, 500], [540, 3200]]


def test_of_equal_pauses_the_quieter_parts():
    speech = as_spans([(0, 500), (530, 2000), (2030, 3200)])
    level = np.full(3201, -30, np.float32)
    level[2000:2030] = -60
    assert whole(speech, level=level) == [[0, 2000], [2030, 3200]]
    level[500:530] = -70
    assert whole(speech, level=level) == [[0, 500], [530, 3200]]


def test_exactly_the_longest_is_not_cut():
    assert whole(as_spans([(0, 500), (540, 3000)])) == [[0, 3000]]
    assert whole(as_spans([(0, 500), (540, 3001)])) == [[0, 500], [540, 3001]]


def test_speech_without_pause_is_cut_before_its_quietest_frame():
    level = np.linspace(-20, -30, 4001, dtype=np.float32)
    level[[0, 30, 1234, 2950]] = [-90, -90, -50, -90]
    assert whole(as_spans([(0, 4000)]), level=level) == [[0, 1234], [1234, 4000]]


def test_no_cut_leaves_less_than_a_second():
    assert whole(as_spans([(0, 60), (109, 1500), (1520, 3020), (3065, 3100)])) == [[0, 1500], [1520, 3100]]


def test_masked_levels_are_not_quiet():
    level = np.full(4001, -30, np.float32)
    level[700], level[900] = np.nan, -31
    assert whole(as_spans([(0, 3500)]), level=level) == [[0, 900], [900, 3500]]


@pytest.mark.parametrize("bad", [{"min_pause_ms": 0}, {"max_duration_ms": 30_001}, {"max_duration_ms": 999}])
def test_what_pieces_cannot_agree_on_is_refused(bad):
    with pytest.raises(UsageError, match="give a pause"):
        UtteranceConfig(**bad)


@st.composite
def legs(draw):
    """Draw speech with few or many long pauses, gaps, and piece borders that divide it."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    frames = draw(st.integers(4_000, 40_000))
    long_pauses = draw(st.sampled_from([0.0, 0.005, 0.05, 0.5]))
    at, spans = int(rng.integers(0, 300)), []
    while at < frames:
        end = at + int(rng.integers(1, 600))
        spans.append((at, min(end, frames)))
        at = end + int(rng.integers(50, 400) if rng.random() < long_pauses else rng.integers(1, 50))
    gaps = [(int(g), int(g + rng.integers(1, 200))) for g in rng.integers(0, frames, draw(st.integers(0, 4)))]
    level = rng.integers(-70, -20, frames).astype(np.float32)
    border, borders = 0, [0]
    while (border := border + draw(st.integers(SHORTEST_CORE, 15_000))) < frames:
        borders.append(border)
    return as_spans(spans), as_spans(gaps), level, [*borders, frames]


def of_pieces(speech, masked, level, borders):
    found = []
    for core in itertools.pairwise(borders):
        seen = max(core[0] - LEAD, 0), min(core[1] + LEAD, len(level))
        piece = utterance_spans(clip(speech, *seen), clip(masked, *seen), level[slice(*seen)], seen[0], core, CONFIG)
        assert np.all((core[0] <= piece[:, 0]) & (piece[:, 0] < core[1]))
        found.append(piece)
    return np.concatenate(found)


@settings(max_examples=150, deadline=None)
@given(legs())
def test_pieces_lose_nothing_and_give_nothing_twice(leg):
    speech, masked, _, _ = leg
    heard = subtract(speech, masked)
    found = of_pieces(*leg)
    assert np.all(found[:, 0] < found[:, 1])
    assert np.all(found[1:, 0] >= found[:-1, 1])
    assert np.all(found[:, 1] - found[:, 0] <= LEAD)
    assert not covered(masked, found).any()
    assert int(covered(heard, found).sum()) == length(heard)
    assert np.all(covered(heard, np.stack((found[:, 0], found[:, 0] + 1), axis=1)))
    assert np.all(covered(heard, np.stack((found[:, 1] - 1, found[:, 1]), axis=1)))


def joined(heard, masked):
    """Return where speech goes on without a pause of 50 frames and without masked audio."""
    barred = mask_of_spans(masked, 0, int(heard[-1, 1]) if len(heard) else 0)
    chains = []
    for begin, end in heard.tolist():
        if chains and begin - chains[-1][1] < 50 and not barred[chains[-1][1] : begin].any():
            chains[-1][1] = end
        else:
            chains.append([begin, end])
    return chains


# What began more than 10 s before a border and runs over it is cut there; all else is as in the whole leg.
@settings(max_examples=100, deadline=None)
@given(legs())
@example(
    leg=(
        as_spans([(3092, 3704), (3738, 4272)]),
        as_spans([(2997, 3092)]),
        np.full(4321, -30, np.float32),
        [0, 4093, 4321],
    )
)
def test_pieces_give_what_the_whole_leg_gives_save_for_endless_speech_over_a_border(leg):
    speech, masked, level, borders = leg
    alone = utterance_spans(speech, masked, level, 0, (0, len(level)), CONFIG).tolist()
    found = of_pieces(*leg).tolist()
    chains = joined(subtract(speech, masked), masked)
    for border in borders[1:-1]:
        if any(border - 50 <= begin < border and end - begin > LEAD - 50 for begin, end in alone):
            return
        if any(begin < border - BORDER_FRAMES and border < end for begin, end in chains):
            return
    assert found == alone


def test_endless_speech_is_cut_at_the_deepest_pause_before_the_border():
    speech = as_spans([(0, 4500), (4540, 5500), (5545, 9000)])
    level = np.full(9000, -30, np.float32)
    found = of_pieces(speech, NONE, level, [0, 6000, 9000])
    assert found.tolist() == [[0, 2899], [2899, 5500], [5545, 8444], [8444, 9000]]
