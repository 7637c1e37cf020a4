"""A person is erased: no byte of any file tells of the call, counts stay true, and nothing brings it back."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from builders.demo import load_demo
from builders.made_lake import spread
from builders.made_transcripts import write_sources

from callbeam.callmaker import load_truth
from callbeam.emulator import Emulator
from callbeam.pipelines import backfill, compact, enrich, forget, report
from callbeam.schemas import TABLES
from callbeam.storage import StorageConfig, open_store
from callbeam.tables import Manifest
from callbeam.tables.tombstones import erased_name

if TYPE_CHECKING:
    from collections.abc import Iterator

CALLS = 3


@dataclass
class Lake:
    """Tables of made-up calls, what others say of them, and the streams that they came from."""

    output: Path
    records: Path
    said: Path
    kvs: Emulator

    def backfill(self, *source: str) -> int:
        words = ["--output", str(self.output), "--aws-region", "us-east-1", "--frames", "--audio-policy", "raw"]
        words += ["--kvs-endpoint-url", self.kvs.endpoint_url, "--fragments-per-second", "0"]
        return backfill.main([*(source or ("--calls", str(self.records))), *words])

    def enrich(self) -> int:
        return enrich.main([str(self.output), "--source", str(self.said), "--text-policy", "raw"])

    def copy(self, to: Path) -> Lake:
        shutil.copytree(self.output, to)
        return Lake(to, self.records, self.said, self.kvs)

    def table(self, name: str) -> pa.Table:
        return ds.dataset(self.output / name, format="parquet").to_table()

    def rows(self, table: str) -> list[dict[str, Any]]:
        return self.table(table).to_pylist()

    def manifests(self) -> list[Manifest]:
        return [Manifest.from_json(path.read_bytes()) for path in sorted(self.output.glob("_jobs/*/manifest.json"))]

    def digests(self) -> dict[str, str]:
        files = sorted([*self.output.rglob("*.parquet"), *self.output.rglob("manifest.json")])
        return {str(path.relative_to(self.output)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def mentions(self, name: str) -> list[str]:
        """Return the files that hold a name, in their bytes or in what these decode to."""
        found = []
        for path in self.output.rglob("*"):
            if path.is_file():
                told = path.read_bytes()
                if path.suffix == ".parquet":
                    columns = pq.read_table(path, partitioning=None).combine_chunks().to_batches()
                    texts = [text for batch in columns for column in batch.columns for text in texts_of(column)]
                    told += "\n".join(texts).encode()
                if name.encode() in told:
                    found.append(str(path))
        return found


def texts_of(column: pa.Array) -> Iterator[str]:
    """Yield every text in a column, however deep it lies, once or more often."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        yield from (text for text in column.unique().to_pylist() if text is not None)
    elif pa.types.is_dictionary(kind):
        yield from texts_of(column.dictionary)
    elif pa.types.is_struct(kind):
        for at in range(kind.num_fields):
            yield from texts_of(column.field(at))
    elif pa.types.is_nested(kind):
        yield from texts_of(column.values)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    folder = tmp_path_factory.mktemp("lake")
    with pytest.MonkeyPatch.context() as patch, Emulator() as emulator:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "example")
        patch.setenv("CALLBEAM_SUBJECT_SECRET", "a secret of at least thirty-two characters")
        truth = load_demo(emulator, CALLS)
        lake = Lake(folder / "out", truth.parent / "records", folder / "said", emulator)
        write_sources([load_truth(path) for path in sorted(truth.glob("*.json"))], lake.said)
        assert lake.backfill() == 0
        assert lake.enrich() == 0
        yield lake


@pytest.fixture(scope="module")
def call_id(lake: Lake) -> str:
    """The first contact: it has rows in every table, of its transcripts, too."""
    return min(row["call_id"] for row in lake.rows("calls") if row["source"] == "connect")


