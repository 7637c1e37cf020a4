"""What the tables tell of calls that labels and manifests are made of, some calls at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from callbeam.calls import AGENT, CUSTOMER
from callbeam.errors import UsageError
from callbeam.export.file_names import call_file, call_folder, channel_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from callbeam.tables import Output

    Row = dict[str, Any]

ROLES = (CUSTOMER, AGENT)

CALLS_AT_ONCE = 200
"""Calls whose rows are held at a time."""

COLUMNS = {
    "channels": (
        "job_id",
        "call_id",
        "channel_id",
        "participant_role",
        "track_name",
        "start_ts",
        "begin_offset_ms",
        "end_offset_ms",
    ),
    "utterances": (
        "job_id",
        "call_id",
        "channel_id",
        "utterance_id",
        "begin_offset_ms",
        "end_offset_ms",
        "is_interruption",
        "is_backchannel",
    ),
    "events": (
        "job_id",
        "call_id",
        "event_type",
        "begin_offset_ms",
        "end_offset_ms",
        "by_role",
        "tone_kind",
        "dtmf_digit",
    ),
}


@dataclass(frozen=True, slots=True)
class LabelledChannel:
    """A channel and its utterances, times in milliseconds from the call's start.

    Attributes
    ----------
    file : str
        Name of a file about it, without suffix, relative to the destination.
    utterances : list of dict
        Rows of ``utterances``, in order.
    """

    channel_id: str
    role: str | None
    begin_ms: int
    end_ms: int
    file: str
    utterances: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LabelledCall:
    """A call, its channels and its events.

    Attributes
    ----------
    duration_ms : int
        From the call's start to the end of the last audio, utterance or event.
    events : list of dict
        Rows of ``events``, in order.
    """

    call_id: str
    job_id: str
    start_ms: int
    duration_ms: int
    channels: list[LabelledChannel]
    events: list[Row]

    def file(self, what: str) -> str:
        """Return the name of a file about the whole call, without suffix, relative to the destination."""
        return f"{call_folder(self.call_id)}/{call_file(self.start_ms, what)}"


def labelled_calls(output: Output, call_ids: Collection[str] = ()) -> Iterator[LabelledCall]:
    """Yield calls that have audio, by job and begin; a channel that rows of several jobs hold comes once.

    It comes with the call that begins first: of overlapping jobs, one may hold all legs of a call and another the last
    alone, whose clock begins with it.

    Parameters
    ----------
    output : Output
    call_ids : collection of str
        Of these alone; of all if there are none.

    Raises
    ------
    UsageError
        If the tables lack one of ``call_ids``.
    StorageError
        If a table cannot be read.
    """
    calls = output.read("calls", ["job_id", "call_id", "call_start_ts", "duration_ms"]).to_pylist()
    for call_id in call_ids:
        if not any(call["call_id"] == call_id for call in calls):
            raise UsageError(f"there is no call {call_id!r} in the tables of {output.place}: check the id")
    wanted = [call for call in sorted(calls, key=_in_order) if not call_ids or call["call_id"] in call_ids]
    elsewhere = _elsewhere(output, wanted)
    for job_id, of_job in groupby(wanted, key=lambda call: str(call["job_id"])):
        some = list(of_job)
        for at in range(0, len(some), CALLS_AT_ONCE):
            yield from _read(output, job_id, some[at : at + CALLS_AT_ONCE], elsewhere)


def _in_order(call: Row) -> tuple[str, datetime, str]:
    return call["job_id"], call["call_start_ts"], call["call_id"]


def _elsewhere(output: Output, calls: Sequence[Row]) -> set[tuple[str, str]]:
    """Return the channels, by job and id, that come with another job's row of their call."""
    by_call: dict[str, list[Row]] = {}
    for call in calls:
        by_call.setdefault(call["call_id"], []).append(call)
    several = {call_id: rows for call_id, rows in by_call.items() if len(rows) > 1}
    jobs: dict[str, set[str]] = {}
    for call_id, rows in several.items():
        for row in rows:
            jobs.setdefault(row["job_id"], set()).add(call_id)
    held: dict[tuple[str, str], list[str]] = {}
    for row in output.read_calls("channels", ("job_id", "call_id", "channel_id"), jobs, channel_ids={}).to_pylist():
        held.setdefault((row["job_id"], row["call_id"]), []).append(row["channel_id"])
    elsewhere: set[tuple[str, str]] = set()
    for call_id, rows in several.items():
        taken: set[str] = set()
        for row in sorted(rows, key=lambda row: (row["call_start_ts"], -(row["duration_ms"] or 0), row["job_id"])):
            mine = held.get((row["job_id"], call_id), ())
            elsewhere |= {(row["job_id"], channel_id) for channel_id in mine if channel_id in taken}
            taken.update(mine)
    return elsewhere


def _read(
    output: Output, job_id: str, calls: Sequence[Row], elsewhere: Collection[tuple[str, str]]
) -> Iterator[LabelledCall]:
    ids = {call["call_id"] for call in calls}
    rows: dict[str, dict[str, list[Row]]] = {}
    for name, columns in COLUMNS.items():
        table = output.read_calls(name, columns, {job_id: ids}, channel_ids={})
        rows[name] = {}
        for row in sorted(table.to_pylist(), key=lambda row: (row["begin_offset_ms"], row["end_offset_ms"])):
            if name == "channels" and (job_id, row["channel_id"]) in elsewhere:
                continue
            rows[name].setdefault(row["call_id"], []).append(row)
    for call in calls:
        labelled = _labelled(call, {name: of_call.get(call["call_id"], []) for name, of_call in rows.items()})
        if labelled.channels:
            yield labelled


def _labelled(call: Row, rows: dict[str, list[Row]]) -> LabelledCall:
    channels = {
        row["channel_id"]: LabelledChannel(
            channel_id=row["channel_id"],
            role=row["participant_role"],
            begin_ms=row["begin_offset_ms"],
            end_ms=row["end_offset_ms"],
            file=f"{call_folder(call['call_id'])}/{_channel_file(row)}",
        )
        for row in sorted(rows["channels"], key=_who)
    }
    for row in rows["utterances"]:
        if row["channel_id"] in channels:
            channels[row["channel_id"]].utterances.append(row)
    ends = [row["end_offset_ms"] for some in rows.values() for row in some]
    return LabelledCall(
        call_id=call["call_id"],
        job_id=call["job_id"],
        start_ms=_milliseconds(call["call_start_ts"]),
        duration_ms=max([call["duration_ms"] or 0, *ends]),
        channels=list(channels.values()),
        events=rows["events"],
    )


def _who(row: Row) -> tuple[int, int, str]:
    """Sort channels: the customer's, the agent's, others; each by begin."""
    role = row["participant_role"]
    return ROLES.index(role) if role in ROLES else len(ROLES), row["begin_offset_ms"], row["channel_id"]


def _channel_file(row: Row) -> str:
    return channel_file(_milliseconds(row["start_ts"]), row["participant_role"], row["track_name"], row["channel_id"])


def _milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)
