"""The client: finds streams, and opens one to list and read."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from callbeam.kvs.listing import list_fragments
from callbeam.kvs.operations import KvsService
from callbeam.kvs.outcome import Judge
from callbeam.kvs.pace import Pace
from callbeam.kvs.reading import BatchReader, batches
from callbeam.kvs.selectors import resolve
from callbeam.kvs.timing import Timing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callbeam.kvs.config import KvsConfig
    from callbeam.kvs.fragments import FetchedFragment, ListedFragment
    from callbeam.kvs.lanes import Stream


class KvsClient:
    """Reads Kinesis Video Streams. Shared by threads; belongs to its process (send the config, not the client).

    Parameters
    ----------
    config : KvsConfig
    timing : Timing or None
        Clocks other than the system's, for tests.

    Examples
    --------
    >>> from callbeam import Emulator
    >>> from callbeam.kvs import HOUR_MS, KvsConfig
    >>> start_ms = 1_772_355_600_000  # 2026-03-01 09:00 UTC
    >>> with Emulator() as kvs:  # AWS itself needs no endpoint_url
    ...     arn = kvs.load("calls-1", "capture.mkv")
    ...     client = KvsClient(KvsConfig(endpoint_url=kvs.endpoint_url, region="us-east-1"))
    ...     [stream] = client.resolve_streams(["calls-*"])
    ...     source = client.source(stream)
    ...     for fetched in source.read(source.list(start_ms, start_ms + HOUR_MS)):
    ...         print(fetched.listed.producer_ms, len(fetched.document.blocks))
    1772355600000 32
    1772355601024 32
    """

    def __init__(self, config: KvsConfig, timing: Timing | None = None) -> None:
        self.config = config
        self._service = KvsService(config, timing or Timing())
        self._paces: dict[str, Pace] = {}

    def resolve_streams(self, selectors: Sequence[str]) -> list[Stream]:
        """Find the streams that names, ARNs and ``prefix*`` mean, each once, sorted by ARN.

        Raises
        ------
        UsageError
            If a selector means no stream, or KVS cannot be asked: one line that says why.
        """
        return resolve(self._service, selectors)

    def source(self, stream: Stream) -> StreamSource:
        """Open a stream. All sources of one stream share its pace."""
        pace = self._paces.setdefault(stream.arn, Pace(self.config.fragments_per_second, self._service.timing))
        return StreamSource(stream, self._service, pace)

    def close(self) -> None:
        """Close the connections."""
        self._service.clients.close()


@lru_cache(maxsize=1)
def shared_client(config: KvsConfig) -> KvsClient:
    """Return this process's client for a configuration: opening one takes 0.1 s and 9 MB.

    ``shared_client.cache_clear()`` lets the next one see credentials and endpoints of the environment anew.
    """
    return KvsClient(config)


class StreamSource:
    """One stream to list and read; a ``FragmentSource``. It uses one connection, of the five that KVS allows."""

    def __init__(self, stream: Stream, service: KvsService, pace: Pace) -> None:
        self.stream = stream
        self._service = service
        self._pace = pace

    def list(self, start_ms: int, end_ms: int) -> list[ListedFragment]:
        """List the fragments with server timestamp in [start_ms, end_ms), sorted by number.

        Parameters
        ----------
        start_ms, end_ms : int
            UTC milliseconds.

        Raises
        ------
        KvsError
            If the service refuses or fails for too long.
        """
        return list_fragments(self._service, self.stream, start_ms, end_ms)

    def read(self, listed: Sequence[ListedFragment]) -> Iterator[FetchedFragment]:
        """Yield one fetched fragment for each listed one, in the order given.

        Each comes with its media, or with the reason why there is none; no connection is held between two of them.

        Raises
        ------
        KvsError
            If the service refuses for good or fails for too long. What was yielded before stands.
        """
        for batch in batches(listed, self._service.config):
            judge = Judge(self.stream, self._service.config, self._service.timing)
            settled = BatchReader(self.stream, self._service, judge, self._pace).read(batch)
            for fragment in batch:
                yield settled[fragment.number]
