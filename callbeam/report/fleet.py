"""All calls together: percentiles, distributions, and the calls that stand out."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from callbeam.report.measures import MEASURES, Concern, Measure, Unit
from callbeam.schemas import TABLES

if TYPE_CHECKING:
    from callbeam.tables import Output

Values = npt.NDArray[np.float64]

PERCENTILES = (5, 25, 50, 75, 95)

FEWEST_BINS, MOST_BINS = 8, 24

FEWEST_FOR_OUTLIERS = 8
"""Of fewer values, none can be said to stand out."""

OUTLIER_SCORE = 3.5
"""Iglewicz and Hoaglin's limit for the modified z-score."""

LEAST_DIFFERENCE = {
    Unit.LENGTH: 3_000,
    Unit.LATENCY: 200,
    Unit.SHARE: 0.02,
    Unit.COUNT: 2,
    Unit.PER_MINUTE: 2,
    Unit.RATE: 0.5,
    Unit.DB: 3,
    Unit.DBFS: 3,
}
"""A smaller distance from the median is no reason to look, however alike the other calls are."""

CHANNEL_REDUCTIONS = {"snr_db": "min", "active_level_dbfs": "max", "clipping_ratio": "max"}
"""How the legs of one role become one figure: the worst of its SNR and clipping, the loudest of its levels."""

CALL_COLUMNS = (
    "call_id",
    "job_id",
    "source",
    "call_start_ts",
    "duration_ms",
    "status",
    "fragment_count",
    "lost_fragment_count",
    "clock_source",
    "clock_uncertainty_ms",
    "metrics_scope",
    "total_conversation_duration_ms",
    "non_talk_time_total_ms",
    "interruptions_total_count",
    "channel_layout",
    "warnings",
)


@dataclass(frozen=True, slots=True)
class Outlier:
    """A call that stands out, and by what."""

    row: int
    measure: Measure
    value: float
    score: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts in equal bins from ``low`` to ``high``; what lies beyond counts in the outermost."""

    low: float
    high: float
    counts: tuple[int, ...]


class Fleet:
    """The calls of an output and their figures.

    Parameters
    ----------
    calls : pyarrow.Table
        A row each, sorted by start.
    values : mapping of str to ndarray of float64, shape (calls,)
        By the measures' keys; NaN is NULL.
    """

    def __init__(self, calls: pa.Table, values: dict[str, Values]) -> None:
        self.calls = calls
        self.values = values

    @property
    def count(self) -> int:
        """How many calls there are."""
        return int(self.calls.num_rows)

    def known(self, measure: Measure) -> Values:
        """Return a measure's values without NULLs, sorted."""
        return self._known[measure.key]

    @cached_property
    def _known(self) -> dict[str, Values]:
        return {key: np.sort(values[~np.isnan(values)]) for key, values in self.values.items()}

    def percentiles(self, measure: Measure) -> Values | None:
        """Return the values at ``PERCENTILES``, interpolated between neighbours; None without values."""
        known = self.known(measure)
        return np.percentile(known, PERCENTILES) if len(known) else None

    def rank(self, measure: Measure, value: float) -> float:
        """Return which share of the known values lies below a value, 0 to 1; those that equal it count half."""
        known = self.known(measure)
        below, upto = np.searchsorted(known, value, "left"), np.searchsorted(known, value, "right")
        return float(below + upto) / 2 / max(len(known), 1)

    def histogram(self, measure: Measure) -> Histogram | None:
        """Return the distribution between the outermost of ``PERCENTILES``; None without values."""
        known = self.known(measure)
        if not len(known):
            return None
        low, high = (float(limit) for limit in np.percentile(known, (PERCENTILES[0], PERCENTILES[-1])))
        if low == high:
            low, high = float(known[0]), float(known[-1])
        if low == high:
            low, high = low - 0.5, high + 0.5
        bins = min(max(2 * math.isqrt(len(known)), FEWEST_BINS), MOST_BINS)
        counts, _ = np.histogram(np.clip(known, low, high), bins=bins, range=(low, high))
        return Histogram(low, high, tuple(int(count) for count in counts))

    def outliers(self, most: int) -> list[Outlier]:
        """Return the calls that stand out most, each by its most unusual figure, the most unusual first.

        A figure's score is the modified z-score of Iglewicz and Hoaglin (1993), its distance from the median in median
        absolute deviations scaled to standard deviations of a normal distribution, with deviations taken on either
        side of the median for itself; from 3.5 on it counts.
        """
        best: dict[int, Outlier] = {}
        for measure in MEASURES:
            scores = _scores(self.values[measure.key], measure)
            for row in np.flatnonzero(scores >= OUTLIER_SCORE).tolist():
                if row not in best or scores[row] > best[row].score:
                    best[row] = Outlier(row, measure, float(self.values[measure.key][row]), float(scores[row]))
        return sorted(best.values(), key=lambda outlier: (-outlier.score, outlier.row))[:most]

    def sample(self, most: int) -> list[int]:
        """Return rows drawn by a hash of call_id: the same calls whenever they are asked for, others left in place."""
        keys = zip(self.calls["call_id"].to_pylist(), self.calls["job_id"].to_pylist(), strict=True)
        hashes = [hashlib.sha256("\0".join(key).encode()).digest() for key in keys]
        return sorted(sorted(range(len(hashes)), key=hashes.__getitem__)[:most])


