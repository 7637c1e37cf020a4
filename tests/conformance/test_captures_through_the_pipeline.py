"""Third-party captures and a real call, through the emulator and the whole pipeline."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.dataset as ds
import pytest
from builders.shared_data import SHARED, real_call

from callbeam.callmaker import connect_fragments_from_pcm
from callbeam.emulator import Emulator
from callbeam.kvs import KvsClient, KvsConfig
from callbeam.mkv import read_documents
from callbeam.pipelines import backfill

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.conformance

GETMEDIA = SHARED / "getmedia"
SHAPES = SHARED / "connect-shapes"


def needs(folder: Path) -> None:
    if not folder.is_dir():
        pytest.skip(f"third-party data is absent: {folder.name}")


@pytest.fixture
def kvs(aws_credentials: None) -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


def tables_of(kvs: Emulator, output: Path, start: str, end: str, *extra: str) -> dict[str, list[dict[str, Any]]]:
    """Run the backfill over all streams and return the tables' rows."""
    words = ["--streams", "*", "--start", start, "--end", end, "--output", str(output), "--region", "us-east-1"]
    words += ["--kvs-endpoint-url", kvs.endpoint_url, "--fragments-per-second", "0", "--max-loss", "1", *extra]
    assert backfill.main(words) == 0
    names = [path.name for path in output.iterdir() if path.name != "_jobs"]
    return {name: ds.dataset(output / name, format="parquet").to_table().to_pylist() for name in names}


