import numpy as np
import pytest
from builders.channels import Voice, make_channel

from callbeam.audio import analyse_frames
from callbeam.callmaker import AGENT, CUSTOMER, LineConditions, make_call, quantise, varied_call
from callbeam.callmaker.line_signals import DTMF_HZ, sound_of
from callbeam.callmaker.script import Signal
from callbeam.callmaker.telephone_line import conceal
from callbeam.line import HOLD_MUSIC, HOLD_TONE, RINGBACK, TONE, find_detections
from callbeam.line.detections import DIAL, DTMF, OTHER_TONE, RECORDING_BEEP
from callbeam.line.dtmf import find_dtmf
from callbeam.line.tone_lines import spectral_lines

RATE = 8000
TONE_DBFS = -22.0


def tones(seconds, frequencies, rate=RATE):
    time = np.arange(round(seconds * rate)) / rate
    return sum(np.sin(2 * np.pi * frequency * time) for frequency in frequencies) * np.sqrt(2 / len(frequencies))


def laid(duration_s, parts, rate=RATE):
    """Sound with an RMS of 1 where tones are; parts: (at in s, sound)."""
    sound = np.zeros(round(duration_s * rate))
    for at, part in parts:
        begin = round(at * rate)
        room = sound[begin : begin + len(part)]
        room += part[: len(room)]
    return sound


def line(sound, snr_db, seed=0):
    """Put a sound of RMS 1 on a mu-law line."""
    level = 10 ** (TONE_DBFS / 20)
    noise = np.random.default_rng(seed).normal(size=len(sound)) * (10 ** (-snr_db / 20) if snr_db else 0)
    return quantise(((sound + noise) * level).astype(np.float32), "mulaw")


def detections_of(samples, *, probability=None, rate=RATE, **channel_options):
    channel = make_channel(samples, rate=rate, **channel_options)
    features = analyse_frames(channel)
    silent = np.zeros(len(features.span.measured), np.float32)
    detections = find_detections(channel, features, silent if probability is None else probability).detections
    return [detection for detection in detections if detection.kind == TONE]


CADENCES = {
    "North America": ((440, 480), [(1, 2.0), (7, 2.0), (13, 2.0)]),
    "Europe": ((425,), [(1, 1.0), (6, 1.0), (11, 1.0)]),
    "France": ((440,), [(1, 1.5), (6, 1.5)]),
    "United Kingdom": ((400, 450), [(1, 0.4), (1.6, 0.4), (4, 0.4), (4.6, 0.4), (7, 0.4), (7.6, 0.4)]),
    "one ring": ((440, 480), [(1, 2.0)]),
    "double rings of one frequency": ((425,), [(1, 0.4), (1.6, 0.4), (4, 0.4), (4.6, 0.4)]),
}


@pytest.mark.parametrize("snr_db", [None, 10])
@pytest.mark.parametrize("country", CADENCES)
def test_ringing_is_one_mark_with_its_pauses(country, snr_db):
    frequencies, rings = CADENCES[country]
    end_s = rings[-1][0] + rings[-1][1]
    sound = laid(end_s + 0.2, [(at, tones(length, frequencies)) for at, length in rings])
    (detection,) = detections_of(line(sound, snr_db))
    assert detection.tone_kind == RINGBACK
    assert abs(detection.begin_ms - rings[0][0] * 1000) <= 20
    # The rest of the sound is a pause of the ringing.
    assert end_s * 1000 - 20 <= detection.end_ms <= end_s * 1000 + 220
    assert min(abs(detection.frequency_hz - frequency) for frequency in frequencies) < 3
    assert abs(detection.level_dbfs - TONE_DBFS) < 1


