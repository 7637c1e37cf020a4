"""Names are safe whatever a call's id holds, and no two calls share one."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from callbeam.export.file_names import call_folder, channel_file


@given(st.text())
@example("../..")
@example("/etc/passwd")
@example("a\0b")
@example("\ud800")
@example(".hidden")
def test_a_folder_is_one_plain_name(call_id: str) -> None:
    name = call_folder(call_id)
    assert 0 < len(name) <= 80
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
    assert name[0] not in "-."


@pytest.mark.parametrize(("one", "other"), [("a/b", "a-b"), ("c", "C"), ("x" * 100, "x" * 101), ("", " ")])
def test_calls_have_folders_of_their_own(one: str, other: str) -> None:
    assert call_folder(one).lower() != call_folder(other).lower()


def test_a_channel_is_told_by_leg_role_and_id() -> None:
    assert channel_file(0, "AGENT", "x", "abc") == "19700101T000000.000Z-agent-abc"
    assert channel_file(1, None, "../é", "abc") == "19700101T000000.001Z-track-abc"
