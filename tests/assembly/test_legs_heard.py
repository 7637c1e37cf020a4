"""A call's legs on two streams: what one hears of the other is nobody's speech, in any table."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from builders.analysed_legs import leg_parts, rows_by_table
from builders.channels import make_channel
from builders.jobs import DAY_START_MS, make_job, make_leg, make_stream
from builders.shared_data import real_call

from callbeam.assembly import CallTables, Keyed, assemble_call, call_parts
from callbeam.callmaker import AGENT, CUSTOMER, CallSpec, ConversationSpec, LineConditions, MadeCall, make_call
from callbeam.kvs import HOUR_MS
from callbeam.spans import as_spans, covered

if TYPE_CHECKING:
    from collections.abc import Sequence

START_MS = DAY_START_MS + HOUR_MS
STREAMS = {CUSTOMER: make_stream("to-the-customer"), AGENT: make_stream("to-the-agent")}
JOB = make_job(streams=list(STREAMS.values()))
LATE_MS = 3_210
"""The agent's leg begins so much later."""


@cache
def made(echo_db: float | None = -18.0) -> MadeCall:
    """A call whose agent hears itself coming back on the customer's leg, 12 dB below the customer."""
    lines = (
        LineConditions(level_dbfs=-26, snr_db=30, echo_db=echo_db, echo_delay_ms=120),
        LineConditions(level_dbfs=-22),
    )
    conversation = ConversationSpec(duration_ms=90_000, interruptions=0.3, agent_joins_ms=5_000)
    return make_call(CallSpec("c-1", START_MS, conversation, *lines), seed=11)


