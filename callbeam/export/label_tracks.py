"""Labels as Audacity and Praat read them. Times are seconds from the call's start, where its stereo file begins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from callbeam.export.labelled_calls import LabelledCall, LabelledChannel

    Row = dict[str, Any]

EVENTS_TIER = "events"


def audacity_utterances(channel: LabelledChannel) -> str:
    """Return a channel's utterances as an Audacity label track: begin, end and text, separated by tabs."""
    return "".join(_label(row, utterance_text(row)) for row in channel.utterances)


def audacity_events(call: LabelledCall) -> str:
    """Return a call's events as an Audacity label track."""
    return "".join(_label(row, event_text(row)) for row in call.events)


def utterance_text(row: Row) -> str:
    """Return an utterance's label: its id, by which it is found in the tables, and what kind it is."""
    kinds = [kind for kind in ("interruption", "backchannel") if row[f"is_{kind}"]]
    return _line(" ".join([row["utterance_id"], *kinds]))


def event_text(row: Row) -> str:
    """Return an event's label: its type, of a tone its kind and key, and whose it is."""
    words = (row["event_type"], row["tone_kind"], row["dtmf_digit"], row["by_role"])
    return _line(" ".join(word for word in words if word))


def _label(row: Row, text: str) -> str:
    return f"{_seconds(row['begin_offset_ms'])}\t{_seconds(row['end_offset_ms'])}\t{text}\n"


def text_grid(call: LabelledCall) -> str:
    """Return a call as a Praat TextGrid, in the long text format.

    An interval tier for each channel holds its utterances, silence between them. Events may overlap, which intervals
    must not, so a point tier holds where each begins, with its length; those that begin together share a point.
    """
    tiers = [
        _interval_tier(name, channel.utterances, call.duration_ms)
        for name, channel in zip(_tier_names(call.channels), call.channels, strict=True)
    ]
    tiers.append(_point_tier(call.events, call.duration_ms))
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {_seconds(call.duration_ms)}",
        "tiers? <exists>",
        f"size = {len(tiers)}",
        "item []:",
    ]
    for index, tier in enumerate(tiers, start=1):
        lines += [f"    item [{index}]:", *(f"        {line}" for line in tier)]
    return "\n".join(lines) + "\n"


def _tier_names(channels: Sequence[LabelledChannel]) -> list[str]:
    """Name tiers by role; several of one role, or of none, by their ids, too."""
    roles = [channel.role for channel in channels]
    return [
        channel.role
        if channel.role and roles.count(channel.role) == 1
        else f"{channel.role or 'channel'} {channel.channel_id}"
        for channel in channels
    ]


def _interval_tier(name: str, utterances: Iterable[Row], duration_ms: int) -> Iterator[str]:
    intervals: list[tuple[int, int, str]] = []
    at_ms = 0
    for row in utterances:
        begin_ms, end_ms = max(row["begin_offset_ms"], at_ms), row["end_offset_ms"]
        if begin_ms < end_ms:
            intervals += [(at_ms, begin_ms, "")] if at_ms < begin_ms else []
            intervals.append((begin_ms, end_ms, utterance_text(row)))
            at_ms = end_ms
    if at_ms < duration_ms:
        intervals.append((at_ms, duration_ms, ""))
    yield from _head("IntervalTier", name, duration_ms)
    yield f"intervals: size = {len(intervals)}"
    for index, (begin_ms, end_ms, text) in enumerate(intervals, start=1):
        yield f"intervals [{index}]:"
        yield f"    xmin = {_seconds(begin_ms)}"
        yield f"    xmax = {_seconds(end_ms)}"
        yield f"    text = {_quoted(text)}"


def _point_tier(events: Iterable[Row], duration_ms: int) -> Iterator[str]:
    points: dict[int, list[str]] = {}
    for row in events:
        length = _seconds(row["end_offset_ms"] - row["begin_offset_ms"])
        points.setdefault(max(row["begin_offset_ms"], 0), []).append(f"{event_text(row)} {length} s")
    yield from _head("TextTier", EVENTS_TIER, duration_ms)
    yield f"points: size = {len(points)}"
    for index, (at_ms, texts) in enumerate(sorted(points.items()), start=1):
        yield f"points [{index}]:"
        yield f"    number = {_seconds(at_ms)}"
        yield f"    mark = {_quoted('; '.join(texts))}"


def _head(kind: str, name: str, duration_ms: int) -> Iterator[str]:
    yield f'class = "{kind}"'
    yield f"name = {_quoted(name)}"
    yield "xmin = 0"
    yield f"xmax = {_seconds(duration_ms)}"


def _quoted(text: str) -> str:
    return '"' + _line(text).replace('"', '""') + '"'


def _line(text: str) -> str:
    """Keep what would break a line or a column out of a text."""
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", text)


def _seconds(milliseconds: int) -> str:
    """Write milliseconds as seconds.

    Examples
    --------
    >>> _seconds(1234), _seconds(60_000)
    ('1.234', '60.000')
    """
    return f"{milliseconds / 1000:.3f}"
