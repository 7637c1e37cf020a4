import numpy as np
import pytest
from builders.channels import make_channel

from callbeam.analysis import analyse_channel
from callbeam.line import mask_zeros
from callbeam.line.masking import zero_spans


def with_zeros(seconds, spans, seed=0, rate=8000):
    samples = np.random.default_rng(seed).integers(1, 3000, seconds * rate).astype(np.int16)
    for begin, end in spans:
        samples[round(begin * rate) : round(end * rate)] = 0
    return samples


def test_only_what_is_zero_on_all_channels_is_masked():
    first = make_channel(with_zeros(12, [(1, 4), (6, 6.9), (8, 12)]))
    second = make_channel(with_zeros(12, [(2, 5), (6, 6.9), (9, 10.5)], seed=1), role="AGENT")
    expected = [[16_000, 32_000], [72_000, 84_000]]  # zeros of less than 1 s stay
    assert zero_spans([first, second]).tolist() == expected
    masked = mask_zeros([first, second])
    for before, after in zip((first, second), masked, strict=True):
        assert after.covered.tolist() == [[0, 16_000], [32_000, 72_000], [84_000, 96_000]]
        np.testing.assert_array_equal(after.samples, before.samples)
        assert after.participant_role == before.participant_role
    covered = analyse_channel(masked[0]).seconds["covered_ms"].to_pylist()
    assert covered == [1000, 1000, 1000, 1000, 1000, 1000, 1000, 500, 1000]


def test_the_gap_of_one_channel_does_not_keep_the_other_from_being_masked():
    first = make_channel(with_zeros(6, [(1, 4)]), covered=[[0, 16_000], [24_000, 48_000]])
    second = make_channel(with_zeros(6, [(1, 4)], seed=1))
    assert zero_spans([first, second]).tolist() == [[8_000, 32_000]]
    assert mask_zeros([first, second])[0].covered.tolist() == [[0, 8_000], [32_000, 48_000]]


def test_where_nobody_has_audio_nothing_is_masked():
    gap = [[0, 8_000], [32_000, 48_000]]
    channels = [make_channel(with_zeros(6, [(1, 4)], seed=i), covered=gap) for i in range(2)]
    assert not len(zero_spans(channels))
    assert mask_zeros(channels) == tuple(channels)


@pytest.mark.parametrize("value", [8, -8])
def test_other_steady_values_are_not_masked(value):
    samples = with_zeros(4, [(1, 3)])
    samples[samples == 0] = value
    assert not len(zero_spans([make_channel(samples)]))


def test_one_channel_and_none():
    assert zero_spans([make_channel(with_zeros(4, [(1, 3)]))]).tolist() == [[8_000, 24_000]]
    assert not len(zero_spans([]))
    assert mask_zeros([]) == ()
    assert not len(zero_spans([make_channel(np.zeros(0))]))


def test_leads_count():
    """A run that the core shares with its leads is masked on both sides of the border."""
    samples = with_zeros(6, [(2.5, 3.7)])
    for core in ((0, 24_000), (24_000, 48_000)):
        assert zero_spans([make_channel(samples, core=core)]).tolist() == [[20_000, 29_600]]
