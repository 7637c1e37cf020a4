"""One call's rows from all tables, put together for its page."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

from callbeam.report import words
from callbeam.schemas import TABLES
from callbeam.tables import clock_zeros, job_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from callbeam.tables import Output

Row = dict[str, Any]

ROLE_ORDER = {"CUSTOMER": 0, "AGENT": 1}

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "channels": (
        "call_id",
        "job_id",
        "channel_id",
        "participant_role",
        "role_source",
        "role_confidence",
        "track_name",
        "codec",
        "sample_rate_hz",
        "start_ts",
        "begin_offset_ms",
        "end_offset_ms",
        "gap_count",
        "gap_ms",
        "level_dbfs",
        "clipping_ratio",
        "digital_zero_ratio",
        "speech_ms",
        "active_level_dbfs",
        "noise_floor_dbfs",
        "snr_db",
        "f0_median_hz",
        "echo_leak_db",
        "echo_delay_ms",
        "peaks",
    ),
    "utterances": (
        "call_id",
        "job_id",
        "channel_id",
        "participant_role",
        "utterance_id",
        "begin_offset_ms",
        "end_offset_ms",
        "duration_ms",
        "speech_ms",
        "response_latency_ms",
        "overlap_ms",
        "is_interruption",
        "is_backchannel",
        "level_mean_dbfs",
        "f0_median_hz",
        "f0_range_st",
        "articulation_rate_hz",
        "snr_db",
    ),
    "events": tuple(TABLES["events"].schema.names),
    "phases": ("call_id", "job_id", "phase", "begin_offset_ms", "end_offset_ms", "source"),
    "seconds": ("call_id", "job_id", "channel_id", "begin_offset_ms", "level_dbfs", "f0_median_hz"),
    "sentiment_inputs": ("call_id", "job_id", "unit_id", "unit_type"),
    "clips": ("call_id", "job_id", "channel_id", "unit_id", "begin_ts", "duration_ms", "audio"),
}

SAID: Mapping[str, tuple[str, ...]] = {
    "segments": (
        "call_id",
        "job_id",
        "source",
        "participant_role",
        "begin_offset_ms",
        "end_offset_ms",
        "text",
        "text_status",
    ),
    "labels": (
        "call_id",
        "job_id",
        "source",
        "name",
        "value",
        "score",
        "scale",
        "annotator",
        "participant_role",
        "begin_offset_ms",
        "end_offset_ms",
    ),
    "messages": ("call_id", "job_id", "offset_ms", "kind", "status", "participant_role", "text", "is_partial"),
}
"""What others say of calls, which jobs of their own have written."""

OFFSETS = ("begin_offset_ms", "end_offset_ms", "offset_ms")


@dataclass(slots=True)
class Lane:
    """One participant of a call: the channels of one role; one channel where the role is unknown.

    Attributes
    ----------
    participant_role : str or None
    label : str
        The role's name; a letter where the role is unknown.
    channels : list of dict
        Rows of ``channels``, by begin.
    seconds : dict of str to list of dict
        Rows of ``seconds``, in order, by channel_id.
    """

    participant_role: str | None
    label: str
    channels: list[Row] = field(default_factory=list)
    seconds: dict[str, list[Row]] = field(default_factory=dict)


@dataclass(slots=True)
class CallRows:
    """What the tables hold of one call of one job.

    Attributes
    ----------
    call : dict
        Its row of ``calls``.
    lanes : list of Lane
        Customer, agent, then who is unknown.
    utterances, events, phases, clips : list of dict
        Rows in order of begin; utterances, events and clips with ``lane``, the index of their lane or None, and
        ``who``, its label or None.
    said : dict of str to list of dict
        Rows of ``segments``, ``labels`` and ``messages``.
    """

    call: Row
    lanes: list[Lane]
    utterances: list[Row]
    events: list[Row]
    phases: list[Row]
    clips: list[Row]
    said: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in SAID})

    @property
    def duration_ms(self) -> int:
        """Length of the time axis."""
        ends = [row["end_offset_ms"] for row in (*self.utterances, *self.events, *self.phases)]
        return int(max([self.call["duration_ms"] or 0, *ends]))


def load_calls(output: Output, calls: Iterable[Row], *, clips: bool = True) -> list[CallRows]:
    """Read everything that pages show of some calls.

    Parameters
    ----------
    output : Output
    calls : iterable of dict
        Rows of ``calls``.
    clips : bool
        Also their audio, which is most of what is read.

    Returns
    -------
    list of CallRows
        In the same order.

    Raises
    ------
    StorageError
        If a table cannot be read.
    """
    calls = list(calls)
    wanted: dict[str, set[str]] = {}
    for call in calls:
        wanted.setdefault(call["job_id"], set()).add(call["call_id"])
    found: dict[str, dict[tuple[str, str], list[Row]]] = {}
    channels: dict[str, set[str]] = {job_id: set() for job_id in wanted}
    for name, columns in COLUMNS.items():
        if name == "clips" and not clips:
            continue
        rows = output.read_calls(name, columns, wanted, channel_ids=channels).to_pylist()
        found[name] = {}
        for row in rows:
            if name == "channels":  # which come first
                channels[row["job_id"]].add(row["channel_id"])
            found[name].setdefault((row["call_id"], row["job_id"]), []).append(row)
    said = _said(output, {call["call_id"] for call in calls})
    return [
        _together(
            call,
            {name: rows.get((call["call_id"], call["job_id"]), []) for name, rows in found.items()},
            {name: _on_clock(rows.get(call["call_id"], ()), call["call_start_ts"]) for name, rows in said.items()},
        )
        for call in calls
    ]


def _said(output: Output, call_ids: set[str]) -> dict[str, dict[str, list[Row]]]:
    """Read what others say of some calls, by table and call; each with ``zero_ts``, from when on its offsets count."""
    found: dict[str, dict[str, list[Row]]] = {name: {} for name in SAID}
    for name, columns in SAID.items():
        jobs = dict.fromkeys(output.jobs_with(name), call_ids)
        for row in output.read_calls(name, columns, jobs, channel_ids={}).to_pylist():
            found[name].setdefault(row["call_id"], []).append(row)
    rows = [row for of_call in found.values() for some in of_call.values() for row in some]
    zeros = _zeros(output, {(row["call_id"], job_date(row["job_id"])) for row in rows})
    for row in rows:
        row["zero_ts"] = zeros.get((row["call_id"], job_date(row["job_id"])))
    return found


def _zeros(output: Output, said_of: set[tuple[str, str]]) -> dict[tuple[str, str], datetime]:
    """Read where the clocks of what is said begin, by call and date."""
    dates: dict[str, set[str]] = {}
    for call_id, date in said_of:
        dates.setdefault(date, set()).add(call_id)
    jobs = {job_id: dates[job_date(job_id)] for job_id in output.jobs_with("calls") if job_date(job_id) in dates}
    names = ("job_id", "call_id", "call_start_ts")
    table = output.read_calls("calls", names, jobs, channel_ids={})
    return clock_zeros(zip(*(table[name].to_pylist() for name in names), strict=True))


def _on_clock(rows: Iterable[Row], start: datetime) -> list[Row]:
    """Return what is said with offsets from a call's own start on."""
    shifted = []
    for row in rows:
        later_ms = round((row["zero_ts"] - start).total_seconds() * 1000) if row["zero_ts"] is not None else 0
        shifted.append({**row, **{name: row[name] + later_ms for name in OFFSETS if row.get(name) is not None}})
    return shifted


