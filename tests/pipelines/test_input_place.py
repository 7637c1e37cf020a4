"""Where files are read from: one place however it is written, and two places whatever they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from callbeam.errors import UsageError
from callbeam.pipelines.input_place import input_place

if TYPE_CHECKING:
    from pathlib import Path


def place_of(text: object) -> str:
    return input_place("--calls", str(text), None).place


def test_a_folder_is_one_place_however_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "recs" / "march").mkdir(parents=True)
    (tmp_path / "link").symlink_to("recs")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for text in ("recs", "recs/", "./recs", "recs/march/..", "link", "~/recs", tmp_path / "recs"):
        assert place_of(text) == str(tmp_path / "recs"), text


def test_a_file_keeps_its_name_which_may_tell_whose_call_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "recs").mkdir()
    (tmp_path / "blob").touch()
    (tmp_path / "recs" / "c-1.wav").symlink_to(tmp_path / "blob")
    monkeypatch.chdir(tmp_path / "recs")
    for text in ("c-1.wav", "./c-1.wav", "../recs/c-1.wav", tmp_path / "recs" / "c-1.wav"):
        assert place_of(text) == str(tmp_path / "recs" / "c-1.wav"), text


def test_two_folders_are_two_places_though_both_are_called_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for name in "ab":
        (tmp_path / name / "recs").mkdir(parents=True)
        monkeypatch.chdir(tmp_path / name)
        found.append(place_of("recs"))
    assert found == [str(tmp_path / "a" / "recs"), str(tmp_path / "b" / "recs")]


def test_of_a_folder_what_is_hidden_is_none_and_what_is_unwanted_is_not_opened(tmp_path: Path) -> None:
    for key in ("a/b/1.json", "a/.write_access_check_file.temp", ".git/2.json", "a/3.wav"):
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_text(key)
    (tmp_path / "a" / "3.wav").chmod(0)
    where = input_place("--source", str(tmp_path), None)
    asked: list[str] = []

    def is_wanted(key: str) -> bool:
        asked.append(key)
        return key.endswith(".json")

    assert [key for key, _ in where.contents(is_wanted)] == ["a/b/1.json"]
    assert asked == ["a/3.wav", "a/b/1.json"]
    (tmp_path / "a" / "b" / "1.json").rename(tmp_path / "a" / "b" / ".1.json")
    with pytest.raises(UsageError, match="the folder holds no file"):
        list(input_place("--source", str(tmp_path / "a" / "b"), None).contents())


def test_a_prefix_on_s3_is_one_place_with_and_without_a_slash(aws_credentials: None) -> None:
    assert {place_of(f"s3://records/day{slash}") for slash in ("", "/", "//")} == {"s3://records/day"}
