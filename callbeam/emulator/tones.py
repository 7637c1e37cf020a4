"""Sounds on the line that are not voices: keys, ringback, hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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

CHORDS_HZ = ((262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294))
"""Hold music: an octave above these, arpeggios of C, a minor, F, G."""


def sound_of(signal: Signal, sample_rate_hz: int) -> Sound:
    """Make a signal's sound with an RMS level of about 1 while it sounds.

    Parameters
    ----------
    signal : Signal
        ``hold`` is silence.
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
        sound = _music(seconds)
    else:
        sound = np.zeros(count)
    return sound.astype(np.float32)


def _sum_of_tones(seconds: npt.NDArray[np.float64], frequencies_hz: tuple[int, ...]) -> npt.NDArray[np.float64]:
    total = sum(np.sin(2 * np.pi * frequency * seconds) for frequency in frequencies_hz)
    return np.asarray(total * np.sqrt(2 / len(frequencies_hz)))


def _music(seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Play an arpeggio: four plucked notes a second, a chord every two seconds."""
    note = (seconds * 4).astype(np.int64)
    chords = np.array(CHORDS_HZ, dtype=np.float64)
    frequency = 2 * chords[(note // 8) % len(chords), np.array((0, 1, 2, 1))[note % 4]]
    within = seconds - note / 4
    phase = 2 * np.pi * frequency * within
    tone = np.sin(phase) + 0.4 * np.sin(2 * phase) + 0.2 * np.sin(3 * phase)
    return np.asarray(1.6 * tone * np.exp(-5 * within) * np.clip(within / 0.008, 0, 1))
