"""Who decides what is speech: the interface of detectors, and from their probabilities to spans of speech."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from callbeam.audio import HOP_MS, BoolArray, Float32Array, FrameSpan
from callbeam.errors import UsageError
from callbeam.spans import SpanArray, as_spans, spans_of_mask
from callbeam.voice.speech_borders import move_to_level

if TYPE_CHECKING:
    import numpy.typing as npt

    from callbeam.audio import Channel


class VoiceActivityDetector(Protocol):
    """Tells how likely each frame of a channel is to hold speech.

    Crosses to workers by pickling. What it says of a frame may depend on the audio and its place on the leg's clock
    alone, never on where a piece begins beyond what 30 s of lead-in make up for.
    """

    @property
    def sha256(self) -> str:
        """Names the model in table ``jobs``."""

    def probabilities(self, channel: Channel, span: FrameSpan, wanted: BoolArray | None = None) -> Float32Array:
        """Return the probability of speech in each frame of ``span``, float32, shape (n,), NaN where masked.

        Frames that are not wanted, where that is told, are too quiet to count: 0 does for them.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class VoiceActivityConfig:
    """How probabilities become speech; names and defaults as Silero's.

    Attributes
    ----------
    threshold : float
        Speech begins at this probability.
    neg_threshold : float, optional
        It ends below this; ``threshold - 0.15`` (at least 0.01) unless given.
    min_speech_ms : int
        Shorter speech is none; before borders are moved.
    min_silence_ms : int
        Shorter pauses are part of the speech around them.
    min_level_dbfs : float
        What stays below this level throughout is no speech: where a line opens, its faint noise may sound like some.
        Applies where levels are given; detectors are not asked about what is further than 0.5 s from such a level.
    speech_pad_ms : int
        Added on either side of clips; decided speech stays unpadded.
    onset_shift_ms, offset_shift_ms : int
        Added to where the probabilities begin and end speech, where no level tells better; for Silero as it is run
        here. A detector that hears borders sharply wants 0.

    Raises
    ------
    UsageError
        If a value makes no sense.
    """

    threshold: float = 0.5
    neg_threshold: float | None = None
    min_speech_ms: int = 250
    min_silence_ms: int = 100
    min_level_dbfs: float = -55.0
    speech_pad_ms: int = 30
    onset_shift_ms: int = -20
    offset_shift_ms: int = -120

    def __post_init__(self) -> None:
        if not 0 < self.threshold < 1:
            raise UsageError(f"--vad-threshold is {self.threshold}: a probability between 0 and 1 is needed, e.g. 0.5")
        if self.neg_threshold is not None and not 0 < self.neg_threshold <= self.threshold:
            raise UsageError(
                f"--vad-neg-threshold is {self.neg_threshold}: it must lie above 0 and not above --vad-threshold "
                f"({self.threshold}); leave it out for {_end_threshold(self.threshold):.2f}"
            )
        for name in ("min_speech_ms", "min_silence_ms", "speech_pad_ms"):
            value = getattr(self, name)
            if not 0 <= value <= 10_000:
                option = "--vad-" + name.replace("_", "-")
                raise UsageError(f"{option} is {value}: give milliseconds from 0 to 10000")
        if not self.min_level_dbfs <= 0:
            raise UsageError(
                f"--vad-min-level-dbfs is {self.min_level_dbfs}: levels are at most 0 dBFS; give e.g. -55, or -200 for "
                "no limit"
            )

    @property
    def end_threshold(self) -> float:
        """Speech ends below this."""
        return _end_threshold(self.threshold) if self.neg_threshold is None else self.neg_threshold


def _end_threshold(threshold: float) -> float:
    """Return Silero's usual end to a threshold."""
    return max(threshold - 0.15, 0.01)


