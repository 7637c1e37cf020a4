"""Of a call's redacted file and the other one below one prefix, what both say is there once, with the text allowed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow.dataset as ds
import pytest
from builders.made_output import MadeOutput
from builders.published_transcripts import contact_lens
from builders.spoken_calls import publish_calls, spoken_calls

from callbeam.pipelines import enrich

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("policy", "name"), [("redacted", "[PII]"), ("raw", "Peter"), ("none", None)])
def test_what_both_say_is_there_once(tmp_path: Path, policy: str, name: str | None) -> None:
    (call,) = spoken_calls(1)
    publish_calls([call], MadeOutput(tmp_path / "out"))
    for output, folder in (("Raw", "Voice"), ("Redacted", "Voice/Redacted")):
        (tmp_path / folder).mkdir(parents=True)
        record = contact_lens(output)
        del record["ConversationCharacteristics"]["ContactSummary"]
        path = tmp_path / folder / f"{call.truth.call_id}_analysis_{output.lower()}.json"
        path.write_text(json.dumps(record), encoding="utf-8")
    words = [str(tmp_path / "out"), "--source", str(tmp_path / "Voice"), "--text-policy", policy]
    assert enrich.main(words) == 0

    def rows(table: str) -> list[dict[str, Any]]:
        return ds.dataset(tmp_path / "out" / table, format="parquet").to_table().to_pylist()

    turns = sorted(rows("segments"), key=lambda row: row["source_begin_ms"])
    assert [row["record_count"] for row in turns] == [2, 2, 2]
    assert turns[1]["text"] == (name and f"Just hello. My name is {name} and help.")
    labels = rows("labels")
    assert {row["record_count"] for row in labels} == {2}
    (issue,) = [row["value"] for row in labels if row["name"] == "issue"]
    assert issue == (name and "I need to cancel. I want to cancel my plan subscription")
