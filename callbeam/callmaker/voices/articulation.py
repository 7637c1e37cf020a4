"""What a made-up voice says: phrases of syllables, as tracks that steer the vocal tract.

Targets of formants and loudness change in steps from sound to sound, and are then smoothed: that is how neighbouring
sounds colour each other. Vowels after Peterson and Barney (1952, JASA 24, 175-184), male averages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

CONTROL_S = 0.005
"""Step of the control tracks."""

PHRASE_PAUSE_S = (0.15, 0.36)
"""Pauses between phrases of one utterance: under the 500 ms that end an utterance, even after trimming."""

RELEASE_DB = 30.0
"""By how much a voice has faded where its phrase ends."""

NOISE_COLOURS = {"s": (2600.0, 7500.0), "sh": (1800.0, 5500.0), "f": (900.0, 7000.0), "h": (400.0, 3000.0)}
"""Band of each kind of turbulence in Hz."""

VOWELS_HZ = np.array(
    [
        (270, 2290, 3010),
        (390, 1990, 2550),
        (530, 1840, 2480),
        (660, 1720, 2410),
        (730, 1090, 2440),
        (570, 840, 2410),
        (440, 1020, 2240),
        (300, 870, 2240),
        (640, 1190, 2390),
        (490, 1350, 1690),
    ],
    dtype=float,
)
"""F1, F2, F3 of heed, hid, head, had, hod, hawed, hood, who'd, hud, heard."""

VOWEL_SHARES = np.array([0.05, 0.12, 0.18, 0.15, 0.14, 0.06, 0.04, 0.03, 0.17, 0.06])
"""How often each is spoken: close vowels, which the telephone band weakens most, are rarer."""


class Sound(NamedTuple):
    """A steady target: duration in s, voicing and noise strengths, F1 to F3 (None: those of the vowel beside it)."""

    duration_s: float
    voicing: float
    noise: float = 0.0
    colour: str = "h"
    formants_hz: tuple[float, float, float] | None = None


CONSONANTS: tuple[tuple[Sound, ...], ...] = (
    (Sound(0.060, 0.06, 0, "h", (220, 900, 2300)), Sound(0.012, 0.25, 0.18, "f")),  # b
    (Sound(0.055, 0.06, 0, "h", (220, 1700, 2600)), Sound(0.012, 0.25, 0.21, "s")),  # d
    (Sound(0.055, 0.06, 0, "h", (220, 2000, 2400)), Sound(0.018, 0.25, 0.21, "sh")),  # g
    (Sound(0.070, 0.0), Sound(0.015, 0.0, 0.21, "f"), Sound(0.030, 0.10, 0.15, "h")),  # p
    (Sound(0.065, 0.0), Sound(0.018, 0.0, 0.30, "s"), Sound(0.030, 0.10, 0.15, "h")),  # t
    (Sound(0.065, 0.0), Sound(0.022, 0.0, 0.27, "sh"), Sound(0.030, 0.10, 0.15, "h")),  # k
    (Sound(0.095, 0.0, 0.24, "s"),),  # s
    (Sound(0.095, 0.0, 0.27, "sh"),),  # sh
    (Sound(0.080, 0.0, 0.13, "f"),),  # f
    (Sound(0.055, 0.20, 0.15, "h"),),  # h
    (Sound(0.075, 0.30, 0.13, "s", (250, 1700, 2600)),),  # z
    (Sound(0.060, 0.35, 0.06, "f", (250, 1100, 2300)),),  # v
    (Sound(0.075, 0.45, 0, "h", (260, 1100, 2200)),),  # m
    (Sound(0.070, 0.45, 0, "h", (260, 1500, 2500)),),  # n
    (Sound(0.060, 0.60, 0, "h", (360, 1300, 2700)),),  # l
    (Sound(0.060, 0.60, 0, "h", (320, 1100, 1500)),),  # r
    (Sound(0.060, 0.55, 0, "h", (290, 650, 2150)),),  # w
    (Sound(0.055, 0.55, 0, "h", (270, 2100, 3000)),),  # y
)
CODAS = (6, 8, 10, 12, 13, 14, 15)
"""Which consonants may end a syllable."""


