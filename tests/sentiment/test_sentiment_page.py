"""docs/sentiment.md: its programs run as they stand, and it names what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from callbeam.schemas import TABLES
from callbeam.schemas.sentiment_inputs import INELIGIBLE_REASONS
from callbeam.sentiment.clips import encode_flac
from callbeam.sentiment.eligibility import EligibilityRules
from callbeam.tables.parquet_files import encode_table

PAGE = (Path(__file__).parents[2] / "docs" / "sentiment.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SAMPLES = np.random.default_rng(1).integers(-9000, 9000, 8000).astype(np.int16)


def write(table: str, rows: list[dict[str, Any]]) -> None:
    names = TABLES[table].schema.names
    batch = pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows], TABLES[table].schema)
    path = Path("out", table, "dt=2026-03-02", "j-1-00000.parquet")
    path.parent.mkdir(parents=True)
    path.write_bytes(encode_table(TABLES[table], batch))


def write_tables() -> None:
    """Three units: to train on, to test on, and one that is not eligible."""
    who = {"job_id": "j-1", "call_id": "c-1", "channel_id": "0123456789ab", "participant_role": "CUSTOMER"}
    whole = {"begin_ts": 0, "duration_ms": 1000}
    units = [("u1", "train", True), ("u2", "test", True), ("u3", "train", False)]
    write(
        "clips",
        [who | whole | {"unit_id": name, "audio": {"bytes": encode_flac(SAMPLES), "path": name}} for name, *_ in units],
    )
    filled = {"unit_type": "utterance", "begin_offset_ms": 0, "end_offset_ms": 1000, "speech_ms": 1000}
    lists: dict[str, Any] = {"utterance_ids": [], "context": [], "split_group": "c-1"}
    write(
        "sentiment_inputs",
        [
            who | whole | filled | lists | {"unit_id": name, "split": split, "eligible": eligible}
            for name, split, eligible in units
        ],
    )


def test_the_programs_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for reader in ("datasets", "duckdb", "polars"):
        pytest.importorskip(reader)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    write_tables()
    assert len(PROGRAMS) == 5
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
