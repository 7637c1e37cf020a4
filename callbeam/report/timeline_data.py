"""What a page's timeline draws, in the few and short values that its script reads."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

from callbeam.report import words
from callbeam.report.call_rows import CallRows, Lane, Row, number
from callbeam.report.sentiment_lines import sentiment_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

PEAK_MS = 50
SECOND_MS = 1000

LOWEST_LEVEL = -80
"""Of the axis: digital silence, at -100 dBFS, would press everything else together; it is drawn at the edge."""

INTERRUPTS, BACKCHANNEL = 1, 2
"""Bits of an utterance's flags."""


def timeline_data(rows: CallRows, *, clip_bytes: int) -> dict[str, Any]:
    """Return what the timeline draws, for JSON.

    Parameters
    ----------
    rows : CallRows
    clip_bytes : int
        Most bytes of audio that are taken.

    Returns
    -------
    dict
        ``duration`` in ms; ``lanes`` (``role``, ``label``, ``waves``: begin and base64 of int8 peaks each 50 ms, -1
        without audio; ``series``: begin and a value a second); ``utterances`` [begin, end, lane, flags];
        ``kinds`` of events, ``events`` [kind, begin, end, lane or -1, what]; ``phases`` [begin, end, phase];
        ``clips`` [begin, end, lane, base64 of FLAC]; ``sentiment`` as ``sentiment_lines`` gives it; ``levels`` and
        ``pitches``, the ranges of the axes, or None.
    """
    kinds = [kind for kind in words.EVENTS if any(event["event_type"] == kind for event in rows.events)]
    kinds += sorted({event["event_type"] for event in rows.events} - set(kinds))
    lanes = [_lane(lane, rows.call["call_start_ts"]) for lane in rows.lanes]
    return {
        "duration": rows.duration_ms,
        "lanes": lanes,
        "utterances": [
            [row["begin_offset_ms"], row["end_offset_ms"], _index(row["lane"]), utterance_flags(row)]
            for row in rows.utterances
        ],
        "kinds": [{"kind": kind, "label": words.event(kind)} for kind in kinds],
        "events": [
            [kinds.index(row["event_type"]), row["begin_offset_ms"], row["end_offset_ms"], _index(row["lane"])]
            for row in rows.events
        ],
        "phases": [[row["begin_offset_ms"], row["end_offset_ms"], row["phase"]] for row in rows.phases],
        "clips": [
            [clip["begin_offset_ms"], clip["end_offset_ms"], clip["lane"], base64.b64encode(clip["flac"]).decode()]
            for clip in chosen_clips(rows.clips, clip_bytes)
        ],
        "sentiment": sentiment_lines(rows),
        "levels": _axis(lanes, "level", step=10, least=(-60, -20), lowest=LOWEST_LEVEL),
        "pitches": _axis(lanes, "f0", step=50, least=(50, 300), lowest=50),
    }


def utterance_flags(row: Row) -> int:
    """Return what an utterance is, as bits."""
    return INTERRUPTS * bool(row["is_interruption"]) + BACKCHANNEL * bool(row["is_backchannel"])


def playable(clips: Sequence[Row]) -> list[Row]:
    """Return the clips that hold audio of a lane, windows only where no utterance's clip lies."""
    with_audio = [clip for clip in clips if clip["flac"] and clip["lane"] is not None]
    taken: dict[int, list[tuple[int, int]]] = {}
    chosen = []
    for clip in sorted(with_audio, key=lambda clip: (clip["unit_type"] == "window", clip["begin_offset_ms"])):
        spans = taken.setdefault(clip["lane"], [])
        begin, end = clip["begin_offset_ms"], clip["end_offset_ms"]
        if clip["unit_type"] == "window" and any(b < end and begin < e for b, e in spans):
            continue
        spans.append((begin, end))
        chosen.append(clip)
    return chosen


def chosen_clips(clips: Sequence[Row], most_bytes: int) -> list[Row]:
    """Return the first of the clips, as far as their audio fits, in order of begin."""
    total, chosen = 0, []
    for clip in playable(clips):
        total += len(clip["flac"])
        if total > most_bytes:
            break
        chosen.append(clip)
    return sorted(chosen, key=lambda clip: (clip["begin_offset_ms"], clip["lane"]))


def _index(lane: int | None) -> int:
    return -1 if lane is None else lane


def _lane(lane: Lane, call_start: datetime) -> dict[str, Any]:
    return {
        "role": lane.participant_role,
        "label": lane.label,
        "waves": [_wave(channel, call_start) for channel in lane.channels if channel["peaks"]],
        "series": [_series(rows) for rows in lane.seconds.values()],
    }


def _wave(channel: Row, call_start: datetime) -> dict[str, Any]:
    peaks = np.array([-1 if peak is None else peak for peak in channel["peaks"]], dtype=np.int8)
    begin = round((channel["start_ts"] - call_start).total_seconds() * 1000)
    return {"begin": begin, "peaks": base64.b64encode(peaks.tobytes()).decode()}


def _series(rows: Sequence[Row]) -> dict[str, Any]:
    begin = rows[0]["begin_offset_ms"]
    count = (rows[-1]["begin_offset_ms"] - begin) // SECOND_MS + 1
    level: list[float | int | None] = [None] * count
    pitch: list[float | int | None] = [None] * count
    for row in rows:
        at = (row["begin_offset_ms"] - begin) // SECOND_MS
        level[at] = number(row["level_dbfs"], 1)
        pitch[at] = number(row["f0_median_hz"], 0)
    return {"begin": begin, "level": level, "f0": pitch}


def _axis(
    lanes: Sequence[dict[str, Any]], name: str, *, step: int, least: tuple[int, int], lowest: int
) -> list[int] | None:
    """Return the range of an axis: the values, save the lowest and highest few, out to whole steps."""
    values = [value for lane in lanes for series in lane["series"] for value in series[name] if value is not None]
    if not values:
        return None
    low, high = np.percentile(values, (2, 96))
    return [
        int(max(min(least[0], np.floor(low / step) * step), lowest)),
        int(max(least[1], np.ceil(high / step) * step)),
    ]