@dataclass(frozen=True, slots=True)
class VoiceProfile:
    """Whose voice it is.

    Attributes
    ----------
    f0_hz : float
        Middle of the pitch range.
    tract_scale : float
        Formants relative to a man's: about 1.0 for men, 1.17 for women.
    syllables_per_s : float
        Within phrases.
    jitter, shimmer : float
        Standard deviation of the pulses' times (of a period) and strengths (relative).
    open_quotient : float
        Share of a period in which the glottis is open.
    breath : float
        Strength of breath noise beside voicing.
    source : str
        ``rosenberg`` or ``lf`` (``glottal_source``), ``sinusoidal`` (``sinusoidal_voice``), ``whisper`` or ``noise``
        (``turbulent_voice``).
    rd : float
        Shape of the pulses of source ``lf``: 0.4 pressed to 2.7 breathy.
    alternation : float
        How much weaker every other pulse is: 0 to 1.
    lowest_hz, highest_hz : float
        What the pitch contour is kept within.
    release_s : float
        For how long the voice fades at the end of a phrase.
    """

    f0_hz: float
    tract_scale: float
    syllables_per_s: float = 5.0
    jitter: float = 0.004
    shimmer: float = 0.03
    open_quotient: float = 0.36
    breath: float = 0.02
    source: str = "rosenberg"
    rd: float = 1.0
    alternation: float = 0.0
    lowest_hz: float = 80.0
    highest_hz: float = 260.0
    release_s: float = 0.0


def random_voice(rng: np.random.Generator, *, female: bool) -> VoiceProfile:
    """Draw a voice: men about 95 to 145 Hz, women about 165 to 225 Hz; contours stay within 80 to 260 Hz."""
    return VoiceProfile(
        f0_hz=float(rng.uniform(165, 225) if female else rng.uniform(95, 145)),
        tract_scale=float(rng.uniform(1.12, 1.2) if female else rng.uniform(0.96, 1.05)),
        syllables_per_s=float(rng.uniform(4.7, 5.3)),
        jitter=float(rng.uniform(0.002, 0.006)),
        shimmer=float(rng.uniform(0.02, 0.05)),
        open_quotient=float(rng.uniform(0.35, 0.42) if female else rng.uniform(0.28, 0.36)),
        breath=float(rng.uniform(0.01, 0.03)),
    )


@dataclass(frozen=True, slots=True)
class Articulation:
    """An utterance's control tracks, one value every ``CONTROL_S``.

    Attributes
    ----------
    times_s : float64 array, shape (n,)
    f0_hz, voicing : float64 arrays, shape (n,)
        Pitch contour (everywhere) and strength of the pulses.
    formants_hz : float64 array, shape (5, n)
    noise : dict of str to float64 array, shape (n,)
        Strength of each colour of turbulence.
    phrases_s : float64 array, shape (k, 2)
        Begin and end of each phrase.
    """

    times_s: npt.NDArray[np.float64]
    f0_hz: npt.NDArray[np.float64]
    voicing: npt.NDArray[np.float64]
    formants_hz: npt.NDArray[np.float64]
    noise: dict[str, npt.NDArray[np.float64]]
    phrases_s: npt.NDArray[np.float64]


def articulate(voice: VoiceProfile, duration_s: float, rng: np.random.Generator) -> Articulation:
    """Plan an utterance: phrases, syllables, sounds, and the tracks that come of them.

    Parameters
    ----------
    voice : VoiceProfile
        Whose voice.
    duration_s : float
        Length of the whole.
    rng : numpy.random.Generator
        Chooses.
    """
    phrases = _phrases(duration_s, rng)
    steps = int(np.ceil(duration_s / CONTROL_S)) + 1
    times = np.arange(steps, dtype=np.float64) * CONTROL_S
    f0 = np.full(steps, voice.f0_hz)
    voicing, loudness = np.zeros(steps), np.ones(steps)
    formants = np.repeat(np.array([500.0, 1500.0, 2500.0])[:, None], steps, axis=1)
    noise = {colour: np.zeros(steps) for colour in NOISE_COLOURS}
    for begin, end in phrases:
        inside = (times >= begin) & (times < end)
        position = (times[inside] - begin) / (end - begin)
        f0[inside], loudness[inside] = _melody(voice, position, end - begin, rng)
        at = begin
        for sound, vowel in _sounds(voice, end - begin, rng):
            part = slice(round(at / CONTROL_S), round((at + sound.duration_s) / CONTROL_S))
            voicing[part] = sound.voicing
            noise[sound.colour][part] = sound.noise
            formants[:, part] = np.array(sound.formants_hz or vowel)[:, None]
            at += sound.duration_s
    fading = _fading(times, phrases, voice.release_s)
    voicing = _smooth(voicing, 0.020) * _smooth(loudness, 0.060) * fading
    noise = {colour: _smooth(track, 0.015) * fading for colour, track in noise.items()}
    noise["h"] = noise["h"] + voice.breath * voicing
    upper = np.repeat(np.array([3500.0, 4500.0])[:, None], steps, axis=1)
    lower = np.stack([_smooth(track, 0.050) for track in formants])
    return Articulation(
        times, _smooth(f0, 0.040), voicing, np.concatenate((lower, upper)) * voice.tract_scale, noise, phrases
    )


