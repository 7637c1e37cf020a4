"""Panes and window rows: second rows on their way through sliding windows."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from callbeam.audio import MEASURE_NAMES, measure_matrix, window_statistics
from callbeam.schemas import STATISTICS, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


COLUMNS = tuple(f"{measure}_{statistic}" for measure in MEASURE_NAMES for statistic in STATISTICS)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowConfig:
    """Length and distance of the windows, in milliseconds."""

    window_ms: int = 30_000
    hop_ms: int = 5_000

    @property
    def pane_ms(self) -> int:
        """The longest stretch that lies whole in every window that it touches."""
        return math.gcd(self.window_ms, self.hop_ms)


class ChannelKey(NamedTuple):
    """Names a channel while its seconds are grouped by window; ``participant_role`` is "" where nothing tells."""

    call_id: str
    channel_id: str
    participant_role: str


class Pane(NamedTuple):
    """Seconds of a channel that begin in the same pane, the longest stretch that lies whole in every window it touches.

    Attributes
    ----------
    start_ms : int
        Where the first of the seconds begins, UTC milliseconds.
    covered_ms : bytes
        int32 array, shape (n,).
    speech_ms : bytes
        int32 array, shape (n,).
    measures : bytes
        float32 array, shape (measures, n), in the order of ``MEASURE_NAMES``; NaN for NULL.
    """

    start_ms: int
    covered_ms: bytes
    speech_ms: bytes
    measures: bytes


class WindowSummary(NamedTuple):
    """What a window's seconds come to; ``statistics`` is a float32 array in table order."""

    covered_ms: int
    speech_ms: int
    second_count: int
    statistics: bytes


class WindowRow(NamedTuple):
    """A row of table ``windows`` before its call's start is known; ``statistics`` is a float32 array in table order."""

    channel_id: str
    participant_role: str
    window_start_ms: int
    window_ms: int
    covered_ms: int
    speech_ms: int
    second_count: int
    statistics: bytes


def panes_of(seconds: pa.RecordBatch, pane_ms: int) -> Iterator[tuple[ChannelKey, Pane]]:
    """Cut the second rows of one channel into panes.

    Parameters
    ----------
    seconds : pyarrow.RecordBatch
        Rows of one channel in time order, with the columns of table ``seconds``.
    pane_ms : int
        Panes begin at multiples of this since the epoch.
    """
    key = ChannelKey(
        seconds.column("call_id")[0].as_py(),
        seconds.column("channel_id")[0].as_py(),
        seconds.column("participant_role")[0].as_py() or "",
    )
    starts = seconds.column("start_ts").cast(pa.int64()).to_numpy()
    covered = seconds.column("covered_ms").to_numpy()
    speech = seconds.column("speech_ms").to_numpy()
    measures = measure_matrix(seconds).astype(np.float32)
    borders = np.flatnonzero(np.diff(starts // pane_ms)) + 1
    for first, end in zip((0, *borders), (*borders, len(starts)), strict=True):
        amounts = covered[first:end].tobytes(), speech[first:end].tobytes()
        yield key, Pane(int(starts[first]), *amounts, measures[:, first:end].tobytes())


def covered_ms(panes: Iterable[Pane]) -> int:
    """Return how many milliseconds of audio panes hold."""
    return sum(int(np.frombuffer(pane.covered_ms, np.int32).sum()) for pane in panes)


def summarise(panes: Sequence[Pane]) -> WindowSummary:
    """Reduce the panes of one window, in time order."""
    rows = [np.frombuffer(pane.measures, np.float32).reshape(len(MEASURE_NAMES), -1) for pane in panes]
    measures = np.concatenate(rows, axis=1).astype(np.float64)
    speech_ms = sum(int(np.frombuffer(pane.speech_ms, np.int32).sum()) for pane in panes)
    statistics = np.array(list(window_statistics(measures).values()), np.float32)
    return WindowSummary(covered_ms(panes), speech_ms, measures.shape[1], statistics.tobytes())


def summary_row(channel: ChannelKey, start_ms: int, window_ms: int, summary: WindowSummary) -> WindowRow:
    """Say whose window it is that was summarised, and where it lies."""
    return WindowRow(channel.channel_id, channel.participant_role, start_ms, window_ms, *summary)


def window_batch(job_id: str, call_id: str, call_start_ms: int, rows: Sequence[WindowRow]) -> pa.RecordBatch:
    """Turn the window rows of one call into a batch of table ``windows``."""
    table = TABLES["windows"]
    statistics = np.frombuffer(b"".join(row.statistics for row in rows), np.float32).reshape(-1, len(COLUMNS))
    columns = {
        "job_id": [job_id] * len(rows),
        "call_id": [call_id] * len(rows),
        "channel_id": [row.channel_id for row in rows],
        "participant_role": [row.participant_role or None for row in rows],
        "window_start_ts": [row.window_start_ms for row in rows],
        "window_ms": [row.window_ms for row in rows],
        "begin_offset_ms": [row.window_start_ms - call_start_ms for row in rows],
        "covered_ms": [row.covered_ms for row in rows],
        "speech_ms": [row.speech_ms for row in rows],
        "speech_ratio": [row.speech_ms / row.covered_ms for row in rows],
        "second_count": [row.second_count for row in rows],
        **{name: pa.array(statistics[:, i], pa.float32(), from_pandas=True) for i, name in enumerate(COLUMNS)},
    }
    return pa.RecordBatch.from_pydict(columns, schema=table.schema)


def channel_windows(seconds: Iterable[pa.RecordBatch], config: WindowConfig) -> list[WindowRow]:
    """Return the window rows of channels, the same as WindowFeatures would give.

    Parameters
    ----------
    seconds : iterable of pyarrow.RecordBatch
        All second rows of the channels: of one channel each, in time order.
    config : WindowConfig
    """
    window_ms, hop_ms = config.window_ms, config.hop_ms
    panes: defaultdict[tuple[ChannelKey, int], list[Pane]] = defaultdict(list)
    for batch in seconds:
        for channel, pane in panes_of(batch, config.pane_ms):
            for window in range((pane.start_ms - window_ms) // hop_ms + 1, pane.start_ms // hop_ms + 1):
                panes[channel, window * hop_ms].append(pane)
    return [
        summary_row(channel, start_ms, window_ms, summarise(sorted(some)))
        for (channel, start_ms), some in panes.items()
    ]
