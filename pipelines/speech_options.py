"""Options that say what speech is, and what sentiment models get."""

from __future__ import annotations

import argparse

from callbeam.analysis import AnalysisConfig
from callbeam.assembly import AssemblyConfig, WindowConfig
from callbeam.conversation import Thresholds
from callbeam.errors import UsageError
from callbeam.pipelines.command_line import number, whole_number
from callbeam.sentiment import AGENT_SENTIMENT_HELP, AUDIO_POLICIES, ModelContract
from callbeam.speech import UtteranceConfig
from callbeam.voice import VoiceActivityConfig


def add_speech_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of voice activity and utterances, under the names that detectors commonly have."""
    voice, utterances = VoiceActivityConfig(), UtteranceConfig()
    add = parser.add_argument_group("speech").add_argument
    share, milliseconds = number(0, 1), whole_number(0, 10_000)
    add(
        "--vad-threshold",
        type=share,
        default=voice.threshold,
        metavar="P",
        help="probability at which speech begins (default %(default)g)",
    )
    add("--vad-neg-threshold", type=share, metavar="P", help="below which it ends (default: 0.15 less)")
    add(
        "--vad-min-speech-ms",
        type=milliseconds,
        default=voice.min_speech_ms,
        metavar="MS",
        help="shorter speech is dropped (default %(default)s)",
    )
    add(
        "--vad-min-silence-ms",
        type=milliseconds,
        default=voice.min_silence_ms,
        metavar="MS",
        help="shorter pauses are speech (default %(default)s)",
    )
    add(
        "--vad-min-level-dbfs",
        type=number(-200, 0),
        default=voice.min_level_dbfs,
        metavar="DBFS",
        help="what stays below this level throughout is no speech (default %(default)g)",
    )
    add(
        "--vad-speech-pad-ms",
        type=milliseconds,
        default=voice.speech_pad_ms,
        metavar="MS",
        help="what clips get on either side; offsets are without (default %(default)s)",
    )
    add(
        "--utterance-pause-ms",
        type=whole_number(10, 5000),
        default=utterances.min_pause_ms,
        metavar="MS",
        help="pause between two utterances (default %(default)s)",
    )
    add(
        "--mask-zeros",
        action="store_true",
        help="spans of at least 1 s where all channels are digital silence are neither speech nor silence: recordings "
        "are filled so where they were paused or redacted",
    )


def add_sentiment_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of sentiment inputs."""
    add = parser.add_argument_group("sentiment inputs").add_argument
    add(
        "--audio-policy",
        choices=AUDIO_POLICIES,
        default="none",
        help="clips of the units: none; of calls of which records say what is redacted; of all (default %(default)s)",
    )
    add("--agent-sentiment", action="store_true", help=AGENT_SENTIMENT_HELP)
    add("--prosody-text", action="store_true", help="describe each eligible unit's sound in words, for language models")
    add("--split-salt", default="", metavar="TEXT", help="deals the calls anew to train, validation and test")
    add(
        "--sentiment-model",
        metavar="FILE",
        help="an ONNX model of your own that scores the units, on each worker's disk or at s3://bucket/key; "
        "docs/sentiment.md says what it must tell of itself",
    )


def analysis_config(options: argparse.Namespace, model: ModelContract | None) -> AnalysisConfig:
    """Make the analysis' configuration from the options.

    Parameters
    ----------
    options : argparse.Namespace
    model : ModelContract or None
        What the sentiment model says of itself.

    Raises
    ------
    UsageError
        If they contradict each other.
    """
    if options.vad_min_silence_ms > options.utterance_pause_ms:
        raise UsageError(
            f"--vad-min-silence-ms {options.vad_min_silence_ms} takes pauses for speech that --utterance-pause-ms "
            f"{options.utterance_pause_ms} would part utterances at; make the one at most the other"
        )
    return AnalysisConfig(
        frames=options.frames,
        mask_zeros=options.mask_zeros,
        voice=VoiceActivityConfig(
            threshold=options.vad_threshold,
            neg_threshold=options.vad_neg_threshold,
            min_speech_ms=options.vad_min_speech_ms,
            min_silence_ms=options.vad_min_silence_ms,
            min_level_dbfs=options.vad_min_level_dbfs,
            speech_pad_ms=options.vad_speech_pad_ms,
        ),
        utterances=UtteranceConfig(min_pause_ms=options.utterance_pause_ms),
        audio_policy=options.audio_policy,
        agent_sentiment=options.agent_sentiment,
        model=model,
    )


def assembly_config(options: argparse.Namespace, model: ModelContract | None) -> AssemblyConfig:
    """Make the assembly's configuration from the options."""
    return AssemblyConfig(
        thresholds=Thresholds(min_pause_ms=options.utterance_pause_ms),
        windows=WindowConfig(window_ms=round(options.window_seconds * 1000), hop_ms=round(options.hop_seconds * 1000)),
        agent_sentiment=options.agent_sentiment,
        prosody_text=options.prosody_text,
        split_salt=options.split_salt,
        model_sha256=model.sha256 if model else None,
    )
