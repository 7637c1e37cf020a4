"""GetMedia: from a start fragment on, in order of number, and on with what arrives."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

from callbeam.emulator.error_responses import invalid_argument
from callbeam.emulator.media_body import BodyEndedError, MediaBody
from callbeam.emulator.rendering import in_band_error, media_for_get_media
from callbeam.emulator.store import parse_number, well_formed

if TYPE_CHECKING:
    from aiohttp import web

    from callbeam.emulator.fields import Fields
    from callbeam.emulator.service import Call, Service
    from callbeam.emulator.store import StoredFragment, StoredStream

POLL_S = 0.02
"""How often a connection that has sent everything looks for more."""

START_NOT_FOUND = 4000
SELECTORS = ("NOW", "EARLIEST", "FRAGMENT_NUMBER", "PRODUCER_TIMESTAMP", "SERVER_TIMESTAMP", "CONTINUATION_TOKEN")

_TOKEN = re.compile(r"[a-zA-Z0-9_.\-]+")


class UnknownStartError(Exception):
    """The stream never had the fragment to start after."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


async def get_media(call: Call) -> web.StreamResponse:
    """GetMedia: ends when no fragment has come for a while; the service then has said nothing more, either."""
    service, config = call.service, call.service.config
    stream = call.stream()
    call.log(stream)
    service.quotas.take(call.api, stream.info.name, 1, config.quotas.get_media_per_s)
    limit = config.quotas.get_media_connections
    with service.quotas.connection(call.api, stream.info.name, limit):
        faults = await call.faults(stream)
        try:
            after, unknown = start_after(call.fields, stream, service), None
        except UnknownStartError as error:
            after, unknown = error.number, error.number
        body = MediaBody(call.request, faults, None, config.quotas.bytes_per_s)
        call.started = True
        await body.begin()
        try:
            if unknown is not None and config.getmedia_unknown_start == "error":
                await body.send(in_band_error(START_NOT_FOUND, unknown))
            else:
                await _follow(body, service, stream, after)
            return await body.end()
        except BodyEndedError:
            return body.response


def start_after(fields: Fields, stream: StoredStream, service: Service) -> int:
    """Return the number behind which the StartSelector begins, -1 for the very first.

    Raises
    ------
    ServiceError
        The selector breaks a rule.
    UnknownStartError
        The number to start after is not of this stream.
    """
    fields.required("StartSelector")
    selector = fields.part("StartSelector")
    if selector is None:
        raise invalid_argument("StartSelector must be given")
    selector.required("StartSelectorType")
    kind = str(selector.choice("StartSelectorType", SELECTORS))
    readable = [fragment for fragment in stream.in_order() if service.readable(stream, fragment)]
    if kind == "EARLIEST":
        return -1
    if kind == "NOW":
        return readable[-1].number - 1 if readable else -1
    if kind == "FRAGMENT_NUMBER":
        selector.required("AfterFragmentNumber")
        return _known(selector.text("AfterFragmentNumber", 128) or "", stream)
    if kind == "CONTINUATION_TOKEN":
        selector.required("ContinuationToken")
        return _known(selector.text("ContinuationToken", 128, _TOKEN) or "", stream)
    wanted_ms = selector.milliseconds("StartTimestamp")
    for fragment in readable:
        begins = fragment.server_ms if kind == "SERVER_TIMESTAMP" else fragment.producer_ms
        # the fragment that contains the instant, else the first one after it
        if begins is not None and (begins >= wanted_ms or begins + fragment.length_ms > wanted_ms):
            return fragment.number - 1
    last = stream.last()
    return last.number if last else -1


def _known(text: str, stream: StoredStream) -> int:
    number = parse_number(text)
    if number is None or not (well_formed(number) or stream.get(number)):
        raise invalid_argument(f"{text!r} is no fragment number of this API")
    if stream.get(number) is None:
        raise UnknownStartError(number)
    return number


async def _follow(body: MediaBody, service: Service, stream: StoredStream, after: int) -> None:
    config = service.config
    begun = time.monotonic()
    idle_since = begun
    while config.getmedia_session_s is None or time.monotonic() - begun < config.getmedia_session_s:
        fragment = stream.after(after)
        if fragment is None:
            stream.check_open()
            await body.flush()
            if time.monotonic() - idle_since >= config.getmedia_idle_s:
                return
            await asyncio.sleep(POLL_S)
            continue
        after = fragment.number
        if service.readable(stream, fragment):
            document, go_on = _document(service, stream, fragment)
            await body.send(document)
            if not go_on:
                return
            if config.quotas.get_media_fragments_per_s:
                await body.flush()
                await asyncio.sleep(1 / config.quotas.get_media_fragments_per_s)
        idle_since = time.monotonic()


def _document(service: Service, stream: StoredStream, fragment: StoredFragment) -> tuple[bytes, bool]:
    fault = service.faults.for_fragment("GetMedia", stream.info.name, fragment.number)
    if fault is not None and fault.action in {"in_band", "not_found"}:
        error_id = START_NOT_FOUND if fault.action == "not_found" else fault.error_id
        return in_band_error(error_id, fragment.number, code=fault.error_code), fault.then == "continue"
    media = stream.media(fragment)
    return media_for_get_media(media, fragment, service.config.now_ms(), timed=fault is None), True
