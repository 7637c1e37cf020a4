"""Contacts as they go: transfer, consult, conference, callback, bot and queue, midnight; legs missing, late and failed.

All of them lie on one emulator's streams and are planned from their records in one run, for tests that only read.
"""

from __future__ import annotations

import filecmp
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from builders.business import Business, instant

from callbeam import open_tables
from callbeam.callmaker import (
    AGENT,
    CUSTOMER,
    CallSpec,
    ConversationSpec,
    heard_speech,
    make_call,
    write_chime,
    write_connect,
)
from callbeam.callmaker.dialects import (
    FRAGMENT_MS,
    FROM_CUSTOMER,
    StreamFragments,
    TrackAudio,
    connect_format,
    write_leg,
)
from callbeam.emulator import Emulator
from callbeam.pipelines import backfill

if TYPE_CHECKING:
    from pathlib import Path

    from callbeam.callmaker import CallTruth

pytestmark = pytest.mark.xdist_group("contacts")  # all of them read what one run wrote

NINE_MS = 1_772_442_000_000  # 2026-03-02T09:00:00Z
MINUTE_MS = 60_000
MIDNIGHT_MS = 1_772_496_000_000  # 2026-03-03T00:00:00Z
AROUND_MIDNIGHT_MS = (-130_000, -90_000, -1_200, -300, 0, 700, 60_000, 119_000, 130_000)


def made(call_id: str, start_ms: int, seed: int, duration_ms: int = 30_000, **conversation: Any) -> Any:
    spec = ConversationSpec(duration_ms=duration_ms, **conversation)
    return make_call(CallSpec(call_id, start_ms, spec), seed)


def transfer(business: Business) -> None:
    """Agent a hands the customer over to agent b; the stream goes on under the next contact's name."""
    first = business.put(write_connect(made("transfer-1", NINE_MS, 1, 20 * FRAGMENT_MS, prompt=True), stream="pool-1"))
    end_ms = NINE_MS + 20 * FRAGMENT_MS
    second = business.put(write_connect(made("transfer-2", end_ms, 2, ringback_ms=3_000), stream="pool-1"))
    handed = business.contact(
        first,
        NextContactId="transfer-2",
        TransferCompletedTimestamp=instant(end_ms),
        DisconnectTimestamp=instant(end_ms),
    )
    handed["Agent"]["ARN"] = handed["Agent"]["ARN"].rsplit("/", 1)[0] + "/a"
    taken = business.contact(
        second, InitialContactId="transfer-1", PreviousContactId="transfer-1", InitiationMethod="TRANSFER"
    )
    taken["Agent"]["ARN"] = taken["Agent"]["ARN"].rsplit("/", 1)[0] + "/b"


def consult(business: Business) -> None:
    """The agent puts the customer on a silent hold and asks a colleague, whose contact has no audio of the customer."""
    call = made("consult-1", NINE_MS + 10 * MINUTE_MS, 3, 60_000, hold_ms=12_000, hold_sound="silence")
    truth = business.put(write_connect(call, stream="pool-1"))
    record = business.contact(truth)
    begin_ms, agent = truth.call_start_ms, "7f0f6c1e-2a55-4a0e-8c0b-2f3a4b5c6d7e"
    connected_ms = begin_ms + truth.agent_on_line_ms
    (hold,) = (event for event in truth.events if event.kind == "hold")
    business.state("consult-1", agent, "CONNECTED", connected_ms, connected_ms)
    business.state("consult-1", agent, "CONNECTED_ONHOLD", begin_ms + hold.begin_ms, connected_ms)
    business.state("consult-1", agent, "CONNECTED", begin_ms + hold.end_ms, connected_ms)
    business.records.append(
        {
            **record,
            "ContactId": "consult-2",
            "InitialContactId": "consult-1",
            "PreviousContactId": "consult-1",
            "InitiationMethod": "TRANSFER",
            "InitiationTimestamp": instant(begin_ms + hold.begin_ms),
            "Recordings": None,
            "MediaStreams": [{"Type": "AUDIO"}],
        }
    )


