"""What is known of who speaks when, before it is a conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callbeam.spans import length

if TYPE_CHECKING:
    from callbeam.line import Detection
    from callbeam.spans import SpanArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One participant's speech between pauses; milliseconds from the call's start.

    Attributes
    ----------
    utterance_id : str
        ``<channel_id>-<begin on the leg's clock in ms, 8 digits>``.
    begin_ms, end_ms : int
    syllables : int or None
        Syllable nuclei in it.
    """

    utterance_id: str
    begin_ms: int
    end_ms: int
    syllables: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTalk:
    """One channel of a call; milliseconds from the call's start.

    Attributes
    ----------
    channel_id : str
    participant_role : str or None
        CUSTOMER, AGENT, or None. Channels of one role (a call may have several legs) are one participant; a channel
        without role is a participant of its own.
    begin_ms, end_ms : int
        First sample, and end of the last.
    utterances : tuple of Utterance
        Sorted, disjoint.
    speech : SpanArray
        What is decided to be speech, pauses left out.
    masked : SpanArray
        What is neither speech nor silence between begin and end: gaps, spans that records declare.
    detections : tuple of Detection
        Sorted by begin.
    """

    channel_id: str
    participant_role: str | None
    begin_ms: int
    end_ms: int
    utterances: tuple[Utterance, ...]
    speech: SpanArray
    masked: SpanArray
    detections: tuple[Detection, ...]

    @property
    def participant(self) -> str:
        """Who speaks on it: the role, or the channel itself."""
        return self.participant_role or self.channel_id

    @property
    def is_heard(self) -> bool:
        """Whether any of it is not masked."""
        return length(self.masked) < self.end_ms - self.begin_ms
