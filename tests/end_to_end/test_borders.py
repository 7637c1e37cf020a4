"""Calls at the borders of jobs: each exactly once, whole, in one of them."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from callbeam.callmaker import CallSpec, ConversationSpec, connect_fragments_from_pcm, make_call
from callbeam.callmaker.stream_calls import chime_fragments

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from callbeam.emulator import Emulator

    Backfill = Callable[..., Any]

MIDNIGHT_MS = 1772496000000  # 2026-03-03T00:00:00Z


def noise(seconds: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-3000, 3000, (2, round(seconds * 8000)), dtype=np.int16)


def put(kvs: Emulator, stream: str, fragments: Sequence[Any]) -> None:
    for one in fragments:
        kvs.add_fragment(stream, one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)


def test_calls_over_midnight_are_given_once_and_whole(kvs: Emulator, run: Backfill) -> None:
    expected = {}
    for index, start_ms in enumerate((-3_600_000, -90_000, -1_000, 0, 60_000, 119_000, 300_000)):
        stream, pcm = f"calls-{index}", noise(180, index)
        kvs.add_stream(stream)
        put(kvs, stream, connect_fragments_from_pcm(*pcm, contact_id=stream, start_ms=MIDNIGHT_MS + start_ms))
        expected[stream] = {hashlib.sha256(track.tobytes()).hexdigest() for track in pcm}
    result = run(start="2026-03-02T00:00:00Z", end="2026-03-04T00:00:00Z")
    assert result.code == 0, result.err
    found: dict[str, list[str]] = {}
    for row in result.rows("channels"):
        found.setdefault(row["call_id"], []).append(row["pcm_sha256"])
    assert {call: set(digests) for call, digests in found.items()} == expected
    assert all(len(digests) == 2 for digests in found.values())
    _assert_each_fragment_once(result)


def _assert_each_fragment_once(result: Any) -> None:
    ledger = result.rows("fragments")
    decoded = Counter((row["stream_arn"], row["fragment_number"]) for row in ledger if row["status"] == "decoded")
    assert decoded.keys() == {(row["stream_arn"], row["fragment_number"]) for row in ledger}
    assert set(decoded.values()) == {1}


def test_the_legs_of_a_chime_call_meet_across_midnight(kvs: Emulator, run: Backfill) -> None:
    spec = CallSpec(call_id="t-1", start_ms=MIDNIGHT_MS - 8_000, conversation=ConversationSpec(duration_ms=60_000))
    made = make_call(spec, seed=3)
    first, second = chime_fragments(made)
    late = min(one.server_ms for one in second.fragments)
    assert min(one.server_ms for one in first.fragments) < MIDNIGHT_MS
    shift_ms = max(0, MIDNIGHT_MS + 5_000 - late)
    for leg, delay_ms in ((first, 0), (second, shift_ms)):
        kvs.add_stream(leg.stream)
        for one in leg.fragments:
            kvs.add_fragment(
                leg.stream, one.data, server_ms=one.server_ms + delay_ms, producer_ms=one.producer_ms + delay_ms
            )
    result = run(start="2026-03-02T00:00:00Z", end="2026-03-04T00:00:00Z")
    assert result.code == 0, result.err
    (call,) = result.rows("calls")
    assert (call["source"], call["leg_count"], call["channel_count"]) == ("chime", 2, 2)
    assert [manifest.outcome.call_count for manifest in result.manifests()] == [1, 0]
    _assert_each_fragment_once(result)


def test_a_call_that_may_go_on_is_named_and_completed_later(kvs: Emulator, run: Backfill) -> None:
    now_ms = round(time.time() * 1000)
    start_ms = now_ms - 40 * 60_000
    kvs.add_stream("live")
    put(kvs, "live", connect_fragments_from_pcm(*noise(60, 1), contact_id="c-live", start_ms=start_ms))
    start, end = (np.datetime64(ms // 1000, "s").astype(str) + "Z" for ms in (start_ms - 300_000, now_ms - 180_000))
    result = run(start=start, end=end)
    assert result.code == 0, result.err
    assert _open_calls(result) == {"c-live"}
    assert "c-live" in result.out
    assert result.rows("calls") == []
    assert {row["status"] for row in result.rows("fragments")} == {"open"}
    put(kvs, "live", connect_fragments_from_pcm(*noise(60, 2), contact_id="c-next", start_ms=start_ms + 120_000))
    result = run(start=start, end=end)
    assert result.code == 0, result.err
    assert _open_calls(result) == {"c-next"}
    assert [row["call_id"] for row in result.rows("calls")] == ["c-live"]


def _open_calls(result: Any) -> set[str]:
    return {call_id for manifest in result.manifests() for call_id in manifest.outcome.open_calls}


def test_a_long_call_is_cut_into_pieces_that_hold_every_sample(kvs: Emulator, run: Backfill) -> None:
    pcm = noise(75 * 60, 5)
    kvs.add_stream("long")
    put(kvs, "long", connect_fragments_from_pcm(*pcm, contact_id="c-long", start_ms=MIDNIGHT_MS - 7_200_000))
    result = run()
    assert result.code == 0, result.err
    piece = 30 * 60 * 8000
    for row in result.rows("channels"):
        track = pcm[0 if row["participant_role"] == "CUSTOMER" else 1]
        digests = [hashlib.sha256(track[at : at + piece].tobytes()).hexdigest() for at in range(0, len(track), piece)]
        assert row["pcm_sha256"] == hashlib.sha256("".join(digests).encode()).hexdigest()
        assert (row["samples"], row["gap_count"]) == (len(track), 0)
    assert Counter(row["channel_id"] for row in result.rows("seconds")).most_common(1)[0][1] == 75 * 60


def test_a_range_into_which_a_call_only_runs_says_how_early_to_begin(kvs: Emulator, run: Backfill) -> None:
    kvs.add_stream("calls-1")
    put(kvs, "calls-1", connect_fragments_from_pcm(*noise(60, 1), contact_id="c-1", start_ms=MIDNIGHT_MS + 600_000))
    result = run(start="2026-03-03T00:10:20Z", end="2026-03-03T00:10:40Z")
    assert (result.code, result.rows("calls")) == (0, [])
    (line,) = [line for line in result.out.splitlines() if "--start" in line]
    early = line.split("begin with --start ")[1].split(" ")[0]
    result = run(start=early, end="2026-03-03T00:10:40Z", output="early")
    assert [row["call_id"] for row in result.rows("calls")] == ["c-1"]
    assert "--start" not in result.out


def test_days_into_which_a_call_runs_from_the_day_before_say_nothing(kvs: Emulator, run: Backfill) -> None:
    kvs.add_stream("calls-1")
    put(kvs, "calls-1", connect_fragments_from_pcm(*noise(30, 1), contact_id="c-1", start_ms=MIDNIGHT_MS - 10_000))
    result = run(start="2026-03-02T00:00:00Z", end="2026-03-04T00:00:00Z")
    assert [manifest.outcome.call_count for manifest in result.manifests()] == [1, 0]
    assert "--start" not in result.out
