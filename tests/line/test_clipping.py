import numpy as np
import pytest
from builders.channels import make_channel

from callbeam.audio import at_limits
from callbeam.callmaker import quantise
from callbeam.line.clipping import find_clipping


def quiet(seconds=2):
    return np.random.default_rng(0).integers(-900, 900, seconds * 8000).astype(np.int16)


def test_neighbours_are_joined_and_counted():
    samples = quiet()
    samples[800:805] = 32767
    samples[1500:1502] = -32768  # 87 ms later
    samples[8000:8004] = 32767  # far away
    samples[12_000:12_002] = 32767  # too few
    marks = find_clipping(make_channel(samples))
    assert [(mark.begin_ms, mark.end_ms, mark.clipped_samples) for mark in marks] == [(100, 188, 7), (1000, 1001, 4)]
    assert {mark.kind for mark in marks} == {"clipping"}


@pytest.mark.parametrize("companding", ["none", "mulaw"])
@pytest.mark.parametrize("rate", [8000, 44_100])
def test_a_sound_that_is_too_loud(companding, rate):
    time = np.arange(2 * rate) / rate
    loud = np.sin(2 * np.pi * 200 * time) * np.where((time >= 0.5) & (time < 1.0), 1.6, 0.5)
    samples = quantise(loud.astype(np.float32), companding)
    (mark,) = find_clipping(make_channel(samples, rate=rate))
    assert 500 <= mark.begin_ms <= 502
    assert 998 <= mark.end_ms <= 1000
    expected = np.count_nonzero(np.abs(samples.astype(int)) >= (32124 if companding == "mulaw" else 32767))
    assert mark.clipped_samples == expected == np.count_nonzero(at_limits(samples))
    assert expected > 0.5 * 0.5 * rate


def test_loud_is_not_clipped():
    samples = quiet()
    samples[100:200] = 32100
    samples[300:400] = 32500  # linear, between the limits of the formats
    assert not find_clipping(make_channel(samples))


def test_pieces_count_their_own():
    samples = quiet()
    samples[7_990:8_010] = 32767
    first = find_clipping(make_channel(samples, core=(0, 8000)))
    second = find_clipping(make_channel(samples, core=(8000, 16_000)))
    assert [(mark.begin_ms, mark.end_ms, mark.clipped_samples) for mark in first + second] == [
        (998, 1000, 10),
        (1000, 1002, 10),
    ]


@pytest.mark.parametrize("samples", [np.zeros(0), np.full(1, 32767), np.full(2, -32768)])
def test_next_to_nothing(samples):
    assert not find_clipping(make_channel(samples))
