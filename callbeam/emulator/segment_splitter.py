"""Splits an endless Matroska upload into fragments, one for each Cluster, as the bytes come in."""

from __future__ import annotations

from dataclasses import dataclass

from callbeam.mkv import (
    UNKNOWN,
    MkvError,
    TruncatedError,
    children,
    element_id_bytes,
    ids,
    read_element,
    read_uint,
    unknown_size,
)

MAX_ELEMENT_BYTES = 64 << 20
"""A longer element than a whole fragment may be is refused before it is waited for."""

_SEGMENT_HEADER = element_id_bytes(ids.SEGMENT) + unknown_size(8)
_CLUSTER_ENDERS = ids.LEVEL_1 | {ids.SEGMENT, ids.EBML}


@dataclass(frozen=True, slots=True)
class FragmentBegun:
    """A Cluster has begun; its timecode is known."""

    timecode_ms: float


@dataclass(frozen=True, slots=True)
class FragmentReady:
    """A fragment is whole: headers, one Cluster, and what followed it."""

    data: bytes
    timecode_ms: float


Event = FragmentBegun | FragmentReady


class SegmentSplitter:
    """Fed with any pieces of an upload, tells of its fragments.

    A fragment is the upload's EBML header, a Segment of unknown size, what stood before the first Cluster, one Cluster
    byte for byte, and the elements up to the next Cluster. A new EBML header begins anew.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        self._header = bytearray()
        self._fragment: bytearray | None = None
        self._timecode_ms: float | None = None
        self._scale_ns = 1_000_000
        self._in_segment = False
        self._in_cluster = False
        self._cluster_left: int | None = None
        self._error: MkvError | None = None

    def feed(self, data: bytes) -> list[Event]:
        """Take the next bytes; ask ``check`` afterwards whether they were Matroska to their end."""
        self._pending += data
        events: list[Event] = []
        position = 0
        with memoryview(self._pending) as view:
            while position < len(view):
                try:
                    used = self._take(view, position, events)
                except TruncatedError:
                    break  # an element's header is not there yet
                except MkvError as error:
                    self._error = error
                    break
                if not used:
                    break
                position += used
        del self._pending[:position]
        return events

    def check(self) -> None:
        """Raise what is wrong with the bytes behind the last event.

        Raises
        ------
        MkvError
            They are not Matroska.
        """
        if self._error is not None:
            raise self._error

    def finish(self) -> list[Event]:
        """Tell of the last fragment; the upload has ended.

        Raises
        ------
        MkvError
            It ended within an element.
        """
        if self._pending or (self._in_cluster and self._cluster_left):
            raise MkvError("the upload ends within an element", 0)
        events: list[Event] = []
        self._close_fragment(events)
        return events

    def unfinished(self) -> bytes | None:
        """Return what there is of a fragment that the upload left unfinished; None if it had none."""
        return None if self._fragment is None else bytes(self._header + self._fragment + self._pending)

    def _take(self, view: memoryview, position: int, events: list[Event]) -> int:
        """Take one element, or the header of one that is walked into; return its bytes, 0 if it is not all there."""
        element_id, payload, end = read_element(view, position, len(view))
        if self._in_cluster and (self._cluster_left == 0 or self._ends_cluster(element_id)):
            self._in_cluster = False
        if element_id == ids.SEGMENT or (element_id == ids.CLUSTER and self._in_segment and not self._in_cluster):
            return self._enter(view, position, (element_id, payload, end), events)
        if end == UNKNOWN:
            raise MkvError(f"element 0x{element_id:X} must not be of unknown size", position)
        if end - position > MAX_ELEMENT_BYTES:
            raise MkvError(f"element 0x{element_id:X} has {end - position} bytes", position)
        if end > len(view):
            return 0
        if element_id == ids.EBML and not self._in_cluster:
            self._close_fragment(events)
            self._in_segment = False
            self._header = bytearray(view[position:end])
        elif not self._in_segment:
            raise MkvError(f"element 0x{element_id:X} stands before any Segment", position)
        else:
            self._keep(view, position, (element_id, payload, end), events)
        return end - position

    def _ends_cluster(self, element_id: int) -> bool:
        return self._cluster_left is None and element_id in _CLUSTER_ENDERS

    def _enter(self, view: memoryview, position: int, element: tuple[int, int, int], events: list[Event]) -> int:
        element_id, payload, end = element
        if element_id == ids.SEGMENT:
            if not self._header:
                raise MkvError("a Segment without an EBML header", position)
            self._in_segment = True
            self._header += _SEGMENT_HEADER
            return payload - position
        self._close_fragment(events)
        self._in_cluster = True
        self._cluster_left = None if end == UNKNOWN else end - payload
        self._fragment = bytearray(view[position:payload])
        self._timecode_ms = None
        return payload - position

    def _keep(self, view: memoryview, position: int, element: tuple[int, int, int], events: list[Event]) -> None:
        element_id, payload, end = element
        if self._in_cluster and self._cluster_left is not None:
            if end - position > self._cluster_left:
                raise MkvError("an element reaches beyond its Cluster", position)
            self._cluster_left -= end - position
        if self._in_cluster and element_id == ids.TIMECODE:
            self._timecode_ms = read_uint(view, payload, end) * self._scale_ns / 1_000_000
            events.append(FragmentBegun(self._timecode_ms))
        elif element_id == ids.INFO:
            self._scale_ns = _scale(view, payload, end)
        target = self._header if self._fragment is None else self._fragment
        target += view[position:end]

    def _close_fragment(self, events: list[Event]) -> None:
        if self._fragment is not None:
            if self._timecode_ms is None:
                raise MkvError("a Cluster without a timecode", 0)
            events.append(FragmentReady(bytes(self._header + self._fragment), self._timecode_ms))
        self._fragment = None
        self._in_cluster = False


def _scale(view: memoryview, start: int, end: int) -> int:
    try:
        for element_id, payload, stop in children(view, start, end):
            if element_id == ids.TIMECODE_SCALE:
                return read_uint(view, payload, stop) or 1_000_000
    except TruncatedError as error:  # the Info is all there: no later byte will mend it
        raise MkvError(error.message, error.offset) from error
    return 1_000_000
