"""The telephone line: band-pass, noise, gain steps, echo, mu-law, packet loss.

Functions of arrays, in the order in which ``calls`` applies them. Sound is float with full scale at 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import firwin, oaconvolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Sound = npt.NDArray[np.float32]

PACKET_MS = 20
"""What one RTP packet of G.711 usually carries, and so what is lost with it."""

TELEPHONE_BAND_HZ = (300.0, 3400.0)

BAND_PASS_S = 0.016
"""Length of the band-pass: its edges are about 200 Hz wide."""


@dataclass(frozen=True, slots=True)
class LineConditions:
    """How one direction of a call sounds.

    Attributes
    ----------
    band_hz : (float, float) or None
        Edges of the band-pass; None for none.
    companding : str
        ``mulaw`` (ITU-T G.711, then decoded to 16 bits) or ``none``.
    level_dbfs : float
        RMS level of speech, 0 dBFS being a full-scale square wave.
    snr_db : float or None
        Speech level over noise level, both in the band; None for no noise.
    hum : float
        Share of the noise's power that is mains hum rather than noise with a slight slope.
    echo_db : float or None
        Level of the other direction's echo, relative to that direction's sound (below 0); None for no echo.
    echo_delay_ms : float
        How late the echo comes.
    gain_steps : tuple of (int, float)
        (ms from the start, dB): from then on, everything of this direction is louder by so much than at first.
    packet_loss : float
        Share of packets lost, 0 to 1.
    loss_burst : float
        Packets lost in a row on average, at least 1.
    concealment : str
        What takes a lost packet's place: ``zeros`` or ``repeat`` (the packet before, fading).
    """

    band_hz: tuple[float, float] | None = TELEPHONE_BAND_HZ
    companding: str = "mulaw"
    level_dbfs: float = -24.0
    snr_db: float | None = 35.0
    hum: float = 0.0
    echo_db: float | None = None
    echo_delay_ms: float = 80.0
    gain_steps: tuple[tuple[int, float], ...] = ()
    packet_loss: float = 0.0
    loss_burst: float = 1.5
    concealment: str = "repeat"


def band_pass(sound: Sound, band_hz: tuple[float, float] | None, sample_rate_hz: int) -> Sound:
    """Limit to a band with a linear-phase filter whose delay is taken out, so that truth stays in place.

    Parameters
    ----------
    sound : float32 array, shape (n,)
    band_hz : (float, float) or None
        Edges in Hz; an upper edge at or above the Nyquist frequency leaves a high-pass.
    sample_rate_hz : int

    Returns
    -------
    float32 array, shape (n,)
    """
    if band_hz is None or not len(sound):
        return sound
    taps = _taps(band_hz, sample_rate_hz)
    padded = np.pad(sound, len(taps) // 2)
    filtered: Sound = oaconvolve(padded, taps, mode="valid").astype(np.float32)
    return filtered


@lru_cache(maxsize=16)
def _taps(band_hz: tuple[float, float], rate: int) -> npt.NDArray[np.float32]:
    count = 2 * round(BAND_PASS_S * rate / 2) + 1
    edges = [band_hz[0]] if band_hz[1] >= rate / 2 else list(band_hz)
    taps: npt.NDArray[np.float32] = firwin(count, edges, pass_zero=False, fs=rate).astype(np.float32)
    return taps


def noise(count: int, conditions: LineConditions, sample_rate_hz: int, rng: np.random.Generator) -> Sound:
    """Make line noise in the band with an RMS of 1: noise with a slight slope, and hum's harmonics.

    Returns
    -------
    float32 array, shape (count,)
    """
    if not count:
        return np.zeros(0, np.float32)
    white = rng.standard_normal(count, dtype=np.float32)
    sloped = white.copy()
    sloped[1:] += np.float32(0.5) * white[:-1]
    hiss = _unit(band_pass(sloped, conditions.band_hz, sample_rate_hz))
    if not conditions.hum:
        return hiss
    seconds = np.arange(count, dtype=np.float64) / sample_rate_hz
    buzz = sum(np.sin(2 * np.pi * 60 * k * seconds + k) / k for k in (1, 3, 5, 7, 9))
    humming = _unit(band_pass(np.asarray(buzz, dtype=np.float32), conditions.band_hz, sample_rate_hz))
    mixed: Sound = np.float32(np.sqrt(1 - conditions.hum)) * hiss + np.float32(np.sqrt(conditions.hum)) * humming
    return mixed


def _unit(sound: Sound) -> Sound:
    level = np.sqrt(np.mean(np.square(sound, dtype=np.float64)))
    scaled: Sound = sound / np.float32(max(float(level), 1e-12))
    return scaled


def gain(count: int, steps: Sequence[tuple[int, float]], sample_rate_hz: int) -> Sound | np.float32:
    """Turn gain steps into a factor for each sample; a plain 1 without any."""
    if not steps:
        return np.float32(1)
    factor = np.ones(count, np.float32)
    for begin_ms, step_db in sorted(steps):
        factor[begin_ms * sample_rate_hz // 1000 :] = 10 ** (step_db / 20)
    return factor


def echo_of(sound: Sound, conditions: LineConditions, sample_rate_hz: int) -> Sound | np.float32:
    """Return what of the other direction's sound leaks into this one; a plain 0 without echo."""
    if conditions.echo_db is None:
        return np.float32(0)
    delay = round(conditions.echo_delay_ms * sample_rate_hz / 1000)
    echo = np.zeros_like(sound)
    echo[delay:] = sound[: len(sound) - delay]
    return echo * np.float32(10 ** (conditions.echo_db / 20))


