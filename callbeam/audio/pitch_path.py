"""The path through pitch candidates: which of them, if any, is a frame's F0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from callbeam.audio.pitch import F0_LOW_HZ, OCTAVES

if TYPE_CHECKING:
    from callbeam.audio.frames import BoolArray, Float32Array
    from callbeam.audio.pitch import PitchCandidates, PitchConfig

UNVOICED = OCTAVES
"""The state after the candidates."""

_CORE = 100
_CONTEXT = 32
"""A stretch decides 1 s of frames, on a grid from the leg's frame 0, and looks 0.32 s to either side."""

_STRETCHES_AT_ONCE = 256
_NEVER = np.float32(1e3)


def choose_path(
    candidates: PitchCandidates, first_frame: int, measured: BoolArray, config: PitchConfig
) -> npt.NDArray[np.intp]:
    """Choose each frame's candidate, or ``UNVOICED``.

    The path with the least cost over a stretch wins: its frames' costs (less strength, minus the octave cost) and its
    changes' (octave jumps, voicing). Each stretch is solved exactly, all stretches side by side.

    Parameters
    ----------
    candidates : PitchCandidates
        Of n frames.
    first_frame : int
        Index of the first on the leg's grid.
    measured : bool array, shape (n,)
        Frames that are not are unvoiced.

    Returns
    -------
    intp array, shape (n,)
        0 to ``OCTAVES`` - 1, or ``UNVOICED``.
    """
    frames = len(measured)
    skipped = first_frame % _CORE
    stretches = -(-(skipped + frames) // _CORE)
    chosen = np.empty(stretches * _CORE, dtype=np.intp)
    for at in range(0, stretches, _STRETCHES_AT_ONCE):
        count = min(_STRETCHES_AT_ONCE, stretches - at)
        begin = at * _CORE - skipped - _CONTEXT
        costs, pitches = _stretch_inputs(candidates, measured, config, begin, begin + count * _CORE + 2 * _CONTEXT)
        chosen[at * _CORE : (at + count) * _CORE] = _solve(costs, pitches, count, config)
    return chosen[skipped : skipped + frames]


def _stretch_inputs(
    candidates: PitchCandidates, measured: BoolArray, config: PitchConfig, begin: int, end: int
) -> tuple[Float32Array, Float32Array]:
    """Return the states' costs, shape (OCTAVES + 1, n), and the candidates' pitch in octaves, (OCTAVES, n).

    Rows outside the channel's frames are unvoiced.
    """
    costs = np.full((OCTAVES + 1, end - begin), _NEVER, dtype=np.float32)
    costs[UNVOICED] = -config.voicing_threshold
    pitches = np.zeros((OCTAVES, end - begin), dtype=np.float32)
    low, high = max(begin, 0), min(end, len(measured))
    rows, inside = slice(low, high), slice(low - begin, high - begin)
    strength = candidates.strength[:, rows]
    octaves = np.log2(candidates.frequency[:, rows] / np.float32(F0_LOW_HZ))
    usable = (strength > 0) & (candidates.audible[rows] & measured[rows])
    costs[:OCTAVES, inside] = np.where(usable, -strength - np.float32(config.octave_cost) * octaves, _NEVER)
    pitches[:, inside] = np.where(usable, octaves, 0)
    return costs, pitches


def _solve(costs: Float32Array, pitches: Float32Array, stretches: int, config: PitchConfig) -> npt.NDArray[np.intp]:
    """Return the best state of each core frame, shape (stretches * _CORE,).

    The least cost of any path through a state is the least cost of reaching it plus the least cost of going on from it:
    one sweep forwards and one backwards, here as one, the second half of the batch being the stretches reversed.
    """
    steps = _CORE + 2 * _CONTEXT
    local = _side_by_side(costs, stretches, steps)
    octaves = _side_by_side(pitches, stretches, steps)
    both_local = np.concatenate([local, local[::-1]], axis=2)
    both_octaves = np.concatenate([octaves, octaves[::-1]], axis=2)
    reached = np.empty_like(both_local)
    reached[0] = both_local[0]
    both_octaves *= np.float32(config.octave_jump_cost)  # so that a difference is what the jump costs
    voicing_change = np.float32(config.voicing_change_cost)
    jumps = np.empty((OCTAVES, OCTAVES, 2 * stretches), dtype=np.float32)
    for step in range(1, len(reached)):
        before, after = reached[step - 1], reached[step]
        np.subtract(both_octaves[step - 1][:, None], both_octaves[step], out=jumps)
        np.abs(jumps, out=jumps)
        jumps += before[:UNVOICED, None]
        voiced = np.minimum.reduce(jumps, axis=0, out=after[:UNVOICED])
        changed = before + voicing_change
        np.minimum(voiced, changed[UNVOICED], out=voiced)
        np.minimum(changed[:UNVOICED].min(axis=0), before[UNVOICED], out=after[UNVOICED])
        np.add(after, both_local[step], out=after)
    through = reached[:, :, :stretches] + reached[::-1, :, stretches:] - local
    core = through[_CONTEXT : _CONTEXT + _CORE].argmin(axis=1)
    return np.ascontiguousarray(core.T).ravel()


def _side_by_side(values: Float32Array, stretches: int, steps: int) -> Float32Array:
    """Cut (states, n) into overlapping stretches, shape (steps, states, stretches)."""
    windows = np.lib.stride_tricks.sliding_window_view(values, steps, axis=1)[:, ::_CORE][:, :stretches]
    return np.ascontiguousarray(windows.transpose(2, 0, 1))
