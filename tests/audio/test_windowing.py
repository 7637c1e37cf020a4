import warnings

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.audio import MEASURE_NAMES, measure_matrix, window_statistics
from callbeam.audio.windowing import windows_of
from callbeam.errors import UsageError
from callbeam.schemas.windows import WINDOWS

START = 1_700_000_003_210


def reference(values):
    """The statistics of one measure by numpy's own NaN functions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return [
            np.nanmean(values),
            np.nanstd(values),
            *(np.nanpercentile(values, q, method="linear") for q in (20, 50, 80)),
        ]


def assert_statistics(statistics, matrix):
    assert list(statistics) == [name for name in WINDOWS.schema.names if name.rsplit("_", 1)[0] in MEASURE_NAMES]
    values = list(statistics.values())
    for row, name in enumerate(MEASURE_NAMES):
        got = values[5 * row : 5 * row + 5]
        if not np.isfinite(matrix[row]).any():
            assert got == [None] * 5
        else:
            np.testing.assert_allclose(got, reference(matrix[row]), rtol=1e-12, atol=1e-9, err_msg=name)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 40), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_statistics_equal_numpys(seconds, missing, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.normal(0, 50, (len(MEASURE_NAMES), seconds))
    matrix[rng.random(matrix.shape) < missing] = np.nan
    matrix[3] = np.nan
    assert_statistics(window_statistics(matrix), matrix)


def test_a_mapping_does_as_well():
    values = {name: np.array([1.0, np.nan, 4.0]) for name in MEASURE_NAMES}
    assert window_statistics(values) == window_statistics(np.array(list(values.values())))
    assert window_statistics(values)["voicing_p20"] == pytest.approx(1.6)


def batch(starts, seed=0):
    rng = np.random.default_rng(seed)
    columns = {
        "start_ts": pa.array(starts).cast(pa.timestamp("ms", tz="UTC")),
        "covered_ms": pa.array(rng.integers(500, 1001, len(starts)), pa.int32()),
        "speech_ms": pa.array(rng.integers(0, 501, len(starts)), pa.int32()),
    }
    for name in MEASURE_NAMES:
        values = rng.normal(size=len(starts)).astype(np.float32)
        columns[name] = pa.array(values, mask=rng.random(len(starts)) < 0.2)
    return pa.RecordBatch.from_pydict(columns)


@settings(deadline=None, max_examples=25)
@given(
    offsets=st.sets(st.integers(0, 200), min_size=1, max_size=40),
    lengths=st.sampled_from([(30_000, 5000), (1000, 1000), (7000, 2500), (2000, 9000), (30_000, 30_000)]),
    seed=st.integers(0, 1000),
)
def test_a_second_belongs_to_each_window_that_it_begins_in(offsets, lengths, seed):
    window_ms, hop_ms = lengths
    starts = np.array(list(offsets)) * 1000 + START
    seconds = batch(starts, seed)
    matrix = measure_matrix(seconds)
    covered, speech = (seconds[name].to_numpy() for name in ("covered_ms", "speech_ms"))
    windows = windows_of(seconds, window_ms, hop_ms)
    expected = [
        begin
        for begin in range((START - window_ms) // hop_ms * hop_ms, START + 201_000, hop_ms)
        if ((starts >= begin) & (starts < begin + window_ms)).any()
    ]
    assert [window["window_start_ms"] for window in windows] == expected
    for window in windows:
        begin = window.pop("window_start_ms")
        inside = (starts >= begin) & (starts < begin + window_ms)
        assert window.pop("window_ms") == window_ms
        assert window.pop("second_count") == inside.sum()
        assert window.pop("covered_ms") == covered[inside].sum()
        assert window.pop("speech_ms") == speech[inside].sum()
        assert window.pop("speech_ratio") == pytest.approx(speech[inside].sum() / covered[inside].sum())
        assert_statistics(window, matrix[:, inside])


def test_order_of_arrival_does_not_matter():
    starts = START + 1000 * np.arange(50)
    seconds = batch(starts)
    shuffled = seconds.take(pa.array(np.random.default_rng(1).permutation(50)))
    assert windows_of(shuffled, 30_000, 5000) == windows_of(seconds, 30_000, 5000)


def test_no_seconds_no_windows():
    assert windows_of(batch(np.array([], dtype=np.int64)), 30_000, 5000) == []


def test_a_window_needs_a_length():
    with pytest.raises(UsageError, match="-1"):
        windows_of(batch(np.array([START])), 30_000, -1)
