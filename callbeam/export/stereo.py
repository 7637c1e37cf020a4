"""Who is heard on which side of a stereo file, and the file's samples on the call's clock."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from callbeam.calls import AGENT, CUSTOMER
from callbeam.export.spooled_channel import BLOCK, PlacedChannel, SpooledChannel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from callbeam.export.destination import Destination

SIDES = (CUSTOMER, AGENT)
SIDE_NAMES = ("left", "right")


@dataclass(frozen=True, slots=True)
class Sides:
    """A call's channels by the side that they are heard on.

    Attributes
    ----------
    left, right : tuple of SpooledChannel
        The customer's and the agent's. Who is not known takes a side that is free, the earlier one the left.
    left_out : tuple of SpooledChannel
        For whom there is no side.
    """

    left: tuple[SpooledChannel, ...]
    right: tuple[SpooledChannel, ...]
    left_out: tuple[SpooledChannel, ...] = ()

    def notes(self) -> Iterator[str]:
        """Say what a listener must know to tell who is who."""
        for name, side in zip(SIDE_NAMES, (self.left, self.right), strict=True):
            if side and side[0].about.participant_role is None:
                yield f"nothing tells the role of {describe(side[0])}: it is on the {name}"
        for channel in self.left_out:
            yield f"{describe(channel)} is not in the stereo file, whose sides are taken"


def describe(channel: SpooledChannel) -> str:
    """Say which track of which stream a channel is."""
    about = channel.about
    which = "" if about.track_channel is None else f", channel {about.track_channel},"
    return f"track {about.track_name!r}{which} of stream {about.leg.stream.name}"


def choose_sides(channels: Sequence[SpooledChannel]) -> Sides:
    """Choose each channel's side: by role; else by its track, which has the same side in all legs of its stream."""
    people: dict[str | tuple[str, str, int], list[SpooledChannel]] = {}
    for channel in sorted(channels, key=_in_order):
        about = channel.about
        track = about.leg.stream.arn, about.track_name, about.track_channel or 0
        people.setdefault(about.participant_role or track, []).append(channel)
    sides = [people.pop(role, []) for role in SIDES]
    left_out: list[SpooledChannel] = []
    for one in people.values():
        free = next((side for side in sides if not side), left_out)
        free += one
    return Sides(tuple(sides[0]), tuple(sides[1]), tuple(left_out))


def _in_order(channel: SpooledChannel) -> tuple[float, str, int, str, int]:
    about = channel.about
    begin_ms = about.clock_start_ms + channel.begin * 1000 / channel.sample_rate_hz
    return begin_ms, about.leg.stream.arn, about.leg.first_number, about.track_name, about.track_channel or 0


class StereoMix:
    """A call's two sides, to be read in order.

    Where several channels of one side lie at the same time, the one with most samples is heard, and the others where it
    has no audio.

    Parameters
    ----------
    sides : Sides
    call_start_ms : int
        UTC milliseconds of the first sample.
    destination : Destination
        Where channels of other rates than the highest are resampled to.

    Attributes
    ----------
    sample_rate_hz : int
    samples : int
        Of each side.
    notes : list of str
        What a listener must know.
    """

    def __init__(self, sides: Sides, call_start_ms: int, destination: Destination) -> None:
        self.notes = list(sides.notes())
        rate = self.sample_rate_hz = max(channel.sample_rate_hz for channel in (*sides.left, *sides.right))
        self._sides: list[list[PlacedChannel]] = []
        for name, side in zip(SIDE_NAMES, (sides.left, sides.right), strict=True):
            placed = [PlacedChannel(channel, call_start_ms, rate, destination.scratch()) for channel in side]
            if any(one.overlaps(other) for one, other in combinations(placed, 2)):
                self.notes.append(f"several channels lie at the same time on the {name}: the longest is heard")
            self._sides.append(sorted(placed, key=lambda channel: -channel.samples))
        self.samples = max(channel.end for side in self._sides for channel in side)

    def blocks(self) -> Iterator[npt.NDArray[np.int16]]:
        """Yield the samples in order, shape (n, 2), some at a time."""
        for first in range(0, self.samples, BLOCK):
            block = np.zeros((min(BLOCK, self.samples - first), 2), np.int16)
            for index, side in enumerate(self._sides):
                taken = np.zeros(len(block), np.bool_)
                for channel in side:
                    channel.fill(block[:, index], taken, first)
            yield block
