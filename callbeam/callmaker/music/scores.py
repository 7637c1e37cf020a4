"""What made-up hold music plays: notes of chords, tunes and basses, and the strokes of drums."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

MAJOR, MINOR, PENTATONIC = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9)


class Note(NamedTuple):
    """When a note begins and is let go, its pitch in semitones above MIDI's 0, and its strength."""

    begin_s: float
    length_s: float
    pitch: float
    strength: float = 1.0


class Harmony(NamedTuple):
    """A piece's key, time and chords.

    Attributes
    ----------
    scale : tuple of int
        Semitones above the key note.
    key : float
        The key note, from 48 on; fractions detune the whole piece.
    beat_s : float
    beats : int
        In a bar.
    chords : tuple of int
        Degrees of the scale, one a bar, again and again.
    sevenths : bool
    """

    scale: tuple[int, ...]
    key: float
    beat_s: float
    beats: int
    chords: tuple[int, ...]
    sevenths: bool

    def degree(self, number: int) -> float:
        """Return the pitch of a degree of the scale, which goes on over the octaves."""
        octave, step = divmod(number, len(self.scale))
        return self.key + 12 * octave + self.scale[step]

    def chord(self, bar: int) -> list[float]:
        """Return a bar's chord in close position."""
        root = self.chords[bar % len(self.chords)]
        return [self.degree(root + step) for step in ((0, 2, 4, 6) if self.sevenths else (0, 2, 4))]

    def bars(self, seconds: float) -> Iterator[tuple[int, float]]:
        """Yield each bar's number and begin."""
        length = self.beat_s * self.beats
        return ((bar, bar * length) for bar in range(int(seconds / length) + 1))


TOGETHER = frozenset({"block", "halves", "pad", "waltz", "comp", "stabs", "drone"})
ONE_BY_ONE = frozenset({"arpeggio", "alberti", "ostinato", "rolls", "strum"})


def chords(style: str, harmony: Harmony, seconds: float, rng: np.random.Generator) -> list[Note]:
    """Write an accompaniment, in a style of ``TOGETHER`` or ``ONE_BY_ONE``."""
    write = _together if style in TOGETHER else _one_by_one
    return [note for bar, at in harmony.bars(seconds) for note in write(style, harmony, bar, at, rng)]


def _together(style: str, harmony: Harmony, bar: int, at: float, rng: np.random.Generator) -> list[Note]:
    """Write a bar whose chords' notes begin at once."""
    del rng
    chord, beat, length = harmony.chord(bar), harmony.beat_s, harmony.beat_s * harmony.beats
    if style == "waltz":
        low = [Note(at, 0.9 * beat, chord[0] - 12)]
        return low + [Note(at + k * beat, 0.45 * beat, pitch, 0.6) for k in range(1, harmony.beats) for pitch in chord]
    if style == "drone":
        return [Note(at, 2 * length, pitch) for pitch in (harmony.key - 12, harmony.key - 5, chord[1])]
    if style in {"comp", "stabs"}:
        offbeats = (0.66, 1.66, 2.0, 3.5) if style == "comp" else (0.0, 0.75, 1.5, 2.5, 3.25)
        held = 0.4 * beat if style == "comp" else 0.2 * beat
        return [Note(at + when * beat, held, pitch) for when in offbeats if when < harmony.beats for pitch in chord]
    times = 2 if style == "halves" else 1
    held = length / times * (1.1 if style == "pad" else 0.95)
    return [Note(at + k * length / times, held, pitch) for k in range(times) for pitch in chord]


def _one_by_one(style: str, harmony: Harmony, bar: int, at: float, rng: np.random.Generator) -> list[Note]:
    """Write a bar whose chords' notes follow each other."""
    chord, beat, length = harmony.chord(bar), harmony.beat_s, harmony.beat_s * harmony.beats
    if style == "strum":
        pattern = [k / 2 for k in range(2 * harmony.beats) if k % 2 == 0 or rng.random() < 0.6]
        wide = [chord[0] - 12, *chord, chord[0] + 12]
        return [
            Note(at + when * beat + 0.015 * order, 0.9 * beat, pitch, 0.8 if when % 1 else 1.0)
            for when in pattern
            for order, pitch in enumerate(wide if when % 1 == 0 else wide[::-1])
        ]
    if style == "rolls":
        run = [pitch + 12 * octave for octave in (-1, 0, 1) for pitch in chord]
        step = length / len(run)
        return [Note(at + k * step, 1.5, pitch) for k, pitch in enumerate(run if bar % 2 == 0 else run[::-1])]
    order = {"arpeggio": (0, 1, 2, 1), "alberti": (0, 2, 1, 2), "ostinato": (2, 0, 2, 1, 2, 0)}[style]
    parts = 2 * harmony.beats if style != "ostinato" else 4 * harmony.beats
    step = length / parts
    held = step * (2.5 if style == "arpeggio" else 0.95)
    return [Note(at + k * step, held, chord[order[k % len(order)] % len(chord)]) for k in range(parts)]