@pytest.fixture(scope="module")
def erased(lake: Lake, call_id: str, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    copy = lake.copy(tmp_path_factory.mktemp("erased") / "out")
    assert copy.mentions(call_id)
    assert report.main([str(copy.output), "--call-id", call_id]) == 0
    assert forget.main([str(copy.output), "--call-id", call_id]) == 0
    return copy


def test_no_byte_of_any_file_tells_of_the_call(erased: Lake, call_id: str) -> None:
    assert erased.mentions(call_id) == []
    assert not list(erased.output.glob("_jobs/*/*/"))


def test_the_others_are_as_they_were(erased: Lake, lake: Lake, call_id: str) -> None:
    for table in ("calls", "utterances", "sentiment_inputs", "frames", "fragments", "segments", "labels", "messages"):
        every = lake.table(table)
        kept = every.filter(pc.fill_null(pc.not_equal(every["call_id"], call_id), fill_value=True))
        assert erased.table(table).equals(kept), table
        assert len(kept) < len(every), table


def test_manifests_stay_true(erased: Lake) -> None:
    for manifest in erased.manifests():
        for entry in manifest.files:
            path = erased.output / entry.key
            assert hashlib.sha256(path.read_bytes()).hexdigest() == entry.sha256
            assert (pq.read_metadata(path).num_rows, path.stat().st_size) == (entry.rows, entry.bytes)
    (job,) = [manifest for manifest in erased.manifests() if any(entry.table == "calls" for entry in manifest.files)]
    calls = erased.rows("calls")
    assert job.outcome.call_count == len(calls)
    assert job.outcome.call_ms == sum(row["duration_ms"] for row in calls)
    (row,) = erased.rows("jobs")
    assert (row["call_count"], row["listed"]) == (len(calls), len(erased.rows("fragments")))
    assert dict(row["by_status"]) == job.outcome.by_status
    hours = sum(one["samples"] / one["sample_rate_hz"] for one in erased.rows("channels")) / 3600
    assert row["channel_hours"] == pytest.approx(hours, abs=1e-6)


@pytest.fixture(scope="module")
def joined(lake: Lake, call_id: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, list[str]]:
    """Return a lake whose month was joined, and the call erased from it; and the ids of its calls before."""
    copy = lake.copy(tmp_path_factory.mktemp("joined") / "out")
    source, target = (open_store(StorageConfig(str(one.output))) for one in (lake, copy))
    spread(source, target, [date(2026, 3, 20), date(2026, 3, 21)], tables=set(TABLES) - {"frames"})
    assert compact.main([str(copy.output), "--before", "2026-04-01"]) == 0
    assert not list(copy.output.glob("*/dt=*"))
    before = [row["call_id"] for row in copy.rows("calls")]
    assert forget.main([str(copy.output), "--call-id", call_id]) == 0
    return copy, before


def test_a_call_is_erased_from_joined_files(joined: tuple[Lake, list[str]], call_id: str) -> None:
    copy, before = joined
    assert copy.mentions(call_id) == []
    assert sorted([call_id, *(row["call_id"] for row in copy.rows("calls"))]) == sorted(before)
    for table in ("utterances", "clips", "segments", "labels"):
        assert {row["call_id"] for row in copy.rows(table)} == set(before) - {call_id}, table


def test_manifests_of_joined_files_stay_true(joined: tuple[Lake, list[str]]) -> None:
    copy, _ = joined
    entries = [entry for manifest in copy.manifests() for entry in manifest.files]
    assert sorted(entry.key for entry in entries) == sorted(
        str(path.relative_to(copy.output)) for path in copy.output.glob("*/*/*.parquet")
    )
    for entry in entries:
        path = copy.output / entry.key
        assert hashlib.sha256(path.read_bytes()).hexdigest() == entry.sha256
        assert (pq.read_metadata(path).num_rows, path.stat().st_size) == (entry.rows, entry.bytes)
    counts = {row["job_id"]: row["call_count"] for row in copy.rows("jobs")}
    assert Counter(row["job_id"] for row in copy.rows("calls")) == Counter(counts)
    outcomes = {one.job_id: one.outcome.call_count for one in copy.manifests() if one.outcome.call_count}
    assert outcomes == counts


def test_it_is_joined_again_without_the_call(joined: tuple[Lake, list[str]], call_id: str, tmp_path: Path) -> None:
    copy, before = joined
    again = copy.copy(tmp_path / "out")
    assert compact.main([str(again.output), "--before", "2026-04-01"]) == 0
    assert not list(again.output.glob("*/dt=*"))
    assert again.mentions(call_id) == []
    assert len(again.rows("calls")) == len(before) - 1


def test_there_is_an_audit_that_names_nobody(erased: Lake, call_id: str) -> None:
    audit = json.loads((erased.output / "_erased" / f"{erased_name(call_id)}.json").read_text())
    assert audit["complete"] is True
    assert audit["rows"]["calls"] == 1
    assert audit["asked"]


def of_tables(lake: Lake) -> Counter[tuple[str, str]]:
    """Return the digests of tables' files; an erasure leaves holes where a job numbers pieces' files."""
    files = lake.digests().items()
    return Counter((key.partition("/")[0], digest) for key, digest in files if key.endswith(".parquet"))


def test_running_the_jobs_again_does_not_bring_it_back(erased: Lake, call_id: str, tmp_path: Path) -> None:
    again = erased.copy(tmp_path / "out")
    assert again.backfill() == 0
    assert again.enrich() == 0
    assert again.mentions(call_id) == []
    assert of_tables(again) == of_tables(erased)


@pytest.mark.parametrize("after_s", [0.0, 0.15, 0.4])
def test_killed_half_way_it_is_completed_by_the_same_again(
    lake: Lake, erased: Lake, call_id: str, tmp_path: Path, after_s: float
) -> None:
    copy = lake.copy(tmp_path / "out")
    words = [sys.executable, "-m", "callbeam.pipelines.cli", "forget", str(copy.output), "--call-id", call_id]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))
    tombstone = copy.output / "_erased" / f"{erased_name(call_id)}.json"
    deadline = time.monotonic() + 60
    while not tombstone.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert forget.main([str(copy.output), "--call-id", call_id]) == 0
    assert copy.mentions(call_id) == []
    assert copy.digests() == erased.digests()


