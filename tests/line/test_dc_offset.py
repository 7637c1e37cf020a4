"""A constant offset is taken out of what is analysed, and only that."""

import numpy as np
import pytest
from builders.channels import make_channel

from callbeam.line import without_offset
from callbeam.line.dc_offset import SMALLEST


def noise(count, seed=1, level=200.0):
    return np.rint(np.random.default_rng(seed).normal(0, level, count)).astype(np.int16)


@pytest.mark.parametrize("offset", [98, -98, 6554, -20_000])
def test_an_offset_is_taken_out(offset):
    sound = noise(80_000)
    mean = round(float(sound.mean()))
    plain = without_offset(make_channel(sound + offset))
    np.testing.assert_array_equal(plain.samples, sound - mean)


@pytest.mark.parametrize("offset", [0, SMALLEST - 5, 5 - SMALLEST])
def test_small_ones_stay(offset):
    channel = make_channel(noise(80_000) + offset)
    assert without_offset(channel) is channel


def test_gaps_and_digital_silence_neither_count_nor_change():
    sound = noise(80_000) + 100
    sound[24_000:64_000] = 0  # half of it paused: the mean of all is 50 and no more
    channel = make_channel(sound, first_sample=800, covered=[[800, 8800], [16_800, 80_800]])
    plain = without_offset(channel)
    paused = slice(24_000, 64_000)
    assert not plain.samples[paused].any()
    assert not plain.samples[8000:16_000].any()
    assert abs(plain.samples[:8000].mean()) < 10
    assert abs(plain.samples[64_000:].mean()) < 10


def test_the_core_tells_and_the_leads_follow():
    sound = np.concatenate((noise(8000), noise(16_000) + 500))
    plain = without_offset(make_channel(sound, core=(8000, 24_000)))
    assert abs(plain.samples[8000:].mean()) < 1
    assert plain.samples[:8000].mean() == pytest.approx(-500, abs=10)


def test_what_leaves_the_format_is_clipped():
    sound = np.full(16_000, 20_000)
    sound[::2] = 1000
    sound[1] = -32768
    plain = without_offset(make_channel(sound))
    assert plain.samples[1] == -32768
    assert (plain.samples[2], plain.samples[3]) == (pytest.approx(-9500, abs=5), pytest.approx(9500, abs=5))


def test_next_to_nothing():
    for samples in ([], [500]):
        channel = make_channel(np.array(samples, dtype=np.int16))
        assert len(without_offset(channel).samples) == len(samples)
