"""A call's channels compared: how sure roles are where a channel holds more than one participant."""

from __future__ import annotations

import numpy as np
import pytest
from builders.analysed_legs import leg_parts, rows_by_table
from builders.channels import make_channel
from builders.jobs import DAY_START_MS, make_job, make_leg

from callbeam.assembly import assemble_call
from callbeam.callmaker import CallSpec, ConversationSpec, LineConditions, make_call
from callbeam.kvs import HOUR_MS

START_MS = DAY_START_MS + HOUR_MS
SECONDS = 60


def assembled(sounds: dict[str, np.ndarray]) -> dict[str, list[dict]]:
    """Return the rows of a call with these sounds, by table."""
    leg = make_leg(START_MS, first_number=1000)
    channels = [
        make_channel(samples, role=role, leg=leg, channel_id=role[0] * 12, track_name=role, clock_start_ms=START_MS)
        for role, samples in sounds.items()
    ]
    parts = leg_parts([channels], START_MS + 1000 * SECONDS)
    return rows_by_table(assemble_call("c-1", parts, make_job()))


def roles_of_context(unit: dict) -> set[str]:
    return {turn["participant_role"] for turn in unit["context"]}


@pytest.fixture(scope="module")
def pcm() -> dict[str, np.ndarray]:
    made = make_call(CallSpec("c-1", START_MS, ConversationSpec(duration_ms=SECONDS * 1000)), 6)
    return {role: samples // 2 for role, samples in made.pcm.items()}


def test_of_two_participants_on_two_channels_the_roles_are_sure(pcm: dict[str, np.ndarray]) -> None:
    tables = assembled(pcm)
    assert tables["calls"][0]["channel_layout"] == "stereo"
    assert {row["role_confidence"] for row in tables["channels"]} == {1.0}
    assert any(len(roles_of_context(row)) == 2 for row in tables["sentiment_inputs"])
    assert any(row["eligible"] for row in tables["sentiment_inputs"])


def test_a_mix_beside_one_voice_is_bleed(pcm: dict[str, np.ndarray]) -> None:
    tables = assembled({"CUSTOMER": pcm["CUSTOMER"] + pcm["AGENT"], "AGENT": pcm["AGENT"]})
    (call,) = tables["calls"]
    assert call["channel_layout"] == "bleed"
    assert "echo_leak" in call["warnings"]
    assert [row["role_confidence"] for row in tables["channels"]] == pytest.approx([0.3, 0.3])
    units = [row for row in tables["sentiment_inputs"] if row["participant_role"] == "CUSTOMER"]
    assert units
    assert not any(row["eligible"] for row in units)


def test_a_leak_is_heard_where_it_leaks_to() -> None:
    quiet = LineConditions(snr_db=None)  # without noise, the source is found in the leak, too
    pcm = make_call(CallSpec("c-1", START_MS, ConversationSpec(duration_ms=SECONDS * 1000), quiet, quiet), 6).pcm
    leak = np.roll(np.rint(0.4 * pcm["AGENT"]).astype(np.int16), 240)
    tables = assembled({"CUSTOMER": pcm["CUSTOMER"] // 2 + leak, "AGENT": pcm["AGENT"]})
    assert tables["calls"][0]["channel_layout"] == "bleed"
    heard = {row["participant_role"]: (row["echo_leak_db"], row["echo_delay_ms"]) for row in tables["channels"]}
    assert heard["CUSTOMER"] == pytest.approx((-8, 30), abs=0.5)
    assert heard["AGENT"] == (None, None)


def test_a_doubled_channel_tells_of_nobody(pcm: dict[str, np.ndarray]) -> None:
    mix = pcm["CUSTOMER"] + pcm["AGENT"]
    tables = assembled({"CUSTOMER": mix, "AGENT": np.rint(0.7 * mix).astype(np.int16)})
    (call,) = tables["calls"]
    assert call["channel_layout"] == "dual_mono"
    assert "channels_identical" in call["warnings"]
    assert "echo_leak" not in call["warnings"]
    assert (call["talk_time_total_ms"], call["agent_talk_ratio"]) == (None, None)
    assert [row["role_confidence"] for row in tables["channels"]] == pytest.approx([0.3, 0.3])
    assert not any(row["eligible"] for row in tables["sentiment_inputs"])
    assert any(row["context"] for row in tables["sentiment_inputs"])
    for row in tables["sentiment_inputs"]:
        assert roles_of_context(row) <= {row["participant_role"]}
        assert row["overlap_ratio"] is None