def conference(business: Business) -> None:
    """A colleague joins, the first agent leaves, the customer and the colleague go on."""
    truth = business.put(write_connect(made("conference-1", NINE_MS + 20 * MINUTE_MS, 4, 45_000), stream="pool-1"))
    begin_ms = truth.call_start_ms
    record = business.contact(truth)
    record["Agent"]["ARN"] = record["Agent"]["ARN"].rsplit("/", 1)[0] + "/second"
    record["Agent"]["ConnectedToAgentTimestamp"] = instant(begin_ms + 15_000)
    connected_ms = begin_ms + truth.agent_on_line_ms
    business.state("conference-1", "first", "CONNECTED", connected_ms, connected_ms)
    business.state("conference-1", "second", "CONNECTED", begin_ms + 15_400, begin_ms + 15_400)
    business.state("conference-1", "first", "ENDED", begin_ms + 30_000, connected_ms)
    business.records.append(
        {
            **record,
            "Agent": None,
            "Queue": None,
            "ContactId": "conference-2",
            "InitialContactId": "conference-1",
            "PreviousContactId": "conference-1",
            "InitiationMethod": "EXTERNAL_OUTBOUND",
            "InitiationTimestamp": instant(begin_ms + 15_000),
            "Recordings": [],
        }
    )


def callback(business: Business) -> None:
    """The customer asked to be called back the day before; the agent is on the line before the customer answers."""
    truth = business.put(write_connect(made("callback-2", NINE_MS + 30 * MINUTE_MS, 5), stream="pool-1"))
    begin_ms = truth.call_start_ms
    record = business.contact(
        truth,
        InitiationMethod="CALLBACK",
        InitiationTimestamp=instant(begin_ms - 1_200 * MINUTE_MS),
        PreviousContactId="callback-1",
        InitialContactId="callback-1",
        RelatedContactId="callback-1",
    )
    record["Queue"] |= {
        "EnqueueTimestamp": instant(begin_ms - 1_190 * MINUTE_MS),
        "DequeueTimestamp": instant(begin_ms - 9_000),
    }
    record["Agent"]["ConnectedToAgentTimestamp"] = instant(begin_ms - 8_000)


def bot_and_queue(business: Business) -> None:
    """Only the customer is streamed, from a bot through the queue to an agent; another gives up in the queue."""
    for number, (call_id, reached) in enumerate((("bot-1", True), ("bot-2", False))):
        call = made(call_id, NINE_MS + (40 + 5 * number) * MINUTE_MS, 6 + number, 40_000, prompt=True)
        written = write_connect(call, stream="pool-2")
        leg = write_leg(
            [TrackAudio(FROM_CUSTOMER, call.pcm[CUSTOMER])],
            start_ms=call.spec.start_ms,
            leg_format=connect_format(call_id, "i-1"),
            rng=np.random.default_rng(number),
        )
        channels = {CUSTOMER: written.truth.channels[CUSTOMER]}
        truth = replace(written.truth, channels=channels, agent_on_line_ms=20_000)
        business.put(replace(written, streams=(StreamFragments("pool-2", leg.fragments),), truth=truth))
        record = business.contact(truth)
        record["Queue"]["EnqueueTimestamp"] = instant(truth.call_start_ms + 10_000)
        if not reached:
            record["Agent"] = None
            record["Queue"]["DequeueTimestamp"] = None


def midnight(business: Business) -> None:
    for number, offset_ms in enumerate(AROUND_MIDNIGHT_MS):
        call = made(f"midnight-{number}", MIDNIGHT_MS + offset_ms, 20 + number, 12_000)
        business.contact(business.put(write_connect(call, stream=f"night-{number}")))


