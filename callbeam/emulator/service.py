"""What every API's handler works with: the switches, the streams, the limits, the faults, the log of calls."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from callbeam.emulator.error_responses import ServiceError, invalid_argument, stream_not_found
from callbeam.emulator.fields import STREAM_ARN, STREAM_NAME, Fields
from callbeam.emulator.quotas import QuotaKeeper
from callbeam.stream_arns import stream_name, stream_region

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import web

    from callbeam.emulator.config import EmulatorConfig
    from callbeam.emulator.faults import Fault, FaultPlan
    from callbeam.emulator.store import StoredFragment, StoredStream, StreamStore

LOGGED_REQUESTS = 100_000

_SCOPE = re.compile(r"Credential=[^/,\s]+/\d+/([a-z0-9-]+)/")


class RequestRecord(NamedTuple):
    """A call that came in.

    Attributes
    ----------
    api : str
        Operation name, as ``ListFragments``.
    stream : str or None
        Name of the stream asked for.
    n : int
        Fragments asked for (GetMediaForFragmentList), MaxResults (ListFragments, ListStreams), else 0.
    """

    api: str
    stream: str | None
    n: int


@dataclass
class Service:
    """The emulated service, without its HTTP side."""

    config: EmulatorConfig
    store: StreamStore
    faults: FaultPlan
    requests: deque[RequestRecord] = field(default_factory=lambda: deque(maxlen=LOGGED_REQUESTS))
    ports: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.quotas = QuotaKeeper(self.config.quotas.oversize_call)

    def retained(self, stream: StoredStream, fragment: StoredFragment) -> bool:
        """Tell whether persisted storage still has a fragment."""
        return stream.retained(fragment, self.config.now_ms(), apply_retention=self.config.apply_retention)

    def readable(self, stream: StoredStream, fragment: StoredFragment) -> bool:
        """Tell whether GetMedia still has a fragment."""
        return stream.readable(fragment, self.config.now_ms(), apply_retention=self.config.apply_retention)


@dataclass
class Call:
    """One request to one API.

    Attributes
    ----------
    started : bool
        The answer has begun to flow: an error can no longer be told, only break it off.
    """

    api: str
    request: web.Request
    fields: Fields
    service: Service
    started: bool = False

    @property
    def region(self) -> str:
        """The region that the request is signed for, the configured one if it is unsigned."""
        scope = _SCOPE.search(self.request.headers.get("Authorization", ""))
        return scope.group(1) if scope else self.service.config.region

    def stream(self) -> StoredStream:
        """Find the stream that StreamARN or StreamName asks for.

        Raises
        ------
        ServiceError
            Neither is given, one breaks its rule, or there is no such stream.
        """
        arn = self.fields.text("StreamARN", 1024, STREAM_ARN)
        name = self.fields.text("StreamName", 256, STREAM_NAME)
        if arn is None and name is None:
            raise invalid_argument("Either StreamARN or StreamName must be given")
        store = self.service.store
        if arn is not None:
            stream = store.find(stream_name(arn), stream_region(arn))
        elif self.service.config.regional:
            stream = store.find(str(name), self.region)
        else:
            stream = store.find_near(str(name), self.region)
        if stream is None or arn not in {None, stream.info.arn} or name not in {None, stream.info.name}:
            raise stream_not_found(arn or str(name))
        return stream

    def log(self, stream: StoredStream | None, n: int = 0) -> None:
        """Note the call where tests can see it."""
        self.service.requests.append(RequestRecord(self.api, stream.info.name if stream else None, n))

    async def faults(self, stream: StoredStream | None, numbers: Sequence[int] = ()) -> list[Fault]:
        """Let the faults that strike a whole call strike; return those that strike inside a media body."""
        struck = self.service.faults.for_call(self.api, stream.info.name if stream else None, numbers)
        inside = []
        for fault in struck:
            if fault.action == "error":
                raise ServiceError(fault.code, fault.message, fault.http_status)
            if self.api in MEDIA_APIS:
                inside.append(fault)
            elif fault.action == "stall":
                await asyncio.sleep(fault.seconds)
            elif self.request.transport is not None:  # nothing of the answer has gone out: just hang up
                self.request.transport.abort()
        return inside


MEDIA_APIS = ("GetMedia", "GetMediaForFragmentList")
