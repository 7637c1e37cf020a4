"""A made-up month of business, planned from records and planned from streams alone: the same calls, given once each.

``CALLBEAM_MADE_MONTH=800 python -m pytest -n 0 -s tests/end_to_end/test_made_month.py`` makes 500 contacts on 20
streams and 300 Chime calls on 20 pairs of streams over 28 days; the suite fewer calls over 3 days.
"""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.dataset as ds
import pytest
from builders.made_month import DAY_MS, FIRST_DAY_MS, Month, make_month

from callbeam.callmaker import AGENT, heard_speech
from callbeam.callmaker.made_records import QUEUE_BEFORE_AGENT_MS
from callbeam.emulator import Emulator
from callbeam.pipelines import backfill
from callbeam.schemas import CONNECT_TOTALS, TOTALS
from callbeam.scoring import compare_with_truth
from callbeam.spans import clip, length

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from callbeam.callmaker import CallTruth

CALLS = int(os.environ.get("CALLBEAM_MADE_MONTH", "32"))
DAYS = 28 if CALLS >= 400 else 3

pytestmark = [pytest.mark.timeout(7200), pytest.mark.xdist_group("made_month")]

TALK_WITHIN, BORDERS_WITHIN_MS = 0.03, 1_000


@dataclass(frozen=True)
class Output:
    """What a backfill wrote."""

    folder: Path

    def table(self, name: str) -> pa.Table:
        return ds.dataset(self.folder / name, format="parquet").to_table()

    def rows(self, name: str) -> list[dict[str, Any]]:
        return self.table(name).to_pylist()


@dataclass(frozen=True)
class Both:
    """The month, and its calls as planned from records and as planned from streams."""

    month: Month
    by_records: Output
    by_streams: Output
    truth: Path

    @property
    def common(self) -> set[str]:
        """Calls that have both audio and records."""
        return self.month.recorded & set(self.month.truths)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    folder = tmp_path_factory.mktemp("month")
    took: dict[str, float] = {}

    def timed(name: str, begun: float) -> None:
        took[name] = time.monotonic() - begun

    with pytest.MonkeyPatch.context() as patch, Emulator() as kvs:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "example")
        begun = time.monotonic()
        month = make_month(kvs, round(CALLS * 5 / 8), round(CALLS * 3 / 8), DAYS)
        for truth in month.truths.values():
            truth.save(folder / "truth")
        timed("making", begun)
        kvs_words = ["--kvs-endpoint-url", kvs.endpoint_url, "--region", "us-east-1", "--fragments-per-second", "0"]
        days = [str(np.datetime64(FIRST_DAY_MS + day * DAY_MS, "ms")) + "Z" for day in (0, DAYS)]
        for name, words in (
            ("records", ["--calls", str(month.write(folder / "records-files", seed=1))]),
            ("streams", ["--streams", "*", "--start", days[0], "--end", days[1]]),
        ):
            begun = time.monotonic()
            assert backfill.main([*words, "--output", str(folder / name), *kvs_words]) == 0
            timed(name, begun)
    hours = sum(truth.duration_ms for truth in month.truths.values()) / 3_600_000
    print(f"\n{len(month.truths)} calls, {hours:.2f} h, {len(month.records)} records; seconds: {took}")
    return Both(month, Output(folder / "records"), Output(folder / "streams"), folder / "truth")


def test_streams_alone_give_every_call_once_and_every_sample(both: Both) -> None:
    comparison = compare_with_truth(both.by_streams.folder, both.truth)
    assert comparison.exact, "\n".join(comparison.lines())


def test_records_give_every_call_that_they_name_once(both: Both) -> None:
    calls = Counter((row["call_id"], row["status"] == "missing") for row in both.by_records.rows("calls"))
    month = both.month
    without = month.recorded - set(month.truths)
    assert without == month.missing & month.recorded
    assert calls == Counter({(name, name in without): 1 for name in month.recorded})
    assert not (both.by_records.folder / "dead_letters").exists()


def test_each_fragment_is_decoded_once(both: Both) -> None:
    for output in (both.by_records, both.by_streams):
        decoded = Counter(
            (row["stream_arn"], row["fragment_number"])
            for row in output.rows("fragments")
            if row["status"] in {"decoded", "duplicate"}
        )
        assert set(decoded.values()) == {1}


