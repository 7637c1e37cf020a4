"""How much of one channel is heard on the other: echo, crosstalk, doubled channels.

The impulse response from source to target is estimated by weighted least squares in the frequency domain, over blocks
in which the source speaks: H = sum(conj(X) Y W) / sum(X conj(X) W), with W the inverse of the target's power in that
block. Blocks in which the target speaks for itself thus count for little, and in the end so do frequencies of hum: a
leak 25 dB below the line's noise stands out after some seconds of speech.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.ndimage import uniform_filter1d

from callbeam.audio import FULL_SCALE, Float32Array

if TYPE_CHECKING:
    from callbeam.audio import Channel

EARLIEST_MS, LATEST_MS = -50, 400
"""Delays looked for: an echo comes later, crosstalk at once; clocks may differ by a little."""

LOW_HZ, HIGH_HZ = 300.0, 3400.0

BLOCK_MS = 512
ACTIVE_DBFS, ACTIVE_RANGE_DB = -50.0, 10.0
"""Blocks in which the source is quieter, or so much below its loudest twentieth, are no evidence: its own noise is not
what leaks."""

SILENT_DBFS = -80.0
"""Blocks in which the target is quieter are none either: an echo suppressor, or nobody yet, keeps the line shut."""

FEWEST_BLOCKS, MOST_BLOCKS_PER_S = 24, 0.17
FAINTEST_DB = -60.0
"""Nothing fainter is heard on a telephone line: 16 bits and the noise of any line end sooner."""

LEAST_PEAK = 6.0
"""A response counts from so many times the spread of what else lies within the delays on; without a leak it came to 4.6
on 54 pairs of channels."""

SAME_BLOCK = 0.9
"""Correlation from which a block is the same sound on both channels: noise may lie 10 dB below it."""

_SMOOTHED_HZ = 60.0


@dataclass(frozen=True, slots=True)
class Leak:
    """What of a source channel is heard on a target.

    Attributes
    ----------
    echo_db : float or None
        Its level on the target relative to its level on the source; None where none is found, like all that follows.
    delay_ms : float or None
        How much later it is heard on the target.
    correlation : float or None
        Normalised correlation of all of the two channels' samples at the delay at which they are most alike, 0 to 1,
        found or not; None where nothing could be compared.
    alike_share : float or None
        Share of the blocks with any sound, on either channel, in which both are the same at that delay, but for a
        constant gain; None like the correlation.
    inverted : bool
        Whether it comes with its sign turned.
    evidence_s : float
        Source audio that was compared.
    """

    echo_db: float | None = None
    delay_ms: float | None = None
    correlation: float | None = None
    alike_share: float | None = None
    inverted: bool = False
    evidence_s: float = 0.0


def measure_leak(source: Channel, target: Channel) -> Leak:
    """Measure how much of a channel is heard on another one of the same piece.

    Parameters
    ----------
    source, target : Channel
        On the same clock, with the same sample rate (else nothing is compared).

    Returns
    -------
    Leak
        Over the core and its leads, from the loudest blocks of the source relative to the target, ``FEWEST_BLOCKS`` or
        one every 6 s.
    """
    rate = source.sample_rate_hz
    if rate != target.sample_rate_hz:
        return Leak()
    sizes = _Sizes.of(rate)
    begins = _blocks(source, target, sizes)
    if not len(begins):
        correlation, alike_share = _likeness(source, target, 0, sizes)
        return Leak(correlation=correlation, alike_share=alike_share)
    sums, likeliest = _spectra(source, target, begins, sizes)
    evidence_s = len(begins) * sizes.block / rate
    peak = _response_peak(sums, sizes)
    lag, gain = peak or (float(likeliest), 0.0)
    correlation, alike_share = _likeness(source, target, round(lag) - sizes.before, sizes)
    if peak is None:
        return Leak(correlation=correlation, alike_share=alike_share, evidence_s=evidence_s)
    delay_ms = (lag - sizes.before) * 1000 / rate
    return Leak(float(20 * np.log10(abs(gain))), delay_ms, correlation, alike_share, gain < 0, evidence_s)


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Lengths in samples."""

    rate: int
    block: int
    before: int
    lags: int
    transform: int

    @classmethod
    def of(cls, rate: int) -> _Sizes:
        """Return the lengths for a sample rate; a transform holds a block at any delay without wrapping around."""
        block = 4 * (BLOCK_MS * rate // 4000)  # cut into quarters
        before, after = -EARLIEST_MS * rate // 1000, LATEST_MS * rate // 1000
        lags = before + after + 1
        return cls(rate, block, before, lags, 1 << (block + lags - 2).bit_length())


def _blocks(source: Channel, target: Channel, sizes: _Sizes) -> npt.NDArray[np.int64]:
    """Choose blocks of the source; return where they begin, in samples of the leg, in order.

    They lie on a grid from the leg's sample 0.
    """
    low = max(source.first_sample, target.first_sample + sizes.before)
    high = min(
        source.first_sample + len(source.samples),
        target.first_sample + len(target.samples) - (sizes.lags - sizes.before),
    )
    first, last = -(-low // sizes.block), high // sizes.block
    if last <= first:
        return np.zeros(0, dtype=np.int64)
    loud, other = (_quarter_powers(channel, first, last, sizes.block) for channel in (source, target))
    through = _dbfs(other.min(axis=1)) > SILENT_DBFS
    loud, other = _dbfs(loud.mean(axis=1)), _dbfs(other.mean(axis=1))
    # The target as far as a delayed block reaches.
    after = np.append(other[1:], other[-1:])
    through &= np.append(through[1:], through[-1:])
    speech_dbfs = max(float(np.percentile(loud, 95)) - ACTIVE_RANGE_DB, ACTIVE_DBFS)
    active = np.flatnonzero((loud > speech_dbfs) & through)
    other = np.maximum(other, after)
    most = max(FEWEST_BLOCKS, int((last - first) * sizes.block / sizes.rate * MOST_BLOCKS_PER_S))
    above = loud[active] - np.maximum(other[active], -70.0)
    chosen = active[np.argsort(-above, kind="stable")[:most]]
    return (np.sort(chosen) + first).astype(np.int64) * sizes.block


def _quarter_powers(channel: Channel, first: int, last: int, block: int) -> Float32Array:
    """Return the mean squares of each block's quarters, shape (blocks, 4), from every fourth sample."""
    begin = first * block - channel.first_sample
    samples = channel.samples[begin : begin + (last - first) * block].reshape(last - first, 4, block // 4)[:, :, ::4]
    exact = samples.astype(np.float32)
    powers: Float32Array = np.einsum("ijk,ijk->ij", exact, exact) / np.float32(exact.shape[2] * FULL_SCALE**2)
    return powers


def _dbfs(power: Float32Array) -> Float32Array:
    levels: Float32Array = np.float32(10) * np.log10(np.maximum(power, np.float32(1e-10)))
    return levels


@dataclass(slots=True)
class _Spectra:
    """Sums over blocks, each weighted with the inverse of the target's power in it.

    Attributes
    ----------
    cross : complex64 array, shape (bins,)
        conj(X) Y.
    source, target : float32 array, shape (bins,)
        Powers.
    """

    cross: npt.NDArray[np.complex64]
    source: Float32Array
    target: Float32Array


def _spectra(source: Channel, target: Channel, begins: npt.NDArray[np.int64], sizes: _Sizes) -> tuple[_Spectra, int]:
    """Return the sums over blocks, and the lag at which source and target are most alike, unweighted."""
    bins = sizes.transform // 2 + 1
    sums = _Spectra(np.zeros(bins, np.complex64), np.zeros(bins, np.float32), np.zeros(bins, np.float32))
    plain = np.zeros(bins, np.complex64)
    for at in range(0, len(begins), _BLOCKS_AT_ONCE):
        some = begins[at : at + _BLOCKS_AT_ONCE].tolist()
        own = np.stack([_samples(source, begin, sizes.block) for begin in some])
        other = np.stack([_samples(target, begin - sizes.before, sizes.block + sizes.lags - 1) for begin in some])
        spectra = (fft.rfft(samples, sizes.transform, workers=1) for samples in (own, other))
        for x, y, heard in zip(*spectra, other, strict=True):
            energy = float(np.dot(heard, heard))
            weight = np.float32(1 / (energy + _FLOOR * len(heard)))
            both = np.conj(x) * y
            plain += both
            both *= weight
            sums.cross += both
            sums.source += weight * (np.square(x.real) + np.square(x.imag))
            sums.target += weight * (np.square(y.real) + np.square(y.imag))
    correlation = fft.irfft(plain, sizes.transform, workers=1)[: sizes.lags]
    return sums, int(np.abs(correlation).argmax())


_FLOOR = 4.0**2
"""Power of the roundings of a quiet line, in 16-bit values: it keeps near silence from weighing more than all else."""

_BLOCKS_AT_ONCE = 8
"""Side by side, transforms take half as long."""


def _samples(channel: Channel, begin: int, count: int) -> Float32Array:
    """Return samples as 16-bit values: all that is made of them are ratios."""
    at = begin - channel.first_sample
    return channel.samples[at : at + count].astype(np.float32)


def _likeness(source: Channel, target: Channel, lag: int, sizes: _Sizes) -> tuple[float | None, float | None]:
    """Return how alike two channels are at a lag, from every fourth block of their audio.

    Returns
    -------
    correlation : float or None
        Normalised, 0 to 1, of all the samples; None if a channel holds zeros alone.
    alike_share : float or None
        Of the blocks that stand out from the quietest tenth, the share whose own correlation is ``SAME_BLOCK`` or more.
    """
    begin = max(source.first_sample, target.first_sample - lag)
    end = min(source.first_sample + len(source.samples), target.first_sample + len(target.samples) - lag)
    found = []
    for at in range(begin, end, 4 * sizes.block):
        count = min(sizes.block, end - at)
        own, other = _samples(source, at, count), _samples(target, at + lag, count)
        found.append((np.dot(own, other), np.dot(own, own), np.dot(other, other), count))
    if not found:
        return None, None
    products, own_energy, other_energy, counts = np.array(found, dtype=np.float64).T
    energy = float(np.sqrt(own_energy.sum() * other_energy.sum()))
    if not energy:
        return None, None
    level = _dbfs((np.maximum(own_energy, other_energy) / (counts * FULL_SCALE**2)).astype(np.float32))
    sounding = level > max(float(np.percentile(level, 10)) + ACTIVE_RANGE_DB, ACTIVE_DBFS)
    sounding |= level >= level.max()
    same = (products != 0) & (np.abs(products) >= SAME_BLOCK * np.sqrt(own_energy * other_energy))
    return min(abs(float(products.sum())) / energy, 1.0), float(same[sounding].mean())


def _response_peak(sums: _Spectra, sizes: _Sizes) -> tuple[float, float] | None:
    """Return lag (in samples, from ``EARLIEST_MS``) and gain of the strongest response, None if nothing stands out."""
    bins = len(sums.cross)
    frequency = np.arange(bins) * sizes.rate / sizes.transform
    band = (frequency >= LOW_HZ) & (frequency <= HIGH_HZ)
    width = max(round(_SMOOTHED_HZ * sizes.transform / sizes.rate), 1)
    source, target = (uniform_filter1d(power, width) + 1e-6 * power.max() for power in (sums.source, sums.target))
    # The spectra of both taken out of the cross spectrum, a leak leaves a pulse, and hum next to nothing.
    white = np.where(band, sums.cross / np.sqrt(source * np.maximum(target, sums.target)), 0)
    response = fft.irfft(white, sizes.transform, workers=1)[: sizes.lags]
    heights = np.abs(response)
    top = int(heights.argmax())
    spread = float(np.median(heights)) / 0.6745
    # At the edge of the delays lies no peak but the slope of what hum of one frequency leaves.
    if heights[top] < LEAST_PEAK * spread or not 0 < top < len(heights) - 1:
        return None
    before, middle, after = heights[top - 1 : top + 2].tolist()
    lag = top + 0.5 * (before - after) / min(before - 2 * middle + after, -1e-30)
    turned = np.exp(2j * np.pi * np.arange(bins) * lag / sizes.transform)
    # Where the source speaks: its own noise, between, need not be part of what leaks.
    weight = band * source / np.maximum(target, sums.target)
    gain = float(((sums.cross * turned).real * weight).sum() / (sums.source * weight).sum())
    return (lag, gain) if abs(gain) >= 10 ** (FAINTEST_DB / 20) else None
