"""The mel filter bank against librosa's, to the bit."""

import librosa
import numpy as np
import pytest

from callbeam.audio import frame_grid
from callbeam.audio.mel import mel_edges, mel_filters

pytestmark = pytest.mark.xdist_group("librosa")  # which compiles itself in each process that imports it


def test_edges_are_librosas() -> None:
    np.testing.assert_array_equal(mel_edges(), librosa.mel_frequencies(n_mels=66, fmin=100, fmax=3800))


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000])
def test_filters_are_librosas(rate: int) -> None:
    grid = frame_grid(rate)
    bank = librosa.filters.mel(sr=rate, n_fft=grid.fft_length, n_mels=64, fmin=100, fmax=3800)
    np.testing.assert_array_equal(mel_filters(grid), bank)
