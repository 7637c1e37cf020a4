"""What Contact Lens would leave of a made-up contact: the file after it, and the events during it.

Shapes: *Example Contact Lens output files for a call* and *Sample conversational analytics segment streams to analyze
calls* (Amazon Connect administrator guide).
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from callbeam.callmaker.made_records import ACCOUNT, INSTANCE, utc, write_lines
from callbeam.callmaker.script import AGENT, CUSTOMER
from callbeam.callmaker.service_turns import made_turns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from callbeam.callmaker.service_turns import MadeTurn
    from callbeam.callmaker.truth import CallTruth

NON_TALK_MS = 3_000
"""Silence that Contact Lens counts as non-talk."""


def write_contact_lens(calls: Iterable[CallTruth], folder: Path) -> None:
    """Write what Contact Lens leaves of contacts: a file for each, where its bucket has it, and the stream's events.

    Parameters
    ----------
    calls : iterable of CallTruth
        Clocks begin as recordings do, when the agent is connected.
    folder : Path
        Gets ``Analysis/Voice/Redacted/...`` and ``real-time/segments.jsonl``.
    """
    events: list[dict[str, Any]] = []
    for call in calls:
        shift_ms = call.agent_on_line_ms
        turns = [turn.moved(-shift_ms) for turn in made_turns(call) if turn.begin_ms >= shift_ms]
        ended = utc(call.call_start_ms + call.duration_ms)
        path = folder / "Analysis" / "Voice" / "Redacted" / ended[:10].replace("-", "/")
        path.mkdir(parents=True, exist_ok=True)
        name = f"{call.call_id}_analysis_redacted_{ended.replace(':', '_')}.json"
        (path / name).write_text(json.dumps(contact_lens_file(call, turns), indent=1), encoding="utf-8")
        events += contact_lens_events(call, turns)
    write_lines(folder / "real-time" / "segments.jsonl", events)


def contact_lens_file(call: CallTruth, turns: Sequence[MadeTurn], *, redacted: bool = True) -> dict[str, Any]:
    """Return the file that Contact Lens leaves of a contact; its transcripts have no times of words.

    Parameters
    ----------
    call : CallTruth
    turns : sequence of MadeTurn
        On the recording's clock.
    redacted : bool
    """
    return {
        "Version": "VOICE-2022-11-30",
        "AccountId": ACCOUNT,
        "Channel": "VOICE",
        "ContentMetadata": {"Output": "Redacted", "RedactionTypes": ["PII"]} if redacted else {"Output": "Raw"},
        "CustomerMetadata": {"ContactId": call.call_id, "InputS3Uri": f"s3://recordings/{call.call_id}.wav"},
        "JobStatus": "COMPLETED",
        "LanguageCode": "en-US",
        "Participants": [{"ParticipantId": role, "ParticipantRole": role} for role in (CUSTOMER, AGENT)],
        "Categories": _categories(turns),
        "ConversationCharacteristics": {
            "ContactSummary": {
                "PostContactSummary": {"Content": "The customer asked about an order. The agent helped."}
            },
            "TotalConversationDurationMillis": max((turn.end_ms for turn in turns), default=0),
            "Sentiment": {"OverallSentiment": {AGENT: 0.4, CUSTOMER: 1.2}, "SentimentByPeriod": {"QUARTER": {}}},
            "Interruptions": _interruptions(turns),
            "NonTalkTime": _non_talk(turns),
            "TalkSpeed": {"DetailsByParticipant": _talk_speed(turns)},
            "TalkTime": _talk_time(turns),
        },
        "CustomModels": [],
        "Transcript": [
            {
                **span(turn),
                "Content": turn.text,
                "Id": turn.turn_id,
                "ParticipantId": turn.role,
                "Sentiment": turn.sentiment,
                "LoudnessScore": [70.0 + len(turn.words) % 9],
            }
            for turn in turns
        ],
    }


def contact_lens_events(call: CallTruth, turns: Sequence[MadeTurn]) -> Iterator[dict[str, Any]]:
    """Yield the events of a contact's stream: each turn in two partial utterances, then its transcript.

    Parameters
    ----------
    call : CallTruth
    turns : sequence of MadeTurn
        On the service's clock.
    """
    about = {
        "Version": "1.0.0",
        "Channel": "VOICE",
        "AccountId": ACCOUNT,
        "InstanceId": INSTANCE.rpartition("/")[2],
        "ContactId": call.call_id,
        "LanguageCode": "en-US",
    }
    yield {**about, "EventType": "STARTED"}
    for turn in turns:
        who = {"ParticipantId": turn.role, "ParticipantRole": turn.role}
        half = (len(turn.words) + 1) // 2
        for number, words in enumerate(filter(None, (turn.words[:half], turn.words[half:]))):
            utterance = {
                "Id": f"{turn.turn_id}-{number}",
                "TranscriptId": turn.turn_id,
                **who,
                "PartialContent": " ".join(word for _, _, word in words),
                "BeginOffsetMillis": words[0][0],
                "EndOffsetMillis": words[-1][1],
            }
            yield {**about, "EventType": "SEGMENTS", "Segments": [{"Utterance": utterance}]}
        transcript = {"Id": turn.turn_id, **who, "Content": turn.text, **span(turn), "Sentiment": turn.sentiment}
        yield {**about, "EventType": "SEGMENTS", "Segments": [{"Transcript": transcript}]}
    yield {**about, "EventType": "SEGMENTS", "Segments": [{"Categories": _categories(turns)}]}
    yield {**about, "EventType": "COMPLETED"}


def span(turn: MadeTurn) -> dict[str, int]:
    """Return where a turn lies, as these services write it."""
    return {"BeginOffsetMillis": turn.begin_ms, "EndOffsetMillis": turn.end_ms}


def _categories(turns: Sequence[MadeTurn]) -> dict[str, Any]:
    if not turns:
        return {"MatchedCategories": [], "MatchedDetails": {}}
    return {"MatchedCategories": ["greeting"], "MatchedDetails": {"greeting": {"PointsOfInterest": [span(turns[0])]}}}


def _talk_time(turns: Sequence[MadeTurn]) -> dict[str, Any]:
    talk = {role: sum(turn.end_ms - turn.begin_ms for turn in turns if turn.role == role) for role in (AGENT, CUSTOMER)}
    return {
        "TotalTimeMillis": sum(talk.values()),
        "DetailsByParticipant": {role: {"TotalTimeMillis": time} for role, time in talk.items()},
    }


def _talk_speed(turns: Sequence[MadeTurn]) -> dict[str, Any]:
    found = {}
    for role in (AGENT, CUSTOMER):
        own = [turn for turn in turns if turn.role == role]
        minutes = sum(turn.end_ms - turn.begin_ms for turn in own) / 60_000
        if minutes > 0:
            found[role] = {"AverageWordsPerMinute": round(sum(len(turn.words) for turn in own) / minutes)}
    return found


def _non_talk(turns: Sequence[MadeTurn]) -> dict[str, Any]:
    """Return what lies between turns, where it is longer than 3 s."""
    reach, instances = 0, []
    for turn in turns:
        if turn.begin_ms - reach > NON_TALK_MS:
            instances.append(_instance(reach, turn.begin_ms))
        reach = max(reach, turn.end_ms)
    return {"TotalTimeMillis": sum(one["DurationMillis"] for one in instances), "Instances": instances}


def _interruptions(turns: Sequence[MadeTurn]) -> dict[str, Any]:
    """Return the turns that begin in another's and outlast it: they last as long as the turn."""
    by_role: dict[str, list[dict[str, int]]] = {}
    for before, turn in pairwise(turns):
        if turn.role != before.role and turn.begin_ms < before.end_ms < turn.end_ms:
            by_role.setdefault(turn.role, []).append(_instance(turn.begin_ms, turn.end_ms))
    every = [one for some in by_role.values() for one in some]
    return {
        "InterruptionsByInterrupter": by_role,
        "TotalCount": len(every),
        "TotalTimeMillis": sum(one["DurationMillis"] for one in every),
    }


def _instance(begin: int, end: int) -> dict[str, int]:
    return {"BeginOffsetMillis": begin, "EndOffsetMillis": end, "DurationMillis": end - begin}
