"""What a producer sends to a stream: fragments, each with the two times that KVS keeps of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProducerFragment:
    """One fragment as its producer wrote it, without the tags that KVS adds.

    Attributes
    ----------
    data : bytes
        One whole EBML document.
    server_ms, producer_ms : int
        When KVS began to receive it, and what the producer's clock said; UTC milliseconds since the epoch.
    """

    data: bytes
    server_ms: int
    producer_ms: int


@dataclass(frozen=True, slots=True)
class StreamFragments:
    """A stream's fragments in the order in which KVS received them: ``server_ms`` never falls."""

    stream: str
    fragments: tuple[ProducerFragment, ...]