def test_a_customer_is_erased_by_their_pseudonym(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = lake.copy(tmp_path / "out")
    (key,) = {row["subject_key"] for row in copy.rows("sentiment_inputs")} - {None}  # one number calls in the demo
    theirs = {row["call_id"] for row in copy.rows("sentiment_inputs") if row["subject_key"] == key}
    assert forget.main([str(copy.output), "--subject-key", key]) == 0
    assert f"{len(theirs)} calls erased" in capsys.readouterr().out
    assert copy.mentions(key) == []
    assert all(copy.mentions(call_id) == [] for call_id in theirs)


@pytest.mark.parametrize("by", ["calls", "streams"])
def test_a_job_of_which_nothing_is_left_says_why(
    lake: Lake, tmp_path: Path, by: str, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = lake.copy(tmp_path / "out")
    every = [word for row in copy.rows("calls") for word in ("--call-id", row["call_id"])]
    assert forget.main([str(copy.output), *every]) == 0
    words = ["--streams", "*", "--start", "2026-03-02T00:00:00Z", "--end", "2026-03-03T00:00:00Z", "--allow-overlap"]
    capsys.readouterr()
    assert copy.backfill(*(words if by == "streams" else [])) == 0
    said = capsys.readouterr().out
    assert "calls of this range were erased and are kept out" in said
    assert "no fragments in this range" not in said


def test_a_job_that_ran_meanwhile_does_not_publish(
    lake: Lake, call_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The tombstone comes after the job has begun: its rows may hold the call, so it is refused."""
    copy = lake.copy(tmp_path / "out")
    before = copy.digests()
    load = backfill.load_tombstones

    def loaded_before(store: Any) -> Any:
        found = load(store)
        assert forget.main([str(copy.output), "--call-id", call_id]) == 0
        return found

    monkeypatch.setattr(backfill, "load_tombstones", loaded_before)
    assert copy.backfill() == 1
    assert "somebody was erased while job" in capsys.readouterr().err
    assert copy.mentions(call_id) == [path for path in copy.mentions(call_id) if "_jobs/" in path]
    assert copy.digests() != before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nobody is named: give --call-id or --subject-key"),
        (["--call-id", "nobody"], "no table knows 'nobody': nothing was erased"),
        (["--subject-key", "nobody"], "no table knows 'nobody': nothing was erased"),
    ],
)
def test_what_nobody_knows_is_refused(
    lake: Lake, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = lake.digests()
    assert forget.main([str(lake.output), *words]) == 2
    assert message in capsys.readouterr().err
    assert lake.digests() == before
    assert not (lake.output / "_erased").exists()
