"""Clips: exactly the unit's samples, silenced where masked, and read by Hugging Face datasets without a cast."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile
from builders.channels import CALL_ID, CLOCK_START_MS, make_channel, noise

from callbeam.assembly import complete
from callbeam.audio import Channel
from callbeam.schemas import AUDIO, TABLES
from callbeam.sentiment import AUDIO_POLICIES, Unit, clip_batch, may_clip
from callbeam.sentiment.clips import CLIPS_SCHEMA, encode_flac
from callbeam.spans import as_spans
from callbeam.tables import audio_columns
from callbeam.tables.parquet_files import encode_table

if TYPE_CHECKING:
    from pathlib import Path


def unit(begin: int, end: int, letter: str = "u") -> Unit:
    return Unit(f"0123456789ab-{letter}{begin * 10:08d}", "utterance", begin, end, ())


def decoded(batch: pa.RecordBatch, row: int = 0):
    samples, rate = soundfile.read(io.BytesIO(batch.column("audio")[row].as_py()["bytes"]), dtype="int16")
    assert rate == 8000
    return samples


def test_a_clip_is_the_unit_and_its_padding():
    samples = noise(10)
    batch = clip_batch(make_channel(samples, first_sample=4000), [unit(100, 300)], pad_ms=200)
    assert batch.schema == CLIPS_SCHEMA
    # Frames 100 to 300 are samples 8000 to 24000 of the leg; the channel's first is 4000.
    np.testing.assert_array_equal(decoded(batch), samples[8000 - 4000 - 1600 : 24000 - 4000 + 1600])
    (row,) = batch.to_pylist()
    assert row["begin_ts"].timestamp() * 1000 == CLOCK_START_MS + 800
    assert row["duration_ms"] == 2400
    assert row["audio"]["path"] == "0123456789ab-u00001000.flac"
    assert (row["call_id"], row["channel_id"], row["participant_role"]) == (CALL_ID, "0123456789ab", "CUSTOMER")


def test_a_clip_ends_where_the_audio_does():
    samples = noise(3)
    batch = clip_batch(
        make_channel(samples, first_sample=800), [unit(5, 100), unit(250, 400), unit(900, 990)], pad_ms=100
    )
    assert batch.num_rows == 2  # of the third there is nothing
    np.testing.assert_array_equal(decoded(batch, 0), samples[: 8000 - 800 + 800])
    assert batch.column("begin_ts")[0].as_py().timestamp() * 1000 == CLOCK_START_MS + 100
    np.testing.assert_array_equal(decoded(batch, 1), samples[20000 - 800 - 800 :])


def test_masked_audio_is_zeros_and_the_channel_is_left_alone():
    samples = noise(4)
    channel = make_channel(samples)
    kept = samples.copy()
    clip = decoded(clip_batch(channel, [unit(100, 300)], pad_ms=0, masked=as_spans([(0, 110), (200, 205), (290, 400)])))
    silent = np.zeros(16000, dtype=bool)
    silent[:800] = silent[8000:8400] = silent[-800:] = True
    assert not clip[silent].any()
    np.testing.assert_array_equal(clip[~silent], samples[8000:24000][~silent])
    np.testing.assert_array_equal(channel.samples, kept)


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_other_rates_become_8_khz(rate):
    tone = np.rint(8000 * np.sin(2 * np.pi * 440 * np.arange(4 * rate) / rate)).astype(np.int16)
    clip = decoded(clip_batch(make_channel(tone, rate=rate), [unit(100, 300)], pad_ms=0))
    expected = 8000 * np.sin(2 * np.pi * 440 * (8000 + np.arange(16000)) / 8000)
    assert abs(len(clip) - 16000) <= 1
    assert np.abs(clip[200:15800] - expected[200:15800]).max() < 80


def test_resampling_does_not_wrap_at_full_scale():
    square = np.where(np.arange(4 * 16000) // 40 % 2, 32767, -32768).astype(np.int16)
    clip = decoded(clip_batch(make_channel(square, rate=16000), [unit(0, 300)], pad_ms=0)).astype(float)
    original = square[: len(clip) * 2 : 2]
    assert np.mean(np.sign(clip) == np.sign(original)) > 0.9


def test_the_same_samples_are_the_same_bytes():
    assert encode_flac(noise(3)) == encode_flac(noise(3))
    assert encode_flac(noise(3)) != encode_flac(noise(3, seed=2))


def test_no_units_no_rows():
    assert clip_batch(make_channel(noise(1)), [], pad_ms=0).schema == CLIPS_SCHEMA


def test_whose_audio_may_be_kept():
    kept = [
        (policy, role, known, agents)
        for policy in AUDIO_POLICIES
        for role in ("CUSTOMER", "AGENT", None)
        for known in (False, True)
        for agents in (False, True)
        if may_clip(policy, role, redaction_known=known, agent_sentiment=agents)
    ]
    assert not any(policy == "none" or (policy == "redacted" and not known) for policy, _, known, _ in kept)
    assert all(agents or role == "CUSTOMER" for _, role, _, agents in kept)
    assert ("raw", "CUSTOMER", False, False) in kept
    assert ("redacted", "CUSTOMER", True, False) in kept
    assert ("raw", None, False, True) in kept


def table_file(units: list[Unit], channel: Channel) -> bytes:
    rows = complete(TABLES["clips"], clip_batch(channel, units, pad_ms=0), "j-1")
    return bytes(encode_table(TABLES["clips"], rows))


def test_datasets_knows_audio_without_a_cast(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    samples = noise(20)
    units = [unit(begin, begin + 150) for begin in range(0, 1500, 300)]
    path = tmp_path / "clips.parquet"
    path.write_bytes(table_file(units, make_channel(samples)))
    loaded = datasets.load_dataset("parquet", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.features["audio"] == datasets.Audio(sampling_rate=8000)
    for one, row in zip(units, loaded.cast_column("audio", datasets.Audio(decode=False)), strict=True):
        pcm, rate = soundfile.read(io.BytesIO(row["audio"]["bytes"]), dtype="int16")
        assert (row["unit_id"], rate) == (one.unit_id, 8000)
        np.testing.assert_array_equal(pcm, samples[one.begin * 80 : one.end * 80])


def test_the_file_declares_what_datasets_itself_would():
    datasets = pytest.importorskip("datasets")
    metadata = pq.read_schema(io.BytesIO(table_file([unit(0, 100)], make_channel(noise(2))))).metadata
    features = json.loads(metadata[b"huggingface"])["info"]["features"]
    assert features == datasets.Features({"audio": datasets.Audio(sampling_rate=8000)}).to_dict()


def test_bytes_are_stored_as_they_are_in_small_row_groups(monkeypatch: pytest.MonkeyPatch):
    table = TABLES["clips"]
    assert next(column for column in table.columns if column.name == "audio").type == AUDIO
    row = complete(table, clip_batch(make_channel(noise(2)), [unit(0, 100)], pad_ms=0), "j-1").to_pylist()[0]
    rows = [row | {"unit_id": f"u{number:08d}"} for number in range(2500)]
    file = pq.ParquetFile(io.BytesIO(encode_table(table, pa.Table.from_pylist(rows, table.schema))))
    groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    assert [group.num_rows for group in groups] == [1000, 1000, 500]
    columns = {groups[0].column(number).path_in_schema: groups[0].column(number) for number in range(9)}
    assert columns["audio.bytes"].compression == "UNCOMPRESSED"
    assert not columns["audio.bytes"].is_stats_set
    assert columns["unit_id"].compression == "ZSTD"
    assert columns["unit_id"].is_stats_set
    assert audio_columns.AUDIO_ROW_GROUP_BYTES == 100_000_000
    monkeypatch.setattr(audio_columns, "AUDIO_ROW_GROUP_BYTES", 1_000_000)
    big = [row | {"unit_id": f"u{number}", "audio": {"bytes": bytes(300_000), "path": "p"}} for number in range(4)]
    file = pq.ParquetFile(io.BytesIO(encode_table(table, pa.Table.from_pylist(big, table.schema))))
    assert [file.metadata.row_group(number).num_rows for number in range(2)] == [3, 1]
