import numpy as np
import pytest
from builders.channels import make_channel, pcm
from builders.shared_data import real_call

from callbeam.audio import analyse_frames
from callbeam.callmaker import AGENT, CUSTOMER, CallSpec, ConversationSpec, LineConditions, make_call, quantise
from callbeam.line import (
    ECHO_LEAK,
    HOLD_MUSIC,
    RINGBACK,
    TONE,
    Comparison,
    Leak,
    Mark,
    channel_layout,
    compare_channels,
    explained_by_leak,
    find_marks,
    join_comparisons,
    may_be_swapped,
)
from callbeam.line.detections import DTMF, OTHER_TONE
from callbeam.line.layout import CHANNELS_IDENTICAL
from callbeam.line.leak import measure_leak


def made(seed=1, *, customer=None, agent=None, seconds=50, rate=8000, **conversation):
    spec = CallSpec(
        "c",
        0,
        ConversationSpec(duration_ms=seconds * 1000, **conversation),
        customer or LineConditions(),
        agent or LineConditions(),
        rate,
    )
    call = make_call(spec, seed)
    channels = {
        role: make_channel(sound.pcm, role=role, rate=rate, core=(0, len(sound.pcm)))
        for role, sound in call.channels.items()
    }
    return call, channels


def frames_of(spans, count):
    speech = np.zeros(count, bool)
    for begin, end in spans // 80:
        speech[begin : end + 1] = True
    return speech


@pytest.mark.parametrize(
    ("echo_db", "snr_db", "delay_ms", "hum"),
    [(-20, 40, 40, 0), (-20, 10, 180, 0.3), (-28, 20, 100, 0), (-35, 40, 90, 0.3), (-35, 12, 120, 0)],
)
def test_echo_is_measured(echo_db, snr_db, delay_ms, hum):
    line = LineConditions(snr_db=snr_db, echo_db=echo_db, echo_delay_ms=delay_ms, hum=hum)
    _, channels = made(customer=line, agent=LineConditions(hum=hum))
    leak = measure_leak(channels[AGENT], channels[CUSTOMER])
    assert leak.echo_db == pytest.approx(echo_db, abs=2)
    assert leak.delay_ms == pytest.approx(delay_ms, abs=0.2)
    assert not leak.inverted
    assert leak.evidence_s > 3
    # The other way there is none, though what is heard on one side was said on the other.
    assert measure_leak(channels[CUSTOMER], channels[AGENT]).echo_db is None


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_other_rates(rate):
    line = LineConditions(echo_db=-25, echo_delay_ms=75)
    _, channels = made(customer=line, rate=rate, seconds=20)
    leak = measure_leak(channels[AGENT], channels[CUSTOMER])
    assert leak.echo_db == pytest.approx(-25, abs=2)
    assert leak.delay_ms == pytest.approx(75, abs=0.1)


def test_shared_hum_and_noise_alone_are_no_leak():
    for seed in range(3):
        hum = LineConditions(snr_db=15, hum=0.6)
        _, channels = made(seed, customer=hum, agent=hum, seconds=30)
        comparison = compare_channels(channels[CUSTOMER], channels[AGENT])
        assert comparison.forward.echo_db is comparison.backward.echo_db is None
        assert comparison.correlation < 0.3
        assert channel_layout(2, comparison) == ("stereo", ())


@pytest.mark.parametrize(
    "hums",
    [
        ([(50, 0.2), (150, 0.1)], [(60, 0.2)]),
        ([(50, 0.2), (150, 0.1)], [(50, 0.1), (150, 0.05)]),
        ([(50, 0.2), (350, 0.1)], [(50, 0.2), (350, 0.1)]),
        ([(60, 0.2), (420, 0.1)], [(50, 0.2), (350, 0.1)]),
    ],
)
def test_hum_without_speech_is_no_leak(hums):
    seconds = np.arange(30 * 8000) / 8000
    rng = np.random.default_rng(4)
    for noise in (0, 0.0003):
        channels = [
            make_channel(
                pcm(
                    sum(level * np.sin(2 * np.pi * hertz * seconds + turn) for hertz, level in hum)
                    + noise * rng.standard_normal(len(seconds))
                )
            )
            for turn, hum in enumerate(hums)
        ]
        assert channel_layout(2, compare_channels(*channels)) == ("stereo", ())


