"""Made-up hold music: a kind and a state of the generator make a piece, in a room, as a machine plays it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

from callbeam.callmaker.music.instruments import play, strike
from callbeam.callmaker.music.kinds import MUSIC_KINDS
from callbeam.callmaker.music.scores import Harmony, bass, canon, chords, drums, tune

if TYPE_CHECKING:
    import numpy.typing as npt

    from callbeam.callmaker.music.instruments import Instrument, Wave
    from callbeam.callmaker.music.kinds import MusicKind
    from callbeam.callmaker.music.scores import Note

    Sound = npt.NDArray[np.float32]

CHORDS = ((0, 5, 3, 4), (0, 3, 4, 0), (0, 4, 5, 3), (5, 3, 0, 4), (1, 4, 0, 0), (0, 6, 5, 4))
"""Degrees of the scale, one a bar."""

_WARM_UP_S = 12.0
"""How far into a piece a call is put on hold, at most."""


def hold_music(kind: str, seconds: float, rate: int, rng: np.random.Generator) -> Sound:
    """Play music of a kind.

    Parameters
    ----------
    kind : str
        One of ``MUSIC_KINDS``.
    seconds : float
    rate : int
        In Hz.
    rng : numpy.random.Generator
        Draws key, chords, tune, room and filter; the same state plays the same.

    Returns
    -------
    float32 array, shape (n,)
        With an RMS level of 1.
    """
    own = MUSIC_KINDS[kind]
    skipped = float(rng.uniform(0, _WARM_UP_S))
    harmony = Harmony(
        scale=own.scale,
        key=48 + float(rng.integers(0, 12)) + float(rng.uniform(-0.4, 0.4)),
        beat_s=60 / float(rng.uniform(*own.bpm)),
        beats=own.beats,
        chords=CHORDS[rng.integers(len(CHORDS))],
        sevenths=own.sevenths,
    )
    total = skipped + seconds
    wave = np.zeros(round((total + 4) * rate))
    for instrument, notes in _parts(own, harmony, total, rng):
        _lay(wave, instrument, [note for note in notes if note.begin_s < total], rate, rng)
    if own.beat:
        level = float(rng.uniform(0.5, 1.2))
        for at, drum in drums(own.beat, harmony, total):
            _add(wave, at, level * strike(drum, rate, rng), rate)
    wave = _room(_tape(wave, own.wow_cents, rate), rate, rng)[round(skipped * rate) :][: round(seconds * rate)]
    filtered = sosfilt(butter(4, _edges(rate, rng), "band", fs=rate, output="sos"), wave)
    return np.asarray(filtered / max(float(np.std(filtered)), 1e-9), dtype=np.float32)


def _parts(
    own: MusicKind, harmony: Harmony, seconds: float, rng: np.random.Generator
) -> list[tuple[Instrument, list[Note]]]:
    parts = []
    if own.lead:
        notes = canon(harmony, seconds, rng) if own.tune == "canon" else tune(own.tune, harmony, seconds, rng)
        parts.append((own.lead, [note._replace(pitch=note.pitch + 12 * own.octave) for note in notes]))
    if own.chords:
        softer = [
            note._replace(strength=note.strength * 0.6) for note in chords(own.accompaniment, harmony, seconds, rng)
        ]
        parts.append((own.chords, softer))
    if own.bass:
        parts.append((own.bass, bass(own.bass_line, harmony, seconds, rng)))
    return parts


def _lay(wave: Wave, instrument: Instrument, notes: list[Note], rate: int, rng: np.random.Generator) -> None:
    """Play notes; a pitch and length that has been played before sounds the same again."""
    played: dict[tuple[float, float], Wave] = {}
    for note in notes:
        key = (round(note.pitch, 3), round(note.length_s, 2))
        if key not in played:
            played[key] = play(instrument, 440 * 2 ** ((note.pitch - 69) / 12), key[1], rate, rng)
        _add(wave, note.begin_s, note.strength * played[key], rate)


def _add(wave: Wave, at_s: float, sound: Wave, rate: int) -> None:
    begin = round(at_s * rate)
    room = wave[begin : begin + len(sound)]
    room += sound[: len(room)]


def _tape(wave: Wave, cents: float, rate: int) -> Wave:
    """Let the pitch wander at 0.7 Hz."""
    if not cents:
        return wave
    time = np.arange(len(wave)) / rate
    late = cents / 1200 * np.log(2) / (2 * np.pi * 0.7) * np.sin(2 * np.pi * 0.7 * time)
    return np.asarray(np.interp(time + late, time, wave))


def _room(wave: Wave, rate: int, rng: np.random.Generator) -> Wave:
    """Let it sound in a room, or in none."""
    share = float(rng.choice([0.0, 0.15, 0.3]))
    decay_s = float(rng.uniform(0.1, 0.4))
    tail = rng.normal(size=round(3 * decay_s * rate)) * np.exp(-np.arange(round(3 * decay_s * rate)) / (decay_s * rate))
    if not share:
        return wave
    wet = fftconvolve(wave, tail / np.sqrt(np.sum(tail**2)))[: len(wave)]
    return np.asarray((1 - share) * wave + share * wet)


def _edges(rate: int, rng: np.random.Generator) -> tuple[float, float]:
    """Draw the band of the machine that plays it."""
    low, high = ((300, 3400), (200, 3600), (150, 2500), (80, 3900), (80, 7000))[rng.integers(5)]
    return float(low), float(min(high, 0.48 * rate))
