"""One contact's same audio on three streams: every table counts it once, the ledger accounts for all of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from callbeam.callmaker import CallSpec, ConversationSpec, connect_fragments_from_pcm, make_call
from callbeam.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from callbeam.emulator import Emulator

START_MS = 1_772_449_200_000  # 2026-03-02T11:00:00Z
ABOUT_STREAMS = {"stream_arns", "leg_count", "fragment_count", "warnings", "copy_stream_arns"}


def test_three_streams_of_one_contact_count_once(kvs: Emulator, run: Callable[..., Any]) -> None:
    made = make_call(CallSpec("c-1", START_MS, ConversationSpec(duration_ms=40_000)), seed=5)
    pcm = made.pcm["CUSTOMER"], made.pcm["AGENT"]
    # the second copy begins a second late and ends three early
    parts = {"s-0": pcm, "s-1": pcm, "s-2": tuple(samples[8_000:-8_000] for samples in pcm)}
    for name, (customer, agent) in parts.items():
        kvs.add_stream(name)
        start_ms = START_MS + (1_000 if name == "s-2" else 0)
        for one in connect_fragments_from_pcm(customer, agent, contact_id="c-1", start_ms=start_ms):
            kvs.add_fragment(name, one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)
    alone = run("--frames", streams="s-0", output="alone")
    thrice = run("--frames", streams="s-*", output="thrice")
    assert (alone.code, thrice.code) == (0, 0)
    for table in sorted(name for name in TABLES.keys() - {"fragments", "jobs", "clips"} if not TABLES[name].enriched):
        once = [
            [{k: v for k, v in row.items() if k not in ABOUT_STREAMS | {"job_id"}} for row in result.rows(table)]
            for result in (alone, thrice)
        ]
        assert once[0] == once[1], table
    (call,) = thrice.rows("calls")
    assert "same_audio_on_several_streams" in call["warnings"]
    assert (call["channel_count"], call["leg_count"], call["status"]) == (2, 3, "ok")
    assert len(call["stream_arns"]) == 3
    assert {tuple(row["copy_stream_arns"]) for row in thrice.rows("channels")} == {tuple(call["stream_arns"][1:])}
    (before,), (after,) = alone.manifests(), thrice.manifests()
    assert after.outcome.decoded == before.outcome.decoded
    statuses = {(row["stream_arn"].split("/")[1], row["status"], row["reason"]) for row in thrice.rows("fragments")}
    assert statuses == {
        ("s-0", "decoded", None),
        ("s-1", "duplicate", "the same audio lies on stream s-0, where it counts"),
        ("s-2", "duplicate", "the same audio lies on stream s-0, where it counts"),
    }
    listed = Counter(row["stream_arn"] for row in thrice.rows("fragments"))

    assert sum(listed.values()) == sum(after.outcome.by_status.values())