def chime(business: Business) -> None:
    """Both legs; one alone; one late; one alone, as the other's streaming failed; nothing but a failure."""
    business.events(business.put(write_chime(made("chime-both", NINE_MS, 40))))
    call = write_chime(made("chime-missing", NINE_MS + 10 * MINUTE_MS, 41))
    truth = business.put(call, leave_out={call.truth.channels[AGENT].stream})
    business.events(truth)
    late = write_chime(made("chime-late", NINE_MS + 20 * MINUTE_MS, 42, 200_000, agent_joins_ms=170_000))
    business.events(business.put(late))
    call = write_chime(made("chime-failed", NINE_MS + 30 * MINUTE_MS, 43))
    truth = business.put(call, leave_out={call.truth.channels[AGENT].stream})
    events = business.events(truth)
    ended = next(
        event for event in events if event["detail"]["streamingStatus"] == "ENDED" and not event["detail"]["isCaller"]
    )
    business.records.remove(ended)
    business.fail(ended, truth.call_start_ms + 3_000)
    business.fail(ended, truth.call_start_ms, transactionId="chime-nothing", callId="sip-nothing")


def earlier_copies(business: Business) -> None:
    """Of each contact a copy as Connect writes it first: without agent, recordings and end."""
    for record in [one for one in business.records if "AWSContactTraceRecordFormatVersion" in one]:
        begin = record["InitiationTimestamp"]
        changes = {"Agent": None, "Recordings": None, "DisconnectTimestamp": None, "InitiationMethod": "API"}
        business.records.append({**record, **changes, "LastUpdateTimestamp": begin})


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Business, Path, Path]:
    """Give what went on, what a backfill from its records wrote, and another one from them in another order."""
    folder = tmp_path_factory.mktemp("contacts")
    with pytest.MonkeyPatch.context() as patch, Emulator() as kvs:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "example")
        business = Business(kvs)
        for tell in (transfer, consult, conference, callback, bot_and_queue, midnight, chime, earlier_copies):
            tell(business)
        for seed, output in enumerate(("first", "second")):
            records = business.write(folder / "records", seed)
            words = ["--calls", str(records), "--output", str(folder / output)]
            words += ["--kvs-endpoint-url", kvs.endpoint_url, "--region", "us-east-1", "--fragments-per-second", "0"]
            assert backfill.main(words) == 0
    return business, folder / "first", folder / "second"


@pytest.fixture(scope="module")
def rows(story: tuple[Business, Path, Path]) -> dict[str, list[dict[str, Any]]]:
    tables = open_tables(story[1])
    return {name: tables[name].to_pylist() for name in ("calls", "channels", "phases", "utterances", "dead_letters")}


@pytest.fixture(scope="module")
def calls(rows: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    assert max(Counter(row["call_id"] for row in rows["calls"]).values()) == 1
    return {row["call_id"]: row for row in rows["calls"]}


@pytest.fixture(scope="module")
def truths(story: tuple[Business, Path, Path]) -> dict[str, CallTruth]:
    return story[0].truths


def phases_of(rows: dict[str, list[dict[str, Any]]], call_id: str) -> list[tuple[str, int, int]]:
    found = [row for row in rows["phases"] if row["call_id"] == call_id]
    return [
        (row["phase"], row["begin_offset_ms"], row["end_offset_ms"])
        for row in sorted(found, key=lambda row: row["begin_offset_ms"])
    ]


def test_each_call_has_its_samples_once(rows: dict[str, list[dict[str, Any]]], truths: dict[str, CallTruth]) -> None:
    found = Counter((row["call_id"], row["pcm_sha256"]) for row in rows["channels"])
    silent = {("chime-missing", AGENT), ("chime-failed", AGENT)}
    made_up = Counter(
        (truth.call_id, channel.pcm_sha256)
        for truth in truths.values()
        for role, channel in truth.channels.items()
        if (truth.call_id, role) not in silent
    )
    assert found == made_up


def test_records_in_another_order_give_the_same_bytes(story: tuple[Business, Path, Path]) -> None:
    _, first, second = story
    names = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file() and path.name != "run.json")
    assert len(names) > 10
    assert filecmp.cmpfiles(first, second, [str(name) for name in names], shallow=False)[0] == [
        str(name) for name in names
    ]


