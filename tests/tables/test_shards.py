"""How tables are cut into files."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from builders.stores import make_seconds

from callbeam.schemas import TABLES
from callbeam.tables import shard_count, shard_of
from callbeam.tables.parquet_files import encode_table
from callbeam.tables.row_groups import table_row_bytes
from callbeam.tables.shards import BYTES_PER_CHANNEL_HOUR, CHANNEL_HOUR_BYTES, FILE_BYTES

if TYPE_CHECKING:
    pass


OF_BACKFILLS = [name for name, table in TABLES.items() if not table.enriched]


def test_every_table_has_an_estimate() -> None:
    assert set(BYTES_PER_CHANNEL_HOUR) == set(OF_BACKFILLS)


def test_the_estimate_is_near_what_files_have() -> None:
    """A channel's hour has 3,600 seconds; measured on values that do not compress, so from above."""
    rows = make_seconds(36_000)
    in_file, in_memory = BYTES_PER_CHANNEL_HOUR["seconds"]
    assert in_file == pytest.approx(len(encode_table(TABLES["seconds"], rows)) / 10, rel=0.3)
    assert in_memory == pytest.approx(table_row_bytes(rows).sum() / 10, rel=0.5)


@pytest.mark.parametrize("table", OF_BACKFILLS)
def test_a_small_job_has_a_file_a_table(table: str) -> None:
    assert shard_count(table, 0) == 1
    assert shard_count(table, CHANNEL_HOUR_BYTES) == 1


def test_more_media_give_more_files_of_the_size_wanted() -> None:
    counts = [shard_count("seconds", hours * CHANNEL_HOUR_BYTES) for hours in range(0, 50_000, 100)]
    assert counts == sorted(counts)
    assert (
        50_000 * BYTES_PER_CHANNEL_HOUR["seconds"][0] / shard_count("seconds", 50_000 * CHANNEL_HOUR_BYTES)
        <= FILE_BYTES
    )
    assert shard_count("jobs", 10**18) == 1


def test_calls_are_spread_and_stay_where_they_are() -> None:
    """The last numbers are sha256sum's first 16 digits, modulo 1000."""
    shards = Counter(shard_of(f"call-{number}", 8) for number in range(8000))
    assert sorted(shards) == list(range(8))
    assert max(np.abs(np.array(list(shards.values())) - 1000)) < 150
    assert [shard_of(call_id, 1000) for call_id in ("a", "b", None)] == [250, 946, 652]
