"""How little of an output is fetched: of many days, shards and row groups only what a page shows."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from builders.made_output import START, row

from callbeam.schemas import TABLES
from callbeam.storage import StorageError
from callbeam.storage.local import LocalStore
from callbeam.tables import Manifest, Outcome, Output, parquet_files, shard_of
from callbeam.tables.manifest import FileEntry
from callbeam.tables.table_file import TableFile

if TYPE_CHECKING:
    from collections.abc import Iterable
    from io import RawIOBase
    from pathlib import Path

DAYS, CALLS, SHARDS = 3, 40, 4


@dataclass
class CountingStore(LocalStore):
    """A folder that counts how often its files are opened, and the bytes read from them."""

    root: Path
    opened: Counter[str] = field(default_factory=Counter)
    fetched: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        super().__init__(self.root)

    def open(self, key: str) -> RawIOBase | None:
        file: Any = super().open(key)
        self.opened[key] += 1
        read = file.read

        class Counted:
            def __getattr__(_, name: str) -> Any:  # noqa: N805
                return getattr(file, name)

            def read(_, size: int) -> bytes:  # noqa: N805
                content: bytes = read(size)
                self.fetched[key] += len(content)
                return content

        counted: Any = Counted()
        return counted


def job_of(day: int) -> str:
    return f"{day:016x}"


def channel_of(call_id: str) -> str:
    return hashlib.md5(call_id.encode()).hexdigest()


def second(call_id: str, day: int, at: int) -> dict[str, Any]:
    return row("seconds", call_id=call_id, channel_id=channel_of(call_id), job_id=job_of(day), start_ts=START,
               begin_offset_ms=at * 1000) | {"start_ts": START.replace(second=at)}  # fmt: skip


def clip(call_id: str, day: int, unit: int) -> dict[str, Any]:
    sound = {"bytes": bytes(1000), "path": "x"}
    return row("clips", call_id=call_id, channel_id=channel_of(call_id), job_id=job_of(day),
               unit_id=f"{unit}", audio=sound)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> CountingStore:
    return CountingStore(tmp_path)


def publish(store: CountingStore, *, skip_shard: int | None = None, clips: bool = False) -> Output:
    """Publish days of calls: seconds in shards, of which one may have no rows; clips, a file for each call."""
    manifests = []
    for day in range(DAYS):
        calls = [f"call-{day}-{number:02d}" for number in range(CALLS)]
        calls = [call_id for call_id in calls if shard_of(call_id, SHARDS) != skip_shard]
        shards: dict[int, list[dict[str, Any]]] = {}
        for call_id in calls:
            shards.setdefault(shard_of(call_id, SHARDS), []).extend(second(call_id, day, at) for at in range(50))
        entries = [_put(store, "seconds", day, shard, rows) for shard, rows in shards.items()]
        for rank, call_id in enumerate(sorted(calls, key=channel_of) if clips else ()):
            entries.append(_put(store, "clips", day, rank, (clip(call_id, day, unit) for unit in range(3))))
        manifests.append(_manifest(day, entries))
    return Output(store, manifests, "here")


def _put(store: CountingStore, name: str, day: int, shard: int, rows: Iterable[dict[str, Any]]) -> FileEntry:
    data = bytes(parquet_files.encode_table(TABLES[name], pa.Table.from_pylist(list(rows), schema=TABLES[name].schema)))
    key = f"{name}/dt=2026-03-{day + 1:02d}/{job_of(day)}-{shard:05d}.parquet"
    store.put(key, data)
    return FileEntry(key, name, 0, len(data), "")


def _manifest(day: int, entries: list[FileEntry]) -> Manifest:
    return Manifest(
        job_id=job_of(day), sources=(), streams=(), account="", region="", start_ms=day, end_ms=day + 1,
        options_sha256="", versions={}, outcome=Outcome(), files=tuple(entries)
    )  # fmt: skip


def test_a_calls_rows_come_from_the_shard_that_holds_them(store: CountingStore) -> None:
    output = publish(store)
    for call_id in ("call-1-00", "call-2-17", "call-2-18"):
        store.opened.clear()
        day = int(call_id[5])
        rows = output.read_calls("seconds", ["call_id", "begin_offset_ms"], {job_of(day): {call_id}}, channel_ids={})
        assert rows.to_pylist() == [{"call_id": call_id, "begin_offset_ms": 1000 * at} for at in range(50)]
        expected = f"seconds/dt=2026-03-0{day + 1}/{job_of(day)}-{shard_of(call_id, SHARDS):05d}.parquet"
        assert store.opened == {expected: 1}


def test_where_the_last_shard_has_no_rows_the_call_is_found_all_the_same(store: CountingStore) -> None:
    output = publish(store, skip_shard=SHARDS - 1)
    calls = [f"call-2-{number:02d}" for number in range(CALLS)]
    asked = {call_id for call_id in calls if shard_of(call_id, SHARDS) != SHARDS - 1}
    assert any(shard_of(call_id, SHARDS) != shard_of(call_id, SHARDS - 1) for call_id in asked)
    for call_id in calls:
        rows = output.read_calls("seconds", ["call_id"], {job_of(2): {call_id}}, channel_ids={})
        assert rows.num_rows == (50 if call_id in asked else 0)
    assert output.read_calls("seconds", ["call_id"], {job_of(2): asked}, channel_ids={}).num_rows == 50 * len(asked)


def test_each_job_is_asked_for_its_own_calls(store: CountingStore) -> None:
    output = publish(store)
    asked = {job_of(1): {"call-1-03", "call-2-03"}, job_of(2): {"call-2-05"}}
    rows = output.read_calls("seconds", ["call_id"], asked, channel_ids={})
    assert set(rows["call_id"].to_pylist()) == {"call-1-03", "call-2-05"}


def test_of_a_file_only_row_groups_and_columns_asked_for_are_fetched(
    store: CountingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_files, "ROW_GROUP_BYTES", 50_000)
    seconds = [second(f"call-{number:05d}", 0, at) for number in range(200) for at in range(50)]
    key = _put(store, "seconds", 0, 0, seconds).key
    size = (store.root / key).stat().st_size
    file = TableFile(store, key)
    schema = pa.schema([("call_id", pa.string()), ("begin_offset_ms", pa.int32())])
    store.fetched.clear()
    assert file.read(schema, {"call-00100"}).num_rows == 50
    some = store.fetched[key]
    assert 0 < some < size / 20
    store.fetched.clear()
    assert file.read(schema).num_rows == 10_000
    assert some < store.fetched[key] < size / 2
    store.fetched.clear()
    assert file.read(schema, {"none"}).num_rows == store.fetched[key] == 0


def test_clips_are_found_in_halves(store: CountingStore) -> None:
    output = publish(store, clips=True)
    for call_id in ("call-2-00", "call-2-01", "call-2-39"):
        store.opened.clear()
        asked: Any = ("clips", ["call_id", "unit_id"], {job_of(2): {call_id}})
        rows = output.read_calls(*asked, channel_ids={job_of(2): {channel_of(call_id), "f" * 32}})
        assert rows.to_pylist() == [{"call_id": call_id, "unit_id": unit} for unit in "012"]
        assert len(store.opened) <= 14  # of 40: two searches in halves, and the neighbour behind
        assert set(store.opened.values()) == {1}


def test_a_failure_while_reading_stays_what_it_is(store: CountingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    key = _put(store, "seconds", 0, 0, [second("a", 0, 0)]).key
    file = TableFile(store, key)

    def fail(*_: object) -> None:
        raise StorageError("the bucket is away")

    monkeypatch.setattr(Counter, "__setitem__", fail)  # by which the store counts what it reads
    with pytest.raises(StorageError, match="the bucket is away"):
        file.read(pa.schema([("call_id", pa.string())]))
