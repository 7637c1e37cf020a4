"""What other systems say of a call: text, judgements, and the events that they published on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CONTACT_LENS: Final = "contact_lens"
CONTACT_LENS_IVR: Final = "contact_lens_ivr"
CONTACT_LENS_REALTIME: Final = "contact_lens_realtime"
CONTACT_LENS_RULES: Final = "contact_lens_rules"
TRANSCRIBE: Final = "transcribe"
TRANSCRIBE_STREAMING: Final = "transcribe_streaming"
TRANSCRIBE_CALL_ANALYTICS: Final = "transcribe_call_analytics"
POST_CALL_ANALYTICS: Final = "post_call_analytics"
CHIME_CALL_ANALYTICS: Final = "chime_call_analytics"
LIVE_CALL_ANALYTICS: Final = "live_call_analytics"
PEOPLE: Final = "people"

CUSTOMER, AGENT, SYSTEM = "CUSTOMER", "AGENT", "SYSTEM"


@dataclass(frozen=True, slots=True)
class CallName:
    """How a source names a call.

    Attributes
    ----------
    source : str
        Which system said it.
    names : tuple of str
        Identifiers by which tables may know the call, the likeliest first; at least one.
    place : str
        The file and the line of the record.
    """

    source: str
    names: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Clock:
    """What a source counts offsets from.

    Attributes
    ----------
    zero_ms : int or None
        The instant of its zero, UTC milliseconds; None where the record does not tell.
    is_calls : bool
        It is the call's own clock, as tables have it: people label what the tables show.
    """

    zero_ms: int | None = None
    is_calls: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """A word, and where it was said: milliseconds on the source's clock."""

    begin_ms: int
    end_ms: int
    text: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech and its text.

    Attributes
    ----------
    call : CallName
    segment_id : str
        The source's own name of it.
    role : str or None
        CUSTOMER, AGENT or SYSTEM; None where nothing tells.
    begin_ms, end_ms : int
        On the source's clock.
    clock : Clock
    text : str or None
        None where the text policy withholds it.
    words : tuple of Word
        Empty where the source gives none.
    language : str or None
        As the source writes it, such as ``en-US``.
    is_partial : bool
        A later segment of the same name replaces it.
    redacted : bool or None
        Whether the source says that personal data were taken out of the text; None where it says nothing.
    said_ms : int
        When the record was written, UTC milliseconds; 0 where it does not tell. Of two records of one segment the later
        one counts.
    speaker : str or None
        What the source calls who speaks, or the channel, where it tells no role: ``ch_0``, ``spk_1``.
    """

    call: CallName
    segment_id: str
    role: str | None
    begin_ms: int
    end_ms: int
    clock: Clock = Clock()
    text: str | None = None
    words: tuple[Word, ...] = ()
    language: str | None = None
    is_partial: bool = False
    redacted: bool | None = None
    said_ms: int = 0
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """A judgement about a call, or a stretch of it.

    Attributes
    ----------
    call : CallName
    name : str
        What is judged: ``sentiment``, ``category``, ``voice_tone``, ... or the name of a column of ``calls`` that the
        source has a figure for.
    value : str or None
        The class, in the source's words.
    score : float or None
        The figure, on ``scale``.
    scale : str or None
        Range or unit of the score: ``-5..5``, ``0..1``, ``ms``, ``count``.
    role : str or None
        Whom it is about.
    segment_id : str or None
        The segment that it is about.
    unit_id : str or None
        The utterance or unit of callbeam's own tables that it is about.
    begin_ms, end_ms : int or None
        The stretch that it is about, on the source's clock; None for all of the call.
    clock : Clock
    annotator : str or None
        Who judged, where that is a person or one of several models.
    """

    call: CallName
    name: str
    value: str | None = None
    score: float | None = None
    scale: str | None = None
    role: str | None = None
    segment_id: str | None = None
    unit_id: str | None = None
    begin_ms: int | None = None
    end_ms: int | None = None
    clock: Clock = Clock()
    annotator: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A record of a stream of call analytics, as it came.

    Attributes
    ----------
    call : CallName
    said_ms : int or None
        Its time, UTC milliseconds.
    kind : str
        Its ``detail-type`` or ``EventType``.
    status : str or None
        Its own word of what happened, such as ``VoiceToneAnalysisSuccessful``.
    role : str or None
    text : str or None
    is_partial : bool
    payload : str
        The record as JSON, without what the text policy withholds.
    """

    call: CallName
    said_ms: int | None
    kind: str
    status: str | None
    role: str | None
    text: str | None
    is_partial: bool
    payload: str


Said = Segment | Label | Message