def load_fleet(output: Output) -> Fleet:
    """Read the figures of all calls.

    Parameters
    ----------
    output : Output

    Raises
    ------
    StorageError
        If a table cannot be read.
    """
    known = set(TABLES["calls"].schema.names)
    columns = list(dict.fromkeys([*CALL_COLUMNS, *(m.key for m in MEASURES if m.key in known)]))
    calls = output.read("calls", columns).sort_by(
        [("call_start_ts", "ascending"), ("call_id", "ascending"), ("job_id", "ascending")]
    )
    values = {measure.key: _numbers(calls, measure.key) for measure in MEASURES if measure.key in known}
    values["non_talk_share"] = _share(
        _numbers(calls, "non_talk_time_total_ms"), _numbers(calls, "total_conversation_duration_ms")
    )
    values["lost_share"] = _share(_numbers(calls, "lost_fragment_count"), _numbers(calls, "fragment_count"))
    values |= _channel_values(output, calls)
    return Fleet(calls, values)


def _numbers(table: pa.Table, name: str) -> Values:
    return np.asarray(table[name].cast(pa.float64()).to_numpy(), dtype=np.float64)


def _share(part: Values, whole: Values) -> Values:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(whole > 0, part / whole, np.nan), dtype=np.float64)


def _channel_values(output: Output, calls: pa.Table) -> dict[str, Values]:
    """Return the figures of roles, by role and column."""
    keys = ["call_id", "job_id", "participant_role"]
    channels = output.read("channels", [*keys, *CHANNEL_REDUCTIONS])
    grouped = channels.group_by(keys).aggregate(list(CHANNEL_REDUCTIONS.items()))
    named: list[Any] = [grouped[name].to_pylist() for name in keys]
    rows = {key: row for row, key in enumerate(zip(*named, strict=True))}
    found: dict[str, Values] = {}
    pairs = list(zip(calls["call_id"].to_pylist(), calls["job_id"].to_pylist(), strict=True))
    for role in ("CUSTOMER", "AGENT"):
        at = np.array([rows.get((*pair, role), -1) for pair in pairs], dtype=np.int64)
        for name, reduction in CHANNEL_REDUCTIONS.items():
            values = np.append(_numbers(grouped, f"{name}_{reduction}"), np.nan)  # -1 is the NaN behind the last
            found[f"{role}.{name}"] = values[at]
    return found


def _scores(values: Values, measure: Measure) -> Values:
    """Return modified z-scores in the direction of concern; 0 where there is none."""
    known = values[~np.isnan(values)]
    if measure.concern is Concern.NONE or len(known) < FEWEST_FOR_OUTLIERS:
        return np.zeros(len(values))
    median = float(np.median(known))
    distances = np.nan_to_num(values, nan=median) - median
    above = np.maximum(distances, 0) / _deviation(known - median)
    below = np.maximum(-distances, 0) / _deviation(median - known)
    scores = {Concern.HIGH: above, Concern.LOW: below}.get(measure.concern, above + below)
    return np.asarray(np.where(np.abs(distances) >= LEAST_DIFFERENCE[measure.unit], scores, 0.0))


def _deviation(distances: Values) -> float:
    """Return a robust standard deviation of the side of the median on which distances are positive.

    Each side has its own, since latencies and silences are skewed.
    """
    side = distances[distances >= 0]
    deviation = 1.4826 * float(np.median(side))
    if deviation == 0:
        # More than half of the side agree with the median: the same authors' stand-in, the mean absolute deviation.
        deviation = 1.2533 * float(np.mean(side))
    return deviation or math.inf
