"""Legs that lie in recordings instead of on streams."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from callbeam.calls.pieces import Leg
    from callbeam.timeline import LegClock


RECORDINGS_SOURCE = "recordings:"
"""What a place of recordings begins with among a job's sources."""


@dataclass(frozen=True, slots=True)
class RecordedLeg:
    """A leg that lies in a recording: small enough to be spread over workers, who read the file.

    Attributes
    ----------
    leg : Leg
        Its ``stream`` is the file's place, its only fragment number 0; ``start_server_ms`` is when its call began.
    clock : LegClock
        When the recording itself began.
    key : str
        The file, in the store that it lies in.
    bytes : int
        Its size.
    roles : (str or None, str or None)
        Of the left and the right channel, by the publisher's convention.
    convention : str
        That convention's name.
    passed_over : str
        Why it is not read; empty if it is.
    """

    leg: Leg
    clock: LegClock
    key: str
    bytes: int
    roles: tuple[str | None, str | None]
    convention: str
    passed_over: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Recordings that were found in one place.

    Attributes
    ----------
    place : str
        A folder, a file or ``s3://bucket/prefix``, the same however a user writes it: with the day it names a job.
    legs : tuple of RecordedLeg
    """

    place: str
    legs: tuple[RecordedLeg, ...]

    @property
    def source(self) -> str:
        """How a job's sources name the place."""
        return f"{RECORDINGS_SOURCE}{self.place}"

    def by_day(self, day_ms: int) -> dict[int, tuple[RecordedLeg, ...]]:
        """Return the legs by the UTC day, counted from 1970, on which their calls began; by place."""
        days: defaultdict[int, list[RecordedLeg]] = defaultdict(list)
        for one in self.legs:
            days[one.leg.start_server_ms // day_ms].append(one)
        return {day: tuple(sorted(some, key=lambda one: one.leg.stream.arn)) for day, some in sorted(days.items())}
