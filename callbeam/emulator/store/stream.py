"""A stream and its fragments, as the service knows them."""

from __future__ import annotations

import threading
import time
import zlib
from bisect import bisect_left, bisect_right, insort
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from callbeam.emulator.store.fragment_numbers import counter_of, make_number, next_session_counter, well_formed
from callbeam.errors import CallbeamError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.emulator.store.fragment_media import ExaminedMedia
    from callbeam.emulator.store.stream_folder import StreamFolder

HOUR_MS = 3_600_000
HOST_BUFFER_MS = 5 * 60_000
"""Without retention a fragment can be had this long, by GetMedia alone."""


@dataclass(slots=True)
class StreamInfo:
    """What DescribeStream tells, and what the emulator remembers beside it.

    Attributes
    ----------
    keeps_all : bool
        The stream was loaded, not made by CreateStream: retention removes nothing unless a switch says so.
    gone_before_ms : int
        Fragments with an earlier server timestamp were removed when the retention was changed.
    loaded : list of str
        SHA-256 of each capture put in, so that the same one is not put in again.
    """

    name: str
    region: str
    account_id: str
    created_ms: int
    retention_hours: int
    media_type: str | None = None
    device_name: str | None = None
    kms_key_id: str | None = None
    version: int = 1
    keeps_all: bool = False
    gone_before_ms: int = 0
    loaded: list[str] = field(default_factory=list)

    @property
    def arn(self) -> str:
        """The stream's ARN; it ends with the creation time in milliseconds."""
        return f"arn:aws:kinesisvideo:{self.region}:{self.account_id}:stream/{self.name}/{self.created_ms}"

    @property
    def version_text(self) -> str:
        """The version as the API shows it; changes with every update."""
        return f"v{self.version:019d}"


@dataclass(frozen=True, slots=True)
class StoredFragment:
    """A fragment as stored: the producer's bytes lie in the stream's folder.

    Attributes
    ----------
    number : int
    server_ms : int
        When the service began to receive it.
    producer_ms : int or None
        None: neither listing nor tags tell it.
    offset, size : int
        Where the producer's bytes lie in the folder's media.
    length_ms : int
        From the first block's timecode to the last one's.
    tags_at : int or None
        Where in the producer's bytes KVS's tags go; None where putting them in changes a size before them, too.
    sound : bool
        False: damaged media; nothing may be written behind it.
    error_tags : tuple of (str, str)
        AWS's error tags that the loaded document came with.
    arrived_s : float
        Monotonic time of arrival; 0 for what was there before.
    """

    number: int
    server_ms: int
    producer_ms: int | None
    offset: int
    size: int
    length_ms: int
    tags_at: int | None
    sound: bool = True
    error_tags: tuple[tuple[str, str], ...] = ()
    arrived_s: float = 0.0


