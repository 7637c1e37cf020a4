"""Rows of many calls are packed together, and each call's rows come to the shard that its key names."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from apache_beam.utils.windowed_value import WindowedValue

from callbeam.assembly import CallTables, pack_rows, unpack_rows
from callbeam.schemas import TABLES
from callbeam.tables import shard_count, shard_of
from callbeam.transforms.write_tables import BATCHES_AT_ONCE, JoinRows, PackRows, ToShards

if TYPE_CHECKING:
    from collections.abc import Iterable

SECONDS = TABLES["seconds"].schema


def seconds_of(call_id: str, rows: int) -> pa.RecordBatch:
    columns = {field.name: pa.nulls(rows, field.type) for field in SECONDS}
    columns["call_id"] = pa.array([call_id] * rows, pa.string())
    return pa.record_batch(list(columns.values()), schema=SECONDS)


def some_calls(count: int) -> list[CallTables]:
    """Calls of a few seconds; every fifth has none, and the one after it two batches."""
    calls = [CallTables(f"call-{number:03d}") for number in range(count)]
    for number, call in enumerate(calls):
        call.batches["seconds"] = [seconds_of(call.call_key, number % 5)]
        if number % 5 == 1:
            call.batches["seconds"].append(seconds_of(call.call_key, 2))
    return calls


def all_of(do_fn: Any, elements: Iterable[Any]) -> list[Any]:
    do_fn.start_bundle()
    results = [result for element in elements for result in do_fn.process(element)]
    for last in do_fn.finish_bundle():
        assert isinstance(last, WindowedValue)
        results.append(last.value)
    return results


@pytest.mark.parametrize("shards", [1, 3])
def test_each_row_comes_to_the_shard_of_its_call(shards: int) -> None:
    planned_bytes = next(2**power for power in range(60) if shard_count("seconds", 2**power) >= shards)
    count = shard_count("seconds", planned_bytes)
    calls = some_calls(3 * BATCHES_AT_ONCE)
    to_shards = ToShards()
    sent = [one for packed in all_of(PackRows(), calls) for one in to_shards.process(packed, planned_bytes)]
    arrived: Counter[str] = Counter()
    for (name, shard), rows in all_of(JoinRows(), sent):
        keys = unpack_rows(rows, SECONDS)["call_id"].to_pylist()
        assert name == "seconds"
        assert {shard_of(key, count) for key in keys} <= {shard}
        arrived.update(keys)
    there = {call.call_key: sum(batch.num_rows for batch in call.batches["seconds"]) for call in calls}
    assert arrived == Counter(there)


def test_rows_of_many_calls_take_less_together() -> None:
    calls = some_calls(BATCHES_AT_ONCE)
    packed = all_of(PackRows(), calls)
    alone = sum(len(pack_rows(call.batches["seconds"])) for call in calls)
    assert 3 * sum(len(rows) for _, _, rows in packed) < alone
