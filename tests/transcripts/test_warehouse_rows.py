"""Parquet of the data warehouse, columns as its guide names them: the same records as in the stream."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from builders.published_transcripts import chime, utterance_event, voice_tone

from callbeam.records import BadRecord
from callbeam.transcripts import Label, Message, Segment, TextPolicy, read_transcripts

if TYPE_CHECKING:
    from pathlib import Path


def small(value: Any) -> Any:
    """Write names within structs in small letters, as the warehouse does."""
    if isinstance(value, dict):
        return {name.lower(): small(each) for name, each in value.items()}
    return [small(each) for each in value] if isinstance(value, list) else value


def parquet(*records: dict[str, Any]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(records)), sink)
    return sink.getvalue()


def test_transcribe_call_analytics(tmp_path: Path) -> None:
    utterance = {**utterance_event(), "Entities": None, "IssuesDetected": None}
    content = parquet(chime("TranscribeCallAnalytics", UtteranceEvent=small(utterance)))
    message, segment, label = read_transcripts([("f.parquet", content)], TextPolicy.RAW)
    assert isinstance(message, Message)
    assert isinstance(segment, Segment)
    assert isinstance(label, Label)
    assert (segment.role, segment.text, len(segment.words)) == ("CUSTOMER", "Peter here.", 2)
    assert segment.call.place == "f.parquet, row 1"
    path = tmp_path / "f"
    path.write_bytes(content)
    with path.open("rb") as file:
        assert len(list(read_transcripts([("f", file)], TextPolicy.RAW))) == 3


def test_voice_tone() -> None:
    said = list(read_transcripts([("f", parquet(chime("VoiceToneAnalysisStatus", detail=voice_tone())))]))
    labels = [one for one in said if isinstance(one, Label)]
    assert [label.name for label in labels] == [
        "voice_tone", "voice_tone_score", "voice_tone_overall", "voice_tone_overall_score"
    ]  # fmt: skip
    assert (labels[0].begin_ms, labels[0].end_ms) == (1772441980000, 1772442010200)


def test_what_cannot_be_read_is_told() -> None:
    content = parquet(chime("Recording"))
    (bad,) = read_transcripts([("f", content[:40])])
    assert isinstance(bad, BadRecord)
    assert "cannot be read as Parquet" in bad.reason
    (bad,) = read_transcripts([("f", parquet({"hello": 1}))])
    assert isinstance(bad, BadRecord)
    assert (bad.place, bad.reason) == ("row 1", "a record of no publisher that is read")
