"""Archived media: ListFragments and GetMediaForFragmentList."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from callbeam.emulator.error_responses import ServiceError, invalid_argument
from callbeam.emulator.listing_pages import read_listing, read_page
from callbeam.emulator.media_body import BodyEndedError, MediaBody
from callbeam.emulator.rendering import in_band_error, media_for_fragment_list
from callbeam.emulator.store import parse_number, well_formed

if TYPE_CHECKING:
    from aiohttp import web

    from callbeam.emulator.service import Call, Service
    from callbeam.emulator.store import StoredFragment, StoredStream

MAX_FRAGMENTS = 1000
NOT_FOUND = 3000


async def list_fragments(call: Call) -> dict[str, Any]:
    """ListFragments: fragments whose timestamp lies in a range, in no order, page by page."""
    service = call.service
    stream = call.stream()
    listing = read_listing(call.fields, stream, service)
    call.log(stream, listing.most)
    service.quotas.take("metadata points", stream.info.name, listing.most, service.config.quotas.metadata_points_per_s)
    await call.faults(stream)
    page, goes_on = read_page(listing, stream, service)
    answer: dict[str, Any] = {}
    if page or not service.config.listing_omits_empty:
        answer["Fragments"] = [_listed(service, stream, fragment) for fragment in page]
    if goes_on is not None:
        answer["NextToken"] = goes_on.token()
    return answer


async def get_media_for_fragment_list(call: Call) -> web.StreamResponse:
    """GetMediaForFragmentList: documents end to end; what cannot be read has a document that says so."""
    service, config = call.service, call.service.config
    stream = call.stream()
    texts = call.fields.texts("Fragments")
    call.log(stream, len(texts or ()))
    numbers = _asked_for(service, stream, texts)
    service.quotas.take("media points", stream.info.name, len(numbers), config.quotas.media_points_per_s)
    limit = config.quotas.fragment_list_connections
    with service.quotas.connection(call.api, stream.info.name, limit):
        faults = await call.faults(stream, numbers)
        if not config.media_repeats:
            numbers = list(dict.fromkeys(numbers))
        if config.media_order == "shuffled":
            random.Random(config.seed).shuffle(numbers)  # noqa: S311 - an order, not a secret
        body = MediaBody(call.request, faults, len(numbers), config.quotas.bytes_per_s)
        call.started = True
        await body.begin()
        try:
            for number in numbers:
                document, go_on = _document(service, stream, number)
                await body.send(document)
                if not go_on:
                    break
            return await body.end()
        except BodyEndedError:
            return body.response


def _listed(service: Service, stream: StoredStream, fragment: StoredFragment) -> dict[str, Any]:
    row: dict[str, Any] = {
        "FragmentNumber": str(fragment.number),
        "FragmentSizeInBytes": fragment.size,
        "FragmentLengthInMilliseconds": fragment.length_ms,
    }
    fault = service.faults.for_fragment("ListFragments", stream.info.name, fragment.number)
    if fault is None or fault.action != "no_timestamps":
        row["ServerTimestamp"] = fragment.server_ms / 1000
        if fragment.producer_ms is not None:
            row["ProducerTimestamp"] = fragment.producer_ms / 1000
    return row


def _asked_for(service: Service, stream: StoredStream, texts: list[str] | None) -> list[int]:
    """Read the numbers; one that is malformed, or not of this stream, fails the whole call."""
    if not texts:
        raise invalid_argument("Fragments must hold 1 to 1000 fragment numbers")
    if len(texts) > MAX_FRAGMENTS:
        raise ServiceError(
            service.config.too_many_fragments, f"{len(texts)} fragments are more than {MAX_FRAGMENTS} a call"
        )
    numbers = []
    for text in texts:
        number = parse_number(text)
        if number is None or _invalid(service, stream, number):
            raise invalid_argument("Fragment numbers are invalid")
        numbers.append(number)
    return numbers


def _invalid(service: Service, stream: StoredStream, number: int) -> bool:
    config = service.config
    fragment = stream.get(number)
    if fragment is not None:
        return config.expired_number == "invalid" and not service.retained(stream, fragment)
    if not well_formed(number):
        return True
    switch = config.foreign_number if service.store.any_has(number) else config.unknown_number
    return switch == "invalid"


def _document(service: Service, stream: StoredStream, number: int) -> tuple[bytes, bool]:
    """Return a number's document, and whether the response goes on behind it."""
    vocabulary = service.config.tag_vocabulary
    fault = service.faults.for_fragment("GetMediaForFragmentList", stream.info.name, number)
    if fault is not None and fault.action == "in_band":
        error = in_band_error(fault.error_id, number, code=fault.error_code, vocabulary=vocabulary)
        return error, fault.then == "continue"
    fragment = stream.get(number)
    hidden = fault is not None and fault.action == "not_found"
    if fragment is None or hidden or not service.retained(stream, fragment):
        go_on = fault is None or fault.then == "continue"
        return in_band_error(NOT_FOUND, number, vocabulary=vocabulary), go_on
    media = stream.media(fragment)
    return media_for_fragment_list(media, fragment, vocabulary, timed=fault is None), True