TUNES: dict[str, tuple[tuple[float, ...], float, float]] = {
    "song": ((1, 1, 0.5, 0.5, 2, 1.5), 0.12, 0.95),
    "slow": ((2, 3, 4), 0.1, 1.0),
    "quick": ((0.5, 0.5, 0.25, 0.25), 0.04, 0.9),
    "picking": ((0.25,), 0.0, 1.6),
    "swing": ((0.66, 0.34, 0.66, 0.34, 1, 2), 0.2, 0.85),
    "fanfare": ((0.75, 0.25, 1, 2), 0.08, 0.8),
    "sparse": ((1, 2, 3), 0.35, 1.3),
    "jingle": ((0.5, 0.5, 0.5, 1.5), 0.25, 0.9),
}
"""Lengths in beats to draw from, how often there is a rest, and how much of its length a note is held."""


def tune(style: str, harmony: Harmony, seconds: float, rng: np.random.Generator) -> list[Note]:
    """Write a tune over the chords: a walk along the scale that leans on the chord's notes; ``riff`` repeats a bar."""
    if style == "riff":
        bar = tune("quick", harmony, harmony.beat_s * harmony.beats - 0.01, rng)
        return [note._replace(begin_s=note.begin_s + at) for _, at in harmony.bars(seconds) for note in bar]
    lengths, rests, held = TUNES[style]
    notes, at, degree = [], 0.0, len(harmony.scale) + int(rng.integers(0, 5))
    while at < seconds:
        length = float(rng.choice(lengths)) * harmony.beat_s
        degree += int(rng.choice([-3, -2, -1, -1, 0, 1, 1, 2, 3]))
        degree = int(np.clip(degree, len(harmony.scale) - 2, 2 * len(harmony.scale) + 3))
        if rng.random() >= rests:
            notes.append(Note(at, held * length, harmony.degree(degree), float(rng.uniform(0.7, 1))))
        at += length
    return notes


def canon(harmony: Harmony, seconds: float, rng: np.random.Generator) -> list[Note]:
    """Write a tune that two more voices follow, two bars later and lower each."""
    first, delay = tune("song", harmony, seconds, rng), 2 * harmony.beat_s * harmony.beats
    return [
        note._replace(begin_s=note.begin_s + voice * delay, pitch=note.pitch - lower)
        for voice, lower in enumerate((0, 12, 5))
        for note in first
    ]


def bass(style: str, harmony: Harmony, seconds: float, rng: np.random.Generator) -> list[Note]:
    """Write a bass: ``roots``, ``walking``, ``octaves`` or ``funk``."""
    notes = []
    for bar, at in harmony.bars(seconds):
        chord, beat = [pitch - 24 for pitch in harmony.chord(bar)], harmony.beat_s
        if style == "roots":
            notes += [Note(at + k * beat, 1.8 * beat, chord[k % 3]) for k in range(0, harmony.beats, 2)]
        elif style == "walking":
            notes += [
                Note(at + k * beat, 0.9 * beat, float(rng.choice(chord)) + (k == 3)) for k in range(harmony.beats)
            ]
        elif style == "octaves":
            notes += [Note(at + k * beat / 2, 0.4 * beat, chord[0] + 12 * (k % 2)) for k in range(2 * harmony.beats)]
        else:
            steps = [k for k in range(4 * harmony.beats) if k == 0 or rng.random() < 0.4]
            notes += [Note(at + k * beat / 4, 0.2 * beat, float(rng.choice([*chord[:1], *chord]))) for k in steps]
    return notes


BEATS: dict[str, dict[str, tuple[float, ...]]] = {
    "rock": {"kick": (0, 2, 2.5), "snare": (1, 3), "hat": (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5)},
    "brushes": {"brush": (0, 0.66, 1, 1.66, 2, 2.66, 3, 3.66), "kick": (0,)},
    "four": {"kick": (0, 1, 2, 3), "clap": (1, 3), "hat": (0.5, 1.5, 2.5, 3.5)},
    "bossa": {"rim": (0, 1.5, 3), "shaker": (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5), "kick": (0, 1.5, 2, 3.5)},
    "funk": {"kick": (0, 0.75, 2.25), "snare": (1, 1.75, 3), "hat": tuple(k / 4 for k in range(16))},
    "hiphop": {"kick": (0, 0.75, 2.5), "snare": (1, 3), "shaker": (0, 0.66, 1, 1.66, 2, 2.66, 3, 3.66)},
    "toms": {"tom": (0, 1, 1.5, 2, 3, 3.25, 3.5, 3.75), "shaker": (0.5, 1.5, 2.5, 3.5)},
}
"""Where in a bar of four beats each drum is struck."""


def drums(style: str, harmony: Harmony, seconds: float) -> list[tuple[float, str]]:
    """Return when which drum is struck."""
    return [
        (at + beat * harmony.beat_s, drum)
        for _, at in harmony.bars(seconds)
        for drum, beats in BEATS[style].items()
        for beat in beats
        if beat < harmony.beats
    ]
