"""From seconds to windows: the statistics, and the plain way to compute all windows of a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from callbeam.errors import UsageError
from callbeam.schemas import SECOND_MEASURES, STATISTICS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

MEASURE_NAMES = tuple(column.name for column in SECOND_MEASURES)
_PERCENTILES = np.array([0.2, 0.5, 0.8])
_COLUMN_NAMES = tuple(f"{measure}_{statistic}" for measure in MEASURE_NAMES for statistic in STATISTICS)


def measure_matrix(seconds: pa.RecordBatch) -> npt.NDArray[np.float64]:
    """Return the measures of second rows, float64, shape (measures, rows), NULL as NaN.

    Parameters
    ----------
    seconds : pyarrow.RecordBatch
        With the columns ``MEASURE_NAMES``; others do not matter.
    """
    matrix = np.empty((len(MEASURE_NAMES), seconds.num_rows))
    for row, name in zip(matrix, MEASURE_NAMES, strict=True):
        row[:] = seconds.column(name).to_numpy(zero_copy_only=False)
    return matrix


def window_statistics(
    seconds: Mapping[str, npt.NDArray[np.floating]] | npt.NDArray[np.float64],
) -> dict[str, float | None]:
    """Return the statistics of one window over its seconds.

    Parameters
    ----------
    seconds : mapping of measure to array of shape (n,), or array of shape (measures, n)
        The measures of the window's seconds (``MEASURE_NAMES``), in order of time; NaN where a second has none.

    Returns
    -------
    dict of str to float or None
        Mean, population standard deviation and percentiles (linear interpolation, as ``numpy.nanpercentile``) of each
        measure, by the names of table ``windows``. None where no second has the measure.

    Examples
    --------
    >>> window_statistics({name: np.array([1.0, 2.0, 4.0]) for name in MEASURE_NAMES})["voicing_p50"]
    2.0
    """
    if isinstance(seconds, np.ndarray):
        rows = seconds
    else:
        rows = np.array([seconds[name] for name in MEASURE_NAMES], dtype=np.float64)
    statistics = _statistics(rows)
    values: list[float | None] = [*statistics.ravel().tolist()]
    for missing in np.flatnonzero(np.isnan(statistics)):
        values[missing] = None
    return dict(zip(_COLUMN_NAMES, values, strict=True))


def _statistics(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the ``STATISTICS`` of each row's finite values, shape (measures, statistics); NaN for a row without."""
    if not rows.shape[1]:
        return np.full((len(rows), len(STATISTICS)), np.nan)
    present = ~np.isnan(rows)
    counts = present.sum(axis=1)
    some = np.maximum(counts, 1)[:, None]
    mean = np.where(present, rows, 0).sum(axis=1, keepdims=True) / some
    deviation = np.where(present, rows - mean, 0)
    sd = np.sqrt((deviation * deviation).sum(axis=1, keepdims=True) / some)
    ordered = np.sort(rows, axis=1)  # NaN last
    place = np.maximum(counts - 1, 0)[:, None] * _PERCENTILES
    low = place.astype(np.intp)
    high = np.minimum(low + 1, np.maximum(counts - 1, 0)[:, None])
    below = np.take_along_axis(ordered, low, axis=1)
    above = np.take_along_axis(ordered, high, axis=1)
    statistics = np.concatenate([mean, sd, below + (above - below) * (place - low)], axis=1)
    statistics[counts == 0] = np.nan
    return statistics


def windows_of(seconds: pa.RecordBatch, window_ms: int, hop_ms: int) -> list[dict[str, object]]:
    """Compute all sliding windows of one channel by a plain loop.

    Parameters
    ----------
    seconds : pyarrow.RecordBatch
        A channel's rows of table ``seconds``: ``start_ts``, ``covered_ms``, ``speech_ms`` and the measures, in any
        order.
    window_ms, hop_ms : int
        Length and distance of windows, which begin at multiples of ``hop_ms`` since the epoch. A second belongs to each
        window that its ``start_ts`` lies in.

    Returns
    -------
    list of dict
        A dict for each window that holds a second, in order of time: ``window_start_ms`` (UTC, since the epoch),
        ``window_ms``, ``covered_ms``, ``speech_ms``, ``speech_ratio``, ``second_count``, and the statistics.

    Raises
    ------
    UsageError
        If a length is not positive.
    """
    if window_ms <= 0 or hop_ms <= 0:
        raise UsageError(f"windows need a positive length and hop, not {window_ms} and {hop_ms} ms")
    if not seconds.num_rows:
        return []
    starts = seconds.column("start_ts").cast("int64").to_numpy()
    order = np.argsort(starts, kind="stable")
    starts = starts[order]
    covered, speech = (seconds.column(name).to_numpy()[order] for name in ("covered_ms", "speech_ms"))
    matrix = measure_matrix(seconds)[:, order]
    windows: list[dict[str, object]] = []
    first = (int(starts[0]) - window_ms) // hop_ms + 1
    for index in range(first, int(starts[-1]) // hop_ms + 1):
        begin = index * hop_ms
        low, high = np.searchsorted(starts, [begin, begin + window_ms])
        if low < high:
            windows.append(
                {
                    "window_start_ms": begin,
                    "window_ms": window_ms,
                    "covered_ms": int(covered[low:high].sum()),
                    "speech_ms": int(speech[low:high].sum()),
                    "speech_ratio": speech[low:high].sum() / covered[low:high].sum(),
                    "second_count": int(high - low),
                    **window_statistics(matrix[:, low:high]),
                }
            )
    return windows
