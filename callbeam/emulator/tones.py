"""Sounds on the line that are not voices: keys, ringback, hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from callbeam.emulator.hold_music import hold_music
from callbeam.emulator.hold_music_kinds import PLAIN_MUSIC

if TYPE_CHECKING:
    import numpy.typing as npt

    from callbeam.emulator.conversation import Signal

    Sound = npt.NDArray[np.float32]

DTMF_HZ = {
    key: (low, high)
    for low, row in zip((697, 770, 852, 941), ("123A", "456B", "789C", "*0#D"), strict=True)
    for high, key in zip((1209, 1336, 1477, 1633), row, strict=True)
}
"""ITU-T Q.23: each key's two frequencies."""

RINGBACK_HZ, RINGBACK_ON_S, RINGBACK_PERIOD_S = (440, 480), 2.0, 6.0
"""Ringback as in North America."""

HOLD_TONE_HZ, HOLD_TONE_ON_S, HOLD_TONE_PERIOD_S = (425,), 0.5, 5.0


def sound_of(signal: Signal, sample_rate_hz: int) -> Sound:
    """Make a signal's sound with an RMS level of about 1 while it sounds.

    Parameters
    ----------
    signal : Signal
        ``hold`` is silence. Of music, kind, begin and end make what is played.
    sample_rate_hz : int

    Returns
    -------
    float32 array, shape (n,)
        As long as the signal.
    """
    count = round((signal.end_ms - signal.begin_ms) * sample_rate_hz / 1000)
    seconds = np.arange(count) / sample_rate_hz
    if signal.kind == "dtmf":
        sound = _sum_of_tones(seconds, DTMF_HZ[signal.detail])
    elif signal.kind == "ringback":
        sound = _sum_of_tones(seconds, RINGBACK_HZ) * (seconds % RINGBACK_PERIOD_S < RINGBACK_ON_S)
    elif signal.kind == "hold_tone":
        sound = _sum_of_tones(seconds, HOLD_TONE_HZ) * (seconds % HOLD_TONE_PERIOD_S < HOLD_TONE_ON_S)
    elif signal.kind == "hold_music":
        kind = signal.detail or PLAIN_MUSIC
        seed = [signal.begin_ms, signal.end_ms, *kind.encode()]
        return hold_music(kind, count / sample_rate_hz, sample_rate_hz, np.random.default_rng(seed))
    else:
        sound = np.zeros(count)
    return sound.astype(np.float32)


def _sum_of_tones(seconds: npt.NDArray[np.float64], frequencies_hz: tuple[int, ...]) -> npt.NDArray[np.float64]:
    total = sum(np.sin(2 * np.pi * frequency * seconds) for frequency in frequencies_hz)
    return np.asarray(total * np.sqrt(2 / len(frequencies_hz)))
