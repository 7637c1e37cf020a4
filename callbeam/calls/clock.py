"""Where audio lies on a leg's clock: fragments by their timestamps, blocks by their timecodes and lengths."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LegClock:
    """The clock of one leg.

    Attributes
    ----------
    source : str
        ``producer``: producer timestamps lie within 5 min of server time and are used. ``server``: the leg's first server
        timestamp, plus timecodes.
    start_ms : int
        UTC milliseconds of the leg's sample 0.
    uncertainty_ms : int
        How far ``start_ms`` may lie from the truth.
    """

    source: str
    start_ms: int
    uncertainty_ms: int
    # what else the mapping needs (the first timecode, for one) is added here by who builds it


@dataclass(frozen=True, slots=True)
class TrackAnchor:
    """Where a track's samples had got to at some fragment of a leg.

    Attributes
    ----------
    track_name : str
    sample_rate_hz : int
    next_sample : int
        The leg's sample index after the last sample placed.
    """

    track_name: str
    sample_rate_hz: int
    next_sample: int
