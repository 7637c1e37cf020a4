"""What one EBML document of a capture holds: the reader's result and the writer's input."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any, NamedTuple

PADDING = "\0 \t\r\n"
"""What producers pad strings with."""


class Block(NamedTuple):
    """One SimpleBlock or BlockGroup's Block: a frame of one track.

    Attributes
    ----------
    track : int
        Track number, a key into ``Document.tracks`` by ``Track.number``.
    timecode : int
        The Cluster's timecode plus the block's own offset, in ticks of ``Document.timecode_scale_ns``. The frames of a
        laced block share it: each begins where the one before it ends.
    start, end : int
        Where the payload lies in ``Document.data``.
    """

    track: int
    timecode: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Track:
    """A TrackEntry; None where the element is absent. Strings come without NUL padding.

    Attributes
    ----------
    encodings : tuple of str
        What its ContentEncodings say was done to its frames or its CodecPrivate, for people (``zlib``, ``header
        stripping``, ``encryption``); none of it is undone.
    """

    number: int
    name: str | None = None
    codec_id: str | None = None
    codec_private: bytes = b""
    track_type: int | None = None
    sample_rate_hz: float | None = None
    channels: int | None = None
    bit_depth: int | None = None
    encodings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One EBML document; for KVS one fragment, or what stands in for a fragment that failed.

    Attributes
    ----------
    index : int
        Position in the capture, from 0.
    offset : int
        Where the document begins in the capture, in bytes.
    data : memoryview
        The document's own bytes; payloads are slices of it, never copies.
    timecode_scale_ns : int
        Length of a tick, at most 1 ms: longer ones, as the document has them, are told as so many of a divisor.
    tags : tuple of (str, str)
        Every SimpleTag, in file order, AWS's own included.
    clusters : tuple of int
        Timecode of each Cluster, in ticks.
    complete : bool
        No byte is missing structurally.
    error : str or None
        What is wrong with the document, with the byte offset; None if it is sound.
    laced : bool
        Some of its blocks held several frames.
    coarse : bool
        Its own ticks are longer than 1 ms: many blocks may have one timecode.
    """

    index: int
    offset: int
    data: memoryview
    timecode_scale_ns: int = 1_000_000
    tags: tuple[tuple[str, str], ...] = ()
    tracks: tuple[Track, ...] = ()
    clusters: tuple[int, ...] = ()
    blocks: list[Block] = field(default_factory=list)
    complete: bool = True
    error: str | None = None
    laced: bool = False
    coarse: bool = False

    def payload(self, block: Block) -> memoryview:
        """Return a block's payload, uncopied."""
        return self.data[block.start : block.end]

    def milliseconds(self, timecode: int) -> float:
        """Turn ticks of this document into milliseconds."""
        return timecode * self.timecode_scale_ns / 1_000_000

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle with a copy of the bytes, and with a warning: audio should not cross processes."""
        warnings.warn(
            f"a document of {len(self.data)} bytes is being pickled; keep its reader and its decoder in one stage",
            RuntimeWarning,
            stacklevel=2,
        )
        rest = (self.timecode_scale_ns, self.tags, self.tracks, self.clusters, self.blocks)
        state = (self.complete, self.error, self.laced, self.coarse)
        return _from_bytes, (self.index, self.offset, bytes(self.data), *rest, *state)


def _from_bytes(index: int, offset: int, data: bytes, *rest: Any) -> Document:
    return Document(index, offset, memoryview(data), *rest)


def trimmed_name(track: Track) -> str:
    """Return the Name that a track is known by: without padding, "" if it has none."""
    return (track.name or "").strip(PADDING)
