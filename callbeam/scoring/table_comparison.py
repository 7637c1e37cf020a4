"""How well a backfill's tables match the truth about the made-up calls that it read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow.dataset as ds

from callbeam.callmaker import CallTruth, ChannelTruth, load_truth
from callbeam.errors import CallbeamError
from callbeam.scoring.conversation_comparison import AGENT_FROM, CALL_COLUMNS, TalkMatch, match_talk, talk_lines
from callbeam.stream_arns import stream_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LEVEL_TOLERANCE_DB = 0.01
GAP_TOLERANCE_MS = 1


class Pitch(NamedTuple):
    """What a row of table ``seconds`` tells of the pitch."""

    begin_ms: int
    f0_hz: float
    voiced_ratio: float


@dataclass(frozen=True, slots=True)
class ChannelMatch:
    """One channel beside its truth.

    Attributes
    ----------
    found : bool
        The tables have the channel.
    pcm, gaps, level : bool
        Its samples (by SHA-256), its gaps and its level are the truth's.
    participant_role, role_source : str or None
        Whose channel the tables say that it is, and what tells.
    f0_error : float or None
        Relative error of the median F0; None where one side has none.
    """

    call_id: str
    role: str
    found: bool
    pcm: bool = False
    gaps: bool = False
    level: bool = False
    participant_role: str | None = None
    role_source: str | None = None
    f0_error: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """All made-up calls, their channels and their conversations, beside their truth."""

    calls_made: int
    calls_found: int
    calls_too_many: int
    channels: tuple[ChannelMatch, ...]
    talk: tuple[TalkMatch, ...] = ()
    calls_recorded: int = 0

    @property
    def exact(self) -> bool:
        """Every call is there, once, with every sample and every gap."""
        return (
            self.calls_found == self.calls_made
            and not self.calls_too_many
            and all(match.pcm and match.gaps and match.level for match in self.channels)
        )

    def lines(self) -> list[str]:
        """Return what a person wants to see."""
        made = len(self.channels)
        told = Counter(match.role_source for match in self.channels if match.participant_role == match.role)
        by = ", ".join(f"{count} by {source}" for source, count in sorted(told.items()))
        recorded = [f"of these recordings   {self.calls_recorded}"] if self.calls_recorded else []
        errors = [abs(match.f0_error) for match in self.channels if match.f0_error is not None]
        lines = [
            f"calls found           {self.calls_found} of {self.calls_made}, {self.calls_too_many} too many",
            *recorded,
            f"samples identical     {sum(match.pcm for match in self.channels)} of {made} channels",
            f"gaps identical        {sum(match.gaps for match in self.channels)} of {made} channels",
            f"level within {LEVEL_TOLERANCE_DB} dB  {sum(match.level for match in self.channels)} of {made} channels",
        ]
        lines.append(f"role right            {told.total()} of {made} channels" + (f": {by}" if by else ""))
        if errors:
            lines.append(
                f"median F0             off by {np.median(errors):.1%} in the median, {max(errors):.1%} at most"
            )
        return [*lines, "", *talk_lines(self.talk)] if self.talk else lines


def compare_with_truth(output: Path, *truths: Path, source: str | None = None) -> Comparison:
    """Compare the tables of a backfill with the truth about the calls that it read.

    Parameters
    ----------
    output : Path
        The local folder that the backfill wrote.
    *truths : Path
        Folders of ``<call_id>.json`` files.
    source : str, optional
        Only calls of this system count: ``connect`` or ``chime``.

    Raises
    ------
    CallbeamError
        If there is no truth, or there are no tables.
    """
    every = [load_truth(path) for folder in truths for path in sorted(folder.glob("*.json"))]
    made = [call for call in every if source in {None, call.source}]
    if not made:
        raise CallbeamError(f"{' and '.join(map(str, truths))}: no truth about made-up calls")
    try:
        calls = _rows(_read(output, "calls", list(CALL_COLUMNS)))
        channels = _rows(_read(output, "channels", None))
        phases = _rows(_read(output, "phases", ["call_id", "phase", "begin_offset_ms"]))
        seconds = _read(output, "seconds", ["channel_id", "begin_offset_ms", "f0_median_hz", "voiced_ratio"])
    except FileNotFoundError as error:
        raise CallbeamError(f"{output} holds no tables of a backfill: {error}") from error
    pitch: dict[str, list[Pitch]] = {}
    for channel_id, *second in zip(*seconds.values(), strict=True):
        if second[1] is not None:
            pitch.setdefault(channel_id, []).append(Pitch(*second))
    agents: dict[str, int] = {}
    for phase in phases:
        if phase["phase"] == "agent":
            name, begin_ms = phase["call_id"], phase["begin_offset_ms"]
            agents[name] = min(begin_ms, agents.get(name, begin_ms))
    known = {call.call_id for call in made}
    call_ids = [row["call_id"] for row in calls]
    return Comparison(
        calls_made=len(made),
        calls_found=len(known & set(call_ids)),
        calls_too_many=len(call_ids) - len(known & set(call_ids)),
        channels=tuple(_match(call, channel, channels, pitch) for call in made for channel in call.channels.values()),
        talk=match_talk(made, [{**row, AGENT_FROM: agents.get(row["call_id"])} for row in calls]),
        calls_recorded=sum(row["recordings"] is not None for row in calls if row["call_id"] in known),
    )


def _read(output: Path, table: str, columns: Sequence[str] | None) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = ds.dataset(output / table, format="parquet").to_table(columns=columns).to_pydict()
    return rows


def _rows(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _match(
    call: CallTruth, channel: ChannelTruth, rows: Sequence[dict[str, Any]], pitch: dict[str, list[Pitch]]
) -> ChannelMatch:
    row = next(
        (
            row
            for row in rows
            if row["call_id"] == call.call_id
            and _lies_on(row, channel.stream)
            and row["track_name"] == channel.track_name
            and (row["track_channel"] is None or row["participant_role"] == channel.role)
        ),
        None,
    )
    if row is None:
        return ChannelMatch(call.call_id, channel.role, found=False)
    gap_ms = sum(end - begin for begin, end in channel.gaps)
    heard = [second for second in pitch.get(row["channel_id"], []) if _is_speech(second, channel.speech)]
    return ChannelMatch(
        call.call_id,
        channel.role,
        found=True,
        pcm=row["pcm_sha256"] == channel.pcm_sha256,
        gaps=row["gap_count"] == len(channel.gaps)
        and abs(row["gap_ms"] - gap_ms) <= GAP_TOLERANCE_MS * len(channel.gaps),
        level=abs(row["level_dbfs"] - channel.level_dbfs) <= LEVEL_TOLERANCE_DB,
        participant_role=row["participant_role"],
        role_source=row["role_source"],
        f0_error=_weighted_median(heard) / channel.f0_median_hz - 1 if heard and channel.f0_median_hz else None,
    )


def _lies_on(row: dict[str, Any], name: str) -> bool:
    """Tell whether a channel lies on a stream of that name, or in a recording of it."""
    place = row["stream_arn"]
    return stream_name(place) == name or place.rpartition("/")[2] == name


def _is_speech(second: Pitch, speech: Sequence[Sequence[int]]) -> bool:
    """Tell whether a second lies in speech: hold music is periodic, too, and the truth knows no F0 of it."""
    begin, end = second.begin_ms, second.begin_ms + 1000
    return any(first <= begin and end <= last for first, last in speech)


def _weighted_median(seconds: Sequence[Pitch]) -> float:
    """Return the F0 that half of the voiced audio lies below."""
    ordered = sorted(seconds, key=lambda second: second.f0_hz)
    weights = np.cumsum([second.voiced_ratio for second in ordered])
    return ordered[int(np.searchsorted(weights, weights[-1] / 2))].f0_hz
