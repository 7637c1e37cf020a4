"""A made-up voice: glottal pulses through moving formants, with fricatives, plosives and pauses.

The classical source-filter model (Fant 1960; Klatt 1980, JASA 67, 971-995), pulse by pulse: each glottal pulse
(Rosenberg 1971, JASA 49, 583-590) is shaped by the vocal tract as it is at that instant, and placed at its exact,
fractional time. So pitch is known to the sample and formants may move as they like, in a few vectorised steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import firwin, oaconvolve

from callbeam.callmaker.voices.articulation import CONTROL_S, NOISE_COLOURS, Articulation, articulate
from callbeam.callmaker.voices.glottal_source import source_spectrum
from callbeam.callmaker.voices.sinusoidal_voice import sum_of_sinusoids
from callbeam.callmaker.voices.turbulent_voice import shaped_noise, vocoded
from callbeam.callmaker.voices.vocal_tract import tract_response

if TYPE_CHECKING:
    import numpy.typing as npt

    from callbeam.callmaker.voices.articulation import VoiceProfile

RESPONSE_S = 0.032
"""How long a pulse's response is kept: a 60 Hz wide formant has decayed by 52 dB."""

LEAD_S = 0.002
"""Room in front of a pulse, for the ringing of its band-limited onset."""

VOWEL_SCALE = 0.15
"""Brings a vowel of strength 1 to an RMS level of about 1 at any pitch: strengths of voice and noise then compare."""

SPEECH_FLOOR_DB = -28.0
"""A phrase's edges lie where its 5 ms level comes within this of its loudest."""

VOICED_FLOOR_DB = -20.0
"""A pulse weaker than this, relative to the utterance's strongest, does not count as voiced in the truth."""

VOICELESS = frozenset({"whisper", "noise"})
"""Sources without glottal pulses: nothing of it is voiced."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What a voice said, and the truth about it.

    Attributes
    ----------
    samples : float32 array, shape (n,)
        The voice; the RMS level of its speech spans is 1.
    spans : int64 array, shape (k, 2)
        [begin, end) of each phrase in samples: pauses lie between, plosive closures within.
    pulse_times : float64 array, shape (p,)
        When each audible glottal pulse begins, in samples.
    pulse_f0_hz : float64 array, shape (p,)
        The pitch contour at each of them, without jitter.
    """

    samples: npt.NDArray[np.float32]
    spans: npt.NDArray[np.int64]
    pulse_times: npt.NDArray[np.float64]
    pulse_f0_hz: npt.NDArray[np.float64]


def speak(voice: VoiceProfile, duration_s: float, sample_rate_hz: int, rng: np.random.Generator) -> Utterance:
    """Say something of a given length.

    Parameters
    ----------
    voice : VoiceProfile
        Whose voice.
    duration_s : float
        From the first sound to the last, pauses of less than 500 ms between phrases included; at least 0.2 s.
    sample_rate_hz : int
        8000 or 16000.
    rng : numpy.random.Generator
        Chooses the syllables; the same state says the same.

    Returns
    -------
    Utterance
        ``round(duration_s * sample_rate_hz)`` samples.
    """
    plan = articulate(voice, duration_s, rng)
    count = round(duration_s * sample_rate_hz)
    times_s, f0 = _pulses(voice, plan, rng)
    strength = np.interp(times_s, plan.times_s, plan.voicing)
    audible = strength > 0.01
    times_s, f0, strength = times_s[audible], f0[audible], strength[audible]
    strength *= 1 + voice.shimmer * rng.standard_normal(len(strength))
    strength[1::2] *= 1 - voice.alternation
    if voice.source == "sinusoidal":
        samples = sum_of_sinusoids(plan, count, sample_rate_hz, rng)
    elif voice.source == "whisper":
        samples = shaped_noise(plan, count, sample_rate_hz, rng)
    else:
        samples = _voiced(voice, plan, (times_s, f0, strength), count, sample_rate_hz)
    samples += _noise(plan, count, sample_rate_hz, rng)
    if voice.source == "noise":
        samples = vocoded(samples, sample_rate_hz, rng)
    spans = _audible_spans(samples, plan.phrases_s, sample_rate_hz)
    level = np.sqrt(np.mean(np.concatenate([samples[begin:end] ** 2 for begin, end in spans])))
    clear = strength > strength.max(initial=0) * 10 ** (VOICED_FLOOR_DB / 20)
    clear &= voice.source not in VOICELESS
    return Utterance((samples / level).astype(np.float32), spans, times_s[clear] * sample_rate_hz, f0[clear])


