"""The index: what all calls have in common, which stand out, and which have a page."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from callbeam.report import words
from callbeam.report.charts import histogram_chart
from callbeam.report.fleet import OUTLIER_SCORE, PERCENTILES
from callbeam.report.markup import Html, el, join
from callbeam.report.measures import MEASURES, Measure
from callbeam.report.page import facts, page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from callbeam.report.fleet import Fleet, Outlier

LISTED = ("duration_ms", "agent_talk_ratio", "non_talk_share", "longest_non_talk_ms", "response_latency_agent_p50_ms")
"""Figures beside the calls that have a page."""

BY_KEY = {measure.key: measure for measure in MEASURES}


def index_page(fleet: Fleet, place: str, pages: Mapping[int, str], outliers: Sequence[Outlier]) -> str:
    """Return the index.

    Parameters
    ----------
    fleet : Fleet
    place : str
        Where the tables are, for people.
    pages : mapping of int to str
        Relative address of a page by the call's row, for those that have one.
    outliers : sequence of Outlier

    Returns
    -------
    str
        HTML.
    """
    body = join(
        _header(fleet, place),
        _percentiles(fleet),
        _outliers(fleet, outliers, pages),
        _pages(fleet, pages),
        _warnings(fleet),
    )
    return page(title="Calls", body=body)


def _header(fleet: Fleet, place: str) -> Html:
    if not fleet.count:
        return el("header", el("h1", "Calls"), el("p", f"{place} holds no calls.", class_="empty"))
    starts = fleet.calls["call_start_ts"]
    statuses = Counter(fleet.calls["status"].to_pylist())
    hours = float(fleet.known(BY_KEY["duration_ms"]).sum()) / 3_600_000
    first, last = starts[0].as_py(), starts[-1].as_py()
    return el(
        "header",
        el("h1", "Calls"),
        facts(
            ("Calls", f"{fleet.count:,}"),
            ("Audio", f"{hours:,.1f} h"),
            ("First", words.instant(first) + " UTC"),
            ("Last", words.instant(last) + " UTC"),
            (
                "Status",
                ", ".join(
                    f"{count:,} {(words.STATUSES.get(status) or words.plain(status or 'unknown')).lower()}"
                    for status, count in statuses.most_common()
                ),
            ),
            ("Jobs", f"{len(set(fleet.calls['job_id'].to_pylist())):,}"),
            ("Tables", place),
        ),
    )


def _percentiles(fleet: Fleet) -> Html | None:
    rows = []
    for measure in MEASURES:
        at = fleet.percentiles(measure)
        if at is None:
            continue
        rows.append(
            el(
                "tr",
                el("th", measure.label, scope="row", title=measure.meaning),
                *(
                    el("td", measure.text(float(value)), class_="n median" if percent == 50 else "n")
                    for percent, value in zip(PERCENTILES, at, strict=True)
                ),
                el("td", _distribution(fleet, measure, float(at[2])), class_="chart"),
                el("td", f"{len(fleet.known(measure)):,}", class_="n count"),
            )
        )
    if not rows:
        return None
    heads = [
        el("th", "Per call", scope="col"),
        *(el("th", f"p{percent}" if percent != 50 else "median", scope="col", class_="n") for percent in PERCENTILES),
        el("th", f"Distribution, p{PERCENTILES[0]} to p{PERCENTILES[-1]}", scope="col"),
        el("th", "Calls", scope="col", class_="n"),
    ]
    return _section("All calls together", _table(heads, rows, "All calls together"))


def _distribution(fleet: Fleet, measure: Measure, median: float) -> Html:
    known, histogram = fleet.known(measure), fleet.histogram(measure)
    if histogram is None or known[0] == known[-1]:
        return el("span", "all alike", class_="none")
    return histogram_chart(histogram, measure, median)


def _outliers(fleet: Fleet, outliers: Sequence[Outlier], pages: Mapping[int, str]) -> Html | None:
    if not fleet.count:
        return None
    hint = el(
        "p",
        f"Each by its most unusual figure: at least {OUTLIER_SCORE:g} scaled median absolute deviations from the "
        "median (of those on the same side), in the direction that calls for a look.",
        class_="hint",
    )
    if not outliers:
        return _section("Calls that stand out", el("p", "None does.", class_="empty"), hint)
    rows = []
    for outlier in outliers:
        quarter, half, most = _middle(fleet, outlier.measure)
        rows.append(
            el(
                "tr",
                el("td", _call_link(fleet, outlier.row, pages)),
                el("td", words.instant(fleet.calls["call_start_ts"][outlier.row].as_py())),
                el("td", outlier.measure.label),
                el("td", outlier.measure.text(outlier.value), class_="n strong"),
                el("td", half, class_="n"),
                el("td", f"{quarter} to {most}", class_="n"),
            )
        )
    heads = [
        el("th", "Call", scope="col"),
        el("th", "Began (UTC)", scope="col"),
        el("th", "Figure", scope="col"),
        el("th", "Here", scope="col", class_="n"),
        el("th", "Median", scope="col", class_="n"),
        el("th", "Half of all calls", scope="col", class_="n"),
    ]
    return _section("Calls that stand out", _table(heads, rows, "Calls that stand out"), hint)


def _middle(fleet: Fleet, measure: Measure) -> tuple[str, str, str]:
    at = fleet.percentiles(measure)
    if at is None:
        return words.NONE, words.NONE, words.NONE
    return measure.text(float(at[1])), measure.text(float(at[2])), measure.text(float(at[3]))


def _pages(fleet: Fleet, pages: Mapping[int, str]) -> Html | None:
    if not pages:
        return None
    measures = [BY_KEY[key] for key in LISTED]
    rows = [
        el(
            "tr",
            el("td", _call_link(fleet, row, pages)),
            el("td", words.instant(fleet.calls["call_start_ts"][row].as_py())),
            el("td", words.plain(fleet.calls["source"][row].as_py() or "")),
            *(el("td", measure.text(float(fleet.values[measure.key][row])), class_="n") for measure in measures),
            el("td", ", ".join(fleet.calls["warnings"][row].as_py() or []).replace("_", " "), class_="wrap"),
        )
        for row in sorted(pages)
    ]
    heads = [
        el("th", "Call", scope="col"),
        el("th", "Began (UTC)", scope="col"),
        el("th", "Source", scope="col"),
        *(el("th", measure.label, scope="col", class_="n") for measure in measures),
        el("th", "Warnings", scope="col"),
    ]
    return _section("Calls with a page", _table(heads, rows, "Calls with a page"))


def _warnings(fleet: Fleet) -> Html | None:
    counts = Counter(code for codes in fleet.calls["warnings"].to_pylist() for code in codes or ())
    if not counts:
        return None
    rows = [
        el(
            "tr",
            el("td", f"{count:,}", class_="n"),
            el("td", words.plain(code)),
            el("td", words.warning(code), class_="wrap"),
        )
        for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    heads = [
        el("th", "Calls", scope="col", class_="n"),
        el("th", "Warning", scope="col"),
        el("th", "Meaning", scope="col"),
    ]
    return _section("Warnings", _table(heads, rows, "Warnings"))


def _call_link(fleet: Fleet, row: int, pages: Mapping[int, str]) -> Html:
    call_id = fleet.calls["call_id"][row].as_py()
    if row not in pages:
        return el("span", call_id, class_="id", title="This call has no page; ask for it with --call-id")
    return el("a", call_id, class_="id", href=pages[row])


def _section(title: str, *children: Html) -> Html:
    return el("section", el("h2", title), *children)


def _table(heads: Sequence[Html], rows: Sequence[Html], label: str) -> Html:
    table = el("table", el("thead", el("tr", *heads)), el("tbody", *rows))
    return el("div", table, class_="scroll whole", tabindex="0", role="region", aria_label=label)
