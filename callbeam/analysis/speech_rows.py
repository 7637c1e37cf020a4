"""Rows of ``utterances`` and ``sentiment_inputs`` as a piece gives them: what one channel tells, without the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from callbeam.audio import (
    HOP_MS,
    HOPS_PER_SECOND,
    LEVEL_FLOOR_DBFS,
    channel_columns,
    columns_batch,
    from_nan,
    power_to_dbfs,
)
from callbeam.schemas import (
    ACOUSTIC_MEASURES,
    EGEMAPS_MEASURES,
    SENTIMENT_INPUTS,
    UNIT_MEASURES,
    UNIT_Z_SCORES,
    UTTERANCES,
    Z_SCORES,
)
from callbeam.spans import covered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from callbeam.analysis.frame_rows import VoiceTrack
    from callbeam.audio import Channel, Float32Array, FrameFeatures
    from callbeam.sentiment import Unit
    from callbeam.spans import SpanArray

    IntArray = npt.NDArray[np.int32]


_OF_THE_CALL = {
    "job_id",
    "begin_offset_ms",
    "end_offset_ms",
    "phase",
    "speaker_kind",
    "turn_index",
    "quarter",
    "previous_utterance_id",
    "response_latency_ms",
    "overlap_ms",
    "is_interruption",
    "is_backchannel",
    *(column.name for column in Z_SCORES),
}
UTTERANCE_ROWS = pa.schema([entry for entry in UTTERANCES.schema if entry.name not in _OF_THE_CALL])
"""Table ``utterances`` without what needs the whole call."""

_DECIDED_LATER = {
    "job_id",
    "begin_offset_ms",
    "end_offset_ms",
    "phase",
    "speaker_kind",
    "eligible",
    "ineligible_reason",
    "overlap_ratio",
    "echo_ratio",
    "context",
    "prosody_text",
    "scores",
    "model_sha256",
    "subject_key",
    "split_group",
    "split",
    *(column.name for column in UNIT_Z_SCORES),
}
UNIT_ROWS = pa.schema([entry for entry in SENTIMENT_INPUTS.schema if entry.name not in _DECIDED_LATER])
"""Table ``sentiment_inputs`` without what needs the whole call."""


def utterance_id(channel_id: str, begin: int) -> str:
    """Name an utterance by its channel and the frame in which it begins.

    Examples
    --------
    >>> utterance_id("0123456789ab", 1234)
    '0123456789ab-00012340'
    """
    return f"{channel_id}-{begin * HOP_MS:08d}"


def utterance_rows(
    channel: Channel,
    features: FrameFeatures,
    voice: VoiceTrack,
    speech: SpanArray,
    utterances: SpanArray,
    measures: Mapping[str, Float32Array],
) -> pa.RecordBatch:
    """Build the rows of a channel's utterances.

    Parameters
    ----------
    channel : Channel
    features : FrameFeatures
    voice : VoiceTrack
    speech : SpanArray
        What is decided to be speech, pauses left out, in frames of the leg's grid.
    utterances : SpanArray
        In frames of the leg's grid, in order.
    measures : mapping of str to float32 array, shape (k,)
        Of each utterance: ``ACOUSTIC_MEASURES`` and ``EGEMAPS_MEASURES``.
    """
    lasts_ms, spoken_ms = _lengths_ms(channel, speech, utterances)
    # A pause lies between two spans of speech of the same utterance.
    parts = np.searchsorted(speech[:, 0], utterances[:, 1]) - np.searchsorted(speech[:, 1], utterances[:, 0], "right")
    levels = features.measures["level_dbfs"]
    columns = {
        **channel_columns(channel, len(utterances)),
        "utterance_id": pa.array([utterance_id(channel.channel_id, begin) for begin in utterances[:, 0].tolist()]),
        "begin_ts": _instants(channel, utterances[:, 0]),
        "duration_ms": pa.array(lasts_ms),
        "speech_ms": pa.array(spoken_ms),
        "pause_count": pa.array(np.maximum(parts - 1, 0).astype(np.int32)),
        "pause_ms": pa.array(lasts_ms - spoken_ms),
        "speech_probability": _mean_probability(features, voice, utterances),
        "loudness_scores": pa.array(
            [loudness_scores(levels[begin:end]) for begin, end in (utterances - features.span.first).tolist()],
            pa.list_(pa.float32()),
        ),
        **{column.name: from_nan(measures[column.name]) for column in (*ACOUSTIC_MEASURES, *EGEMAPS_MEASURES)},
    }
    return columns_batch(columns, UTTERANCE_ROWS)


def unit_rows(
    channel: Channel, speech: SpanArray, units: Sequence[Unit], measures: Mapping[str, Float32Array]
) -> pa.RecordBatch:
    """Build the rows of a channel's candidate units.

    Parameters
    ----------
    channel : Channel
    speech : SpanArray
        What is decided to be speech, in frames of the leg's grid.
    units : sequence of Unit
    measures : mapping of str to float32 array, shape (k,)
        Of each unit: at least ``UNIT_MEASURES``.
    """
    spans = np.array([(unit.begin, unit.end) for unit in units], np.int64).reshape(-1, 2)
    lasts_ms, spoken_ms = _lengths_ms(channel, speech, spans)
    columns = {
        **channel_columns(channel, len(units)),
        "unit_id": pa.array([unit.unit_id for unit in units], pa.string()),
        "unit_type": pa.array([unit.unit_type for unit in units], pa.string()),
        "begin_ts": _instants(channel, spans[:, 0]),
        "duration_ms": pa.array(lasts_ms),
        "speech_ms": pa.array(spoken_ms),
        "speech_ratio": pa.array((spoken_ms / lasts_ms).astype(np.float32)),
        "utterance_ids": pa.array([list(unit.utterance_ids) for unit in units], pa.list_(pa.string())),
        **{column.name: from_nan(measures[column.name]) for column in UNIT_MEASURES},
    }
    return columns_batch(columns, UNIT_ROWS)


def _instants(channel: Channel, frames: SpanArray) -> pa.Array:
    return pa.array(channel.clock_start_ms + frames * HOP_MS).cast(UTTERANCE_ROWS.field("begin_ts").type)


def _lengths_ms(channel: Channel, speech: SpanArray, spans: SpanArray) -> tuple[IntArray, IntArray]:
    """Return how long spans of frames last, and how much of them is speech: nothing lasts longer than the channel.

    A leg's last frame is rarely full; its end is rounded up to whole milliseconds, as the channel's is.
    """
    end_ms = samples_end_ms(channel)
    within = np.minimum(spans * HOP_MS, end_ms)
    spoken = covered(np.minimum(speech * HOP_MS, end_ms), within)
    return (within[:, 1] - within[:, 0]).astype(np.int32), spoken.astype(np.int32)


def samples_end_ms(channel: Channel) -> int:
    """Return where a channel's samples end, in milliseconds of the leg's clock that are touched."""
    return -(-(channel.first_sample + len(channel.samples)) * 1000 // channel.sample_rate_hz)


def _mean_probability(features: FrameFeatures, voice: VoiceTrack, utterances: SpanArray) -> pa.Array:
    """Return the detector's mean over the speech of each utterance."""
    heard = voice.speech & np.isfinite(voice.probability)
    sums = np.concatenate(([0.0], np.cumsum(np.where(heard, voice.probability, 0), dtype=np.float64)))
    counts = np.concatenate(([0], np.cumsum(heard)))
    at = np.clip(utterances - features.span.first, 0, len(heard))
    with np.errstate(invalid="ignore"):
        means = (sums[at[:, 1]] - sums[at[:, 0]]) / (counts[at[:, 1]] - counts[at[:, 0]])
    return from_nan(means.astype(np.float32))


def loudness_scores(levels: Float32Array) -> list[float]:
    """Return the score of each second of an utterance from its frames' levels, in dBFS, NaN where masked."""
    powers = np.where(np.isnan(levels), 0, 10 ** (levels.astype(np.float64) / 10))
    seconds = np.add.reduceat(powers, np.arange(0, len(powers), HOPS_PER_SECOND))
    counts = np.diff(np.append(np.arange(0, len(powers), HOPS_PER_SECOND), len(powers)))
    scores = np.clip(power_to_dbfs(seconds / counts) - LEVEL_FLOOR_DBFS, 0, 100)
    return [float(score) for score in scores.astype(np.float32)]
