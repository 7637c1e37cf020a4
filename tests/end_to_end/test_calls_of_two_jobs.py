"""A call of which two jobs have rows, each on a clock of its own: what is said of it stays where it was said."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from callbeam import open_tables
from callbeam.callmaker import CallSpec, ConversationSpec, make_call
from callbeam.callmaker.stream_calls import write_connect
from callbeam.emulator import Emulator
from callbeam.notebook import unit_labels
from callbeam.pipelines import backfill, enrich, report

DOCS = Path(__file__).parents[2] / "docs"
MIDNIGHT_MS = 1_772_496_000_000  # 2026-03-03T00:00:00Z
APART_MS = 20 * 60_000


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Backfill a call with a leg on either side of midnight, and label what was said in the first."""
    folder = tmp_path_factory.mktemp("days")
    with pytest.MonkeyPatch.context() as patch, Emulator() as kvs:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "example")
        for leg in (0, 1):
            start_ms = MIDNIGHT_MS - APART_MS // 2 + leg * APART_MS
            call = make_call(CallSpec("c-1", start_ms, ConversationSpec(duration_ms=60_000)), seed=82 + leg)
            for stream in write_connect(call, stream=f"calls-{leg}").streams:
                kvs.add_stream(stream.stream)
                for one in stream.fragments:
                    kvs.add_fragment(stream.stream, one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)
        words = ["--streams", "*", "--start", "2026-03-02T00:00:00Z", "--end", "2026-03-04T00:00:00Z"]
        words += ["--kvs-endpoint-url", kvs.endpoint_url, "--region", "us-east-1", "--fragments-per-second", "0"]
        assert backfill.main([*words, "--output", str(folder / "out")]) == 0
    said = ["call_id,name,value,participant_role,begin_offset_ms,end_offset_ms"]
    said += [
        f"c-1,mood,calm,{u['participant_role']},{u['begin_offset_ms']},{u['end_offset_ms']}" for u in first(folder)
    ]
    (folder / "labels.csv").write_text("\n".join(said))
    assert enrich.main([str(folder / "out"), "--source", str(folder / "labels.csv")]) == 0
    return folder / "out"


def first(folder: Path) -> list[dict[str, Any]]:
    """Return the utterances of the first day's job."""
    rows = open_tables(folder / "out")["utterances"].to_pylist()
    return [row for row in rows if row["job_id"].startswith("20260302")]


def test_labels_are_of_the_units_of_their_own_leg(output: Path) -> None:
    tables = open_tables(output)
    assert sorted(row["duration_ms"] for row in tables["calls"].to_pylist()) == [60_000, 60_000]
    labels = unit_labels(tables)
    assert labels.num_rows >= 10
    assert {job_id[:8] for job_id in labels["unit_job_id"].to_pylist()} == {"20260302"}
    connection = duckdb.connect()
    connection.execute((DOCS / "views.sql").read_text(encoding="utf-8").replace("'out/", f"'{output}/"))
    found = connection.sql(f"SELECT {', '.join(labels.column_names)} FROM unit_labels").fetchall()
    assert sorted(map(repr, found)) == sorted(repr(tuple(row.values())) for row in labels.to_pylist())


def test_pages_show_what_is_said_when_it_was_said(output: Path, tmp_path: Path) -> None:
    assert report.main([str(output), "--to", str(tmp_path)]) == 0
    begins = sorted(row["begin_offset_ms"] for row in first(output.parent))
    shown = {}
    for path in (tmp_path / "pages").iterdir():
        text = path.read_text()
        (job_id,) = re.findall(r"<dt>Job</dt><dd>([^<]*)", text)
        shown[job_id[:8]] = [int(begin) for begin in re.findall(r'data-begin="(-?\d+)"', text)]
    assert shown == {"20260302": begins, "20260303": [begin - APART_MS for begin in begins]}
