"""Made-up voices of all kinds: what they say is where the truth has it, and they are unlike each other."""

import numpy as np
import pytest

from callbeam.callmaker import CallSpec, ConversationSpec, make_call
from callbeam.callmaker.voices import VOICE_KINDS, draw_voice, speak
from callbeam.callmaker.voices.glottal_source import source_spectrum
from callbeam.callmaker.voices.synthesis import VOICELESS
from callbeam.callmaker.voices.voice_kinds import HELD_OUT, TUNED

RATE = 8000


def said(kind, seed=3, duration_s=4.0):
    rng = np.random.default_rng(seed)
    voice = draw_voice(kind, rng)
    return voice, speak(voice, duration_s, RATE, rng)


@pytest.mark.parametrize("kind", VOICE_KINDS)
def test_spans_hold_the_sound_and_pauses_do_not(kind):
    _, utterance = said(kind)
    assert len(utterance.samples) == 4 * RATE
    inside = np.zeros(4 * RATE, bool)
    for begin, end in utterance.spans:
        inside[begin:end] = True
    assert np.sqrt(np.mean(utterance.samples[inside] ** 2)) == pytest.approx(1, rel=1e-3)
    assert np.sum(utterance.samples[~inside] ** 2) < 0.01 * np.sum(utterance.samples**2)
    assert np.abs(utterance.samples).max() < 15


@pytest.mark.parametrize("kind", VOICE_KINDS)
def test_the_same_seed_says_the_same(kind):
    np.testing.assert_array_equal(said(kind)[1].samples, said(kind)[1].samples)
    assert not np.array_equal(said(kind)[1].samples, said(kind, seed=4)[1].samples)


def repeating(samples, times, f0_hz):
    """Return how well the sound repeats after the true period, in the middle of the pitch track."""
    found = []
    for time, hz in zip(times[5:-5:3], f0_hz[5:-5:3], strict=True):
        at, period = int(time), round(RATE / hz)
        one, two = samples[at : at + 2 * period], samples[at + period : at + 3 * period]
        found.append(np.dot(one, two) / max(np.sqrt(np.dot(one, one) * np.dot(two, two)), 1e-9))
    return np.median(found)


@pytest.mark.parametrize("kind", VOICE_KINDS)
def test_voices_repeat_with_their_pitch_and_whispers_have_none(kind):
    voice, utterance = said(kind)
    if voice.source in VOICELESS:
        assert not len(utterance.pulse_f0_hz)
        middle = np.arange(2000, 30_000, 80.0)
        assert all(repeating(utterance.samples, middle, np.full(len(middle), hz)) < 0.4 for hz in (100, 150, 200))
    else:
        assert repeating(utterance.samples, utterance.pulse_times, utterance.pulse_f0_hz) > (
            0.5 if kind == "low" else 0.75
        )
        assert voice.lowest_hz * 0.95 <= utterance.pulse_f0_hz.min()
        assert utterance.pulse_f0_hz.max() <= voice.highest_hz * 1.05


def test_kinds_differ_in_pitch_and_in_how_they_end():
    medians = {kind: np.median(said(kind)[1].pulse_f0_hz) for kind in ("low", "child")}
    assert medians["low"] < 100
    assert medians["child"] > 230

    def fading_s(kind):
        """How long the last 12 dB to the truth's floor take at phrases' ends, in the middle."""
        times = []
        for seed in range(6):
            _, utterance = said(kind, seed)
            for begin, end in utterance.spans:
                level = utterance.samples[begin : begin + (end - begin) // 80 * 80].reshape(-1, 80) ** 2
                level = level.mean(axis=1)
                times.append(0.01 * (len(level) - 1 - np.flatnonzero(level > level.max() * 10**-1.6)[-1]))
        return np.median(times)

    assert fading_s("breathy") > fading_s("modal") + 0.02


@pytest.mark.parametrize("rd", [0.4, 0.7, 1.0, 1.5, 2.0, 2.6])
def test_a_breathier_source_falls_faster(rd):
    voice, _ = said("rounded", duration_s=0.5)
    harmonic = np.array([[1.0, 20.0]])

    def fall_db(shape):
        low, high = np.abs(source_spectrum(type(voice)(100.0, 1.0, source="lf", rd=shape), harmonic))[0]
        return 20 * np.log10(low / high)

    assert fall_db(rd) < fall_db(rd + 0.1)


def test_calls_are_made_of_the_kinds_that_are_asked_for():
    spec = CallSpec("c", 0, ConversationSpec(duration_ms=20_000), voices=("child", "low"))
    pitches = np.concatenate([sound.f0_hz for seed in range(3) for sound in make_call(spec, seed).channels.values()])
    assert np.nanmin(pitches) < 100
    assert np.nanmax(pitches) > 250
    whispered = make_call(CallSpec("c", 0, ConversationSpec(duration_ms=20_000), voices=("whisper",)), 1)
    assert all(np.isnan(sound.f0_hz).all() for sound in whispered.channels.values())


def test_nothing_is_both_tuned_on_and_held_out():
    assert not set(TUNED) & set(HELD_OUT)
    with pytest.raises(KeyError):
        draw_voice("parrot", np.random.default_rng(1))
