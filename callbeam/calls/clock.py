"""A leg's clock and the placement of audio on it: the page that others import from."""

from callbeam.calls.placement import TrackAnchor, advance, advance_anchors
from callbeam.calls.timeline import NS_PER_MS, ClockError, LegClock, instants, start_clock

__all__ = [
    "NS_PER_MS",
    "ClockError",
    "LegClock",
    "TrackAnchor",
    "advance",
    "advance_anchors",
    "instants",
    "start_clock",
]
