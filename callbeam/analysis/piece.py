"""The one entry point of analysis: a piece's channels in, rows and what is known of speech out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from callbeam.analysis.analysed import AnalysedChannel, ChannelVoice, PieceAnalysis
from callbeam.analysis.frame_rows import VoiceTrack, analyse_channel
from callbeam.analysis.speech_rows import samples_end_ms, unit_rows, utterance_id, utterance_rows
from callbeam.audio import (
    HOP_MS,
    LEVEL_FLOOR_DBFS,
    FrameFeatures,
    HopExtremes,
    analyse_frames,
    frame_grid,
    frame_span,
    hop_extremes,
    peaks,
)
from callbeam.line import (
    QUIETEST_MUSIC_DBFS,
    Found,
    compare_channels,
    explained_by_leak,
    find_detections,
    mask_zeros,
    without_offset,
)
from callbeam.sentiment import Unit, UnitBatch, candidate_units, clip_batch, may_clip, may_infer, unit_batch
from callbeam.spans import as_spans, clip, covered, mask_of_spans, spans_of_mask, subtract
from callbeam.speech import UtteranceConfig, UtteranceSpans, acoustic_measures, utterance_spans
from callbeam.voice import (
    HEARD_AROUND_MS,
    PITCHED_AROUND_MS,
    VoiceActivityConfig,
    VoiceActivityDetector,
    describe_voice,
    faint_speech,
    frames_near,
    frames_reaching,
    local_noise,
    speech_spans,
    voice_changes,
    voice_levels,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from callbeam.audio import BoolArray, Channel, Float32Array, FrameSpan
    from callbeam.line import Leak
    from callbeam.sentiment import ModelContract
    from callbeam.spans import SpanArray


@dataclass(frozen=True, kw_only=True, slots=True)
class AnalysisConfig:
    """What is analysed, and how speech is decided.

    Attributes
    ----------
    frames : bool
        Also give rows of table ``frames``.
    mask_zeros : bool
        Spans where all channels are zero together are masked: recordings are filled so where they were paused.
    voice : VoiceActivityConfig
    utterances : UtteranceConfig
    audio_policy : str
        One of ``callbeam.sentiment.clips.AUDIO_POLICIES``: whose clips are kept.
    agent_sentiment : bool
        Agents' units are cut out and scored, too.
    model : ModelContract, optional
        What the sentiment model takes; without one, nothing is gathered for it.
    """

    frames: bool = False
    mask_zeros: bool = False
    voice: VoiceActivityConfig = field(default_factory=VoiceActivityConfig)
    utterances: UtteranceConfig = field(default_factory=UtteranceConfig)
    audio_policy: str = "none"
    agent_sentiment: bool = False
    model: ModelContract | None = None


@dataclass(slots=True)
class _Heard:
    """A channel, with what is measured before anything is decided.

    Attributes
    ----------
    original, channel, centred : Channel
        As decoded; with zeros masked; and of that, without a constant offset, what all but levels and limits is
        measured on.
    extremes : HopExtremes
        Of the samples as decoded.
    probability : float32 array, shape (n,)
        The detector's.
    echoed : bool array, shape (n,)
        Frames that another channel's echo explains, or on a single channel, that are too faint for its own voice.
    """

    original: Channel
    channel: Channel
    centred: Channel
    extremes: HopExtremes
    features: FrameFeatures
    probability: Float32Array
    echoed: BoolArray

    @property
    def absent(self) -> SpanArray:
        """Frames without any audio that may be kept: gaps, and what is masked."""
        return spans_of_mask(~self.features.span.present, self.features.span.first)


def analyse_piece(
    channels: Sequence[Channel], config: AnalysisConfig, detector: VoiceActivityDetector
) -> PieceAnalysis:
    """Analyse the channels of one piece together.

    Parameters
    ----------
    channels : sequence of Channel
        Of one piece: they share the leg's clock.
    config : AnalysisConfig
    detector : VoiceActivityDetector
        Gives the probability that a frame is speech.

    Raises
    ------
    UnsupportedSampleRateError
        If a channel's sample rate is no multiple of 100 Hz from 8 to 192 kHz.

    Notes
    -----
    Where a channel carries the echo of another, what the echo explains is no speech: voice activity hears it as such.
    A channel that is alone in its piece is judged by its own levels. One whose samples are implausible is masked whole.

    Examples
    --------
    >>> from callbeam import decode_capture
    >>> from callbeam.voice import SileroDetector
    >>> [piece] = decode_capture("capture.mkv").pieces
    >>> analysis = analyse_piece(piece.channels, AnalysisConfig(frames=True), SileroDetector())
    >>> for analysed in analysis.channels:
    ...     print(analysed.channel.participant_role, analysed.rows.seconds.num_rows, analysed.rows.frames.num_rows)
    CUSTOMER 3 205
    AGENT 3 205
    """
    masked = [_unheard(each) for each in (mask_zeros(channels) if config.mask_zeros else channels)]
    heard = [_hear(*pair, config, detector) for pair in zip(channels, masked, strict=True)]
    comparisons = {
        places: compare_channels(heard[places[0]].centred, heard[places[1]].centred)
        for places in combinations(range(len(heard)), 2)
    }
    for (one, two), comparison in comparisons.items():
        if comparison.alike:
            continue  # of channels that are the same sound, neither explains the other
        _find_echo(heard[one], heard[two], comparison.forward)
        _find_echo(heard[two], heard[one], comparison.backward)
    if len(heard) == 1:
        _find_faint(heard[0], config.voice)
    return PieceAnalysis(tuple(_analyse(each, config, is_alone=len(heard) == 1) for each in heard), comparisons)


def _unheard(channel: Channel) -> Channel:
    """Mask all of a channel whose samples cannot be sound: nothing can be said of speech or silence in it."""
    return replace(channel, covered=as_spans(())) if channel.implausible else channel


def _hear(original: Channel, channel: Channel, config: AnalysisConfig, detector: VoiceActivityDetector) -> _Heard:
    extremes = hop_extremes(original)
    centred = without_offset(channel, extremes)
    span = frame_span(centred, frame_grid(centred.sample_rate_hz))
    loud = frames_reaching(centred, span, min(config.voice.min_level_dbfs, QUIETEST_MUSIC_DBFS))
    audible = frames_near(loud, HEARD_AROUND_MS)
    probability = detector.probabilities(centred, span, audible)
    # Music is told by its pitch, too: it is not enough to look where the detector hears speech.
    pitched = frames_near(loud, PITCHED_AROUND_MS)
    features = analyse_frames(centred, bands=config.frames, heard=audible, pitched=pitched)
    return _Heard(original, channel, centred, extremes, features, probability, np.zeros(len(probability), np.bool_))


def _find_echo(source: _Heard, target: _Heard, leak: Leak) -> None:
    """Note which frames of a channel another one's echo explains."""
    target.echoed |= explained_by_leak(source.features, target.features, leak)


