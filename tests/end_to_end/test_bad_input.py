"""What bad input gets: one clear line and exit code 2 before any work, or a ledger row and a dead letter."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from callbeam.callmaker import connect_fragments_from_pcm
from callbeam.emulator import Emulator, EmulatorConfig, Fault
from callbeam.kvs import operations
from callbeam.mkv import LIBAV, BlockSpec, TrackSpec, write_fragment

if TYPE_CHECKING:
    from collections.abc import Callable

    Backfill = Callable[..., Any]

START_MS = 1772443800000  # 2026-03-02T09:30:00Z


def put_call(kvs: Emulator, *, stream: str = "calls-1", seconds: int = 30, contact_id: str = "c-1") -> list[int]:
    """Put a call of noise into a stream; return its fragment numbers."""
    rng = np.random.default_rng(1)
    pcm = rng.integers(-2000, 2000, (2, seconds * 8000), dtype=np.int16)
    kvs.add_stream(stream)
    fragments = connect_fragments_from_pcm(pcm[0], pcm[1], contact_id=contact_id, start_ms=START_MS)
    return [
        kvs.add_fragment(stream, one.data, server_ms=one.server_ms, producer_ms=one.producer_ms) for one in fragments
    ]


def assert_usage(result: Any, text: str) -> None:
    assert result.code == 2
    assert len(result.err.strip().splitlines()) == 1, result.err
    assert result.err.startswith("callbeam backfill: error: ")
    assert text in result.err
    assert not list(result.output.glob("*/dt=*"))


def test_a_stream_that_does_not_exist(kvs: Emulator, run: Backfill) -> None:
    kvs.add_stream("calls-1")
    assert_usage(run(streams="calls-2"), "calls-2")


def test_a_prefix_that_names_no_stream(run: Backfill) -> None:
    assert_usage(run(streams="nothing-*"), "no stream begins with 'nothing-'")


def test_a_wrong_region(run: Backfill) -> None:
    with Emulator(config=EmulatorConfig(regional=True)) as regional:
        regional.add_stream("calls-1")
        elsewhere = ["--kvs-endpoint-url", regional.endpoint_url, "--region", "eu-west-1"]
        assert_usage(run(*elsewhere, streams="calls-1"), "eu-west-1")


def test_no_credentials(kvs: Emulator, run: Backfill, monkeypatch: pytest.MonkeyPatch) -> None:
    kvs.add_stream("calls-1")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    assert_usage(run(streams="calls-1"), "credentials")


def test_an_end_before_its_start(kvs: Emulator, run: Backfill) -> None:
    kvs.add_stream("calls-1")
    assert_usage(run(start="2026-03-03T00:00:00Z", end="2026-03-02T00:00:00Z"), "is not after the start")


def test_an_end_in_the_future(kvs: Emulator, run: Backfill) -> None:
    kvs.add_stream("calls-1")
    tomorrow = (datetime.now(timezone.utc) + timedelta(days=1)).isoformat(timespec="seconds")
    assert_usage(run(end=tomorrow), "is in the future")


def test_an_instant_without_a_zone(kvs: Emulator, run: Backfill) -> None:
    assert_usage(run(end="2026-03-03T00:00:00"), "has no zone")


def test_a_misspelt_option(kvs: Emulator, run: Backfill) -> None:
    assert_usage(run("--max-los", "0.1"), "did you mean --max-loss?")


def test_an_output_that_cannot_be_written(kvs: Emulator, run: Backfill, tmp_path: Any) -> None:
    kvs.add_stream("calls-1")
    (tmp_path / "file").write_text("")
    assert_usage(run(output="file"), "file")


def test_an_endpoint_where_nothing_listens(kvs: Emulator, run: Backfill, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "INTERACTIVE_GIVE_UP_S", 1.0)
    assert_usage(run("--kvs-endpoint-url", "http://127.0.0.1:9", streams="calls-1"), "127.0.0.1:9")


def test_an_empty_range_publishes_an_empty_manifest(kvs: Emulator, run: Backfill) -> None:
    put_call(kvs)
    result = run(start="2026-03-04T00:00:00Z", end="2026-03-05T00:00:00Z")
    assert result.code == 0
    (manifest,) = result.manifests()
    assert manifest.outcome.call_count == 0
    assert {entry.table for entry in manifest.files} == {"jobs"}
    assert "empty manifest" in result.out


def test_a_fragment_that_is_not_found_is_counted(kvs: Emulator, run: Backfill) -> None:
    numbers = put_call(kvs)
    kvs.faults.add(Fault(api="GetMediaForFragmentList", action="not_found", fragments=(numbers[5],), times=None))
    result = run()
    assert result.code == 3
    assert "--max-loss" in result.err
    assert statuses(result) == {"decoded": len(numbers) - 1, "not_found": 1}
    (letter,) = result.rows("dead_letters")
    assert (letter["reason"], letter["fragment_number"], letter["call_id"]) == ("not_found", str(numbers[5]), "c-1")
    (call,) = result.rows("calls")
    assert (call["status"], call["lost_fragment_count"], call["warnings"]) == (
        "partial",
        1,
        ["fragments_lost", "prompts_counted_as_agent"],
    )
    assert all(row["gap_count"] == 1 for row in result.rows("channels"))
    assert run("--max-loss", "0.5").code == 0


def statuses(result: Any) -> dict[str, int]:
    return dict(Counter(row["status"] for row in result.rows("fragments")))


def test_damaged_media_and_real_aac_are_counted(kvs: Emulator, run: Backfill) -> None:
    numbers = put_call(kvs)
    block = BlockSpec(1, 0, b"\xff\xf1\x50\x80" + bytes(60))
    aac = TrackSpec(1, "AUDIO_FROM_CUSTOMER", "A_AAC", b"\x11\x90", sample_rate_hz=48000.0, channels=2)
    tags = [("ContactId", "c-2")]
    real_aac = write_fragment(dialect=LIBAV, tracks=[aac], blocks=[block], timecode_ms=START_MS, tags_before=tags)
    kvs.add_stream("aac")
    kvs.add_fragment("aac", real_aac, server_ms=START_MS, producer_ms=START_MS)
    kvs.add_stream("cut")
    kvs.add_fragment("cut", real_aac[:-40], server_ms=START_MS, producer_ms=START_MS)
    result = run()
    assert result.code == 3
    assert statuses(result) == {"decoded": len(numbers), "unsupported_codec": 1, "damaged": 1}
    assert {row["reason"] for row in result.rows("dead_letters")} == {"unsupported_codec", "damaged"}
    assert {row["call_id"]: row["status"] for row in result.rows("calls")}["c-1"] == "ok"


def test_throttling_and_cut_bodies_lose_nothing(kvs: Emulator, run: Backfill) -> None:
    numbers = put_call(kvs, seconds=120)
    kvs.faults.add(Fault(api="GetMediaForFragmentList", action="error", code="ClientLimitExceededException", times=2))
    kvs.faults.add(Fault(api="GetMediaForFragmentList", action="cut", document=3, place="block", times=2))
    kvs.faults.add(Fault(api="GetMediaForFragmentList", action="end", document=2, place="after", times=1))
    kvs.faults.add(Fault(api="ListFragments", action="error", code="InternalFailure", times=1))
    result = run()
    assert result.code == 0, result.err
    assert statuses(result) == {"decoded": len(numbers)}


def test_fewer_fragments_than_before_are_refused(kvs: Emulator, run: Backfill) -> None:
    numbers = put_call(kvs)
    assert run().code == 0
    kvs.faults.add(Fault(api="GetMediaForFragmentList", action="not_found", fragments=(numbers[5],), times=None))
    refused = run("--max-loss", "1")
    assert refused.code == 1
    assert "--allow-fewer" in refused.err
    assert statuses(refused) == {"decoded": len(numbers)}
    assert run("--max-loss", "1", "--allow-fewer").code == 0


def test_an_overlapping_job_is_refused(kvs: Emulator, run: Backfill) -> None:
    put_call(kvs)
    assert run().code == 0
    again = run(start="2026-03-02T09:00:00Z")
    assert again.code == 2
    assert "--allow-overlap" in again.err
