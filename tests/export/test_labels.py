"""Labels and manifests say what the tables say, in the forms that their readers take."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from builders.made_output import MadeOutput
from praatio import textgrid

from callbeam.errors import UsageError
from callbeam.export import Destination, Labelled, export_labels
from callbeam.export.file_names import call_folder
from callbeam.storage import StorageConfig
from callbeam.tables import open_output

if TYPE_CHECKING:
    from collections.abc import Callable

    Write = Callable[..., Labelled]

CALL = 'call "1"\t#é'
CHANNEL_RATE_HZ = 8000

LHOTSE_RECORDING = {
    "id": str,
    "sources": list,
    "sampling_rate": int,
    "num_samples": int,
    "duration": float,
    "channel_ids": list,
}
"""Fields of lhotse.audio.Recording, and their types, in lhotse 1.33."""

LHOTSE_SUPERVISION = {
    "id": str,
    "recording_id": str,
    "start": float,
    "duration": float,
    "channel": int,
    "speaker": str,
    "custom": dict,
}
"""Fields of lhotse.supervision.SupervisionSegment that are written; ``text`` and others may be absent."""


@pytest.fixture
def made(tmp_path: Path) -> MadeOutput:
    made = MadeOutput(tmp_path / "out")
    made.add_call(CALL, seed=3)
    made.add_call("other", seed=4)
    return made


@pytest.fixture
def write(made: MadeOutput, tmp_path: Path) -> Write:
    def run(**options: Any) -> Labelled:
        output = open_output(StorageConfig(str(made.publish())))
        with Destination(tmp_path / "export") as to:
            return export_labels(output, to, **options)

    return run


def rows(made: MadeOutput, table: str, call_id: str = CALL, **equal: Any) -> list[dict[str, Any]]:
    some = [row for row in made.rows[table] if row["call_id"] == call_id]
    some = [row for row in some if all(row[name] == value for name, value in equal.items())]
    return sorted(some, key=lambda row: (row.get("begin_offset_ms", 0), row.get("end_offset_ms", 0)))


def put_audio(made: MadeOutput, folder: Path, *, suffix: str = ".wav", late_ms: int = 0) -> None:
    """Write a file for each channel, as an export does."""
    for row in made.rows["channels"]:
        path = folder / call_folder(row["call_id"]) / f"any-{row['channel_id']}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.zeros((60_000 - late_ms) * 8, np.int16), CHANNEL_RATE_HZ)


def test_audacity_labels_round_trip(made: MadeOutput, write: Write) -> None:
    done = write(labels=["audacity"])
    assert done.calls == 2
    assert len(done.files) == 6
    for role in ("CUSTOMER", "AGENT"):
        (path,) = (p for p in done.files if p.parent.name == call_folder(CALL) and role.lower() in p.name)
        labels = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
        expected = rows(made, "utterances", participant_role=role)
        assert [(round(float(a) * 1000), round(float(b) * 1000)) for a, b, _ in labels] == [
            (row["begin_offset_ms"], row["end_offset_ms"]) for row in expected
        ]
        assert [text.split()[0] for _, _, text in labels] == [row["utterance_id"] for row in expected]
    (path,) = (p for p in done.files if p.parent.name == call_folder(CALL) and "events" in p.name)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line.split("\t")[2].split()[0] for line in lines] == [row["event_type"] for row in rows(made, "events")]


def test_praat_reads_the_text_grid(made: MadeOutput, write: Write) -> None:
    done = write(labels=["textgrid"], call_ids=[CALL])
    (path,) = done.files
    grid = textgrid.openTextgrid(str(path), includeEmptyIntervals=False, reportingMode="error")
    assert list(grid.tierNames) == ["CUSTOMER", "AGENT", "events"]
    (call,) = rows(made, "calls")
    assert grid.maxTimestamp >= call["duration_ms"] / 1000
    for role in ("CUSTOMER", "AGENT"):
        entries = grid.getTier(role).entries
        expected = rows(made, "utterances", participant_role=role)
        assert [(round(e.start * 1000), round(e.end * 1000)) for e in entries] == [
            (row["begin_offset_ms"], row["end_offset_ms"]) for row in expected
        ]
        assert [e.label.split()[0] for e in entries] == [row["utterance_id"] for row in expected]
    points = grid.getTier("events").entries
    assert sum(len(point.label.split("; ")) for point in points) == len(rows(made, "events"))


def test_a_text_grid_holds_whatever_texts_hold(made: MadeOutput, write: Write) -> None:
    first = rows(made, "utterances")[0]
    first["utterance_id"] = 'say "x"\n\ttext = 7'
    for row in rows(made, "channels"):
        row["participant_role"] = None
    done = write(labels=["textgrid", "audacity"], call_ids=[CALL])
    path = next(p for p in done.files if p.suffix == ".TextGrid")
    grid = textgrid.openTextgrid(str(path), includeEmptyIntervals=False)
    assert set(grid.tierNames) == {f"channel {row['channel_id']}" for row in rows(made, "channels")} | {"events"}
    texts = [entry.label for name in grid.tierNames for entry in grid.getTier(name).entries]
    assert any('say "x"' in text.replace('""', '"') for text in texts)


def test_lhotse_manifests_are_as_lhotse_has_them(made: MadeOutput, write: Write, tmp_path: Path) -> None:
    put_audio(made, tmp_path / "audio", suffix=".flac")
    done = write(manifests=["lhotse"], audio_dir=tmp_path / "audio")
    recordings, supervisions = (
        [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()] for path in done.files
    )
    by_id = {one["id"]: one for one in recordings}
    assert len(by_id) == len(recordings) == 4
    for one in recordings:
        assert {name: type(value) for name, value in one.items()} == LHOTSE_RECORDING
        (source,) = one["sources"]
        assert set(source) == {"type", "channels", "source"}
        assert (source["type"], source["channels"]) == ("file", [0])
        assert soundfile.info(source["source"]).frames == one["num_samples"]
        assert one["duration"] == one["num_samples"] / one["sampling_rate"]
    assert len({one["id"] for one in supervisions}) == len(supervisions) == len(made.rows["utterances"])
    for one in supervisions:
        assert {name: type(value) for name, value in one.items()} == LHOTSE_SUPERVISION
        assert one["duration"] > 0
        assert 0 <= one["start"] <= one["start"] + one["duration"] <= by_id[one["recording_id"]]["duration"] + 1e-3
        assert one["channel"] in by_id[one["recording_id"]]["channel_ids"]


def test_nemo_reads_its_manifest(made: MadeOutput, write: Write, tmp_path: Path) -> None:
    put_audio(made, tmp_path / "audio")
    late = rows(made, "channels")[0]
    late["begin_offset_ms"] = 1000
    done = write(manifests=["nemo"], audio_dir=tmp_path / "audio", call_ids=[CALL])
    lines = [json.loads(line) for line in done.files[0].read_text(encoding="utf-8").splitlines()]
    by_id = {row["utterance_id"]: row for row in rows(made, "utterances")}
    assert {line["utterance_id"] for line in lines} <= set(by_id)
    for line in lines:
        row = by_id[line["utterance_id"]]
        shift = 1000 if row["channel_id"] == late["channel_id"] else 0
        assert Path(line["audio_filepath"]).is_absolute()
        assert Path(line["audio_filepath"]).is_file()
        assert line["text"] == "-"
        assert line["label"] == line["speaker"] == row["participant_role"]
        assert line["offset"] == max(row["begin_offset_ms"] - shift, 0) / 1000
        assert 0 < line["duration"] <= row["duration_ms"] / 1000


def test_channels_without_audio_are_left_out_and_told(made: MadeOutput, write: Write, tmp_path: Path) -> None:
    put_audio(made, tmp_path / "audio")
    for path in (tmp_path / "audio" / call_folder("other")).iterdir():
        path.unlink()
    done = write(manifests=["nemo", "lhotse"], audio_dir=tmp_path / "audio")
    assert len(done.missing) == 2
    assert "other" not in (tmp_path / "export" / "nemo_manifest.jsonl").read_text()


def test_the_same_again_gives_the_same_bytes(made: MadeOutput, write: Write, tmp_path: Path) -> None:
    put_audio(made, tmp_path / "audio")
    options = {"labels": ["audacity", "textgrid"], "manifests": ["nemo", "lhotse"], "audio_dir": tmp_path / "audio"}
    first = {path: path.read_bytes() for path in write(**options).files}
    assert {path: path.read_bytes() for path in write(**options).files} == first


def test_without_anything_to_say_nothing_is_written(made: MadeOutput, write: Write, tmp_path: Path) -> None:
    made.rows["channels"] = []
    with pytest.raises(UsageError, match="nothing to export"):
        write(labels=["audacity"], manifests=["nemo"])
    assert not (tmp_path / "export").exists()


def test_a_file_that_is_no_sound_is_told(made: MadeOutput, write: Write, tmp_path: Path) -> None:
    put_audio(made, tmp_path / "audio")
    next((tmp_path / "audio").rglob("*.wav")).write_text("no sound")
    with pytest.raises(UsageError, match="export it again"):
        write(manifests=["nemo"], audio_dir=tmp_path / "audio")
