"""What a reader of a call should know of how its audio was read: warnings, and the figures that belong to them."""

from __future__ import annotations

from dataclasses import dataclass

CLOCK_STEPPED = "clock_stepped"
"""The producer's clock was set; the value is by how many milliseconds."""


@dataclass(frozen=True, slots=True, order=True)
class Notice:
    """One thing that was found while reading.

    Attributes
    ----------
    warning : str
        As in ``calls.warnings``.
    value : float or None
        What was measured of it, where a column holds that.
    at_ms : int or None
        Where on the leg's clock, of what happens at some place.
    """

    warning: str
    value: float | None = None
    at_ms: int | None = None
