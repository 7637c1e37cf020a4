import numpy as np
import pytest
from builders.channels import make_channel
from builders.shared_data import real_call
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.analysis import analyse_channel
from callbeam.callmaker import quantise
from callbeam.line.digital_silence import digital_silence
from callbeam.line.masking import zero_spans
from callbeam.spans import as_spans


def noise(seconds, seed=0):
    samples = np.random.default_rng(seed).integers(-300, 300, round(seconds * 8000)).astype(np.int16)
    return np.where(samples == 0, 1, samples).astype(np.int16)


def plainly(samples, first_sample, covered, core):
    """What digital_silence does, one sample after the other."""
    inside = np.zeros(len(samples), bool)
    for begin, end in np.array(covered).reshape(-1, 2) - first_sample:
        inside[begin:end] = True
    spans, begin = [], None
    for at in range(len(samples) + 1):
        still = at < len(samples) and inside[at] and samples[at] == 0
        if still and begin is None:
            begin = at
        elif not still and begin is not None:
            if at - begin >= 8000:
                spans.append((begin + first_sample, at + first_sample))
            begin = None
    clipped = [(max(begin, core[0]), min(end, core[1])) for begin, end in spans]
    rounded = ([(begin * 1000 + 4000) // 8000, (end * 1000 + 4000) // 8000] for begin, end in clipped)
    return as_spans([span for span in rounded if span[0] < span[1]]).tolist()  # what touches in milliseconds is one


lengths = st.one_of(st.integers(1, 400), st.integers(7900, 8100), st.integers(8000, 20_000))


@given(st.lists(lengths, min_size=1, max_size=6), st.integers(0, 5000), st.booleans(), st.data())
@settings(max_examples=60, deadline=None)
def test_it_is_what_a_plain_loop_finds(parts, first_sample, silent, data):
    pieces = []
    for length in parts:
        pieces.append(np.zeros(length, np.int16) if silent else noise(length / 8000 + 0.01)[:length])
        silent = not silent
    samples = np.concatenate(pieces)
    end = first_sample + len(samples)
    gap = sorted(data.draw(st.tuples(st.integers(first_sample, end), st.integers(first_sample, end))))
    covered = [span for span in ([first_sample, gap[0]], [gap[1], end]) if span[0] < span[1]]
    core = tuple(sorted(data.draw(st.tuples(st.integers(first_sample, end), st.integers(first_sample, end)))))
    channel = make_channel(samples, first_sample=first_sample, covered=covered, core=core)
    merged = [[covered[0][0], end]] if len(covered) == 2 and gap[0] == gap[1] else covered
    channel = make_channel(samples, first_sample=first_sample, covered=merged, core=core)
    assert digital_silence(channel).tolist() == plainly(channel.samples, first_sample, merged, core)


def test_a_muted_a_law_line_is_silent():
    still = np.full(12_000, 8, np.int16)
    toggling = np.tile(np.array([8, -8], np.int16), 6000)
    loud = np.full(12_000, 400, np.int16)
    samples = np.concatenate([noise(1), still, noise(1), toggling, noise(1), loud, noise(1)])
    assert digital_silence(make_channel(samples)).tolist() == [[1000, 2500]]


def test_a_run_across_a_border_is_judged_as_a_whole():
    samples = np.concatenate([noise(3), np.zeros(10_000, np.int16), noise(3, 1)])
    border = 24_000 + 4_000  # half a second into a run of 1.25 s
    first = make_channel(samples, core=(0, border))
    second = make_channel(samples[16_000:], first_sample=16_000, core=(border, len(samples)))
    assert digital_silence(first).tolist() == [[3000, 3500]]
    assert digital_silence(second).tolist() == [[3500, 4250]]


def test_gaps_are_no_silence_and_part_it():
    samples = np.concatenate([noise(1), np.zeros(24_000, np.int16), noise(1)])
    channel = make_channel(samples, covered=[[0, 12_000], [22_000, 40_000]])
    assert digital_silence(channel).tolist() == [[2750, 4000]]


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_other_rates(rate):
    samples = np.concatenate([noise(1), np.zeros(2 * rate, np.int16), noise(1, 1)])
    assert digital_silence(make_channel(samples, rate=rate)).tolist() == [
        [round(8000 / rate * 1000), round((8000 + 2 * rate) / rate * 1000)]
    ]


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(1), np.ones(3), np.zeros(79)])
def test_next_to_nothing(samples):
    assert not len(digital_silence(make_channel(samples)))


@pytest.mark.conformance
def test_a_real_call_through_mu_law_has_silence_and_no_masked_time():
    sounds = [quantise(real_call(side) / np.float32(32768), "mulaw") for side in ("caller", "agent")]
    channels = [make_channel(sound) for sound in sounds]
    silence = digital_silence(channels[1])
    assert 80_000 < (silence[:, 1] - silence[:, 0]).sum() < 100_000
    for channel in channels:
        assert channel.covered.tolist() == [[0, len(channel.samples)]]
        seconds = analyse_channel(channel).seconds
        assert seconds.num_rows == -(-len(channel.samples) // 8000)
        assert set(seconds["covered_ms"].to_pylist()[:-1]) == {1000}
    assert not len(zero_spans(channels))
