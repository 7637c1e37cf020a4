"""The one entry point: a channel's samples in, rows of the tables ``seconds`` and ``frames`` out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from callbeam.audio import (
    FRAME_MEASURES,
    HOP_MS,
    BoolArray,
    Float32Array,
    FrameFeatures,
    LevelSums,
    SecondLevels,
    analyse_frames,
    channel_columns,
    columns_batch,
    frames_by_second,
    from_nan,
    measure_levels,
    second_measures,
)
from callbeam.schemas import FRAMES, SECOND_MEASURES, SECONDS

if TYPE_CHECKING:
    from callbeam.audio import Channel

_ADDED_LATER = frozenset({"job_id", "begin_offset_ms"})
SECOND_ROWS = pa.schema([entry for entry in SECONDS.schema if entry.name not in _ADDED_LATER])
"""Table ``seconds`` without ``job_id`` and ``begin_offset_ms``, which the assembly of the call adds."""

FRAMES_SCHEMA = pa.schema([entry for entry in FRAMES.schema if entry.name not in _ADDED_LATER])
"""Table ``frames`` without ``job_id``."""

FRAME_MANTISSA_BITS = 10
"""What table ``frames`` keeps: a relative error of at most 2**-11, and Parquet files 3.4 times smaller."""

_FLOAT32_MANTISSA_BITS = 23


@dataclass(frozen=True, slots=True)
class VoiceTrack:
    """Where a channel's speech is, by whatever detector.

    Attributes
    ----------
    probability : float32 array, shape (n,)
        Of each frame of the channel's ``FrameSpan``; NaN where masked.
    speech : bool array, shape (n,)
        Frames that are decided to be speech, without padding.
    """

    probability: Float32Array
    speech: BoolArray


@dataclass(frozen=True, slots=True)
class ChannelAnalysis:
    """What a piece's core of a channel measures.

    Attributes
    ----------
    seconds : pyarrow.RecordBatch
        ``SECOND_ROWS``, in order of time: the seconds that begin in the core and hold audio.
    frames : pyarrow.RecordBatch or None
        ``FRAMES_SCHEMA``, in order of time, floats rounded to 10 mantissa bits: the hop intervals that begin in the
        core and hold audio, those only partly covered with NULLs. None unless asked for.
    levels : LevelSums
        To be joined over a channel's pieces by ``join_levels``.
    """

    seconds: pa.RecordBatch
    frames: pa.RecordBatch | None
    levels: LevelSums


def analyse_channel(
    channel: Channel,
    *,
    frames: bool = False,
    features: FrameFeatures | None = None,
    voice: VoiceTrack | None = None,
) -> ChannelAnalysis:
    """Measure the frames and seconds of one channel of a piece.

    Masked audio (gaps in ``channel.covered``) is neither silence nor speech: what it touches is NULL or left out.

    Parameters
    ----------
    channel : Channel
    frames : bool
        Also give rows of table ``frames``.
    features : FrameFeatures, optional
        What ``analyse_frames`` gave for the channel, with bands if ``frames`` are asked for; made here by default.
    voice : VoiceTrack, optional
        Without it, what rests on speech is NULL.

    Raises
    ------
    UnsupportedSampleRateError
        If the channel's sample rate is no multiple of 100 Hz from 8 to 192 kHz.

    Examples
    --------
    >>> from callbeam.audio import channel_of_pcm
    >>> buzz = 4000 * np.sign(np.sin(2 * np.pi * 200 * np.arange(16_000) / 8000))
    >>> analysis = analyse_channel(channel_of_pcm(buzz.astype(np.int16), 8000), frames=True)
    >>> [round(f0_hz) for f0_hz in analysis.seconds["f0_median_hz"].to_pylist()]
    [200, 200]
    >>> analysis.frames.num_rows
    200
    """
    features = features or analyse_frames(channel, bands=frames)
    levels, sums = measure_levels(channel)
    seconds = _seconds_batch(channel, features, levels, voice)
    return ChannelAnalysis(seconds, _frames_batch(channel, features, voice) if frames else None, sums)


def _seconds_batch(
    channel: Channel, features: FrameFeatures, levels: SecondLevels, voice: VoiceTrack | None
) -> pa.RecordBatch:
    """Build the rows of table ``seconds``."""
    rows = np.flatnonzero(levels.covered)
    measures = second_measures(features, levels)
    start_ms = channel.clock_start_ms + (levels.first + rows) * 1000
    # Audio that is there is never 0 ms of it.
    covered_ms = np.maximum(np.rint(levels.covered[rows] * 1000 / channel.sample_rate_hz), 1).astype(np.int32)
    columns = {
        **channel_columns(channel, len(rows)),
        "start_ts": pa.array(start_ms).cast(SECOND_ROWS.field("start_ts").type),
        "covered_ms": pa.array(covered_ms),
        "speech_ms": _speech_ms(features, levels, voice, rows, covered_ms),
        **{column.name: from_nan(measures[column.name][rows]) for column in SECOND_MEASURES},
    }
    return columns_batch(columns, SECOND_ROWS)


def _speech_ms(
    features: FrameFeatures,
    levels: SecondLevels,
    voice: VoiceTrack | None,
    rows: npt.NDArray[np.intp],
    covered_ms: npt.NDArray[np.int32],
) -> pa.Array:
    """Return how much of each second is speech; no more than its audio, which ends within a channel's last frame."""
    if voice is None:
        return pa.nulls(len(rows), pa.int32())
    by_second = frames_by_second(voice.speech, features, levels, fill=0)
    return pa.array(np.minimum(by_second[rows].sum(axis=1) * HOP_MS, covered_ms).astype(np.int32))


