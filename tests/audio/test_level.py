import numpy as np
import pytest
from builders.channels import make_channel, pcm
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.audio import LevelSums, join_levels, measure_levels, power_to_dbfs
from callbeam.audio.level import join_sums


def test_a_full_scale_sine_has_minus_three_dbfs():
    sine = pcm(0.99999 * np.sin(2 * np.pi * 1000 * np.arange(24_000) / 8000 + 0.1))
    seconds, sums = measure_levels(make_channel(sine))
    np.testing.assert_allclose(seconds.level_dbfs, -3.0103, atol=1e-3)
    columns = join_levels([sums])
    assert columns["level_dbfs"] == pytest.approx(-3.0103, abs=1e-3)
    assert columns["dc_offset"] == pytest.approx(0, abs=1e-5)


def test_a_full_scale_square_wave_has_zero_dbfs_and_clips():
    square = np.where(np.arange(8000) % 8 < 4, -32768, 32767)
    _, sums = measure_levels(make_channel(square))
    columns = join_levels([sums])
    assert columns["level_dbfs"] == pytest.approx(0, abs=1e-3)
    assert columns["peak_dbfs"] == 0
    assert columns["clipping_ratio"] == 1
    assert columns["digital_zero_ratio"] == 0


def test_digital_silence_is_at_the_floor():
    seconds, sums = measure_levels(make_channel(np.zeros(9000)))
    assert seconds.level_dbfs.tolist() == [-100, -100]
    assert join_levels([sums]) == {
        "level_dbfs": -100,
        "peak_dbfs": -100,
        "clipping_ratio": 0,
        "digital_zero_ratio": 1,
        "dc_offset": 0,
    }


def test_no_samples_no_levels():
    assert set(join_levels([LevelSums()]).values()) == {None}
    assert set(join_levels([]).values()) == {None}


def test_levels_are_over_covered_samples_alone():
    channel = make_channel(np.full(16_000, 16384), first_sample=4000, covered=[[4000, 5000], [12_000, 20_000]])
    seconds, sums = measure_levels(channel)
    assert seconds.covered.tolist() == [1000, 4000, 4000]
    np.testing.assert_allclose(seconds.level_dbfs, 20 * np.log10(0.5))
    assert sums == LevelSums(samples=9000, total=9000 * 16384, squares=9000 * 16384**2, peak=16384)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), cut=st.integers(1, 29_999))
def test_pieces_join_to_the_whole(seed, cut):
    samples = np.random.default_rng(seed).integers(-32768, 32768, 30_000)
    samples[::7] = 0
    covered = [[100, 9000], [9100, 30_000]]
    whole = measure_levels(make_channel(samples, covered=covered))[1]
    parts = [measure_levels(make_channel(samples, covered=covered, core=core))[1] for core in ((0, cut), (cut, 30_000))]
    assert join_sums(parts) == whole
    inside = np.r_[samples[100:9000], samples[9100:]].astype(np.int64)
    assert whole == LevelSums(
        samples=len(inside),
        total=int(inside.sum()),
        squares=int((inside**2).sum()),
        peak=int(np.abs(inside).max()),
        clipped=int(np.isin(inside, (-32768, 32767, -32256, 32256, -32124, 32124)).sum()),
        zeros=int((inside == 0).sum()),
    )


def test_power_to_dbfs_keeps_nan_and_floors():
    np.testing.assert_array_equal(power_to_dbfs([1.0, 0.0, np.nan]), [0, -100, np.nan])
