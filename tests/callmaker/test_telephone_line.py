"""The telephone line: mu-law, band, noise, echo, gain, packet loss."""

import numpy as np
import pytest

from callbeam.callmaker import LineConditions, band_pass, noise, quantise
from callbeam.callmaker.telephone_line import PACKET_MS, conceal, echo_of, gain, lost_packets, mulaw_levels

RATE = 8000


def g711_decode(code):
    """ITU-T G.711 as everybody's C code has it (biased exponent and mantissa of the inverted code)."""
    code = ~code & 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
    return -magnitude if code & 0x80 else magnitude


def test_mulaw_levels_are_those_of_g711():
    assert [g711_decode(code) for code in range(256)] == mulaw_levels().tolist()


def test_quantise_takes_the_nearest_level_and_clips():
    every = np.arange(-32768, 32768)
    got = quantise((every / 32768).astype(np.float32), "mulaw").astype(int)
    levels = np.unique(mulaw_levels()).astype(int)
    assert np.array_equal(np.abs(got - every), np.abs(levels[:, None] - every).min(axis=0))
    assert quantise(np.array([2.0, -2.0], np.float32), "none").tolist() == [32767, -32768]


def test_quantise_leaves_mulaw_levels_alone():
    levels = mulaw_levels()
    assert np.array_equal(quantise(levels.astype(np.float32) / 32768, "mulaw"), levels)


@pytest.mark.parametrize(("frequency", "passes"), [(80, False), (600, True), (1000, True), (3000, True), (3800, False)])
def test_band_pass_limits_and_keeps_time(frequency, passes):
    tone = np.sin(2 * np.pi * frequency * np.arange(RATE) / RATE).astype(np.float32)
    out = band_pass(tone, (300.0, 3400.0), RATE)
    middle = slice(1000, 7000)
    if passes:
        assert np.allclose(out[middle], tone[middle], atol=0.02)  # no delay
    else:
        assert np.abs(out[middle]).max() < 0.1


@pytest.mark.parametrize("hum", [0.0, 0.4])
def test_noise_has_unit_level_in_the_band(hum):
    made = noise(4 * RATE, LineConditions(hum=hum), RATE, np.random.default_rng(1))
    assert np.sqrt(np.mean(made**2)) == pytest.approx(1, abs=0.05)
    power = np.abs(np.fft.rfft(made)) ** 2
    frequency = np.fft.rfftfreq(len(made), 1 / RATE)
    outside = (frequency < 200) | (frequency > 3600)
    assert power[outside].sum() < 0.01 * power.sum()


def test_echo_is_late_and_weaker():
    sound = np.zeros(RATE, np.float32)
    sound[100] = 1
    echo = echo_of(sound, LineConditions(echo_db=-20.0, echo_delay_ms=50.0), RATE)
    assert np.flatnonzero(echo).tolist() == [100 + 400]
    assert echo[500] == pytest.approx(0.1)


def test_gain_steps_count_from_the_first_level():
    factor = gain(RATE, [(500, 6.0), (250, -6.0)], RATE)
    assert factor[1999] == 1
    assert factor[2000] == pytest.approx(10 ** (-6 / 20))
    assert factor[4000] == pytest.approx(10 ** (6 / 20))


@pytest.mark.parametrize("loss", [0.01, 0.03])
def test_packets_are_lost_in_the_share_asked_for(loss):
    count = 1200 * RATE
    spans = lost_packets(count, LineConditions(packet_loss=loss, loss_burst=2.0), RATE, np.random.default_rng(3))
    assert np.diff(spans, axis=1).sum() / count == pytest.approx(loss, rel=0.15)
    assert np.all(spans % (PACKET_MS * RATE // 1000) == 0)
    assert np.all(spans[1:, 0] > spans[:-1, 1])
    assert np.diff(spans, axis=1).mean() / 160 == pytest.approx(2.0, rel=0.15)


@pytest.mark.parametrize("concealment", ["zeros", "repeat"])
def test_concealment_changes_lost_packets_alone(concealment):
    rng = np.random.default_rng(2)
    line = LineConditions(concealment=concealment)
    pcm = quantise((0.1 * rng.standard_normal(RATE)).astype(np.float32), "mulaw")
    before = pcm.copy()
    spans = np.array([[0, 160], [3200, 3520]])
    conceal(pcm, spans, line, RATE)
    changed = np.flatnonzero(pcm != before)
    assert len(changed)
    assert all(at < 160 or 3200 <= at < 3520 for at in changed)
    assert set(pcm.tolist()) <= set(mulaw_levels().tolist())
    assert not pcm[:160].any()  # nothing came before that could be repeated
    assert pcm[3200:3520].any() == (concealment == "repeat")
