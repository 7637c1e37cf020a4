"""Where a voice's pitch usually lies, on candidates that are made up."""

import numpy as np
import pytest

from callbeam.audio import BLOCK_FRAMES, F0_LOW_HZ, PitchCandidates, PitchConfig, choose_path
from callbeam.audio.pitch import OCTAVES
from callbeam.audio.pitch_path import UNVOICED
from callbeam.audio.pitch_range import FEWEST_FRAMES, off_usual

COST = 0.15


def offered(*pitches_hz, frames):
    """Return candidates in octaves, shape (k, n); each of ``pitches_hz`` is one value or a frame's each, or None."""
    rows = [np.full(frames, np.nan if hz is None else hz, dtype=np.float32) for hz in pitches_hz]
    return np.log2(np.stack(rows) / np.float32(F0_LOW_HZ))


def usual_hz(octaves, merit, energy, first_frame=0):
    away = off_usual(octaves, merit.astype(np.float32), energy.astype(np.float32), first_frame, COST)
    return F0_LOW_HZ * 2 ** (octaves - away)


def test_it_is_the_median_even_where_a_quarter_of_the_frames_seems_an_octave_higher():
    frames = 3 * BLOCK_FRAMES
    octaves = offered(100, 200, frames=frames)
    high = np.random.default_rng(1).random(frames) < 0.25
    merit = np.where([~high, high], 0.9, 0.85)
    np.testing.assert_allclose(usual_hz(octaves, merit, np.ones(frames))[0], 100, rtol=0.03)


def test_what_is_faint_counts_little():
    frames = 2 * BLOCK_FRAMES
    loud = np.arange(frames) % 10 < 3
    octaves = np.where(loud, offered(180, frames=frames), offered(70, frames=frames))
    usual = usual_hz(octaves, np.full((1, frames), 0.9), np.where(loud, 1.0, 0.01))
    np.testing.assert_allclose(usual[0], 180, rtol=0.03)


@pytest.mark.parametrize(
    ("octaves", "merit"),
    [
        (offered(100, frames=BLOCK_FRAMES), np.where(np.arange(BLOCK_FRAMES) < FEWEST_FRAMES - 1, 0.9, 0.3)[None]),
        (offered(425, frames=BLOCK_FRAMES), np.full((1, BLOCK_FRAMES), 0.99)),
        (offered(None, frames=BLOCK_FRAMES), np.zeros((1, BLOCK_FRAMES))),
    ],
    ids=["too little", "a tone", "silence"],
)
def test_it_is_told_of_voices_only(octaves, merit):
    assert np.isnan(usual_hz(octaves, merit, np.ones(BLOCK_FRAMES))).all()


def test_it_does_not_depend_on_what_is_further_away_than_pieces_reach():
    rng = np.random.default_rng(2)
    frames, dropped = 12 * BLOCK_FRAMES, 4 * BLOCK_FRAMES + 370
    octaves = offered(rng.uniform(70, 140, frames), rng.uniform(140, 280, frames), frames=frames)
    merit, energy = rng.uniform(0.5, 1, (2, frames)), rng.random(frames)
    whole = usual_hz(octaves, merit, energy, first_frame=130)
    later = usual_hz(octaves[:, dropped:], merit[:, dropped:], energy[dropped:], first_frame=130 + dropped)
    same = 3 * BLOCK_FRAMES
    np.testing.assert_array_equal(later[:, same:], whole[:, dropped + same :])


def candidates_of(low_strength, high_strength):
    """Return candidates at 100 and 200 Hz; two seconds around are clearly of 100 Hz."""
    frames = 450
    candidates = PitchCandidates(frames, 0)
    candidates.frequency[0], candidates.frequency[1] = 100, 200
    candidates.strength[0], candidates.strength[1] = 0.9, 0.7
    candidates.strength[0, 200:250], candidates.strength[1, 200:250] = low_strength, high_strength
    candidates.audible[:], candidates.energy[:] = True, 1
    return candidates


def test_a_voice_stays_in_its_range_unless_the_sound_is_clear():
    every = np.ones(450, dtype=bool)
    assert (choose_path(candidates_of(0.84, 0.9), 0, every, PitchConfig()) == 0).all()
    clear = choose_path(candidates_of(0.8, 1.0), 0, every, PitchConfig())
    assert (clear[205:245] == 1).all()
    assert UNVOICED == OCTAVES
