"""The tutorials: what they say to type is typed, and what they show is what comes out."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from builders.page_reader import Reader, assert_alike, blocks

from callbeam.notebook import open_tables, unit_labels
from callbeam.sentiment import SentimentModel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builders.made_output import MadeOutput


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


def test_train_a_model(reader: Reader, port: int) -> None:
    pytest.importorskip("skl2onnx")
    for block in blocks("train-a-model.md"):
        reader.follow(block, port)
    tables = open_tables("out")
    model = SentimentModel(Path("sentiment.onnx").read_bytes(), "sentiment.onnx")
    units = tables["sentiment_inputs"].to_pylist()
    scored = [unit for unit in units if unit["eligible"]]
    takes = np.array([[unit[name] for name in model.contract.features] for unit in scored], np.float32)
    for unit, expected in zip(scored, model.score_features(takes), strict=True):
        values = None if expected is None else dict(zip(model.contract.labels, expected.tolist(), strict=True))
        found = None if unit["scores"] is None else {one["name"]: one["value"] for one in unit["scores"]}
        assert found == (values if values is None else pytest.approx(values, abs=1e-5)), unit["unit_id"]
    splits = {(unit["split_group"], unit["split"]) for unit in units}
    assert len(splits) == len({group for group, _ in splits}) == 18
    of_unit = {
        unit["unit_id"]: unit for unit in scored if unit["split"] != "train" and unit["unit_type"] == "utterance"
    }
    right = [
        max(unit["scores"], key=lambda one: one["value"])["name"] == label["value"]
        for label in unit_labels(tables).to_pylist()
        if (unit := of_unit.get(label["unit_id"]))
    ]
    assert len(right) > 20
    assert np.mean(right) > 0.8
    assert sorted(path.name for path in Path("mistakes").iterdir()) == [f"{number}.flac" for number in range(1, 6)]


def test_training_on_too_few_calls_is_told(made: MadeOutput, tmp_path: Path) -> None:
    pytest.importorskip("skl2onnx")
    made.add_call("call-1")
    program = Path(__file__).parents[2] / "examples" / "train_sentiment.py"
    words = [sys.executable, str(program), str(made.publish()), str(tmp_path / "sentiment.onnx")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "split train has too few units with a label 'sentiment': label units of more calls" in done.stderr


def test_an_answer_is_compared_by_its_words_and_by_its_numbers() -> None:
    assert_alike("12 rows in ...\n lost: 0.5%", "12 rows in 3.1 s (9 times)\nlost: 0.52%\n")
    assert_alike("│ 1,200 │ NULL │", "│  1200 │  NULL  │")
    for got in ("12 rows in 3 s, lost: 0.8%", "15 rows in 3 s, lost: 0.5%", "12 rows in 3 s, found: 0.5%"):
        with pytest.raises(AssertionError, match="the page shows"):
            assert_alike("12 rows in ..., lost: 0.5%", got)
