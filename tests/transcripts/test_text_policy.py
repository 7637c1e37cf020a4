"""What people said, and who they are, gets no further than the policy says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from builders.published_transcribe import job, streamed, word
from builders.published_transcripts import (
    NAME,
    NUMBER,
    chime,
    contact_lens,
    live_segment,
    post_call_analytics,
    realtime_segments,
    rule_event,
    transcribe_call_analytics,
    transcript_event,
    utterance_event,
    voice_tone,
)

from callbeam.transcripts import Segment, TextPolicy, read_transcripts

ALL = {
    "contact_lens": contact_lens("Raw"),
    "transcribe": transcribe_call_analytics(),
    "transcribe job": job(transcripts=[{"transcript": NAME}], items=[word(NAME, "0.5", "0.9")]),
    "transcribe results": streamed(Alternatives=[{"Transcript": NAME}], Entities=[{"Content": NAME}]),
    "realtime": realtime_segments(),
    "utterance": chime("TranscribeCallAnalytics", UtteranceEvent=utterance_event()),
    "transcript": chime("Transcribe", TranscriptEvent=transcript_event()),
    "tone": chime("VoiceToneAnalysisStatus", detail=voice_tone()),
    "new": chime("OfTomorrow", detail={"words": f"{NAME} said so", "callers": [NUMBER]}),
    "live": live_segment(CustomerPhoneNumber=NUMBER, Speaker=NAME),
    "summary": {"EventType": "ADD_SUMMARY", "CallId": "c-1", "CallSummaryText": f"{NAME} called"},
    "rule": rule_event(told=f"{NAME} called"),
    "pca": post_call_analytics(),
}
FILE = "11111111-2222-3333-4444-555555555555_analysis.json"


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("policy", TextPolicy)
def test_nobody_is_told_by_number_or_address(name: str, policy: TextPolicy) -> None:
    said = repr(list(read_transcripts([(FILE, json.dumps(ALL[name]).encode())], policy)))
    assert said
    assert "sip:" not in said
    assert NUMBER not in said or (policy is TextPolicy.RAW and name == "new")  # of unknown fields raw keeps all text


@pytest.mark.parametrize("name", ALL)
def test_text_that_does_not_say_that_it_is_redacted_is_not_read(name: str) -> None:
    said = list(read_transcripts([(FILE, json.dumps(ALL[name]).encode())], TextPolicy.REDACTED))
    assert said
    assert NAME not in repr(said)


@pytest.mark.parametrize(("told", "text"), [(True, "I am Peter."), (False, None)])
def test_post_call_analytics_says_whether_its_text_is_redacted(told: bool, text: str | None) -> None:
    record = post_call_analytics()
    record["ConversationAnalytics"]["SourceInformation"] = [{"TranscribeJobInfo": {"RedactedTranscript": told}}]
    said = list(read_transcripts([(FILE, json.dumps(record).encode())]))
    assert [(one.text, one.redacted) for one in said if isinstance(one, Segment)] == [(text, told)]


def test_redacted_text_is_read_by_default_and_labels_always() -> None:
    content = json.dumps(contact_lens("Redacted")).encode()
    turns = [one for one in read_transcripts([(FILE, content)]) if isinstance(one, Segment)]
    assert turns[1].text == "Just hello. My name is [PII] and help."
    without: list[Any] = list(read_transcripts([(FILE, content)], TextPolicy.NONE))
    assert {one.text for one in without if isinstance(one, Segment)} == {None}
    assert [one.value for one in without if getattr(one, "name", "") == "sentiment"] == [
        "NEUTRAL", "NEUTRAL", "NEGATIVE"
    ]  # fmt: skip
    assert [one.value for one in without if getattr(one, "name", "") in {"issue", "summary"}] == [None, None]
