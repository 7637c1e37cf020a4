"""Reads a stream backwards from where a job begins, to tell which leg runs into it."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from callbeam.calls.identity import identity_of
from callbeam.calls.ownership import LEG_PAUSE_MS, TAG_REACH_MS, UNTAGGED_PAUSE_MS, LegState
from callbeam.calls.stream_scan import instant, settle
from callbeam.kvs import HOUR_MS

if TYPE_CHECKING:
    from callbeam.calls.pieces import CallIdentity
    from callbeam.calls.stream_cursor import Arrival, StreamCursor
    from callbeam.kvs import FragmentSource

MOST_AT_ONCE = 32
"""Fragments read at once; it begins with one, for most have a tag."""


class LookBack:
    """Tells which leg the last fragment before a border belongs to.

    Mostly a tag near that fragment tells. A run of fragments without tags, each near the one before it, may have its
    call from hours ago: that is looked for only when asked, for it seldom matters.
    """

    def __init__(self, cursor: StreamCursor, source: FragmentSource) -> None:
        self._cursor = cursor
        self._source = source
        self._before: list[Arrival] = []
        self._listed_from_ms = 0
        self._size = 1
        self._sound: deque[tuple[int, CallIdentity | None]] = deque()
        self._first_ms: int | None = None  # of the run, without a tag, that leads to the border
        self._broken = False  # what has been read before that run does not adjoin it
        self._tag: tuple[int, CallIdentity] | None = None

    def leg_into(self, border_ms: int, before_ms: int) -> LegState | None:
        """Take what came before ``border_ms``, and tell which leg the last of it belongs to.

        Nothing is read where nothing that comes between the border and ``before_ms`` can belong to that leg.

        Returns
        -------
        LegState or None
            None where no leg can go on. Its ``identity`` is None where no tag tells within ``TAG_REACH_MS``: what lies
            further back may yet (``find_call``).
        """
        self._listed_from_ms = self._cursor.begin_ms
        while self._cursor.peek(border_ms) is not None:
            self._before.append(self._cursor.pop())
        follower = self._cursor.peek(before_ms)
        if not self._before or follower is None:
            return None
        if self._before[-1].timed and follower.at_ms - self._before[-1].at_ms > LEG_PAUSE_MS:
            return None
        last = self._older(None)
        if last is None:
            return None
        last_ms, identity = last
        self._first_ms = last_ms
        if identity is not None:
            self._tag = last_ms, identity
        else:
            self._read_run(last_ms - TAG_REACH_MS)
        if self._tag is None:
            return LegState(None, last_ms, None)
        tagged_ms, identity = self._tag
        return LegState(identity, last_ms, tagged_ms)

    def find_call(self, leg: LegState) -> LegState:
        """Name the leg that ``leg_into`` could not name, however far back its tag lies; as it was where none is."""
        while self._tag is None and self._first_ms is not None:
            limit_ms = self._first_ms - TAG_REACH_MS
            self._read_run(limit_ms)
            if self._first_ms - TAG_REACH_MS == limit_ms:
                break
        return leg if self._tag is None else replace(leg, identity=self._tag[1])

    def _read_run(self, limit_ms: int) -> None:
        """Read back to ``limit_ms`` or a tag, and see how far back the run without tags reaches."""
        while self._first_ms is not None and (found := self._older(limit_ms)) is not None:
            at_ms, identity = found
            if identity is not None:
                self._tag = (at_ms, identity) if self._first_ms - at_ms <= TAG_REACH_MS else None
                return
            if not self._broken and self._first_ms - at_ms <= UNTAGGED_PAUSE_MS:
                self._first_ms = at_ms
            else:
                self._broken = True

    def _older(self, limit_ms: int | None) -> tuple[int, CallIdentity | None] | None:
        """Return the next sound fragment back: when it came, and its call; None if none came since ``limit_ms``."""
        while not self._sound:
            while not self._before and limit_ms is not None and limit_ms < self._listed_from_ms:
                self._listed_from_ms -= HOUR_MS
                self._before = self._cursor.list_before(self._listed_from_ms, self._listed_from_ms + HOUR_MS)
            last = self._before[-self._size :]
            chunk = [a for a in last if limit_ms is None or a.at_ms >= limit_ms or not a.timed]
            if not chunk:
                return None
            del self._before[-len(chunk) :]
            self._size = min(2 * self._size, MOST_AT_ONCE)
            reading = self._source.read([a.listed for a in chunk])
            fetched = [settle(one, arrival) for one, arrival in zip(reading, chunk, strict=True)]
            for arrival, one in zip(reversed(chunk), reversed(fetched), strict=True):
                if one.document is not None:
                    self._sound.append((instant(arrival, one), identity_of(one)))
        return self._sound.popleft()