class StoredStream:
    """A stream's fragments, in memory by number and server time, their media on disk. Safe to use from any thread."""

    def __init__(self, info: StreamInfo, folder: StreamFolder) -> None:
        self.info = info
        self._folder = folder
        self._lock = threading.RLock()
        self._fragments: dict[int, StoredFragment] = {}
        self._numbers: list[int] = []
        self._by_server: list[tuple[int, int]] = []
        self._last_counter: int | None = None
        for row in folder.rows():
            self._remember(_fragment(row))

    def __len__(self) -> int:
        return len(self._numbers)

    def add(
        self,
        media: ExaminedMedia,
        *,
        server_ms: int,
        producer_ms: int | None,
        number: int | None = None,
        error_tags: Sequence[tuple[str, str]] = (),
    ) -> int:
        """Store a fragment under ``number``, or under the next one of KVS's layout; return the number.

        Raises
        ------
        CallbeamError
            The stream already has a fragment of this number.
        """
        with self._lock:
            if number is None:
                number = make_number(self.info.name, (self._last_counter or 0) + 1, server_ms)
            if number in self._fragments:
                raise CallbeamError(
                    f"stream {self.info.name} already has fragment {number}; leave the number out to get the next one"
                )
            row = {
                "number": str(number),
                "server_ms": server_ms,
                "producer_ms": producer_ms,
                "length_ms": media.length_ms,
                "tags_at": media.tags_at,
                "sound": media.sound,
                "error_tags": list(error_tags),
            }
            offset = self._folder.append(media.data, row)
            self._remember(_fragment({**row, "offset": offset, "size": len(media.data)}, time.monotonic()))
            return number

    def begin_session(self) -> int:
        """Return the first counter of a new PutMedia session; no later session begins with it."""
        with self._lock:
            counter = next_session_counter(self._last_counter)
            self._last_counter = counter - 1
            return counter

    def reserve_counter(self, counter: int) -> int:
        """Return the counter that a session's next fragment gets, whatever becomes of it: this one, or a later one.

        Numbers rise with ingestion: where another session has gone further meanwhile, this one goes on behind it.
        """
        with self._lock:
            self._last_counter = max((self._last_counter or 0) + 1, counter)
            return self._last_counter

    def get(self, number: int) -> StoredFragment | None:
        """Return the fragment of this number, expired or not."""
        return self._fragments.get(number)

    def media(self, fragment: StoredFragment) -> bytes:
        """Read the producer's bytes of a fragment."""
        return self._folder.read(fragment.offset, fragment.size)

    def in_order(self) -> list[StoredFragment]:
        """Return all fragments by number."""
        with self._lock:
            return [self._fragments[number] for number in self._numbers]

    def after(self, number: int) -> StoredFragment | None:
        """Return the fragment with the lowest number above this one."""
        with self._lock:
            place = bisect_right(self._numbers, number)
            return self._fragments[self._numbers[place]] if place < len(self._numbers) else None

    def last(self) -> StoredFragment | None:
        """Return the fragment with the highest number."""
        with self._lock:
            return self._fragments[self._numbers[-1]] if self._numbers else None

    def by_server_time(self, start_ms: int, end_ms: int) -> list[StoredFragment]:
        """Return the fragments with server timestamp in [start_ms, end_ms]."""
        with self._lock:
            first = bisect_left(self._by_server, (start_ms, 0))
            end = bisect_left(self._by_server, (end_ms + 1, 0))
            return [self._fragments[number] for _, number in self._by_server[first:end]]

    def retained(self, fragment: StoredFragment, now_ms: int, *, apply_retention: bool) -> bool:
        """Tell whether persisted storage still has a fragment."""
        if self.info.keeps_all and not apply_retention:
            return True
        return (
            fragment.server_ms > now_ms - self.info.retention_hours * HOUR_MS
            and fragment.server_ms >= self.info.gone_before_ms
            and self.info.retention_hours > 0
        )

    def readable(self, fragment: StoredFragment, now_ms: int, *, apply_retention: bool) -> bool:
        """Tell whether GetMedia still has a fragment: in persisted storage or in the host buffer."""
        buffered = not self.info.retention_hours and fragment.server_ms > now_ms - HOST_BUFFER_MS
        return buffered or self.retained(fragment, now_ms, apply_retention=apply_retention)

    def change_retention(self, hours: int, now_ms: int) -> None:
        """Set the retention; what either the old or the new one does not hold is gone for good."""
        with self._lock:
            kept = min(hours, self.info.retention_hours)
            self.info.gone_before_ms = max(self.info.gone_before_ms, now_ms - kept * HOUR_MS)
            self.info.retention_hours = hours
            self.info.version += 1
            self.save_info()

    def save_info(self) -> None:
        """Write the stream's description to disk."""
        with self._lock:
            self._folder.write_info(asdict(self.info))

    def check_open(self) -> None:
        """Raise StreamGoneError if the stream was deleted."""
        self._folder.check_open()

    def close(self) -> None:
        """Close the stream's files."""
        self._folder.close()

    def remove(self) -> None:
        """Delete the stream's files."""
        self._folder.remove()

    def _remember(self, fragment: StoredFragment) -> None:
        number = fragment.number
        self._fragments[number] = fragment
        if not self._numbers or number > self._numbers[-1]:
            self._numbers.append(number)
        else:
            insort(self._numbers, number)
        insort(self._by_server, (fragment.server_ms, number))
        if well_formed(number):
            self._last_counter = max(self._last_counter or 0, counter_of(number))


def shuffle_key(number: int, seed: int) -> int:
    """Return a fragment's place in an unordered listing: arbitrary, yet always the same."""
    return zlib.crc32(b"%d/%d" % (seed, number))


def _fragment(row: dict[str, Any], arrived_s: float = 0.0) -> StoredFragment:
    return StoredFragment(
        number=int(row["number"]),
        server_ms=row["server_ms"],
        producer_ms=row["producer_ms"],
        offset=row["offset"],
        size=row["size"],
        length_ms=row["length_ms"],
        tags_at=row["tags_at"],
        sound=row["sound"],
        error_tags=tuple((name, value) for name, value in row["error_tags"]),
        arrived_s=arrived_s,
    )
