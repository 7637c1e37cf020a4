"""How sentiment went through a call, as others judged it: the line that call analytics' consumer application shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from callbeam.report import words
from callbeam.report.call_rows import number

if TYPE_CHECKING:
    from callbeam.report.call_rows import CallRows, Row

WEIGHT: Final = 1.5
"""What a likelihood counts: 1.5 if it is of positive, -1.5 of negative, 0 of neutral sentiment.

Source: amazon-chime-sdk-call-analytics-reader, ``site/src/Sentiment.tsx`` (``mergeSentimentValues``). It draws the sum
over the end of what was judged.
"""

CLASSES: Final = {"POSITIVE": 1.0, "NEGATIVE": -1.0, "NEUTRAL": 0.0, "MIXED": 0.0}
"""Positive less negative likelihood where only a class is told: it is taken for certain, MIXED for as much of both."""

JUDGED: Final = {"sentiment": None, "voice_tone_score": "voice tone"}
"""Labels that lines are made of, and what they judge, if not what was said."""

_AROUND_ZERO = re.compile(r"-(\d+(?:\.\d+)?)\.\.(\d+(?:\.\d+)?)")


def sentiment_lines(rows: CallRows) -> list[dict[str, Any]]:
    """Return a line for each source and participant that it judges.

    Parameters
    ----------
    rows : CallRows

    Returns
    -------
    list of dict
        ``of``: whose judgement; ``lane``: index of the participant's lane, -1 for none; ``points``: begin and end of
        what was judged, and its score, in order of end.
    """
    lanes = {lane.participant_role: index for index, lane in enumerate(rows.lanes) if lane.participant_role}
    lines: dict[tuple[str, int], list[list[float | int]]] = {}
    for row in rows.said["labels"]:
        score = line_score(row)
        if score is None or row["end_offset_ms"] is None:
            continue
        lane = lanes.get(row["participant_role"], -1)
        point = [row["begin_offset_ms"], row["end_offset_ms"], score]
        lines.setdefault((_whose(row), lane), []).append(point)
    return [
        {"of": of, "lane": lane, "points": sorted(points, key=lambda point: (point[1], point[0]))}
        for (of, lane), points in sorted(lines.items())
    ]


def line_score(label: Row) -> float | int | None:
    """Return a label's place on the line, -1.5 to 1.5; None for a label that has none.

    Parameters
    ----------
    label : dict
        Of ``labels``. Scores on a scale around zero are positive less negative likelihoods times its end, as ``-5..5``
        of Live Call Analytics and Post Call Analytics.

    Examples
    --------
    >>> line_score({"name": "voice_tone_score", "value": None, "score": 0.4, "scale": "-1..1"})
    0.6
    >>> line_score({"name": "sentiment", "value": "NEGATIVE", "score": None, "scale": None})
    -1.5
    """
    if label["name"] not in JUDGED:
        return None
    scale = _AROUND_ZERO.fullmatch(label["scale"] or "")
    if label["score"] is not None and scale is not None and scale[1] == scale[2] and float(scale[1]) > 0:
        return number(WEIGHT * label["score"] / float(scale[1]), 3)
    certain = CLASSES.get((label["value"] or "").upper())
    return None if certain is None else WEIGHT * certain


def _whose(row: Row) -> str:
    what = JUDGED[row["name"]]
    return words.plain(row["annotator"] or row["source"]) + (f", {what}" if what else "")
