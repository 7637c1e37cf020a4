from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders.made_output import JOB_ID, MadeOutput

from callbeam.errors import JobError, UsageError
from callbeam.storage import StorageConfig
from callbeam.tables import open_output


def test_reads_columns_of_the_calls_asked_for(made: MadeOutput) -> None:
    for seed in (1, 2, 3):
        made.add_call(f"call-{seed}", seed=seed)
    output = open_output(StorageConfig(str(made.publish())))
    rows = output.read_calls("utterances", ["call_id", "begin_offset_ms"], {JOB_ID: {"call-2"}}, channel_ids={})
    assert set(rows["call_id"].to_pylist()) == {"call-2"}
    assert rows.num_rows == sum(row["call_id"] == "call-2" for row in made.rows["utterances"])
    assert output.read_calls("utterances", ["call_id"], {"another": {"call-2"}}, channel_ids={}).num_rows == 0


def test_what_is_not_there_is_empty_or_null(made: MadeOutput) -> None:
    made.add_call("a")
    output = open_output(StorageConfig(str(made.publish(without={"calls": {"channel_layout", "warnings"}}))))
    assert output.read("clips", ["call_id", "audio"]).num_rows == 0
    assert output.read("calls", ["call_id", "channel_layout", "warnings"]).to_pylist() == [
        {"call_id": "a", "channel_layout": None, "warnings": None}
    ]


def test_only_files_that_a_manifest_names_count(made: MadeOutput) -> None:
    made.add_call("a")
    output = open_output(StorageConfig(str(made.publish(unnamed=("utterances",)))))
    assert (made.folder / "utterances/dt=2026-03-02" / f"{JOB_ID}-00000.parquet").exists()
    assert output.read("utterances", ["call_id"]).num_rows == 0


@pytest.mark.parametrize("damage", [None, b"no Parquet"])
def test_a_file_that_is_gone_or_damaged_is_named(made: MadeOutput, damage: bytes | None) -> None:
    made.add_call("a")
    path = made.publish() / "seconds/dt=2026-03-02" / f"{JOB_ID}-00000.parquet"
    output = open_output(StorageConfig(str(made.folder)))
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    with pytest.raises(JobError, match=str(path)):
        output.read("seconds", ["call_id"])


def test_no_folder_and_no_tables(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        open_output(StorageConfig(str(tmp_path / "nothing")))
    with pytest.raises(UsageError, match="holds no table of calls"):
        open_output(StorageConfig(str(tmp_path)))


def test_jobs_without_calls_are_no_wrong_folder(made: MadeOutput) -> None:
    with pytest.raises(UsageError, match="hold no calls: run a backfill of a range that has some"):
        open_output(StorageConfig(str(made.publish())))


def test_a_bucket_that_is_not_there_is_told_of_before_any_work(s3_endpoint: str) -> None:
    with pytest.raises(UsageError, match=r"^s3://none-such/\S+ cannot be listed: the bucket does not exist: [^\n]+$"):
        open_output(StorageConfig("s3://none-such/some", endpoint_url=s3_endpoint))


def test_s3_is_read_as_a_folder_is(made: MadeOutput, owner: Any, bucket: str, s3_endpoint: str) -> None:
    made.add_call("a")
    folder = made.publish()
    for path in folder.rglob("*"):
        if path.is_file():
            owner.upload_file(str(path), bucket, f"some/{path.relative_to(folder).as_posix()}")
    there = open_output(StorageConfig(f"s3://{bucket}/some", endpoint_url=s3_endpoint))
    here = open_output(StorageConfig(str(folder)))
    columns = ["call_id", "begin_offset_ms", "level_dbfs"]
    asked: Any = ("seconds", columns, {JOB_ID: {"a"}})
    assert there.read_calls(*asked, channel_ids={}) == here.read_calls(*asked, channel_ids={})
    assert there.read("seconds", columns) == here.read("seconds", columns)
