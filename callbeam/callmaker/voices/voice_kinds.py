"""Whose voices calls are made of: kinds that are unlike each other, each drawn by a seed.

A detector that knows one model of a voice knows little of voices. ``TUNED`` kinds are those that settings may be chosen
on, ``HELD_OUT`` kinds are for tests and benchmarks alone; ``benchmarks/README.md`` says what was tuned on what.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from callbeam.callmaker.voices.articulation import VoiceProfile, random_voice

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np


def _modal(rng: np.random.Generator) -> VoiceProfile:
    """Draw a usual voice, a man's or a woman's, that stops at once."""
    return random_voice(rng, female=bool(rng.random() < 0.5))


def _rounded(rng: np.random.Generator) -> VoiceProfile:
    """Draw a voice whose glottis closes gradually, and that fades at the ends of phrases."""
    return replace(_modal(rng), source="lf", rd=float(rng.uniform(0.7, 1.5)), release_s=float(rng.uniform(0.05, 0.2)))


def _low(rng: np.random.Generator) -> VoiceProfile:
    """Draw a low, creaky man's voice: periods and their strengths vary, every other pulse is weaker."""
    return replace(
        random_voice(rng, female=False),
        source="lf",
        rd=float(rng.uniform(0.5, 0.9)),
        f0_hz=float(rng.uniform(78, 95)),
        lowest_hz=67.0,
        jitter=float(rng.uniform(0.01, 0.02)),
        shimmer=float(rng.uniform(0.08, 0.15)),
        alternation=float(rng.uniform(0.0, 0.3)),
        release_s=float(rng.uniform(0.05, 0.2)),
    )


def _breathy(rng: np.random.Generator) -> VoiceProfile:
    """Draw a breathy voice, which fades long."""
    return replace(
        _modal(rng),
        source="lf",
        rd=float(rng.uniform(1.6, 2.4)),
        breath=float(rng.uniform(0.08, 0.2)),
        release_s=float(rng.uniform(0.15, 0.3)),
    )


def _sinusoidal(rng: np.random.Generator) -> VoiceProfile:
    """Draw a voice of sinusoids, without pulses."""
    return replace(_modal(rng), source="sinusoidal", release_s=float(rng.uniform(0.05, 0.2)))


def _child(rng: np.random.Generator) -> VoiceProfile:
    """Draw a child of about five to ten years: after Lee, Potamianos and Narayanan (1999, JASA 105, 1455-1468)."""
    return replace(
        random_voice(rng, female=True),
        source="lf",
        rd=float(rng.uniform(0.9, 1.8)),
        f0_hz=float(rng.uniform(240, 300)),
        highest_hz=400.0,
        tract_scale=float(rng.uniform(1.25, 1.4)),
        syllables_per_s=float(rng.uniform(3.6, 4.6)),
        release_s=float(rng.uniform(0.05, 0.2)),
    )


def _shouted(rng: np.random.Generator) -> VoiceProfile:
    """Draw somebody who shouts: a pressed, high voice."""
    female = bool(rng.random() < 0.5)
    return replace(
        random_voice(rng, female=female),
        source="lf",
        rd=float(rng.uniform(0.35, 0.5)),
        f0_hz=float(rng.uniform(260, 330) if female else rng.uniform(180, 250)),
        highest_hz=440.0,
        syllables_per_s=float(rng.uniform(3.8, 4.6)),
        release_s=float(rng.uniform(0.03, 0.1)),
    )


def _whisper(rng: np.random.Generator) -> VoiceProfile:
    """Draw somebody who whispers."""
    return replace(_modal(rng), source="whisper", release_s=float(rng.uniform(0.05, 0.2)))


def _noise(rng: np.random.Generator) -> VoiceProfile:
    """Draw a voice of which the bands' levels alone are left."""
    return replace(_modal(rng), source="noise", release_s=float(rng.uniform(0.05, 0.2)))


UPSET_DB = 5.0
"""How much louder somebody is who is upset."""


def upset(voice: VoiceProfile) -> VoiceProfile:
    """Return the same voice, upset: higher and faster, after Banse and Scherer (1996, JPSP 70, 614-636), hot anger."""
    return replace(
        voice,
        f0_hz=1.25 * voice.f0_hz,
        highest_hz=1.25 * voice.highest_hz,
        syllables_per_s=1.2 * voice.syllables_per_s,
    )


TUNED: dict[str, Callable[[np.random.Generator], VoiceProfile]] = {"modal": _modal, "rounded": _rounded}
HELD_OUT: dict[str, Callable[[np.random.Generator], VoiceProfile]] = {
    "low": _low,
    "breathy": _breathy,
    "sinusoidal": _sinusoidal,
    "child": _child,
    "shouted": _shouted,
    "whisper": _whisper,
    "noise": _noise,
}
VOICE_KINDS = {**TUNED, **HELD_OUT}
"""By name: how to draw one."""


def draw_voice(kind: str, rng: np.random.Generator) -> VoiceProfile:
    """Draw a voice of a kind.

    Raises
    ------
    KeyError
        If there is no such kind.
    """
    return VOICE_KINDS[kind](rng)
