"""Sentiment inputs through the command: scores of one's own model, whose audio is kept, words, splits."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile
from builders.demo import load_demo
from builders.models import loudness_model

from callbeam.emulator import Emulator
from callbeam.schemas.sentiment_inputs import INELIGIBLE_REASONS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.end_to_end.conftest import Result

    Backfill = Callable[..., Result]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "loudness.onnx"
    path.write_bytes(loudness_model(8000))
    return path


def test_a_model_scores_what_it_may_and_clips_hold_what_it_heard(kvs: Emulator, run: Backfill, model: Path) -> None:
    load_demo(kvs, 3)
    options = ["--sentiment-model", str(model), "--audio-policy", "raw", "--prosody-text"]
    result = run(*options, "--vad-speech-pad-ms", "0")
    assert result.code == 0, result.err
    units = result.rows("sentiment_inputs")
    clips = {row["unit_id"]: row for row in result.rows("clips")}
    scored = [unit for unit in units if unit["eligible"]]
    assert len(scored) > 20
    assert {unit["participant_role"] for unit in scored} == {"CUSTOMER"}
    (job,) = result.rows("jobs")
    models = dict(job["models"])
    assert set(models) == {"silero_vad", "sentiment"}
    for unit in units:
        assert (unit["ineligible_reason"] is None) == unit["eligible"]
        assert unit["eligible"] or unit["ineligible_reason"] in INELIGIBLE_REASONS
        assert (unit["scores"] is not None) == unit["eligible"] == (unit["model_sha256"] == models["sentiment"])
    for unit in scored:
        pcm, rate = soundfile.read(io.BytesIO(clips[unit["unit_id"]]["audio"]["bytes"]), dtype="int16")
        assert rate == 8000
        assert 0 <= unit["duration_ms"] * 8 - len(pcm) < 80  # a channel's last frame may be cut short
        rms = math.sqrt(np.mean(np.square(pcm / 32768)))
        assert unit["scores"] == [{"name": "loudness", "value": pytest.approx(rms, rel=1e-4)}]
        assert unit["prosody_text"]
    assert all(unit["prosody_text"] is None for unit in units if not unit["eligible"])
    two = run(*options, "--vad-speech-pad-ms", "0", "--workers", "2", output="two")
    assert two.code == 0
    for table in ("sentiment_inputs", "clips", "utterances", "events"):
        files = [sorted(folder.glob(f"{table}/**/*.parquet")) for folder in (result.output, two.output)]
        assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]], table


def test_agents_only_if_asked_for_and_no_group_in_two_splits(kvs: Emulator, run: Backfill) -> None:
    load_demo(kvs, 6)
    units = run("--agent-sentiment", "--split-salt", "one").rows("sentiment_inputs")
    assert {unit["participant_role"] for unit in units if unit["eligible"]} >= {"CUSTOMER", "AGENT"}
    again = run("--split-salt", "two", output="two").rows("sentiment_inputs")
    splits: dict[str, set[str]] = {}
    for unit in units:
        splits.setdefault(unit["split_group"], set()).add(unit["split"])
        assert unit["split_group"] == unit["call_id"]
    assert len(splits) == 6
    assert all(len(found) == 1 for found in splits.values())
    salted = {unit["split_group"]: {unit["split"]} for unit in again}
    assert salted.keys() == splits.keys()
    assert salted != splits
    assert {unit["ineligible_reason"] for unit in again if unit["participant_role"] == "AGENT"} == {"agent_policy"}


def test_context_is_the_three_turns_before(kvs: Emulator, run: Backfill) -> None:
    load_demo(kvs, 1)
    result = run()
    turns = sorted(result.rows("utterances"), key=lambda row: row["turn_index"])
    for unit in result.rows("sentiment_inputs"):
        before = [turn for turn in turns if turn["begin_offset_ms"] < unit["begin_offset_ms"]]
        expected = [turn["utterance_id"] for turn in before if turn["utterance_id"] not in unit["utterance_ids"]][-3:]
        assert [turn["utterance_id"] for turn in unit["context"]] == expected


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--sentiment-model", "missing.onnx"], "cannot be read"),
        (["--sentiment-model", __file__], "onnx"),
        (["--audio-policy", "all"], "invalid choice"),
        (["--vad-threshold", "1.5"], "is not from 0 to 1"),
        (["--vad-threshold", "0.4", "--vad-neg-threshold", "0.6"], "--vad-neg-threshold"),
        (["--utterance-pause-ms", "0"], "is not from 10 to 5000"),
    ],
)
def test_bad_options_are_told_of_before_any_work(
    kvs: Emulator, run: Backfill, words: list[str], complaint: str
) -> None:
    load_demo(kvs, 1)
    result = run(*words)
    assert result.code == 2
    assert complaint in result.err.lower()
    assert len(result.err.strip().splitlines()) == 1
    assert "GetMediaForFragmentList" not in {request.operation for request in kvs.requests}


def test_redacted_clips_wait_for_records(kvs: Emulator, run: Backfill) -> None:
    load_demo(kvs, 1)
    result = run("--audio-policy", "redacted")
    assert result.code == 0
    assert not (result.output / "clips").exists()
    assert pq.read_table(result.output / "calls").num_rows == 1
