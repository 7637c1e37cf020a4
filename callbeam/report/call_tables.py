"""The tables behind a call's timeline, as HTML: a row's time sets the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from callbeam.report import words
from callbeam.report.markup import Child, Html, el
from callbeam.report.words import NONE, clock, counted, decimal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from callbeam.report.call_rows import CallRows, Row

LONG = 300
"""Rows from which on a table is laid out only when it comes into view."""

Cell = tuple[str, "Callable[[Row], Child]"]
"""A heading and what stands below it; a heading that begins with ``#`` is one of numbers, with ``~`` one of texts."""

CLASSES = {"#": "n", "~": "wrap"}


def utterances_table(rows: CallRows) -> Html:
    """Return the table of utterances; row n has the id ``u<n>``."""
    cells: tuple[Cell, ...] = (
        ("#Begin", _time),
        ("Who", lambda row: row["who"] or words.role(row["participant_role"])),
        ("#Length", lambda row: _seconds(row["duration_ms"])),
        ("#Latency", lambda row: _seconds(row["response_latency_ms"], 2)),
        ("#Overlap", lambda row: _seconds(row["overlap_ms"] or None, 2)),
        ("Kind", _kind),
        ("#Level", lambda row: _number(row["level_mean_dbfs"], 1, "dBFS")),
        ("#F0", lambda row: _number(row["f0_median_hz"], 0, "Hz")),
        ("#F0 range", lambda row: _number(row["f0_range_st"], 1, "st")),
        ("#Syllables", lambda row: _number(row["articulation_rate_hz"], 1, "/s")),
        ("#SNR", lambda row: _number(row["snr_db"], 0, "dB")),
    )
    return rows_table("Utterances", "utterance", "u", cells, rows.utterances, open_=True)


def events_table(rows: CallRows) -> Html:
    """Return the table of events; row n has the id ``e<n>``."""
    cells: tuple[Cell, ...] = (
        ("#Begin", _time),
        ("Event", lambda row: words.event(row["event_type"])),
        ("By, on", lambda row: row["who"] or (words.role(row["by_role"]) if row["by_role"] else NONE)),
        ("#Length", lambda row: _seconds(row["duration_ms"])),
        ("~What defines it", lambda row: describe_event(row) or NONE),
    )
    return rows_table("Events", "event", "e", cells, rows.events)


def channels_table(rows: CallRows) -> Html:
    """Return the table of channels."""
    channels = [{**channel, "who": lane.label} for lane in rows.lanes for channel in lane.channels]
    cells: tuple[Cell, ...] = (
        ("Who", lambda row: row["who"]),
        ("Role told by", _role_source),
        ("Track", lambda row: row["track_name"] or NONE),
        ("#Rate", lambda row: _number(row["sample_rate_hz"], 0, "Hz")),
        ("#Speech", lambda row: NONE if row["speech_ms"] is None else clock(row["speech_ms"])),
        ("#Speech level", lambda row: _number(row["active_level_dbfs"], 1, "dBFS")),
        ("#Noise floor", lambda row: _number(row["noise_floor_dbfs"], 1, "dBFS")),
        ("#SNR", lambda row: _number(row["snr_db"], 1, "dB")),
        ("#F0", lambda row: _number(row["f0_median_hz"], 0, "Hz")),
        ("#Clipped", lambda row: _percent(row["clipping_ratio"])),
        ("#Zeros", lambda row: _percent(row["digital_zero_ratio"])),
        ("#Gaps", lambda row: f"{row['gap_count']}, {_seconds(row['gap_ms'])}" if row["gap_count"] else NONE),
        ("#Echo", _echo),
    )
    return rows_table("Channels", "channel", "c", cells, channels, open_=True)


def describe_event(row: Row) -> str:
    """Say the measures that define an event."""
    said = []
    if row["tone_kind"]:
        digit = f" {row['dtmf_digit']}" if row["dtmf_digit"] else ""
        said.append(words.tone(row["tone_kind"]) + digit)
    for name, text in (
        ("frequency_hz", "{:.0f} Hz"),
        ("level_dbfs", "{:.0f} dBFS"),
        ("clipped_samples", "{:,} samples"),
    ):
        if row[name] is not None:
            said.append(text.format(row[name]).replace("-", words.MINUS))
    for name, text in (
        ("overlap_ms", "{} of both"),
        ("prior_speech_ms", "the other had spoken for {}"),
        ("stopped_after_ms", "stopped after {}"),
        ("went_on_ms", "it went on for {}"),
        ("other_went_on_ms", "the other went on for {}"),
    ):
        if row[name] is not None:
            said.append(text.format(_seconds(row[name])))
    return ", ".join(said)


def rows_table(
    title: str,
    one: str,
    prefix: str,
    cells: Sequence[Cell],
    rows: Iterable[Row],
    *,
    open_: bool = False,
    attributes: Callable[[Row], Mapping[str, Any]] = lambda _: {},
    above: Html | None = None,
) -> Html:
    """Return a table that can be folded away.

    Parameters
    ----------
    title, one : str
        Its heading, and what one row is.
    prefix : str
        Row n has the id ``<prefix><n>``.
    cells : sequence of Cell
    rows : iterable of dict
    open_ : bool
        Whether it is shown at first.
    attributes : callable
        From a row to attributes of its element.
    above : Html, optional
        What stands between heading and table.
    """
    rows = list(rows)
    summary = el("summary", el("h2", title), " ", el("span", counted(len(rows), one), class_="count"))
    if not rows:
        return el("details", summary, el("p", f"No {one}s.", class_="empty"))
    heads = [
        el("th", name.lstrip("#~"), scope="col", class_="n" if name.startswith("#") else None) for name, _ in cells
    ]
    lines = [
        el(
            "tr",
            *(el("td", show(row), class_=CLASSES.get(name[0])) for name, show in cells),
            id=f"{prefix}{index}",
            **attributes(row),
        )
        for index, row in enumerate(rows)
    ]
    table = el("table", el("thead", el("tr", *heads)), el("tbody", *lines))
    return el(
        "details",
        summary,
        above,
        el(
            "div",
            table,
            class_="scroll long" if len(rows) > LONG else "scroll",
            tabindex="0",
            role="region",
            aria_label=title,
        ),
        open=open_,
    )


def _time(row: Row) -> Html:
    begin = row["begin_offset_ms"]
    return el("a", clock(begin, tenths=True), href="#timeline", data_t=begin)


def _kind(row: Row) -> str:
    if row["is_interruption"]:
        return "interrupts"
    return "backchannel" if row["is_backchannel"] else ""


def _role_source(row: Row) -> str:
    source = words.plain(row["role_source"] or "unknown").lower()
    sure = row["role_confidence"]
    return source if sure is None or sure >= 1 else f"{source}, {100 * sure:.0f} %"


def _echo(row: Row) -> str:
    if row["echo_leak_db"] is None:
        return NONE
    delay = "" if row["echo_delay_ms"] is None else f", {row['echo_delay_ms']:.0f} ms"
    return f"{decimal(row['echo_leak_db'], 0)} dB{delay}"


def _seconds(milliseconds: Any, places: int | None = None) -> str:
    if milliseconds is None:
        return NONE
    return f"{decimal(milliseconds / 1000, (1 if abs(milliseconds) >= 1000 else 2) if places is None else places)} s"


def _number(value: Any, places: int, unit: str) -> str:
    return NONE if value is None else f"{decimal(value, places)} {unit}"


def _percent(share: Any) -> str:
    if share is None:
        return NONE
    return words.percent(share, 2 if share < 0.01 else 0)