def _frames_batch(channel: Channel, features: FrameFeatures, voice: VoiceTrack | None) -> pa.RecordBatch:
    """Build the rows of table ``frames``; the features' own arrays are rounded and packed in place."""
    span = features.span
    rows = span.core.start + np.flatnonzero(span.present[span.core])
    start_ms = channel.clock_start_ms + (span.first + rows) * HOP_MS
    measured = span.measured[rows]
    bands = {"logmel_db": features.logmel, "mfcc": features.mfcc}
    columns = {
        **channel_columns(channel, len(rows)),
        "ts": pa.array(start_ms).cast(FRAMES_SCHEMA.field("ts").type),
        **{name: from_nan(round_mantissa(features.measures[name][rows])) for name in FRAME_MEASURES},
        "speech_probability": pa.nulls(len(rows), pa.float32())
        if voice is None
        else from_nan(round_mantissa(voice.probability[rows])),
        **{name: _lists(values, rows, measured) for name, values in bands.items() if values is not None},
    }
    return columns_batch(columns, FRAMES_SCHEMA)


def _lists(values: Float32Array, rows: npt.NDArray[np.intp], measured: BoolArray) -> pa.Array:
    """Return the rows' vectors as a list column, NULL where a frame is masked; ``values`` is overwritten."""
    packed = round_mantissa(_pack(values, rows[measured]))
    offsets = np.zeros(len(rows) + 1, dtype=np.int32)
    np.cumsum(measured * np.int32(values.shape[1]), out=offsets[1:])
    return pa.ListArray.from_arrays(
        pa.array(offsets), pa.array(packed.reshape(-1)), mask=None if measured.all() else pa.array(~measured)
    )


def _pack(values: Float32Array, rows: npt.NDArray[np.intp]) -> Float32Array:
    """Move rows (rising) together, in place: a copy of a piece's log-mel would double what it takes."""
    if not len(rows):
        return values[:0]
    runs = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    if len(runs) == 1:
        return values[rows[0] : rows[-1] + 1]
    at = 0
    for run in runs:
        values[at : at + len(run)] = values[run[0] : run[-1] + 1]
        at += len(run)
    return values[:at]


def round_mantissa(values: npt.NDArray[np.float32], bits: int = FRAME_MANTISSA_BITS) -> npt.NDArray[np.float32]:
    """Round float32 values in place to a number of mantissa bits, half to even.

    Parameters
    ----------
    values : float32 array, C-contiguous
        Overwritten. NaN and infinities stay as they are.
    bits : int
        Explicit mantissa bits that may be set afterwards, 1 to 22.

    Returns
    -------
    float32 array
        ``values``.

    Examples
    --------
    >>> round_mantissa(np.array([1.0, 1.0 + 2**-11, 1.0 + 3 * 2**-11], dtype=np.float32)).tolist()
    [1.0, 1.0, 1.001953125]
    """
    dropped = _FLOAT32_MANTISSA_BITS - bits
    nan = np.isnan(values)
    words = values.view(np.uint32)
    # Adding just under half of the last kept bit, plus that bit itself, carries exactly when half-to-even rounds up.
    words += ((words >> np.uint32(dropped)) & np.uint32(1)) + np.uint32((1 << (dropped - 1)) - 1)
    words &= np.uint32(0xFFFFFFFF ^ ((1 << dropped) - 1))
    values[nan] = np.nan
    return values
