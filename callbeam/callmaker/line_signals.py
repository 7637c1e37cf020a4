"""Sounds on the line that are not voices: keys, the tones of networks, fax and modems, hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from callbeam.callmaker.music import PLAIN_MUSIC, hold_music
from callbeam.callmaker.tone_plans import HOME, PLANS

if TYPE_CHECKING:
    import numpy.typing as npt

    from callbeam.callmaker.script import Signal

    Sound = npt.NDArray[np.float32]
    Seconds = npt.NDArray[np.float64]


DTMF_HZ = {
    key: (low, high)
    for low, row in zip((697, 770, 852, 941), ("123A", "456B", "789C", "*0#D"), strict=True)
    for high, key in zip((1209, 1336, 1477, 1633), row, strict=True)
}
"""ITU-T Q.23: each key's two frequencies."""

FIXED = {
    "hold_tone": ("425", (500, 4500)),
    "recording_beep": ("1400", (400, 14_600)),
    "voicemail_beep": ("1000", ()),
    "fax_cng": ("1100", (500, 3000)),
    "fax_ced": ("2100", ()),
}
"""Tones that are the same in all networks, as in ``PLANS``: a beep of a recorder, E.180's warning, T.30's tones."""

SIT_HZ, SIT_S = (950, 1400, 1800), 0.33
"""Special information (E.180), again after 1 s."""

MODULATION = 0.9
"""Depth of a modulated tone."""

MODEM_HZ, MODEM_BAUD = (1650.0, 1850.0), 300
"""V.21's upper channel, 1 and 0."""


def sound_of(signal: Signal, sample_rate_hz: int) -> Sound:
    """Make a signal's sound with an RMS level of about 1 while it sounds.

    Parameters
    ----------
    signal : Signal
        ``hold`` is silence. Of music, kind, begin and end make what is played; ``detail`` names the network whose tone
        it is, one of ``PLANS``.
    sample_rate_hz : int

    Returns
    -------
    float32 array, shape (n,)
        As long as the signal.
    """
    count = round((signal.end_ms - signal.begin_ms) * sample_rate_hz / 1000)
    seconds = np.arange(count) / sample_rate_hz
    plan = PLANS.get(signal.detail, PLANS[HOME])
    if signal.kind == "dtmf":
        sound = _sum_of_tones(seconds, DTMF_HZ[signal.detail])
    elif signal.kind in FIXED or signal.kind in plan:
        sound = cadenced(seconds, *(FIXED.get(signal.kind) or plan[signal.kind]))
    elif signal.kind == "sit":
        sound = special_information(seconds)
    elif signal.kind == "modem":
        sound = keyed(seconds, *MODEM_HZ)
    elif signal.kind == "hold_music":
        kind = signal.detail or PLAIN_MUSIC
        seed = [signal.begin_ms, signal.end_ms, *kind.encode()]
        return hold_music(kind, count / sample_rate_hz, sample_rate_hz, np.random.default_rng(seed))
    else:
        sound = np.zeros(count)
    return sound.astype(np.float32)


def cadenced(seconds: Seconds, frequencies_hz: str, cadence_ms: tuple[int, ...], *, off: float = 1.0) -> Seconds:
    """Make a tone that is written as in ``PLANS``.

    Parameters
    ----------
    seconds : float64 array, shape (n,)
        Instants, from the tone's begin on.
    frequencies_hz : str
    cadence_ms : tuple of int
    off : float
        Times all frequencies.
    """
    if "*" in frequencies_hz:
        carrier, modulation = (float(hz) * off for hz in frequencies_hz.split("*"))
        swing = (1 + MODULATION * np.sin(2 * np.pi * modulation * seconds)) / np.sqrt(1 + MODULATION**2 / 2)
        sound = _sum_of_tones(seconds, (carrier,)) * swing
    else:
        sound = _sum_of_tones(seconds, tuple(float(hz) * off for hz in frequencies_hz.split("+")))
    return np.asarray(sound * on_air(seconds, cadence_ms))


def on_air(seconds: Seconds, cadence_ms: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Tell at which instants a cadence, on, off, on, off ..., sounds."""
    sounding = np.full(len(seconds), not cadence_ms)
    phase = seconds % (sum(cadence_ms) / 1000) if cadence_ms else seconds
    begin = 0
    for on_ms, off_ms in zip(cadence_ms[::2], cadence_ms[1::2], strict=True):
        sounding |= (phase >= begin / 1000) & (phase < (begin + on_ms) / 1000)
        begin += on_ms + off_ms
    return sounding


def special_information(
    seconds: Seconds, frequencies_hz: tuple[float, ...] = SIT_HZ, lengths_s: tuple[float, ...] = (SIT_S,) * 3
) -> Seconds:
    """Make three tones, one after the other, again after a pause of 1 s."""
    phase = seconds % (sum(lengths_s) + 1)
    sound, begin = np.zeros(len(seconds)), 0.0
    for hz, length in zip(frequencies_hz, lengths_s, strict=True):
        sound += _sum_of_tones(seconds, (hz,)) * ((phase >= begin) & (phase < begin + length))
        begin += length
    return sound


def keyed(
    seconds: Seconds, one_hz: float, zero_hz: float, bits: npt.ArrayLike | None = None, baud: int = MODEM_BAUD
) -> Seconds:
    """Key between two frequencies without a break in phase; bits are random unless given, and then repeat."""
    if not len(seconds):
        return np.zeros(0)
    at = (seconds * baud).astype(np.int64)
    sent = np.random.default_rng(7).integers(0, 2, at[-1] + 1) if bits is None else np.resize(bits, at[-1] + 1)
    hz = np.where(sent[at] == 1, one_hz, zero_hz)
    return np.asarray(np.sqrt(2) * np.sin(2 * np.pi * np.cumsum(hz) * (seconds[-1] / max(len(seconds) - 1, 1))))


def _sum_of_tones(seconds: Seconds, frequencies_hz: tuple[float, ...]) -> Seconds:
    total = sum(np.sin(2 * np.pi * frequency * seconds) for frequency in frequencies_hz)
    return np.asarray(total * np.sqrt(2 / len(frequencies_hz)))
