"""Categories that a service matched a call with: all publishers share one form, but for one name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from callbeam.records import child, children
from callbeam.transcripts.said import Label
from callbeam.transcripts.transcript_fields import short_name, span_ms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from callbeam.transcripts.said import CallName


def category_labels(matched: Mapping[str, Any], call: CallName) -> Iterator[Label]:
    """Read ``MatchedCategories``, each with the stretches that ``MatchedDetails`` has of it.

    Parameters
    ----------
    matched : mapping
        Stretches are its details' ``PointsOfInterest``, in records of a stream ``TimestampRanges``.
    call : CallName

    Yields
    ------
    Label
        One for each stretch, or one of all of the call.

    Raises
    ------
    RecordError
        If a stretch has no times.
    """
    details, named = child(matched, "MatchedDetails"), matched.get("MatchedCategories")
    for name in filter(None, map(short_name, named if isinstance(named, list) else [])):
        detail = child(details, name)
        points = [*children(detail, "PointsOfInterest"), *children(detail, "TimestampRanges")]
        spans = [span_ms(point) for point in points if "BeginOffsetMillis" in point]
        for begin, end in spans:
            yield Label(call, "category", name, begin_ms=begin, end_ms=end)
        if not spans:
            yield Label(call, "category", name)
