"""Plain output of Amazon Transcribe, of jobs and of streams: words, times, turns, and no role that nothing tells."""

from __future__ import annotations

import json
from typing import Any

import pytest
from builders.published_transcribe import by_channel, by_speaker, job, mark, redacted, streamed, word
from builders.published_transcripts import CONTACT_ID, utterance_event

from callbeam.records import BadRecord
from callbeam.transcripts import Label, Segment, TextPolicy, Word, read_transcripts


def read(record: dict[str, Any], name: str = "f.json", policy: TextPolicy = TextPolicy.RAW) -> list[Segment]:
    said = list(read_transcripts([(name, json.dumps(record).encode())], policy))
    assert all(isinstance(one, Segment) for one in said), said
    return [one for one in said if isinstance(one, Segment)]


def bad(record: dict[str, Any], name: str = "f.json") -> str:
    (found,) = read_transcripts([(name, json.dumps(record).encode())], TextPolicy.RAW)
    assert isinstance(found, BadRecord)
    return found.reason


@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize(("make", "names"), [(by_channel, ("ch_0", "ch_1")), (by_speaker, ("spk_0", "spk_1"))])
def test_turns_of_channels_and_of_speakers(make: Any, names: tuple[str, str], numbered: bool) -> None:
    first, second = read(make(numbered=numbered))
    assert (first.speaker, second.speaker) == names
    assert (first.role, second.role) == (None, None)
    assert (first.text, second.text) == ("I've been hold hour.", "Sorry about that.")
    assert first.words[0] == Word(4860, 5010, "I've", 0.99)
    assert first.words[-1] == Word(6250, 6870, "hour.", 0.99)
    assert (first.begin_ms, second.end_ms) == (4860, 9250)
    assert first.segment_id != second.segment_id
    again = read({**make(numbered=numbered), "jobName": "another-job"})
    assert {one.segment_id for one in again}.isdisjoint({first.segment_id, second.segment_id})
    assert {one.call.source for one in (first, second)} == {"transcribe"}


def test_without_channels_and_speakers_turns_end_at_pauses() -> None:
    items = [word("Yes", "0.5", "0.9"), mark("."), word("No", "1.7", "2.0"), word("so", "4.0", "4.2"), mark("?")]
    found = read(job(items=items))
    assert [(one.speaker, one.text, one.begin_ms, one.end_ms) for one in found] == [
        (None, "Yes. No", 500, 2000), (None, "so?", 4000, 4200)
    ]  # fmt: skip


def test_text_of_a_turn_is_the_services_own() -> None:
    """Words of Japanese have no blanks between them."""
    items = [{"id": 0, **word("もし", "0.1", "0.4")}, {"id": 1, **word("もし", "0.4", "0.8")}]
    segment = {"id": 0, "transcript": "もしもし", "start_time": "0.09", "end_time": "0.81", "items": ["0", "1"]}
    (found,) = read(job(items=items, audio_segments=[segment]))
    assert (found.text, len(found.words)) == ("もしもし", 2)


def test_who_is_called_by_the_job_or_the_file() -> None:
    named = {**by_channel(), "jobName": f"call_{CONTACT_ID}_20260302T09"}
    assert read(named, "asrOutput.json")[0].call.names[0] == CONTACT_ID
    assert read(by_channel(), f"out/redacted-{CONTACT_ID}.json")[0].call.names == (
        "my-first-transcription-job", CONTACT_ID
    )  # fmt: skip
    assert "names the call" in bad({**by_channel(), "jobName": None}, "a b.json")


def test_languages() -> None:
    told = job(items=[word("Hi", "0.1", "0.4")], language_code="en-GB",
               language_identification=[{"score": "0.9883", "code": "en-GB"}])  # fmt: skip
    assert read(told)[0].language == "en-GB"
    several = [word("Hi", "0.1", "0.4", language_code="en-US"), word("ja", "3.0", "3.2", language_code="de-DE"),
               word("so", "3.3", "3.5", language_code="en-US")]  # fmt: skip
    codes = [{"language_code": "en-US", "duration_in_seconds": 0.5}]
    assert [one.language for one in read(job(items=several, language_codes=codes))] == ["en-US", None]


def test_what_is_redacted_says_so() -> None:
    (found,) = read(redacted(), policy=TextPolicy.REDACTED)
    assert (found.text, found.redacted) == ("Good name [PII].", True)
    assert found.words[-1] == Word(5560, 6250, "[PII].", None)
    (withheld, _) = read(by_channel(), policy=TextPolicy.REDACTED)
    assert (withheld.text, withheld.words, withheld.redacted) == (None, (), None)


def test_a_silent_recording_and_text_without_times() -> None:
    assert read(job(transcripts=[{"transcript": ""}], items=[])) == []
    assert "no words with start_time" in bad(job(items=[]))
    untimed = [{name: value for name, value in word("Hi", "0", "1").items() if "time" not in name}]
    assert "without any start_time" in bad(job(items=untimed))


def test_results_of_a_stream() -> None:
    first, second = read(streamed(), f"{CONTACT_ID}.json")
    assert (first.speaker, first.text, first.end_ms) == ("0", "Good day.", 1900)
    assert (second.speaker, second.text, second.words) == ("1", "Hello", (Word(2600, 3000, "Hello", 0.9),))
    assert (first.segment_id, first.call.source, first.call.names) == (
        "8e7dcb5e", "transcribe_streaming", (CONTACT_ID,)
    )  # fmt: skip
    (one,) = read(streamed(ChannelId="ch_1"))
    assert (one.speaker, one.text, one.role) == ("ch_1", "Good day. Hello", None)
    (alone,) = read(streamed(ChannelId="ch_1")["TranscriptEvent"]["Transcript"]["Results"][0])
    assert alone == one
    (transcript,) = read(streamed(ChannelId="ch_1")["TranscriptEvent"])
    assert transcript == one
    assert read({"TranscriptEvent": {"Transcript": {"Results": []}}}) == []
    assert "names no call" in bad(streamed(), "a b.json")


def test_events_of_a_stream_of_call_analytics_tell_roles() -> None:
    category = {"MatchedCategories": ["complaint"], "MatchedDetails": {}}
    events = [{"UtteranceEvent": utterance_event()}, {"CategoryEvent": category}]
    lines = "\n".join(map(json.dumps, events)).encode()
    segment, *labels = read_transcripts([(f"{CONTACT_ID}.jsonl", lines)], TextPolicy.RAW)
    assert isinstance(segment, Segment)
    assert (segment.call.source, segment.call.names) == ("transcribe_streaming", (CONTACT_ID,))
    assert (segment.role, segment.text, len(segment.words)) == ("CUSTOMER", "Peter here.", 2)
    assert [(one.name, one.value) for one in labels if isinstance(one, Label)] == [
        ("sentiment", "NEGATIVE"), ("issue", "Peter"), ("category", "complaint")
    ]  # fmt: skip
