"""Records that call analytics and Live Call Analytics would put into their streams during a made-up call.

Shapes: *Call analytics processor and output destinations* and *Voice tone analysis events* (Amazon Chime SDK developer
guide), *Transcript Lambda hook function* (Live Call Analytics).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from callbeam.callmaker.made_records import BUSINESS_NUMBER, CUSTOMER_NUMBER, utc, write_lines
from callbeam.callmaker.made_transcripts import span
from callbeam.callmaker.script import AGENT, CUSTOMER
from callbeam.callmaker.service_turns import made_turns
from callbeam.callmaker.stream_calls import chime_call_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from callbeam.callmaker.service_turns import MadeTurn
    from callbeam.callmaker.truth import CallTruth

    Record = dict[str, Any]

LATENCY_MS = 1_200
"""From the end of what is transcribed to its record."""

PIPELINE_LATE_MS = 1_500
"""A media insights pipeline begins so long after the call's streams."""

TONE_MS = 30_000
"""Voice tone is judged over so much."""


def write_call_analytics(calls: Iterable[CallTruth], folder: Path) -> None:
    """Write the records of calls as a delivery stream keeps them in S3: JSON lines, in order of time, by hour.

    Parameters
    ----------
    calls : iterable of CallTruth
    folder : Path
        Gets ``YYYY/MM/DD/HH/call-analytics-1.jsonl``.
    """
    by_hour: dict[str, list[Record]] = {}
    for call in calls:
        turns = [turn.moved(-PIPELINE_LATE_MS) for turn in made_turns(call) if turn.begin_ms >= PIPELINE_LATE_MS]
        for record in call_analytics_records(call, turns, zero_ms=call.call_start_ms + PIPELINE_LATE_MS):
            by_hour.setdefault(record["time"][:13], []).append(record)
    for hour, records in by_hour.items():
        path = folder.joinpath(*hour.replace("T", "-").split("-")) / "call-analytics-1.jsonl"
        write_lines(path, sorted(records, key=lambda record: record["time"]))


def call_analytics_records(
    call: CallTruth, turns: Sequence[MadeTurn], *, zero_ms: int, latency_ms: int = LATENCY_MS
) -> Iterator[Record]:
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
    about = {
        "voiceConnectorId": "abcdef1ghij2klmno3pqr4",
        "callId": chime_call_id(call.call_id),
        "transactionId": call.call_id,
        "fromNumber": CUSTOMER_NUMBER,
        "toNumber": BUSINESS_NUMBER,
        "direction": "Inbound",
    }
    one_time = json.dumps({"inviteHeaders": json.dumps({"From": f"<sip:{CUSTOMER_NUMBER}@example.com>"})})
    yield _record(zero_ms, "CallAnalyticsMetadata", {**about, "oneTimeMetadata": one_time})
    for turn in turns:
        half = turn.words[: (len(turn.words) + 1) // 2]
        for words, partial in ((half, True), (turn.words, False)):
            said_ms = zero_ms + words[-1][1] + latency_ms
            yield _record(said_ms, "TranscribeCallAnalytics", about, UtteranceEvent=_utterance(turn, words, partial))
    for turn in turns[:1]:
        ranges = {"greeting": {"TimestampRanges": [span(turn)]}}
        event = {"MatchedCategories": ["greeting"], "MatchedDetails": ranges}
        said_ms = zero_ms + turn.end_ms + latency_ms
        yield _record(said_ms, "TranscribeCallAnalyticsCategoryEvent", about, CategoryEvent=event)
    for role in (CUSTOMER, AGENT):
        yield from _voice_tone(call, [turn for turn in turns if turn.role == role], about, role, zero_ms)
    one_time = json.dumps({"s3RecordingUrl": f"s3://recordings/{call.call_id}.wav"})
    yield _record(zero_ms + call.duration_ms, "Recording", {**about, "oneTimeMetadata": one_time})


def _record(said_ms: int, kind: str, about: dict[str, str], **fields: Any) -> Record:
    service = "VoiceAnalytics" if kind.startswith("Voice") else "CallAnalytics"
    return {
        "time": _time(said_ms),
        "service-type": service,
        "detail-type": kind,
        "mediaInsightsPipelineId": "87654321-33ca-4dc6-9cdf-abcde6612345",
        "metadata": json.dumps(about),
        **fields,
    }


def _utterance(turn: MadeTurn, words: Sequence[tuple[int, int, str]], partial: bool) -> Record:
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


def _voice_tone(
    call: CallTruth, turns: Sequence[MadeTurn], about: dict[str, str], role: str, zero_ms: int
) -> Iterator[Record]:
    """Yield the tone of each half minute in which somebody spoke: as their turns' sentiments are."""
    for begin in range(0, max(0, call.duration_ms - TONE_MS), TONE_MS):
        said = [turn.sentiment for turn in turns if begin <= turn.begin_ms < begin + TONE_MS]
        if not said:
            continue
        positive, negative = (round(0.1 + 0.7 * said.count(one) / len(said), 2) for one in ("POSITIVE", "NEGATIVE"))
        scores = {"neutral": round(1 - positive - negative, 2), "positive": positive, "negative": negative}
        tone = {
            "startTime": _time(zero_ms + begin),
            "endTime": _time(zero_ms + begin + TONE_MS),
            "voiceToneLabel": max(scores, key=scores.__getitem__),
            "voiceToneScore": scores,
        }
        detail = {
            "taskId": f"{call.call_id[:8]}-{role.lower()}",
            "detailStatus": "VoiceToneAnalysisSuccessful",
            "isCaller": role == CUSTOMER,
            "voiceToneAnalysisDetails": {"currentAverageVoiceTone": tone},
        }
        yield _record(zero_ms + begin + TONE_MS + 1_000, "VoiceToneAnalysisStatus", about, detail=detail)


def live_call_records(
    call: CallTruth, turns: Sequence[MadeTurn], *, zero_ms: int, latency_ms: int = LATENCY_MS
) -> Iterator[Record]:
    """Yield what Live Call Analytics puts into its stream during a call; parameters as ``call_analytics_records``."""
    about = {"CallId": call.call_id, "ExpiresAfter": 1_900_000_000}
    numbers = {"CustomerPhoneNumber": CUSTOMER_NUMBER, "SystemPhoneNumber": BUSINESS_NUMBER}
    yield {"EventType": "START", **about, **numbers, "CreatedAt": _time(zero_ms)}
    yield {"EventType": "UPDATE_AGENT", **about, "AgentId": "agent-7", "CreatedAt": _time(zero_ms + 500)}
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
                "CreatedAt": _time(zero_ms + words[-1][1] + latency_ms),
            }
    yield {"EventType": "END", **about, "CreatedAt": _time(zero_ms + call.duration_ms)}


def _time(at_ms: int) -> str:
    return utc(at_ms, milliseconds=True)
