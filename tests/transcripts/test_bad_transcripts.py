"""What is broken is told with its file and line, and stops nothing."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from builders.published_records import flow_log
from builders.published_transcribe import by_channel, by_speaker, streamed
from builders.published_transcripts import (
    chime,
    contact_lens,
    live_segment,
    realtime_segments,
    rule_event,
    utterance_event,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.errors import UsageError
from callbeam.records import BadRecord
from callbeam.transcripts import read_transcripts


def bad(record: Any, name: str = "f.json") -> str:
    found = [one for one in read_transcripts([(name, json.dumps(record).encode())]) if isinstance(one, BadRecord)]
    (only,) = found
    assert only.place == "line 1"
    return only.reason


def without(record: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != name}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (without(chime("Recording"), "metadata"), "neither transactionId nor callId is in metadata or detail"),
        ({**chime("Recording"), "metadata": "{"}, "metadata is no JSON"),
        ({**chime("Recording"), "time": "soon"}, "time is no time"),
        (chime("TranscribeCallAnalytics", UtteranceEvent={"Transcript": "x"}), "BeginOffsetMillis is missing"),
        (
            chime("TranscribeCallAnalytics", UtteranceEvent={**utterance_event(), "EndOffsetMillis": 10}),
            "EndOffsetMillis is before BeginOffsetMillis",
        ),
        (live_segment(StartTime="early"), "StartTime is missing or no number"),
        ({**live_segment(CallId="+12065550100"), "TransactionId": None}, "CallId is missing or no identifier"),
        ({**contact_lens(), "Channel": "CHAT"}, "Channel is not VOICE"),
        ({**realtime_segments(), "Segments": [{"Transcript": {"Content": "x"}}]}, "BeginOffsetMillis is missing"),
        (rule_event("Post Chat"), "rules of chats, mails and evaluations are not"),
        (rule_event(contactArn="+12065550100"), "contactArn is missing or names none"),
        (rule_event(ruleName=None), "ruleName is missing or names none"),
        (flow_log(), "an entry of a flow's log"),
        ({"hello": "world"}, "a record of no publisher that is read"),
    ],
)  # fmt: skip
def test_a_record_that_cannot_be_read_says_why(record: dict[str, Any], reason: str) -> None:
    assert reason in bad(record)


def test_a_transcript_whose_call_nothing_names() -> None:
    assert "names the call" in bad(contact_lens(), "a b.json")


def test_broken_json_is_told_by_line_and_stops_nothing() -> None:
    content = json.dumps(live_segment()) + "\n{broken\n" + json.dumps(live_segment()) + "\n"
    forms: Counter[str] = Counter()
    said = list(read_transcripts([("f", content.encode())], forms=forms))
    assert [one.place for one in said if isinstance(one, BadRecord)] == ["line 2"]
    assert forms == {"Live Call Analytics record": 2, "that cannot be read": 1}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("c-1,sentiment,,,", "both value and score are missing"),
        ("c-1,sentiment,,high,", "score is no number"),
        ("c-1,sentiment,x,,BOSS", "participant_role is neither CUSTOMER nor AGENT"),
        (",sentiment,x,,", "call_id is missing"),
    ],
)
def test_a_label_that_cannot_be_read_says_why(row: str, reason: str) -> None:
    content = f"call_id,name,value,score,participant_role\n{row}\n".encode()
    (found,) = read_transcripts([("labels.csv", content)])
    assert isinstance(found, BadRecord)
    assert reason in found.reason


def test_a_column_that_is_none_is_told_at_once() -> None:
    with pytest.raises(UsageError, match="no column 'mood'"):
        list(read_transcripts([("labels.csv", b"call_id,name,value,mood\nc,n,v,m\n")]))


@pytest.mark.parametrize(
    ("header", "missing"),
    [("call_id,unit_id,value", "name"), ("Call_ID,Name,Value", "call_id"), ("call_id,label,annotator", "name")],
)
def test_a_list_of_labels_without_a_column_that_it_needs_says_so(header: str, missing: str) -> None:
    with pytest.raises(UsageError, match=f"a list of labels has a column '{missing}'"):
        list(read_transcripts([("labels.csv", f"{header}\nc,n,v\n".encode())]))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10**6) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
MODELS = [
    contact_lens(), realtime_segments(), live_segment(), chime("T", UtteranceEvent=utterance_event()),
    by_channel()["results"], by_speaker()["results"], streamed()["TranscriptEvent"]["Transcript"]["Results"][0],
]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(model=st.sampled_from(MODELS), data=st.data())
def test_a_record_of_any_content_is_read_or_told(model: dict[str, Any], data: st.DataObject) -> None:
    record = dict(model)
    for name in data.draw(st.lists(st.sampled_from(sorted(record)), max_size=3)):
        record[name] = data.draw(json_values)
    record = {"jobName": "j", "results": record} if "transcripts" in model else record
    forms: Counter[str] = Counter()
    said = list(read_transcripts([("f", json.dumps(record).encode())], forms=forms))
    assert sum(forms.values()) == 1 or any(isinstance(one, BadRecord) for one in said)