def leg(
    role: str,
    samples: np.ndarray,
    begin_ms: int,
    *,
    source: str = "chime",
    borders: tuple[int, ...] = (),
    named: bool = True,
) -> list[Keyed]:
    """Return what the steps before the assembly give of a participant's leg, cut at some seconds of it."""
    of_call = make_leg(begin_ms, stream=STREAMS[role], first_number=1000)
    of_call = replace(of_call, identity=replace(of_call.identity, source=source))
    edges = [0, *(8000 * border for border in borders), len(samples)]
    pieces = []
    for core in pairwise(edges):
        first, end = max(core[0] - 240_000, 0), min(core[1] + 240_000, len(samples))
        fields = {"leg": of_call, "channel_id": f"{role.lower()}-leg", "clock_start_ms": begin_ms, "track_name": ""}
        pieces.append(
            [make_channel(samples[first:end], first_sample=first, core=core, role=role if named else None, **fields)]
        )
    return leg_parts(pieces, begin_ms + len(samples) // 8, uncertainty_ms=40)


@cache
def parts_of(echo_db: float | None = -18.0, source: str = "chime") -> tuple[Keyed, ...]:
    pcm = made(echo_db).pcm
    parts = leg(CUSTOMER, pcm[CUSTOMER], START_MS, source=source)
    parts += leg(AGENT, pcm[AGENT][8 * LATE_MS :], START_MS + LATE_MS, source=source)
    return tuple(parts)


def spoken(tables: CallTables, role: str) -> np.ndarray:
    rows = rows_by_table(tables)["utterances"]
    return as_spans((r["begin_offset_ms"], r["end_offset_ms"]) for r in rows if r["participant_role"] == role)


def said(role: str, echo_db: float | None = -18.0) -> np.ndarray:
    return as_spans((made(echo_db).channels[role].spans / 8).astype(np.int64).tolist())


def test_an_echo_of_the_other_leg_is_no_speech() -> None:
    alone = assemble_call("c-1", [part for part in parts_of() if part.kind != call_parts.TRACKS], JOB)
    together = assemble_call("c-1", parts_of(), JOB)
    strange = [
        sum(end - begin for begin, end in spans.tolist()) - int(covered(said(CUSTOMER), spans).sum())
        for spans in (spoken(tables, CUSTOMER) for tables in (alone, together))
    ]
    assert strange[0] > 10_000  # ms of the agent's voice, without the other leg
    pauses = sum(end - begin for begin, end in spoken(together, CUSTOMER).tolist()) * 0.15
    assert strange[1] < pauses
    missed = said(CUSTOMER)[:, 1] - said(CUSTOMER)[:, 0] - covered(spoken(together, CUSTOMER), said(CUSTOMER))
    assert missed.sum() < 0.02 * (said(CUSTOMER)[:, 1] - said(CUSTOMER)[:, 0]).sum()
    (call,) = rows_by_table(together)["calls"]
    assert (call["channel_layout"], call["channel_correlation"]) == ("stereo", None)
    assert "echo_leak" in call["warnings"]
    by_role = {row["participant_role"]: row for row in rows_by_table(together)["channels"]}
    assert by_role[CUSTOMER]["echo_leak_db"] == pytest.approx(-18, abs=1.5)
    assert by_role[CUSTOMER]["echo_delay_ms"] == pytest.approx(120, abs=10)
    assert by_role[AGENT]["echo_leak_db"] is None


def test_levels_and_pitch_are_those_of_the_own_voice() -> None:
    clean, echoed = (
        {row["participant_role"]: row for row in rows_by_table(assemble_call("c-1", some, JOB))["channels"]}
        for some in (parts_of(None), parts_of())
    )
    for name, tolerance in (("active_level_dbfs", 0.5), ("noise_floor_dbfs", 1.5), ("f0_median_hz", 4.0)):
        assert echoed[CUSTOMER][name] == pytest.approx(clean[CUSTOMER][name], abs=tolerance), name


def test_tables_agree_on_what_is_left() -> None:
    tables = rows_by_table(assemble_call("c-1", parts_of(), JOB))
    said_ms: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for name in ("utterances", "seconds", "channels"):
        for row in tables[name]:
            said_ms[name][row["channel_id"]] += row["speech_ms"]
    assert said_ms["utterances"] == said_ms["seconds"] == said_ms["channels"]
    for row in tables["windows"]:
        within = [
            second["speech_ms"]
            for second in tables["seconds"]
            if second["channel_id"] == row["channel_id"]
            and 0 <= second["begin_offset_ms"] - row["begin_offset_ms"] < row["window_ms"]
        ]
        assert row["speech_ms"] == sum(within)
    for row in tables["utterances"]:
        assert row["speech_ms"] + row["pause_ms"] == row["duration_ms"] == row["end_offset_ms"] - row["begin_offset_ms"]
        assert (row["pause_count"] == 0) == (row["pause_ms"] == 0)
        assert row["utterance_id"].startswith(row["channel_id"])
        assert len(row["loudness_scores"]) == -(-row["duration_ms"] // 1000)
    owners = {row["utterance_id"]: row["channel_id"] for row in tables["utterances"]}
    assert len(owners) == len(tables["utterances"])
    for row in tables["sentiment_inputs"]:
        assert all(owners[name] == row["channel_id"] for name in row["utterance_ids"])


def test_a_unit_that_holds_the_echo_is_not_scored_and_the_others_are() -> None:
    tables = rows_by_table(assemble_call("c-1", parts_of(), JOB))
    reasons = defaultdict(set)
    for row in tables["sentiment_inputs"]:
        if row["participant_role"] == CUSTOMER and row["unit_type"] == "utterance":
            span = np.array([[row["begin_offset_ms"], row["end_offset_ms"]]])
            own = int(covered(said(CUSTOMER), span)[0]) / row["duration_ms"]
            reasons["own" if own > 0.8 else "echo" if own < 0.2 else "mixed"].add(row["ineligible_reason"])
    assert None in reasons["own"]
    assert reasons["echo"]
    assert reasons["echo"] <= {"no_speech", "echo_leak", "too_short"}


def assert_nothing_is_taken(parts: Sequence[Keyed]) -> None:
    """No row changes, but that it says that there is no echo."""
    alone = rows_by_table(assemble_call("c-1", [part for part in parts if part.kind != call_parts.TRACKS], JOB))
    together = rows_by_table(assemble_call("c-1", parts, JOB))
    assert {row.pop("echo_ratio") for row in alone["sentiment_inputs"]} == {None}
    assert {row.pop("echo_ratio") for row in together["sentiment_inputs"]} == {0.0}
    assert alone == together


def test_without_echo_nothing_changes() -> None:
    assert_nothing_is_taken(parts_of(None))


def test_a_real_call_on_two_streams_leaks_nothing() -> None:
    sides = {CUSTOMER: real_call("caller"), AGENT: real_call("agent")}
    assert_nothing_is_taken([part for role, pcm in sides.items() for part in leg(role, pcm, START_MS)])


def ordered(tables: CallTables) -> dict[str, list[dict]]:
    """Return rows in the order in which tables are written."""
    return {
        name: sorted(rows, key=lambda row: (row.get("begin_offset_ms", 0), row.get("channel_id") or ""))
        for name, rows in rows_by_table(tables).items()
    }


def test_neither_the_parts_order_nor_their_borders_change_a_row() -> None:
    whole = ordered(assemble_call("c-1", parts_of(), JOB))
    assert whole == ordered(assemble_call("c-1", reversed(parts_of()), JOB))
    pcm = made().pcm
    parts = leg(CUSTOMER, pcm[CUSTOMER], START_MS, borders=(50,))
    parts += leg(AGENT, pcm[AGENT][8 * LATE_MS :], START_MS + LATE_MS, borders=(40,))
    cut = ordered(assemble_call("c-1", parts, JOB))
    assert cut["seconds"] == whole["seconds"]
    for row, other in zip(cut["channels"], whole["channels"], strict=True):
        for name in ("speech_ms", "echo_leak_db", "echo_delay_ms", "f0_median_hz", "active_level_dbfs"):
            assert row[name] == other[name]


def test_the_same_sound_on_both_legs_is_noticed_though_one_starts_later() -> None:
    pcm = made().pcm
    mix = (pcm[CUSTOMER].astype(np.int32) + pcm[AGENT]).clip(-32768, 32767).astype(np.int16)
    parts = leg(CUSTOMER, mix, START_MS) + leg(AGENT, (mix * 0.7).astype(np.int16)[8 * LATE_MS :], START_MS + LATE_MS)
    (call,) = rows_by_table(assemble_call("c-1", parts, JOB))["calls"]
    assert call["channel_layout"] == "dual_mono"
    assert "channels_identical" in call["warnings"]
    assert call["talk_time_total_ms"] is None


def test_legs_of_one_participant_are_not_compared() -> None:
    pcm = made().pcm[CUSTOMER]
    parts = leg(CUSTOMER, pcm, START_MS)
    other = [
        part._replace(value=replace(part.value, channel_id="other")) if part.kind == call_parts.TRACKS else part
        for part in parts
    ]
    assert assemble_call("c-1", other, JOB).batches["channels"]  # a track of a channel that is not there is left out


def test_only_legs_that_may_have_a_partner_send_their_levels() -> None:
    pcm = made().pcm[CUSTOMER][:80_000]
    kinds = {
        source: {part.kind for part in leg(CUSTOMER, pcm, START_MS, source=source)} for source in ("connect", "chime")
    }
    assert call_parts.TRACKS in kinds["chime"]
    assert call_parts.TRACKS not in kinds["connect"]
