"""A call put together: whose it is, its clock, what of it is dropped."""

from __future__ import annotations

import numpy as np
from builders.analysed_legs import leg_parts, rows_by_table
from builders.channels import make_channel
from builders.jobs import DAY_START_MS, make_job, make_leg, make_stream

from callbeam.assembly import CallTables, Keyed, assemble_call, call_parts, lost_ratio, pack, tally_of
from callbeam.assembly.ledger import dead_letter_batch, ledger_batch
from callbeam.assembly.tally import add_tallies
from callbeam.calls import DeadLetter, LedgerRow
from callbeam.kvs import HOUR_MS, Stream

STREAMS = [make_stream(f"s-{n}") for n in range(3)]
JOB = make_job(streams=STREAMS)


def one_leg(
    stream: Stream,
    start_ms: int,
    *,
    is_open: bool = False,
    seconds: int = 3,
    lost: int = 0,
    uncertainty_ms: int = 50,
    role: str = "CUSTOMER",
    samples: np.ndarray | None = None,
) -> list[Keyed]:
    """Return what the steps before would give of a leg with one channel."""
    if samples is None:
        samples = np.random.default_rng(STREAMS.index(stream)).integers(-900, 900, seconds * 8000, dtype=np.int16)
    channel = make_channel(
        samples,
        role=role,
        leg=make_leg(start_ms, stream=stream, first_number=1000),
        channel_id=f"{stream.name}-channel",
        clock_start_ms=start_ms + 100,
    )
    rows = [
        LedgerRow(start_ms, stream, 1000 + n, start_ms, start_ms, 9, "decoded", call_id="c-1") for n in range(seconds)
    ]
    rows += [LedgerRow(start_ms, stream, 2000 + n, start_ms, None, 9, "damaged", "cut", "c-1") for n in range(lost)]
    letters = [DeadLetter("DecodeTracks", "damaged", "cut", stream, 2000 + n, start_ms, "c-1") for n in range(lost)]
    return [
        *leg_parts([[channel]], start_ms + 1000 * seconds, uncertainty_ms=uncertainty_ms, is_open=is_open),
        Keyed("c-1", call_parts.FRAGMENTS, pack(call_parts.FRAGMENTS, ledger_batch("job", rows))),
        *(
            Keyed("c-1", call_parts.DEAD_LETTERS, pack(call_parts.DEAD_LETTERS, dead_letter_batch("job", [letter])))
            for letter in letters
        ),
    ]


def rows_of(tables: CallTables, name: str) -> list[dict]:
    return rows_by_table(tables).get(name, [])


def test_offsets_count_from_the_earliest_leg() -> None:
    parts = one_leg(STREAMS[0], DAY_START_MS + HOUR_MS) + one_leg(STREAMS[1], DAY_START_MS + HOUR_MS + 2500)
    tables = assemble_call("c-1", reversed(parts), JOB)
    (call,) = rows_of(tables, "calls")
    assert (call["leg_count"], call["channel_count"], call["duration_ms"], call["status"]) == (2, 2, 5500, "ok")
    assert round(call["call_start_ts"].timestamp() * 1000) == DAY_START_MS + HOUR_MS + 100
    assert {row["begin_offset_ms"] for row in rows_of(tables, "channels")} == {0, 2500}
    assert sorted(row["begin_offset_ms"] for row in rows_of(tables, "seconds")) == [0, 1000, 2000, 2500, 3500, 4500]
    assert call["warnings"] == ["one_participant_heard"]


def test_lost_fragments_make_a_call_partial() -> None:
    tables = assemble_call("c-1", one_leg(STREAMS[0], DAY_START_MS + HOUR_MS, lost=2), JOB)
    (call,) = rows_of(tables, "calls")
    assert (call["status"], call["fragment_count"], call["lost_fragment_count"]) == ("partial", 5, 2)
    assert set(call["warnings"]) == {"fragments_lost", "one_participant_heard"}
    assert len(rows_of(tables, "dead_letters")) == 2


def test_a_track_that_could_not_be_decoded_leaves_a_mark() -> None:
    parts = one_leg(STREAMS[0], DAY_START_MS + HOUR_MS)
    letter = DeadLetter("DecodeTracks", "unsupported_codec", "A_OPUS", STREAMS[0], 1001, DAY_START_MS + HOUR_MS, "c-1")
    parts.append(
        Keyed("c-1", call_parts.DEAD_LETTERS, pack(call_parts.DEAD_LETTERS, dead_letter_batch("job", [letter])))
    )
    (call,) = rows_of(assemble_call("c-1", parts, JOB), "calls")
    assert (call["status"], call["lost_fragment_count"]) == ("partial", 0)
    assert set(call["warnings"]) == {"parts_of_fragments_lost", "one_participant_heard"}