def _fading(
    times: npt.NDArray[np.float64], phrases: npt.NDArray[np.float64], release_s: float
) -> npt.NDArray[np.float64]:
    """Return how a voice fades at the ends of phrases: by ``RELEASE_DB`` over its release, evenly in dB."""
    fading = np.ones(len(times))
    if release_s:
        for begin, end in phrases:
            inside = (times >= max(begin, end - release_s)) & (times < end)
            fading[inside] = 10 ** (-RELEASE_DB / 20 * (1 - (end - times[inside]) / release_s))
    return fading


def _phrases(duration_s: float, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Cut an utterance into phrases of about 1 to 2.8 s with pauses between them; return begins and ends in s."""
    if duration_s < 1.6:
        return np.array([(0.0, duration_s)])
    count = max(1, round(duration_s / float(rng.uniform(1.6, 2.4))))
    pauses = rng.uniform(*PHRASE_PAUSE_S, count - 1)
    shares = rng.uniform(0.7, 1.3, count)
    lengths = shares / shares.sum() * (duration_s - pauses.sum())
    begins = np.concatenate(([0.0], np.cumsum(lengths[:-1] + pauses)))
    return np.stack((begins, begins + lengths), axis=1)


def _sounds(
    voice: VoiceProfile, duration_s: float, rng: np.random.Generator
) -> list[tuple[Sound, tuple[float, float, float]]]:
    """Fill a phrase with syllables: for each sound its target and the vowel that lends it formants."""
    count = max(1, round(duration_s * voice.syllables_per_s))
    sounds: list[tuple[Sound, tuple[float, float, float]]] = []
    for _ in range(count):
        f1, f2, f3 = VOWELS_HZ[np.searchsorted(np.cumsum(VOWEL_SHARES)[:-1], rng.random())].tolist()
        vowel = (f1, f2, f3)
        if rng.random() < 0.9:
            sounds += [(sound, vowel) for sound in CONSONANTS[rng.integers(len(CONSONANTS))]]
        sounds.append((Sound(float(rng.uniform(0.09, 0.18)), 1.0), vowel))
        if rng.random() < 0.25:
            sounds += [(sound, vowel) for sound in CONSONANTS[CODAS[rng.integers(len(CODAS))]]]
    scale = duration_s / sum(sound.duration_s for sound, _ in sounds)
    return [(sound._replace(duration_s=sound.duration_s * scale), vowel) for sound, vowel in sounds]


def _melody(
    voice: VoiceProfile, position: npt.NDArray[np.float64], duration_s: float, rng: np.random.Generator
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Let pitch and loudness fall over a phrase, with accents; one phrase in six ends rising, like a question."""
    accents = rng.standard_normal(max(2, round(duration_s * voice.syllables_per_s) + 1))
    accent = np.interp(position, np.linspace(0, 1, len(accents)), accents)
    pitch = 1.12 - 0.28 * position + 0.06 * accent
    if rng.random() < 1 / 6:
        pitch += 0.3 * np.clip(position - 0.8, 0, None) / 0.2
    loudness_db = 1.5 - 4.0 * position + 1.5 * accent
    return np.clip(voice.f0_hz * pitch, voice.lowest_hz, voice.highest_hz), 10 ** (loudness_db / 20)


def _smooth(track: npt.NDArray[np.float64], width_s: float) -> npt.NDArray[np.float64]:
    """Convolve with a Hann window of the given width; the ends are held."""
    half = max(1, round(width_s / CONTROL_S / 2))
    kernel = np.hanning(2 * half + 3)[1:-1]
    padded = np.pad(track, half, mode="edge")
    smoothed: npt.NDArray[np.float64] = np.convolve(padded, kernel / kernel.sum(), mode="valid")
    return smoothed
