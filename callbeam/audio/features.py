"""All features of a channel's frames, block by block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from callbeam.audio.frames import (
    BLOCK_FRAMES,
    Block,
    BoolArray,
    Float32Array,
    FrameGrid,
    FrameSpan,
    blocks,
    frame_grid,
    frame_runs,
    frame_span,
)
from callbeam.audio.level import power_to_dbfs
from callbeam.audio.pitch import PitchAnalyser, PitchCandidates, PitchConfig, harmonics_to_noise
from callbeam.audio.pitch_path import UNVOICED, choose_path
from callbeam.audio.reproducible_matmul import FrameSums
from callbeam.audio.selection import Selection
from callbeam.audio.spectrum import SPECTRAL_MEASURES, SpectrumAnalyser, mfcc
from callbeam.schemas import MEL_BANDS, MFCC_COUNT

if TYPE_CHECKING:
    from callbeam.audio.channel import Channel

LEVEL_MEASURES = ("level_dbfs", "zero_crossing_rate")
PITCH_MEASURES = ("f0_hz", "voicing", "hnr_db")
FRAME_MEASURES = (*LEVEL_MEASURES, *SPECTRAL_MEASURES, *PITCH_MEASURES)
"""The scalar measures of a frame, in the order of table ``frames``."""


@dataclass(frozen=True, slots=True)
class FrameFeatures:
    """What a channel's frames measure.

    Attributes
    ----------
    span : FrameSpan
        Which frames these are.
    heard : bool array, shape (n,)
        Frames that are not too faint to be heard: seconds are measured over these.
    measures : dict of str to float32 array, shape (n,)
        ``FRAME_MEASURES``; NaN for masked frames and for what a frame does not have (F0 where unvoiced). Those of the
        spectrum, and all below, are NaN also for frames that are not heard, unless bands are kept.
    logmel : float32 array, shape (n, MEL_BANDS), or None
        In dB; NaN for masked frames. None unless asked for.
    mfcc : float32 array, shape (n, MFCC_COUNT)
        NaN for masked frames.
    loudness : float32 array, shape (n,)
        Perceived loudness (``SpectrumAnalyser.loudness``); NaN for masked frames.
    concentration, centre_hz : float32 array, shape (n,)
        How few spectral lines hold the power, and their mean frequency (``SpectrumAnalyser.tonality``); NaN for masked
        frames.
    """

    span: FrameSpan
    heard: BoolArray
    measures: dict[str, Float32Array]
    logmel: Float32Array | None
    mfcc: Float32Array
    loudness: Float32Array
    concentration: Float32Array
    centre_hz: Float32Array


def analyse_frames(
    channel: Channel,
    *,
    bands: bool = False,
    heard: BoolArray | None = None,
    pitched: BoolArray | None = None,
    pitch: PitchConfig | None = None,
) -> FrameFeatures:
    """Measure every frame that a channel's samples reach, leads included.

    Parameters
    ----------
    channel : Channel
    bands : bool
        Keep the log-mel bands, too: 46 MB of half an hour. All frames' spectra are then measured.
    heard : bool array, shape (n,), optional
        Frames of the channel (``frame_span``) that are not too faint to be heard. The spectra of others are not
        measured. Everywhere unless given.
    pitched : bool array, shape (n,), optional
        Frames of the channel that pitch is looked for in: a sixth of a call's analysis. Others are unvoiced, and have
        no voicing strength. Everywhere unless given.
    pitch : PitchConfig, optional

    Raises
    ------
    UnsupportedSampleRateError
        If the channel's sample rate has no frame grid.

    Examples
    --------
    >>> from callbeam.audio import channel_of_pcm
    >>> buzz = 4000 * np.sign(np.sin(2 * np.pi * 200 * np.arange(8000) / 8000))
    >>> features = analyse_frames(channel_of_pcm(buzz.astype(np.int16), 8000))
    >>> round(float(np.median(features.measures["f0_hz"])))
    200
    """
    grid = frame_grid(channel.sample_rate_hz)
    config = pitch or PitchConfig()
    span = frame_span(channel, grid)
    frames = len(span.measured)
    heard = np.ones(frames, dtype=np.bool_) if heard is None else heard
    measures = {name: _unknown(frames) for name in LEVEL_MEASURES}
    candidates = PitchCandidates(frames, span.first)
    spectra = _Spectra(grid, span.first, np.ones_like(heard) if bands else heard, bands=bands)
    pitches = PitchAnalyser(grid, config)
    frame_mean = FrameSums(grid, np.full((1, grid.frame_length), 1 / grid.frame_length))
    for block in blocks(channel, grid):
        at, part = _rows(block, span.first, frames)
        for name, values in _level_measures(block, grid, frame_mean).items():
            measures[name][at] = values[part]
        spectra.add(block)
        pitches.find(block, candidates, None if pitched is None else _in_block(pitched, block, span.first))
    measures |= spectra.measures | _pitch_measures(candidates, span, config)
    features = FrameFeatures(
        span,
        heard,
        measures,
        spectra.logmel,
        spectra.mfcc,
        spectra.loudness,
        spectra.concentration,
        spectra.centre_hz,
    )
    _mask(features)
    return features


class _Spectra:
    """What the spectra of a channel's frames measure; filled block by block.

    Parameters
    ----------
    grid : FrameGrid
    first : int
        Index of the channel's first frame on the leg's grid.
    wanted : bool array, shape (n,)
        Frames to measure; others are NaN.
    bands : bool
        Keep the log-mel bands.
    """

    def __init__(self, grid: FrameGrid, first: int, wanted: BoolArray, *, bands: bool) -> None:
        frames = len(wanted)
        self._analyser = SpectrumAnalyser(grid)
        self._first = first
        self._wanted = wanted
        self._transformed = wanted.copy()
        self._transformed[:-1] |= wanted[1:]  # flux differs from the frame before
        self.measures = {name: _unknown(frames) for name in SPECTRAL_MEASURES}
        self.logmel = _unknown(frames, MEL_BANDS) if bands else None
        self.mfcc = _unknown(frames, MFCC_COUNT)
        self.loudness, self.concentration, self.centre_hz = (_unknown(frames) for _ in range(3))

    def add(self, block: Block) -> None:
        """Measure the frames of a block that are wanted."""
        selection = Selection(_in_block(self._transformed, block, self._first))
        if not len(selection):
            return
        analyser = self._analyser
        analyser.transform(block, selection)
        rows = block.first - self._first + selection.frames
        part = np.flatnonzero(_in_block(self._wanted, block, self._first)[selection.frames])
        at = rows[part]
        for name, values in {**analyser.shape(), **analyser.balance()}.items():
            self.measures[name][at] = values[part]
        self.concentration[at], self.centre_hz[at] = (values[part] for values in analyser.tonality())
        mel = analyser.logmel()
        self.mfcc[at] = mfcc(mel)[:, part].T
        if self.logmel is not None:
            self.logmel[at] = mel[:, part].T
        self.loudness[at] = analyser.loudness(mel)[part]


def _unknown(*shape: int) -> Float32Array:
    return np.full(shape, np.nan, dtype=np.float32)


def _rows(block: Block, first: int, frames: int) -> tuple[slice, slice]:
    """Return where a block's frames go among a channel's, and which of the block's these are."""
    begin = block.first - first
    low, high = max(begin, 0), min(begin + BLOCK_FRAMES, frames)
    return slice(low, high), slice(low - begin, high - begin)


