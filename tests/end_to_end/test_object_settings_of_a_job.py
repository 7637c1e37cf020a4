"""Everything that a job writes to S3 carries what the command line says of objects; what cannot work is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from callbeam.pipelines import backfill

if TYPE_CHECKING:
    from builders.stores import FaultyProxy

    from callbeam.emulator import Emulator

SETTINGS = ("--s3-sse", "AES256", "--s3-storage-class", "STANDARD_IA", "--s3-tag", "team=voice", "--s3-requester-pays")


def words(kvs: Emulator, output: str, *more: str) -> list[str]:
    given = ["--streams", "*", "--start", "2026-03-02T00:00:00Z", "--end", "2026-03-03T00:00:00Z", "--output", output]
    return [*given, "--kvs-endpoint-url", kvs.endpoint_url, "--region", "us-east-1", *more]


def test_staging_copies_manifest_and_run(kvs: Emulator, bucket: str, proxy: FaultyProxy, owner: Any) -> None:
    kvs.add_stream("calls-1")
    command = words(kvs, f"s3://{bucket}/calls", "--s3-endpoint-url", proxy.url, *SETTINGS)
    assert backfill.main(command) == 0
    written = [
        (unquote(path.partition("?")[0]), headers)
        for (method, path), headers in zip(proxy.requests, proxy.headers, strict=True)
        if method == "PUT"
    ]
    for part in ("/probe-", "/jobs/00000.parquet", "/jobs/dt=2026-03-02/", "/manifest.json", "/run.json", ""):
        assert [path for path, _ in written if part in path], part
    for path, headers in written:
        assert headers["x-amz-server-side-encryption"] == "AES256", path
        assert headers["x-amz-storage-class"] == "STANDARD_IA", path
        assert headers["x-amz-tagging"] == "team=voice", path
    assert {headers["x-amz-request-payer"] for headers in proxy.headers} == {"requester"}
    for item in owner.list_objects_v2(Bucket=bucket)["Contents"]:
        assert item["StorageClass"] == "STANDARD_IA"


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (("--s3-sse", "aws:kms", "--s3-storage-class", "DEEP_ARCHIVE"), "is an archive"),
        (("--s3-sse-kms-key-id", "alias/lake"), "with encryption aws:kms only"),
        (("--s3-tag", "team"), "--s3-tag 'team' is not NAME=VALUE"),
        (("--s3-role-external-id", "42"), "external id 42 is for assuming a role"),
        (("--kvs-role-external-id", "42"), "external id 42 is for assuming a role"),
        (("--s3-sse", "AES128"), "--s3-sse"),
    ],
)
def test_what_cannot_work_is_refused_before_any_work(
    kvs: Emulator,
    bucket: str,
    proxy: FaultyProxy,
    capsys: pytest.CaptureFixture[str],
    given: tuple[str, ...],
    complaint: str,
) -> None:
    kvs.add_stream("calls-1")
    command = words(kvs, f"s3://{bucket}/calls", "--s3-endpoint-url", proxy.url, *given)
    assert backfill.main(command) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert complaint in line
    assert proxy.requests == []


def test_a_folder_has_no_such_settings(kvs: Emulator, tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert backfill.main(words(kvs, str(tmp_path / "out"), "--s3-tag", "team=voice")) == 2
    assert "is a local folder: leave them out, or write to s3://bucket/prefix" in capsys.readouterr().err