def test_jobs_are_days_side_by_side(both: Both) -> None:
    for output in (both.by_records, both.by_streams):
        jobs = list((output.folder / "_jobs").iterdir())
        assert len(jobs) == DAYS
        assert len({job.name[:8] for job in jobs}) == DAYS


def differences(both: Both, table: str, key: tuple[str, ...]) -> dict[str, Counter[str]]:
    """Return by column in how many rows of calls of each system the outputs differ; rows are told apart by a key."""
    systems = {name: truth.source for name, truth in both.month.truths.items()}
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    sides = []
    for output in (both.by_records, both.by_streams):
        rows = [row for row in output.rows(table) if row["call_id"] in both.common]
        sides.append({tuple(row[name] for name in key): row for row in rows})
        assert len(sides[-1]) == len(rows)
    assert sides[0].keys() == sides[1].keys()
    for name, row in sides[0].items():
        for column, value in row.items():
            if value != sides[1][name][column]:
                found[column][systems[row["call_id"]]] += 1
    return found


KEYS = {
    "calls": ("call_id",),
    "channels": ("channel_id",),
    "seconds": ("channel_id", "begin_offset_ms"),
    "windows": ("channel_id", "window_start_ts"),
    "utterances": ("utterance_id",),
    "events": ("call_id", "event_id"),
    "sentiment_inputs": ("unit_id",),
}

OF_RECORDS = {
    "aliases", "initial_contact_id", "previous_contact_id", "next_contact_id", "initiation_method", "initiation_ts",
    "connected_to_agent_ts", "disconnect_ts", "queue_id", "routing_profile_id", "agent_id", "attributes",
    "record_sources", "agent_greeting_ms", "metrics_scope", "warnings",
}  # fmt: skip
"""What records say of a call, and what follows from when an agent was on the line."""

OF_ROLES = {
    "talk_time_agent_ms", "talk_time_customer_ms", "interruptions_agent_count", "interruptions_customer_count",
    "interruptions_time_agent_ms", "interruptions_time_customer_ms", "hold_ms", "dead_air_ms", "agent_talk_ratio",
    "agent_talk_share", "longest_turn_agent_ms", "longest_turn_customer_ms", "first_speech_agent_ms",
    "first_speech_customer_ms", "response_latency_agent_p50_ms", "response_latency_agent_p90_ms",
    "response_latency_customer_p50_ms", "response_latency_customer_p90_ms", "syllable_rate_agent_hz",
    "syllable_rate_customer_hz",
}  # fmt: skip
"""Totals that need to know whose legs Chime's are."""

KNOWN_BY_RECORDS: dict[str, dict[str, set[str]]] = {
    "connect": {
        # Totals are taken over the agent's phase.
        "calls": OF_RECORDS | {column.name for column in (*CONNECT_TOTALS, *TOTALS)},
        # Quarters are of the agent's phase; no latency is measured over a silent hold.
        "utterances": {"phase", "speaker_kind", "quarter", "response_latency_ms"},
        # The contacts that a call was transferred through are in one split.
        "sentiment_inputs": {"phase", "speaker_kind", "split_group", "split", "eligible", "ineligible_reason"},
    },
    "chime": {
        "calls": OF_RECORDS - {"metrics_scope"} | OF_ROLES,
        "channels": {"participant_role", "role_source", "role_confidence"},
        "seconds": {"participant_role"},
        "windows": {"participant_role"},
        "utterances": {"participant_role", "speaker_kind"},
        "events": {"by_role"},
        "sentiment_inputs": {"participant_role", "speaker_kind", "eligible", "ineligible_reason", "context"},
    },
}
"""Columns in which the outputs may differ, by system and table: what records alone can know. No other may, by a bit."""

OF_LEGS = {"leg_missing", "streaming_failed"}
WARNED = {"connect": OF_LEGS, "chime": OF_LEGS | {"prompts_counted_as_agent"}}
"""Warnings that records add; that an agent's leg is known does not tell when the agent was on it."""

WARNED_WITHOUT = {"connect": {"prompts_counted_as_agent"}, "chime": {"role_unknown"}}
"""Warnings that records take away."""


