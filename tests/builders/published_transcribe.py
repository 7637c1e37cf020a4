"""What Amazon Transcribe leaves of recordings, shaped exactly as its guide prints it."""

from __future__ import annotations

from typing import Any

Item = dict[str, Any]


def word(content: str, begin: str, end: str, **more: Any) -> Item:
    """A word, with times as text."""
    alternatives = [{"confidence": "0.99", "content": content}]
    return {**more, "start_time": begin, "end_time": end, "alternatives": alternatives, "type": "pronunciation"}


def mark(content: str, **more: Any) -> Item:
    """A punctuation mark, which has no times."""
    return {**more, "alternatives": [{"confidence": "0.0", "content": content}], "type": "punctuation"}


def job(**results: Any) -> dict[str, Any]:
    """A file: its ``results`` are the example's text and what is given."""
    text = "I've been on hold for an hour. Sorry about that."
    return {
        "jobName": "my-first-transcription-job",
        "accountId": "111122223333",
        "status": "COMPLETED",
        "results": {"transcripts": [{"transcript": text}], **results},
    }


def _said(name: str, first: str, second: str, numbered: bool) -> list[Item]:
    """The example's two sentences, each of one channel or speaker."""
    sentences = [
        (first, [("I've", "4.86", "5.01"), ("been", "5.01", "5.16"), ("hold", "5.28", "5.62"),
                 ("hour", "6.25", "6.87")], "."),
        (second, [("Sorry", "8.5", "8.89"), ("about", "8.89", "9.06"), ("that", "9.06", "9.25")], "."),
    ]  # fmt: skip
    found: list[Item] = []
    for who, words, end in sentences:
        for content, begin, until in words:
            found.append({**({"id": len(found)} if numbered else {}), **word(content, begin, until, **{name: who})})
        found.append({**({"id": len(found)} if numbered else {}), **mark(end, **{name: who})})
    return found


def by_channel(*, numbered: bool = True) -> dict[str, Any]:
    """*Example channel identification output (batch)*, with words left out; older files number nothing."""
    items = _said("channel_label", "ch_0", "ch_1", numbered)
    channels = [
        {"channel_label": name, "items": [{k: v for k, v in item.items() if k != "id"} for item in items
                                          if item["channel_label"] == name]}
        for name in ("ch_0", "ch_1")
    ]  # fmt: skip
    labels = {"channels": channels, "number_of_channels": 2}
    if not numbered:
        bare = [{name: value for name, value in item.items() if name != "channel_label"} for item in items]
        return job(channel_labels=labels, items=bare)
    return job(channel_labels=labels, items=items, audio_segments=_segments("channel_label", "ch_0", "ch_1"))


def by_speaker(*, numbered: bool = True) -> dict[str, Any]:
    """*Example diarization output (batch)*, with words left out; older files tell speakers by time alone."""
    items = _said("speaker_label", "spk_0", "spk_1", numbered)
    timed = [{name: item[name] for name in ("start_time", "speaker_label", "end_time")} for item in items
             if "start_time" in item]  # fmt: skip
    segments = [
        {"start_time": begin, "speaker_label": name, "end_time": end,
         "items": [one for one in timed if one["speaker_label"] == name]}
        for name, begin, end in (("spk_0", "4.87", "6.88"), ("spk_1", "8.49", "9.24"))
    ]  # fmt: skip
    labels = {"channel_label": "ch_0", "speakers": 2, "segments": segments}
    if not numbered:
        bare = [{name: value for name, value in item.items() if name != "speaker_label"} for item in items]
        return job(speaker_labels=labels, items=bare)
    return job(speaker_labels=labels, items=items, audio_segments=_segments("speaker_label", "spk_0", "spk_1"))


def _segments(name: str, first: str, second: str) -> list[Item]:
    return [
        {"id": 0, "transcript": "I've been hold hour.", "start_time": "4.86", "end_time": "6.88", name: first,
         "items": [0, 1, 2, 3, 4]},
        {"id": 1, "transcript": "Sorry about that.", "start_time": "8.49", "end_time": "9.25", name: second,
         "items": [5, 6, 7, 8]},
    ]  # fmt: skip


def redacted() -> dict[str, Any]:
    """*Example redacted output (batch)*: a tag stands for the words, with a confidence of its own."""
    tag = {"content": "[PII]", "redactions": [{"confidence": "0.9999", "category": "PII", "type": "NAME"}]}
    items = [
        word("Good", "2.86", "3.35"),
        word("name", "3.4", "5.5"),
        {"start_time": "5.56", "end_time": "6.25", "alternatives": [tag], "type": "pronunciation"},
        mark("."),
    ]
    return {**job(transcripts=[{"transcript": "Good name [PII]."}], items=items), "isRedacted": True}


def streamed(**changed: Any) -> dict[str, Any]:
    """API reference of Transcribe streaming, *TranscriptEvent* and *Result*."""
    items = [
        {"StartTime": 1.02, "EndTime": 1.4, "Type": "pronunciation", "Content": "Good", "Speaker": "0",
         "Confidence": 0.98, "Stable": True, "VocabularyFilterMatch": False},
        {"StartTime": 1.4, "EndTime": 1.9, "Type": "pronunciation", "Content": "day", "Speaker": "0",
         "Confidence": 0.97},
        {"StartTime": 1.9, "EndTime": 1.9, "Type": "punctuation", "Content": "."},
        {"StartTime": 2.6, "EndTime": 3.0, "Type": "pronunciation", "Content": "Hello", "Speaker": "1",
         "Confidence": 0.9},
    ]  # fmt: skip
    result = {
        "ResultId": "8e7dcb5e",
        "StartTime": 1.02,
        "EndTime": 3.0,
        "IsPartial": False,
        "Alternatives": [{"Transcript": "Good day. Hello", "Items": items}],
        "LanguageCode": "en-US",
        **changed,
    }
    return {"TranscriptEvent": {"Transcript": {"Results": [result]}}}
