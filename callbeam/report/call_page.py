"""The page of one call: key figures, timeline, and the tables behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callbeam.report import words
from callbeam.report.call_tables import channels_table, events_table, utterances_table
from callbeam.report.charts import gauge
from callbeam.report.markup import Html, data_block, el, join
from callbeam.report.measures import MEASURES
from callbeam.report.page import facts, page
from callbeam.report.said_tables import said_tables
from callbeam.report.timeline_data import chosen_clips, playable, timeline_data

if TYPE_CHECKING:
    from callbeam.report.call_rows import CallRows
    from callbeam.report.fleet import Fleet

KEYS = (
    ("\N{LEFTWARDS ARROW} \N{RIGHTWARDS ARROW}", "move the cursor; with Shift ten times as far"),
    ("Home End", "to the begin, to the end"),
    ("n p", "next and previous event"),
    ("+ \N{MINUS SIGN} 0", "zoom in, zoom out, whole call"),
    ("Space", "play, pause"),
)


def call_page(rows: CallRows, fleet: Fleet, row: int, *, clip_bytes: int) -> str:
    """Return a call's page.

    Parameters
    ----------
    rows : CallRows
    fleet : Fleet
        What the call is compared with.
    row : int
        The call's row in it.
    clip_bytes : int
        Most bytes of audio in the page.

    Returns
    -------
    str
        HTML.
    """
    call_id = rows.call["call_id"]
    body = join(
        _header(rows),
        _warnings(rows),
        _tiles(fleet, row),
        _timeline(rows, clip_bytes),
        el(
            "section",
            channels_table(rows),
            utterances_table(rows),
            events_table(rows),
            said_tables(rows),
            class_="tables",
        ),
        data_block("call-data", timeline_data(rows, clip_bytes=clip_bytes)),
    )
    return page(title=f"Call {call_id}", body=body, scripts=("draw.js", "said.js", "sentiment.js", "timeline.js"))


def _header(rows: CallRows) -> Html:
    call = rows.call
    layout = call["channel_layout"]
    scope = call["metrics_scope"]
    clock = call["clock_uncertainty_ms"]
    return el(
        "header",
        el("nav", el("a", "All calls", href="../index.html"), aria_label="Breadcrumb"),
        el("h1", el("span", "Call ", class_="kind"), el("span", call["call_id"], class_="id")),
        facts(
            ("Began", words.instant(call["call_start_ts"]) + " UTC"),
            ("Length", words.clock(rows.duration_ms)),
            ("Status", words.STATUSES.get(call["status"]) or words.plain(call["status"] or "")),
            ("Source", words.plain(call["source"] or "")),
            ("Channels", words.LAYOUTS.get(layout, layout) if layout else None),
            ("Figures", words.SCOPES.get(scope, scope) if scope else None),
            ("Clock", f"{call['clock_source']}, \N{PLUS-MINUS SIGN}{clock} ms" if clock is not None else None),
            ("Job", call["job_id"]),
        ),
    )


def _warnings(rows: CallRows) -> Html | None:
    codes = rows.call["warnings"] or []
    if not codes:
        return None
    items = [el("li", words.warning(code), title=code) for code in codes]
    return el("section", el("h2", "Warnings"), el("ul", *items), class_="warnings", aria_label="Warnings")


def _tiles(fleet: Fleet, row: int) -> Html:
    tiles = []
    for measure in MEASURES:
        value = float(fleet.values[measure.key][row])
        if not measure.tile:
            continue
        known = value == value  # noqa: PLR0124  (NaN is what differs from itself)
        rank = gauge(fleet, measure, value) if known and fleet.count > 1 else None
        tiles.append(
            el(
                "div",
                el("dt", measure.label, title=measure.meaning),
                el("dd", measure.text(value), class_=None if known else "none"),
                rank,
                class_="tile",
            )
        )
    hint = f"{words.NONE}: not computable."
    if fleet.count > 1:
        calls = words.counted(fleet.count, "call")
        hint = f"pNN and the mark: its rank among those of {calls} that have it; strong: the middle half. {hint}"
    return el(
        "section",
        el("h2", "Key figures"),
        el("dl", *tiles, class_="tiles"),
        el("p", hint, class_="hint"),
    )


def _timeline(rows: CallRows, clip_bytes: int) -> Html:
    if not rows.duration_ms:
        return el(
            "section",
            el("h2", "Timeline"),
            el("p", "No audio of this call could be decoded, so there is nothing to draw.", class_="empty"),
        )
    return el(
        "section",
        el("h2", "Timeline"),
        el(
            "div",
            el(
                "div",
                el("button", "\N{MINUS SIGN}", type="button", id="zoom-out", aria_label="Zoom out"),
                el("button", "+", type="button", id="zoom-in", aria_label="Zoom in"),
                el("button", "Whole call", type="button", id="zoom-all"),
                class_="zoom",
                role="group",
                aria_label="Zoom",
            ),
            el("output", id="readout", aria_live="off"),
            _player(rows, clip_bytes),
            class_="bar",
        ),
        el("noscript", el("p", "The timeline is drawn by a script in this page; the tables below need none.")),
        el("div", id="timeline"),
        el("div", id="legend", role="group", aria_label="Kinds of events; a click goes to the next one"),
        el(
            "details",
            el("summary", "How to use the timeline"),
            el(
                "p",
                "A click sets the cursor, and plays where there is audio. Dragging over a stretch zooms into it, "
                "as does the wheel with Ctrl; the wheel sideways, or the strip at the top, moves along. Waveforms "
                "show the largest sample of each 50 ms, small ones raised; stronger colour is speech. "
                "Pitch is the median of a second's voiced frames.",
            ),
            el("dl", *(el("div", el("dt", keys), el("dd", what)) for keys, what in KEYS), class_="keys"),
            class_="help",
        ),
        class_="time",
    )


def _player(rows: CallRows, clip_bytes: int) -> Html | None:
    every = playable(rows.clips)
    if not every:
        return None
    taken = len(chosen_clips(rows.clips, clip_bytes))
    whose = sorted({clip["lane"] for clip in every})
    names = " and ".join(rows.lanes[lane].label for lane in whose)
    note = f"{names}: {words.counted(taken, 'stretch', 'stretches')} with audio"
    if taken < len(every):
        note += f", {len(every) - taken:,} more left out for the page's size"
    return el(
        "div",
        el("audio", id="player", controls=True, preload="none", aria_label="The clip at the cursor"),
        el("span", note, class_="hint"),
        class_="player",
    )
