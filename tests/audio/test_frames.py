import itertools

import numpy as np
import pytest
from builders.channels import make_channel
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.audio import BLOCK_FRAMES, blocks, covered_between, frame_grid, frame_span
from callbeam.audio.frames import UnsupportedSampleRateError, frame_runs


@pytest.mark.parametrize(
    ("rate", "hop", "frame", "points", "lead"),
    [
        (8000, 80, 200, 256, 60),
        (16000, 160, 400, 512, 120),
        (44100, 441, 1103, 2048, 331),
        (48000, 480, 1200, 2048, 360),
    ],
)
def test_lengths_follow_the_rate(rate, hop, frame, points, lead):
    grid = frame_grid(rate)
    assert (grid.hop, grid.frame_length, grid.fft_length, grid.frame_lead) == (hop, frame, points, lead)
    assert (grid.frame_length - hop) % 2 == (grid.pitch_length - hop) % 2 == 0


@pytest.mark.parametrize("rate", [0, 4000, 11025, 22050, 400_000])
def test_a_rate_without_a_grid_is_refused(rate):
    with pytest.raises(UnsupportedSampleRateError, match=str(rate)):
        frame_grid(rate)


@settings(deadline=None, max_examples=60)
@given(
    cuts=st.lists(st.integers(-50, 300), max_size=12, unique=True).map(sorted),
    edges=st.lists(st.integers(-80, 400), min_size=2, max_size=9).map(sorted),
)
def test_covered_samples_are_counted(cuts, edges):
    covered = np.array(cuts[: len(cuts) // 2 * 2], dtype=np.int64).reshape(-1, 2)
    counts = covered_between(covered, np.array(edges, dtype=np.int64))
    expected = [
        sum(any(low <= i < high for low, high in covered.tolist()) for i in range(start, end))
        for start, end in itertools.pairwise(edges)
    ]
    assert counts.tolist() == expected


@pytest.mark.parametrize(("n", "frames"), [(1, 1), (80, 1), (81, 2), (8000, 100), (8001, 101)])
def test_a_channel_has_a_frame_per_hop_begun(n, frames):
    span = frame_span(make_channel(np.ones(n)), frame_grid(8000))
    assert len(span.measured) == frames
    assert span.measured.all()


def test_a_hop_that_a_gap_touches_is_masked():
    channel = make_channel(np.ones(1600), covered=[[0, 400], [485, 960], [1000, 1600]])
    span = frame_span(channel, frame_grid(8000))
    assert np.flatnonzero(~span.measured).tolist() == [5, 6, 12]
    assert np.flatnonzero(~span.present).tolist() == [5]


def test_a_channel_that_begins_inside_a_hop_masks_it():
    span = frame_span(make_channel(np.ones(800), first_sample=8030), frame_grid(8000))
    assert span.first == 100
    assert span.measured.tolist() == [False, *[True] * 10]  # the end of the audio is no gap


def test_an_end_of_data_before_the_end_of_the_core_is_a_gap():
    span = frame_span(make_channel(np.ones(100), core=(0, 8000)), frame_grid(8000))
    assert span.measured.tolist() == [True, False]


def test_frames_are_centred_on_their_hop():
    samples = np.arange(40_000) % 30_000
    grid = frame_grid(8000)
    padded = np.pad(samples, 200)
    for block in blocks(make_channel(samples), grid):
        for length in (grid.frame_length - 1, grid.frame_length, grid.pitch_length):
            frames = np.concatenate([block.row_of(run) for run in frame_runs(grid, length)])
            assert frames.shape == (length, BLOCK_FRAMES)
            for column in (0, 7, BLOCK_FRAMES - 1):
                start = (block.first + column) * 80 + 40 - (length + 1) // 2
                expected = padded[start + 200 : start + 200 + length] / 32768
                np.testing.assert_array_equal(frames[: len(expected), column], expected.astype(np.float32))


def test_blocks_lie_on_the_legs_grid_and_skip_gaps():
    block = BLOCK_FRAMES * 80
    covered = [[block + 4000, block + 14_000], [5 * block, 5 * block + 100], [7 * block - 1000, 7 * block]]
    channel = make_channel(np.ones(6 * block), first_sample=block + 4000, covered=covered)
    found = [block.first for block in blocks(channel, frame_grid(8000))]
    assert found == [BLOCK_FRAMES, 5 * BLOCK_FRAMES, 6 * BLOCK_FRAMES]
