"""What is heard as speech: on calls whose truth is known, on a real call, and on sounds that hold none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders.channels import make_channel, pcm
from builders.shared_data import real_call
from scipy.signal import butter, sosfilt

from callbeam.audio import analyse_frames
from callbeam.callmaker import LineConditions, make_call, varied_call
from callbeam.callmaker.line_signals import DTMF_HZ, sound_of
from callbeam.callmaker.script import Signal
from callbeam.spans import as_spans, bridge, length, mask_of_spans
from callbeam.voice import SileroDetector, VoiceActivityConfig, speech_spans

RATE = 8000
SECONDS = np.arange(20 * RATE) / RATE


def speech_of(channel):
    features = analyse_frames(channel)
    probabilities = SileroDetector().probabilities(channel, features.span)
    return speech_spans(probabilities, features.span, VoiceActivityConfig(), features.measures["level_dbfs"])


def _signal(kind):
    return sound_of(Signal("AGENT", kind, 0, 20_000), RATE)


def _keys():
    sound = np.zeros(len(SECONDS))
    for second, key in enumerate("0123456789*#ABCD0123"):
        at = slice(second * RATE, second * RATE + RATE // 5)
        sound[at] = sum(np.sin(2 * np.pi * hz * SECONDS[at]) for hz in DTMF_HZ[key])
    return sound


def _hum(hz):
    return sum(np.sin(2 * np.pi * hz * k * SECONDS) / k for k in range(1, 12))


def _white():
    return np.random.default_rng(1).normal(size=len(SECONDS))


def _line_noise():
    return sosfilt(butter(4, [300, 3400], "band", fs=RATE, output="sos"), _white())


TRAPS = {
    "ringback": (lambda: _signal("ringback"), -22),
    "hold tone": (lambda: _signal("hold_tone"), -22),
    "hold music": (lambda: _signal("hold_music"), -24),
    "keys": (_keys, -20),
    "50 Hz hum": (lambda: _hum(50), -30),
    "60 Hz hum": (lambda: _hum(60), -30),
    "faint hum": (lambda: _hum(60), -45),
    "1.4 kHz": (lambda: np.sin(2 * np.pi * 1400 * SECONDS) * (SECONDS % 5 < 0.5), -25),
    **{f"white noise at {level} dBFS": (_white, level) for level in (-25, -40, -55, -65, -70, -75)},
    **{f"line noise at {level} dBFS": (_line_noise, level) for level in (-30, -50, -65)},
}


@pytest.mark.parametrize("trap", TRAPS)
def test_what_is_no_voice_gives_no_speech(trap):
    make, level_dbfs = TRAPS[trap]
    sound = np.asarray(make(), dtype=np.float64)
    sounding = np.abs(sound) > 1e-9
    sound *= 10 ** (level_dbfs / 20) / np.sqrt(np.mean(np.square(sound[sounding])))
    # As lines open: first nothing, then the sound.
    samples = np.concatenate((np.zeros(2 * RATE, np.int16), pcm(sound)))
    assert speech_of(make_channel(samples)).tolist() == []


def test_made_up_calls_are_heard_as_they_are():
    missed = false = said = near = borders = 0
    for seed in range(400, 406):
        call = make_call(_without_echo(varied_call(f"c{seed}", 1_700_000_000_000, seed, snr_db=22.0)), seed)
        for sound in call.channels.values():
            truth = bridge(as_spans(np.rint(sound.spans / 80).astype(np.int64)), 50)
            found = bridge(speech_of(make_channel(sound.pcm)), 50)
            count = -(-len(sound.pcm) // 80)
            collar = np.stack((truth.ravel() - 25, truth.ravel() + 25), axis=1)
            counted = ~mask_of_spans(as_spans(collar), 0, count)
            true, heard = mask_of_spans(truth, 0, count), mask_of_spans(found, 0, count)
            said += (true & counted).sum()
            missed += (true & ~heard & counted).sum()
            false += (~true & heard & counted).sum()
            near += (np.abs(truth.ravel()[:, None] - found.ravel()[None]).min(axis=1) <= 10).sum()
            borders += truth.size
    assert borders > 150
    assert missed + false < 0.02 * said
    assert near > 0.95 * borders


@pytest.mark.parametrize(("snr_db", "near_least", "bias_most_ms"), [(20.0, 0.93, 20), (10.0, 0.88, 30)])
def test_borders_of_voices_that_nothing_was_tuned_on(snr_db, near_least, bias_most_ms):
    ends, near, borders = [], 0, 0
    for seed, kind in enumerate(["low", "sinusoidal", "child", "shouted"], 500):
        spec = varied_call(f"c{seed}", 0, seed, snr_db=snr_db, duration_ms=(60_000, 80_000), voices=(kind,))
        for sound in make_call(_without_echo(spec), seed).channels.values():
            truth = bridge(as_spans(np.rint(sound.spans / 80).astype(np.int64)), 50)
            found = bridge(speech_of(make_channel(sound.pcm)), 50)
            off = found.ravel()[None] - truth.ravel()[:, None]
            nearest = off[np.arange(truth.size), np.abs(off).argmin(axis=1)]
            near += (np.abs(nearest) <= 10).sum()
            borders += truth.size
            ends += nearest[1::2].tolist()
    assert near >= near_least * borders
    assert abs(np.median(ends)) * 10 <= bias_most_ms


def _without_echo(spec):
    """Return the call with plain lines: whose echo leaks where is judged by both channels together."""
    lines = LineConditions(level_dbfs=-24.0, snr_db=spec.customer_line.snr_db, packet_loss=0.02)
    return replace(spec, customer_line=lines, agent_line=lines)


@pytest.mark.conformance
@pytest.mark.parametrize("side", ["agent", "caller"])
def test_a_real_call_agrees_with_labels_made_by_eye(side):
    """A step of 100 ms is decided by its majority. Seen: 98.0 % of steps agree (agent), 98.3 % (caller).

    Steps that differ stand beside a border or fill a pause of about 300 ms; in none is speech heard without a label.
    """
    labels = json.loads((Path(__file__).parent / "real_call_labels.json").read_text(encoding="utf-8"))
    runs = labels["channels"][side]
    labelled = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    spans = bridge(speech_of(make_channel(real_call(side))), 30)
    frames = mask_of_spans(spans, labels["begin_ms"] // 10, len(labelled) * labels["step_ms"] // 10)
    found = frames.reshape(len(labelled), -1).mean(axis=1) >= 0.5
    assert (found == labelled).mean() >= 0.965
    assert (found & ~labelled).sum() <= 0.01 * len(labelled)


@pytest.mark.conformance
def test_a_real_call_has_speech_on_one_channel_at_a_time():
    """The two people of this call take turns; what leaks from one channel into the other is not taken for speech."""
    found = []
    for side in ("agent", "caller"):
        samples = real_call(side)
        spans = speech_of(make_channel(samples))
        found.append(mask_of_spans(spans, 0, -(-len(samples) // 80)))
        assert length(spans) > 6_000
    count = min(map(len, found))
    assert (found[0][:count] & found[1][:count]).mean() < 0.03
