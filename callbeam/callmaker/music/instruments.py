"""Instruments of made-up hold music: additive ones, plucked strings, frequency modulation, filtered saws, drums.

Each is a few figures, so that two kinds of music need not share any. Notes are made at the call's rate: partials that
do not fit under the Nyquist frequency are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

if TYPE_CHECKING:
    import numpy.typing as npt

    Wave = npt.NDArray[np.float64]

MOST_PARTIALS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """How a note sounds.

    Attributes
    ----------
    source : str
        ``partials`` (a sum of sines), ``string`` (Karplus and Strong's, 1983, Computer Music Journal 7(2)), ``fm``
        (Chowning's, 1973, JAES 21(7)), ``saw`` or ``square`` through a low-pass.
    slope : float
        Partial n has an amplitude of ``n ** -slope``.
    even : float
        Strength of the even partials: near 0 for a clarinet.
    ratios, amplitudes : tuple of float
        Instead of a harmonic series: bars, bells, drawbars.
    stiffness : float
        Partial n lies at ``n * sqrt(1 + stiffness * n ** 2)``: a piano's strings.
    attack_s, release_s : float
    decay_s : float
        Time in which a partial falls to 1/e; infinite where a note is sustained.
    damping : float
        Partial n decays ``n ** damping`` times as fast.
    swell : float
        Partial n comes ``n ** swell`` times as late: brass.
    unison, detune_cents : int, float
        Players on one note, and how far apart they are.
    vibrato_hz, vibrato_cents, tremolo : float
        Tremolo is a share, at the same rate.
    breath : float
        Share of noise.
    formants_hz : tuple of float
        Resonances, 120 Hz wide.
    drive : float
        Gain into a limiter, 0 for none.
    fm_ratio, fm_index : float
        Of the modulator.
    cutoff : float
        Of the low-pass, in multiples of the note's frequency.
    """

    source: str = "partials"
    slope: float = 1.0
    even: float = 1.0
    ratios: tuple[float, ...] = ()
    amplitudes: tuple[float, ...] = ()
    stiffness: float = 0.0
    attack_s: float = 0.005
    release_s: float = 0.05
    decay_s: float = np.inf
    damping: float = 0.5
    swell: float = 0.0
    unison: int = 1
    detune_cents: float = 0.0
    vibrato_hz: float = 5.5
    vibrato_cents: float = 0.0
    tremolo: float = 0.0
    breath: float = 0.0
    formants_hz: tuple[float, ...] = ()
    drive: float = 0.0
    fm_ratio: float = 1.0
    fm_index: float = 0.0
    cutoff: float = 8.0


def play(instrument: Instrument, hz: float, seconds: float, rate: int, rng: np.random.Generator) -> Wave:
    """Play a note.

    Parameters
    ----------
    instrument : Instrument
    hz : float
    seconds : float
        Until the key is let go; the release comes on top.
    rate : int
    rng : numpy.random.Generator
        Phases, pluck, breath, and how players differ.

    Returns
    -------
    float64 array, shape (n,)
        With an RMS level of roughly 1 while it sounds loudest.
    """
    time = np.arange(round((seconds + instrument.release_s) * rate)) / rate
    wave = np.zeros(len(time))
    for _ in range(instrument.unison):
        cents = rng.normal(0, instrument.detune_cents) if instrument.unison > 1 else 0.0
        turns = _turns(instrument, hz * 2 ** (cents / 1200), time, rng)
        wave += _SOURCES[instrument.source](instrument, hz, turns, time, rng)
    if instrument.breath:
        wave += instrument.breath * _unit(_near(rng.normal(size=len(time)), hz, rate)) * max(float(np.std(wave)), 1e-9)
    for centre in instrument.formants_hz:
        radius = np.exp(-np.pi * 120 / rate)
        poles = [1, -2 * radius * np.cos(2 * np.pi * centre / rate), radius**2]
        wave = 0.3 * wave + lfilter([1 - radius], poles, wave)
    envelope = np.clip(time / instrument.attack_s, 0, 1)
    envelope *= np.clip((time[-1] - time) / instrument.release_s, 0, 1)
    wave = _unit(wave * envelope)
    if instrument.drive:
        wave = _unit(np.tanh(instrument.drive * wave) * envelope)
    return wave * (1 - instrument.tremolo * (0.5 + 0.5 * np.sin(2 * np.pi * instrument.vibrato_hz * time)))


def _turns(instrument: Instrument, hz: float, time: Wave, rng: np.random.Generator) -> Wave:
    """Return how many periods have gone by, with vibrato that sets in after 0.2 s."""
    if not instrument.vibrato_cents:
        return hz * time
    depth = instrument.vibrato_cents / 1200 * np.log(2) * np.clip((time - 0.1) / 0.2, 0, 1)
    cycle = 2 * np.pi * instrument.vibrato_hz * rng.uniform(0.9, 1.1)
    step = time[1] - time[0] if len(time) > 1 else 0.0
    return np.asarray(np.cumsum(hz * np.exp(depth * np.sin(cycle * time + rng.uniform(0, 6)))) * step)


def _partials(instrument: Instrument, hz: float, turns: Wave, time: Wave, rng: np.random.Generator) -> Wave:
    """Sum a note's partials."""
    numbers = np.arange(1, MOST_PARTIALS + 1, dtype=np.float64)
    ratios = (
        np.array(instrument.ratios)
        if instrument.ratios
        else numbers * np.sqrt((1 + instrument.stiffness * numbers**2) / (1 + instrument.stiffness))
    )
    numbers = np.arange(1, len(ratios) + 1, dtype=np.float64)
    if instrument.amplitudes:
        amplitudes = np.array(instrument.amplitudes)
    else:
        amplitudes = numbers**-instrument.slope * np.where(numbers % 2, 1, instrument.even)
    nyquist = 0.48 / (time[1] - time[0]) if len(time) > 1 else 0.0
    wave = np.zeros(len(time))
    for number, ratio, amplitude in zip(numbers, ratios, amplitudes, strict=True):
        if ratio * hz < nyquist and amplitude > 0.003:
            decay = np.exp(-time / instrument.decay_s * number**instrument.damping)
            late = np.clip(time / (instrument.attack_s * number**instrument.swell), 0, 1) if instrument.swell else 1.0
            wave += amplitude * decay * late * np.sin(2 * np.pi * (ratio * turns + rng.random()))
    return wave


def _string(instrument: Instrument, hz: float, turns: Wave, time: Wave, rng: np.random.Generator) -> Wave:
    """Pluck a string: a burst of noise that goes round a delay line with a low-pass in it."""
    del turns
    rate = round(1 / (time[1] - time[0]))
    period = rate / hz
    whole = int(period - 0.5)
    fraction = period - 0.5 - whole
    loss = np.exp(-period / rate / max(instrument.decay_s, 0.02))
    pluck = np.zeros(len(time))
    # A finger is softer than noise.
    pluck[:whole] = lfilter([0.4], [1, -0.6], rng.normal(size=whole))[: len(time)]
    # The average of two samples delays by half of one; linear interpolation by the fraction.
    taps = np.zeros(whole + 3)
    taps[0] = 1
    taps[whole : whole + 3] -= loss * 0.5 * np.array([1 - fraction, 1.0, fraction])
    return np.asarray(lfilter([1.0], taps, pluck))


def _fm(instrument: Instrument, hz: float, turns: Wave, time: Wave, rng: np.random.Generator) -> Wave:
    """Modulate a sine's phase by another's."""
    del hz
    decay = np.exp(-time / instrument.decay_s)
    index = instrument.fm_index * decay**instrument.damping
    modulator = index * np.sin(2 * np.pi * (instrument.fm_ratio * turns + rng.random()))
    return np.asarray(decay * np.sin(2 * np.pi * turns + modulator))


def _saw(instrument: Instrument, hz: float, turns: Wave, time: Wave, rng: np.random.Generator) -> Wave:
    """Filter a sawtooth that was made at four times the rate, so that little of it folds back."""
    return _through_low_pass(instrument, 2 * ((_finer(turns) + rng.random()) % 1) - 1, hz, time)


def _square(instrument: Instrument, hz: float, turns: Wave, time: Wave, rng: np.random.Generator) -> Wave:
    """Filter a pulse wave, as saws are."""
    width = rng.choice([0.5, 0.25, 0.125])
    return _through_low_pass(instrument, np.where((_finer(turns) + rng.random()) % 1 < width, 1.0, -1.0), hz, time)


def _finer(turns: Wave) -> Wave:
    return np.asarray(np.interp(np.arange(4 * len(turns)) / 4, np.arange(len(turns)), turns))


def _through_low_pass(instrument: Instrument, wave: Wave, hz: float, time: Wave) -> Wave:
    rate = 1 / (time[1] - time[0])
    edge = min(instrument.cutoff * hz, 0.45 * rate)
    filtered = sosfilt(butter(4, [30.0, edge], "band", fs=4 * rate, output="sos"), wave)[::4]
    return np.asarray(filtered * np.exp(-time / instrument.decay_s))


_SOURCES = {"partials": _partials, "string": _string, "fm": _fm, "saw": _saw, "square": _square}


def _near(noise: Wave, hz: float, rate: int) -> Wave:
    """Limit noise to two octaves from a note upwards."""
    return np.asarray(sosfilt(butter(2, [hz, min(4 * hz, 0.45 * rate)], "band", fs=rate, output="sos"), noise))


def _unit(wave: Wave) -> Wave:
    """Bring the loudest tenth of a second to an RMS level of 1."""
    power = np.square(wave)
    count = max(len(power) // 10, 1)
    loudest = np.sort(power)[-count:].mean() if len(power) else 0.0
    return wave / max(float(np.sqrt(loudest / 2)), 1e-9)


def strike(drum: str, rate: int, rng: np.random.Generator) -> Wave:
    """Strike a drum: ``kick``, ``snare``, ``hat``, ``brush``, ``clap``, ``shaker``, ``tom`` or ``rim``."""
    length_s, hz, noise, edges = DRUMS[drum]
    time = np.arange(round(4 * length_s * rate)) / rate
    wave = np.zeros(len(time))
    if hz:
        wave += np.sin(2 * np.pi * hz * (time + 0.02 * (1 - np.exp(-time / 0.02)))) * np.exp(-time / length_s)
    if noise:
        high = min(edges[1], 0.45 * rate)
        hiss = sosfilt(butter(2, [edges[0], high], "band", fs=rate, output="sos"), rng.normal(size=len(time)))
        wave += noise * _unit(hiss) * np.exp(-time / (0.6 * length_s))
    return wave


DRUMS = {
    "kick": (0.09, 65.0, 0.1, (300.0, 2000.0)),
    "snare": (0.07, 190.0, 1.0, (500.0, 6000.0)),
    "hat": (0.03, 0.0, 0.6, (2500.0, 9000.0)),
    "brush": (0.10, 0.0, 0.4, (1000.0, 6000.0)),
    "clap": (0.05, 0.0, 1.0, (900.0, 3000.0)),
    "shaker": (0.04, 0.0, 0.4, (2000.0, 8000.0)),
    "tom": (0.15, 120.0, 0.1, (300.0, 1500.0)),
    "rim": (0.02, 480.0, 0.5, (700.0, 4000.0)),
}
"""Decay in s, pitch in Hz (0: none), strength and band of the noise."""
