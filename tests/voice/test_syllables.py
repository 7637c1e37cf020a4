"""Syllable nuclei of trains of known count, of made voices, and of a real call."""

import numpy as np
import pytest
from builders.channels import harmonics, make_channel, pcm
from builders.shared_data import real_call

from callbeam.audio import analyse_frames
from callbeam.callmaker import band_pass
from callbeam.callmaker.voices import random_voice, speak
from callbeam.callmaker.voices.articulation import articulate
from callbeam.spans import bridge, mask_of_spans, spans_of_mask
from callbeam.voice.syllables import syllable_nuclei

RATE = 8000


def count(samples, speech=None):
    """(samples, speech=None) -> number of nuclei."""
    features = analyse_frames(make_channel(samples))
    everything = np.ones(len(features.span.measured), dtype=bool)
    return int(syllable_nuclei(features, everything if speech is None else speech).sum())


def train(rate_hz, depth_db, seconds=4, level=0.1):
    """(rate_hz, depth_db, seconds, level) -> a buzz that swells and falls ``rate_hz`` times a second, silence about."""
    time = np.arange(seconds * RATE) / RATE
    envelope = 10 ** (-depth_db / 20 * (0.5 + 0.5 * np.cos(2 * np.pi * rate_hz * time)))
    buzz = harmonics(np.full(len(time), 130.0), RATE)
    return np.pad(pcm(level * envelope * buzz / buzz.std()), 4000)


@pytest.mark.parametrize("rate_hz", [2, 3, 4, 5, 6, 7])
@pytest.mark.parametrize("level", [0.003, 0.1])
def test_each_swell_is_a_syllable(rate_hz, level):
    assert count(train(rate_hz, 12, level=level)) == 4 * rate_hz


def test_shallow_dips_part_nothing():
    assert count(train(4, 1.2)) <= 2
    assert count(train(4, 3.5)) == 16


def test_unvoiced_swells_are_no_syllables():
    time = np.arange(3 * RATE) / RATE
    noise = np.random.default_rng(0).normal(size=len(time)) * (0.02 + 0.1 * np.sin(2 * np.pi * 2 * time) ** 2)
    assert count(pcm(noise)) == 0


def test_what_is_far_below_the_speech_around_it_is_none():
    loud, faint = train(4, 12), train(4, 12, level=0.1 * 10 ** (-35 / 20))
    assert count(np.concatenate((loud, faint, loud))) == 32
    # ... but is one where nothing louder is near
    assert count(np.concatenate((loud, np.zeros(12 * RATE), faint))) == 32


def test_only_decided_speech_counts():
    speech = np.zeros(500, dtype=bool)
    speech[:250] = True
    assert count(train(4, 12), speech) == 8


@pytest.mark.parametrize("snr_db", [40, 20, 10])
def test_made_voices_have_the_syllables_they_were_given(snr_db):
    ratios = []
    for seed in range(6):
        rng, again = (np.random.default_rng(seed) for _ in range(2))
        voice = random_voice(rng, female=seed % 2 == 1)
        plan = articulate(random_voice(again, female=seed % 2 == 1), 8.0, again)
        truth = sum(max(1, round((end - begin) * voice.syllables_per_s)) for begin, end in plan.phrases_s)
        spoken = speak(voice, 8.0, RATE, rng)
        sound = 0.05 * band_pass(spoken.samples, (300.0, 3400.0), RATE)
        sound = sound + np.random.default_rng(seed).normal(size=len(sound)) * 0.05 * 10 ** (-snr_db / 20)
        speech = mask_of_spans(spoken.spans // 80, 0, -(-len(sound) // 80))
        ratios.append(count(np.rint(sound * 32768), speech) / truth)
    # glides and nasals between vowels at times leave no dip of 2 dB
    assert np.mean(ratios) == pytest.approx(0.93, abs=0.07)
    assert min(ratios) > 0.75
    assert max(ratios) < 1.1


@pytest.mark.conformance
@pytest.mark.parametrize("side", ["agent", "caller"])
def test_a_real_call_is_spoken_at_a_human_rate(side):
    features = analyse_frames(make_channel(real_call(side)[: 120 * RATE]))
    level = features.measures["level_dbfs"]
    spans = bridge(spans_of_mask(level > np.percentile(level[level > -70], 95) - 30), 25)
    spans = spans[spans[:, 1] - spans[:, 0] >= 60]
    nuclei = syllable_nuclei(features, mask_of_spans(spans, 0, len(level)))
    rates = np.array([nuclei[begin:end].sum() / (end - begin) * 100 for begin, end in spans])
    seconds = (spans[:, 1] - spans[:, 0]) / 100
    assert 3 < np.average(rates, weights=seconds) < 6
    assert np.mean((rates >= 2) & (rates <= 7)) > 0.9
