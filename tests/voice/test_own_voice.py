"""A single channel's own voice is told from the echo of another by its level, and nothing of it is lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders.channels import make_channel
from builders.shared_data import real_call
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.audio import FrameSpan, analyse_frames
from callbeam.callmaker import LineConditions, make_call, varied_call
from callbeam.spans import as_spans, bridge, length, mask_of_spans, spans_of_mask
from callbeam.voice import SileroDetector, VoiceActivityConfig, faint_speech, speech_spans, voice_changes
from callbeam.voice.own_voice import FAINT_DB

NOISE_DBFS = -75.0
OWN_DBFS = -24.0
CONFIG = VoiceActivityConfig()


def talk(*parts, first=0):
    """Make levels of (frames, dBFS) parts, None being a pause; return speech, levels and their frames."""
    rng = np.random.default_rng(len(parts))
    level, speech, at = [], [], 0
    for frames, dbfs in parts:
        steady = NOISE_DBFS if dbfs is None else dbfs
        level.append(steady + rng.uniform(-2, 2, frames))
        if dbfs is not None:
            speech.append((first + at, first + at + frames))
        at += frames
    return as_spans(speech), np.concatenate(level).astype(np.float32), span_of(first, at)


def span_of(first, count):
    everything = np.ones(count, dtype=np.bool_)
    return FrameSpan(first, everything, everything, slice(0, count))


def taking_turns(echo_dbfs, turns=12, own_dbfs=OWN_DBFS):
    own, echo = (250, own_dbfs), (200, echo_dbfs)
    return [part for _ in range(turns) for part in (own, (60, None), echo, (60, None))]


def of_level(level, dbfs):
    return np.abs(level - dbfs) < 3


def test_the_quiet_half_of_a_conversation_is_anothers():
    speech, level, span = talk(*taking_turns(-48.0))
    faint = faint_speech(speech, level, span)
    assert not faint[of_level(level, OWN_DBFS)].any()
    assert faint[of_level(level, -48.0)].all()


def test_an_echo_is_cut_off_where_own_words_begin():
    turn = [(200, -48.0), (250, OWN_DBFS), (200, -48.0), (80, None)]
    speech, level, span = talk(*turn * 8, (200, -48.0), (80, None))
    faint = faint_speech(speech, level, span)
    assert not faint[of_level(level, OWN_DBFS)].any()
    for begin in range(0, 8 * 730, 730):
        assert faint[begin : begin + 190].all()
        assert faint[begin + 450 + 40 : begin + 650].all()


def test_soft_words_are_kept_among_louder_ones_only():
    soft = (100, OWN_DBFS - 14)
    round_of_words = [(250, OWN_DBFS), soft, (250, OWN_DBFS), (60, None), soft, (60, None)]
    speech, level, span = talk(*round_of_words * 6, *taking_turns(-48.0))
    faint = faint_speech(speech, level, span)
    for begin in range(0, 6 * 820, 820):
        assert not faint[begin : begin + 600].any()
        assert faint[begin + 660 : begin + 760].all()


@pytest.mark.parametrize("quieter_db", [0.0, 6.0, 12.0])
def test_who_speaks_at_any_one_level_is_kept(quieter_db):
    speech, level, span = talk(*taking_turns(OWN_DBFS - quieter_db))
    assert not faint_speech(speech, level, span).any()


def test_a_few_quiet_words_are_no_echo():
    speech, level, span = talk(*[(250, OWN_DBFS), (60, None)] * 20, (90, -45.0), (60, None), *[(250, OWN_DBFS)])
    assert not faint_speech(speech, level, span).any()
    speech, level, span = talk(*taking_turns(OWN_DBFS, turns=120), (110, -45.0), (60, None))
    assert not faint_speech(speech, level, span).any()


@pytest.mark.parametrize("step_db", [-12.0, 12.0])
def test_own_words_outlast_a_gain_step(step_db):
    before, after = taking_turns(-46.0), taking_turns(-46.0 + step_db, own_dbfs=OWN_DBFS + step_db)
    speech, level, span = talk(*before, *after)
    faint = faint_speech(speech, level, span)
    own = of_level(level, OWN_DBFS) | of_level(level, OWN_DBFS + step_db)
    assert spans_of_mask(faint & own)[:, 1].size <= 2
    assert (faint & own).sum() <= 5  # where words begin, which the borders' own search brings back
    assert faint[of_level(level, -46.0) | of_level(level, -46.0 + step_db)].mean() > 0.6


def test_a_long_speech_of_the_other_does_not_become_usual():
    speech, level, span = talk(*taking_turns(-50.0), *[(400, -50.0), (60, None)] * 40, *taking_turns(-50.0))
    faint = faint_speech(speech, level, span)
    assert faint[of_level(level, -50.0)].all()
    assert not faint[of_level(level, OWN_DBFS)].any()


def test_without_speech_nothing_is_faint():
    for count in (0, 500):
        level = np.full(count, NOISE_DBFS, dtype=np.float32)
        assert faint_speech(as_spans(()), level, span_of(7, count)).tolist() == [False] * count


def test_masked_frames_count_for_nothing():
    speech, level, span = talk(*taking_turns(-48.0), (300, None), *taking_turns(-48.0))
    masked = slice(12 * 570, 12 * 570 + 300)
    level[masked] = np.nan
    faint = faint_speech(speech, level, replace(span, measured=np.isfinite(level)))
    assert not faint[of_level(level, OWN_DBFS)].any()
    assert faint[of_level(level, -48.0)].all()


@settings(deadline=None, max_examples=30)
@given(
    louder=st.integers(-20, 15),
    first=st.integers(0, 10_000),
    echo_db=st.sampled_from([-FAINT_DB - 25, -FAINT_DB - 6, -FAINT_DB + 6]),
)
def test_only_differences_of_level_count(louder, first, echo_db):
    parts = taking_turns(OWN_DBFS + echo_db)
    speech, level, span = talk(*parts)
    expected = faint_speech(speech, level, span)
    assert expected.any() == (echo_db < -FAINT_DB)
    got = faint_speech(speech + first, level + np.float32(louder), span_of(first, len(level)))
    assert not got[of_level(level, OWN_DBFS)].any()
    np.testing.assert_array_equal(got, expected)


def heard(channel):
    """Return what is decided to be speech, with and without what is too faint."""
    features = analyse_frames(channel)
    level, span = features.measures["level_dbfs"], features.span
    probability = SileroDetector().probabilities(channel, span)
    faint = faint_speech(speech_spans(probability, span, CONFIG), level, span)
    own = np.where(faint, np.minimum(probability, np.float32(0)), probability)
    return [bridge(speech_spans(some, span, CONFIG, level), 50) for some in (probability, own)]


def made(seed, echo_db, step_db=0.0):
    """Return a made-up call whose lines carry an echo or none, and change their gain."""
    spec = varied_call(f"c{seed}", 1_700_000_000_000, seed, chime=True, duration_ms=(100_000, 120_000))
    steps = ((60_000, step_db),) if step_db else ()
    line = LineConditions(snr_db=30.0, echo_db=echo_db, gain_steps=steps, packet_loss=0.02)
    return make_call(replace(spec, customer_line=line, agent_line=line), seed)


def scores(calls):
    """Return true speech, what is missed of it and what is falsely heard, without and with the rule, in frames."""
    sums = np.zeros((2, 3), dtype=int)
    for call in calls:
        for sound in call.channels.values():
            count = -(-len(sound.pcm) // 80)
            truth = mask_of_spans(bridge(as_spans(np.rint(sound.spans / 80).astype(np.int64)), 50), 0, count)
            for row, spans in enumerate(heard(make_channel(sound.pcm))):
                found = mask_of_spans(spans, 0, count)
                sums[row] += truth.sum(), (truth & ~found).sum(), (found & ~truth).sum()
    return sums


def test_the_echo_of_a_made_up_call_is_no_speech():
    (said, missed, false), (_, missed_now, false_now) = scores([made(s, -26.0) for s in (1, 2)])
    assert false > 0.3 * said
    assert false_now < 0.03 * said
    assert missed_now < missed + 0.004 * said


def test_no_word_is_lost_to_a_gain_step():
    (said, missed, _), (_, missed_now, _) = scores([made(s, -26.0, -12.0) for s in (3, 4)])
    assert missed_now < missed + 0.006 * said


def test_without_echo_nothing_changes():
    before, after = scores([made(5, None, -12.0)])
    assert before.tolist() == after.tolist()


@pytest.mark.conformance
@pytest.mark.parametrize("side", ["agent", "caller"])
def test_a_real_call_loses_no_speech(side):
    before, after = heard(make_channel(real_call(side)))
    assert length(before) > 6_000
    assert before.tolist() == after.tolist()


@pytest.mark.parametrize("first", [0, 777])
def test_voices_change_where_the_level_does(first):
    turn = [(120, -38.0), (250, OWN_DBFS), (20, None), (120, -38.0), (150, None), (200, -38.0), (150, None)]
    speech, level, span = talk(*turn * 6, first=first)
    changes = voice_changes(speech, level, span)
    length_of_turn = sum(frames for frames, _ in turn)
    begins, ends = changes[::2] - first, changes[1::2] - first
    for at, wanted in zip(begins.tolist(), range(120, 9999, length_of_turn), strict=False):
        assert abs(at - wanted) <= 15
    for at, wanted in zip(ends.tolist(), range(370, 9999, length_of_turn), strict=False):
        assert wanted - 15 <= at <= wanted + 35
    assert len(changes) == 12


@pytest.mark.parametrize("parts", [taking_turns(OWN_DBFS - 4), [(400, OWN_DBFS), (60, None)] * 9, [(300, None)], []])
def test_on_a_channel_of_one_voice_nothing_changes(parts):
    assert not len(voice_changes(*talk(*(parts or [(0, None)]))))
