"""A piece analysed: pieces give what the whole leg would, echo is no speech, and what is asked for is there."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from builders.channels import make_channel
from builders.jobs import make_leg

from callbeam.analysis import AnalysisConfig, PieceAnalysis, analyse_piece
from callbeam.audio import Channel
from callbeam.callmaker import CallSpec, ConversationSpec, LineConditions, make_call
from callbeam.spans import as_spans, bridge, clip, intersect, length
from callbeam.timeline import LEAD_MS, PIECE_MS
from callbeam.voice import SileroDetector, VoiceActivityConfig, join_voice_levels

START_MS = 1_772_443_800_000
LEG = make_leg(START_MS, first_number=1000)
RATE = 8000


def channel_of(role: str, samples: np.ndarray, covered: np.ndarray | None = None) -> Channel:
    name = role[0].lower() * 12
    return make_channel(
        samples, covered=covered, role=role, leg=LEG, channel_id=name, track_name=role, clock_start_ms=START_MS
    )


@cache
def call(seed: int, echo_db: float | None = None) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return samples and true speech (ms) of a made-up call of 2 minutes, by role."""
    line = LineConditions(snr_db=30.0, echo_db=echo_db)
    made = make_call(CallSpec("c-1", START_MS, ConversationSpec(duration_ms=120_000), line, line), seed)
    return made.pcm, {role: bridge(channel.spans // 8, 500) for role, channel in made.channels.items()}


def part_of(channel: Channel, index: int) -> Channel:
    """Cut a channel as the source would cut its leg."""
    core_start, core_end = index * PIECE_MS * 8, min((index + 1) * PIECE_MS * 8, len(channel.samples))
    low, high = max(core_start - LEAD_MS * 8, 0), min(core_end + LEAD_MS * 8, len(channel.samples))
    return replace(
        channel,
        first_sample=low,
        samples=channel.samples[low:high],
        covered=clip(channel.covered, low, high),
        core_start=core_start,
        core_end=core_end,
    )


def rows(analyses: list[PieceAnalysis], table: str) -> pa.Table:
    batches = [getattr(channel, table) for analysis in analyses for channel in analysis.channels]
    return pa.Table.from_batches(batches).sort_by([("channel_id", "ascending"), ("begin_ts", "ascending")])


def test_pieces_give_what_the_whole_leg_would() -> None:
    pcm, _ = call(5)
    lasts = 33 * 60 * RATE
    covered = as_spans([(0, 100 * RATE), (103 * RATE, 1795 * RATE + 77), (1796 * RATE, lasts)])
    whole = [channel_of(role, np.resize(samples, lasts), covered) for role, samples in pcm.items()]
    detector = SileroDetector()
    at_once = analyse_piece(whole, AnalysisConfig(), detector)
    pieces = [
        analyse_piece([part_of(channel, index) for channel in whole], AnalysisConfig(), detector) for index in range(2)
    ]
    for table in ("utterances", "units"):
        expected, got = rows([at_once], table), rows(pieces, table)
        names = ["begin_ts", "duration_ms", "speech_ms", "channel_id"]
        assert got.select(names).equals(expected.select(names)), table
        for name in ("level_mean_dbfs", "f0_mean_st", "hnr_mean_db", "jitter_ratio", "snr_db", "syllable_rate_hz"):
            one, other = (part[name].to_numpy() for part in (got, expected))
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4, err_msg=f"{table}.{name}")
    for place, channel in enumerate(at_once.channels):
        spans = np.concatenate([analysis.channels[place].voice.speech for analysis in pieces])
        np.testing.assert_array_equal(as_spans(spans.tolist()), channel.voice.speech)
        detections = {detection.kind for detection in channel.voice.detections}
        assert {
            detection.kind for piece in pieces for detection in piece.channels[place].voice.detections
        } == detections
        peaks = np.concatenate([analysis.channels[place].voice.peaks for analysis in pieces])
        np.testing.assert_array_equal(peaks, channel.voice.peaks)


def false_share(analysis: PieceAnalysis, truth: dict[str, np.ndarray]) -> float:
    """Return how much of what is called speech lies more than 250 ms from any true speech."""
    wrong = total = 0
    for analysed in analysis.channels:
        spoken = analysed.voice.speech
        true = truth[analysed.channel.participant_role or ""]
        near = as_spans([(begin - 250, end + 250) for begin, end in true.tolist()])
        wrong += length(spoken) - length(intersect(spoken, near))
        total += length(spoken)
    return wrong / total


@pytest.mark.parametrize("echo_db", [-22.0, -30.0])
def test_what_the_other_channel_explains_is_no_speech(echo_db: float) -> None:
    pcm, truth = call(6, echo_db)
    channels = [channel_of(role, samples) for role, samples in pcm.items()]
    together = analyse_piece(channels, AnalysisConfig(), SileroDetector())
    (comparison,) = together.comparisons.values()
    assert comparison.forward.echo_db == pytest.approx(echo_db, abs=4)
    assert comparison.backward.echo_db == pytest.approx(echo_db, abs=4)
    assert false_share(together, truth) < 0.02
    for analysed in together.channels:
        true = truth[analysed.channel.participant_role or ""]
        assert length(intersect(analysed.voice.speech, true)) > 0.9 * length(true)


@pytest.mark.parametrize("seed", [1, 5])
def test_no_utterance_is_echo_for_the_most_part(seed: int) -> None:
    pcm, _ = call(seed, -22.0)
    analysis = analyse_piece(
        [channel_of(role, samples) for role, samples in pcm.items()], AnalysisConfig(), SileroDetector()
    )
    found = rows([analysis], "utterances")["speech_probability"].to_numpy()
    assert len(found) > 20
    assert found.min() > 0.3


def test_a_faint_voice_is_speech_where_the_least_level_says_so() -> None:
    pcm, _ = call(5)
    faint = {role: np.rint(samples * 0.003).astype(np.int16) for role, samples in pcm.items()}
    channels = [channel_of(role, samples) for role, samples in faint.items()]
    detector = SileroDetector()
    for analysed in analyse_piece(channels, AnalysisConfig(), detector).channels:
        assert not analysed.utterances.num_rows
    lower = AnalysisConfig(voice=VoiceActivityConfig(min_level_dbfs=-90.0))
    for analysed in analyse_piece(channels, lower, detector).channels:
        assert analysed.utterances.num_rows > 3


def test_a_doubled_channel_loses_no_speech_to_the_fainter_copy() -> None:
    pcm, _ = call(6)
    mix = (pcm["CUSTOMER"] // 2 + pcm["AGENT"] // 2).astype(np.int16)
    copy = np.roll(np.rint(0.7 * mix).astype(np.int16), 80)
    doubled = analyse_piece(
        [channel_of("CUSTOMER", mix), channel_of("AGENT", copy)], AnalysisConfig(), SileroDetector()
    )
    first, second = (analysed.voice for analysed in doubled.channels)
    assert not first.echoed
    assert not second.echoed
    assert length(second.speech) == pytest.approx(length(first.speech), rel=0.05)


@pytest.mark.parametrize("offset", [98, 6554])
def test_a_constant_offset_changes_only_what_is_of_all_samples(offset: int) -> None:
    sounds = {role: np.clip(samples, -20_000, 20_000) for role, samples in call(6)[0].items()}
    plain, shifted = (
        analyse_piece(
            [channel_of(role, samples + np.int16(some)) for role, samples in sounds.items()],
            AnalysisConfig(audio_policy="raw"),
            SileroDetector(),
        )
        for some in (0, offset)
    )
    for one, other in zip(plain.channels, shifted.channels, strict=True):
        levels = [join_voice_levels([some.voice.levels]) for some in (one, other)]
        assert levels[1]["snr_db"] == pytest.approx(levels[0]["snr_db"], abs=0.3)
        both = length(intersect(one.voice.speech, other.voice.speech))
        assert both > 0.99 * max(length(one.voice.speech), length(other.voice.speech))
        assert other.voice.echoed == one.voice.echoed
        np.testing.assert_array_equal(other.channel.samples, one.channel.samples + np.int16(offset))
        assert other.rows.levels.total - one.rows.levels.total == offset * len(one.channel.samples)
        assert [detection.kind for detection in other.voice.detections] == [
            detection.kind for detection in one.voice.detections
        ]


@pytest.mark.parametrize("rest", [3, 8, 79])
def test_nothing_ends_behind_the_channel(rest: int) -> None:
    pcm, truth = call(6)
    # The customer's words cut off within a frame, and within a millisecond of it.
    begin, _ = max(truth["CUSTOMER"].tolist(), key=lambda span: span[1] - span[0])
    lasts = (begin // 10 + 100) * 80 + rest
    end_ms = -(-lasts // 8)
    analysis = analyse_piece(
        [channel_of(role, samples[:lasts]) for role, samples in pcm.items()], AnalysisConfig(), SileroDetector()
    )
    ends = {}
    for table in ("utterances", "units"):
        found = rows([analysis], table)
        begins = found["begin_ts"].cast(pa.int64()).to_numpy() - START_MS
        ends[table] = begins + found["duration_ms"].to_numpy()
        assert found.num_rows
        assert np.all(found["speech_ms"].to_numpy() <= found["duration_ms"].to_numpy())
        assert ends[table].max() == end_ms
    assert analysis.channels[0].voice.speech[-1, 1] == end_ms
    utterances = rows([analysis], "utterances")
    parts = utterances["speech_ms"].to_numpy() + utterances["pause_ms"].to_numpy()
    np.testing.assert_array_equal(parts, utterances["duration_ms"].to_numpy())


def test_only_what_is_asked_for_is_there() -> None:
    pcm, _ = call(6, -30.0)
    channels = [channel_of(role, samples) for role, samples in pcm.items()]
    plain = analyse_piece(channels, AnalysisConfig(), SileroDetector())
    assert {(one.clips, one.batch, one.rows.frames) for one in plain.channels} == {(None, None, None)}
    raw = analyse_piece(channels, AnalysisConfig(audio_policy="raw", frames=True), SileroDetector())
    clips = {one.channel.participant_role: one.clips for one in raw.channels}
    assert clips["AGENT"] is None
    assert clips["CUSTOMER"] is not None
    assert clips["CUSTOMER"].num_rows == next(
        one.units.num_rows for one in raw.channels if one.channel.participant_role == "CUSTOMER"
    )
    probability = raw.channels[0].rows.frames["speech_probability"].to_numpy(zero_copy_only=False)  # type: ignore[index]
    assert 0 <= np.nanmin(probability) < 0.1
    assert 0.9 < np.nanmax(probability) <= 1
    redacted = analyse_piece(channels, AnalysisConfig(audio_policy="redacted"), SileroDetector())
    assert {one.clips for one in redacted.channels} == {None}


def test_zeros_that_all_channels_share_are_masked_if_asked() -> None:
    pcm, _ = call(6, -30.0)
    paused = {role: samples.copy() for role, samples in pcm.items()}
    for samples in paused.values():
        samples[40 * RATE : 50 * RATE] = 0
    channels = [channel_of(role, samples) for role, samples in paused.items()]
    masked = analyse_piece(channels, AnalysisConfig(mask_zeros=True), SileroDetector())
    plain = analyse_piece(channels, AnalysisConfig(), SileroDetector())
    for analysed in masked.channels:
        assert analysed.voice.declared.tolist() == [[40_000, 50_000]]
        starts = analysed.rows.seconds["start_ts"].cast(pa.int64()).to_numpy() - START_MS
        assert not np.any((starts >= 40_000) & (starts < 50_000))
    for analysed in plain.channels:
        assert len(analysed.voice.declared) == 0
        assert "digital_silence" in {detection.kind for detection in analysed.voice.detections}
