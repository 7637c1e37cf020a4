"""Which fragments a page of ListFragments shows, and how the next page is found."""

from __future__ import annotations

import base64
import binascii
import heapq
import json
import math
import time
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from callbeam.emulator.error_responses import ServiceError, invalid_argument
from callbeam.emulator.store import HOUR_MS, StoredFragment, shuffle_key

if TYPE_CHECKING:
    from callbeam.emulator.config import EmulatorConfig
    from callbeam.emulator.fields import Fields
    from callbeam.emulator.service import Service
    from callbeam.emulator.store import StoredStream

MAX_RESULTS = 1000
SELECTORS = ("PRODUCER_TIMESTAMP", "SERVER_TIMESTAMP")


@dataclass(frozen=True, slots=True)
class Listing:
    """A listing under way: what was asked for, and the last thing shown.

    A token holds all of it, so pages stay consistent while fragments arrive and across a restart.

    Attributes
    ----------
    stream : str
        ARN of the stream.
    by : str
        ``PRODUCER_TIMESTAMP`` or ``SERVER_TIMESTAMP``.
    start_ms, end_ms : str
        The range, inclusive at both ends, as decimal text.
    most : int
        Fragments on a page.
    after : tuple of (int, int) or None
        Sort key of the last fragment shown.
    fresh : bool
        No page was sent yet.
    """

    stream: str
    by: str
    start_ms: str
    end_ms: str
    most: int
    after: tuple[int, int] | None = None
    fresh: bool = True

    def token(self) -> str:
        """Write the listing as a NextToken."""
        return base64.b64encode(json.dumps(asdict(self), separators=(",", ":")).encode()).decode()


def read_listing(fields: Fields, stream: StoredStream, service: Service) -> Listing:
    """Read what a request asks for: a new listing by its selector, or the next page by its token.

    Raises
    ------
    ServiceError
        A field breaks its rule, or there is neither selector nor token.
    """
    config = service.config
    most = fields.integer("MaxResults", 1, MAX_RESULTS, 0)
    token = fields.text("NextToken", 4096)
    if token is not None:
        listing = _listing_of(token, stream)
        return replace(listing, most=most or listing.most)
    selector = fields.part("FragmentSelector")
    if selector is None:
        if config.missing_selector == "InternalFailure":  # what the service itself was seen to answer
            raise ServiceError("InternalFailure", "", 500)
        raise invalid_argument("FragmentSelector is required when NextToken is not given")
    selector.required("FragmentSelectorType")
    by = str(selector.choice("FragmentSelectorType", SELECTORS))
    selector.required("TimestampRange")
    span = selector.part("TimestampRange")
    if span is None:
        raise invalid_argument("FragmentSelector.TimestampRange must be given")
    start, end = span.milliseconds("StartTimestamp"), span.milliseconds("EndTimestamp")
    if end < start:
        raise invalid_argument("EndTimestamp must not be before StartTimestamp")
    _check_retention(stream, end, service)
    return Listing(stream.info.arn, by, str(start), str(end), most or config.listing_default_results)


def read_page(listing: Listing, stream: StoredStream, service: Service) -> tuple[list[StoredFragment], Listing | None]:
    """Return a page's fragments and the listing that goes on behind it, None if that was all."""
    config = service.config
    if listing.fresh and config.listing_empty_first_page:
        return [], replace(listing, fresh=False)
    arrived_by = time.monotonic() - config.listing_lag_s
    found = [
        (_sort_key(fragment.number, config), fragment)
        for fragment in _in_range(listing, stream)
        if (fragment.arrived_s <= arrived_by or not fragment.arrived_s) and service.retained(stream, fragment)
    ]
    if listing.after is not None:
        found = [entry for entry in found if entry[0] > listing.after]
    most = min(listing.most, config.listing_page_cap or MAX_RESULTS)
    page = heapq.nsmallest(most, found, key=lambda entry: entry[0])
    more = len(found) > len(page)
    goes_on = replace(listing, after=page[-1][0], fresh=False) if more and page else None
    return [fragment for _, fragment in page], goes_on


def _sort_key(number: int, config: EmulatorConfig) -> tuple[int, int]:
    if config.listing_order == "shuffled":
        return shuffle_key(number, config.seed), number
    return (number if config.listing_order == "number" else -number), 0


def _in_range(listing: Listing, stream: StoredStream) -> list[StoredFragment]:
    start, end = Decimal(listing.start_ms), Decimal(listing.end_ms)
    if listing.by == "SERVER_TIMESTAMP":
        return stream.by_server_time(math.ceil(start), math.floor(end))
    return [f for f in stream.in_order() if f.producer_ms is not None and start <= f.producer_ms <= end]


def _check_retention(stream: StoredStream, end: Decimal, service: Service) -> None:
    if stream.info.keeps_all and not service.config.apply_retention:
        return
    hours = stream.info.retention_hours
    if not hours or end < service.config.now_ms() - hours * HOUR_MS:
        raise invalid_argument(f"End timestamp {int(end)} is outside of the stream retention period")


def _listing_of(token: str, stream: StoredStream) -> Listing:
    try:
        values = json.loads(base64.b64decode(token, validate=True))
        after = values.pop("after")
        listing = Listing(**values, after=tuple(after) if after else None)
    except (binascii.Error, ValueError, TypeError, KeyError, AttributeError) as error:
        raise invalid_argument("The NextToken is not one that this API gave") from error
    if listing.stream != stream.info.arn:
        raise invalid_argument("The NextToken is another stream's")
    return listing