def test_a_transfer_is_two_contacts_that_name_each_other(
    calls: dict[str, dict[str, Any]], truths: dict[str, CallTruth], rows: dict[str, list[dict[str, Any]]]
) -> None:
    first, second = calls["transfer-1"], calls["transfer-2"]
    assert (first["next_contact_id"], first["agent_id"]) == ("transfer-2", "a")
    assert (second["previous_contact_id"], second["initial_contact_id"]) == ("transfer-1", "transfer-1")
    assert (second["agent_id"], second["initiation_method"]) == ("b", "TRANSFER")
    assert second["call_start_ts"] - first["call_start_ts"] == timedelta(milliseconds=first["duration_ms"])
    assert first["stream_arns"] == second["stream_arns"]
    for call_id in ("transfer-1", "transfer-2"):
        assert [phase for phase, _, _ in phases_of(rows, call_id)] == ["ivr", "queue", "agent"]
        assert_agent_from(rows, truths[call_id], truths[call_id].agent_on_line_ms, 1_000)
        assert calls[call_id]["warnings"] == []


def assert_agent_from(rows: dict[str, list[dict[str, Any]]], truth: CallTruth, begin_ms: int, within_ms: int) -> None:
    """Assert that the agent's phase begins when it did, and ends with the call."""
    agent = [(begin, end) for phase, begin, end in phases_of(rows, truth.call_id) if phase == "agent"]
    assert abs(agent[0][0] - begin_ms) <= within_ms
    assert agent[-1][1] == truth.duration_ms


def test_a_silent_hold_is_known_from_agent_events(
    calls: dict[str, dict[str, Any]], truths: dict[str, CallTruth], rows: dict[str, list[dict[str, Any]]]
) -> None:
    (hold,) = (event for event in truths["consult-1"].events if event.kind == "hold")
    on_hold = ("hold", hold.begin_ms, hold.end_ms)
    assert on_hold in phases_of(rows, "consult-1")
    assert calls["consult-1"]["hold_ms"] == hold.end_ms - hold.begin_ms
    asked = calls["consult-2"]
    assert (asked["status"], asked["missing_reason"]) == ("missing", "no record names a stream of it")
    assert (asked["previous_contact_id"], asked["duration_ms"]) == ("consult-1", 0)


def test_a_conference_is_the_agents_from_the_first_connect_to_the_last_end(
    calls: dict[str, dict[str, Any]], truths: dict[str, CallTruth], rows: dict[str, list[dict[str, Any]]]
) -> None:
    truth = truths["conference-1"]
    assert [phase for phase, _, _ in phases_of(rows, "conference-1")] == ["queue", "agent"]
    assert_agent_from(rows, truth, truth.agent_on_line_ms, 0)
    said = [
        row for row in rows["utterances"] if row["call_id"] == "conference-1" and row["participant_role"] == "AGENT"
    ]
    assert {row["speaker_kind"] for row in said} == {"agent"}
    assert calls["conference-1"]["agent_greeting_ms"] == said[0]["begin_offset_ms"] - truth.agent_on_line_ms
    assert (calls["conference-2"]["status"], calls["conference-2"]["initiation_method"]) == (
        "missing",
        "EXTERNAL_OUTBOUND",
    )


def test_a_callback_is_the_agents_from_the_customers_answer_on(
    calls: dict[str, dict[str, Any]], rows: dict[str, list[dict[str, Any]]]
) -> None:
    call = calls["callback-2"]
    assert phases_of(rows, "callback-2") == [("agent", 0, call["duration_ms"])]
    assert (call["related_contact_id"], call["initiation_method"]) == ("callback-1", "CALLBACK")
    assert call["connected_to_agent_ts"] < call["call_start_ts"]
    assert call["agent_greeting_ms"] is None  # what the agent said before anybody answered cannot be heard


