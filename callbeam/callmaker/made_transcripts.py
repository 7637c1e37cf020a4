"""What services would have transcribed of a made-up call, shaped as they publish it.

Shapes: *Example Contact Lens output files for a call* (Amazon Connect administrator guide), *Call analytics processor
and output destinations* (Amazon Chime SDK developer guide), *Transcript Lambda hook function* (Live Call Analytics).
Words are made up; where they lie is where the truth says that somebody spoke.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from callbeam.callmaker.script import AGENT, CUSTOMER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callbeam.callmaker.truth import CallTruth

TURN_PAUSE_MS = 900
"""A service goes on with a turn after shorter pauses."""

WORD_MS = 330

_SPOKEN = (
    "so the account was charged twice last week and I would like to know why you can see that order here it is on the "
    "way now thank you for waiting let me check this with our team please hold on a moment that sounds good to me then "
    "we will send it again tomorrow morning could you tell your number once more no I do not have one yet"
)
_WORDS = tuple(_SPOKEN.split())
_SENTIMENTS = ("NEUTRAL", "NEUTRAL", "POSITIVE", "NEGATIVE", "MIXED")


@dataclass(frozen=True, slots=True)
class MadeTurn:
    """A stretch of speech of one participant, as a service cuts it.

    Attributes
    ----------
    turn_id : str
    role : str
    begin_ms, end_ms : int
        From the call's start.
    words : tuple of (int, int, str)
    sentiment : str
    """

    turn_id: str
    role: str
    begin_ms: int
    end_ms: int
    words: tuple[tuple[int, int, str], ...]
    sentiment: str

    @property
    def text(self) -> str:
        """All of its words."""
        return " ".join(word for _, _, word in self.words)

    def moved(self, by_ms: int) -> MadeTurn:
        """Return it on another clock."""
        words = tuple((begin + by_ms, end + by_ms, word) for begin, end, word in self.words)
        return replace(self, begin_ms=self.begin_ms + by_ms, end_ms=self.end_ms + by_ms, words=words)


def made_turns(call: CallTruth, *, seed: int = 0) -> tuple[MadeTurn, ...]:
    """Return what was said in a call, in order of begin.

    Parameters
    ----------
    call : CallTruth
    seed : int
        Of the words.
    """
    digest = hashlib.sha256(f"{seed}:{call.call_id}".encode()).digest()
    random = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    turns = []
    for role in (CUSTOMER, AGENT):
        channel = call.channels.get(role)
        for number, phrases in enumerate(_turns(channel.speech_raw if channel is not None else [])):
            words = [word for begin, end in phrases for word in _words(begin, end, random)]
            sentiment = _SENTIMENTS[int(random.integers(len(_SENTIMENTS)))]
            turn_id = f"{call.call_id[:8]}-{role.lower()}-{number}"
            turns.append(MadeTurn(turn_id, role, phrases[0][0], phrases[-1][1], tuple(words), sentiment))
    return tuple(sorted(turns, key=lambda turn: (turn.begin_ms, turn.turn_id)))


def _turns(phrases: Sequence[Sequence[int]]) -> Iterator[list[tuple[int, int]]]:
    turn: list[tuple[int, int]] = []
    for begin, end in phrases:
        if begin < 0:
            continue
        if turn and begin - turn[-1][1] > TURN_PAUSE_MS:
            yield turn
            turn = []
        turn.append((begin, end))
    if turn:
        yield turn


def _words(begin: int, end: int, random: np.random.Generator) -> Iterator[tuple[int, int, str]]:
    count = max(1, round((end - begin) / WORD_MS))
    edges = np.linspace(begin, end, count + 1).round().astype(int).tolist()
    for at, until in pairwise(edges):
        yield at, until, _WORDS[int(random.integers(len(_WORDS)))]


def contact_lens_file(call: CallTruth, turns: Sequence[MadeTurn], *, redacted: bool = True) -> dict[str, Any]:
    """Return the file that Contact Lens leaves of a contact; its transcripts have no times of words.

    Parameters
    ----------
    call : CallTruth
    turns : sequence of MadeTurn
        On the recording's clock.
    redacted : bool
    """
    talk = {role: sum(turn.end_ms - turn.begin_ms for turn in turns if turn.role == role) for role in (AGENT, CUSTOMER)}
    return {
        "Version": "VOICE-2022-11-30",
        "AccountId": "111122223333",
        "Channel": "VOICE",
        "ContentMetadata": {"Output": "Redacted", "RedactionTypes": ["PII"]} if redacted else {"Output": "Raw"},
        "CustomerMetadata": {"ContactId": call.call_id, "InputS3Uri": f"s3://recordings/{call.call_id}.wav"},
        "JobStatus": "COMPLETED",
        "LanguageCode": "en-US",
        "Participants": [{"ParticipantId": role, "ParticipantRole": role} for role in (CUSTOMER, AGENT)],
        "Categories": {
            "MatchedCategories": ["greeting"] if turns else [],
            "MatchedDetails": {"greeting": {"PointsOfInterest": [_span(turns[0])]}} if turns else {},
        },
        "ConversationCharacteristics": {
            "TotalConversationDurationMillis": max((turn.end_ms for turn in turns), default=0),
            "Sentiment": {"OverallSentiment": {AGENT: 0.4, CUSTOMER: 1.2}, "SentimentByPeriod": {"QUARTER": {}}},
            "Interruptions": {"InterruptionsByInterrupter": {}, "TotalCount": 0, "TotalTimeMillis": 0},
            "NonTalkTime": {"TotalTimeMillis": 0, "Instances": []},
            "TalkTime": {
                "TotalTimeMillis": sum(talk.values()),
                "DetailsByParticipant": {role: {"TotalTimeMillis": time} for role, time in talk.items()},
            },
        },
        "CustomModels": [],
        "Transcript": [
            {
                **_span(turn),
                "Content": turn.text,
                "Id": turn.turn_id,
                "ParticipantId": turn.role,
                "Sentiment": turn.sentiment,
                "LoudnessScore": [70.0 + len(turn.words) % 9],
            }
            for turn in turns
        ],
    }


def _span(turn: MadeTurn) -> dict[str, int]:
    return {"BeginOffsetMillis": turn.begin_ms, "EndOffsetMillis": turn.end_ms}


def call_analytics_records(
    call: CallTruth, turns: Sequence[MadeTurn], *, zero_ms: int, latency_ms: int = 1_200
) -> Iterator[dict[str, Any]]:
    """Yield what call analytics puts into its stream during a call: each turn first as a partial result.

    Parameters
    ----------
    call : CallTruth
    turns : sequence of MadeTurn
        On the service's clock.
    zero_ms : int
        Where that begins, UTC milliseconds.
    latency_ms : int
        From the end of what is transcribed to its record.
    """
    one_time = json.dumps({"inviteHeaders": json.dumps({"From": "<sip:+12065550100@example.com>"})})
    about = {
        "voiceConnectorId": "abcdef1ghij2klmno3pqr4",
        "callId": f"{call.call_id[:8]}-chime-call",
        "transactionId": call.call_id,
        "fromNumber": "+12065550100",
        "toNumber": "+12065550199",
        "direction": "Inbound",
    }
    yield _record(zero_ms, "CallAnalyticsMetadata", {**about, "oneTimeMetadata": one_time})
    for turn in turns:
        half = turn.words[: (len(turn.words) + 1) // 2]
        for words, partial in ((half, True), (turn.words, False)):
            said_ms = zero_ms + words[-1][1] + latency_ms
            yield _record(said_ms, "TranscribeCallAnalytics", about, UtteranceEvent=_utterance(turn, words, partial))
    for role in (CUSTOMER, AGENT):
        yield from _voice_tone(call, about, role, zero_ms)


def _record(said_ms: int, kind: str, about: dict[str, str], **fields: Any) -> dict[str, Any]:
    service = "VoiceAnalytics" if kind.startswith("Voice") else "CallAnalytics"
    return {
        "time": _instant(said_ms),
        "service-type": service,
        "detail-type": kind,
        "mediaInsightsPipelineId": "87654321-33ca-4dc6-9cdf-abcde6612345",
        "metadata": json.dumps(about),
        **fields,
    }


def _utterance(turn: MadeTurn, words: Sequence[tuple[int, int, str]], partial: bool) -> dict[str, Any]:
    return {
        "UtteranceId": turn.turn_id,
        "IsPartial": partial,
        "ParticipantRole": turn.role,
        "BeginOffsetMillis": words[0][0],
        "EndOffsetMillis": words[-1][1],
        "Transcript": " ".join(word for _, _, word in words),
        "Sentiment": None if partial else turn.sentiment,
        "Items": [
            {
                "BeginOffsetMillis": begin,
                "EndOffsetMillis": end,
                "ItemType": "PRONUNCIATION",
                "Content": word,
                "Confidence": 0.97,
                "VocabularyFilterMatch": False,
                "Stable": not partial,
            }
            for begin, end, word in words
        ],
        "Entities": None,
        "IssuesDetected": None,
    }


def _voice_tone(call: CallTruth, about: dict[str, str], role: str, zero_ms: int) -> Iterator[dict[str, Any]]:
    for begin in range(0, max(0, call.duration_ms - 30_000), 30_000):
        negative = 0.1 + 0.02 * (begin // 30_000 % 7)
        scores = {"neutral": 0.6, "positive": round(0.4 - negative, 2), "negative": round(negative, 2)}
        tone = {
            "startTime": _instant(zero_ms + begin),
            "endTime": _instant(zero_ms + begin + 30_000),
            "voiceToneLabel": "neutral",
            "voiceToneScore": scores,
        }
        detail = {
            "taskId": f"{call.call_id[:8]}-{role.lower()}",
            "detailStatus": "VoiceToneAnalysisSuccessful",
            "isCaller": role == CUSTOMER,
            "voiceToneAnalysisDetails": {"currentAverageVoiceTone": tone},
        }
        yield _record(zero_ms + begin + 31_000, "VoiceToneAnalysisStatus", about, detail=detail)


def live_call_records(
    call: CallTruth, turns: Sequence[MadeTurn], *, zero_ms: int, latency_ms: int = 1_200
) -> Iterator[dict[str, Any]]:
    """Yield what Live Call Analytics puts into its stream during a call; parameters as ``call_analytics_records``."""
    about = {"CallId": call.call_id, "ExpiresAfter": 1_900_000_000}
    numbers = {"CustomerPhoneNumber": "+12065550100", "SystemPhoneNumber": "+12065550199"}
    yield {"EventType": "START", **about, **numbers, "CreatedAt": _instant(zero_ms)}
    yield {"EventType": "UPDATE_AGENT", **about, "AgentId": "agent-7", "CreatedAt": _instant(zero_ms + 500)}
    for turn in turns:
        half = turn.words[: (len(turn.words) + 1) // 2]
        for words, partial in ((half, True), (turn.words, False)):
            yield {
                "EventType": "ADD_TRANSCRIPT_SEGMENT",
                **about,
                "Channel": "CALLER" if turn.role == CUSTOMER else "AGENT",
                "SegmentId": turn.turn_id,
                "StartTime": str(words[0][0] / 1000),
                "EndTime": str(words[-1][1] / 1000),
                "Transcript": " ".join(word for _, _, word in words),
                "IsPartial": partial,
                "CreatedAt": _instant(zero_ms + words[-1][1] + latency_ms),
            }
    yield {"EventType": "END", **about, "CreatedAt": _instant(zero_ms + call.duration_ms)}


def _instant(at_ms: int) -> str:
    at = datetime.fromtimestamp(at_ms / 1000, tz=timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at_ms % 1000:03d}Z"