def speech_spans(
    probabilities: Float32Array,
    span: FrameSpan,
    config: VoiceActivityConfig,
    level_dbfs: Float32Array | None = None,
    others: BoolArray | None = None,
) -> SpanArray:
    """Decide where speech is.

    Parameters
    ----------
    probabilities : float32 array, shape (n,)
        Of the frames of ``span``; NaN is masked.
    span : FrameSpan
    config : VoiceActivityConfig
    level_dbfs : float32 array, shape (n,), optional
        Level of the same frames (``FrameFeatures.measures["level_dbfs"]``): borders are then moved to where it rises
        and falls, which is better than by ``onset_shift_ms`` and ``offset_shift_ms``.
    others : bool array, shape (n,), optional
        Frames that are another's voice: no border is moved there.

    Returns
    -------
    SpanArray
        [begin, end) in frames of the leg's grid, unpadded; none reaches across a masked frame.

    Examples
    --------
    A pause of 50 ms ends no speech, and 100 ms are no speech:

    >>> from callbeam.audio import FrameSpan
    >>> heard = np.ones(200, dtype=bool)
    >>> probabilities = np.zeros(200, dtype=np.float32)
    >>> probabilities[20:60] = probabilities[65:100] = probabilities[150:160] = 0.9
    >>> config = VoiceActivityConfig(onset_shift_ms=0, offset_shift_ms=0)
    >>> speech_spans(probabilities, FrameSpan(0, heard, heard, slice(0, 200)), config).tolist()
    [[20, 100]]
    """
    heard = span.measured & ~np.isnan(probabilities)
    spans = _hysteresis(np.where(heard, probabilities, 0), config) + span.first
    runs = spans_of_mask(heard, span.first)
    spans = _join(spans, runs, config.min_silence_ms // HOP_MS)
    spans = spans[spans[:, 1] - spans[:, 0] >= config.min_speech_ms // HOP_MS]
    if level_dbfs is not None:
        spans = _loud_enough(spans - span.first, level_dbfs, config.min_level_dbfs) + span.first
        return move_to_level(spans, level_dbfs, runs, span.first, others)
    return _shift(spans, runs, config.onset_shift_ms // HOP_MS, config.offset_shift_ms // HOP_MS)


def _hysteresis(probabilities: Float32Array, config: VoiceActivityConfig) -> SpanArray:
    """Return speech that begins at one threshold and ends below another."""
    runs = spans_of_mask(probabilities >= config.end_threshold)
    high = np.append(np.flatnonzero(probabilities >= config.threshold), len(probabilities))
    begins = high[np.searchsorted(high, runs[:, 0])]
    spans = np.stack((begins, runs[:, 1]), axis=1)
    return spans[begins < runs[:, 1]]


def _run_of(spans: SpanArray, runs: SpanArray) -> npt.NDArray[np.intp]:
    """Return which unmasked run each span lies in."""
    return np.searchsorted(runs[:, 0], spans[:, 0], side="right") - 1


def _join(spans: SpanArray, runs: SpanArray, shortest: int) -> SpanArray:
    """Join spans of one unmasked run with less than ``shortest`` between them."""
    if len(spans) < 2:
        return spans
    run = _run_of(spans, runs)
    apart = (spans[1:, 0] - spans[:-1, 1] >= shortest) | (run[1:] != run[:-1])
    return np.stack((spans[np.append(True, apart), 0], spans[np.append(apart, True), 1]), axis=1)


def _loud_enough(spans: SpanArray, level_dbfs: Float32Array, least: float) -> SpanArray:
    """Return the spans with a frame of at least this level."""
    if not len(spans):
        return spans
    # reduceat takes the stretches between spans too, and needs a begin for what follows the last.
    loudest = np.fmax.reduceat(np.append(level_dbfs, -np.inf), spans.ravel())[::2]
    return spans[loudest >= least]


def _shift(spans: SpanArray, runs: SpanArray, begin: int, end: int) -> SpanArray:
    """Move begins and ends, within their unmasked run and never past each other."""
    if not len(spans):
        return spans
    run = runs[_run_of(spans, runs)]
    begins = np.clip(spans[:, 0] + begin, run[:, 0], run[:, 1] - 1)
    ends = np.clip(np.maximum(spans[:, 1] + end, begins + 1), run[:, 0], run[:, 1])
    return as_spans(np.stack((begins, ends), axis=1))