def test_a_real_call_comes_back_sample_for_sample(kvs: Emulator, tmp_path: Path) -> None:
    pcm = {}
    for role, name in (("CUSTOMER", "caller"), ("AGENT", "agent")):
        pcm[role] = real_call(name)
    kvs.add_stream("calls-1")
    start_ms = 1772443800000
    for one in connect_fragments_from_pcm(pcm["CUSTOMER"], pcm["AGENT"], contact_id="real", start_ms=start_ms):
        kvs.add_fragment("calls-1", one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)
    tables = tables_of(kvs, tmp_path / "out", "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z")
    assert {row["participant_role"]: row["pcm_sha256"] for row in tables["channels"]} == {
        role: hashlib.sha256(samples.tobytes()).hexdigest() for role, samples in pcm.items()
    }
    (call,) = tables["calls"]
    assert call["duration_ms"] == -(-max(len(samples) for samples in pcm.values()) // 8)
    assert Counter(row["status"] for row in tables["fragments"]).keys() == {"decoded"}
    voiced = [row["f0_median_hz"] for row in tables["seconds"] if row["voiced_ratio"] and row["voiced_ratio"] > 0.3]
    assert 80 < float(np.median(voiced)) < 300


def shapes() -> list[Any]:
    if not SHAPES.is_dir():
        return [pytest.param("-", marks=pytest.mark.skip(reason="third-party data is absent: connect-shapes"))]
    return sorted(json.loads((SHAPES / "manifest.json").read_text()))


REPORTED = {
    # calls.warnings, sample rate, declared rate, roles and where they come from, samples of each channel
    "f00-base": ([], 8000, 8000, {"CUSTOMER": "track_name", "AGENT": "track_name"}, 73_728),
    "f01a-chime-meeting-aac": (
        ["encoding_from_samples"], 48_000, None, {"CUSTOMER": "role_map", "AGENT": "role_map"}, 481_280,
    ),
    "f02-kvssink-alaw": ([], 8000, 8000, {"CUSTOMER": "role_map"}, 80_000),
    "f26-bigendian": (["encoding_from_samples"], 8000, 8000, {"CUSTOMER": "track_name", "AGENT": "track_name"}, 73_728),
    "f28-16k-as-8k": (
        ["rate_from_timecodes"], 16_000, 8000, {"CUSTOMER": "track_name", "AGENT": "track_name"}, 114_688,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REPORTED)
def test_what_people_reported_comes_out_as_its_audio_is(name: str, kvs: Emulator, tmp_path: Path) -> None:
    needs(SHARED / "reports")
    kvs.load("reported", SHARED / "reports" / f"{name}.mkv")
    roles = ["--role-map", "Track_1:0=AGENT", "--role-map", "Track_1:1=customer", "--role-map", "audio=CUSTOMER"]
    tables = tables_of(kvs, tmp_path / "out", *range_of(kvs, "reported"), *roles)
    warnings, rate, declared, sources, samples = REPORTED[name]
    assert {row["status"] for row in tables["fragments"]} - {"other_unit"} == {"decoded"}
    (call,) = tables["calls"]
    assert call["status"] == "ok"
    found = {"rate_from_timecodes", "encoding_from_samples", "implausible_samples", "resampled"}
    assert [warning for warning in call["warnings"] if warning in found] == warnings
    channels = tables["channels"]
    assert {row["participant_role"]: row["role_source"] for row in channels} == sources
    assert {(row["sample_rate_hz"], row["declared_rate_hz"], row["samples"]) for row in channels} == {
        (rate, declared, samples)
    }
    assert sum(row["speech_ms"] for row in channels) > 3_000
    assert tables["utterances"]


def range_of(kvs: Emulator, stream: str) -> tuple[str, str]:
    """Return two instants around all fragments of a stream, for captures whose server times the emulator makes up."""
    client = KvsClient(KvsConfig(region="us-east-1", endpoint_url=kvs.endpoint_url))
    listed = client.source(client.resolve_streams([stream])[0]).list(0, round(time.time() * 1000))
    times = [fragment.server_ms for fragment in listed if fragment.server_ms is not None]
    first, last = np.datetime64(min(times) // 1000, "s"), np.datetime64(max(times) // 1000 + 1, "s")
    return f"{first}Z", f"{last}Z"


@pytest.mark.parametrize("name", shapes())
def test_connect_shapes(name: str, kvs: Emulator, tmp_path: Path) -> None:
    asserted = json.loads((SHAPES / "manifest.json").read_text())[name]
    path = SHAPES / f"{name}.mkv"
    arn = kvs.load("shapes", path)
    tables = tables_of(kvs, tmp_path / "out", *range_of(kvs, "shapes"))
    ledger = [row for row in tables["fragments"] if row["status"] != "other_unit"]
    assert len({row["fragment_number"] for row in ledger}) == asserted["fragments"]
    assert {row["stream_arn"] for row in ledger} == {arn}
    contacts = {contact for contact in asserted["contact_ids"] if contact}
    assert {row["call_id"] for row in tables.get("calls", [])} == contacts
    payload = sum(
        block.end - block.start for document in read_documents(path.read_bytes()) for block in document.blocks
    )
    if all(row["status"] == "decoded" for row in ledger):
        assert sum(row["samples"] for row in tables["channels"]) * 2 == payload


@pytest.mark.parametrize(
    ("name", "fragments"),
    [
        ("empty-mkv-with-tags", 1),
        ("output-get-media-non-increasing-timecode", 12),
        ("output_get_media", 5),
        ("test_mixed_tags", 10),
        ("test_tags_empty_cluster", 1),
    ],
)
def test_video_captures_are_accounted_for(name: str, fragments: int, kvs: Emulator, tmp_path: Path) -> None:
    needs(GETMEDIA)
    kvs.load("video", GETMEDIA / f"{name}.mkv")
    tables = tables_of(kvs, tmp_path / "out", *range_of(kvs, "video"))
    statuses = Counter(row["status"] for row in tables["fragments"] if row["status"] != "other_unit")
    assert statuses.total() == fragments
    assert statuses["decoded"] == 0
    assert statuses.keys() <= {"no_audio", "unsupported_codec", "damaged", "not_found", "no_timestamp"}
    lost = statuses.total() - statuses["no_audio"]
    assert len(tables.get("dead_letters", [])) == lost


@pytest.mark.parametrize(
    ("name", "step_ms"), [("f00-base", None), ("d02-clock-back-2s", -2_000), ("d09-clock-plus-1h", 3_600_000)]
)
def test_a_clock_that_steps_costs_nothing(name: str, step_ms: int | None, kvs: Emulator, tmp_path: Path) -> None:
    path = SHARED / "reports" / f"{name}.mkv"
    needs(path.parent)
    arn = kvs.load("reports", path)
    tables = tables_of(kvs, tmp_path / "out", *range_of(kvs, arn))
    (call,) = tables["calls"]
    assert call["status"] == "ok"
    assert {row["status"] for row in tables["fragments"]} == {"decoded"}
    duration_ms = 9_216 if step_ms is None else 22_000
    payload = [bytearray(), bytearray()]
    for document in read_documents(path.read_bytes()):
        for block in document.blocks:
            payload[block.track - 1] += document.payload(block)
    assert {row["pcm_sha256"] for row in tables["channels"]} == {hashlib.sha256(pcm).hexdigest() for pcm in payload}
    for row in tables["channels"]:
        assert (row["gap_count"], row["end_offset_ms"] - row["begin_offset_ms"]) == (0, duration_ms)
        assert row["clock_steps_ms"] == (None if step_ms is None else [step_ms])
        assert row["clock_step_offsets_ms"] == (None if step_ms is None else [10_240])
    assert call["duration_ms"] == duration_ms
    assert ("clock_stepped" in call["warnings"]) == (step_ms is not None)
