"""``docs/scale.md`` from the estimate: ``python -m callbeam.estimate.scale_page docs/scale.md`` renews its table."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from callbeam.estimate.estimating import estimate, figures
from callbeam.kvs import HOUR_MS, Lane, Stream, Unit

HOURS_A_DAY: Final = (10, 1_000, 100_000)
STREAM_HOURS: Final = 10
"""Calls that a pooled stream holds of a day, in hours."""

FINISH_S: Final = 4 * 3600
"""In which a day is to be done."""

FRAGMENT_MS: Final = 1_024
FRAGMENT_BYTES: Final = 34_400
"""Of two-party telephone audio as Amazon Connect writes it: two tracks of 16-bit samples at 8 kHz, and headers."""

TABLE: Final = re.compile(r"(?<=<!-- estimate -->\n)(.*?)(?=<!-- end -->)", re.DOTALL)


def day_of_lanes(hours: int) -> list[Lane]:
    """Return the lanes of a day with so many hours of calls, ``STREAM_HOURS`` on each stream."""
    count = HOUR_MS // FRAGMENT_MS
    units = tuple(
        Unit(at * HOUR_MS, (at + 1) * HOUR_MS, count, count * FRAGMENT_BYTES, HOUR_MS)
        for at in range(8, 8 + STREAM_HOURS)
    )
    arn = "arn:aws:kinesisvideo:us-east-1:111122223333:stream/calls-{}/0"
    return [Lane(Stream(arn.format(number), 0, 24), units, 0) for number in range(hours // STREAM_HOURS)]


def table() -> str:
    """Write the table: a column for each size of a day."""
    columns = [dict(figures(estimate([day_of_lanes(hours)], FINISH_S))) for hours in HOURS_A_DAY]
    head = ["hours of calls a day", *(f"{hours:,}" for hours in HOURS_A_DAY)]
    rows = [[what, *(column[what] for column in columns)] for what in columns[0]]
    lines = [head, ["---", *("---:" for _ in HOURS_A_DAY)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def renewed(page: str) -> str:
    """Return the page with its table renewed.

    Raises
    ------
    ValueError
        If it has no place for one.
    """
    page, places = TABLE.subn(lambda _: "\n" + table() + "\n", page)
    if places != 1:
        raise ValueError("the page must have one table between <!-- estimate --> and <!-- end -->")
    return page


if __name__ == "__main__":
    place = Path(sys.argv[1])
    place.write_text(renewed(place.read_text(encoding="utf-8")), encoding="utf-8")
