"""Walks one document: header, Segments, Clusters, blocks; keeps what is sound and remembers the first error."""

from __future__ import annotations

import struct
from itertools import repeat
from math import gcd
from typing import TYPE_CHECKING

from callbeam.mkv import ids
from callbeam.mkv.document import Block, Document, Track
from callbeam.mkv.ebml import (
    UNKNOWN,
    MkvError,
    StructureError,
    TruncatedError,
    children,
    read_element,
    read_uint,
    read_vint,
)
from callbeam.mkv.lacing import LACING, lace
from callbeam.mkv.masters import (
    DEFAULT_TIMECODE_SCALE_NS,
    DOC_TYPES,
    MAX_TAGS,
    MAX_TRACKS,
    read_doc_type,
    read_tags,
    read_timecode_scale,
    read_tracks,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BLOCKS = 1_000_000
"""Most elements in a document's Clusters; each block costs about 200 bytes of memory however small it is."""

MAX_MASTER_BYTES = 1 << 24
"""Longest Info, Tracks or Tags that is read."""

MAX_TICK_NS = 1_000_000
"""Ticks that are longer are divided: what places blocks between two of them has ticks for that."""

_MAGIC = ids.EBML.to_bytes(4, "big")
_READ_WHOLE = frozenset({ids.INFO, ids.TRACKS, ids.TAGS})
_SEGMENT_CHILDREN = ids.LEVEL_1 | {ids.VOID, ids.CRC_32}
_CLUSTER_CHILDREN = frozenset(
    {ids.TIMECODE, ids.POSITION, ids.PREV_SIZE, ids.SIMPLE_BLOCK, ids.BLOCK_GROUP, ids.VOID, ids.CRC_32}
)
_NOT_IN_CLUSTER = ids.LEVEL_1 | {ids.SEGMENT, ids.EBML}


def _block_layouts() -> tuple[tuple[Callable[..., tuple[int, ...]], int, int] | None, ...]:
    """Give, for each first byte of a SimpleBlock's size, how to read what stands before the payload.

    That is a function that unpacks (id, size, track, offset, flags), where the element's body begins, and the size's
    mask; None where the size has 3 or 5 to 7 bytes, or might be the unknown one.
    """
    layouts: list[tuple[Callable[..., tuple[int, ...]], int, int] | None] = [None] * 256
    for code, length in (("B", 1), ("H", 2), ("I", 4), ("Q", 8)):
        marker = 0x80 >> (length - 1)
        unpack = struct.Struct(f">B{code}BhB").unpack_from
        for first in range(marker, max(2 * marker - 1, marker + 1)):
            layouts[first] = (unpack, 1 + length, (1 << 7 * length) - 1)
    return tuple(layouts)


_BLOCK_LAYOUTS = _block_layouts()
_HEAD_BYTES = 13
"""The longest head: 1 byte of id, 8 of size, 4 of block header."""


class DocumentWalk:
    """One document's walk.

    Parameters
    ----------
    data : memoryview
        From the document's first byte to the end of the input, or to where the next document must begin.

    Attributes
    ----------
    complete : bool
        The structure could be followed to the document's end, and no byte is missing in it.
    doubtful : bool
        It has what a KVS fragment does not have: elements that are unknown or come twice, blocks that go back in time.
        Seldom, a document that was cut looks so: the size of its last block leads into the next document.
    reached : int
        How far it came.
    """

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._end = len(data)
        self._error: MkvError | None = None
        self._scale_ns: int | None = None
        self._tags: list[tuple[str, str]] = []
        self._tracks: dict[int, Track] = {}
        self._clusters: list[int] = []
        self._blocks: list[Block] = []
        self._laced = False
        self.complete = True
        self.doubtful = False
        self.reached = 0

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong with the document."""
        return self._error is None

    def document(self, index: int, offset: int, length: int) -> Document:
        """Return what was found, as the document of ``length`` bytes at ``offset`` of the capture."""
        error, scale_ns = self._error, self._scale_ns or DEFAULT_TIMECODE_SCALE_NS
        clusters, blocks = self._clusters, self._blocks
        tick_ns = scale_ns if scale_ns <= MAX_TICK_NS else gcd(scale_ns, MAX_TICK_NS)
        if tick_ns != scale_ns:
            finer = scale_ns // tick_ns
            clusters = [timecode * finer for timecode in clusters]
            blocks = [block._replace(timecode=block.timecode * finer) for block in blocks]
        return Document(
            index,
            offset,
            self._data[:length],
            tick_ns,
            tuple(self._tags),
            tuple(self._tracks.values()),
            tuple(clusters),
            blocks,
            self.complete,
            None if error is None else f"{error.message} at byte {offset + error.offset}",
            self._laced,
            tick_ns != scale_ns,
        )

    def walk(self) -> int:
        """Walk the document.

        Returns
        -------
        int
            Its length: up to the next document's header or the end of the data.
        """
        position = segments = 0
        sized = False  # the last Segment's end was known: what follows, if no element, is not this document's
        try:
            position = self._header()
            while position < self._end:
                try:
                    element_id, start, stop = self._element(position, self._end)
                except MkvError:
                    if sized:
                        break
                    raise
                if element_id == ids.SEGMENT:
                    self.doubtful = self.doubtful or segments > 0
                    position = self._segment(position, start, stop)
                    segments += 1
                    sized = stop != UNKNOWN and self.complete
                elif element_id == ids.EBML or (segments and element_id not in {ids.VOID, ids.CRC_32}):
                    break
                else:
                    position = self._fitting(element_id, position, start, stop, self._end)
        except MkvError as error:
            self._note(error)
            return self._end
        if not segments:
            self._note(TruncatedError("the document has no Segment", position))
        return position

    def _note(self, error: MkvError) -> None:
        """Remember the first error."""
        self._error = self._error or error.with_traceback(None)  # whose frames hold the input
        self.complete = self.complete and not isinstance(error, StructureError)
        self.reached = max(self.reached, error.offset)

    def _element(self, position: int, end: int) -> tuple[int, int, int]:
        """Read an element's header; that of a next document counts as one even if it is cut or damaged."""
        try:
            return read_element(self._data, position, end)
        except StructureError:
            head = bytes(self._data[position : position + len(_MAGIC)])
            if head == _MAGIC or (position + len(head) == self._end == end and _MAGIC.startswith(head)):
                return ids.EBML, end, UNKNOWN
            raise

    @staticmethod
    def _fitting(element_id: int, position: int, start: int, stop: int, end: int) -> int:
        """Return where an element ends.

        Raises
        ------
        MkvError
            Its size is unknown, or it reaches beyond ``end``.
        """
        if stop == UNKNOWN:
            raise StructureError(f"element 0x{element_id:X} must not be of unknown size", position)
        if stop > end:
            raise TruncatedError(
                f"element 0x{element_id:X} asks for {stop - start} bytes where {end - start} are left", position
            )
        return stop

    def _clipped(self, name: str, position: int, start: int, stop: int, end: int) -> int:
        """Return where to stop reading a Segment or Cluster: at its end, or its parent's, noting what is missing."""
        if stop == UNKNOWN:
            return end
        if stop > end:
            missing = f"a {name} asks for {stop - start} bytes where {end - start} are left"
            self._note(TruncatedError(missing, position))
            return end
        return stop

    def _header(self) -> int:
        element_id, start, stop = read_element(self._data, 0, self._end)
        if element_id != ids.EBML:
            raise StructureError("no EBML header, but other bytes", 0)
        end = self._fitting(element_id, 0, start, stop, self._end)
        try:
            doc_type = read_doc_type(bytes(self._data[start : min(end, start + MAX_MASTER_BYTES)]))
        except MkvError as error:
            self._note(error.moved(start))
        else:
            if doc_type not in DOC_TYPES:
                self._note(MkvError(f"DocType is {doc_type[:40]!r}, not matroska or webm", start))
        return end

    def _segment(self, position: int, start: int, stop: int) -> int:
        """Walk a Segment; return where it ends."""
        known = stop != UNKNOWN
        end = self._clipped("Segment", position, start, stop, self._end)
        position = start
        try:
            while position < end:
                element_id, start, stop = self._element(position, end)
                if element_id == ids.CLUSTER:
                    position = self._cluster(position, start, stop, end)
                elif element_id in {ids.EBML, ids.SEGMENT}:
                    if known:
                        raise StructureError("a document begins inside a Segment of known size", position)
                    return position
                else:
                    position = self._fitting(element_id, position, start, stop, end)
                    self._level_1(element_id, start, stop)
        except MkvError as error:
            if not known or end == self._end:
                raise
            self._note(error)
            return end
        return position

    def _level_1(self, element_id: int, start: int, end: int) -> None:
        """Take in Info, Tracks or Tags; what is damaged inside them costs nothing outside."""
        if element_id not in _READ_WHOLE:
            self.doubtful = self.doubtful or element_id not in _SEGMENT_CHILDREN
            return
        payload = bytes(self._data[start : min(end, start + MAX_MASTER_BYTES + 1)])
        error: MkvError | None = None
        if len(payload) > MAX_MASTER_BYTES:
            error = MkvError(f"Info, Tracks or Tags is longer than {MAX_MASTER_BYTES} bytes", 0)
        elif element_id == ids.TAGS:
            tags, error = read_tags(payload)
            if len(self._tags) + len(tags) > MAX_TAGS:
                error = error or MkvError(f"there are more than {MAX_TAGS} tags", 0)
            self._tags += tags[: MAX_TAGS - len(self._tags)]
        elif element_id == ids.TRACKS:
            self.doubtful = self.doubtful or bool(self._tracks)
            tracks, error = read_tracks(payload)
            for track in tracks:
                error = error or self._take_track(track)
        else:
            error = self._take_info(payload)
        if error is not None:
            self._note(error.moved(start))

    def _take_track(self, track: Track) -> MkvError | None:
        if len(self._tracks) == MAX_TRACKS and track.number not in self._tracks:
            return MkvError(f"there are more than {MAX_TRACKS} tracks", 0)
        if self._tracks.setdefault(track.number, track) != track:
            return MkvError(f"track {track.number} is declared twice, differently", 0)
        return None

    def _take_info(self, payload: bytes) -> MkvError | None:
        try:
            scale_ns = read_timecode_scale(payload)
        except MkvError as error:
            return error
        self.doubtful = self.doubtful or self._scale_ns is not None
        if self._scale_ns not in {None, scale_ns}:
            return MkvError("Segments of one document differ in TimecodeScale", 0)
        self._scale_ns = scale_ns
        return None

    def _cluster(self, position: int, start: int, stop: int, parent_end: int) -> int:
        """Walk a Cluster; return where it ends."""
        known = stop != UNKNOWN
        end = self._clipped("Cluster", position, start, stop, parent_end)
        self.doubtful = self.doubtful or bool(self._clusters)
        blocks, clusters = len(self._blocks), len(self._clusters)
        try:
            stopped = self._cluster_elements(start, end, known=known)
        except MkvError as error:
            self._note(error)
            if not known or end == self._end:
                raise
            stopped = end
        finally:
            if len(self._clusters) == clusters:
                del self._blocks[blocks:]
                self._note(TruncatedError("a Cluster has no Timecode", position))
        times = [block[1] for block in self._blocks[blocks:]]
        self.doubtful = self.doubtful or times != sorted(times)
        return stopped

    def _cluster_elements(self, position: int, end: int, *, known: bool) -> int:
        """Take in a Cluster's children and return where it ends; this loop decides how fast all of this is."""
        data, append, new = self._data, self._blocks.append, tuple.__new__
        first_block = len(self._blocks)
        timecode: int | None = None
        base = 0  # the Timecode, or 0 before it has come
        last_head = end - _HEAD_BYTES
        for _ in repeat(None, MAX_BLOCKS - first_block):
            if position <= last_head and data[position] == ids.SIMPLE_BLOCK:
                layout = _BLOCK_LAYOUTS[data[position + 1]]
                if layout is not None:
                    unpack, head_bytes, mask = layout
                    _, size, track, offset, flags = unpack(data, position)
                    body = position + head_bytes
                    stop = body + (size & mask)
                    if body + 4 <= stop <= end and track > 0x80 and not flags & 0x06:
                        append(new(Block, (track & 0x7F, base + offset, body + 4, stop)))
                        position = stop
                        continue
            if position >= end:
                break
            element_id, start, stop = self._element(position, end)
            if element_id in _NOT_IN_CLUSTER:
                if not known:
                    break
                raise StructureError(f"element 0x{element_id:X} begins inside a Cluster of known size", position)
            stop = self._fitting(element_id, position, start, stop, end)
            if element_id not in _CLUSTER_CHILDREN or (element_id == ids.TIMECODE and timecode is not None):
                self.doubtful = True
            if element_id == ids.TIMECODE and timecode is None:
                base = timecode = read_uint(data, start, stop)
                self._clusters.append(timecode)
                late = self._blocks[first_block:]
                self._blocks[first_block:] = [b._replace(timecode=b.timecode + timecode) for b in late]
            else:
                self._slow_block(element_id, start, stop, base)
            position = stop
        else:
            raise MkvError(f"there are more than {MAX_BLOCKS} blocks", position)
        return position

    def _slow_block(self, element_id: int, start: int, stop: int, base: int) -> None:
        """Take in a block that is not of the common shape; pass over what is no block."""
        try:
            if element_id == ids.SIMPLE_BLOCK:
                self._read_block(start, stop, base)
            elif element_id == ids.BLOCK_GROUP:
                found = [child for child in children(self._data, start, stop) if child[0] == ids.BLOCK]
                if len(found) != 1:
                    raise MkvError(f"a BlockGroup holds {len(found)} Blocks", start)  # noqa: TRY301
                _, start, stop = found[0]
                self._read_block(start, stop, base)
        except MkvError as error:
            self._note(error)

    def _read_block(self, start: int, end: int, base: int) -> None:
        """Take in a block, or the frames of a laced one."""
        track, position = read_vint(self._data, start, end)
        payload = position + 3
        if payload > end:
            raise TruncatedError("a block's header is cut", start)
        timecode = base + int.from_bytes(self._data[position : position + 2], "big", signed=True)
        lacing = self._data[position + 2] & LACING
        frames = lace(self._data, payload, end, lacing) if lacing else [(payload, end)]
        if len(self._blocks) + len(frames) > MAX_BLOCKS:
            raise MkvError(f"there are more than {MAX_BLOCKS} blocks", start)
        self._laced = self._laced or bool(lacing)
        self._blocks.extend(Block(track, timecode, *frame) for frame in frames)
