"""Reads the small masters of a document: EBML header, Info, Tracks, Tags.

Each function takes a master's payload; offsets in its errors count from the payload's start. A call's fragments
repeat most masters byte for byte, so results are remembered, which doubles the speed of reading.
"""

from __future__ import annotations

import math
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, TypeVar

from callbeam.mkv import ids
from callbeam.mkv.document import Track
from callbeam.mkv.ebml import UNKNOWN, MkvError, children, read_bytes, read_element, read_float, read_string, read_uint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

DOC_TYPES = frozenset({"matroska", "webm"})
DEFAULT_TIMECODE_SCALE_NS = 1_000_000

MAX_HEADER_BYTES = 256
"""Longest EBML header that is taken for one where structure was lost; producers write about 35 bytes."""

MAX_TAGS = 10_000
MAX_TRACKS = 1_000
"""Most in one master; KVS allows 10 tags and 3 tracks, and real fragments go beyond the 10."""

MAX_TAG_DEPTH = 16
"""How deep SimpleTags may be nested."""

_COMPRESSIONS = {0: "zlib", 1: "bzlib", 2: "lzo1x", 3: "header stripping"}

_REMEMBERED_PAYLOADS = 256
_REMEMBERED_BYTES = 4096  # a longer payload is read anew each time


def _remembered(read: Callable[[bytes], T]) -> Callable[[bytes], T]:
    short = lru_cache(_REMEMBERED_PAYLOADS)(read)

    @wraps(read)
    def remembered(payload: bytes) -> T:
        return short(payload) if len(payload) <= _REMEMBERED_BYTES else read(payload)

    return remembered


@_remembered
def read_doc_type(payload: bytes) -> str:
    """Read the DocType of an EBML header; "" if it has none.

    Raises
    ------
    MkvError
        The header is damaged.
    """
    doc_type = ""
    for element_id, start, end in children(payload):
        if element_id == ids.DOC_TYPE:
            doc_type = read_string(payload, start, end)
    return doc_type


def is_document_start(data: memoryview, position: int) -> bool:
    """Tell whether a whole and plausible EBML header, with the DocType of a Matroska document, begins here."""
    try:
        element_id, start, end = read_element(data, position, len(data))
        if element_id != ids.EBML or end == UNKNOWN or end > len(data) or end - start > MAX_HEADER_BYTES:
            return False
        return read_doc_type(bytes(data[start:end])) in DOC_TYPES
    except MkvError:
        return False


@_remembered
def read_timecode_scale(payload: bytes) -> int:
    """Read the TimecodeScale, in ns per tick, of an Info.

    Raises
    ------
    MkvError
        It is 0, or the Info is damaged.
    """
    scale_ns = DEFAULT_TIMECODE_SCALE_NS
    for element_id, start, end in children(payload):
        if element_id == ids.TIMECODE_SCALE and start < end:  # RFC 8794: empty, it is its default
            scale_ns = read_uint(payload, start, end)
            if not scale_ns:
                raise MkvError("TimecodeScale is 0", start)
    return scale_ns


@_remembered
def read_tracks(payload: bytes) -> tuple[tuple[Track, ...], MkvError | None]:
    """Read a Tracks: its tracks up to the first error, and that error.

    It is an error if a TrackEntry has no TrackNumber.
    """
    found: list[Track] = []
    return _until_error(_take_tracks, payload, found, MAX_TRACKS)


@_remembered
def read_tags(payload: bytes) -> tuple[tuple[tuple[str, str], ...], MkvError | None]:
    """Read a Tags: name and value of its SimpleTags up to the first error, and that error.

    Nested ones follow the one that holds them; a binary value is given as hexadecimal digits. It is an error if a
    SimpleTag has no TagName or is nested too deep.
    """
    found: list[tuple[str, str]] = []
    return _until_error(_take_tags, payload, found, MAX_TAGS)


def _until_error(
    take: Callable[[bytes, list[T]], None], payload: bytes, found: list[T], limit: int
) -> tuple[tuple[T, ...], MkvError | None]:
    error = None
    try:
        take(payload, found)
    except MkvError as raised:
        error = raised.with_traceback(None)  # whose frames would be remembered, too
    if len(found) > limit:
        error = MkvError(f"there are more than {limit} entries", 0)
    return tuple(found[:limit]), error


