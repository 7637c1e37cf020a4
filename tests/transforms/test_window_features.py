"""Beam's windows against a plain loop, however the seconds are cut up and in whatever order they come."""

from __future__ import annotations

from itertools import pairwise

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.analysis import SECOND_ROWS
from callbeam.assembly import Keyed, WindowConfig, call_parts, channel_windows, pack, panes_of, summarise, unpack
from callbeam.assembly.window_rows import window_batch
from callbeam.audio import MEASURE_NAMES
from callbeam.audio.windowing import windows_of
from callbeam.transforms import WindowFeatures
from callbeam.transforms.window_features import SummariseWindow

START_MS = 1772443800000


def seconds_of(channel: str, starts: list[int], seed: int, *, whole: bool) -> pa.RecordBatch:
    rng = np.random.default_rng(seed)
    measures = rng.normal(0, 50, (len(MEASURE_NAMES), len(starts))).astype(np.float32)
    measures[rng.random(measures.shape) < 0.2] = np.nan
    columns = {
        "call_id": ["c-1"] * len(starts),
        "channel_id": [channel] * len(starts),
        "participant_role": [None] * len(starts),
        "start_ts": pa.array(starts, pa.timestamp("ms", tz="UTC")),
        "covered_ms": pa.array(rng.integers(1000 if whole else 500, 1001, len(starts)), pa.int32()),
        "speech_ms": pa.array(rng.integers(0, 501, len(starts)), pa.int32()),
        **{
            name: pa.array(row, pa.float32(), from_pandas=True)
            for name, row in zip(MEASURE_NAMES, measures, strict=True)
        },
    }
    return pa.RecordBatch.from_pydict(columns, schema=SECOND_ROWS)


FOUND: list[Keyed] = []
SPARSE = st.lists(st.integers(0, 90), min_size=1, max_size=60, unique=True).map(sorted)
DENSE = st.tuples(st.integers(0, 9), st.integers(10, 90)).map(lambda ends: list(range(*ends)))
CHANNELS = st.lists(SPARSE | DENSE, min_size=1, max_size=3)


@settings(deadline=None, max_examples=16)
@given(
    channels=CHANNELS,
    sizes=st.sampled_from([(30_000, 5_000), (10_000, 10_000), (7_000, 3_000), (5_000, 8_000), (1_500, 500)]),
    cuts=st.lists(st.integers(0, 60), max_size=4),
    offset_ms=st.integers(0, 4_999),
    whole=st.booleans(),
    order=st.randoms(use_true_random=False),
)
def test_windows_equal_a_plain_loop_in_beam_and_without(channels, sizes, cuts, offset_ms, whole, order) -> None:
    window_ms, hop_ms = sizes
    parts, expected = [], {}
    for index, numbers in enumerate(channels):
        batch = seconds_of(
            f"channel-{index}", [START_MS + offset_ms + 1000 * n for n in numbers], seed=index, whole=whole
        )
        for row in windows_of(batch, window_ms, hop_ms):
            expected[f"channel-{index}", row.pop("window_start_ms")] = row
        is_whole = not any(cut < len(numbers) for cut in cuts)  # as it is of a leg of one piece
        borders = sorted({0, *(cut for cut in cuts if cut < len(numbers)), len(numbers)})
        parts += [
            Keyed(
                "c-1",
                call_parts.SECONDS,
                call_parts.SecondRows(pack(call_parts.SECONDS, batch.slice(first, end - first)), is_whole),
            )
            for first, end in pairwise(borders)
        ]
    order.shuffle(parts)
    FOUND.clear()
    config = WindowConfig(window_ms=window_ms, hop_ms=hop_ms)
    with beam.Pipeline(runner="FnApiRunner", options=PipelineOptions([])) as p:
        _ = (p | beam.Create(parts),) | WindowFeatures(config) | beam.Map(keep)
    assert {keyed.kind for keyed in FOUND} <= {call_parts.WINDOWS}
    whole_channels = (unpack(part.kind, part.value.rows) for part in parts if part.value.whole)
    windows = [*(keyed.value for keyed in FOUND), *channel_windows(whole_channels, config)]  # as AssembleCalls does
    rows = window_batch("job", "c-1", START_MS, windows).to_pylist() if windows else []
    assert len(rows) == len(expected)
    for row in rows:
        plain = expected[row["channel_id"], round(row["window_start_ts"].timestamp() * 1000)]
        for name, value in plain.items():
            assert row[name] == (None if value is None else pytest.approx(value, rel=1e-5, abs=1e-5)), name


def test_a_window_covered_whole_is_reduced_before_the_shuffle_and_takes_no_more() -> None:
    seconds = seconds_of("channel-0", [START_MS + 1000 * n for n in range(10)], seed=0, whole=True)
    panes = [pane for _, pane in panes_of(seconds, 5_000)]
    combine = SummariseWindow(WindowConfig(window_ms=10_000, hop_ms=5_000))
    first = combine.add_input(combine.create_accumulator(), panes[1])
    assert first == [panes[1]]
    reduced = combine.merge_accumulators([combine.create_accumulator(), first, [panes[0]]])
    assert reduced == summarise(panes)
    assert combine.extract_output(reduced) == reduced
    with pytest.raises(ValueError, match="two pieces answer"):
        combine.add_input(reduced, panes[0])


def keep(keyed: Keyed) -> None:
    """Keep what the pipeline gives, in this process."""
    FOUND.append(keyed)