def _find_faint(heard: _Heard, config: VoiceActivityConfig) -> None:
    """Note which frames of a channel that has no other beside it are too faint for its own voice."""
    span = heard.features.span
    speech = speech_spans(heard.probability, span, config)
    heard.echoed |= faint_speech(speech, heard.features.measures["level_dbfs"], span)


def _may_have_a_partner(channel: Channel) -> bool:
    """Tell whether the call's other participant may lie on a stream of its own: Chime gives each leg one."""
    return channel.leg.identity.source == "chime"


def _analyse(heard: _Heard, config: AnalysisConfig, *, is_alone: bool) -> AnalysedChannel:
    channel, features = heard.channel, heard.features
    span = features.span
    found = find_detections(
        channel,
        features,
        heard.probability,
        explained=heard.echoed,
        extremes=heard.extremes,
        centred=heard.centred,
    )
    toned = _touched(found.sounding, span)
    own = np.where(heard.echoed | toned, np.minimum(heard.probability, np.float32(0)), heard.probability)
    level = np.where(
        toned, np.minimum(features.measures["level_dbfs"], LEVEL_FLOOR_DBFS), features.measures["level_dbfs"]
    )
    speech = _without_echo(speech_spans(own, span, config.voice, level, heard.echoed | toned), heard)
    voice = VoiceTrack(own, mask_of_spans(speech, span.first, len(span.measured)))
    core = (span.first + span.core.start, span.first + span.core.stop)
    is_leg = is_alone and _may_have_a_partner(heard.channel)
    changes = voice_changes(speech, features.measures["level_dbfs"], span).tolist() if is_leg else []
    utterances, units = _parts(heard, speech, core, config, changes)
    voiced = describe_voice(heard.centred, features, voice.speech)
    noise = local_noise(features, voice.speech)
    measure = partial(
        acoustic_measures,
        channel,
        features,
        voiced,
        voice.speech,
        noise_dbfs=noise,
        extremes=heard.extremes,
    )
    unit_spans = np.array([(unit.begin, unit.end) for unit in units], np.int64).reshape(-1, 2)
    unit_measures = measure(unit_spans, egemaps=config.model is not None and config.model.takes_egemaps)
    return AnalysedChannel(
        channel=heard.original,
        rows=analyse_channel(channel, frames=config.frames, features=features, voice=voice),
        voice=_channel_voice(
            heard, found, voice, noise, clip(clip(speech, *core) * HOP_MS, 0, samples_end_ms(channel))
        ),
        utterances=utterance_rows(channel, features, voice, speech, utterances, measure(utterances, egemaps=True)),
        units=unit_rows(channel, speech, units, unit_measures),
        clips=_clips(heard, units, config),
        batch=_model_batch(heard, units, unit_measures, config),
        features=features if is_leg else None,
    )