def test_legs_with_clocks_that_are_unsure_get_a_warning() -> None:
    parts = one_leg(STREAMS[0], DAY_START_MS + HOUR_MS, uncertainty_ms=2000) + one_leg(
        STREAMS[1], DAY_START_MS + HOUR_MS
    )
    (call,) = rows_of(assemble_call("c-1", parts, JOB), "calls")
    assert set(call["warnings"]) == {"clocks_differ", "one_participant_heard"}
    assert call["clock_uncertainty_ms"] == 2000


def test_the_same_sound_on_both_channels_tells_of_nobody() -> None:
    begin = DAY_START_MS + HOUR_MS
    sound = np.random.default_rng(5).integers(-900, 900, 24_000, dtype=np.int16)
    parts = one_leg(STREAMS[0], begin, samples=sound) + one_leg(STREAMS[1], begin, samples=sound, role="AGENT")
    (call,) = rows_of(assemble_call("c-1", parts, JOB), "calls")
    assert call["channel_layout"] == "dual_mono"
    assert "channels_identical" in call["warnings"]
    assert (call["talk_time_total_ms"], call["agent_talk_ratio"], call["turn_count"]) == (None, None, None)
    assert (call["metrics_scope"], call["hold_ms"]) == (None, 0)


def test_two_channels_of_zeros_are_not_the_same_sound() -> None:
    begin, silent = DAY_START_MS + HOUR_MS, np.zeros(24_000, np.int16)
    parts = one_leg(STREAMS[0], begin, samples=silent) + one_leg(STREAMS[1], begin, samples=silent, role="AGENT")
    (call,) = rows_of(assemble_call("c-1", parts, JOB), "calls")
    assert call["channel_layout"] == "stereo"
    assert set(call["warnings"]) == {"channel_silent", "prompts_counted_as_agent"}
    assert (call["talk_time_total_ms"], call["non_talk_time_total_ms"], call["masked_ms"]) == (0, 3000, 0)


def test_a_channel_of_zeros_is_told_of() -> None:
    begin = DAY_START_MS + HOUR_MS
    silent = np.zeros(24_000, np.int16)
    parts = one_leg(STREAMS[0], begin) + one_leg(STREAMS[1], begin, samples=silent, role="AGENT")
    (call,) = rows_of(assemble_call("c-1", parts, JOB), "calls")
    assert "channel_silent" in call["warnings"]
    assert call["talk_time_agent_ms"] == 0


def test_a_leg_of_the_job_before_is_not_written() -> None:
    before = one_leg(STREAMS[0], DAY_START_MS - 60_000, lost=1)
    after = one_leg(STREAMS[1], DAY_START_MS + HOUR_MS)
    tables = assemble_call("c-1", before + after, JOB)
    (call,) = rows_of(tables, "calls")
    assert call["stream_arns"] == [STREAMS[1].arn]
    assert {row["channel_id"] for row in rows_of(tables, "channels")} == {"s-1-channel"}
    assert {row["channel_id"] for row in rows_of(tables, "seconds")} == {"s-1-channel"}
    statuses = {(row["stream_arn"], row["status"]) for row in rows_of(tables, "fragments")}
    assert statuses == {(STREAMS[0].arn, "other_unit"), (STREAMS[1].arn, "decoded")}
    assert rows_of(tables, "dead_letters") == []


def numbered(stream: Stream, start_ms: int, rows: list[tuple[int, int, str]]) -> list[Keyed]:
    """Return a leg's parts with other rows of the ledger: number, seconds after the leg's beginning, status."""
    made = [LedgerRow(start_ms, stream, n, start_ms + 1000 * s, None, 9, status, "why", "c-1") for n, s, status in rows]
    letters = [
        DeadLetter("ReadFragments", row.status, "why", stream, row.number, start_ms, "c-1")
        for row in made
        if row.status != "decoded"
    ]
    return [
        *(part for part in one_leg(stream, start_ms) if part.kind != call_parts.FRAGMENTS),
        Keyed("c-1", call_parts.FRAGMENTS, pack(call_parts.FRAGMENTS, ledger_batch("job", made))),
        *(
            Keyed("c-1", call_parts.DEAD_LETTERS, pack(call_parts.DEAD_LETTERS, dead_letter_batch("job", [letter])))
            for letter in letters
        ),
    ]


