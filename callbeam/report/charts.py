"""Small drawings that need no script: a distribution, and a call's place in the fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callbeam.report.markup import Html, el
from callbeam.report.words import counted

if TYPE_CHECKING:
    from callbeam.report.fleet import Fleet, Histogram
    from callbeam.report.measures import Measure

WIDTH, HEIGHT = 168, 30


def histogram_chart(histogram: Histogram, measure: Measure, median: float) -> Html:
    """Draw a distribution, with a mark at the median.

    Parameters
    ----------
    histogram : Histogram
    measure : Measure
    median : float
    """
    most = max(histogram.counts)
    step = WIDTH / len(histogram.counts)
    bars = [
        el(
            "rect",
            x=f"{index * step + 0.5:.1f}",
            y=f"{HEIGHT - height:.1f}",
            width=f"{step - 1:.1f}",
            height=f"{height:.1f}",
        )
        for index, count in enumerate(histogram.counts)
        if count and (height := max(1.5, (HEIGHT - 4) * count / most))
    ]
    at = WIDTH * (median - histogram.low) / (histogram.high - histogram.low)
    mark = el("line", x1=f"{at:.1f}", x2=f"{at:.1f}", y1="0", y2=str(HEIGHT), class_="median")
    label = f"Distribution from {measure.text(histogram.low)} to {measure.text(histogram.high)}"
    return el(
        "svg",
        el("title", label),
        *bars,
        mark,
        class_="histogram",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        width=WIDTH,
        height=HEIGHT,
        role="img",
        aria_label=f"{label}, median {measure.text(median)}",
    )


def gauge(fleet: Fleet, measure: Measure, value: float) -> Html:
    """Draw where a value lies among all calls' values, by rank.

    Parameters
    ----------
    fleet : Fleet
    measure : Measure
    value : float
    """
    count = len(fleet.known(measure))
    percent = 100 * fleet.rank(measure, value)
    at = 2 + 0.96 * percent
    drawing = el(
        "svg",
        el("rect", x="2", y="2.5", width="96", height="3", class_="all"),
        el("rect", x="26", y="2.5", width="48", height="3", class_="middle"),
        el("rect", x=f"{at - 1:.1f}", y="0", width="2", height="8", class_="here"),
        class_="gauge",
        viewBox="0 0 100 8",
        preserveAspectRatio="none",
        aria_hidden="true",
    )
    told = f"{measure.label}: higher than {percent:.0f} % of {counted(count, 'call')}"
    return el("div", drawing, el("span", f"p{percent:.0f}"), class_="rank", title=told, role="img", aria_label=told)
