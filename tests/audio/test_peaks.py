import numpy as np
import pytest
from builders.channels import make_channel
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.audio import peaks
from callbeam.audio.extremes import NO_AUDIO


def plainly(samples, first_sample, covered, core, rate):
    step = rate // 20
    inside = np.zeros(core[1] + step, bool)
    values = np.zeros(core[1] + step, np.int64)
    for begin, end in covered:
        stop = min(end, len(inside))
        inside[begin:stop] = True
        values[begin:stop] = samples[begin - first_sample : stop - first_sample]
    result = []
    for at in range(core[0] // step, -(-core[1] // step)):
        part = slice(at * step, (at + 1) * step)
        result.append(min(int(np.abs(values[part]).max()) >> 8, 127) if inside[part].any() else NO_AUDIO)
    return result


@given(
    st.integers(0, 30_000),
    st.integers(0, 20_000),
    st.tuples(st.integers(0, 40_000), st.integers(0, 40_000)),
    st.sampled_from([8000, 16_000, 44_100]),
    st.integers(0, 3),
)
@settings(max_examples=60, deadline=None)
def test_they_are_what_a_plain_loop_finds(count, first_sample, gap, rate, seed):
    samples = np.random.default_rng(seed).integers(-32768, 32768, count)
    end = first_sample + count
    low, high = sorted(min(max(at, first_sample), end) for at in gap)
    covered = [[b, e] for b, e in ([first_sample, low], [high, end]) if b < e] if low < high else [[first_sample, end]]
    covered = [span for span in covered if span[0] < span[1]]
    for core in ((first_sample // rate * rate, end), (0, end + 3000)):
        channel = make_channel(samples, rate=rate, first_sample=first_sample, covered=covered, core=core)
        assert peaks(channel).tolist() == plainly(samples, first_sample, covered, core, rate)
        assert peaks(channel).dtype == np.int8


def test_pieces_make_up_the_leg():
    samples = np.random.default_rng(0).integers(-20_000, 20_000, 50_003)
    whole = peaks(make_channel(samples))
    assert len(whole) == 126  # the last 2.5 ms, too
    parts = [peaks(make_channel(samples, core=core)) for core in ((0, 16_000), (16_000, 50_003))]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize(("value", "peak"), [(-32768, 127), (32767, 127), (255, 0), (256, 1), (-256, 1), (0, 0)])
def test_scale(value, peak):
    assert peaks(make_channel(np.full(400, value))).tolist() == [peak]