def _together(call: Row, rows: Mapping[str, list[Row]], said: dict[str, list[Row]]) -> CallRows:
    lanes = _lanes(rows["channels"])
    lane_of = {channel["channel_id"]: index for index, lane in enumerate(lanes) for channel in lane.channels}
    role_lane = {lane.participant_role: index for index, lane in enumerate(lanes) if lane.participant_role}
    for second in sorted(rows["seconds"], key=lambda row: row["begin_offset_ms"]):
        if (index := lane_of.get(second["channel_id"])) is not None:
            lanes[index].seconds.setdefault(second["channel_id"], []).append(second)
    units = {row["unit_id"]: row["unit_type"] for row in rows["sentiment_inputs"]}
    clips = [_clip(row, call["call_start_ts"], units) for row in rows.get("clips", ())]
    for row in (*rows["utterances"], *clips):
        row["lane"] = lane_of.get(row["channel_id"])
    for row in rows["events"]:
        row["lane"] = lane_of.get(row["channel_id"], role_lane.get(row["by_role"]))
    for row in (*rows["utterances"], *rows["events"], *clips):
        row["who"] = None if row["lane"] is None else lanes[row["lane"]].label
    return CallRows(
        call=call,
        lanes=lanes,
        utterances=_in_order(rows["utterances"]),
        events=_in_order(rows["events"]),
        phases=_in_order(rows["phases"]),
        clips=_in_order(clips),
        said=said,
    )


def _lanes(channels: Iterable[Row]) -> list[Lane]:
    lanes: dict[str, Lane] = {}
    for channel in sorted(channels, key=lambda row: (row["begin_offset_ms"], row["channel_id"])):
        role = channel["participant_role"]
        key = role or channel["channel_id"]
        if key not in lanes:
            unknown = sum(lane.participant_role is None for lane in lanes.values())
            lanes[key] = Lane(role, words.role(role) if role else f"Channel {ascii_uppercase[unknown % 26]}")
        lanes[key].channels.append(channel)
    return sorted(lanes.values(), key=lambda lane: ROLE_ORDER.get(lane.participant_role or "", len(ROLE_ORDER)))


def _clip(row: Row, start: datetime, units: Mapping[str, str]) -> Row:
    begin = round((row["begin_ts"] - start).total_seconds() * 1000)
    return {
        "channel_id": row["channel_id"],
        "begin_offset_ms": begin,
        "end_offset_ms": begin + row["duration_ms"],
        "unit_type": units.get(row["unit_id"]),
        "flac": (row["audio"] or {}).get("bytes"),
    }


def _in_order(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row["begin_offset_ms"], row["end_offset_ms"]))


def number(value: float | None, places: int) -> float | int | None:
    """Round for JSON; NULL for what is not finite."""
    if value is None or not math.isfinite(value):
        return None
    return round(value, places) if places else round(value)