def test_the_customer_is_heard_through_bot_queue_and_agent(
    calls: dict[str, dict[str, Any]], truths: dict[str, CallTruth], rows: dict[str, list[dict[str, Any]]]
) -> None:
    end_ms = truths["bot-1"].duration_ms
    assert phases_of(rows, "bot-1") == [("ivr", 0, 10_000), ("queue", 10_000, 20_000), ("agent", 20_000, end_ms)]
    assert phases_of(rows, "bot-2") == [("ivr", 0, 10_000), ("queue", 10_000, truths["bot-2"].duration_ms)]
    assert {row["speaker_kind"] for row in rows["utterances"] if row["call_id"].startswith("bot-")} == {"customer"}
    for call_id, scope in (("bot-1", "agent_phase"), ("bot-2", "whole_call")):
        call = calls[call_id]
        assert (call["metrics_scope"], call["warnings"]) == (scope, ["one_participant_heard"])
        assert call["agent_greeting_ms"] is None
        spoken = heard_speech(truths[call_id], CUSTOMER)
        begin_ms = 20_000 if scope == "agent_phase" else 0
        said_ms = sum(end - begin for begin, end in spoken.tolist() if begin >= begin_ms)
        assert call["talk_time_customer_ms"] == pytest.approx(said_ms, rel=0.05)


def test_calls_around_midnight_are_given_once_with_what_their_records_say(
    story: tuple[Business, Path, Path], calls: dict[str, dict[str, Any]]
) -> None:
    for number, offset_ms in enumerate(AROUND_MIDNIGHT_MS):
        call = calls[f"midnight-{number}"]
        assert call["call_start_ts"] == datetime.fromtimestamp((MIDNIGHT_MS + offset_ms) / 1000, tz=timezone.utc)
        assert (call["status"], call["metrics_scope"]) == ("ok", "agent_phase")
        assert call["instance_id"] is not None
        assert call["initiation_ts"] <= call["call_start_ts"] < call["initiation_ts"] + timedelta(seconds=1)
    days = Counter(path.parent.name for path in (story[1] / "calls").rglob("*.parquet"))
    assert days == {"dt=2026-03-02": 1, "dt=2026-03-03": 1}


def test_a_leg_without_audio_is_noticed_and_the_other_is_a_call(calls: dict[str, dict[str, Any]]) -> None:
    assert calls["chime-both"]["warnings"] == ["prompts_counted_as_agent"]
    missing, failed = calls["chime-missing"], calls["chime-failed"]
    assert missing["warnings"] == ["leg_missing", "one_participant_heard"]
    assert failed["warnings"] == ["leg_missing", "one_participant_heard", "streaming_failed"]
    for call in (missing, failed):
        assert (call["status"], call["channel_count"]) == ("ok", 1)
        assert call["talk_time_customer_ms"] > 0
    nothing = calls["chime-nothing"]
    assert (nothing["status"], nothing["warnings"]) == ("missing", ["streaming_failed"])
    assert nothing["missing_reason"].startswith("no fragment on its streams is tagged with it from 2026-03-")
    assert nothing["missing_reason"].endswith(", where its records put it, and its streaming failed")


def test_a_leg_that_begins_minutes_later_is_the_calls(
    calls: dict[str, dict[str, Any]], truths: dict[str, CallTruth], rows: dict[str, list[dict[str, Any]]]
) -> None:
    assert calls["chime-late"]["channel_count"] == 2
    truth = truths["chime-late"]
    begins = {
        row["participant_role"]: row["begin_offset_ms"] for row in rows["channels"] if row["call_id"] == "chime-late"
    }
    assert begins == {role: channel.begin_ms for role, channel in truth.channels.items()}
    assert begins[AGENT] > 2 * MINUTE_MS


def test_the_roles_of_all_legs_are_right(rows: dict[str, list[dict[str, Any]]], truths: dict[str, CallTruth]) -> None:
    roles = {channel.pcm_sha256: role for truth in truths.values() for role, channel in truth.channels.items()}
    assert [row["participant_role"] for row in rows["channels"]] == [
        roles[row["pcm_sha256"]] for row in rows["channels"]
    ]


def test_no_record_is_given_up(rows: dict[str, list[dict[str, Any]]]) -> None:
    assert rows["dead_letters"] == []
