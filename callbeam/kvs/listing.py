"""Listing a stream's fragments: all pages, an exact range, each once, in order."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from math import floor
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from botocore.utils import parse_timestamp

from callbeam.kvs.fragments import ListedFragment
from callbeam.kvs.lanes import HOUR_MS
from callbeam.kvs.service_errors import KvsError, Trouble, error_message, explain

if TYPE_CHECKING:
    from callbeam.kvs.lanes import Stream
    from callbeam.kvs.operations import KvsService

PAGE_FRAGMENTS = 1000
"""MaxResults: the service's limit, and what each page costs of the quota of 10,000 a second, however short it is."""

_UNSURE_S = 3600
"""How much younger than its retention says a stream's oldest media may be: it goes meanwhile, and clocks differ."""

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)


def list_fragments(service: KvsService, stream: Stream, start_ms: int, end_ms: int) -> list[ListedFragment]:
    """List the fragments with server timestamp in [start_ms, end_ms), sorted by number.

    Whole seconds around the range are asked for and the rest is left out here, because older SDKs cut milliseconds
    off and the service's range includes both ends. A fragment listed without a server timestamp stays.

    Raises
    ------
    KvsError
        If the service refuses or fails for too long.
    """
    if start_ms >= end_ms:
        return []
    start_s, end_s = start_ms // 1000, -(-end_ms // 1000)
    kept_from_s = -(-max(stream.created_ms, service.timing.wall_ms() - stream.retention_hours * HOUR_MS) // 1000)
    items = _ask(service, stream, start_s, end_s)
    if items is None and stream.retention_hours and start_s >= kept_from_s + _UNSURE_S:
        raise KvsError(
            f"ListFragments of stream {stream.name}: the service says that the range is outside of the stream's "
            f"retention, which is {stream.retention_hours} h and covers it; if it was shortened meanwhile, the same "
            "command again asks for it anew"
        )
    if not items and start_s < kept_from_s < end_s:
        # A range that begins before anything can be kept has been seen to come back empty, and as an error; asked
        # for first all the same, because media is served for a while past its retention.
        items = _ask(service, stream, kept_from_s, end_s)
    found = {item.number: item for item in items or ()}
    inside = (item for item in found.values() if item.server_ms is None or start_ms <= item.server_ms < end_ms)
    return sorted(inside, key=lambda item: item.number)


def milliseconds(instant: datetime | None) -> int | None:
    """Turn an SDK's instant (local time zone, microseconds) into UTC milliseconds, exactly.

    Examples
    --------
    >>> milliseconds(datetime(1970, 1, 1, 0, 0, 1, 125_999, tzinfo=timezone.utc))
    1126
    """
    if instant is None:
        return None
    return ((instant - EPOCH) // _MICROSECOND + 500) // 1000


def _ask(
    service: KvsService, stream: Stream, start_s: int, end_s: int, restarts: int = 2
) -> list[ListedFragment] | None:
    """List whole seconds, both ends included; None if the service says that it keeps nothing there."""
    span = {"StartTimestamp": EPOCH + timedelta(seconds=start_s), "EndTimestamp": EPOCH + timedelta(seconds=end_s)}
    selector = {"FragmentSelectorType": "SERVER_TIMESTAMP", "TimestampRange": span}
    try:
        return _pages(service, stream, selector)
    except _StaleTokenError as error:
        if restarts:  # how long a page's token lives is not documented
            return _ask(service, stream, start_s, end_s, restarts - 1)
        raise explain(f"ListFragments of stream {stream.name}", Trouble.INVALID, error.cause) from error
    except ClientError as error:
        if "retention" in error_message(error).lower():
            return None
        raise explain(f"ListFragments of stream {stream.name}", Trouble.INVALID, error) from error


class _StaleTokenError(Exception):
    """The service does not take a page token that it gave."""

    def __init__(self, cause: ClientError) -> None:
        super().__init__(str(cause))
        self.cause = cause


def _pages(service: KvsService, stream: Stream, selector: dict[str, Any]) -> list[ListedFragment]:
    page = service.list_fragments_page(stream, MaxResults=PAGE_FRAGMENTS, FragmentSelector=selector)
    items = _items(page)
    seen: set[str] = set()
    while token := page.get("NextToken"):
        if token in seen:
            raise KvsError(f"ListFragments of stream {stream.name}: the service's pages go round in a circle")
        seen.add(token)
        page = _next_page(service, stream, token)
        items += _items(page)
    return items


def _next_page(service: KvsService, stream: Stream, token: str) -> dict[str, Any]:
    try:
        return service.list_fragments_page(stream, MaxResults=PAGE_FRAGMENTS, NextToken=token)
    except ClientError as error:
        raise _StaleTokenError(error) from error


def _items(page: dict[str, Any]) -> list[ListedFragment]:
    return [_item(entry) for entry in page.get("Fragments") or ()]  # absent, or null, where there are none


def _item(entry: dict[str, Any]) -> ListedFragment:
    return ListedFragment(
        number=int(entry["FragmentNumber"]),
        server_ms=_listed_ms(entry.get("ServerTimestamp")),
        producer_ms=_listed_ms(entry.get("ProducerTimestamp")),
        size=int(entry.get("FragmentSizeInBytes") or 0),
        length_ms=int(entry.get("FragmentLengthInMilliseconds") or 0),
    )


def _listed_ms(instant: float | str | None) -> int | None:
    """Turn an instant as KVS sends it, seconds or a date, into the nearest UTC millisecond."""
    if isinstance(instant, (int, float)):
        return floor(instant * 1000 + 0.5)
    return None if instant is None else milliseconds(parse_timestamp(instant))
