"""The emulator as a Python object: its streams, and a server in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from callbeam.emulator.config import EmulatorConfig
from callbeam.emulator.demo_streams import put_demo
from callbeam.emulator.faults import Fault, FaultPlan
from callbeam.emulator.loading import LOADED_RETENTION_HOURS, load_captures
from callbeam.emulator.server import SHUTDOWN_S, make_application, open_ports
from callbeam.emulator.service import Service
from callbeam.emulator.store import StreamInfo, StreamStore, examine
from callbeam.errors import UsageError

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterable
    from types import TracebackType

    from callbeam.emulator.service import RequestRecord
    from callbeam.emulator.store import StoredStream

START_S = 30.0


class Emulator:
    """Kinesis Video Streams on this machine.

    The port opens with ``start`` or the ``with`` block; put streams in before or after.

    Parameters
    ----------
    port : int
        0 for any free one.
    data : Path or None
        Where streams persist; None for a temporary folder that goes with the emulator.
    config : EmulatorConfig
        The switches.
    host : str
        Address to listen on.
    faults : iterable of Fault
        What is to go wrong; ``faults`` takes more at any time.

    Raises
    ------
    UsageError
        Another emulator uses the folder.

    Examples
    --------
    boto3 wants some credentials; the emulator takes any.

    >>> import boto3
    >>> sdk = {"region_name": "us-east-1", "aws_access_key_id": "any", "aws_secret_access_key": "any"}
    >>> dates = {"StartTimestamp": "2026-03-01", "EndTimestamp": "2026-03-02"}
    >>> day = {"FragmentSelectorType": "SERVER_TIMESTAMP", "TimestampRange": dates}
    >>> with Emulator() as kvs:
    ...     arn = kvs.load("calls-1", "capture.mkv")
    ...     control = boto3.client("kinesisvideo", endpoint_url=kvs.endpoint_url, **sdk)
    ...     url = control.get_data_endpoint(StreamARN=arn, APIName="LIST_FRAGMENTS")["DataEndpoint"]
    ...     archived = boto3.client("kinesis-video-archived-media", endpoint_url=url, **sdk)
    ...     for fragment in archived.list_fragments(StreamARN=arn, FragmentSelector=day)["Fragments"]:
    ...         print(fragment["FragmentSizeInBytes"], fragment["FragmentLengthInMilliseconds"])
    33951 960
    33951 960
    """

    def __init__(
        self,
        port: int = 0,
        data: Path | str | None = None,
        config: EmulatorConfig | None = None,
        *,
        host: str = "127.0.0.1",
        faults: Iterable[Fault] = (),
    ) -> None:
        self.config = config or EmulatorConfig()
        self.host = host
        self.port = port
        self.store = StreamStore(None if data is None else Path(data))
        self.faults = FaultPlan(faults)
        self._service = Service(self.config, self.store, self.faults)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._open = threading.Event()
        self._failure: BaseException | None = None

    @property
    def endpoint_url(self) -> str:
        """The URL that clients use."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def requests(self) -> deque[RequestRecord]:
        """The latest calls, oldest first: (api, stream, n)."""
        return self._service.requests

    def start(self) -> Emulator:
        """Open the port.

        Raises
        ------
        UsageError
            It cannot be opened.
        """
        self._thread = threading.Thread(target=self._run, name="callbeam-emulator", daemon=True)
        self._thread.start()
        if not self._open.wait(START_S) or self._failure is not None:
            self.store.close()
            reason = self._failure or "no answer"
            raise UsageError(
                f"the emulator cannot listen on {self.host}:{self.port}: {reason}; choose another port or address"
            ) from self._failure
        return self

    def stop(self) -> None:
        """Close the port, end what is open, close the streams' files; once is enough."""
        if self._thread is not None and self._loop is not None and self._stop is not None:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
            self._thread = None
        self.store.close()

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def add_stream(self, name: str, *, retention_hours: int = LOADED_RETENTION_HOURS, created_ms: int = 0) -> str:
        """Make a stream whose fragments are put in here, and which keeps them all; return its ARN.

        Parameters
        ----------
        name : str
        retention_hours : int
            What DescribeStream tells; it removes nothing unless ``apply_retention`` is on.
        created_ms : int
            Creation time in milliseconds since the epoch.
        """
        if self.store.find(name, self.config.region) is not None:
            raise UsageError(f"there is a stream {name} already; use it, or choose another name")
        info = StreamInfo(name, self.config.region, self.config.account_id, created_ms, retention_hours, keeps_all=True)
        return self.store.create(info).info.arn

    def add_fragment(
        self,
        stream: str,
        producer_fragment: bytes,
        *,
        server_ms: int,
        producer_ms: int | None,
        number: int | None = None,
    ) -> int:
        """Put a fragment into a stream, by its name or ARN; return its number.

        Parameters
        ----------
        stream : str
        producer_fragment : bytes
            As its producer sent it, without AWS's tags; damaged media is served as it is.
        server_ms, producer_ms : int
            Its timestamps, milliseconds since the epoch; without ``producer_ms`` nothing tells a producer's time.
        number : int, optional
            Its fragment number; by default the next one in KVS's layout.
        """
        return self._stream(stream).add(
            examine(producer_fragment), server_ms=server_ms, producer_ms=producer_ms, number=number
        )

    def load(self, stream: str, *paths: Path | str) -> str:
        """Load captures into a stream, in this order; return its ARN."""
        return load_captures(self.store, self.config, stream, [Path(path) for path in paths]).info.arn

    def load_recording(self, stream: str, *paths: Path | str) -> str:
        """Put a recording into a stream as a Connect contact; return its ContactId.

        Parameters
        ----------
        stream : str
        *paths : path
            One file of two channels (left from the customer, right from the agent), or two, the customer's first.
        """
        from callbeam.emulator.recordings import load_recording  # noqa: PLC0415 - needs what writes calls

        return load_recording(self.store, self.config, stream, [Path(path) for path in paths])

    def load_demo(self, calls: int, *, seed: int = 1) -> Path:
        """Put made-up calls in; return the folder that holds the truth about them."""
        return put_demo(self.store, self.config, calls, seed)

    def _stream(self, name_or_arn: str) -> StoredStream:
        if name_or_arn.startswith("arn:"):
            stream = self.store.first(lambda stream: stream.info.arn == name_or_arn)
        else:
            stream = self.store.find_near(name_or_arn, self.config.region)
        if stream is None:
            raise UsageError(f"there is no stream {name_or_arn}: add_stream makes one")
        return stream

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:  # noqa: BLE001  (whatever keeps the port from opening is told where start waits)
            self._failure = error
        finally:
            self._open.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        runner = web.AppRunner(
            make_application(self._service),
            access_log=None,
            handler_cancellation=True,  # a reader that went away gives its connection back at once
            shutdown_timeout=SHUTDOWN_S,
        )
        await runner.setup()
        try:
            self.port = await open_ports(runner, self._service, self.host, self.port)
            self._open.set()
            await self._stop.wait()
        finally:
            await runner.cleanup()
