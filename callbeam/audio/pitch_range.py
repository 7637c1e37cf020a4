"""Where a voice's pitch usually lies: what tells a period from its half where a telephone band leaves both.

Without the fundamental, a strong second harmonic looks like the first: of recorded voices up to 15 % of the frames came
out an octave high, though hardly any of made-up ones, whose periods are all alike. One frame cannot tell. But what one
says within some seconds lies in a range of about an octave, and what comes out an octave high lies beyond it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from callbeam.audio.pitch import F0_HIGH_HZ, F0_LOW_HZ

if TYPE_CHECKING:
    import numpy.typing as npt

    from callbeam.audio.frames import Float32Array

BLOCK_FRAMES, REACH_BLOCKS = 1000, 2
"""What is usual is told anew every 10 s of the leg's clock, from these and the 20 s on either side: speakers change,
and a piece's leads reach no further than 30 s."""

FEWEST_FRAMES = 50
"""Less than 0.5 s of voice tell nothing."""

HIGHEST_USUAL_HZ = 280.0
"""Where it seems to be higher, nothing is told: it may be a tone's, and there is speech beside it."""

MERIT = 0.7
"""Frames whose best candidate repeats as well as this count as voiced there."""

_BINS_PER_OCTAVE = 24
_BINS = int(np.ceil(_BINS_PER_OCTAVE * np.log2(F0_HIGH_HZ / F0_LOW_HZ))) + 1


def off_usual(
    octaves: Float32Array, merit: Float32Array, energy: Float32Array, first_frame: int, range_cost: float
) -> Float32Array:
    """Return how far candidates lie from where the voice's pitch usually does.

    That is the median of the frames around, weighted with amplitude, so that hum between words counts little. A first
    one is of each frame's best candidate, the second, which counts, of the best by its merit and its distance from the
    first.

    Parameters
    ----------
    octaves, merit : float32 array, shape (k, n)
        The candidates' pitch in octaves above ``F0_LOW_HZ``, NaN where there is none, and what speaks for them: how
        well they repeat, above all.
    energy : float32 array, shape (n,)
        Of the frames.
    first_frame : int
        Index of the first on the leg's grid.
    range_cost : float
        What a distance of an octave counts.

    Returns
    -------
    float32 array, shape (k, n)
        In octaves; NaN where there is no candidate, or too little is voiced to tell.
    """
    if not len(energy):
        return octaves
    block = (first_frame + np.arange(len(energy))) // BLOCK_FRAMES
    block -= block[0]
    blocks = int(block[-1]) + 1
    voiced = np.flatnonzero(merit.max(axis=0) >= MERIT)
    offered, worth, where = octaves[:, voiced], merit[:, voiced], block[voiced]
    amplitude = np.sqrt(energy[voiced], dtype=np.float64)
    best = offered[worth.argmax(axis=0), np.arange(len(voiced))]
    middle = _medians(best, amplitude, where, blocks)
    far = np.nan_to_num(offered - middle[where], nan=np.inf)
    worth = worth - np.float32(range_cost) * far**2
    usual = _medians(offered[worth.argmax(axis=0), np.arange(len(voiced))], amplitude, where, blocks)
    told = _around(np.bincount(where, minlength=blocks).astype(np.float64)[:, None])[:, 0] >= FEWEST_FRAMES
    told &= usual <= np.log2(HIGHEST_USUAL_HZ / F0_LOW_HZ)
    return octaves - np.where(told, usual, np.float32(np.nan))[block]


def _medians(
    octaves: Float32Array, weights: npt.NDArray[np.float64], where: npt.NDArray[np.intp], blocks: int
) -> Float32Array:
    """Return the weighted median around each block; frames lie in blocks ``where``."""
    place = where * _BINS + np.clip(np.rint(octaves * _BINS_PER_OCTAVE), 0, _BINS - 1).astype(np.intp)
    histograms = np.bincount(place, weights, blocks * _BINS).astype(np.float64).reshape(blocks, _BINS)
    reached = np.cumsum(_around(histograms), axis=1)
    medians: Float32Array = ((2 * reached >= reached[:, -1:]).argmax(axis=1) / _BINS_PER_OCTAVE).astype(np.float32)
    return medians


def _around(blocks: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Add each row's neighbours to it; each sum by itself: nothing further away is in it."""
    padded = np.pad(blocks, ((REACH_BLOCKS, REACH_BLOCKS), (0, 0)))
    around: npt.NDArray[np.float64] = np.zeros_like(blocks)
    for shift in range(2 * REACH_BLOCKS + 1):
        around += padded[shift : shift + len(blocks)]
    return around
