"""The pages of the sources: their programs run over published records, and their tables leave nothing out."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from builders.page_reader import REPOSITORY, blocks
from builders.published_records import ALL, CONTACT_ID

from callbeam.records import COLUMNS, subject_key

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = REPOSITORY / "docs" / "sources"


def test_the_programs_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "records").mkdir()
    for kind, record in ALL.items():
        (tmp_path / "records" / f"{kind}.json").write_text(json.dumps(record))
    monkeypatch.chdir(tmp_path)
    known: dict[str, Any] = {}
    for block in blocks("../sources/connect.md"):
        exec(block.code, known)
    assert CONTACT_ID in capsys.readouterr().out
    assert known["read"].bad == ()
    assert subject_key("+12065550100", known["keeping"].subject_secret)


def test_all_columns_are_named() -> None:
    page = (SOURCES / "connect.md").read_text(encoding="utf-8").partition("## A list of calls")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(\w+)`", page)) >= set(COLUMNS)


@pytest.mark.parametrize("page", ["connect.md", "chime.md", "lca.md"])
def test_fields_are_called_as_in_the_records(page: str) -> None:
    """What a page puts into code and calls a field stands in the package's source, where it is read or dropped."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "callbeam" / "records").glob("*.py"))
    made = (REPOSITORY / "tests" / "builders" / "published_records.py").read_text(encoding="utf-8")
    text = (SOURCES / page).read_text(encoding="utf-8").partition("## Source")[0]
    fields = {part for code in re.findall(r"`([A-Za-z.]+)`", text) for part in code.split(".") if len(part) > 3}
    elsewhere = {"CallId", "originalCallId", "OutboundCallerId", "UsageError", "BadRecord"}
    assert {field for field in fields - elsewhere if field not in source and field not in made} == set()
