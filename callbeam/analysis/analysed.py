"""What the analysis of a piece gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from callbeam.analysis.frame_rows import ChannelAnalysis
    from callbeam.audio import Channel, FrameFeatures
    from callbeam.line import Comparison, Detection
    from callbeam.sentiment import UnitBatch
    from callbeam.spans import SpanArray
    from callbeam.voice import VoiceLevels


@dataclass(frozen=True, slots=True)
class ChannelVoice:
    """What a piece's core tells of who speaks when on a channel; milliseconds from the leg's clock zero.

    Attributes
    ----------
    speech : SpanArray
        What is decided to be speech, pauses left out.
    covered : SpanArray
        Where there is audio.
    declared : SpanArray
        Audio that is masked all the same: what ``mask_zeros`` found.
    detections : tuple of Detection
    levels : VoiceLevels
    peaks : int8 array, shape (n,)
        Largest absolute sample of each 50 ms of the core, 0 to 127; -1 without audio.
    echoed : bool
        Some of what sounded like speech was another's echo.
    """

    speech: SpanArray
    covered: SpanArray
    declared: SpanArray
    detections: tuple[Detection, ...]
    levels: VoiceLevels
    peaks: npt.NDArray[np.int8]
    echoed: bool


@dataclass(frozen=True, slots=True)
class AnalysedChannel:
    """What a piece's core of a channel gives.

    Attributes
    ----------
    channel : Channel
        As it was decoded, nothing masked.
    rows : ChannelAnalysis
        Of seconds and frames.
    voice : ChannelVoice
    utterances, units : pyarrow.RecordBatch
        ``UTTERANCE_ROWS`` and ``UNIT_ROWS``.
    clips : pyarrow.RecordBatch or None
        ``CLIPS_SCHEMA``: the units' audio, where the policy allows it.
    batch : UnitBatch or None
        What a sentiment model takes of the units, where there is one that may.
    features : FrameFeatures or None
        The frames, of a channel whose partner may lie on another stream.
    """

    channel: Channel
    rows: ChannelAnalysis
    voice: ChannelVoice
    utterances: pa.RecordBatch
    units: pa.RecordBatch
    clips: pa.RecordBatch | None
    batch: UnitBatch | None
    features: FrameFeatures | None = None


@dataclass(frozen=True, slots=True)
class ChannelPair:
    """Two channels of a piece, compared.

    Attributes
    ----------
    first_id, second_id : str
        The channels.
    piece : int
        Index of the piece in its leg.
    comparison : Comparison
    """

    first_id: str
    second_id: str
    piece: int
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class PieceAnalysis:
    """What a piece gives: its channels, in order, and how they compare, by their places."""

    channels: tuple[AnalysedChannel, ...]
    comparisons: dict[tuple[int, int], Comparison]

    def pairs(self, piece: int) -> list[ChannelPair]:
        """Name the channels that were compared, and the piece."""
        names = [analysed.channel.channel_id for analysed in self.channels]
        return [ChannelPair(names[one], names[two], piece, some) for (one, two), some in self.comparisons.items()]