def _take_tracks(payload: bytes, found: list[Track]) -> None:
    for element_id, start, end in children(payload):
        if element_id == ids.TRACK_ENTRY:
            found.append(_track(payload, start, end))


def _track(payload: bytes, start: int, end: int) -> Track:
    elements = {element_id: place for element_id, *place in children(payload, start, end)}
    audio = children(payload, *elements.get(ids.AUDIO, (0, 0)))
    elements.update({element_id: [at, stop] for element_id, at, stop in audio if at < stop})  # empty: the default

    def value(element_id: int, read: Callable[[bytes, int, int], T]) -> T | None:
        return read(payload, *elements[element_id]) if element_id in elements else None

    number = value(ids.TRACK_NUMBER, read_uint)
    if number is None:
        raise MkvError("a TrackEntry has no TrackNumber", start)
    sample_rate_hz = value(ids.SAMPLING_FREQUENCY, read_float)
    if sample_rate_hz is not None and not (math.isfinite(sample_rate_hz) and sample_rate_hz > 0):
        raise MkvError(f"SamplingFrequency is {sample_rate_hz}", start)
    return Track(
        number=number,
        name=value(ids.NAME, read_string),
        codec_id=value(ids.CODEC_ID, read_string),
        codec_private=value(ids.CODEC_PRIVATE, read_bytes) or b"",
        track_type=value(ids.TRACK_TYPE, read_uint),
        sample_rate_hz=sample_rate_hz,
        channels=value(ids.CHANNELS, read_uint),
        bit_depth=value(ids.BIT_DEPTH, read_uint),
        encodings=tuple(_encodings(payload, *elements.get(ids.CONTENT_ENCODINGS, (0, 0)))),
    )


def _encodings(payload: bytes, start: int, end: int) -> Iterator[str]:
    """Name what each ContentEncoding does (RFC 9559, 5.1.4.1.31); elements that are left out have their defaults."""
    for encoding_id, *encoding in children(payload, start, end):
        if encoding_id != ids.CONTENT_ENCODING:
            continue
        encrypted = algorithm = 0
        for element_id, *place in children(payload, *encoding):
            if element_id == ids.CONTENT_ENCODING_TYPE:
                encrypted = read_uint(payload, *place)
            elif element_id == ids.CONTENT_COMPRESSION:
                algorithms = (child for child in children(payload, *place) if child[0] == ids.CONTENT_COMP_ALGO)
                algorithm = next((read_uint(payload, *at) for _, *at in algorithms), 0)
        yield "encryption" if encrypted else _COMPRESSIONS.get(algorithm, f"compression {algorithm}")


def _take_tags(payload: bytes, found: list[tuple[str, str]]) -> None:
    for tag_id, tag, tag_end in children(payload):
        if tag_id == ids.TAG:
            for element_id, start, end in children(payload, tag, tag_end):
                if element_id == ids.SIMPLE_TAG:
                    _take_simple_tag(payload, start, end, found, MAX_TAG_DEPTH)


def _take_simple_tag(payload: bytes, start: int, end: int, found: list[tuple[str, str]], depth: int) -> None:
    if not depth:
        raise MkvError(f"SimpleTags are nested deeper than {MAX_TAG_DEPTH}", start)
    name, text = None, ""
    nested = []
    for element_id, value, stop in children(payload, start, end):
        if element_id == ids.TAG_NAME:
            name = read_string(payload, value, stop)
        elif element_id == ids.TAG_STRING:
            text = read_string(payload, value, stop)
        elif element_id == ids.TAG_BINARY:
            text = read_bytes(payload, value, stop).hex()
        elif element_id == ids.SIMPLE_TAG:
            nested.append((value, stop))
    if name is None:
        raise MkvError("a SimpleTag has no TagName", start)
    found.append((name, text))
    for value, stop in nested:
        _take_simple_tag(payload, value, stop, found, depth - 1)
