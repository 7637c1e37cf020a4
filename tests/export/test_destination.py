"""Files appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from callbeam.errors import JobError, UsageError
from callbeam.export import Destination


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    with Destination(tmp_path) as to:
        with to.writing("a.txt") as path:
            path.write_text("new")
            assert (tmp_path / "a.txt").read_text() == "old"
        assert (tmp_path / "a.txt").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")

    def fail() -> None:
        with Destination(tmp_path) as to, to.writing("a.txt") as path:
            path.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    said = r"a.txt cannot be written: No space left on device; check the disk"
    with pytest.raises(JobError, match=said), Destination(tmp_path) as to, to.writing("a.txt"):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_is_told_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="choose another --output"), Destination(tmp_path / "file" / "below"):
        pass


def test_a_folder_made_for_nothing_is_removed(tmp_path: Path) -> None:
    with Destination(tmp_path / "new") as to:
        assert to.folder.is_dir()
    assert list(tmp_path.iterdir()) == []
