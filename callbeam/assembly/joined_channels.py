"""Channels put together from their pieces: rows of table ``channels``."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from callbeam.assembly.joined_activity import JoinedVoice, join_voices
from callbeam.audio import ChannelExtent, LevelSums, channel_extent, join_extents, join_levels
from callbeam.calls import CLOCK_STEPPED
from callbeam.payload import IMPLAUSIBLE_SAMPLES
from callbeam.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from callbeam.analysis import AnalysedChannel, ChannelVoice
    from callbeam.calls import Leg, Notice
    from callbeam.timeline import LegClock


@dataclass(frozen=True, slots=True)
class ChannelPart:
    """What one piece tells of a channel, without its samples.

    Attributes
    ----------
    piece : int
        Index of the piece in its leg.
    extent : ChannelExtent
        Samples and gaps of the piece's core.
    levels : LevelSums
        Sums over those samples.
    voice : ChannelVoice
        Who speaks when in it.
    declared_rate_hz, track_channel, notices
        The channel's.
    """

    leg: Leg
    clock: LegClock
    channel_id: str
    track_name: str
    participant_role: str | None
    role_source: str
    codec: str
    piece: int
    extent: ChannelExtent
    levels: LevelSums
    voice: ChannelVoice
    declared_rate_hz: int | None = None
    track_channel: int | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def leg_key(self) -> tuple[str, int]:
        """Names the leg: its stream's ARN and its first fragment number."""
        return self.leg.stream.arn, self.leg.first_number


@dataclass(frozen=True, slots=True)
class JoinedChannel:
    """A whole channel: what its first piece says of it, and the extent, levels, voice and notices of all pieces."""

    first: ChannelPart
    extent: ChannelExtent
    levels: dict[str, float | None]
    voice: JoinedVoice
    notices: tuple[Notice, ...] = ()

    @property
    def channel_id(self) -> str:
        """Names the channel."""
        return self.first.channel_id

    @property
    def implausible(self) -> bool:
        """Whether its samples cannot be sound."""
        return any(notice.warning == IMPLAUSIBLE_SAMPLES for notice in self.notices)

    @property
    def begin_ms(self) -> int:
        """UTC milliseconds of the first sample."""
        return self.first.clock.start_ms + self.extent.begin * 1000 // self.extent.sample_rate_hz

    @property
    def end_ms(self) -> int:
        """UTC milliseconds after the last sample, rounded up."""
        return self.first.clock.start_ms - (-self.extent.end * 1000 // self.extent.sample_rate_hz)


def channel_part(analysed: AnalysedChannel, clock: LegClock, piece: int) -> ChannelPart:
    """Keep of a piece's channel what its row and its conversation need."""
    channel = analysed.channel
    return ChannelPart(
        leg=channel.leg,
        clock=clock,
        channel_id=channel.channel_id,
        track_name=channel.track_name,
        participant_role=channel.participant_role,
        role_source=channel.role_source,
        codec=channel.codec,
        piece=piece,
        extent=channel_extent(channel),
        levels=analysed.rows.levels,
        voice=analysed.voice,
        declared_rate_hz=channel.declared_rate_hz,
        track_channel=channel.track_channel,
        notices=channel.notices,
    )


def join_parts(parts: Iterable[ChannelPart]) -> list[JoinedChannel]:
    """Join the parts of each channel; parts in any order, channels sorted by id."""
    by_channel: dict[str, list[ChannelPart]] = defaultdict(list)
    for part in parts:
        by_channel[part.channel_id].append(part)
    joined = []
    for _, some in sorted(by_channel.items()):
        some.sort(key=lambda part: part.piece)
        extent = join_extents([part.extent for part in some])
        levels = join_levels(part.levels for part in some)
        voice = join_voices({part.piece: part.voice for part in some}, some[0].clock.start_ms)
        notices = tuple(dict.fromkeys(notice for part in some for notice in part.notices))
        joined.append(JoinedChannel(some[0], extent, levels, voice, notices))
    return joined


def _clock_steps(channel: JoinedChannel, call_start_ms: int) -> dict[str, list[int] | None]:
    steps = [notice for notice in channel.notices if notice.warning == CLOCK_STEPPED]
    zero_ms = channel.first.clock.start_ms - call_start_ms
    return {
        "clock_steps_ms": [round(step.value or 0) for step in steps] or None,
        "clock_step_offsets_ms": [zero_ms + (step.at_ms or 0) for step in steps] or None,
    }


def channel_batch(
    job_id: str, channels: Sequence[JoinedChannel], call_start_ms: int, compared: Mapping[str, Mapping[str, Any]]
) -> pa.RecordBatch:
    """Turn the channels of one call into a batch of table ``channels``.

    Parameters
    ----------
    job_id : str
    channels : sequence of JoinedChannel
    call_start_ms : int
    compared : mapping of str to mapping
        By channel: the columns that only a comparison with the call's other channels gives.
    """
    rows = [
        {
            "job_id": job_id,
            "call_id": channel.first.leg.identity.call_id,
            "channel_id": channel.channel_id,
            "participant_role": channel.first.participant_role,
            "role_source": channel.first.role_source,
            "stream_arn": channel.first.leg.stream.arn,
            "leg_first_fragment": str(channel.first.leg.first_number),
            "track_name": channel.first.track_name,
            "codec": channel.first.codec,
            "sample_rate_hz": channel.extent.sample_rate_hz,
            "declared_rate_hz": channel.first.declared_rate_hz,
            "track_channel": channel.first.track_channel,
            "start_ts": channel.first.clock.start_ms,
            "begin_offset_ms": channel.begin_ms - call_start_ms,
            "end_offset_ms": channel.end_ms - call_start_ms,
            "samples": channel.extent.samples,
            "pcm_sha256": channel.extent.pcm_sha256,
            "gap_count": channel.extent.gap_count,
            "gap_ms": channel.extent.gap_ms,
            **_clock_steps(channel, call_start_ms),
            **channel.levels,
            **channel.voice.columns,
            **({"speech_ms": None} if channel.implausible else {}),
            **compared[channel.channel_id],
        }
        for channel in channels
    ]
    schema = TABLES["channels"].schema
    columns = [pa.array([row[name] for row in rows], schema.field(name).type) for name in schema.names]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