@pytest.mark.parametrize("table", KEYS)
def test_only_what_records_know_differs(both: Both, table: str) -> None:
    found: dict[str, set[str]] = {"connect": set(), "chime": set()}
    for column, systems in differences(both, table, KEYS[table]).items():
        for system in systems:
            found[system].add(column)
    for system, columns in found.items():
        assert columns - {"job_id"} <= KNOWN_BY_RECORDS[system].get(table, set()), system
    if table == "calls":
        assert {"record_sources", "agent_greeting_ms", "talk_time_agent_ms", "metrics_scope"} <= found["connect"]
        assert {"record_sources", "talk_time_customer_ms"} <= found["chime"]


def test_warnings_differ_by_what_records_know(both: Both) -> None:
    warnings = {name: [set(row["warnings"]) for row in rows] for name, rows in by_call(both, "calls").items()}
    for name, (with_records, without) in warnings.items():
        system = both.month.truths[name].source
        assert with_records - without <= WARNED[system], name
        assert without - with_records <= WARNED_WITHOUT[system], name
        assert with_records & OF_LEGS == (OF_LEGS if name in both.month.failed else set()), name


def by_call(both: Both, table: str) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of calls in both outputs, by call: first as planned from records."""
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for output in (both.by_records, both.by_streams):
        for row in output.rows(table):
            if row["call_id"] in both.common:
                found[row["call_id"]].append(row)
    return found


def answered(both: Both) -> list[CallTruth]:
    """Return the truth of contacts with records that an agent had."""
    month = both.month
    names = sorted(both.common - month.abandoned)
    return [month.truths[name] for name in names if month.truths[name].source == "connect"]


def test_agents_talk_as_long_as_they_did_without_prompts(both: Both) -> None:
    rows = {row["call_id"]: row for row in both.by_records.rows("calls")}
    made, found = [], []
    for truth in answered(both):
        assert rows[truth.call_id]["metrics_scope"] == "agent_phase"
        said = clip(heard_speech(truth, AGENT), truth.agent_on_line_ms, truth.duration_ms)
        made.append(length(said))
        found.append(rows[truth.call_id]["talk_time_agent_ms"])
    errors = np.abs(np.array(found) - made) / np.maximum(made, 1)
    off = sum(found) / sum(made) - 1
    shares = ", ".join(f"{share}% of calls within {np.percentile(errors, share):.1%}" for share in (50, 75, 90))
    print(f"agents of {len(made)} contacts talk {sum(made) / 1000:.0f} s: off by {off:.2%}; {shares}")
    assert abs(off) <= TALK_WITHIN
    assert np.median(errors) <= TALK_WITHIN


def test_phases_begin_and_end_when_they_did(both: Both) -> None:
    phases: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for row in both.by_records.rows("phases"):
        phases[row["call_id"], row["phase"]].append((row["begin_offset_ms"], row["end_offset_ms"]))
    off: list[int] = []
    for truth in answered(both):
        name, agent_ms, end_ms = truth.call_id, truth.agent_on_line_ms, truth.duration_ms
        agent = phases[name, "agent"]
        queued_ms = max(agent_ms - QUEUE_BEFORE_AGENT_MS, 0)
        queue = [(queued_ms, agent_ms)] if agent_ms else []
        pairs = [*zip([(agent[0][0], agent[-1][1])], [(agent_ms, end_ms)], strict=True)]
        if agent_ms - queued_ms > BORDERS_WITHIN_MS:
            pairs += zip(phases[name, "queue"], queue, strict=True)
        if name in both.month.holds:
            told = [hold for hold in phases[name, "hold"] if hold[1] - hold[0] > BORDERS_WITHIN_MS]
            pairs += zip(told, [both.month.holds[name]], strict=True)
        off += [abs(found - true) for ours, theirs in pairs for found, true in zip(ours, theirs, strict=True)]
    print(f"{len(off)} borders of phases: off by {np.mean(off):.0f} ms in the mean, {max(off)} ms at most")
    assert len(both.month.holds) > 0
    assert max(off) <= BORDERS_WITHIN_MS


def test_every_leg_of_chime_has_its_role(both: Both) -> None:
    truths = {name: both.month.truths[name] for name in both.common if both.month.truths[name].source == "chime"}
    made = {(name, channel.stream): role for name, truth in truths.items() for role, channel in truth.channels.items()}
    found = {
        (row["call_id"], row["stream_arn"].split("/")[1]): row["participant_role"]
        for row in both.by_records.rows("channels")
        if row["call_id"] in truths
    }
    print(f"{len(found)} legs of {len(truths)} Chime calls")
    assert found == made
