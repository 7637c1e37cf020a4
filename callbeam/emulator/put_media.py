"""PutMedia: takes an upload in as it comes, acknowledges each fragment, stores each Cluster as a fragment."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from aiohttp import ClientError, web

from callbeam.emulator.error_responses import invalid_argument, request_id
from callbeam.emulator.fields import LATEST_S
from callbeam.emulator.segment_splitter import FragmentBegun, FragmentReady, SegmentSplitter
from callbeam.emulator.store import StreamGoneError, examine, make_number
from callbeam.mkv import MkvError, read_documents

if TYPE_CHECKING:
    from callbeam.emulator.segment_splitter import Event
    from callbeam.emulator.service import Call, Service
    from callbeam.emulator.store import ExaminedMedia, StoredStream

TIMECODE_TYPES = ("ABSOLUTE", "RELATIVE")
MAX_FRAGMENT_BYTES = 50 << 20
MAX_FRAGMENT_MS = 20_000
MAX_TRACKS = 3
MAX_PRODUCER_MS = 253_402_300_799_999
"""The end of the year 9999: SDKs read no later time."""

ACK_ERRORS = {
    4000: "STREAM_READ_ERROR",
    4001: "MAX_FRAGMENT_SIZE_REACHED",
    4002: "MAX_FRAGMENT_DURATION_REACHED",
    4003: "MAX_CONNECTION_DURATION_REACHED",
    4004: "FRAGMENT_TIMECODE_LESSER_THAN_PREVIOUS",
    4005: "MORE_THAN_ALLOWED_TRACKS_FOUND",
    4006: "INVALID_MKV_DATA",
    4007: "INVALID_PRODUCER_TIMESTAMP",
    4008: "STREAM_NOT_ACTIVE",
    4009: "FRAGMENT_METADATA_LIMIT_REACHED",
    4010: "TRACK_NUMBER_MISMATCH",
    4011: "FRAMES_MISSING_FOR_TRACK",
}


class RefusedError(Exception):
    """The upload is refused from here on, with an error acknowledgement."""

    def __init__(self, error_id: int) -> None:
        super().__init__(ACK_ERRORS[error_id])
        self.error_id = error_id


@dataclass
class UploadSession:
    """What one PutMedia connection has got to.

    Attributes
    ----------
    start_ms : int
        What a Cluster's timecode is added to: 0 for ABSOLUTE timecodes.
    counter : int
        Counter of the fragment that comes next.
    """

    service: Service
    stream: StoredStream
    start_ms: int
    counter: int
    number: int = 0
    server_ms: int = 0
    timecode_ms: float | None = None

    def take(self, event: Event) -> list[dict[str, object]]:
        """Do what an event asks for; return the acknowledgements.

        Raises
        ------
        RefusedError
            The fragment breaks one of KVS's rules.
        """
        if isinstance(event, FragmentBegun):
            return [self._begin(event)]
        return self._store(event)

    def ack(self, kind: str, **more: object) -> dict[str, object]:
        """Make an acknowledgement of the fragment at hand."""
        ack: dict[str, object] = {"EventType": kind}
        if self.timecode_ms is not None:
            ack["FragmentTimecode"] = round(self.timecode_ms)
            ack["FragmentNumber"] = str(self.number)
        return {**ack, **more}

    def error(self, error_id: int) -> dict[str, object]:
        """Make the acknowledgement that ends the upload."""
        return self.ack("ERROR", ErrorId=error_id, ErrorCode=ACK_ERRORS[error_id])

    def _begin(self, event: FragmentBegun) -> dict[str, object]:
        self.server_ms = self.service.config.now_ms()
        counter = self.stream.reserve_counter(self.counter)  # a fragment that is refused later has used its number, too
        self.counter = counter + 1
        self.number = make_number(self.stream.info.name, counter, self.server_ms)
        previous, self.timecode_ms = self.timecode_ms, event.timecode_ms
        checked = self.service.config.put_media_checks
        if checked and previous is not None and event.timecode_ms < previous:
            raise RefusedError(4004)
        if checked and not 0 <= self.start_ms + event.timecode_ms <= MAX_PRODUCER_MS:
            raise RefusedError(4007)
        return self.ack("BUFFERING")

    def _store(self, event: FragmentReady) -> list[dict[str, object]]:
        media = examine(event.data)
        if self.service.config.put_media_checks:
            check_fragment(media)
        self.stream.add(
            media,
            server_ms=self.server_ms,
            producer_ms=self.start_ms + round(event.timecode_ms),
            number=self.number,
        )
        acks = [self.ack("RECEIVED")]
        if self.stream.info.retention_hours:
            acks.append(self.ack("PERSISTED"))
        return acks


async def put_media(call: Call) -> web.StreamResponse:
    """PutMedia: the answer, a line of JSON for each acknowledgement, flows while the request still does."""
    stream = call.stream()
    headers = call.request.headers
    kind = headers.get("x-amzn-fragment-timecode-type")
    if kind not in TIMECODE_TYPES:
        raise invalid_argument(f"x-amzn-fragment-timecode-type must be one of {', '.join(TIMECODE_TYPES)}")
    start_ms = parse_start(headers.get("x-amzn-producer-start-timestamp"))
    call.log(stream)
    quotas, limits = call.service.quotas, call.service.config.quotas
    quotas.take(call.api, stream.info.name, 1, limits.put_media_per_s)
    with quotas.connection(call.api, stream.info.name, limits.put_media_connections):
        await call.faults(stream)
        return await _receive(call, stream, 0 if kind == "ABSOLUTE" else start_ms)


async def _receive(call: Call, stream: StoredStream, start_ms: int) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", **request_id()})
    call.started = True
    response.enable_chunked_encoding()
    await response.prepare(call.request)
    session = UploadSession(call.service, stream, start_ms, stream.begin_session())
    splitter = SegmentSplitter()
    try:
        await _take_in(call, response, session, splitter)
    except RefusedError as error:
        await _write(response, [session.error(error.error_id)])
    except StreamGoneError:
        await _write(response, [session.error(4008)])
    except MkvError:
        _keep_partial(session, splitter)
        await _write(response, [session.error(4006)])
    except (ClientError, ConnectionError, asyncio.CancelledError):  # the producer is gone
        _keep_partial(session, splitter)
        raise
    await response.write_eof()
    return response


def parse_start(text: str | None) -> int:
    """Read x-amzn-producer-start-timestamp, epoch seconds or ISO 8601, in ms; 0 if it is absent.

    Raises
    ------
    ServiceError
        The text is neither.
    """
    if not text or text == "unknown":
        return 0
    try:
        seconds = Decimal(text)
        if abs(seconds) <= LATEST_S:
            return int(seconds * 1000)
    except InvalidOperation:
        pass
    try:
        instant = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise invalid_argument(f"x-amzn-producer-start-timestamp {text!r} is no time") from error
    return round(instant.replace(tzinfo=instant.tzinfo or timezone.utc).timestamp() * 1000)


def check_fragment(media: ExaminedMedia) -> None:
    """Refuse what KVS refuses.

    Raises
    ------
    RefusedError
        Too large, too long, too many tracks, a declared track without a frame, a frame of another track, damaged.
    """
    if len(media.data) > MAX_FRAGMENT_BYTES:
        raise RefusedError(4001)
    if media.length_ms > MAX_FRAGMENT_MS:
        raise RefusedError(4002)
    if not media.sound:
        raise RefusedError(4006)
    document = next(read_documents(media.data))
    declared = {track.number for track in document.tracks}
    used = {block.track for block in document.blocks}
    if len(declared) > MAX_TRACKS:
        raise RefusedError(4005)
    if used - declared:
        raise RefusedError(4010)
    if declared - used:
        raise RefusedError(4011)
    if any(name.startswith("AWS") for name, _ in document.tags):
        raise RefusedError(4009)


async def _take_in(call: Call, response: web.StreamResponse, session: UploadSession, splitter: SegmentSplitter) -> None:
    idle_s = call.service.config.put_media_idle_s
    content = call.request.content
    while True:
        try:
            data = await asyncio.wait_for(content.readany(), idle_s)
        except asyncio.TimeoutError:
            return
        for event in splitter.feed(data) if data else splitter.finish():
            await _write(response, session.take(event))
        splitter.check()
        if not data:
            return


async def _write(response: web.StreamResponse, acks: list[dict[str, object]]) -> None:
    for ack in acks:
        await response.write(json.dumps(ack, separators=(",", ":")).encode() + b"\n")


def _keep_partial(session: UploadSession, splitter: SegmentSplitter) -> None:
    data = splitter.unfinished()
    started = session.number and session.stream.get(session.number) is None
    if session.service.config.put_media_keeps_partial and data is not None and started:
        session.stream.add(
            examine(data),
            server_ms=session.server_ms,
            producer_ms=session.start_ms + round(session.timecode_ms or 0),
            number=session.number,
        )
