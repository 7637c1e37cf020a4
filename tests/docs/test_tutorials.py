"""The tutorials: what they say to type is typed, and what they show is what comes out."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from builders.page_reader import Reader, assert_alike, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    pytest.importorskip("duckdb")
    pytest.importorskip("matplotlib")
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    one = Reader(folder)
    yield one
    one.close()


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_from_a_recording(reader: Reader, port: int) -> None:
    for block in blocks("from-a-recording.md"):
        reader.follow(block, port)
    picture = Path("first-call/call.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 20_000


def test_ten_questions(reader: Reader, port: int) -> None:
    work = blocks("ten-questions.md")
    assert sum(block.language == "sql" for block in work) >= 11
    for block in work:
        reader.follow(block, port)


def test_an_answer_is_compared_by_its_words_and_by_its_numbers() -> None:
    assert_alike("12 rows in ...\n lost: 0.5%", "12 rows in 3.1 s (9 times)\nlost: 0.52%\n")
    assert_alike("│ 1,200 │ NULL │", "│  1200 │  NULL  │")
    for got in ("12 rows in 3 s, lost: 0.8%", "15 rows in 3 s, lost: 0.5%", "12 rows in 3 s, found: 0.5%"):
        with pytest.raises(AssertionError, match="the page shows"):
            assert_alike("12 rows in ..., lost: 0.5%", got)
