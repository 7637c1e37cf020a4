"""The semitone scale that the Geneva parameter sets use."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SEMITONE_ZERO_HZ = 27.5
"""The lowest A of a piano."""


def semitones(hertz: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return how many semitones lie between 27.5 Hz and frequencies.

    Examples
    --------
    >>> semitones(np.array([27.5, 55.0, 220.0], np.float32)).tolist()
    [0.0, 12.0, 36.0]
    """
    return np.asarray(12 * np.log2(hertz / np.float32(SEMITONE_ZERO_HZ)), dtype=np.float32)
