"""What only a folder has: killed writers, races between processes, folders that come and go."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from callbeam.storage.local import TEMPORARY, LocalStore

if TYPE_CHECKING:
    from pathlib import Path

KILLED_IN_PUT = """
import os, signal, sys
from pathlib import Path
from callbeam.storage.local import LocalStore

os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
LocalStore(Path(sys.argv[1])).put("calls/dt=2026-03-01/x.parquet", b"half" * 1000000)
"""

KILLED_SOMETIME = """
import itertools, sys
from pathlib import Path
from callbeam.storage.local import LocalStore

store = LocalStore(Path(sys.argv[1]))
store.put("calls/x", bytes(4_000_000))
print("begun", flush=True)
for turn in itertools.count(1):
    store.put("calls/x", bytes([turn % 256]) * 4_000_000)
"""


def temporaries(root: Path) -> list[str]:
    return sorted(path.name for path in (root / TEMPORARY).iterdir())


def test_a_writer_killed_in_a_put_leaves_nothing_that_is_seen(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED_IN_PUT, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(temporaries(tmp_path)) == 1
    store = LocalStore(tmp_path)
    assert list(store.list("")) == []
    assert store.get("calls/dt=2026-03-01/x.parquet") is None
    assert not list(tmp_path.glob("*/**/*.parquet"))
    store.put("calls/dt=2026-03-01/x.parquet", b"whole")
    assert temporaries(tmp_path) == []


def test_a_writer_killed_at_any_time_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    for delay_s in (0.0, 0.003, 0.011):
        with subprocess.Popen([sys.executable, "-c", KILLED_SOMETIME, str(tmp_path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                writer.wait(delay_s)
            writer.kill()
        content = LocalStore(tmp_path).get("calls/x")
        assert content
        assert content == content[:1] * 4_000_000


def test_a_living_writers_file_is_not_swept(tmp_path: Path) -> None:
    (tmp_path / TEMPORARY).mkdir()
    living, dead = tmp_path / TEMPORARY / "living", tmp_path / TEMPORARY / "dead"
    dead.write_bytes(b"")
    with living.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        LocalStore(tmp_path).put("a", b"")
        assert temporaries(tmp_path) == ["living"]
    LocalStore(tmp_path).put("b", b"")
    assert temporaries(tmp_path) == []


def test_of_many_claims_one_wins(tmp_path: Path) -> None:
    stores = [LocalStore(tmp_path) for _ in range(8)]
    for turn in range(25):
        with ThreadPoolExecutor(8) as pool:
            names = [bytes([number]) for number in range(8)]
            won = list(
                pool.map(lambda store, name, turn=turn: store.put(f"c/{turn}", name, if_absent=True), stores, names)
            )
        assert won.count(True) == 1
        assert LocalStore(tmp_path).get(f"c/{turn}") == names[won.index(True)]


def test_writers_bear_with_those_who_clear(tmp_path: Path) -> None:
    """Deleting removes folders left empty, and may do so between another's making of one and its use."""

    def write_and_clear(number: int) -> None:
        store = LocalStore(tmp_path)
        for turn in range(100):
            key = f"a/b/c/{number}-{turn}"
            store.put(key, b"x")
            store.copy(key, f"{key}-copy")
            assert store.get(f"{key}-copy") == b"x"
            store.delete([key, f"{key}-copy"])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write_and_clear, range(4)))
    assert not (tmp_path / "a").exists()


def test_emptied_folders_go(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "lake")
    store.put("a/b/1", b"")
    store.put("a/2", b"")
    store.delete(["a/b/1"])
    assert not (tmp_path / "lake" / "a" / "b").exists()
    store.delete(["a/2", "a/2"])
    assert not (tmp_path / "lake" / "a").exists()
    assert (tmp_path / "lake").exists()


def test_file_systems_without_hard_links_are_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: object, target: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    store = LocalStore(tmp_path)
    assert store.put("a", b"1", if_absent=True)
    assert not store.put("a", b"2", if_absent=True)
    store.copy("a", "b")
    assert (store.get("a"), store.get("b")) == (b"1", b"1")
    assert temporaries(tmp_path) == []
