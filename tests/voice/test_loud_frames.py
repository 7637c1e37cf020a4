"""Where speech is looked for at all: near frames that reach the least level of speech."""

from __future__ import annotations

import numpy as np
import pytest
from builders.channels import make_channel
from hypothesis import given
from hypothesis import strategies as st

from callbeam.audio import analyse_frames, frame_grid, frame_span
from callbeam.voice import frames_near, frames_reaching

LEAST_DBFS = -55.0


def near(channel):
    return frames_near(
        frames_reaching(channel, frame_span(channel, frame_grid(channel.sample_rate_hz)), LEAST_DBFS), 500
    )


def noise(count, level_dbfs, seed=0):
    return np.rint(np.random.default_rng(seed).normal(0, 32768 * 10 ** (level_dbfs / 20), count)).astype(np.int16)


@given(
    st.lists(st.tuples(st.integers(1, 30_000), st.floats(-80, -30)), min_size=1, max_size=5),
    st.integers(0, 100_000),
    st.sampled_from([8000, 16_000, 44_100]),
)
def test_every_frame_that_reaches_the_level_has_half_a_second_around_it(parts, first_sample, rate):
    sound = np.concatenate([noise(count, level) for count, level in parts])
    channel = make_channel(sound, first_sample=first_sample, rate=rate)
    loud = np.flatnonzero(analyse_frames(channel).measures["level_dbfs"] >= LEAST_DBFS)
    found = near(channel)
    for frame in loud.tolist():
        assert found[max(frame - 50, 0) : frame + 51].all()


@pytest.mark.parametrize("rate", [8000, 16_000])
def test_nothing_further_away_is_looked_at(rate):
    sound = noise(4 * rate, -62.0)
    sound[2 * rate : 2 * rate + rate // 100] = noise(rate // 100, -40.0)
    found = np.flatnonzero(near(make_channel(sound, rate=rate)))
    # The loud hop interval reaches into the frames beside it.
    assert (found[0], found[-1]) == (199 - 50, 201 + 50)


def test_steady_noise_is_told_by_its_level():
    assert not near(make_channel(noise(80_000, -58.0))).any()
    assert near(make_channel(noise(80_000, -54.0))).all()