def test_fragments_are_the_legs_that_they_lie_in_by_time_though_numbers_do_not_rise() -> None:
    rows = [(1000, 0, "decoded"), (400, 1, "decoded"), (401, 2, "not_found")]
    tables = assemble_call("c-1", numbered(STREAMS[0], DAY_START_MS + HOUR_MS, rows), JOB)
    assert [row["status"] for row in rows_of(tables, "fragments")] == ["decoded", "decoded", "not_found"]
    (call,) = rows_of(tables, "calls")
    assert (call["status"], call["fragment_count"], call["lost_fragment_count"]) == ("partial", 3, 1)
    assert [row["fragment_number"] for row in rows_of(tables, "dead_letters")] == ["401"]
    tables = assemble_call("c-1", numbered(STREAMS[0], DAY_START_MS - 10_000, rows), JOB)
    assert {row["status"] for row in rows_of(tables, "fragments")} == {"other_unit"}


def test_the_lost_fragment_that_a_call_begins_with_is_lost() -> None:
    rows = [(999, -2, "expired"), (1000, 0, "decoded")]
    tables = assemble_call("c-1", numbered(STREAMS[0], DAY_START_MS + HOUR_MS, rows), JOB)
    assert [row["status"] for row in rows_of(tables, "fragments")] == ["expired", "decoded"]
    assert rows_of(tables, "calls")[0]["lost_fragment_count"] == 1
    # the job after reads the leg, and does not say anything of what came before its border
    tables = assemble_call("c-1", numbered(STREAMS[0], JOB.end_ms + 1_000, rows), JOB)
    assert [row["status"] for row in rows_of(tables, "fragments")] == ["expired", "other_unit"]
    assert [row["fragment_number"] for row in rows_of(tables, "dead_letters")] == ["999"]


def test_a_stream_of_which_all_is_lost_is_lost() -> None:
    begin = DAY_START_MS + HOUR_MS
    rows = [LedgerRow(begin, STREAMS[1], 7, begin, None, 9, "not_found", "gone", "c-1")]
    parts = one_leg(STREAMS[0], begin)
    parts.append(Keyed("c-1", call_parts.FRAGMENTS, pack(call_parts.FRAGMENTS, ledger_batch("job", rows))))
    tables = assemble_call("c-1", parts, JOB)
    assert rows_of(tables, "calls")[0]["lost_fragment_count"] == 1


def test_a_call_of_another_job_leaves_only_its_ledger() -> None:
    parts = one_leg(STREAMS[0], DAY_START_MS - 60_000) + one_leg(STREAMS[1], DAY_START_MS + 30_000)
    tables = assemble_call("c-1", parts, JOB)
    assert set(tables.batches) == {"fragments"}
    assert {row["status"] for row in rows_of(tables, "fragments")} == {"other_unit"}


def test_an_open_call_waits() -> None:
    tables = assemble_call("c-1", one_leg(STREAMS[0], DAY_START_MS + HOUR_MS, is_open=True, lost=1), JOB)
    assert tables.open
    assert set(tables.batches) == {"fragments"}
    assert {row["status"] for row in rows_of(tables, "fragments")} == {"open"}


def test_rows_of_no_call_pass_through() -> None:
    rows = [LedgerRow(DAY_START_MS, STREAMS[0], 7, DAY_START_MS, None, 9, "not_found", "gone")]
    tables = assemble_call(
        STREAMS[0].arn,
        [Keyed(STREAMS[0].arn, call_parts.FRAGMENTS, pack(call_parts.FRAGMENTS, ledger_batch("job", rows)))],
        JOB,
    )
    assert [row["status"] for row in rows_of(tables, "fragments")] == ["not_found"]


def test_tallies_add_up_in_any_order() -> None:
    owned = assemble_call("c-1", one_leg(STREAMS[0], DAY_START_MS + HOUR_MS, lost=1), JOB)
    is_open = assemble_call("c-1", one_leg(STREAMS[1], DAY_START_MS + HOUR_MS, is_open=True), JOB)
    tally = add_tallies([tally_of(owned), tally_of(is_open)])
    assert tally == add_tallies([tally_of(is_open), tally_of(owned)])
    assert (tally.call_count, tally.channel_ms, tally.open_calls) == (1, 3000, frozenset({"c-1"}))
    assert dict(tally.by_status) == {"decoded": 3, "damaged": 1, "open": 3}
    assert lost_ratio(tally.by_status) == 1 / 7
    assert lost_ratio({"other_unit": 3}) is None
