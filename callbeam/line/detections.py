"""What detectors find on a channel beside speech: spans with a kind and measures."""

from __future__ import annotations

from typing import NamedTuple

DIGITAL_SILENCE = "digital_silence"
CLIPPING = "clipping"
TONE = "tone"
GAP = "gap"

DTMF = "dtmf"
RINGBACK = "ringback"
BUSY = "busy"
REORDER = "reorder"
DIAL = "dial"
SIT = "sit"
CALL_WAITING = "call_waiting"
RECORDING_BEEP = "recording_beep"
VOICEMAIL_BEEP = "voicemail_beep"
FAX_CNG = "fax_cng"
FAX_CED = "fax_ced"
MODEM = "modem"
HOLD_TONE = "hold_tone"
HOLD_MUSIC = "hold_music"
OTHER_TONE = "other"


class Detection(NamedTuple):
    """Something found on one channel.

    Attributes
    ----------
    kind : str
        ``digital_silence``, ``clipping``, ``tone`` or ``gap``.
    begin_ms, end_ms : int
        From the leg's clock zero while a piece is analysed, from the call's start once the call is assembled.
    tone_kind : str or None
        One of ``callbeam.schemas.events.TONE_KINDS``, of a tone.
    dtmf_digit : str or None
        The key of a DTMF tone.
    frequency_hz, level_dbfs : float or None
        Strongest frequency and RMS level of a tone.
    clipped_samples : int or None
        Samples at the format's limits, of clipping.
    """

    kind: str
    begin_ms: int
    end_ms: int
    tone_kind: str | None = None
    dtmf_digit: str | None = None
    frequency_hz: float | None = None
    level_dbfs: float | None = None
    clipped_samples: int | None = None
