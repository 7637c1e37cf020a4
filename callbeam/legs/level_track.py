"""What crosses a shuffle of a channel whose partner may lie on another stream: two bytes for each frame.

Levels tell an echo: it rises and falls as the voice that it is of. Pitch is there to tell a channel's usual one anew
once it is known which speech is its own. Both in the steps of ``callbeam.voice``'s histograms: 0.5 dB and 1 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from callbeam.audio import F0_LOW_HZ, LEVEL_FLOOR_DBFS, FrameFeatures, FrameSpan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callbeam.audio import Float32Array

Bytes = npt.NDArray[np.uint8]

LEVEL_STEP_DB = 0.5
F0_STEP = 0.01
"""Natural logarithm of the ratio of neighbouring steps."""

NOTHING = 0
"""Stands for a masked frame's level, and for the pitch of a frame without any."""

_COMPRESSION = "zstd"


@dataclass(frozen=True, slots=True)
class TrackPart:
    """The frames of a piece's core of a channel, packed.

    Attributes
    ----------
    channel_id : str
    piece : int
        Index of the piece in its leg.
    first : int
        Index of the first frame on the leg's grid.
    frames : int
        How many there are.
    packed : bytes
        Levels and pitches, uint8, one array after the other, differences from frame to frame, compressed.
    """

    channel_id: str
    piece: int
    first: int
    frames: int
    packed: bytes


@dataclass(frozen=True, slots=True, eq=False)
class LevelTrack:
    """A channel's frames, from the leg's frame 0 on.

    Attributes
    ----------
    level_dbfs : float32 array, shape (n,)
        To 0.5 dB; NaN where masked.
    f0_hz : float32 array, shape (n,)
        To 1 %; NaN where nothing is voiced.
    """

    level_dbfs: Float32Array
    f0_hz: Float32Array

    def features(self) -> FrameFeatures:
        """Return the frames with what is known of them: level and pitch."""
        frames = len(self.level_dbfs)
        measured = np.isfinite(self.level_dbfs)
        unknown = np.full(frames, np.nan, np.float32)
        measures = {"level_dbfs": self.level_dbfs, "f0_hz": self.f0_hz}
        span = FrameSpan(0, measured, measured, slice(0, frames))
        return FrameFeatures(span, measured, measures, None, unknown[:, None], unknown, unknown, unknown)


def track_of(channel_id: str, piece: int, features: FrameFeatures) -> TrackPart:
    """Pack the core of a piece's channel.

    Parameters
    ----------
    channel_id : str
    piece : int
    features : FrameFeatures
    """
    core = features.span.core
    level, f0_hz = features.measures["level_dbfs"][core], features.measures["f0_hz"][core]
    with np.errstate(invalid="ignore"):
        pitch = np.log(f0_hz / np.float32(F0_LOW_HZ)) / F0_STEP
    rows = np.stack((_bytes((level - LEVEL_FLOOR_DBFS) / LEVEL_STEP_DB), _bytes(pitch)))
    packed = pa.compress(np.diff(rows, axis=1, prepend=np.uint8(0)).tobytes(), codec=_COMPRESSION, asbytes=True)
    return TrackPart(channel_id, piece, features.span.first + core.start, rows.shape[1], packed)


def join_tracks(parts: Iterable[TrackPart]) -> LevelTrack:
    """Put the pieces of one channel together; in any order, at least one.

    Examples
    --------
    >>> from callbeam.audio import analyse_frames, channel_of_pcm
    >>> noise = np.random.default_rng(1).integers(-400, 400, 8000).astype(np.int16)
    >>> features = analyse_frames(channel_of_pcm(noise, 8000))
    >>> track = join_tracks([track_of("c", 0, features)])
    >>> bool(np.nanmax(np.abs(track.level_dbfs - features.measures["level_dbfs"])) <= LEVEL_STEP_DB / 2)
    True
    """
    pieces = list(parts)
    rows = np.full((2, max(part.first + part.frames for part in pieces)), NOTHING, np.uint8)
    for part in pieces:
        raw = pa.decompress(part.packed, decompressed_size=2 * part.frames, codec=_COMPRESSION, asbytes=True)
        differences = np.frombuffer(raw, np.uint8).reshape(2, -1)
        rows[:, part.first : part.first + part.frames] = np.cumsum(differences, axis=1, dtype=np.uint8)
    level, pitch = (np.where(row == NOTHING, np.float32(np.nan), row.astype(np.float32) - 1) for row in rows)
    return LevelTrack(
        np.float32(LEVEL_FLOOR_DBFS) + np.float32(LEVEL_STEP_DB) * level,
        np.float32(F0_LOW_HZ) * np.exp(np.float32(F0_STEP) * pitch),
    )


def _bytes(steps: npt.NDArray[np.floating]) -> Bytes:
    """Turn steps from 0 on into bytes from 1 on."""
    finite = np.isfinite(steps)
    return np.where(finite, np.clip(np.rint(np.where(finite, steps, 0)) + 1, 1, 255), NOTHING).astype(np.uint8)