def test_a_constant_is_no_leak():
    call, _ = made(seconds=30)
    channels = [make_channel(call.pcm[role] // 2 + 328) for role in (CUSTOMER, AGENT)]
    comparison = compare_channels(*channels)
    assert comparison.forward.echo_db is comparison.backward.echo_db is None


def test_a_piece_measures_what_it_holds():
    line = LineConditions(echo_db=-25, echo_delay_ms=75)
    call, _ = made(customer=line)
    cut = {role: make_channel(pcm[77_777:], first_sample=77_777, role=role) for role, pcm in call.pcm.items()}
    leak = measure_leak(cut[AGENT], cut[CUSTOMER])
    assert leak.echo_db == pytest.approx(-25, abs=2)
    assert leak.delay_ms == pytest.approx(75, abs=0.1)


def test_inverted_early_and_doubled_channels():
    call, _ = made(seconds=30)
    mono = call.pcm[CUSTOMER] // 2 + call.pcm[AGENT] // 2
    first = make_channel(mono)
    turned = compare_channels(first, make_channel(-np.roll(mono, -160)))
    assert turned.forward.inverted
    assert turned.forward.delay_ms == pytest.approx(-20, abs=0.1)
    assert turned.backward.delay_ms == pytest.approx(20, abs=0.1)
    assert channel_layout(2, turned) == ("dual_mono", (CHANNELS_IDENTICAL,))
    same = compare_channels(first, make_channel(mono))
    assert same.identical
    assert channel_layout(2, same) == ("dual_mono", (CHANNELS_IDENTICAL,))
    assert same.correlation == pytest.approx(1, abs=1e-6)
    recoded = compare_channels(first, make_channel(quantise((0.9 * mono / 32768).astype(np.float32), "mulaw")))
    assert not recoded.identical
    assert channel_layout(2, recoded) == ("dual_mono", (CHANNELS_IDENTICAL,))
    assert not compare_channels(make_channel(np.zeros(80_000)), make_channel(np.zeros(80_000))).identical
    # Of the same sound neither channel explains the other.
    features = analyse_frames(first)
    assert not explained_by_leak(features, features, same.forward).any()


@pytest.mark.parametrize(
    ("gain", "lag_ms", "layout"),
    [(0.7, 0, "dual_mono"), (2.0, 10, "dual_mono"), (-0.3, 120, "dual_mono"), (0.1, 40, "stereo")],
)
def test_a_doubled_channel_may_be_fainter_and_later(gain, lag_ms, layout):
    call, _ = made(seconds=30)
    mono = call.pcm[CUSTOMER] // 4 + call.pcm[AGENT] // 4
    later = np.roll(np.rint(gain * mono).astype(np.int16), lag_ms * 8)
    for pair in ((mono, later), (later, mono)):
        comparison = compare_channels(*(make_channel(samples) for samples in pair))
        assert channel_layout(2, comparison)[0] == layout
        assert comparison.correlation > 0.99
        # A copy that faint may be the echo on a line on which nobody speaks.
        assert comparison.alike == (layout == "dual_mono")


@pytest.mark.parametrize("gain", [1.0, 0.25])
def test_a_mix_beside_one_of_its_voices_is_no_doubled_channel(gain):
    call, _ = made(seconds=30)
    one, other = call.pcm[CUSTOMER] // 2, call.pcm[AGENT] // 2
    mix = (one + gain * other).astype(np.int16)
    comparison = compare_channels(make_channel(one), make_channel(mix))
    assert not comparison.alike
    assert channel_layout(2, comparison) == ("bleed", (ECHO_LEAK,))
    assert comparison.forward.echo_db == pytest.approx(0, abs=0.5)


def test_bleed_and_echo_are_told_apart():
    call, channels = made(seconds=30)
    for leak_db, layout in ((-10, "bleed"), (-25, "stereo")):
        gain = 10 ** (leak_db / 20)
        pair = [
            make_channel(quantise(((call.pcm[one] + gain * call.pcm[other]) / 32768).astype(np.float32), "mulaw"))
            for one, other in ((CUSTOMER, AGENT), (AGENT, CUSTOMER))
        ]
        comparison = compare_channels(*pair)
        assert channel_layout(2, comparison) == (layout, (ECHO_LEAK,))
        assert comparison.forward.echo_db == pytest.approx(leak_db, abs=1.5)
        assert comparison.forward.delay_ms == pytest.approx(0, abs=0.1)
    assert channel_layout(2, compare_channels(channels[CUSTOMER], channels[AGENT])) == ("stereo", ())
    assert channel_layout(2, None) == ("stereo", ())
    assert channel_layout(1, None) == ("mono", ())
    assert channel_layout(0, None) == (None, ())


@pytest.mark.parametrize("count", [0, 1, 3000, 20_000])
def test_next_to_nothing(count):
    channels = [make_channel(np.ones(count)), make_channel(np.ones(count))]
    leak = measure_leak(*channels)
    assert leak.echo_db is leak.delay_ms is None
    features = [analyse_frames(channel) for channel in channels]
    assert not explained_by_leak(*features, leak).any()


def test_channels_of_different_rates_are_not_compared():
    assert measure_leak(make_channel(np.ones(80_000)), make_channel(np.ones(80_000), rate=16_000)) == Leak()


@pytest.mark.parametrize("echo_db", [-20, -30])
def test_echo_is_explained_and_speech_survives(echo_db):
    line = LineConditions(echo_db=echo_db, echo_delay_ms=120, snr_db=35)
    call, channels = made(4, customer=line, seconds=90, interruptions=0.5, backchannels=0.5, overlaps=0.2)
    features = {role: analyse_frames(channel) for role, channel in channels.items()}
    leak = measure_leak(channels[AGENT], channels[CUSTOMER])
    explained = explained_by_leak(features[AGENT], features[CUSTOMER], leak)
    count = len(explained)
    own = frames_of(call.channels[CUSTOMER].spans, count)
    other = frames_of(call.channels[AGENT].spans, count)
    echoed = np.roll(other, 12)
    far_from_own = np.convolve(own, np.ones(51), "same") == 0
    alone = echoed & far_from_own & (features[CUSTOMER].measures["level_dbfs"] > -50)
    assert alone.sum() > 100
    assert explained[alone].mean() > 0.97
    double_talk = own & echoed
    assert double_talk.sum() > 100
    assert explained[double_talk].mean() < 0.12  # closures and fading ends
    heard = np.roll(features[AGENT].measures["level_dbfs"], 12) + echo_db
    loud = double_talk & (features[CUSTOMER].measures["level_dbfs"] > heard + 12)
    assert loud.sum() > 0.4 * double_talk.sum()
    assert explained[loud].mean() < 0.03
    assert explained[own & ~echoed].mean() < 0.02


def test_tones_that_leak_are_left_out():
    line = LineConditions(echo_db=-20, echo_delay_ms=100)
    call, channels = made(2, customer=line, ringback_ms=8000, dtmf_digits=2, seconds=60)
    features = {role: analyse_frames(channel) for role, channel in channels.items()}
    leak = measure_leak(channels[AGENT], channels[CUSTOMER])
    explained = explained_by_leak(features[AGENT], features[CUSTOMER], leak)
    probability = {
        role: frames_of(sound.spans, len(explained)).astype(np.float32) for role, sound in call.channels.items()
    }
    # Echoed speech is speech to a detector.
    probability[CUSTOMER] = np.maximum(probability[CUSTOMER], np.roll(probability[AGENT], 10))

    def kinds(role, **options):
        marks = find_marks(channels[role], features[role], probability[role], **options).marks
        return [mark.tone_kind for mark in marks if mark.kind == TONE]

    assert kinds(CUSTOMER) == [DTMF, DTMF, RINGBACK]
    assert kinds(CUSTOMER, explained=explained) == [DTMF, DTMF]
    assert kinds(AGENT) == [RINGBACK]


def test_pieces_are_joined_by_their_evidence():
    heard = Comparison(False, Leak(-20.0, 80.0, 0.1, evidence_s=30.0), Leak(correlation=0.02, evidence_s=30.0))
    silent = Comparison(False, Leak(evidence_s=0.0), Leak(evidence_s=0.0))
    joined = join_comparisons([heard, silent])
    assert joined.forward.echo_db == pytest.approx(-20)
    assert (joined.forward.delay_ms, joined.forward.evidence_s) == (80.0, 30.0)
    assert joined.backward.echo_db is None
    assert joined.correlation == pytest.approx(0.1)
    assert joined.alike is False
    copies = [Leak(-3.0, 0.0, 0.99, share, evidence_s=30.0) for share in (0.95, 1.0, 0.2)]
    assert join_comparisons([Comparison(False, copy, Leak()) for copy in copies[:2]]).alike
    assert not join_comparisons([Comparison(False, copy, Leak()) for copy in copies]).alike
    without = Comparison(False, Leak(correlation=0.0, evidence_s=40.0), Leak(correlation=0.0, evidence_s=40.0))
    assert join_comparisons([heard, without]).forward.echo_db is None
    assert join_comparisons([]) is None
    same = Comparison(True, Leak(), Leak())
    assert join_comparisons([same, silent]).identical
    assert not join_comparisons([same, heard]).identical
    assert not join_comparisons([silent]).identical


def test_tones_tell_of_swapped_channels():
    def tone(kind):
        return Mark(TONE, 0, 100, kind)

    ring, music, key = tone(RINGBACK), tone(HOLD_MUSIC), tone(DTMF)
    assert may_be_swapped([ring], [])
    assert may_be_swapped([ring, music], [key])
    assert may_be_swapped([], [key] * 4)
    assert not may_be_swapped([], [key])
    assert not may_be_swapped([key, key], [ring, key])
    assert not may_be_swapped([key], [music])
    assert not may_be_swapped([tone(OTHER_TONE)], [])
    assert not may_be_swapped([music], [])  # a radio behind the customer
    assert not may_be_swapped([], [])


@pytest.mark.conformance
@pytest.mark.parametrize("companding", ["none", "mulaw"])
def test_a_real_call_has_no_leak_and_loses_no_speech(companding):
    sounds = [quantise(real_call(side) / np.float32(32768), companding) for side in ("caller", "agent")]
    channels = [make_channel(sound) for sound in sounds]
    comparison = compare_channels(*channels)
    assert comparison.forward.echo_db is comparison.backward.echo_db is None
    assert channel_layout(2, comparison) == ("stereo", ())
    features = [analyse_frames(channel) for channel in channels]
    for channel, own in zip(channels, features, strict=True):
        marks = find_marks(channel, own, np.where(own.measures["level_dbfs"] > -40, 0.9, 0).astype(np.float32)).marks
        assert not [mark for mark in marks if mark.kind == TONE]
