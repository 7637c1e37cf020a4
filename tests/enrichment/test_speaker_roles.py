"""Who channels and speakers are is found by whose speech theirs agrees with, and never told wrong."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pyarrow.dataset as ds
import pytest
from builders.imperfect_sources import as_transcribed
from builders.made_output import MadeOutput
from builders.published_transcribe import job, word
from builders.spoken_calls import SpokenCall, publish_calls, spoken_calls

from callbeam.enrichment.speaker_roles import MOST_SPEAKERS, find_roles
from callbeam.pipelines import enrich
from callbeam.spans import SpanArray, as_spans

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CALLS = 45

Said = list[tuple[str, int, int]]


def spans(sayings: Iterable[tuple[str, int, int]]) -> dict[str, SpanArray]:
    found = defaultdict(list)
    for name, begin, end in sayings:
        found[name].append((begin, end))
    return {name: as_spans(some) for name, some in found.items()}


def words_of(call: SpokenCall, rng: random.Random, shift: int) -> Said:
    """Words by role on a clock of their own, with some missed and all a little off."""
    turns = as_transcribed(call, rng, shift, misses=0.05)
    return [(turn.role, begin - shift, end - shift) for turn in turns for begin, end, _ in turn.words]


@pytest.fixture(scope="module")
def calls() -> list[SpokenCall]:
    return spoken_calls(CALLS, seed=4)


@pytest.mark.parametrize("kind", ["both", "one", "three", "confused"])
def test_roles_are_found_or_left_open(calls: list[SpokenCall], kind: str) -> None:
    """Both sides; one alone; one of them as two speakers; and one word in twenty given to the other speaker."""
    rng = random.Random(1)
    found = asked = 0
    for call in calls:
        shift = rng.randint(-5_000, 5_000)
        names = {"AGENT": "ch_0", "CUSTOMER": "ch_1"}
        if rng.random() < 0.5:
            names = {"AGENT": "ch_1", "CUSTOMER": "ch_0"}
        side, other = rng.sample(["AGENT", "CUSTOMER"], 2)
        said: Said = []
        of_name: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for role, begin, end in words_of(call, rng, shift):
            if kind == "one" and role != side:
                continue
            name = names[role]
            if kind == "three" and role == side and rng.random() < 0.3:
                name = "ch_2"
            if kind == "confused" and rng.random() < 0.05:
                name = names[side if role == other else other]
            said.append((name, begin, end))
            of_name[name][role] += end - begin
        roles, shift_found = find_roles(spans(call.utterances), spans(said))
        asked += len(of_name)
        found += len(roles)
        for name, role in roles.items():
            assert role == max(of_name[name], key=of_name[name].__getitem__), (call.kind, name)
        assert bool(roles) == shift_found.certain
    assert found / asked > 0.85


def test_of_another_call_nothing_is_told(calls: list[SpokenCall]) -> None:
    rng = random.Random(2)
    for at, call in enumerate(calls):
        said = spans(words_of(calls[(at + 7) % CALLS], rng, 0))
        roles, shift = find_roles(spans(call.utterances), said)
        assert (roles, shift.certain) == ({}, False)


def test_of_nobody_and_of_a_crowd_nothing_is_told() -> None:
    heard = {"AGENT": as_spans([(0, 900)]), "CUSTOMER": as_spans([(1_000, 2_000)])}
    for said in ({}, {f"spk_{at}": as_spans([(at * 100, at * 100 + 90)]) for at in range(MOST_SPEAKERS + 1)}):
        roles, shift = find_roles(heard, said)
        assert (roles, shift.certain) == ({}, False)
    assert find_roles({}, {"ch_0": as_spans([(0, 900)])})[0] == {}


class Lake:
    """Tables of calls, and what jobs of Transcribe left of their recordings."""

    def __init__(self, folder: Path, calls: list[SpokenCall]) -> None:
        self.folder, self.calls = folder, calls
        publish_calls(calls, MadeOutput(folder / "out"))
        (folder / "said").mkdir()

    def write(self, *, labelled: bool) -> None:
        """Write a file for each call, its agent on either channel; or with no channels told."""
        rng = random.Random(3)
        for at, call in enumerate(self.calls):
            items = [
                word(f"w{number}-{role}", f"{begin / 1000:.2f}", f"{end / 1000:.2f}",
                     **({"channel_label": f"ch_{int(role == 'AGENT') ^ at % 2}"} if labelled else {}))
                for number, (role, begin, end) in enumerate(words_of(call, rng, -700))
            ]  # fmt: skip
            name = f"{call.truth.call_id}.json"
            (self.folder / "said" / name).write_text(json.dumps(job(items=items)), encoding="utf-8")

    def enrich(self) -> int:
        return enrich.main([str(self.folder / "out"), "--source", str(self.folder / "said"), "--text-policy", "raw"])

    def rows(self, table: str) -> list[dict[str, Any]]:
        return ds.dataset(self.folder / "out" / table, format="parquet").to_table().to_pylist()


@pytest.fixture
def lake(tmp_path: Path, calls: list[SpokenCall]) -> Lake:
    return Lake(tmp_path, [call for call in calls if call.kind not in {"monologue", "few words"}])


def test_text_of_channels_comes_to_the_utterances_of_who_said_it(lake: Lake) -> None:
    lake.write(labelled=True)
    assert lake.enrich() == 0
    segments = lake.rows("segments")
    linked = [row for row in segments if row["text_status"] == "linked"]
    assert len(linked) > 0.98 * len(segments)
    assert {row["source_speaker"] for row in linked} == {"ch_0", "ch_1"}
    assert all(f"-{row['participant_role']}" in row["text"] for row in linked)
    for row in lake.rows("utterance_texts"):
        assert {one.rpartition("-")[2] for one in (row["text"] or "").split()} <= {row["participant_role"]}


def test_two_jobs_of_one_recording_are_told(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    """The same file again adds nothing; one whose words lie elsewhere does, and who keeps both should know."""
    lake.write(labelled=True)
    first = lake.folder / "said" / f"{lake.calls[0].truth.call_id}.json"
    (lake.folder / "said" / "again").mkdir()
    (lake.folder / "said" / "again" / first.name).write_bytes(first.read_bytes())
    assert lake.enrich() == 0
    assert "several files" not in capsys.readouterr().out
    other = json.loads(first.read_text(encoding="utf-8"))
    for item in other["results"]["items"]:
        item["start_time"] = f"{float(item['start_time']) + 0.03:.2f}"
    (lake.folder / "said" / "again" / first.name).write_text(
        json.dumps({**other, "jobName": "second"}), encoding="utf-8"
    )
    assert lake.enrich() == 0
    told = capsys.readouterr().out
    assert "1 call of which several files of one system tell the same stretches" in told
    assert f"{first.stem} by {first.name} and again/{first.name}" in told


def test_text_of_nobody_is_kept_and_told(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    lake.write(labelled=False)
    assert lake.enrich() == 0
    segments = lake.rows("segments")
    assert {(row["text_status"], row["participant_role"]) for row in segments} == {("no_role", None)}
    assert all(row["text"] for row in segments)
    told = capsys.readouterr().out
    assert "of whom nothing tells" in told
    assert "ChannelIdentification" in told
