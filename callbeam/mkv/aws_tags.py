"""Puts the tags that KVS adds into a fragment, and takes them out, leaving the producer's bytes as they are.

Where a size that is written in the document must change (a Segment's, a Tags element's), it keeps its length in bytes
if the new size fits, and a CRC-32 over changed bytes is computed anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from callbeam.mkv import ids, masters
from callbeam.mkv.build import aws_tags_element, element_id_bytes, size_vint, with_crc
from callbeam.mkv.ebml import UNKNOWN, MkvError, read_element, read_string

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

AWS_PREFIX = "AWS_KINESISVIDEO_"
"""Begins the name of each tag that KVS adds; producers' tag names cannot begin with AWS."""

_CRC_HEAD = b"\xbf\x84"


class _Element(NamedTuple):
    """An element: where its header and its payload begin, and where the payload ends, at the latest with its parent.

    ``size`` is what the header says, None if unknown.
    """

    id: int
    start: int
    payload: int
    end: int
    size: int | None


def insert_aws_tags(
    producer_fragment: bytes, before: Sequence[tuple[str, str]], after: Sequence[tuple[str, str]]
) -> bytes:
    """Put tags in as KVS does: some before the first Cluster, others at the end.

    Parameters
    ----------
    producer_fragment : bytes
        One document; one without a Cluster gets both at its end.
    before, after : sequence of (str, str)
        Nothing is put in for an empty sequence.

    Raises
    ------
    MkvError
        The document has no Segment.
    """
    view = memoryview(producer_fragment)
    segments = [e for e in _elements(view, 0, len(view), top=True) if e.id == ids.SEGMENT]
    if not segments:
        raise MkvError("the document has no Segment", len(view))
    cuts = [(_first_cluster(view, segments), before), (segments[-1].end, after)]
    pieces: list[bytes] = []
    done = 0
    for segment in segments:
        inside = [(at, tags) for at, tags in cuts if tags and segment.payload <= at <= segment.end]
        cuts = [cut for cut in cuts if cut not in inside]
        payload: list[bytes] = []
        position = segment.payload
        for at, tags in inside:
            payload += [bytes(view[position:at]), aws_tags_element(tags)]
            position = at
        payload.append(bytes(view[position : segment.end]))
        pieces += [bytes(view[done : segment.start]), _rebuilt(view, segment, b"".join(payload))]
        done = segment.end
    return b"".join((*pieces, view[done:]))


def strip_aws_tags(document: bytes) -> tuple[bytes, list[tuple[str, str]]]:
    """Take out the tags that KVS added, and the elements that are empty without them.

    From where a damaged document's structure is lost, its bytes stay as they are.

    Returns
    -------
    tuple of (bytes, list of (str, str))
        The document as its producer sent it, and the tags taken out, in file order.
    """
    view = memoryview(document)
    removed: list[tuple[str, str]] = []
    pieces: list[bytes] = []
    done = 0
    for top in _elements(view, 0, len(view), top=True):
        if top.id != ids.SEGMENT:
            continue
        payload = _without_tags(view, top, removed)
        if payload is not None:
            pieces += [bytes(view[done : top.start]), _rebuilt(view, top, payload)]
            done = top.end
    return b"".join((*pieces, view[done:])), removed


def _first_cluster(view: memoryview, segments: Sequence[_Element]) -> int:
    for segment in segments:
        for child in _elements(view, segment.payload, segment.end):
            if child.id == ids.CLUSTER:
                return child.start
    return segments[-1].end


def _without_tags(view: memoryview, segment: _Element, removed: list[tuple[str, str]]) -> bytes | None:
    """Return the Segment's payload without AWS's tags, or None if it holds none."""
    pieces: list[bytes] = []
    done = segment.payload
    for child in _elements(view, segment.payload, segment.end):
        if child.id == ids.TAGS:
            kept = _prune(view, child, removed, 0)
            if kept is not None:
                pieces += [bytes(view[done : child.start]), kept]
                done = child.end
    return b"".join((*pieces, view[done : segment.end])) if pieces else None


def _prune(view: memoryview, element: _Element, removed: list[tuple[str, str]], depth: int) -> bytes | None:
    """Return a Tags, Tag or SimpleTag without AWS's tags (empty if nothing is left), or None if it holds none."""
    if depth > masters.MAX_TAG_DEPTH:
        return None
    if element.id == ids.SIMPLE_TAG:
        name, value = _tag(view, element)
        if name.startswith(AWS_PREFIX):
            removed.append((name, value))
            return b""
    pieces: list[bytes] = []
    changed = False
    kept_tags = False
    for child in _elements(view, element.payload, element.end):
        kept = None
        if child.id in {ids.TAG, ids.SIMPLE_TAG}:
            kept = _prune(view, child, removed, depth + 1)
            kept_tags = kept_tags or kept != b""
        changed = changed or kept is not None
        pieces.append(bytes(view[child.start : child.end]) if kept is None else kept)
    if not changed:
        return None
    if not kept_tags and element.id != ids.SIMPLE_TAG:
        return b""
    return _rebuilt(view, element, b"".join(pieces))


def _tag(view: memoryview, simple_tag: _Element) -> tuple[str, str]:
    name = value = ""
    for child in _elements(view, simple_tag.payload, simple_tag.end):
        if child.id == ids.TAG_NAME:
            name = read_string(view, child.payload, child.end)
        elif child.id == ids.TAG_STRING:
            value = read_string(view, child.payload, child.end)
    return name, value


def _rebuilt(view: memoryview, element: _Element, payload: bytes) -> bytes:
    """Return the element with another payload, its header changed no more than it must be."""
    head = bytes(view[element.start : element.payload])
    if element.size is not None:
        size = element.size + len(payload) - (element.end - element.payload)
        id_bytes = element_id_bytes(element.id)
        length = max(len(head) - len(id_bytes), len(size_vint(size)))
        head = id_bytes + size_vint(size, length)
    if payload.startswith(_CRC_HEAD):
        payload = with_crc(payload[len(_CRC_HEAD) + 4 :])
    return head + payload


def _elements(view: memoryview, start: int, end: int, *, top: bool = False) -> Iterator[_Element]:
    """Walk a level (``top``: that of Segments) as far as it is sound.

    An element of unknown size ends where the next of its level begins; a Segment or Cluster that is cut ends with its
    parent.
    """
    position = start
    while position < end:
        try:
            element_id, payload, stop = read_element(view, position, end)
        except MkvError:
            return
        size = None if stop == UNKNOWN else stop - payload
        if element_id in {ids.SEGMENT, ids.CLUSTER}:
            stop = min(stop, end) if size is not None else _end_of_unknown(view, payload, end, top=top)
        elif size is None or stop > end:
            return
        yield _Element(element_id, position, payload, stop, size)
        position = stop


def _end_of_unknown(view: memoryview, start: int, end: int, *, top: bool) -> int:
    """Find where a Segment (``top``) or a Cluster of unknown size ends."""
    enders = {ids.SEGMENT, ids.EBML} if top else ids.LEVEL_1 | {ids.SEGMENT, ids.EBML}
    position = start
    while position < end:
        try:
            element_id, payload, stop = read_element(view, position, end)
        except MkvError:
            return end
        if element_id in enders:
            return position
        position = min(end, _end_of_unknown(view, payload, end, top=False) if stop == UNKNOWN else stop)
    return end
