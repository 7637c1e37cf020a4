"""Made-up calls are put in once."""

from __future__ import annotations

import json

import pytest
from builders.demo import load_demo

from callbeam.emulator import Emulator
from callbeam.errors import UsageError


def contents(kvs):
    return {
        stream.info.arn: [(f.number, f.size, f.server_ms, f.producer_ms) for f in stream.in_order()]
        for stream in kvs.store.all()
    }


def test_the_same_demo_is_put_in_once_and_finished_when_broken_off(tmp_path):
    with Emulator(data=tmp_path) as kvs:
        truth = kvs.load_demo(1)
        assert len(list(truth.glob("*.json"))) == 1
        first = contents(kvs)
        assert all(len(rows) > 20 for rows in first.values())
        assert all(rows == sorted(rows) for rows in first.values())
    marker = tmp_path / "demo.json"
    with Emulator(data=tmp_path) as kvs:
        before = marker.stat().st_mtime_ns
        kvs.load_demo(1)
        assert marker.stat().st_mtime_ns == before
        assert contents(kvs) == first
        with pytest.raises(UsageError, match="another demo"):
            kvs.load_demo(2)
    marker.write_text(json.dumps({**json.loads(marker.read_text()), "whole": False}))
    with Emulator(data=tmp_path) as kvs:
        kvs.load_demo(1)
        assert contents(kvs) == first


def test_what_tests_make_up_once_is_the_demo():
    with Emulator() as kvs, Emulator() as first, Emulator() as second:
        kvs.load_demo(1)
        files = [path for path in kvs.store.folder.rglob("*") if path.is_file()]
        for other in (first, second):
            load_demo(other, 1)
            for path in files:
                assert (other.store.folder / path.relative_to(kvs.store.folder)).read_bytes() == path.read_bytes(), path
