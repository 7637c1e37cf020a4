"""The audio of units: rows of table ``clips``."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import soundfile
import soxr

from callbeam.audio import FULL_SCALE, channel_columns, columns_batch, frame_grid
from callbeam.schemas import AUDIO, CLIP_SAMPLE_RATE_HZ, CLIPS
from callbeam.sentiment.eligibility import may_infer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.audio import Channel
    from callbeam.sentiment.units import Unit
    from callbeam.spans import SpanArray

AUDIO_POLICIES = ("none", "redacted", "raw")
"""No clips; clips of calls of which records say what is redacted, that silenced; clips of all calls."""

CLIPS_SCHEMA = pa.schema([field for field in CLIPS.schema if field.name != "job_id"])
"""Table ``clips`` without ``job_id``."""


def may_clip(policy: str, participant_role: str | None, *, redaction_known: bool, agent_sentiment: bool) -> bool:
    """Tell whether audio of a channel may be kept.

    Parameters
    ----------
    policy : str
        One of ``AUDIO_POLICIES``.
    participant_role : str or None
    redaction_known : bool
        Records say what of the call is redacted, if only that nothing is.
    agent_sentiment : bool
        Agents are scored, too; else clips are of customers only.
    """
    allowed = policy == "raw" or (policy == "redacted" and redaction_known)
    return allowed and may_infer(participant_role, agent_sentiment=agent_sentiment)


def clip_batch(
    channel: Channel, units: Sequence[Unit], *, pad_ms: int, masked: SpanArray | None = None
) -> pa.RecordBatch:
    """Cut and encode the units' audio.

    Parameters
    ----------
    channel : Channel
    units : sequence of Unit
    pad_ms : int
        How much of the audio before and after a unit is kept, where the piece has it.
    masked : SpanArray, optional
        Frames to be silenced; gaps are zeros already.

    Returns
    -------
    pyarrow.RecordBatch
        ``CLIPS_SCHEMA``, a row for each unit of which the piece has audio. The same samples give the same bytes.
    """
    cuts = [(unit, *_reach(channel, unit, pad_ms)) for unit in units]
    cuts = [(unit, begin, end) for unit, begin, end in cuts if begin < end]
    pcm = [_at_clip_rate(unit_samples(channel, begin, end, masked), channel.sample_rate_hz) for _, begin, end in cuts]
    begins = [channel.clock_start_ms + begin * 1000 // channel.sample_rate_hz for _, begin, _ in cuts]
    columns = {
        **channel_columns(channel, len(cuts)),
        "unit_id": pa.array([unit.unit_id for unit, _, _ in cuts], pa.string()),
        "begin_ts": pa.array(begins, pa.int64()).cast(CLIPS_SCHEMA.field("begin_ts").type),
        "duration_ms": pa.array([len(samples) * 1000 // CLIP_SAMPLE_RATE_HZ for samples in pcm], pa.int32()),
        "audio": pa.array(
            [
                {"bytes": encode_flac(samples), "path": f"{unit.unit_id}.flac"}
                for (unit, _, _), samples in zip(cuts, pcm, strict=True)
            ],
            AUDIO,
        ),
    }
    return columns_batch(columns, CLIPS_SCHEMA)


def unit_samples(channel: Channel, begin: int, end: int, masked: SpanArray | None = None) -> npt.NDArray[np.int16]:
    """Return a channel's samples [begin, end) of the leg, masked ones as zeros.

    Parameters
    ----------
    channel : Channel
        Has them all.
    begin, end : int
        Sample indices of the leg.
    masked : SpanArray, optional
        Frames that are masked beside the channel's gaps.

    Returns
    -------
    int16 array, shape (end - begin,)
        A view of the channel's where nothing is masked.
    """
    samples = channel.samples[begin - channel.first_sample : end - channel.first_sample]
    if masked is None or not len(masked):
        return samples
    inside = np.clip(masked * frame_grid(channel.sample_rate_hz).hop - begin, 0, end - begin)
    inside = inside[inside[:, 0] < inside[:, 1]]
    if len(inside):
        samples = samples.copy()
        for low, high in inside.tolist():
            samples[low:high] = 0
    return samples


def encode_flac(samples: npt.NDArray[np.int16]) -> bytes:
    """Encode 8 kHz samples as FLAC; the format carries no date, so that equal samples are equal bytes."""
    sink = io.BytesIO()
    soundfile.write(sink, samples, CLIP_SAMPLE_RATE_HZ, format="FLAC", subtype="PCM_16")
    return sink.getvalue()


def _reach(channel: Channel, unit: Unit, pad_ms: int) -> tuple[int, int]:
    """Return the samples of the leg that a unit's clip holds."""
    hop, pad = frame_grid(channel.sample_rate_hz).hop, pad_ms * channel.sample_rate_hz // 1000
    last = channel.first_sample + len(channel.samples)
    return max(unit.begin * hop - pad, channel.first_sample), min(unit.end * hop + pad, last)


def _at_clip_rate(samples: npt.NDArray[np.int16], rate_hz: int) -> npt.NDArray[np.int16]:
    """Resample to 8 kHz, by floats: among integers the resampler dithers."""
    if rate_hz == CLIP_SAMPLE_RATE_HZ:
        return samples
    resampled = soxr.resample(samples.astype(np.float32), rate_hz, CLIP_SAMPLE_RATE_HZ)
    return np.asarray(np.clip(np.rint(resampled), -FULL_SCALE, FULL_SCALE - 1), dtype=np.int16)