def _in_block(values: BoolArray, block: Block, first: int) -> BoolArray:
    """Lay out what is known of a channel's frames by those of a block; False beyond the channel's."""
    at, part = _rows(block, first, len(values))
    inside = np.zeros(BLOCK_FRAMES, dtype=np.bool_)
    inside[part] = values[at]
    return inside


def _level_measures(block: Block, grid: FrameGrid, frame_mean: FrameSums) -> dict[str, Float32Array]:
    """Return RMS level and zero crossing rate (crossings per sample, as in librosa) of a block's frames."""
    (power,) = frame_mean.of(block.squares)
    # 1 where a sample and the next differ in sign: a frame of n samples has n - 1 such pairs.
    negative = np.signbit(block.hops)
    crosses = np.zeros_like(negative)
    np.not_equal(negative[:-1], negative[1:], out=crosses[:-1])
    np.not_equal(negative[-1, :-1], negative[0, 1:], out=crosses[-1, :-1])
    crossings = np.zeros(BLOCK_FRAMES, dtype=np.float32)
    for run in frame_runs(grid, grid.frame_length - 1):
        counts = np.add.reduce(crosses[run.hop].view(np.uint8), axis=0, dtype=np.min_scalar_type(grid.hop))
        crossings += counts[run.shift : run.shift + BLOCK_FRAMES]
    return {
        "level_dbfs": power_to_dbfs(power).astype(np.float32),
        "zero_crossing_rate": crossings / np.float32(grid.frame_length),
    }


def _pitch_measures(candidates: PitchCandidates, span: FrameSpan, config: PitchConfig) -> dict[str, Float32Array]:
    """Return F0, voicing strength and harmonics-to-noise ratio of a channel's frames.

    A frame's voicing is that of its F0 or, where it is unvoiced, of its strongest candidate; NaN for digital silence,
    and where no pitch was looked for.
    """
    state = choose_path(candidates, span.first, span.measured, config)
    voiced = state != UNVOICED
    choice = np.where(voiced, state, candidates.strength.argmax(axis=0))[None]
    strength = np.take_along_axis(candidates.strength, choice, axis=0)[0]
    frequency = np.take_along_axis(candidates.frequency, choice, axis=0)[0]
    missing = np.float32(np.nan)
    return {
        "f0_hz": np.where(voiced, frequency, missing),
        "voicing": np.where(candidates.energy > 0, strength, missing),
        "hnr_db": np.where(voiced, harmonics_to_noise(strength), missing),
    }


def _mask(features: FrameFeatures) -> None:
    """Turn masked frames to NaN, and the flux of the frame after one: it has nothing to differ from."""
    measured = features.span.measured
    if not measured.all():
        masked = ~measured
        frame_values = (features.loudness, features.concentration, features.centre_hz)
        for values in (*features.measures.values(), features.mfcc, *frame_values):
            values[masked] = np.nan
        if features.logmel is not None:
            features.logmel[masked] = np.nan
    flux = features.measures["spectral_flux"]
    flux[:1] = np.nan
    flux[1:][~measured[:-1]] = np.nan