def quantise(sound: Sound, companding: str) -> npt.NDArray[np.int16]:
    """Turn sound into 16-bit samples as the line delivers them; what is too loud is clipped.

    Parameters
    ----------
    sound : float32 array, shape (n,)
        Full scale at 1.
    companding : str
        ``mulaw`` or ``none``.

    Returns
    -------
    int16 array, shape (n,)
    """
    linear: npt.NDArray[np.int16] = np.clip(np.rint(sound * np.float32(32768)), -32768, 32767).astype(np.int16)
    return _mulaw_round_trip()[linear.view(np.uint16)] if companding == "mulaw" else linear


def mulaw_levels() -> npt.NDArray[np.int16]:
    """Return the 256 values that G.711 mu-law decodes to, by code; 255 distinct (zero has two codes)."""
    code = np.arange(256) ^ 0xFF
    magnitude = (((code & 0x0F) * 2 + 33) << ((code >> 4) & 7)) - 33
    return (np.where(code & 0x80, -magnitude, magnitude) * 4).astype(np.int16)


@lru_cache(maxsize=1)
def _mulaw_round_trip() -> npt.NDArray[np.int16]:
    """For each 16-bit value (as unsigned index): the nearest value that mu-law can carry."""
    levels = np.unique(mulaw_levels()).astype(np.int32)
    values = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    nearest = np.searchsorted((levels[1:] + levels[:-1] + 1) // 2, values, side="right")
    table: npt.NDArray[np.int16] = levels[nearest].astype(np.int16)
    return table


def lost_packets(
    count: int, conditions: LineConditions, sample_rate_hz: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Draw which packets are lost, in bursts (Gilbert's two-state model).

    Returns
    -------
    int64 array, shape (k, 2)
        Sorted, disjoint, non-touching [begin, end) in samples.
    """
    if not conditions.packet_loss or not count:
        return np.zeros((0, 2), np.int64)
    packet = PACKET_MS * sample_rate_hz // 1000
    spans: list[tuple[int, int]] = []
    good = conditions.loss_burst * (1 - conditions.packet_loss) / conditions.packet_loss
    at = int(rng.geometric(1 / good))
    while at * packet < count:
        length = int(rng.geometric(1 / conditions.loss_burst))
        spans.append((at * packet, min((at + length) * packet, count)))
        at += length + int(rng.geometric(1 / good))
    return np.array(spans, dtype=np.int64).reshape(-1, 2)


def conceal(
    pcm: npt.NDArray[np.int16], spans: npt.NDArray[np.int64], conditions: LineConditions, sample_rate_hz: int
) -> None:
    """Put what the receiver made up where packets were lost; in place, in values that the line can carry.

    Parameters
    ----------
    pcm : int16 array, shape (n,)
        Changed in place.
    spans : int64 array, shape (k, 2)
        What ``lost_packets`` returned.
    """
    packet = PACKET_MS * sample_rate_hz // 1000
    for begin, end in spans.tolist():
        if conditions.concealment == "zeros" or begin < packet:
            pcm[begin:end] = 0
            continue
        repeated: Sound = np.resize(pcm[begin - packet : begin], end - begin).astype(np.float32) / np.float32(32768)
        fading: Sound = np.exp2(-np.arange(1, end - begin + 1, dtype=np.float32) / np.float32(packet))
        pcm[begin:end] = quantise(repeated * fading, conditions.companding)
