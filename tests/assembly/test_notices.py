"""What was found while a channel was read reaches its call; of samples that cannot be sound nothing is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders.analysed_legs import leg_parts, rows_by_table
from builders.jobs import DAY_START_MS, make_job, make_leg

from callbeam.analysis import AnalysisConfig, analyse_piece
from callbeam.assembly import assemble_call
from callbeam.audio import Channel, channel_of_pcm
from callbeam.callmaker import CallSpec, ConversationSpec, LineConditions, make_call
from callbeam.calls import Notice
from callbeam.kvs import HOUR_MS
from callbeam.payload import IMPLAUSIBLE_SAMPLES
from callbeam.voice import SileroDetector

START_MS = DAY_START_MS + HOUR_MS
CONFIG = AnalysisConfig(audio_policy="raw", agent_sentiment=True)


@pytest.fixture(scope="module")
def channels() -> dict[str, Channel]:
    line = LineConditions(snr_db=30.0)
    made = make_call(CallSpec("c-1", START_MS, ConversationSpec(duration_ms=60_000), line, line), 3)
    return {
        role: channel_of_pcm(pcm, 8000, participant_role=role, call_id="c-1", start_ms=START_MS)
        for role, pcm in made.pcm.items()
    }


def tables_of(*channels: Channel) -> dict[str, list[dict]]:
    leg = make_leg(START_MS, first_number=1000)
    parts = leg_parts([[replace(channel, leg=leg) for channel in channels]], START_MS + 60_000, config=CONFIG)
    return rows_by_table(assemble_call("c-1", parts, make_job()))


@pytest.mark.parametrize("heard", [["CUSTOMER"], ["CUSTOMER", "AGENT"]])
@pytest.mark.parametrize("implausible", [["CUSTOMER"], ["CUSTOMER", "AGENT"]])
def test_no_clip_is_made_of_implausible_samples(
    channels: dict[str, Channel], implausible: list[str], heard: list[str]
) -> None:
    told = [
        replace(channels[role], notices=(Notice(IMPLAUSIBLE_SAMPLES),) if role in implausible else ()) for role in heard
    ]
    for analysed in analyse_piece(told, CONFIG, SileroDetector()).channels:
        clips = analysed.clips.num_rows if analysed.clips is not None else 0
        assert bool(clips) == (analysed.channel.participant_role not in implausible)


def test_every_notice_is_a_warning_of_the_call_once(channels: dict[str, Channel]) -> None:
    seen = (Notice("resampled"), Notice("rate_from_timecodes", 3.0))
    told = [
        replace(channel, notices=seen, declared_rate_hz=11_025, track_channel=index)
        for index, channel in enumerate(channels.values())
    ]
    tables = tables_of(*told)
    (call,) = tables["calls"]
    assert [name for name in call["warnings"] if name[:2] in {"ra", "re"}] == ["rate_from_timecodes", "resampled"]
    assert {(row["track_channel"], row["declared_rate_hz"]) for row in tables["channels"]} == {(0, 11_025), (1, 11_025)}


def test_of_implausible_samples_nothing_is_said(channels: dict[str, Channel]) -> None:
    sound = tables_of(*channels.values())
    noise = np.random.default_rng(1).integers(-32768, 32767, len(channels["CUSTOMER"].samples)).astype(np.int16)
    bad = replace(channels["CUSTOMER"], samples=noise, notices=(Notice(IMPLAUSIBLE_SAMPLES),))
    tables = tables_of(bad, channels["AGENT"])
    (call,) = tables["calls"]
    assert IMPLAUSIBLE_SAMPLES in call["warnings"]
    assert call["talk_time_customer_ms"] is None
    assert (call["status"], sound["calls"][0]["status"]) == ("partial", "ok")
    (row,) = [row for row in tables["channels"] if row["channel_id"] == bad.channel_id]
    assert (row["samples"], len(row["pcm_sha256"])) == (len(noise), 64)
    assert row["snr_db"] is row["f0_median_hz"] is row["level_dbfs"] is None
    assert row["speech_ms"] is None
    for name in ("utterances", "sentiment_inputs", "seconds"):
        assert not [one for one in tables[name] if one["channel_id"] == bad.channel_id]
        own = [one for one in tables[name] if one["channel_id"] != bad.channel_id]
        assert len(own) == len([one for one in sound[name] if one["channel_id"] != bad.channel_id])
    assert not [event for event in tables.get("events", []) if event["channel_id"] == bad.channel_id]


@pytest.mark.parametrize("roles", [["CUSTOMER"], ["CUSTOMER", "AGENT"]])
def test_a_call_of_implausible_samples_alone_is_written_with_nothing_said(
    channels: dict[str, Channel], roles: list[str]
) -> None:
    tables = tables_of(*(replace(channels[role], notices=(Notice(IMPLAUSIBLE_SAMPLES),)) for role in roles))
    (call,) = tables["calls"]
    assert IMPLAUSIBLE_SAMPLES in call["warnings"]
    assert call["duration_ms"] > 50_000
    assert call["talk_time_total_ms"] is call["non_talk_time_total_ms"] is call["talk_time_customer_ms"] is None
    assert len(tables["channels"]) == len(roles)
    assert not tables.keys() & {"utterances", "sentiment_inputs", "seconds"}
