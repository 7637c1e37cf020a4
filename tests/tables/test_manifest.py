"""Manifests: the same bytes each time, read back, and what cannot be read."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from builders.jobs import make_job, make_stream

from callbeam.errors import UsageError
from callbeam.storage import StorageError
from callbeam.tables import Manifest, Outcome, load_manifest, load_manifests, write_run
from callbeam.tables.manifest import FileEntry, manifest_of
from callbeam.tables.object_names import manifest_key, run_key

if TYPE_CHECKING:
    from callbeam.storage import ObjectStore

DAY_MS = 1_772_323_200_000
FILES = [FileEntry(f"calls/dt=2026-03-01/j-0000{number}.parquet", "calls", number, 10, "ab" * 32) for number in (1, 0)]


def a_manifest(job_id: str = "j", start_ms: int = DAY_MS) -> Manifest:
    return manifest_of(
        make_job(
            start_ms, start_ms + 1, job_id=job_id, sources=("calls-*",), streams=[make_stream()], as_of_ms=start_ms + 2
        ),
        outcome=Outcome(by_status={"open": 1, "decoded": 7}, call_count=2, open_calls=("é",)),
        files=FILES,
        options_sha256="0f",
        versions={"numpy": "2", "callbeam": "0.1.0"},
    )


def test_a_manifest_comes_back_and_its_files_are_sorted() -> None:
    manifest = a_manifest()
    assert Manifest.from_json(manifest.to_json()) == manifest
    assert [entry.rows for entry in manifest.files] == [0, 1]
    assert manifest.outcome.decoded == 7


def test_the_same_manifest_is_the_same_bytes() -> None:
    manifest = a_manifest()
    outcome = replace(manifest.outcome, by_status={"decoded": 7, "open": 1})
    assert (
        replace(manifest, outcome=outcome, versions={"callbeam": "0.1.0", "numpy": "2"}).to_json() == manifest.to_json()
    )


def test_manifests_are_loaded_and_nothing_else_is(store: ObjectStore) -> None:
    assert load_manifest(store, "a") is None
    assert load_manifests(store) == []
    later, earlier = a_manifest("a", DAY_MS + 1), a_manifest("b")
    for manifest in (later, earlier):
        store.put(manifest_key(manifest.job_id), manifest.to_json())
    store.put("_jobs/c/attempt/calls/manifest.json", b"not one")
    write_run(store, "c", {"host": "h", "begin": "2026-11-21T00:00:00Z"})
    assert load_manifest(store, "a") == later
    assert load_manifests(store) == [earlier, later]


def test_a_run_is_json(store: ObjectStore) -> None:
    write_run(store, "j", {"b": 1, "a": None})
    content = store.get(run_key("j"))
    assert content is not None
    assert json.loads(content) == {"a": None, "b": 1}


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"{", b"\xff", b"[" * 100_000, a_manifest().to_json()[:-20], b"\0" * 300]
)
def test_what_is_broken_is_named_with_the_way_out(store: ObjectStore, content: bytes) -> None:
    store.put(manifest_key("j"), content)
    with pytest.raises(StorageError, match=r"_jobs/j/manifest.json is broken: .*backup.*delete it") as error:
        load_manifest(store, "j")
    assert isinstance(error.value, UsageError)  # the same command again would not do better
    assert "version" not in str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        b'{"format": 1}',
        a_manifest().to_json().replace(b'"format": 1', b'"format": 2'),
        a_manifest().to_json().replace(b'"rows"', b'"lines"'),
    ],
)
def test_what_another_version_wrote_is_named(store: ObjectStore, content: bytes) -> None:
    store.put(manifest_key("j"), content)
    with pytest.raises(StorageError, match=r"_jobs/j/manifest.json cannot be read: .*version of callbeam") as error:
        load_manifest(store, "j")
    assert isinstance(error.value, UsageError)
