"""The mel filter bank, as librosa defines it: Slaney's scale and norm.

librosa computes the same to the bit (``tests/audio/test_mel.py``), but importing it takes 0.9 s of CPU and 110 MB of
every worker: it brings a compiler along.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from callbeam.schemas import MEL_BANDS

if TYPE_CHECKING:
    import numpy.typing as npt

    from callbeam.audio.frames import Float32Array, FrameGrid

MEL_LOW_HZ, MEL_HIGH_HZ = 100.0, 3800.0

_HZ_PER_MEL = 200 / 3
_LOG_FROM_HZ = 1000.0
_LOG_STEP = np.log(6.4) / 27
"""Slaney's scale ("Auditory Toolbox", 1998) is linear up to 1 kHz, and from there on 27 mel are a factor of 6.4."""


def mel_edges() -> npt.NDArray[np.float64]:
    """Return where the bands' triangles begin, peak and end, in Hz, float64, shape (MEL_BANDS + 2,).

    Band i begins at item i, peaks at the next and ends at the one after that.
    """
    log_from = _LOG_FROM_HZ / _HZ_PER_MEL
    highest = log_from + np.log(MEL_HIGH_HZ / _LOG_FROM_HZ) / _LOG_STEP
    mel = np.linspace(MEL_LOW_HZ / _HZ_PER_MEL, highest, MEL_BANDS + 2)
    logarithmic = _LOG_FROM_HZ * np.exp(_LOG_STEP * (mel - log_from))
    return np.asarray(np.where(mel >= log_from, logarithmic, _HZ_PER_MEL * mel))


@lru_cache(maxsize=16)
def mel_filters(grid: FrameGrid) -> Float32Array:
    """Return the filters, triangles of unit area in Hz, float32, shape (MEL_BANDS, fft_length / 2 + 1)."""
    edges = mel_edges()
    above = np.fft.rfftfreq(grid.fft_length, 1 / grid.sample_rate_hz) - edges[:, None]
    widths = np.diff(edges)[:, None]
    rising, falling = above[:-2] / widths[:-1], -above[2:] / widths[1:]
    triangles = np.maximum(np.minimum(rising, falling), 0).astype(np.float32)
    areas = (edges[2:] - edges[:-2]) / 2
    return np.asarray(triangles * (1 / areas)[:, None], dtype=np.float32)
