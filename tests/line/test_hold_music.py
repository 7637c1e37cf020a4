"""Hold music, of kinds that nothing was tuned on, as the voice activity detector hears it; and what is none."""

import zlib

import numpy as np
import pytest
from builders.channels import make_channel
from builders.shared_data import real_call
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.audio import analyse_frames, frame_grid, frame_span
from callbeam.callmaker import LineConditions, band_pass, noise, quantise
from callbeam.callmaker.line_signals import DTMF_HZ
from callbeam.callmaker.music import HELD_OUT_KINDS, hold_music
from callbeam.callmaker.voices import random_voice, speak
from callbeam.line import HOLD_MUSIC, TONE, find_detections, find_hold_music
from callbeam.line.detections import DTMF
from callbeam.spans import as_spans, clip, length
from callbeam.voice import (
    HEARD_AROUND_MS,
    PITCHED_AROUND_MS,
    SileroDetector,
    VoiceActivityConfig,
    frames_near,
    frames_reaching,
    speech_spans,
)

RATE = 8000


def voice(rng, seconds):
    """A made-up voice with an RMS level of about 1."""
    return speak(random_voice(rng, female=bool(rng.random() < 0.5)), seconds, RATE, rng).samples


def on_the_line(sound, level_dbfs, snr_db, rng, *, hum=0.0, companding="mulaw"):
    """Put a sound with an RMS of about 1 on a line with noise."""
    line = LineConditions(hum=hum)
    heard = band_pass(np.asarray(sound, np.float32), line.band_hz, RATE)
    if snr_db is not None:
        heard = heard + noise(len(sound), line, RATE, rng) * np.float32(10 ** (-snr_db / 20))
    return quantise(heard * np.float32(10 ** (level_dbfs / 20)), companding)


def between_talk(music, said, gap_s=0.7):
    """Music with a saying before and after; return the sound and where the music is, in seconds."""
    before, after = said
    gap = np.zeros(round(gap_s * RATE))
    begin = len(before) / RATE + gap_s
    return np.concatenate([before, gap, music, gap, after]), (begin, begin + len(music) / RATE)


@pytest.fixture(scope="module")
def sayings():
    """Pairs of sayings, of ten voices."""
    rng = np.random.default_rng(76)
    return [(voice(rng, 3.0), voice(rng, 2.5)) for _ in range(10)]


def hear(samples, **options):
    """(samples, **options) -> the channel, its features and the probability of speech."""
    channel = make_channel(samples, **options)
    # As the analysis does, which passes over what is too faint.
    span = frame_span(channel, frame_grid(channel.sample_rate_hz))
    loud = frames_reaching(channel, span, VoiceActivityConfig().min_level_dbfs)
    features = analyse_frames(channel, pitched=frames_near(loud, PITCHED_AROUND_MS))
    return channel, features, SileroDetector().probabilities(channel, span, frames_near(loud, HEARD_AROUND_MS))


def music_in(heard):
    """Return where music is, as SpanArray in milliseconds."""
    detections = [
        detection
        for detection in find_detections(*heard).detections
        if detection.kind == TONE and detection.tone_kind == HOLD_MUSIC
    ]
    return as_spans((detection.begin_ms, detection.end_ms) for detection in detections)


def test_kinds_held_out_are_found_and_are_no_speech(sayings):
    """Each kind once, 8 to 16 s, at -35 to -18 dBFS, with or without mu-law, noise at 10 to 40 dB or none.

    ``benchmarks/bench_hold_music.py`` plays more of each.
    """
    found, covered, beyond, spoken, total = [], 0, 0, 0, 0
    for number, kind in enumerate(HELD_OUT_KINDS):
        rng = np.random.default_rng([zlib.crc32(kind.encode()), 77])
        sound, (begin, end) = between_talk(hold_music(kind, rng.uniform(8, 16), RATE, rng), sayings[number % 10])
        level, snr = rng.uniform(-35, -18), (None, 10, 15, 20, 30, 40)[number % 6]
        heard = hear(on_the_line(sound, level, snr, rng, companding=("mulaw", "none")[number % 2]))
        spans = music_in(heard)
        inside = length(clip(spans, round(1000 * begin), round(1000 * end)))
        found.append(2 * inside >= 1000 * (end - begin))
        covered, beyond, total = covered + inside, beyond + length(spans) - inside, total + 1000 * (end - begin)
        _, features, probability = heard
        speech = speech_spans(probability, features.span, VoiceActivityConfig(), features.measures["level_dbfs"])
        spoken += 10 * length(clip(speech, round(100 * begin) + 30, round(100 * end) - 30))
    assert np.mean(found) >= 0.85
    assert covered >= 0.8 * total
    assert beyond <= 0.03 * total
    assert spoken <= 0.03 * total


def test_speech_is_no_music(sayings):
    for seed in range(6):
        rng = np.random.default_rng([seed, 78])
        pauses = [np.zeros(round(seconds * RATE)) for seconds in rng.uniform(0.3, 5, 8)]
        spoken = [sayings[place][seed % 2] for place in rng.choice(10, 8, replace=False)]
        said = np.concatenate([part for pair in zip(spoken, pauses, strict=True) for part in pair])
        level, snr = rng.uniform(-35, -18), (None, 10, 15, 20, 30, 40)[seed]
        assert len(music_in(hear(on_the_line(said, level, snr, rng, hum=0.3 * (seed % 2))))) == 0


@pytest.mark.conformance
@pytest.mark.parametrize("side", ["agent", "caller"])
def test_a_real_call_has_no_music(side):
    assert len(music_in(hear(real_call(side)))) == 0


