"""docs/sentiment.md: its programs run as they stand, and it names what there is."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders.made_output import MadeOutput

from callbeam.schemas.sentiment_inputs import INELIGIBLE_REASONS
from callbeam.sentiment.clips import encode_flac
from callbeam.sentiment.eligibility import EligibilityRules
from callbeam.transcripts import TextPolicy, read_transcripts

PAGE = (Path(__file__).parents[2] / "docs" / "sentiment.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SAMPLES = np.random.default_rng(1).integers(-9000, 9000, 8000).astype(np.int16)


def add_rows(made: MadeOutput) -> None:
    """Add three units: to train on, to test on, and one that is not eligible; and what was said in them and before."""
    who = {"call_id": "c-1", "channel_id": "0123456789ab", "participant_role": "CUSTOMER", "duration_ms": 1000}
    turn = {"utterance_id": "before", "participant_role": "AGENT", "begin_offset_ms": 0, "end_offset_ms": 900}
    lists: dict[str, Any] = {"utterance_ids": ["own"], "context": [turn], "split_group": "c-1"}
    made.add("calls", call_id="c-1")
    for unit_id, split, eligible in (("u1", "train", True), ("u2", "test", True), ("u3", "train", False)):
        made.add("clips", **who, unit_id=unit_id, audio={"bytes": encode_flac(SAMPLES), "path": unit_id})
        facts = {"unit_type": "utterance", "split": split, "eligible": eligible}
        made.add("sentiment_inputs", **who, **lists, **facts, unit_id=unit_id)
    for utterance_id, text in (("before", "How are you?"), ("own", "Not well.")):
        made.add("utterance_texts", call_id="c-1", utterance_id=utterance_id, text=text)


def test_the_programs_run(made: MadeOutput, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for reader in ("datasets", "duckdb", "polars"):
        pytest.importorskip(reader)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    add_rows(made)
    made.publish()
    assert len(PROGRAMS) == 6
    names: dict[str, Any] = {}
    for program in PROGRAMS:
        exec(compile(program, "docs/sentiment.md", "exec"), names)
    assert names["training"]["unit_id"][:] == ["u1"]
    assert names["rate"] == 8000
    np.testing.assert_array_equal(names["samples"] * 32768, SAMPLES)
    assert len(names["row"]["samples"]) == 16000
    assert names["stream"].n_shards == 1
    assert names["table"]["unit_id"].to_list() == ["u1", "u2"]
    assert names["table"]["flac"][0] == encode_flac(SAMPLES)
    assert names["prompts"] == {("c-1", name): "AGENT: How are you?\nCUSTOMER: Not well." for name in ("u1", "u2")}
    names["write_scores"](dict.fromkeys(names["prompts"], 0.25), "mine", "scores.csv")
    said = [*read_transcripts([("scores.csv", Path("scores.csv").read_bytes())], TextPolicy.NONE, Counter())]
    assert [(one.unit_id, one.score, one.annotator) for one in said] == [("u1", 0.25, "mine"), ("u2", 0.25, "mine")]
    assert names["contract"].sample_rate_hz == 16000
    np.testing.assert_allclose(np.ravel(names["scores"]), [0.5, 0.1], rtol=1e-4)


def test_the_page_names_every_reason_in_order() -> None:
    assert (
        tuple(re.findall(r"^\| `([a-z_]+)` \| ", PAGE.split("## Eligibility")[1], re.MULTILINE))[
            : len(INELIGIBLE_REASONS)
        ]
        == INELIGIBLE_REASONS
    )


def test_the_page_draws_the_lines_where_the_rules_do() -> None:
    rules = EligibilityRules()
    for told in (
        f"less than {rules.shortest_ms // 1000} s",
        f"more than {rules.masked_ratio:.0%} of it".replace("%", " %"),
        f"at least {rules.echo_overlap_ratio:.0%} of its speech".replace("%", " %"),
        f"at most {rules.echo_margin_db:.0f} dB louder",
        f"`snr_db` is below {rules.snr_db:.0f}",
    ):
        assert told in PAGE
    assert rules.overlap_ratio == 0.5
    assert "more than half of its speech" in PAGE
