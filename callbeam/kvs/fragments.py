"""Fragments as KVS lists and delivers them, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callbeam.mkv import Document


class FragmentStatus(str, Enum):
    """What became of a listed fragment; every ledger row has exactly one."""

    DECODED = "decoded"
    DUPLICATE = "duplicate"
    OTHER_UNIT = "other_unit"
    NOT_FOUND = "not_found"
    EXPIRED = "expired"
    DAMAGED = "damaged"
    UNSUPPORTED_CODEC = "unsupported_codec"
    NO_TIMESTAMP = "no_timestamp"
    NO_AUDIO = "no_audio"
    SERVICE_ERROR = "service_error"
    OPEN = "open"
    NOT_ASKED = "not_asked"


LOST = frozenset(
    {
        FragmentStatus.NOT_FOUND,
        FragmentStatus.EXPIRED,
        FragmentStatus.DAMAGED,
        FragmentStatus.UNSUPPORTED_CODEC,
        FragmentStatus.NO_TIMESTAMP,
        FragmentStatus.SERVICE_ERROR,
    }
)
"""The statuses that count as lost audio."""

NOT_OURS = frozenset({FragmentStatus.OTHER_UNIT, FragmentStatus.NOT_ASKED})
"""The statuses that the share of lost audio leaves out of its denominator."""


@dataclass(frozen=True, slots=True)
class ListedFragment:
    """A row of ListFragments; instants are UTC milliseconds since the epoch.

    Attributes
    ----------
    number : int
        Fragment number: rises with ingestion on a stream, exceeds 64 bits.
    server_ms, producer_ms : int or None
        When KVS began to receive it; what the producer said. None where the listing has none.
    size : int
        FragmentSizeInBytes, 0 where absent.
    length_ms : int
        FragmentLengthInMilliseconds, 0 where absent.
    """

    number: int
    server_ms: int | None
    producer_ms: int | None = None
    size: int = 0
    length_ms: int = 0


@dataclass(frozen=True, slots=True)
class FetchedFragment:
    """A listed fragment with its media, or with the reason why there is none.

    Attributes
    ----------
    listed : ListedFragment
    document : Document or None
        Present exactly when ``status`` is None.
    status : FragmentStatus or None
        None: media is here. Else NOT_FOUND, EXPIRED, DAMAGED or SERVICE_ERROR.
    reason : str
        For people: what the service or the reader said.
    sample : bytes
        First bytes (at most 64) of what came instead of sound media.
    """

    listed: ListedFragment
    document: Document | None = None
    status: FragmentStatus | None = None
    reason: str = ""
    sample: bytes = b""


class FragmentSource(Protocol):
    """One stream to read from: the service's client bound to a stream, or a stand-in of a test."""

    def list(self, start_ms: int, end_ms: int) -> list[ListedFragment]:
        """List the fragments with server timestamp in [start_ms, end_ms), sorted by number."""

    def read(self, listed: Sequence[ListedFragment]) -> Iterator[FetchedFragment]:
        """Yield one fetched fragment for each listed one, in the order given."""
