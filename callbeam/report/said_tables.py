"""What others say of a call, as HTML: the transcript, their figures beside ours, labels, and messages by type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callbeam.report import words
from callbeam.report.call_tables import Cell, rows_table
from callbeam.report.markup import Html, el, join
from callbeam.report.words import NONE, clock, decimal
from callbeam.schemas import CONNECT_TOTALS

if TYPE_CHECKING:
    from callbeam.report.call_rows import CallRows, Row

DIFFERENT = (
    "Both are defined otherwise. Talk time: theirs is of a transcript's turns, ours of voices. Non-talk: ours is "
    "silence of 3 s and hold; some count what lies between turns. Interruptions: theirs last as long as the turn, ours "
    "as long as both speak. More in the documentation: Definitions, Their figures beside ours."
)

FIGURES = tuple(column.name for column in CONNECT_TOTALS)


def said_tables(rows: CallRows) -> Html | None:
    """Return all that others say of the call; None if nobody says anything."""
    if not any(rows.said.values()):
        return None
    return join(_transcript(rows), _comparison(rows), _labels(rows), _messages(rows))


def _transcript(rows: CallRows) -> Html | None:
    """Return the segments; the one at the cursor is marked (``said.js``)."""
    segments = _by_time(rows.said["segments"])
    cells: tuple[Cell, ...] = (
        ("#Begin", _time),
        ("Who", _who),
        ("Source", lambda row: words.plain(row["source"])),
        ("~Text", lambda row: row["text"] or NONE),
        ("In", lambda row: words.plain(row["text_status"])),
    )
    return rows_table("Transcript", "segment", "s", cells, segments, open_=True, attributes=_span) if segments else None


def _comparison(rows: CallRows) -> Html | None:
    figures = [
        {**row, "ours": rows.call.get(row["name"])}
        for row in sorted(rows.said["labels"], key=lambda row: (row["source"], row["name"]))
        if row["name"] in FIGURES and row["score"] is not None
    ]
    cells: tuple[Cell, ...] = (
        ("Figure", lambda row: words.plain(row["name"])),
        ("Source", lambda row: words.plain(row["source"])),
        ("#Theirs", lambda row: _figure(row["name"], row["score"])),
        ("#Ours", lambda row: _figure(row["name"], row["ours"])),
    )
    hint = el("p", DIFFERENT, class_="hint")
    return rows_table("Comparison", "figure", "f", cells, figures, open_=True, above=hint) if figures else None


def _labels(rows: CallRows) -> Html | None:
    labels = _by_time([row for row in rows.said["labels"] if row["name"] not in FIGURES])
    cells: tuple[Cell, ...] = (
        ("#Begin", _time),
        ("Label", lambda row: words.plain(row["name"])),
        ("~Value", lambda row: row["value"] or NONE),
        ("#Score", lambda row: NONE if row["score"] is None else decimal(row["score"], 2)),
        ("Who", _who),
        ("Source", lambda row: words.plain(row["annotator"] or row["source"])),
    )
    return rows_table("Labels", "label", "l", cells, labels, attributes=_span) if labels else None


def _messages(rows: CallRows) -> Html | None:
    messages = sorted(rows.said["messages"], key=lambda row: (row["offset_ms"] is None, row["offset_ms"] or 0))
    if not messages:
        return None
    kinds = sorted({row["kind"] for row in messages})
    chooser = el(
        "label",
        "Type ",
        el("select", el("option", "all", value=""), *(el("option", kind, value=kind) for kind in kinds), id="kinds"),
    )
    cells: tuple[Cell, ...] = (
        ("#At", lambda row: _link(row["offset_ms"])),
        ("Type", lambda row: row["kind"]),
        ("Status", lambda row: row["status"] or NONE),
        ("Who", _who),
        ("~Text", lambda row: (row["text"] or NONE) + (" (partial)" if row["is_partial"] else "")),
    )
    return rows_table(
        "Messages", "message", "m", cells, messages, attributes=lambda row: {"data_kind": row["kind"]}, above=chooser
    )


def _by_time(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row["begin_offset_ms"] is None, row["begin_offset_ms"] or 0, row["source"]))


def _span(row: Row) -> dict[str, int | None]:
    return {"data_begin": row["begin_offset_ms"], "data_end": row["end_offset_ms"]}


def _time(row: Row) -> Html | str:
    return _link(row["begin_offset_ms"])


def _link(at_ms: int | None) -> Html | str:
    return NONE if at_ms is None else el("a", clock(at_ms, tenths=True), href="#timeline", data_t=at_ms)


def _who(row: Row) -> str:
    return words.role(row["participant_role"]) if row["participant_role"] else NONE


def _figure(name: str, value: float | None) -> str:
    if value is None:
        return NONE
    return f"{decimal(value / 1000, 1)} s" if name.endswith("_ms") else decimal(value, 0)
