"""Writes a media response document by document: in large pieces, at the pace of its limits, with its faults."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from aiohttp import web

from callbeam.emulator.error_responses import request_id
from callbeam.mkv import read_documents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.emulator.faults import Fault

FLUSH_BYTES = 1 << 20
"""Documents are joined up to this size before they are written: few large writes are the fast ones."""


class BodyEndedError(Exception):
    """A fault ended the body; nothing more is to be written."""


class MediaBody:
    """The body of one response.

    Parameters
    ----------
    request : web.Request
    faults : sequence of Fault
        Those that strike inside this body.
    total : int or None
        How many documents there will be, None if nobody knows.
    bytes_per_s : int or None
        Bandwidth limit.
    """

    def __init__(
        self, request: web.Request, faults: Sequence[Fault], total: int | None, bytes_per_s: int | None
    ) -> None:
        self._request = request
        self._faults = list(faults)
        self._total = total
        self._bytes_per_s = bytes_per_s
        self._index = 0
        self._begun_at = time.monotonic()
        self._sent = 0
        self._held: list[bytes] = []
        self._held_bytes = 0
        # GetMedia is known to say video/webm though the media is Matroska; the other API is taken to do the same
        self.response = web.StreamResponse(headers={"Content-Type": "video/webm", **request_id()})

    async def begin(self) -> None:
        """Send the status and the headers."""
        self.response.enable_chunked_encoding()
        await self.response.prepare(self._request)

    async def send(self, document: bytes) -> None:
        """Send a document, or what a fault leaves of it.

        Raises
        ------
        BodyEndedError
            A fault ended the body.
        """
        rest = document
        document_at = self._sent + self._held_bytes
        for fault in list(self._faults):
            place = self._position(fault, document, document_at)
            if place is None:
                continue
            place -= len(document) - len(rest)  # a stall before this fault has sent the beginning
            self._hold(rest[: max(0, place)])
            rest = rest[max(0, place) :]
            await self.flush()
            await self._strike(fault)
        self._hold(rest)
        self._index += 1
        if self._held_bytes >= FLUSH_BYTES:
            await self.flush()

    async def flush(self) -> None:
        """Send what is held."""
        if not self._held:
            return
        data = b"".join(self._held)
        self._held.clear()
        self._held_bytes = 0
        await self.response.write(data)
        self._sent += len(data)
        if self._bytes_per_s is not None:
            await asyncio.sleep(max(0.0, self._begun_at + self._sent / self._bytes_per_s - time.monotonic()))

    async def end(self) -> web.StreamResponse:
        """Send the rest and close the body as HTTP asks for."""
        await self.flush()
        await self.response.write_eof()
        return self.response

    async def _strike(self, fault: Fault) -> None:
        if fault.action == "stall":
            self._faults.remove(fault)
            await asyncio.sleep(fault.seconds)
            return
        if fault.action == "cut" and self._request.transport is not None:
            self._request.transport.close()  # what was written still goes out, the last chunk's mark does not
        raise BodyEndedError

    def _position(self, fault: Fault, document: bytes, document_at: int) -> int | None:
        """Return where in this document the fault strikes, None if not here."""
        if fault.at_byte is not None:
            within = fault.at_byte - document_at
            return within if 0 <= within <= len(document) else None
        wanted = fault.document if fault.document >= 0 else (self._total or 0) + fault.document
        return place_in(document, fault.place) if wanted == self._index else None

    def _hold(self, data: bytes) -> None:
        if data:
            self._held.append(data)
            self._held_bytes += len(data)


def place_in(document: bytes, place: str) -> int:
    """Return the byte of a document that a fault's place means.

    Parameters
    ----------
    document : bytes
    place : {"before", "block", "block_border", "after"}
        Its beginning; the middle of its last block; the end of a block about halfway; its end.
    """
    if place in {"before", "after"}:
        return 0 if place == "before" else len(document)
    blocks = [block for found in read_documents(document) for block in found.blocks]
    if not blocks:
        return len(document) // 2
    if place == "block":
        return (blocks[-1].start + blocks[-1].end) // 2
    return blocks[max(0, len(blocks) // 2 - 1)].end
