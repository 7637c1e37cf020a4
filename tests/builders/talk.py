"""Who speaks when on a call: channels of talk, and the marks on them, in milliseconds."""

from __future__ import annotations

from callbeam.conversation import ChannelTalk, Utterance
from callbeam.line import TONE, Mark
from callbeam.spans import as_spans


def talk(role, said, *, end=120_000, begin=0, masked=(), marks=(), channel_id=None, syllables=None):
    """Make one channel of a call from where its utterances lie, in milliseconds."""
    name = channel_id or f"{role}-1"
    utterances = tuple(
        Utterance(utterance_id=f"{name}-{at:08d}", begin_ms=at, end_ms=until, syllables=syllables) for at, until in said
    )
    return ChannelTalk(
        channel_id=name,
        participant_role=role,
        begin_ms=begin,
        end_ms=end,
        utterances=utterances,
        speech=as_spans(said),
        masked=as_spans(masked),
        marks=tuple(marks),
    )


def tone(kind, begin, end):
    """Make the mark of a tone."""
    return Mark(TONE, begin, end, tone_kind=kind, frequency_hz=425.0, level_dbfs=-20.0)
