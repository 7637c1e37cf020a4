"""What Dataflow would refuse late is refused at once, with the way out."""

from __future__ import annotations

import argparse
import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from callbeam.errors import UsageError
from callbeam.pipelines import backfill, enrich
from callbeam.pipelines.engines import cause_in, check_dataflow, dataflow_words
from callbeam.pipelines.options import beam_parser, check_beam_words

GIVEN = {
    "--runner": "DataflowRunner",
    "--project": "calls",
    "--region": "europe-west4",
    "--temp_location": "gs://lake-staging/callbeam",
    "--sdk_container_image": "example/callbeam:1",
}


def words(**changed: str | None) -> list[str]:
    """Return a command line that is complete, but for what is changed or left out."""
    given = GIVEN | {f"--{name}": value for name, value in changed.items()}
    return [f"{name}={value}" for name, value in given.items() if value is not None]


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [({"region": None}, r"needs --region, one of Google's such as europe-west4 \(AWS's is --aws-region\)"),
     ({"region": "eu-central-1"}, "is AWS's: .* given as --aws-region=eu-central-1"),
     ({"region": "us-gov-west-1"}, "is AWS's"),
     ({"project": None}, "needs --project"),
     ({"temp_location": None}, "needs --temp_location=gs://BUCKET/PATH"),
     ({"temp_location": "s3://lake/tmp"}, "--temp_location s3://lake/tmp is no place on Cloud Storage"),
     ({"staging_location": "/tmp/here"}, "--staging_location /tmp/here is no place on Cloud Storage"),
     ({"sdk_container_image": None}, "workers do not have callbeam: give --sdk_container_image.*or --setup_file")],
)  # fmt: skip
def test_what_is_missing_is_named(changed: dict[str, str | None], complaint: str) -> None:
    options = check_beam_words(beam_parser(), words(**changed))
    with pytest.raises(UsageError, match=complaint):
        check_dataflow(options, output="s3://lake/calls")


def test_a_folder_is_no_output() -> None:
    options = check_beam_words(beam_parser(), words())
    with pytest.raises(UsageError, match="vanish with their disks; give s3://BUCKET/PREFIX"):
        check_dataflow(options, output="out")


@pytest.mark.skipif(
    importlib.util.find_spec("google.cloud") is not None, reason="apache-beam[gcp] is installed, and so not missed"
)
def test_googles_libraries_are_missed_before_anything_is_planned(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--streams", "*", "--start", "2026-03-02T00:00:00Z", "--end", "2026-03-03T00:00:00Z"]
    assert backfill.main([*given, "--output", "s3://lake/calls", *words()]) == 2
    assert "pip install 'callbeam[dataflow]'" in capsys.readouterr().err


def test_threads_are_few_unless_they_are_named() -> None:
    options = check_beam_words(beam_parser(), words())
    assert dataflow_words(words(), options) == [*words(), "--number_of_worker_harness_threads=2"]
    named = words(number_of_worker_harness_threads="4")
    assert dataflow_words(named, check_beam_words(beam_parser(), named)) == named


def test_only_a_job_on_dataflow_is_left_alone() -> None:
    check_beam_words(beam_parser(), [*words(), "--no_wait_until_finish"])
    with pytest.raises(UsageError, match="--no_wait_until_finish goes with --runner=DataflowRunner"):
        check_beam_words(beam_parser(), ["--no_wait_until_finish"])


def test_a_job_left_alone_leaves_transcripts_to_enrich(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, aws_credentials: None
) -> None:
    """It is told before anything is planned, which is refused here, for the range is not over.

    It names the place itself, for who reads it then may be in another folder.
    """
    monkeypatch.setattr(backfill, "check_dataflow", lambda options, *, output: None)
    (tmp_path / "said").mkdir()
    (tmp_path / "said" / "labels.csv").write_text("call_id,name,value\n")
    monkeypatch.chdir(tmp_path)
    given = ["--streams", "calls", "--start", "2126-03-02T00:00:00Z", "--end", "2126-03-03T00:00:00Z"]
    given += [
        "--aws-region",
        "us-east-1",
        "--output",
        "s3://lake/my calls",
        "--transcripts",
        "said",
        "--text-policy",
        "raw",
    ]
    assert backfill.main([*given, *words(), "--no_wait_until_finish"]) == 2
    told = capsys.readouterr().out
    assert "is not read by this command" in told
    (command,) = re.findall(r": (callbeam enrich .*)$", told, re.MULTILINE)
    parser = argparse.ArgumentParser()
    enrich.add_arguments(parser)
    options = parser.parse_args(shlex.split(command)[2:])
    assert (options.tables, options.source, options.text_policy) == ("s3://lake/my calls", f"{tmp_path}/said", "raw")


def test_the_cause_is_found_in_a_workers_traceback() -> None:
    told = (
        "Dataflow pipeline failed. State: FAILED, Error:\nError processing instruction process_bundle-1. Original "
        "traceback is\nTraceback (most recent call last):\n  File \"x.py\", line 1, in f\n"
        "callbeam.errors.UsageError: there are 900 MB of memory\n\npassed through:\n==>\n    fnapi_service.cc:979"
    )  # fmt: skip
    assert cause_in(told) == "there are 900 MB of memory"
