"""Hold music: sound with pitch, held notes and more than one of them, that is not speech, for four seconds or more.

Music with singing is speech to a voice activity detector, and no hold music here; nor can a silent hold be heard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.ndimage import uniform_filter1d

from callbeam.audio.frames import BoolArray, Float32Array, hann_window
from callbeam.audio.marks import HOLD_MUSIC, TONE, Mark
from callbeam.calls.spans import bridge, spans_of_mask

if TYPE_CHECKING:
    from callbeam.audio.channel import Channel
    from callbeam.audio.features import FrameFeatures

SHORTEST_S = 4.0
QUIETEST_DBFS = -50.0

_VOICING = 0.5
_AROUND = 100  # frames: 1 s
_TONAL_SHARE = 0.5
_SPEECH = 0.3
_BRIDGED = 150  # frames
_PAUSE = 20  # frames
_QUIETER_DB = 20.0
_AT_ONCE = 256  # windows transformed
_NOTE_HOP_S, _NOTE_S = 0.05, 0.064
_HELD_SHARE = 0.5
_FEWEST_NOTES = 3
_NOTE_SHARE = 0.04


def find_hold_music(channel: Channel, features: FrameFeatures, probability: Float32Array) -> list[Mark]:
    """Find music on a channel, leads included.

    Returns
    -------
    list of Mark
        Sorted, in milliseconds from the leg's clock zero; ``frequency_hz`` is the note heard most.
    """
    marks = []
    tonal = _tonal(features, probability)
    musical = (uniform_filter1d(tonal.astype(np.float32), _AROUND, mode="constant") >= _TONAL_SHARE) & (
        uniform_filter1d(probability.astype(np.float32), _AROUND) <= _SPEECH
    )
    for begin, end in bridge(spans_of_mask(musical), _BRIDGED).tolist():
        # The average over 1 s reaches half a second beyond the first and the last sound.
        first, last = _trimmed(features.measures["level_dbfs"], tonal, max(begin - _AROUND // 2, 0), end + _AROUND // 2)
        if last - first >= SHORTEST_S * 100:
            mark = _measure(channel, features, first, last)
            marks.extend([mark] if mark else [])
    return marks


def _tonal(features: FrameFeatures, probability: Float32Array) -> BoolArray:
    """Tell which frames have a pitch and are not speech."""
    with np.errstate(invalid="ignore"):
        return np.asarray(
            (features.measures["level_dbfs"] > QUIETEST_DBFS)
            & (features.measures["voicing"] >= _VOICING)
            & (probability < 0.5),
            dtype=np.bool_,
        )


def _trimmed(level_dbfs: Float32Array, tonal: BoolArray, begin: int, end: int) -> tuple[int, int]:
    """Return where within frames [begin, end) music begins and ends.

    What is much quieter is hum or echo; a short stretch that a pause sets off at either end is the speech before or
    after, which takes the detector some time to see.
    """
    part = slice(begin, end)
    loudness = np.median(level_dbfs[part][tonal[part]])
    sounding = tonal[part] & (np.nan_to_num(level_dbfs[part], nan=-200.0) > loudness - _QUIETER_DB)
    runs = bridge(spans_of_mask(sounding, begin), _PAUSE).tolist()
    while len(runs) > 1 and runs[-1][1] - runs[-1][0] < _AROUND:
        runs.pop()
    while len(runs) > 1 and runs[0][1] - runs[0][0] < _AROUND:
        runs.pop(0)
    return runs[0][0], runs[-1][1]


def _measure(channel: Channel, features: FrameFeatures, first: int, last: int) -> Mark | None:
    """Measure frames [first, last) of the features; None if they hold no notes, or one only."""
    begin, end = features.span.first + first, features.span.first + last
    notes = _notes(channel, begin, end)
    # Speech glides, notes are held; hum and single tones never change.
    held = np.abs(np.diff(notes)) < 0.35
    if len(held) < 2 or held.mean() < _HELD_SHARE:
        return None
    names, counts = np.unique(np.rint(notes[1:][held]), return_counts=True)
    if np.count_nonzero(counts >= _NOTE_SHARE * held.sum()) < _FEWEST_NOTES:
        return None
    frequency = float(27.5 * 2 ** (names[counts.argmax()] / 12))
    power = np.nanmean(10 ** (features.measures["level_dbfs"][first:last].astype(np.float64) / 10))
    return Mark(TONE, begin * 10, end * 10, HOLD_MUSIC, None, frequency, float(10 * np.log10(power)))


def _notes(channel: Channel, begin: int, end: int) -> npt.NDArray[np.float64]:
    """Return the strongest frequency every 50 ms of the leg's frames [begin, end), in semitones above 27.5 Hz."""
    rate = channel.sample_rate_hz
    length, hop = round(_NOTE_S * rate), round(_NOTE_HOP_S * rate)
    low = max(begin * rate // 100 - channel.first_sample, 0)
    samples = channel.samples[low : max(end * rate // 100 - channel.first_sample, 0)]
    if len(samples) < length:
        return np.zeros(0)
    windows = np.lib.stride_tricks.sliding_window_view(samples, length)[::hop]
    parts = [_strongest_hz(windows[at : at + _AT_ONCE], rate) for at in range(0, len(windows), _AT_ONCE)]
    return np.asarray(12 * np.log2(np.concatenate(parts) / 27.5))


def _strongest_hz(windows: npt.NDArray[np.int16], rate: int) -> npt.NDArray[np.float64]:
    """Return the strongest frequency above 200 Hz of each window."""
    length = windows.shape[1]
    spectrum = np.abs(fft.rfft(windows * hann_window(length).astype(np.float32), 2 * length, axis=1, workers=1))
    resolution = rate / (2 * length)
    lowest = int(200 / resolution)
    spectrum[:, :lowest] = 0
    top = np.clip(spectrum.argmax(axis=1), lowest + 1, spectrum.shape[1] - 2)
    rows = np.arange(len(top))
    before, middle, after = (spectrum[rows, top + k].astype(np.float64) for k in (-1, 0, 1))
    shift = 0.5 * (before - after) / np.minimum(before - 2 * middle + after, -1e-12)
    return np.asarray((top + np.clip(shift, -0.5, 0.5)) * resolution)
