"""``callbeam compact`` as its user meets it: what it prints and refuses, and that no query's answer changes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
import sqlglot
from builders.made_lake import spread
from sqlglot import exp

from callbeam import open_tables
from callbeam.pipelines import compact
from callbeam.storage import StorageConfig, open_store

if TYPE_CHECKING:
    from collections.abc import Callable

DOCS = Path(__file__).parents[2] / "docs"
LAKE = max((Path(__file__).parents[1] / "schemas").glob("lake-*"))
DAYS = [date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3), date(2026, 4, 1)]
MARCH = ["--before", "2026-04-01"]


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put tables of four days into ``out``, where the pages' programs look for them."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    monkeypatch.chdir(tmp_path)
    spread(open_store(StorageConfig(str(LAKE))), open_store(StorageConfig("out")), DAYS)
    return tmp_path / "out"


def answers() -> list[list[tuple[Any, ...]]]:
    """Answer every query of the pages on tables in ``out``."""
    connection = duckdb.connect()
    page = (DOCS / "queries.md").read_text(encoding="utf-8")
    connection.execute((DOCS / "views.sql").read_text(encoding="utf-8"))
    found = []
    for sql in re.findall(r"^```sql\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        if all(isinstance(one, exp.Select) for one in sqlglot.parse(sql, dialect="duckdb")):
            found.append(connection.sql(sql).fetchall())
        else:
            connection.execute(sql.replace("CREATE VIEW", "CREATE OR REPLACE VIEW"))
    return found


def test_every_query_has_the_same_answer(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = answers()
    assert {number for number, rows in enumerate(before, start=1) if not rows} <= {3, 10}  # nobody is interrupted
    assert len(before) == 11
    files = len(list(lake.glob("*/*/*.parquet")))
    assert compact.main(["out", *MARCH]) == 0
    told = capsys.readouterr().out
    assert re.fullmatch(r"2026-03: 48 files of 6 jobs became 16, \d\.\d MB\n", told), told
    assert len(list(lake.glob("*/*/*.parquet"))) == files - 48 + 16
    assert answers() == before
    assert compact.main(["out", *MARCH]) == 0
    assert capsys.readouterr().out == "no month before 2026-04-01 has files to be joined\n"


def test_the_programs_of_read_the_tables_read_joined_ones(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compact.main(["out", *MARCH]) == 0
    page = (DOCS / "how-to" / "read-the-tables.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    capsys.readouterr()
    for block in re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        exec(block, names)
    lines = capsys.readouterr().out.splitlines()
    assert "changed: []" in lines
    assert lines[-4:] == ["4"] * 4


def test_killed_half_way_it_is_run_again(lake: Path) -> None:
    before = answers()
    words = [sys.executable, "-m", "callbeam.pipelines.cli", "compact", str(lake), *MARCH]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))
    deadline = time.monotonic() + 60
    while not list(lake.glob("*/month=*/*")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert open_tables(lake).read("calls", ["call_id"]).num_rows == 4
    assert compact.main([str(lake), *MARCH]) == 0
    assert answers() == before
    assert not list(lake.glob("*/dt=2026-03-*"))
    assert not list(lake.glob("_jobs/*/publishing"))


def test_a_job_that_is_being_published_is_told(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    claimed = min(lake.glob("_jobs/20260302T*"))
    (claimed / "publishing").write_text('{"attempt": "x"}')
    assert compact.main(["out", *MARCH]) == 1
    assert f"2026-03: left as it is, for job {claimed.name} is being published" in capsys.readouterr().out


def tomorrow() -> str:
    return f"{datetime.now(timezone.utc).date() + timedelta(days=1)}"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (lambda: ["out"], "required: --before"),
        (lambda: ["out", "--before", "March"], "'March' is no date such as 2026-04-01"),
        (lambda: ["out", "--before", tomorrow()], "is yet to come, and so are jobs of its month; --before "),
        (lambda: ["nowhere", *MARCH], "there is no folder"),
        (lambda: [".", *MARCH], "holds no table of calls that a job has published"),
    ],
    ids=["no date", "no such date", "to come", "no folder", "no tables"],
)
def test_bad_input_is_told(
    lake: Path, words: Callable[[], list[str]], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compact.main(words()) == 2
    assert message in capsys.readouterr().err
