"""One participant's audio of one leg: samples on the leg's clock, and the gaps in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from callbeam.calls.pieces import Leg


@dataclass(frozen=True, slots=True)
class Channel:
    """A track's samples of one piece, on the leg's sample grid.

    Attributes
    ----------
    leg : Leg
    channel_id : str
        12 hexadecimal digits that name (stream, first fragment, track name) in every table.
    track_name : str
        The Matroska track's Name, "" if it has none.
    participant_role : str or None
        CUSTOMER, AGENT, or None where nothing tells.
    role_source : str
        ``track_name`` or ``unknown``.
    codec : str
        Codec as declared, e.g. ``A_AAC`` (what Connect declares over PCM).
    sample_rate_hz : int
    clock_start_ms : int
        UTC milliseconds of the leg's sample 0.
    first_sample : int
        The leg's sample index of ``samples[0]``, the first that holds audio: less than ``core_start`` where there is
        audio in the lead-in, more than it where the track begins later.
    samples : int16 array, shape (n,)
        Zeros where ``covered`` says there is no audio.
    covered : int64 array, shape (k, 2)
        Sorted, disjoint, non-touching [start, end) intervals of the leg's sample indices that hold audio.
    core_start, core_end : int
        The leg's sample indices that this piece answers for; leads lie outside. In a leg's last piece the core ends
        where the samples do; in others at the border, wherever the samples end.
    """

    leg: Leg
    channel_id: str
    track_name: str
    participant_role: str | None
    role_source: str
    codec: str
    sample_rate_hz: int
    clock_start_ms: int
    first_sample: int
    samples: npt.NDArray[np.int16]
    covered: npt.NDArray[np.int64]
    core_start: int
    core_end: int