def _pulses(
    voice: VoiceProfile, plan: Articulation, rng: np.random.Generator
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Place one pulse per turn of the pitch contour's phase, with jitter; return times in s and pitch in Hz."""
    phase = np.concatenate(([0.0], np.cumsum((plan.f0_hz[1:] + plan.f0_hz[:-1]) / 2 * CONTROL_S)))
    times = np.interp(np.arange(1, int(phase[-1])), phase, plan.times_s)
    f0 = np.interp(times, plan.times_s, plan.f0_hz)
    return times + voice.jitter * rng.standard_normal(len(times)) / f0, f0


def _voiced(
    voice: VoiceProfile,
    plan: Articulation,
    pulses: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]],
    count: int,
    rate: int,
) -> npt.NDArray[np.float64]:
    """Sum the responses of the vocal tract to the pulses (times in s, pitch in Hz, strengths)."""
    times, f0, strength = pulses
    size, lead = round(RESPONSE_S * rate), round(LEAD_S * rate)
    position = times * rate
    whole = np.floor(position).astype(np.int64)
    frequency = np.fft.rfftfreq(size, 1 / rate)
    out = np.zeros(count + size)
    for low in range(0, len(times), 64):  # blocks stay in cache
        block = slice(low, low + 64)
        formants = np.stack([np.interp(times[block], plan.times_s, track) for track in plan.formants_hz])
        delay = lead + position[block] - whole[block]
        spectrum = source_spectrum(voice, frequency[None, :] / f0[block, None])
        spectrum *= 2j * np.pi * frequency * _tilt(rate)  # radiation at the lips
        spectrum *= (VOWEL_SCALE * rate / voice.f0_hz * strength[block] / f0[block])[:, None] * tract_response(
            formants, frequency
        )
        spectrum *= np.exp(-2j * np.pi / rate * delay[:, None] * frequency)
        for start, response in zip(whole[block] - lead, np.fft.irfft(spectrum, size), strict=True):
            begin = max(start, 0)
            out[begin : start + size] += response[begin - start :]
    return out[:count]


def _tilt(rate: int) -> npt.NDArray[np.float64]:
    """Take the last tenth below the Nyquist frequency down smoothly, so that fractional delays do not ring."""
    frequency = np.fft.rfftfreq(round(RESPONSE_S * rate))
    edge = np.clip((0.5 - frequency) / 0.05, 0, 1)
    result: npt.NDArray[np.float64] = 0.5 - 0.5 * np.cos(np.pi * edge)
    return result


def _noise(plan: Articulation, count: int, rate: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Make the sounds of turbulence: fricatives, bursts, breath."""
    times = np.arange(count) / rate
    white = rng.standard_normal(count)
    total = np.zeros(count)
    for colour, track in plan.noise.items():
        if track.any():
            low, high = NOISE_COLOURS[colour]
            taps = firwin(63, [low, min(high, 0.475 * rate)], pass_zero=False, fs=rate)
            taps /= np.sqrt(np.sum(taps**2))
            total += oaconvolve(white, taps, mode="same")[:count] * np.interp(times, plan.times_s, track)
    return total


def _audible_spans(
    samples: npt.NDArray[np.float64], phrases_s: npt.NDArray[np.float64], rate: int
) -> npt.NDArray[np.int64]:
    """Trim each phrase to where it can be heard: the truth is what was made, not what was meant."""
    hop = round(0.005 * rate)
    spans = []
    for begin_s, end_s in phrases_s:
        begin, end = round(begin_s * rate), min(round(end_s * rate), len(samples))
        hops = max((end - begin) // hop, 1)
        power = np.mean(samples[begin : begin + hops * hop].reshape(hops, -1) ** 2, axis=1)
        loud = np.flatnonzero(power > power.max() * 10 ** (SPEECH_FLOOR_DB / 10))
        spans.append((begin + loud[0] * hop, begin + (loud[-1] + 1) * hop))
    return np.array(spans, dtype=np.int64).reshape(-1, 2)
