"""Names of recordings, as their publishers form them."""

from __future__ import annotations

from pathlib import Path

import pytest

from callbeam.recordings import CONVENTIONS, read_file_name

CONTACT = "e81b7b4d-20ac-472d-8aad-0d848ce7c9b5"
MINUTE_MS = 1_706_238_420_000  # 2024-01-26T03:07Z

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "read-recordings.md"
FOLDER = "s3://amazon-connect-demo/connect/demo/CallRecordings/2024/01/26"


@pytest.mark.parametrize("time", ["20240126T03:07", "20240126T03_07", "20240126T0307"])
def test_connect_names_a_contact_and_a_minute(time: str) -> None:
    name = read_file_name(f"{FOLDER}/{CONTACT}_{time}_UTC.wav")
    assert (name.contact_id, name.start_ms) == (CONTACT, MINUTE_MS)
    assert name.convention(None) is CONVENTIONS["connect_recording"]
    assert name.convention("connect").roles == ("CUSTOMER", "AGENT")


def test_a_contact_in_capitals_is_the_same() -> None:
    name = read_file_name(f"{FOLDER}/{CONTACT.upper()}_20240126T03:07_UTC.wav")
    assert (name.contact_id, name.start_ms, name.calls[0]) == (CONTACT, MINUTE_MS, CONTACT)
    assert read_file_name(f"recordings/{CONTACT.upper()}.wav").calls == (CONTACT,)


@pytest.mark.parametrize(
    "file",
    [
        f"{CONTACT}.wav",
        f"{CONTACT}_20240126T25:07_UTC.wav",  # no such hour
        f"{CONTACT}_20240126T03:07.wav",
        f"{CONTACT}_analysis_redacted_2024-01-26T03:07:41Z.json",
    ],
)
def test_what_is_not_formed_so_tells_neither(file: str) -> None:
    name = read_file_name(f"{FOLDER}/{file}")
    assert (name.contact_id, name.start_ms) == (None, None)
    assert name.convention(None) is CONVENTIONS["unknown"]


@pytest.mark.parametrize("before", [f"x{CONTACT}", "e81b7b4d"])
def test_a_minute_without_a_contact_is_a_minute(before: str) -> None:
    name = read_file_name(f"{FOLDER}/{before}_20240126T03:07_UTC.wav")
    assert (name.contact_id, name.start_ms, name.calls[0]) == (None, MINUTE_MS, before)
    assert name.convention(None) is CONVENTIONS["unknown"]


def test_an_identifier_within_a_name_is_found() -> None:
    name = read_file_name(f"{FOLDER}/{CONTACT}_call_recording_redacted_2024-01-26T03:07:41Z.wav")
    assert CONTACT in name.calls
    assert read_file_name(f"recordings/{CONTACT}.wav").calls == (CONTACT,)
    assert read_file_name("a.b@10.0.0.1.wav").calls == ("a.b@10.0.0.1",)


@pytest.mark.parametrize(
    ("place", "system", "convention"),
    [
        (f"s3://lca/lca-audio-recordings/{CONTACT}.wav", "connect", "lca_recording"),
        (f"s3://lca/lca-audio-recordings/{CONTACT}.wav", "chime", "lca_chime_recording"),
        (f"s3://lca/lca-audio-recordings/{CONTACT}.wav", None, "unknown"),
        (f"mine/{CONTACT}.wav", "chime", "chime_recording"),
        (f"mine/{CONTACT}.wav", "connect", "unknown"),
    ],
)
def test_the_system_of_a_call_decides_between_conventions(place: str, system: str | None, convention: str) -> None:
    assert read_file_name(place).convention(system) is CONVENTIONS[convention]


def test_the_page_shows_each_convention() -> None:
    roles = {"customer": "CUSTOMER", "agent": "AGENT", "not known": None}
    shown = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip().split(",")[0] for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[2] in roles:
            shown[cells[4].strip("`")] = (roles[cells[2]], roles[cells[3]])
    assert shown == {name: convention.roles for name, convention in CONVENTIONS.items()}


def test_the_channels_of_lca_are_swapped_between_its_sources() -> None:
    assert CONVENTIONS["lca_recording"].roles == ("CUSTOMER", "AGENT")
    assert CONVENTIONS["lca_chime_recording"].roles == ("AGENT", "CUSTOMER")
