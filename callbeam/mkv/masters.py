"""Reads the small masters of a document: EBML header, Info, Tracks, Tags."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from callbeam.mkv import ids
from callbeam.mkv.document import Track
from callbeam.mkv.ebml import UNKNOWN, MkvError, children, read_bytes, read_element, read_float, read_string, read_uint

if TYPE_CHECKING:
    from collections.abc import Iterator

DOC_TYPES = frozenset({"matroska", "webm"})

MAX_HEADER_BYTES = 256
"""Longest EBML header that is taken for one where structure was lost; producers write about 35 bytes."""

MAX_TAG_DEPTH = 16
"""How deep SimpleTags may be nested."""

DEFAULT_TIMECODE_SCALE_NS = 1_000_000


def read_doc_type(data: memoryview, start: int, end: int) -> str:
    """Read the DocType from an EBML header's payload; "" if it has none."""
    doc_type = ""
    for element_id, value, stop in children(data, start, end):
        if element_id == ids.DOC_TYPE:
            doc_type = read_string(data, value, stop)
    return doc_type


def is_document_start(data: memoryview, position: int) -> bool:
    """Tell whether a whole and plausible EBML header, with the DocType of a Matroska document, begins here."""
    try:
        element_id, start, end = read_element(data, position, len(data))
        if element_id != ids.EBML or end == UNKNOWN or end > len(data) or end - start > MAX_HEADER_BYTES:
            return False
        return read_doc_type(data, start, end) in DOC_TYPES
    except MkvError:
        return False


def read_timecode_scale(data: memoryview, start: int, end: int) -> int:
    """Read the TimecodeScale, in ns per tick, from an Info's payload.

    Raises
    ------
    MkvError
        It is 0, or Info is damaged.
    """
    scale = DEFAULT_TIMECODE_SCALE_NS
    for element_id, value, stop in children(data, start, end):
        if element_id == ids.TIMECODE_SCALE:
            scale = read_uint(data, value, stop)
            if not scale:
                raise MkvError("TimecodeScale is 0", value)
    return scale


def read_tracks(data: memoryview, start: int, end: int) -> Iterator[Track]:
    """Yield each TrackEntry of a Tracks' payload.

    Raises
    ------
    MkvError
        A TrackEntry has no TrackNumber, or is damaged.
    """
    for element_id, value, stop in children(data, start, end):
        if element_id == ids.TRACK_ENTRY:
            yield _read_track(data, value, stop)


def _read_track(data: memoryview, start: int, end: int) -> Track:  # noqa: C901 - one branch for each element
    number = track_type = channels = bit_depth = None
    name = codec_id = sample_rate_hz = None
    codec_private = b""
    elements = list(children(data, start, end))
    audio = [inner for i, value, stop in elements if i == ids.AUDIO for inner in children(data, value, stop)]
    for element_id, value, stop in elements + audio:
        if element_id == ids.TRACK_NUMBER:
            number = read_uint(data, value, stop)
        elif element_id == ids.TRACK_TYPE:
            track_type = read_uint(data, value, stop)
        elif element_id == ids.NAME:
            name = read_string(data, value, stop)
        elif element_id == ids.CODEC_ID:
            codec_id = read_string(data, value, stop)
        elif element_id == ids.CODEC_PRIVATE:
            codec_private = read_bytes(data, value, stop)
        elif element_id == ids.SAMPLING_FREQUENCY:
            sample_rate_hz = _positive(read_float(data, value, stop), value)
        elif element_id == ids.CHANNELS:
            channels = read_uint(data, value, stop)
        elif element_id == ids.BIT_DEPTH:
            bit_depth = read_uint(data, value, stop)
    if number is None:
        raise MkvError("a TrackEntry has no TrackNumber", start)
    return Track(number, name, codec_id, codec_private, track_type, sample_rate_hz, channels, bit_depth)


def _positive(value: float, offset: int) -> float:
    if not math.isfinite(value) or value <= 0:
        raise MkvError(f"SamplingFrequency is {value}", offset)
    return value


def read_tags(data: memoryview, start: int, end: int) -> Iterator[tuple[str, str]]:
    """Yield the name and the value of each SimpleTag of a Tags' payload, nested ones after the one that holds them.

    A binary value is given as hexadecimal digits.

    Raises
    ------
    MkvError
        A SimpleTag has no TagName, is nested too deep, or is damaged.
    """
    for tag_id, tag, tag_end in children(data, start, end):
        if tag_id == ids.TAG:
            for element_id, value, stop in children(data, tag, tag_end):
                if element_id == ids.SIMPLE_TAG:
                    yield from _read_simple_tag(data, value, stop, MAX_TAG_DEPTH)


def _read_simple_tag(data: memoryview, start: int, end: int, depth: int) -> Iterator[tuple[str, str]]:
    if not depth:
        raise MkvError(f"SimpleTags are nested deeper than {MAX_TAG_DEPTH}", start)
    name, text = None, ""
    nested = []
    for element_id, value, stop in children(data, start, end):
        if element_id == ids.TAG_NAME:
            name = read_string(data, value, stop)
        elif element_id == ids.TAG_STRING:
            text = read_string(data, value, stop)
        elif element_id == ids.TAG_BINARY:
            text = read_bytes(data, value, stop).hex()
        elif element_id == ids.SIMPLE_TAG:
            nested.append((value, stop))
    if name is None:
        raise MkvError("a SimpleTag has no TagName", start)
    yield name, text
    for value, stop in nested:
        yield from _read_simple_tag(data, value, stop, depth - 1)
