"""One participant's audio of one leg: samples on the leg's clock, and the gaps in them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from callbeam.calls import AGENT, CUSTOMER, CallIdentity, Leg
from callbeam.errors import UsageError
from callbeam.kvs import Stream
from callbeam.payload import IMPLAUSIBLE_SAMPLES

if TYPE_CHECKING:
    import numpy.typing as npt

    from callbeam.calls import Notice


@dataclass(frozen=True, slots=True)
class Channel:
    """A track's samples of one piece, on the leg's sample grid.

    Attributes
    ----------
    leg : Leg
    channel_id : str
        12 hexadecimal digits that name (stream, first fragment, track name) in every table.
    track_name : str
        The Matroska track's Name, "" if it has none; ``recording`` of a recording.
    participant_role : str or None
        CUSTOMER, AGENT, or None where nothing tells.
    role_source : str
        ``track_name``, ``role_map``, ``default``, ``unknown``, or what told records or a recording's convention.
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
    declared_rate_hz : int or None
        What the track declares, whatever it is read at; None if it declares none.
    track_channel : int or None
        Which of the track's channels this is, from 0 on; None where it has one.
    notices : tuple of Notice
        What was found while the track was read.

    Examples
    --------
    >>> from callbeam import decode_capture
    >>> for channel in decode_capture("capture.mkv").pieces[0].channels:
    ...     print(channel.track_name, channel.participant_role, channel.covered.tolist())
    AUDIO_FROM_CUSTOMER CUSTOMER [[0, 16384]]
    AUDIO_TO_CUSTOMER AGENT [[0, 16384]]
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
    declared_rate_hz: int | None = None
    track_channel: int | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def implausible(self) -> bool:
        """Whether the samples cannot be sound: nothing is said of speech in them."""
        return any(notice.warning == IMPLAUSIBLE_SAMPLES for notice in self.notices)


def channel_of_pcm(
    samples: npt.NDArray[np.int16],
    sample_rate_hz: int,
    *,
    participant_role: str | None = None,
    call_id: str = "pcm",
    start_ms: int = 0,
    track_channel: int | None = None,
) -> Channel:
    """Make a channel of samples at hand, so that they can be analysed without a stream.

    Parameters
    ----------
    samples : int16 array, shape (n,)
        One participant's; those of one call begin together.
    sample_rate_hz : int
    participant_role : str, optional
        ``CUSTOMER`` or ``AGENT``.
    call_id : str
        The call's, the same for its channels.
    start_ms : int
        UTC milliseconds of the first sample.
    track_channel : int, optional
        Which column of a recording it is: channels of one role, or of one sound, are told apart by it.

    Raises
    ------
    UsageError
        If the samples are no int16 array of one dimension, or the role is none.

    Examples
    --------
    >>> from callbeam.audio import measure_levels
    >>> square = np.repeat([8192, -8192], 40).astype(np.int16)
    >>> channel = channel_of_pcm(np.tile(square, 200), 8000, participant_role="CUSTOMER")
    >>> levels, _ = measure_levels(channel)
    >>> levels.level_dbfs.round(1).tolist()
    [-12.0, -12.0]
    """
    samples = np.asarray(samples)
    if samples.dtype != np.int16 or samples.ndim != 1:
        raise UsageError(
            f"a channel needs int16 samples of shape (n,), not {samples.dtype} of shape {samples.shape}: scale "
            "floats by 32767 and convert them, and give each column of a recording to a channel of its own"
        )
    if participant_role not in (CUSTOMER, AGENT, None):
        raise UsageError(f"{participant_role!r} is no role: CUSTOMER, AGENT or None")
    name = participant_role or hashlib.sha256(samples.tobytes()).hexdigest()[:8]
    identity = f"{call_id}\n{name}" if track_channel is None else f"{call_id}\n{name}\n{track_channel}"
    leg = Leg(CallIdentity(call_id, "untagged"), Stream("pcm", 0, 0), 0, start_ms)
    return Channel(
        leg=leg,
        channel_id=hashlib.sha256(identity.encode()).hexdigest()[:12],
        track_name=name,
        participant_role=participant_role,
        role_source="track_name" if participant_role else "unknown",
        codec="A_PCM/INT/LIT",
        sample_rate_hz=sample_rate_hz,
        clock_start_ms=start_ms,
        first_sample=0,
        samples=samples,
        covered=np.array([[0, len(samples)]] if len(samples) else np.zeros((0, 2)), np.int64),
        core_start=0,
        core_end=len(samples),
        track_channel=track_channel,
    )
