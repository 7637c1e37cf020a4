"""Whether samples are sound as an encoding reads them: byte order, noise, channels in turn.

What is sound follows from how predictable samples are (``block_statistics.predictability``): where they are read right,
far more so than where not. White noise and clipped sound tell nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from callbeam.payload.block_statistics import FRAME, Predictability, predictability, unevenness
from callbeam.payload.formats import SAMPLE_BYTES
from callbeam.payload.samples import read_samples

if TYPE_CHECKING:
    from callbeam.payload.formats import AudioFormat
    from callbeam.payload.samples import Int16Array

TELLING_BITS = 3.0
"""How much more predictable samples must be in an encoding that is not declared: right ones are by 5 to 12."""

SWAPPED_BITS = 1.0
"""The same for byte order alone, whose two readings share every stretch; 85 % of these must agree."""

NOISE_BITS = 13.9
"""Unpredictable samples of about full scale: evenly spread bytes give 14.2, white noise that is not clipped less."""

SOUND_GAIN = 0.8
"""By how many bits prediction helps a quarter of the stretches of sound at least: of speech 1.2 to 2."""

QUIET_BITS = 5.0
"""The noise of a telephone line: what a loud square wave is in no other encoding."""

UNIFORM = 0.1
"""How evenly spread values are that come from no sound: compressed data gives up to 0.08, clipped noise 0.12."""

CLIPPED = 0.1
"""Share of a stretch's samples at its own limits from which it is clipped sound: it tells nothing of its encoding."""

MIN_FRAMES = 8
"""Stretches that are not constant, below which samples tell nothing."""

_SWAPPED = {a + one: a + two for a in ("s16", "s24", "s32") for one, two in (("le", "be"), ("be", "le"))}


def other_order(form: AudioFormat, payload: bytes, taken: Predictability) -> str | None:
    """Return the encoding of the other byte order if samples say that it is theirs; what is declared stays else.

    Parameters
    ----------
    form : AudioFormat
        As declared.
    payload : bytes
    taken : Predictability
        Of the payload as it is declared.
    """
    other = _SWAPPED.get(form.encoding)
    if other is None:
        return None
    swapped = predictability(read_samples(payload, other)[:: form.channels])
    if len(taken.bits) < MIN_FRAMES or len(taken.bits) != len(swapped.bits):
        return None
    less = (taken.bits - swapped.bits)[np.maximum(taken.clipped, swapped.clipped) < CLIPPED]
    less = less[np.abs(less) > 0.05]  # 0 and -1 read the same either way
    if len(less) < MIN_FRAMES or np.median(less) < SWAPPED_BITS or np.mean(less > 0) < 0.85:
        return None
    return None if never_negative(payload, other) else other


def never_negative(payload: bytes, encoding: str) -> bool:
    """Tell whether integers' upper bytes are all 0: so are the lower ones of fewer bits, read the other way."""
    if encoding not in _SWAPPED:
        return False
    width = SAMPLE_BYTES[encoding]
    parts = np.frombuffer(payload, np.uint8, len(payload) // width * width).reshape(-1, width)
    upper = parts[parts.any(axis=1), -1 if encoding.endswith("le") else 0]
    return bool(np.mean(upper == 0) > 0.95) if len(upper) else True


def is_noise(form: AudioFormat, payload: bytes, taken: Predictability) -> bool:
    """Tell whether samples are noise that no sound is: evenly spread at full scale, or sound in another encoding."""
    if len(taken.bits) < MIN_FRAMES:
        return False
    told = taken.clipped < CLIPPED
    if np.count_nonzero(told) < max(MIN_FRAMES, len(told) / 2):
        # few values, all loud: a square wave, or the quiet codes of G.711
        laws = (predictability(read_samples(payload, law)) for law in ("alaw", "ulaw"))
        loud = SAMPLE_BYTES[form.encoding] == 2 and float(np.median(taken.bits + taken.gain)) >= NOISE_BITS - 2
        return loud and any(_is_quiet(law) for law in laws)
    middle = float(np.median(taken.bits[told]))
    if middle > NOISE_BITS and np.percentile(taken.gain[told], 75) < 0.5:
        samples = read_samples(payload, form.encoding)[:: form.channels]
        if unevenness(samples) < UNIFORM:
            return True
    if middle < NOISE_BITS - 1.4 or SAMPLE_BYTES[form.encoding] != 2:
        return False
    others = (predictability(read_samples(payload, other)) for other in SAMPLE_BYTES)
    return any(_is_sound(other, middle - TELLING_BITS) for other in others)


def are_samples(payload: bytes, channels: int) -> bool:
    """Tell whether bytes are samples in some encoding: packets of a codec read as noise of full scale in all."""
    for encoding in SAMPLE_BYTES:
        bits = predictability(read_samples(payload, encoding)[::channels]).bits
        if len(bits) >= MIN_FRAMES and float(np.median(bits)) <= NOISE_BITS - TELLING_BITS:
            return True
    return False


def _is_quiet(found: Predictability) -> bool:
    return len(found.bits) >= MIN_FRAMES and float(np.median(found.bits + found.gain)) <= QUIET_BITS


def _is_sound(found: Predictability, most_bits: float) -> bool:
    return (
        len(found.bits) >= MIN_FRAMES
        and float(np.median(found.bits)) <= most_bits
        and float(np.percentile(found.gain, 75)) >= SOUND_GAIN
    )


def is_interleaved(samples: Int16Array) -> bool:
    """Tell whether samples of one channel look like two in turn: each is like the last but one, not like the last."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    energy = (frames**2).sum(axis=1)
    frames = frames[energy > max(np.median(energy), 1.0)] if len(frames) else frames
    if len(frames) < MIN_FRAMES:
        return False
    power = (frames**2).sum(axis=1)
    one, two = ((frames[:, k:] * frames[:, : FRAME - k]).sum(axis=1) / power for k in (1, 2))
    return bool(np.mean((two > 0.5) & (one < two - 0.3)) > 0.5)
