"""What happened in a call: the rows of table ``events``."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from callbeam.conversation.thresholds import DEFAULT_THRESHOLDS
from callbeam.spans import as_spans, bridge, clip, subtract

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callbeam.conversation.overlaps import Overlap
    from callbeam.conversation.speaker_activity import ChannelTalk
    from callbeam.conversation.talkspurts import Talkspurt
    from callbeam.conversation.thresholds import Thresholds
    from callbeam.spans import SpanArray

NON_TALK = "non_talk"
LONG_MONOLOGUE = "long_monologue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A row of table ``events``, whose columns say what each is; ``docs/definitions.md`` says what makes it one."""

    event_id: str = ""
    event_type: str
    begin_offset_ms: int
    end_offset_ms: int
    duration_ms: int = field(init=False)
    by_role: str | None = None
    channel_id: str | None = None
    utterance_id: str | None = None
    other_utterance_id: str | None = None
    overlap_ms: int | None = None
    prior_speech_ms: int | None = None
    stopped_after_ms: int | None = None
    went_on_ms: int | None = None
    other_went_on_ms: int | None = None
    tone_kind: str | None = None
    dtmf_digit: str | None = None
    frequency_hz: float | None = None
    level_dbfs: float | None = None
    clipped_samples: int | None = None
    masked_ms: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "duration_ms", self.end_offset_ms - self.begin_offset_ms)


def overlap_events(overlaps: Iterable[Overlap]) -> list[Event]:
    """Return an event for each pair of stretches that overlap: where both speak, by the one that began later."""
    return [
        Event(
            event_type=one.kind,
            begin_offset_ms=one.begin_ms,
            end_offset_ms=one.end_ms,
            by_role=one.doer.participant_role,
            channel_id=one.doer.channel_id,
            utterance_id=one.doer.utterance_id,
            other_utterance_id=one.other.utterance_at(one.begin_ms).utterance_id,
            overlap_ms=one.overlap_ms,
            prior_speech_ms=one.prior_speech_ms,
            stopped_after_ms=one.stopped_after_ms,
            went_on_ms=one.went_on_ms,
            other_went_on_ms=one.other_went_on_ms,
        )
        for one in overlaps
    ]


def non_talk_events(spans: SpanArray, masked_ms: Iterable[int]) -> list[Event]:
    """Return an event, nobody's, for each stretch of non-talk, and how much of it is masked."""
    return [
        Event(event_type=NON_TALK, begin_offset_ms=begin, end_offset_ms=end, masked_ms=int(masked))
        for (begin, end), masked in zip(spans.tolist(), masked_ms, strict=True)
    ]


def monologue_events(floor: Sequence[Talkspurt], thresholds: Thresholds = DEFAULT_THRESHOLDS) -> list[Event]:
    """Return where one participant speaks for long, and no other takes a turn.

    Parameters
    ----------
    floor : sequence of Talkspurt
        Of all participants, backchannels left out, as ``find_stretches`` orders them.
    thresholds : Thresholds, optional
    """
    return [
        event
        for participant in sorted({talkspurt.participant for talkspurt in floor})
        for event in _monologues([one for one in floor if one.participant == participant], floor, thresholds)
    ]


def _monologues(own: Sequence[Talkspurt], floor: Sequence[Talkspurt], thresholds: Thresholds) -> list[Event]:
    said = as_spans((one.begin_ms, one.end_ms) for talkspurt in own for one in talkspurt.utterances)
    others = as_spans((one.begin_ms, one.end_ms) for one in floor if one.participant != own[0].participant)
    events = []
    for alone in subtract(bridge(said, thresholds.non_talk_ms), others).tolist():
        # Where another has just stopped, or begins, the speaker may be silent.
        spoken = clip(said, *alone)
        if len(spoken) and spoken[-1, 1] - spoken[0, 0] >= thresholds.monologue_ms:
            begin, end = int(spoken[0, 0]), int(spoken[-1, 1])
            first = next(one for one in own if one.end_ms > begin)
            events.append(
                Event(
                    event_type=LONG_MONOLOGUE,
                    begin_offset_ms=begin,
                    end_offset_ms=end,
                    by_role=first.participant_role,
                    channel_id=first.channel_id,
                    utterance_id=first.utterance_at(begin).utterance_id,
                )
            )
    return events


def detection_events(channels: Iterable[ChannelTalk], duration_ms: int) -> list[Event]:
    """Return an event for each detection on a channel: digital silence, clipping, tones, gaps."""
    return [
        Event(
            event_type=detection.kind,
            begin_offset_ms=min(max(detection.begin_ms, 0), duration_ms),
            end_offset_ms=min(max(detection.end_ms, 0), duration_ms),
            by_role=channel.participant_role,
            channel_id=channel.channel_id,
            tone_kind=detection.tone_kind,
            dtmf_digit=detection.dtmf_digit,
            frequency_hz=detection.frequency_hz,
            level_dbfs=detection.level_dbfs,
            clipped_samples=detection.clipped_samples,
        )
        for channel in channels
        for detection in channel.detections
    ]


def name_events(events: Iterable[Event]) -> tuple[Event, ...]:
    """Give events their ids, and the table's order.

    Examples
    --------
    >>> [event.event_id for event in name_events(non_talk_events(as_spans([(9000, 13000)]), [0]))]
    ['non_talk-call-00009000']
    """
    named: Counter[str] = Counter()
    found = []
    for event in sorted(events, key=_order):
        name = f"{event.event_type}-{event.channel_id or 'call'}-{event.begin_offset_ms:08d}"
        named[name] += 1
        found.append(replace(event, event_id=name if named[name] == 1 else f"{name}-{named[name]}"))
    return tuple(sorted(found, key=lambda event: (event.begin_offset_ms, event.event_id)))


def _order(event: Event) -> tuple[str, str, int, int, str, str]:
    return (
        event.event_type,
        event.channel_id or "",
        event.begin_offset_ms,
        event.end_offset_ms,
        event.other_utterance_id or "",
        event.tone_kind or "",
    )
