"""Which of a block's frames are looked at, and memory for what is computed of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from callbeam.audio.frames import BLOCK_FRAMES
from callbeam.audio.reproducible_matmul import LANES
from callbeam.spans import spans_of_mask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callbeam.audio.frames import Block, BoolArray, Float32Array, Run


class Selection:
    """Some frames of a block, in whole groups that fill vector registers.

    So a frame stands at the same place of its register whatever else is selected, and is computed alike.

    Parameters
    ----------
    wanted : bool array, shape (BLOCK_FRAMES,), optional
        Frames that must be among them. All unless given.

    Attributes
    ----------
    frames : intp array, shape (n,)
        Indices in the block, rising.

    Examples
    --------
    >>> wanted = np.zeros(BLOCK_FRAMES, dtype=np.bool_)
    >>> wanted[[3, 40]] = True
    >>> Selection(wanted).frames[[0, 15, 16, 31]].tolist()
    [0, 15, 32, 47]
    """

    def __init__(self, wanted: BoolArray | None = None) -> None:
        wanted = np.ones(BLOCK_FRAMES, dtype=np.bool_) if wanted is None else wanted
        groups = np.asarray(wanted.reshape(-1, LANES).any(axis=1))
        self.frames: npt.NDArray[np.intp] = np.flatnonzero(np.repeat(groups, LANES))
        self._parts: list[tuple[slice, slice]] = []
        count = 0
        for begin, end in (spans_of_mask(groups) * LANES).tolist():
            self._parts.append((slice(begin, end), slice(count, count + end - begin)))
            count += end - begin

    def __len__(self) -> int:
        return len(self.frames)

    def of(self, block: Block, run: Run) -> Iterator[tuple[slice, slice, Float32Array]]:
        """Yield a run of the selected frames, as many as adjoin each other at a time.

        Yields
        ------
        frames : slice
            Of the block.
        columns : slice
            Which of those selected these are.
        samples : float32 array, shape (samples in the run, frames)
        """
        samples = block.row_of(run)
        for frames, columns in self._parts:
            yield frames, columns, samples[:, frames]


class Workspace:
    """Memory for what is computed of each block's frames: fresh memory would cost as much as some of the work.

    Parameters
    ----------
    rows : int
        How many values a frame has.
    """

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._memory: Float32Array = np.empty(rows * BLOCK_FRAMES, dtype=np.float32)

    def of(self, frames: int) -> Float32Array:
        """Return an array of shape (rows, frames), which holds anything."""
        return self._memory[: self._rows * frames].reshape(self._rows, frames)
