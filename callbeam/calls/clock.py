"""A leg's clock and the placement of audio on it: the page that others import from."""

from callbeam.calls.placement import TrackAnchor, advance_anchors
from callbeam.calls.timeline import ClockError, LegClock, start_clock

__all__ = ["ClockError", "LegClock", "TrackAnchor", "advance_anchors", "start_clock"]
