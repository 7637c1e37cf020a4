import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.analysis.frame_rows import round_mantissa


@settings(deadline=None, max_examples=200)
@given(
    values=st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False), min_size=1),
    bits=st.integers(1, 22),
)
def test_rounds_half_to_even(values, bits):
    array = np.array(values, dtype=np.float32)
    mantissa, exponent = np.frexp(array.astype(np.float64))
    expected = np.ldexp(np.rint(np.ldexp(mantissa, bits + 1)), exponent - bits - 1)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(round_mantissa(array.copy(), bits), expected.astype(np.float32))


def test_ties_go_to_the_even_neighbour():
    step = 2.0**-10
    halves = np.array([1 + step / 2, 1 + 3 * step / 2, -1 - 5 * step / 2], dtype=np.float32)
    assert round_mantissa(halves).tolist() == [1, 1 + 2 * step, -1 - 2 * step]


def test_what_is_no_number_stays():
    values = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0], dtype=np.float32)
    values.view(np.uint32)[0] = 0x7FFFFFFF  # a NaN that a carry would turn into -0
    rounded = round_mantissa(values)
    assert np.isnan(rounded[0])
    assert rounded[1:].tolist() == [np.inf, -np.inf, 0, 0]
    assert np.signbit(rounded[4])


def test_the_error_is_at_most_half_a_step():
    values = np.random.default_rng(1).normal(size=10_000).astype(np.float32) * 100
    rounded = round_mantissa(values.copy())
    assert np.max(np.abs(rounded / values - 1)) == pytest.approx(2**-11, rel=0.02)
    assert not (rounded.view(np.uint32) & 0x1FFF).any()