def test_a_gap_does_not_hide_the_music_behind_it(sayings):
    rng = np.random.default_rng(5)
    sound, (begin, end) = between_talk(hold_music("marimba", 10.0, RATE, rng), sayings[0])
    samples = on_the_line(sound, -26, 25, rng)
    ((whole_first, whole_last),) = music_in(hear(samples)).tolist()
    middle = round((begin + end) / 2 * RATE)
    # A gap in the saying before it, which the detector remembers for some seconds, and one in the music.
    for gap in (RATE // 2, middle):
        ((first, last),) = music_in(hear(samples, covered=[[0, gap], [gap + RATE // 2, len(samples)]])).tolist()
        assert abs(first - whole_first) <= 100
        assert abs(last - whole_last) <= 100


def test_where_pieces_are_cut_changes_no_border(sayings):
    """Two cuts: one in the music, one at its begin."""
    rng = np.random.default_rng(9)
    parts = [part for pair in sayings[:7] for part in pair]  # 38.5 s
    music = hold_music("bossa", 50.0, RATE, rng)
    samples = on_the_line(np.concatenate([*parts, music, *parts]), -24, 20, rng, hum=0.3)
    (whole,) = music_in(hear(samples)).tolist()
    assert whole[1] - whole[0] > 48_000
    for cut_s in (60, 38):
        cut, found = cut_s * RATE, []
        for start, end in ((0, cut), (cut, len(samples))):
            first, last = max(start - 30 * RATE, 0), min(end + 30 * RATE, len(samples))
            piece = hear(samples[first:last], first_sample=first, core=(start, end))
            found.extend(music_in(piece).tolist())
        assert length(as_spans(found)) == whole[1] - whole[0]
        assert [found[0][0], found[-1][1]] == whole


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_any_sample_rate_hears_the_same(rate):
    rng = np.random.default_rng(2)
    # A tune of which every other note is the same.
    time = np.arange(round(0.5 * RATE)) / RATE
    pitches = [note for low in rng.choice([330.0, 392.0, 523.3, 587.3], 12) for note in (659.3, low)]
    tune = [np.sin(2 * np.pi * hz * time) * np.minimum(1, time[::-1] / 0.02) for hz in pitches]
    music = 0.07 * np.concatenate(tune)
    silent = np.zeros(2 * RATE)
    at_8_khz = np.concatenate([silent, music, silent])
    resampled = np.interp(np.arange(round(16 * rate)) / rate, np.arange(len(at_8_khz)) / RATE, at_8_khz)
    one, other = (
        find_hold_music(*hear(np.rint(sound * 32767).astype(np.int16), rate=own))
        for sound, own in ((at_8_khz, RATE), (resampled, rate))
    )
    assert len(one) == len(other) == 1
    assert abs(one[0].begin_ms - other[0].begin_ms) <= 200
    assert abs(one[0].end_ms - other[0].end_ms) <= 200
    assert one[0].frequency_hz == pytest.approx(659.3, rel=0.03)
    assert other[0].frequency_hz == one[0].frequency_hz
    assert other[0].level_dbfs == pytest.approx(one[0].level_dbfs, abs=0.5)


@settings(max_examples=25, deadline=None)
@given(
    hz=st.lists(st.sampled_from([350, 400, 425, 440, 450, 480, 620, 950, 1100, 1400, 2100]), min_size=1, max_size=2),
    on_s=st.sampled_from([0.1, 0.25, 0.4, 0.5, 1.0, 2.0, 30.0]),
    off_s=st.sampled_from([0.1, 0.25, 0.5, 1.0, 3.0, 4.0]),
    level_db=st.integers(-8, 20),
    hum=st.sampled_from([0.0, 0.3, 0.9]),
    seed=st.integers(0, 1000),
)
def test_one_signal_in_noise_and_hum_is_no_music(hz, on_s, off_s, level_db, hum, seed):
    rng = np.random.default_rng(seed)
    time = np.arange(24 * RATE) / RATE
    tone = sum(np.sin(2 * np.pi * frequency * time) for frequency in set(hz)) * (time % (on_s + off_s) < on_s)
    line = noise(len(time), LineConditions(hum=hum), RATE, rng)
    samples = quantise((0.01 * (line + 10 ** (level_db / 20) * tone)).astype(np.float32), "mulaw")
    assert len(music_in(hear(samples))) == 0


def test_keys_in_a_row_are_no_music():
    rng = np.random.default_rng(4)
    time = np.arange(round(0.12 * RATE)) / RATE
    sound = np.zeros(12 * RATE)
    for place, key in enumerate("0796501234567890"):
        at = RATE + round(place * 0.4 * RATE)
        sound[at : at + len(time)] = sum(np.sin(2 * np.pi * hz * time) for hz in DTMF_HZ[key])
    heard = hear(on_the_line(sound, -22, 25, rng))
    kinds = [detection.tone_kind for detection in find_detections(*heard).detections if detection.kind == TONE]
    assert kinds == [DTMF] * 16


def test_music_in_silence_of_any_length_is_found_from_8_s_on_and_not_below_4():
    for kind in ("steel string picking", "choir", "chip tune"):
        for seconds, expected in ((3.0, 0), (8.0, 1)):
            rng = np.random.default_rng(zlib.crc32(kind.encode()))
            music = np.concatenate([np.zeros(6 * RATE), hold_music(kind, seconds, RATE, rng), np.zeros(6 * RATE)])
            assert len(music_in(hear(on_the_line(music, -28, None, rng)))) == expected
