"""The path through pitch candidates: which of them, if any, is a frame's F0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from callbeam.audio.pitch import F0_LOW_HZ, OCTAVES
from callbeam.audio.pitch_range import off_usual

if TYPE_CHECKING:
    from collections.abc import Sequence

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

    The path with the least cost over a stretch wins: its frames' costs (less strength, more the further they
    are from the voice's usual pitch) and its changes' (octave jumps, voicing). Each stretch is solved exactly, all
    stretches side by side.

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
    octaves = np.log2(candidates.frequency / np.float32(F0_LOW_HZ))
    local = _frame_costs(candidates, octaves, first_frame, measured, config)
    frames = len(measured)
    pitches = np.where(local[:UNVOICED] < _NEVER, octaves, np.float32(0))
    skipped = first_frame % _CORE
    stretches = -(-(skipped + frames) // _CORE)
    chosen = np.empty(stretches * _CORE, dtype=np.intp)
    for at in range(0, stretches, _STRETCHES_AT_ONCE):
        count = min(_STRETCHES_AT_ONCE, stretches - at)
        begin = at * _CORE - skipped - _CONTEXT
        end = begin + count * _CORE + 2 * _CONTEXT
        costs = _columns(local, begin, end, [float(_NEVER)] * OCTAVES + [-config.voicing_threshold])
        chosen[at * _CORE : (at + count) * _CORE] = _solve(
            costs, _columns(pitches, begin, end, [0.0] * OCTAVES), count, config
        )
    return chosen[skipped : skipped + frames]


def _frame_costs(
    candidates: PitchCandidates, octaves: Float32Array, first_frame: int, measured: BoolArray, config: PitchConfig
) -> Float32Array:
    """Return the states' costs, shape (OCTAVES + 1, n)."""
    shortest = np.float32(config.octave_cost) * octaves
    merit = np.where(candidates.strength > 0, candidates.strength + shortest, 0)
    away = off_usual(octaves, merit, candidates.energy, first_frame, config.range_cost)
    doubt = np.minimum((1 - candidates.strength.max(axis=0)) / np.float32(config.doubt), 1)
    doubt = np.where(np.isnan(away), np.float32(0), doubt)
    usual = np.float32(config.range_cost) * np.nan_to_num(away) ** 2
    cost = doubt * usual - (1 - doubt) * shortest - candidates.strength
    usable = (candidates.strength > 0) & (candidates.audible & measured)
    costs = np.full((OCTAVES + 1, len(measured)), -config.voicing_threshold, dtype=np.float32)
    costs[:UNVOICED] = np.where(usable, cost, _NEVER)
    return costs


def _columns(values: Float32Array, begin: int, end: int, beyond: Sequence[float]) -> Float32Array:
    """Return the columns from ``begin`` to ``end``; those that are not there are ``beyond``."""
    columns = np.repeat(np.array(beyond, dtype=np.float32)[:, None], end - begin, axis=1)
    low, high = max(begin, 0), min(end, values.shape[1])
    columns[:, low - begin : high - begin] = values[:, low:high]
    return columns


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