def test_ringing_ends_where_it_would_ring_again_or_something_else_sounds():
    rings = [(1, tones(2, (440, 480))), (7, tones(2, (440, 480)))]
    (detection,) = detections_of(line(laid(20, rings), None))
    assert abs(detection.end_ms - 13_000) <= 30
    noise = 0.3 * np.random.default_rng(3).normal(size=8 * RATE)
    (detection,) = detections_of(line(laid(20, [*rings, (10, noise)]), None))
    assert abs(detection.end_ms - 10_000) <= 60
    (detection,) = detections_of(line(laid(20, [rings[0], (7, tones(0.8, (440, 480)))]), None))
    assert abs(detection.end_ms - 7_800) <= 30  # answered while it rang


@pytest.mark.parametrize("snr_db", [None, 10])
def test_hold_tone_is_one_mark(snr_db):
    sound = sound_of(Signal(AGENT, "hold_tone", 0, 17_000), RATE)
    (detection,) = detections_of(line(laid(18.5, [(1, sound)]), snr_db))
    assert detection.tone_kind == HOLD_TONE
    assert abs(detection.begin_ms - 1000) <= 20
    assert 16_480 <= detection.end_ms <= 18_500
    assert abs(detection.frequency_hz - 425) < 3


def test_talk_between_beeps_makes_them_no_hold():
    beeps = laid(16, [(at, tones(0.5, (1400,))) for at in (1, 6, 11)])
    sound = line(beeps, None).astype(int)
    probability = np.zeros(1600, np.float32)
    for begin in (2, 7, 12):
        sound[begin * RATE : (begin + 3) * RATE] += Voice(begin, 3, 30).samples
        probability[begin * 100 : (begin + 3) * 100] = 0.9
    detections = detections_of(sound.clip(-32768, 32767), probability=probability)
    assert [detection.tone_kind for detection in detections] == [OTHER_TONE] * 3


@pytest.mark.parametrize("snr_db", [None, 10])
def test_recorder_beeps_are_no_hold(snr_db):
    detections = detections_of(line(laid(40, [(at, tones(0.5, (1400,))) for at in (2, 17, 32)]), snr_db))
    assert [detection.tone_kind for detection in detections] == [RECORDING_BEEP] * 3
    for detection, at in zip(detections, (2, 17, 32), strict=True):
        assert abs(detection.begin_ms - at * 1000) <= 15
        assert abs(detection.end_ms - at * 1000 - 500) <= 15
        assert abs(detection.frequency_hz - 1400) < 3


@pytest.mark.parametrize(("hz", "kind"), [(425, DIAL), (1000, OTHER_TONE)])
@pytest.mark.parametrize("snr_db", [None, 10])
def test_a_long_tone_is_no_music(hz, kind, snr_db):
    (detection,) = detections_of(line(laid(12, [(1, tones(9, (hz,)))]), snr_db))
    assert detection.tone_kind == kind
    assert abs(detection.begin_ms - 1000) <= 20
    assert abs(detection.end_ms - 10_000) <= 20


@pytest.mark.parametrize("snr_db", [None, 10])
def test_music(snr_db):
    music = sound_of(Signal(AGENT, "hold_music", 0, 12_000), RATE)
    (detection,) = detections_of(line(laid(15, [(1.5, music)]), snr_db))
    assert detection.tone_kind == HOLD_MUSIC
    assert abs(detection.begin_ms - 1500) <= 150
    assert abs(detection.end_ms - 13_500) <= 300


def test_short_music_is_none():
    assert not detections_of(line(laid(8, [(2, sound_of(Signal(AGENT, "hold_music", 0, 2_500), RATE))]), None))


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(lambda rng, n: rng.normal(size=n), id="white noise"),
        pytest.param(lambda rng, n: np.cumsum(rng.normal(size=n)) / 30, id="brown noise"),
        pytest.param(lambda rng, n: sum(tones(n / RATE, (60 * k,)) / k for k in (1, 3, 5, 7, 9)) / 2, id="hum"),
        pytest.param(lambda rng, n: np.zeros(n), id="zeros"),
    ],
)
@pytest.mark.parametrize("gain", [1.0, 0.05])
def test_noise_hum_and_nothing_are_no_tones(sound, gain):
    samples = gain * sound(np.random.default_rng(1), 10 * RATE)
    assert not detections_of(line(np.clip(samples, -3, 3), None))


