"""Transcripts on a real S3 server come to tables on it, and a person is taken out of these again."""

from __future__ import annotations

import gzip
import io
import json
import re
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from builders.imperfect_sources import write_imperfect
from builders.made_output import MadeOutput
from builders.spoken_calls import publish_calls, spoken_calls

from callbeam.pipelines import enrich, forget
from callbeam.schemas import TABLES
from callbeam.storage import StorageConfig, open_store
from callbeam.tables import open_output
from callbeam.tables.tombstones import erased_name

if TYPE_CHECKING:
    from pathlib import Path

    from builders.s3_server import S3Server

    from callbeam.storage import ObjectStore

CALLS = 5
SAID = ("segments", "utterance_texts", "labels", "messages", "dead_letters")


class S3Lake:
    """Tables at a place, and what is said of their calls at another, with a copy of both on disk."""

    def __init__(self, tables: str, said: str, folder: Path) -> None:
        self.tables, self.said, self.folder = tables, said, folder

    def enrich(self, *words: str) -> int:
        return enrich.main([self.tables, "--source", self.said, "--text-policy", "raw", *words])

    @property
    def store(self) -> ObjectStore:
        return open_store(StorageConfig(self.tables))

    def objects(self) -> dict[str, bytes]:
        store = self.store
        return {info.key: bytes(store.get(info.key) or b"") for info in store.list("")}

    def rows(self, place: str, table: str) -> list[dict[str, Any]]:
        rows = open_output(StorageConfig(place)).read(table, TABLES[table].schema.names).to_pylist()
        return sorted(({**row, "job_id": ""} for row in rows), key=lambda row: json.dumps(row, default=str))


@pytest.fixture
def lake(server: S3Server, place: str, tmp_path: Path) -> S3Lake:
    """Put tables of spoken calls there, and what two services each say of them, some of it compressed."""
    calls = spoken_calls(CALLS)
    folder, said = tmp_path / "out", tmp_path / "said"
    said.mkdir()
    publish_calls(calls, MadeOutput(folder))
    write_imperfect(calls, said)
    (said / "stream.jsonl.gz").write_bytes(gzip.compress((said / "stream.jsonl").read_bytes()))
    (said / "stream.jsonl").unlink()
    (said / ".write_access_check_file.temp").write_text("as Transcribe leaves it")
    (said / "c_call_recording_redacted.wav").write_bytes(b"RIFF")
    client = server.client()
    for part in (folder, said):
        for path in (path for path in part.rglob("*") if path.is_file()):
            key = f"{place.removeprefix('s3://lake/')}/{part.name}/{path.relative_to(part)}"
            client.put_object(Bucket="lake", Key=key, Body=path.read_bytes())
    return S3Lake(f"{place}/out", f"{place}/said", tmp_path)


def files_by_table(objects: dict[str, bytes]) -> list[tuple[str, bytes]]:
    """Return what files hold, by where they lie."""
    return sorted((key.rpartition("/")[0], content) for key, content in objects.items() if key.endswith(".parquet"))


def mentions(objects: dict[str, bytes], name: str) -> list[str]:
    """Return the objects that hold a name, in their bytes or in what these decode to."""
    found = []
    for key, content in objects.items():
        told = content
        if key.endswith(".parquet"):
            told += json.dumps(pq.read_table(io.BytesIO(content)).to_pylist(), default=str).encode()
        if name.encode() in told:
            found.append(key)
    return found


def test_it_is_what_folders_give(lake: S3Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert lake.enrich() == 0
    told = capsys.readouterr().out
    local = lake.folder / "out"
    assert re.search(r"sound files, passed over +1$", told, re.MULTILINE)
    assert enrich.main([str(local), "--source", str(lake.folder / "said"), "--text-policy", "raw"]) == 0
    assert capsys.readouterr().out == told
    for table in SAID:
        assert lake.rows(lake.tables, table) == lake.rows(str(local), table), table
    assert len(lake.rows(lake.tables, "segments")) > 100


def test_the_same_place_again_gives_the_same_objects_and_leaves_nothing_behind(lake: S3Lake) -> None:
    assert lake.enrich() == 0
    before = lake.objects()
    assert lake.enrich() == 0
    assert lake.objects() == before
    named = {entry.key for one in open_output(StorageConfig(lake.tables)).manifests for entry in one.files}
    assert {key for key in before if key.endswith(".parquet")} == named
    assert {key.rpartition("/")[2] for key in before if key not in named} <= {"manifest.json", "run.json"}


def test_who_is_forgotten_is_in_no_object_and_stays_out(lake: S3Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert lake.enrich() == 0
    before = lake.objects()
    rows = {table: lake.rows(lake.tables, table) for table in SAID}
    call_id = rows["segments"][0]["call_id"]
    assert {key.partition("/")[0] for key in mentions(before, call_id)} >= {"calls", "utterances", "segments", "labels"}
    assert forget.main([lake.tables, "--call-id", call_id]) == 0
    assert "1 call erased" in capsys.readouterr().out
    after = lake.objects()
    assert mentions(after, call_id) == []
    assert any(erased_name(call_id) in key for key in after)
    for table in SAID:
        kept = [row for row in rows[table] if row.get("call_id") != call_id]
        assert lake.rows(lake.tables, table) == kept, table
    assert lake.enrich() == 0
    assert "of who was erased, and passed over" in capsys.readouterr().out
    again = lake.objects()
    assert mentions(again, call_id) == []
    assert files_by_table(again) == files_by_table(after)  # under the names that a job gives, no longer an erasure's
    assert lake.enrich() == 0
    assert lake.objects() == again


def test_a_source_that_may_not_be_read_is_told(
    lake: S3Lake, server: S3Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.client().create_bucket(Bucket="theirs")
    server.client().put_object(Bucket="theirs", Key="said/a.json", Body=b"{}")
    server.add_user("AKIDENRICHER", "a-secret")
    server.allow("AKIDENRICHER", "lake", "s3:GetObject", "s3:ListBucket", "s3:PutObject", "s3:DeleteObject")
    for name, value in server.environment("AKIDENRICHER", "a-secret").items():
        monkeypatch.setenv(name, value)
    before = lake.objects()
    assert enrich.main([lake.tables, "--source", "s3://theirs/said"]) == 2
    assert "--source s3://theirs/said" in capsys.readouterr().err
    assert lake.objects() == before
    assert lake.enrich() == 0
