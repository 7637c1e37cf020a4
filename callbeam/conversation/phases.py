"""What the parts of a call are, as far as sound alone tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from callbeam.conversation.non_talk import spoken
from callbeam.line import HOLD_MUSIC, HOLD_TONE, RINGBACK, TONE
from callbeam.spans import as_spans, clip, covered, subtract, union

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from callbeam.conversation.speaker_activity import ChannelTalk
    from callbeam.spans import SpanArray

IVR = "ivr"
QUEUE = "queue"
RINGING = "ringing"
AGENT_ON_LINE = "agent"
HOLD = "hold"
UNKNOWN = "unknown"

FROM_AUDIO = "audio"
FROM_NOTHING = "none"

AGENT = "AGENT"
"""The channel to the customer."""

RINGBACK_PAUSE_MS = 6_000
"""No country's ringback tone is silent for longer than 5 s."""

HOLD_PAUSE_MS = 15_000
"""Reminder tones while on hold lie up to so far apart."""

SHORTEST_HOLD_MS = 3_000
"""A single beep is no hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A stretch of a call: a row of table ``phases``."""

    phase: str
    begin_offset_ms: int
    end_offset_ms: int
    duration_ms: int = field(init=False)
    source: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "duration_ms", self.end_offset_ms - self.begin_offset_ms)


def find_phases(channels: Sequence[ChannelTalk], duration_ms: int) -> tuple[Phase, ...]:
    """Return a call's phases: they follow each other without gaps from 0 to its end.

    Ringback on any channel is ``ringing``, from its first burst to its last. Hold tones and music to the customer are
    ``hold`` from 3 s on. Bursts belong together until somebody speaks on their channel. All else is ``unknown``.
    """
    ringing = union(*(_sounding(channel, {RINGBACK}, RINGBACK_PAUSE_MS) for channel in channels))
    to_customer = [channel for channel in channels if channel.participant_role == AGENT]
    hold = union(*(_sounding(channel, {HOLD_TONE, HOLD_MUSIC}, HOLD_PAUSE_MS) for channel in to_customer))
    hold = hold[hold[:, 1] - hold[:, 0] >= SHORTEST_HOLD_MS]
    ringing = clip(ringing, 0, duration_ms)
    hold = subtract(clip(hold, 0, duration_ms), ringing)
    rest = subtract(as_spans([(0, duration_ms)]), union(ringing, hold))
    found = [(span, phase) for phase, spans in ((RINGING, ringing), (HOLD, hold), (UNKNOWN, rest)) for span in spans]
    return tuple(
        Phase(
            phase=phase,
            begin_offset_ms=int(span[0]),
            end_offset_ms=int(span[1]),
            source=FROM_NOTHING if phase == UNKNOWN else FROM_AUDIO,
        )
        for span, phase in sorted(found, key=lambda one: int(one[0][0]))
    )


def hold_spans(phases: Sequence[Phase]) -> SpanArray:
    """Return when a call is on hold."""
    return as_spans((one.begin_offset_ms, one.end_offset_ms) for one in phases if one.phase == HOLD)


def _sounding(channel: ChannelTalk, tone_kinds: Collection[str], longest_pause_ms: int) -> SpanArray:
    """Return from the first to the last burst of tones that belong together."""
    detections = as_spans(
        (detection.begin_ms, detection.end_ms)
        for detection in channel.detections
        if detection.kind == TONE and detection.tone_kind in tone_kinds
    )
    pauses = [
        (before[1], after[0]) for before, after in zip(detections.tolist(), detections.tolist()[1:], strict=False)
    ]
    silent = [pause for pause in pauses if pause[1] - pause[0] <= longest_pause_ms]
    speech = spoken([channel])
    return union(detections, as_spans(pause for pause in silent if not covered(speech, as_spans([pause])).any()))
