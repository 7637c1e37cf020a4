"""Where records come from: files, folders and S3; each failure is one line that says what to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from builders.published_records import AGENT_EVENT
from builders.record_values import changed
from builders.stores import aws_server

from callbeam.emulator import Emulator
from callbeam.pipelines import plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Plan = Callable[..., tuple[int, str, str]]

IDLE_AGENT = changed(changed(AGENT_EVENT, "CurrentAgentSnapshot.Contacts", []), "PreviousAgentSnapshot.Contacts", [])

START = "2026-03-02T09:00:00Z"


@pytest.fixture
def kvs(aws_credentials: None) -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def run_plan(kvs: Emulator, capsys: pytest.CaptureFixture[str]) -> Plan:
    def run(place: object, *more: str) -> tuple[int, str, str]:
        words = ["--calls", str(place), "--region", "us-east-1", "--kvs-endpoint-url", kvs.endpoint_url, *more]
        capsys.readouterr()
        return (plan.main(words), *capsys.readouterr())

    return run


@pytest.fixture
def s3(aws_credentials: None) -> Iterator[tuple[str, Any]]:
    with aws_server() as url:
        keys = {"aws_access_key_id": "owner", "aws_secret_access_key": "secret"}
        client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", **keys)
        client.create_bucket(Bucket="records")
        yield url, client


def test_streams_that_keep_nothing_of_the_range_are_told(kvs: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    for name, hours in (("kept", 87_600), ("none", 0), ("day", 24), ("more-1", 0), ("more-2", 0)):
        kvs.add_stream(name, retention_hours=hours)
    streams = ["--streams", "kept", "none", "day", "more-*"]
    span = ["--start", START, "--end", "2026-03-02T10:00:00Z"]
    assert plan.main([*streams, *span, "--region", "us-east-1", "--kvs-endpoint-url", kvs.endpoint_url]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        "  day: KVS keeps its media for 24 h (data retention); this range is older",
        "  more-1: KVS keeps its media for 0 h (data retention); this range is older",
        "  more-2: KVS keeps its media for 0 h (data retention); this range is older",
        "  1 more stream of too short a data retention",
    ]


def test_records_on_s3(kvs: Emulator, run_plan: Plan, s3: tuple[str, Any]) -> None:
    arn, (url, client) = kvs.add_stream("s-1"), s3
    client.put_object(
        Bucket="records", Key="day/calls.csv", Body=f"ContactId,StreamARN,StartTimestamp\nc-1,{arn},{START}\n".encode()
    )
    code, out, err = run_plan("s3://records/day", "--s3-endpoint-url", url)
    assert (code, err) == (0, "")
    assert "s3://records/day: 1 contact, 2026-03-02T00:00:00Z to 2026-03-03T00:00:00Z" in out
    code, _, err = run_plan("s3://records/night", "--s3-endpoint-url", url)
    assert (code, err) == (2, "callbeam plan: error: --calls s3://records/night: there is no object below it\n")
    code, _, err = run_plan("s3://no-such-bucket/day", "--s3-endpoint-url", url)
    assert code == 2
    assert err.startswith("callbeam plan: error: --calls s3://no-such-bucket/day: ")
    assert err.count("\n") == 1
    assert "the bucket does not exist" in err


def test_a_misspelt_column_is_told_before_any_work(kvs: Emulator, tmp_path: Path, run_plan: Plan) -> None:
    (tmp_path / "calls.csv").write_text("ContactId,StreamArn\nc-1,arn\n")
    code, out, err = run_plan(tmp_path)
    assert (code, out) == (2, "")
    assert err == "callbeam plan: error: calls.csv: there is no column StreamArn; StreamARN?\n"
    assert not kvs.requests


def test_an_empty_folder(tmp_path: Path, run_plan: Plan) -> None:
    code, _, err = run_plan(tmp_path)
    assert (code, err) == (2, f"callbeam plan: error: --calls {tmp_path}: the folder holds no file\n")


def test_what_cannot_be_planned_is_told(kvs: Emulator, tmp_path: Path, run_plan: Plan) -> None:
    arn = kvs.add_stream("s-1")
    rows = [f"c-{index},{arn},{START if index == 0 else ''}" for index in range(6)]
    (tmp_path / "calls.csv").write_text("\n".join(["ContactId,StreamARN,StartTimestamp", *rows, "c-9,x,"]) + "\n")
    code, out, _ = run_plan(tmp_path)
    assert code == 0
    told = [line.strip() for line in out.splitlines() if "cannot be" in line]
    assert told[0].startswith("cannot be read: calls.csv, line 8: call_list: StreamARN is no ARN")
    assert told[1] == "cannot be looked for: contact c-1: no record tells when it began"
    assert told[-1].startswith("cannot be looked for: 2 more")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("call c-1 at noon", "calls, file: neither JSON nor a list of calls with a header"),
        ('{"foo": 1}', "calls, line 1: a record of no publisher that is read"),
        ("\n".join(['{"foo": 1}'] * 5), "calls, line 3: a record of no publisher that is read; 2 more"),
        ("", "there is no record"),
        ("ContactId,StreamARN\n", "there is no record"),
        (json.dumps(IDLE_AGENT), "no record is of a call: agent_event, agent_event: no voice contact"),
    ],
)
def test_records_that_cannot_be_read_say_why_where_there_are_no_others(
    kvs: Emulator, tmp_path: Path, run_plan: Plan, content: str, why: str
) -> None:
    (tmp_path / "calls").write_text(content)
    code, out, err = run_plan(tmp_path / "calls")
    assert (code, out) == (2, "")
    assert err.startswith(f"callbeam plan: error: --calls {tmp_path / 'calls'}: no contact that can be read: ")
    assert err.endswith(f"{why}\n")
    assert err.count("\n") == 1
    assert not kvs.requests