def test_speech_is_no_tone():
    for seed in range(4):
        made = Voice(seed, 20, 25)
        voiced = made.voiced[: len(made.voiced) // 80 * 80].reshape(-1, 80).mean(axis=1)
        probability = np.convolve(voiced, np.ones(40) / 40, "same") > 0.3
        assert not detections_of(made.samples, probability=probability.astype(np.float32))


@pytest.mark.parametrize("rate", [8000, 16_000])
def test_every_key(rate):
    parts = [(0.2 + 0.2 * i, tones(0.05, pair, rate)) for i, pair in enumerate(DTMF_HZ.values())]
    sound = laid(3.8, parts, rate) * 0.1
    channel = make_channel((sound * 32768).astype(np.int16), rate=rate)
    detections = find_dtmf(channel, analyse_frames(channel))
    assert "".join(detection.dtmf_digit for detection in detections) == "".join(DTMF_HZ)
    for detection, (at, _) in zip(detections, parts, strict=True):
        assert abs(detection.begin_ms - at * 1000) <= 5
        assert abs(detection.end_ms - at * 1000 - 50) <= 5
        assert abs(detection.level_dbfs + 20) < 1.5


@pytest.mark.parametrize(
    ("low_db", "high_db", "off", "length", "heard"),
    [
        (0, 0, 1.0, 0.040, True),
        (0, 0, 1.0, 0.022, False),  # too short
        (0, 0, 1.015, 0.100, True),
        (0, 0, 1.035, 0.100, False),  # off its frequencies
        (0, -7, 1.0, 0.100, True),
        (-3, 0, 1.0, 0.100, True),
        (0, -14, 1.0, 0.100, False),  # twisted
        (-10, 0, 1.0, 0.100, False),
        (0, -99, 1.0, 0.100, False),  # one frequency
    ],
)
def test_keys_by_the_rules(low_db, high_db, off, length, heard):
    low, high = (10 ** (db / 20) * tones(length, (hz * off,)) for db, hz in ((low_db, 770), (high_db, 1336)))
    channel = make_channel(line(laid(1, [(0.4, (low + high) / np.sqrt(2))]), None))
    detections = find_dtmf(channel, analyse_frames(channel))
    assert [detection.dtmf_digit for detection in detections] == (["5"] if heard else [])


@pytest.mark.parametrize("rate", [8000, 11_000, 44_100])
@pytest.mark.parametrize(("low_off", "high_off", "heard"), [(0.985, 1.015, True), (1.0168, 0.9805, False)])
def test_keys_are_judged_alike_at_every_rate(rate, low_off, high_off, heard):
    sound = laid(1, [(0.4, tones(0.0777, (697 * low_off, 1209 * high_off), rate))], rate) * 0.1
    channel = make_channel((sound * 32768).astype(np.int16), rate=rate)
    assert [detection.dtmf_digit for detection in find_dtmf(channel, analyse_frames(channel))] == (
        ["1"] if heard else []
    )


@pytest.mark.parametrize("rate", [11_000, 16_000, 44_100, 48_000])
def test_spectral_lines_do_not_depend_on_the_rate(rate):
    def lines(rate):
        seconds = np.arange(round(0.0777 * rate)) / rate
        # Frequencies that move, as a voice's: where they lie depends on the bins.
        low, high = (np.sin(2 * np.pi * (hz * seconds + 60 * seconds**2)) for hz in (700, 1180))
        return spectral_lines(low + 0.9 * high, rate)

    (expected, share), (found, other) = lines(8000), lines(rate)
    assert found == pytest.approx(expected, abs=0.2)
    assert other == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("concealment", ["repeat", "zeros"])
def test_a_lost_packet_parts_no_key(concealment):
    samples = line(laid(1, [(0.3, tones(0.14, (770, 1336)))]), 30)
    lost = np.array([[2880, 3040]])
    conceal(samples, lost, LineConditions(concealment=concealment), RATE)
    (detection,) = detections_of(samples)
    assert (detection.tone_kind, detection.dtmf_digit) == (DTMF, "5")
    assert abs(detection.begin_ms - 300) <= 8
    assert abs(detection.end_ms - 440) <= 8


def test_the_same_key_twice_is_two():
    samples = line(laid(1, [(0.3, tones(0.08, (770, 1336))), (0.43, tones(0.08, (770, 1336)))]), 30)
    assert [detection.dtmf_digit for detection in detections_of(samples)] == ["5", "5"]


def test_pieces_find_what_the_leg_holds():
    parts = [(at, tones(2, (440, 480))) for at in range(5, 60, 6)]
    parts += [(at, tones(0.1, (852, 1477))) for at in (64.95, 66.0)]
    samples = line(laid(70, parts), 20)

    def pieces_of(borders):
        found = []
        for start, end in borders:
            first, last = max(start - 30 * RATE, 0), min(end + 30 * RATE, len(samples))
            channel = make_channel(samples[first:last], first_sample=first, core=(start, end))
            features = analyse_frames(channel)
            detections = find_detections(
                channel, features, np.zeros(len(features.span.measured), np.float32)
            ).detections
            found.extend(detection for detection in detections if detection.kind == TONE)
        return found

    (whole_ring, *keys) = pieces_of([(0, len(samples))])
    first, second, *split_keys = pieces_of([(0, 33 * RATE), (33 * RATE, len(samples))])
    assert (first.tone_kind, second.tone_kind) == (RINGBACK, RINGBACK)
    assert (first.begin_ms, first.end_ms) == (whole_ring.begin_ms, 33_000)
    assert (second.begin_ms, second.end_ms) == (33_000, whole_ring.end_ms)
    assert split_keys == keys
    assert len(keys) == 2
    (ring, left, right, other) = pieces_of([(0, 65 * RATE), (65 * RATE, len(samples))])
    assert ring == whole_ring
    assert (left.end_ms, right.begin_ms) == (65_000, 65_000)
    assert other == keys[1]


def test_made_up_calls():
    """Every key, ringing, hold tone and music is found where it is, and nothing else."""
    counted = 0
    for seed in range(3000, 3008):
        call = make_call(varied_call("c", 0, seed, duration_ms=(62_000, 75_000)), seed)
        for role in (CUSTOMER, AGENT):
            sound = call.channels[role]
            channel = make_channel(sound.pcm, role=role)
            features = analyse_frames(channel)
            probability = np.zeros(len(features.span.measured), np.float32)
            for begin, end in sound.spans // 80:
                probability[begin : end + 1] = 0.9
            # What the other channel's echo brings is known here; find_detections can be told, see test_leak.
            echoes = [signal for signal in call.script.signals if signal.role != role]
            detections = [
                detection
                for detection in find_detections(channel, features, probability).detections
                if detection.kind == TONE
            ]
            detections = [
                detection
                for detection in detections
                if not any(e.begin_ms < detection.end_ms and detection.begin_ms < e.end_ms + 400 for e in echoes)
            ]
            truth = [signal for signal in call.script.signals if signal.role == role and signal.kind != "hold"]
            assert [(detection.tone_kind, detection.dtmf_digit or "") for detection in detections] == [
                (signal.kind, signal.detail if signal.kind == DTMF else "") for signal in truth
            ], (seed, role)
            for detection, signal in zip(detections, truth, strict=True):
                # Music may begin with a rest.
                assert abs(detection.begin_ms - signal.begin_ms) <= (1000 if signal.kind == HOLD_MUSIC else 30)
                assert abs(detection.end_ms - signal.end_ms) <= (10 if signal.kind == "dtmf" else 2000)
                counted += 1
    assert counted >= 10
