"""Options of voice activity and utterances: what contradicts itself is refused."""

import pytest

from callbeam.analysis import AnalysisConfig
from callbeam.errors import UsageError
from callbeam.pipelines.command_line import StrictParser, parse
from callbeam.pipelines.speech_options import add_sentiment_arguments, add_speech_arguments, analysis_config


def config(*words: str) -> AnalysisConfig:
    parser = StrictParser()
    parser.add_argument("--frames", action="store_true")
    add_speech_arguments(parser)
    add_sentiment_arguments(parser)
    options, _ = parse(parser, list(words))
    return analysis_config(options, None)


def test_defaults_are_the_configurations_own() -> None:
    assert config() == AnalysisConfig()


def test_pauses_that_are_speech_part_no_utterances() -> None:
    longest = config("--vad-min-silence-ms", "300", "--utterance-pause-ms", "300")
    assert (longest.voice.min_silence_ms, longest.utterances.min_pause_ms) == (300, 300)
    with pytest.raises(UsageError, match=r"--vad-min-silence-ms 310 .* --utterance-pause-ms 300 "):
        config("--vad-min-silence-ms", "310", "--utterance-pause-ms", "300")
