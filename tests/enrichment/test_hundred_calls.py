"""A hundred calls of kinds that the linking was not tuned on, with two imperfect sources each: where text lands."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import pyarrow.dataset as ds
import pytest
from builders.imperfect_sources import Imperfect, write_imperfect
from builders.made_output import MadeOutput
from builders.spoken_calls import KINDS, SpokenCall, publish_calls, spoken_calls

from callbeam.letter_samples import SAMPLE_BYTES
from callbeam.pipelines import enrich
from callbeam.scoring import f1, right_links

if TYPE_CHECKING:
    from pathlib import Path

    Row = dict[str, Any]

CALLS = 100


class Done:
    """The calls, what was said of them, and the tables."""

    def __init__(self, calls: list[SpokenCall], said: Imperfect, out: Path) -> None:
        self.calls, self.said, self.out = calls, said, out
        self.kinds = {call.truth.call_id: call.kind for call in calls}
        self.segments, self.texts = self.rows("segments"), self.rows("utterance_texts")

    def rows(self, table: str) -> list[Row]:
        return ds.dataset(self.out / table, format="parquet").to_table().to_pylist()

    def links(self) -> tuple[set[tuple[str, ...]], set[tuple[str, ...]]]:
        """Return the links that were found and those that are right: kind, call, source, segment, utterance."""
        utterances = defaultdict(list)
        for row in self.rows("utterances"):
            utterances[row["call_id"]].append(row)
        found: set[tuple[str, ...]] = set()
        right: set[tuple[str, ...]] = set()
        for row in self.segments:
            call_id, begin = row["call_id"], row["source_begin_ms"]
            turn = self.said.turns[call_id, row["source"], row["participant_role"], begin]
            key = (self.kinds[call_id], call_id, row["source"], f"{row['participant_role']}-{begin}")
            found |= {(*key, name) for name in row["utterance_ids"]}
            right |= {(*key, name) for name in right_links(turn, utterances[call_id])}
        return found, right


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("hundred")
    (folder / "said").mkdir()
    calls = spoken_calls(CALLS)
    publish_calls(calls, MadeOutput(folder / "out"))
    said = write_imperfect(calls, folder / "said")
    assert enrich.main([str(folder / "out"), "--source", str(folder / "said"), "--text-policy", "raw"]) == 0
    return Done(calls, said, folder / "out")


def test_every_final_segment_lands_on_the_right_utterances(done: Done) -> None:
    found, right = done.links()
    scores = {kind: f1({one for one in found if one[0] == kind}, {one for one in right if one[0] == kind})
              for kind in KINDS}  # fmt: skip
    print({kind: round(score, 4) for kind, score in scores.items()}, "all", round(f1(found, right), 4))
    assert len(right) > 5_000
    assert f1(found, right) >= 0.98
    assert min(scores.values()) >= 0.98, scores


def test_each_segment_is_there_once_and_final(done: Done) -> None:
    keys = Counter((row["call_id"], row["source"], row["participant_role"], row["source_begin_ms"])
                   for row in done.segments)  # fmt: skip
    assert keys == Counter(done.said.turns.keys())
    assert not any(row["is_partial"] for row in done.segments)


def test_none_is_used_twice(done: Done) -> None:
    said: Counter[tuple[str, str]] = Counter()
    for row in done.segments:
        if row["text_status"] == "linked":
            said[row["call_id"], row["source"]] += len(row["text"].split())
    heard: Counter[tuple[str, str]] = Counter()
    for row in done.texts:
        heard[row["call_id"], row["source"]] += row["word_count"] or 0
    assert said == heard
    held = Counter((row["call_id"], row["source"], row["utterance_id"]) for row in done.texts)
    assert set(held.values()) == {1}


def test_records_in_are_rows_and_dead_letters(done: Done) -> None:
    counts: Counter[str] = Counter()
    for row in done.segments:
        counts[row["source"]] += row["record_count"]
    assert counts == done.said.records
    assert sum(row["record_count"] for row in done.rows("messages")) == done.said.messages
    samples = [row["sample"] for row in done.rows("dead_letters")]
    assert len(samples) == done.said.broken
    assert max(map(len, samples)) <= SAMPLE_BYTES