def _without_echo(speech: SpanArray, heard: _Heard) -> SpanArray:
    """Leave out what turns out to be echo for the most part, once its borders are found: its level rises there, too."""
    echo = covered(spans_of_mask(heard.echoed, heard.features.span.first), speech)
    return speech[2 * echo <= speech[:, 1] - speech[:, 0]]


def _parts(
    heard: _Heard, speech: SpanArray, core: tuple[int, int], config: AnalysisConfig, changes: Sequence[int]
) -> tuple[UtteranceSpans, list[Unit]]:
    """Part speech into utterances and units."""
    span, channel_id = heard.features.span, heard.channel.channel_id
    masked = spans_of_mask(~span.measured, span.first)
    level = heard.features.measures["level_dbfs"]
    utterances = utterance_spans(speech, masked, level, span.first, core, config.utterances)
    names = [utterance_id(channel_id, begin) for begin in utterances[:, 0].tolist()]
    units = candidate_units(channel_id, utterances, names, speech, masked, level, span.first, core, changes)
    return utterances, units


def _clips(heard: _Heard, units: Sequence[Unit], config: AnalysisConfig) -> pa.RecordBatch | None:
    """Cut the units' audio out, if it may be kept; that of calls whose redaction is unknown only by policy ``raw``."""
    role, agents = heard.channel.participant_role, config.agent_sentiment
    if not may_clip(config.audio_policy, role, redaction_known=False, agent_sentiment=agents):
        return None
    return clip_batch(heard.channel, units, pad_ms=config.voice.speech_pad_ms, masked=heard.absent)


def _model_batch(
    heard: _Heard, units: Sequence[Unit], measures: Mapping[str, Float32Array], config: AnalysisConfig
) -> UnitBatch | None:
    """Gather what the model takes, if there is one and it may infer anything of this participant."""
    may = may_infer(heard.channel.participant_role, agent_sentiment=config.agent_sentiment)
    if config.model is None or not may or not units:
        return None
    return unit_batch(config.model, heard.channel, units, measures=measures, masked=heard.absent)


def _touched(spans_ms: SpanArray, span: FrameSpan) -> BoolArray:
    """Tell which frames reach into spans of milliseconds: their windows are 25 ms long."""
    frames = np.stack((spans_ms[:, 0] // HOP_MS - 1, -(-spans_ms[:, 1] // HOP_MS) + 1), axis=1)
    return mask_of_spans(frames, span.first, len(span.measured))


def _channel_voice(
    heard: _Heard, found: Found, voice: VoiceTrack, noise_dbfs: Float32Array, speech: SpanArray
) -> ChannelVoice:
    audio, extremes = _covered_ms(heard.original), heard.extremes
    return ChannelVoice(
        speech=speech,
        covered=audio,
        declared=subtract(audio, _covered_ms(heard.channel)),
        detections=tuple(found.detections),
        levels=voice_levels(heard.features, voice.speech, noise_dbfs),
        peaks=peaks(heard.original, extremes),
        echoed=bool(np.any(heard.echoed & (heard.probability > voice.probability))),
    )


def _covered_ms(channel: Channel) -> SpanArray:
    """Return where a channel's core holds audio, in milliseconds of the leg's clock that are touched."""
    rate = channel.sample_rate_hz
    inside = clip(channel.covered, channel.core_start, channel.core_end)
    return as_spans(np.stack((inside[:, 0] * 1000 // rate, -(-inside[:, 1] * 1000 // rate)), axis=1))
