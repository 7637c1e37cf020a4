"""Calls that records name: planned, joined with what the records say, and missing where nothing was found."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from callbeam.callmaker import CallSpec, ConversationSpec, connect_fragments_from_pcm, make_call
from callbeam.callmaker.stream_calls import write_chime
from callbeam.pipelines import backfill, plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from callbeam.emulator import Emulator

START_MS = 1_772_442_000_000  # 2026-03-02T09:00:00Z
NUMBER = "+15555550142"


def put(kvs: Emulator, stream: str, fragments: Iterable[Any]) -> None:
    for one in fragments:
        kvs.add_fragment(stream, one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)


def iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def contact_record(contact_id: str, stream_arn: str, start_ms: int, *, agent_ms: int | None, stop_ms: int) -> dict:
    """A contact record as Amazon Connect writes it (*Contact records data model*), shortened."""
    agent = {
        "ARN": "arn:aws:connect:us-east-1:111122223333:instance/i-1/agent/a-7",
        "ConnectedToAgentTimestamp": iso(agent_ms or 0),
        "AfterContactWorkStartTimestamp": iso(stop_ms),
        "RoutingProfile": {"ARN": "arn:aws:connect:us-east-1:111122223333:instance/i-1/routing-profile/rp-3"},
        "Username": "someone@example.com",
    }
    return {
        "AWSAccountId": "111122223333",
        "AWSContactTraceRecordFormatVersion": "2017-03-10",
        "Agent": agent if agent_ms is not None else None,
        "Attributes": {"language": "de", "phone": NUMBER},
        "Channel": "VOICE",
        "ContactId": contact_id,
        "CustomerEndpoint": {"Address": NUMBER, "Type": "TELEPHONE_NUMBER"},
        "DisconnectTimestamp": iso(stop_ms),
        "InitialContactId": "c-first",
        "InitiationMethod": "INBOUND",
        "InitiationTimestamp": iso(start_ms),
        "InstanceARN": "arn:aws:connect:us-east-1:111122223333:instance/i-1",
        "LastUpdateTimestamp": iso(stop_ms + 60_000),
        "MediaStreams": [{"Type": "AUDIO"}],
        "Queue": {
            "ARN": "arn:aws:connect:us-east-1:111122223333:instance/i-1/queue/q-5",
            "EnqueueTimestamp": iso(start_ms + 5_000),
            "DequeueTimestamp": iso(agent_ms or stop_ms),
        },
        "Recordings": [
            {
                "FragmentStartNumber": "91343852333181432392682062607743920146264094",
                "Location": stream_arn,
                "MediaStreamType": "AUDIO",
                "ParticipantType": "CUSTOMER",
                "StartTimestamp": iso(start_ms),
                "Status": "AVAILABLE",
                "StopTimestamp": iso(stop_ms),
                "StorageType": "KINESIS_VIDEO_STREAM",
            }
        ],
    }


@pytest.fixture
def run_records(kvs: Emulator, tmp_path: Path) -> Callable[..., tuple[int, Path]]:
    """Run the backfill over files of records."""

    def backfill_with(*extra: str, output: str = "out") -> tuple[int, Path]:
        words = ["--calls", str(tmp_path / "records"), "--output", str(tmp_path / output)]
        words += ["--kvs-endpoint-url", kvs.endpoint_url, "--region", "us-east-1", "--fragments-per-second", "0"]
        code = backfill.main([*words, *extra])
        return code, tmp_path / output

    (tmp_path / "records").mkdir()
    return backfill_with


def rows(output: Path, table: str) -> list[dict[str, Any]]:
    from callbeam import open_tables

    return open_tables(output)[table].to_pylist()


def test_contacts_of_connect_get_what_their_records_say(
    kvs: Emulator, tmp_path: Path, run_records: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = kvs.add_stream("connect-1")
    spec = CallSpec(call_id="c-1", start_ms=START_MS, conversation=ConversationSpec(duration_ms=60_000))
    made = make_call(spec, 3).pcm
    noise = np.random.default_rng(1).integers(-3000, 3000, (2, 40 * 8000), dtype=np.int16)
    put(kvs, "connect-1", connect_fragments_from_pcm(*noise, contact_id="c-0", start_ms=START_MS - 300_000))
    put(
        kvs,
        "connect-1",
        connect_fragments_from_pcm(made["CUSTOMER"], made["AGENT"], contact_id="c-1", start_ms=START_MS),
    )
    records = [
        contact_record("c-1", arn, START_MS, agent_ms=START_MS + 20_000, stop_ms=START_MS + 60_000),
        contact_record("c-9", arn, START_MS + 600_000, agent_ms=None, stop_ms=START_MS + 630_000),
    ]
    (tmp_path / "records" / "ctr.json").write_text("\n".join(map(json.dumps, records)) + "\n{broken\n")
    monkeypatch.setenv("CALLBEAM_SUBJECT_SECRET", "a secret of this test")
    code, output = run_records("--attributes", "language", "--agent-sentiment")
    assert code == 0
    calls = {row["call_id"]: row for row in rows(output, "calls")}
    assert set(calls) == {"c-1", "c-9"}
    found = calls["c-1"]
    assert (found["status"], found["contact_id"], found["initial_contact_id"]) == ("ok", "c-1", "c-first")
    assert (found["agent_id"], found["queue_id"], found["routing_profile_id"]) == ("a-7", "q-5", "rp-3")
    assert found["attributes"] == [{"name": "language", "value": "de"}]
    assert found["connected_to_agent_ts"] == datetime.fromtimestamp((START_MS + 20_000) / 1000, tz=timezone.utc)
    assert found["metrics_scope"] == "agent_phase"
    assert "prompts_counted_as_agent" not in found["warnings"]
    phases = [(row["phase"], row["begin_offset_ms"], row["end_offset_ms"]) for row in rows(output, "phases")]
    assert [phase for phase, _, _ in phases][:3] == ["ivr", "queue", "agent"]
    assert abs(phases[2][1] - 20_000) <= 1_000
    said = [row for row in rows(output, "utterances") if row["participant_role"] == "AGENT"]
    assert {row["speaker_kind"] for row in said if row["begin_offset_ms"] < 19_000} <= {"system"}
    assert {row["speaker_kind"] for row in said if row["begin_offset_ms"] > 21_000} == {"agent"}
    units = rows(output, "sentiment_inputs")
    assert {row["ineligible_reason"] for row in units if row["speaker_kind"] == "system"} == {"system_voice"}
    assert len({row["subject_key"] for row in units} - {None}) == 1
    assert {row["split_group"] for row in units} == {row["subject_key"] for row in units}
    assert (calls["c-9"]["status"], calls["c-9"]["duration_ms"]) == ("missing", 0)
    assert "tagged" in calls["c-9"]["missing_reason"]
    letters = rows(output, "dead_letters")
    assert [(row["step"], row["reason"]) for row in letters] == [("ReadRecords", "bad_record")]
    assert "ctr.json" in letters[0]["detail"]
    for path in output.rglob("*"):
        if path.is_file():
            assert NUMBER.encode() not in path.read_bytes()
            assert b"someone@" not in path.read_bytes()


def test_contacts_whose_times_lie_are_found_by_their_fragment_or_missing_with_a_reason(
    kvs: Emulator, tmp_path: Path, run_records: Callable[..., Any]
) -> None:
    arns = {name: kvs.add_stream(f"stream-{stream}") for name, stream in (("c-1", 1), ("c-2", 2))}
    arns["c-3"] = arns["c-1"]
    first = {}
    for at, (name, arn) in enumerate(sorted(arns.items())):
        noise = np.random.default_rng(at).integers(-3000, 3000, (2, 20 * 8000), dtype=np.int16)
        fragments = connect_fragments_from_pcm(*noise, contact_id=name, start_ms=START_MS + at * 30_000)
        first[name] = [
            kvs.add_fragment(arn, f.data, server_ms=f.server_ms, producer_ms=f.producer_ms) for f in fragments
        ]
    hours_off = START_MS - 5 * 3_600_000
    lines = [
        "ContactId,StreamARN,StartTimestamp,StopTimestamp,StartFragmentNumber",
        f"c-1,{arns['c-1']},{hours_off},{hours_off + 20_000},{first['c-1'][0]}",
        f"c-2,{arns['c-2']},{hours_off},{hours_off + 20_000},",
        f"c-3,{arns['c-3']},{START_MS + 60_000},{START_MS + 80_000},{first['c-1'][3]}",
    ]
    (tmp_path / "records" / "calls.csv").write_text("\n".join(lines) + "\n")
    code, output = run_records()
    assert code == 0
    calls = {row["call_id"]: row for row in rows(output, "calls")}
    assert (calls["c-1"]["status"], calls["c-1"]["fragment_count"]) == ("ok", len(first["c-1"]))
    assert calls["c-2"]["status"] == "missing"
    assert (
        "from 2026-03-02T04:00:00Z to 2026-03-02T04:00:20Z, where its records put it" in calls["c-2"]["missing_reason"]
    )
    # A fragment that is tagged as another call's is not where this one begins: tags decide.
    assert (calls["c-3"]["status"], calls["c-3"]["fragment_count"]) == ("ok", len(first["c-3"]))


def test_the_legs_of_a_chime_call_get_their_roles(
    kvs: Emulator, tmp_path: Path, run_records: Callable[..., Any]
) -> None:
    spec = CallSpec(call_id="t-1", start_ms=START_MS, conversation=ConversationSpec(duration_ms=60_000))
    events = []
    for is_caller, stream in zip((True, False), write_chime(make_call(spec, 5)).streams, strict=True):
        arn = kvs.add_stream(stream.stream)
        put(kvs, stream.stream, stream.fragments)
        begin_ms = stream.fragments[0].server_ms
        detail = {
            "callId": "0b1c2d3e-aaaa-bbbb-cccc-0123456789ab",
            "direction": "Inbound",
            "fromNumber": NUMBER,
            "isCaller": is_caller,
            "mediaType": "audio/L16",
            "startFragmentNumber": "91343852333181432392682062607743920146264094",
            "startTime": iso(begin_ms),
            "streamArn": arn,
            "streamingStatus": "STARTED",
            "toNumber": "+15555550199",
            "transactionId": "t-1",
            "version": "0",
            "voiceConnectorId": "abcdef1ghij2klmno3pqr4",
        }
        events.append(
            {
                "version": "0",
                "id": "12345678-1234-1234-1234-111122223333",
                "detail-type": "Chime VoiceConnector Streaming Status",
                "source": "aws.chime",
                "account": "111122223333",
                "time": iso(begin_ms),
                "region": "us-east-1",
                "resources": [],
                "detail": detail,
            }
        )
    (tmp_path / "records" / "events.json").write_text("".join(map(json.dumps, events)))
    code, output = run_records()
    assert code == 0
    roles = {(row["participant_role"], row["role_source"]) for row in rows(output, "channels")}
    assert roles == {("CUSTOMER", "is_caller"), ("AGENT", "is_caller")}
    (call,) = rows(output, "calls")
    assert "role_unknown" not in call["warnings"]
    assert call["talk_time_customer_ms"] > 0
    units = [row for row in rows(output, "sentiment_inputs") if row["participant_role"] == "CUSTOMER"]
    assert any(row["eligible"] for row in units)


def test_excluded_audio_is_nowhere(kvs: Emulator, tmp_path: Path, run_records: Callable[..., Any]) -> None:
    arn = kvs.add_stream("connect-1")
    noise = np.random.default_rng(1).integers(-3000, 3000, (2, 40 * 8000), dtype=np.int16)
    put(kvs, "connect-1", connect_fragments_from_pcm(*noise, contact_id="c-1", start_ms=START_MS))
    span = f"{START_MS + 10_000}/{START_MS + 20_000}"
    lines = ["ContactId,StreamARN,StartTimestamp,exclude_spans", f"c-1,{arn},{START_MS},{span}"]
    (tmp_path / "records" / "calls.csv").write_text("\n".join(lines) + "\n")
    code, output = run_records()
    assert code == 0
    (call,) = rows(output, "calls")
    assert "audio_excluded" in call["warnings"]
    for channel in rows(output, "channels"):
        assert (channel["gap_count"], channel["gap_ms"]) == (1, 10_000)
        assert channel["samples"] == 30 * 8000
    begins = sorted({row["begin_offset_ms"] // 1000 for row in rows(output, "seconds")})
    assert begins == [*range(10), *range(20, 40)]


def test_records_and_streams_exclude_each_other(kvs: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    words = ["--calls", str(tmp_path), "--streams", "x", "--output", str(tmp_path / "out")]
    assert backfill.main(words) == 2
    assert "leave out --streams" in capsys.readouterr().err
    assert backfill.main(["--output", str(tmp_path / "out")]) == 2
    assert "--streams, --start, --end (or --calls)" in capsys.readouterr().err
    place = ["--calls", str(tmp_path / "none"), "--region", "us-east-1", "--kvs-endpoint-url", kvs.endpoint_url]
    assert plan.main(place) == 2
    assert "no such file or folder" in capsys.readouterr().err


def test_a_secret_that_is_too_short_is_named(
    kvs: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLBEAM_SUBJECT_SECRET", "short")
    assert plan.main(["--calls", str(tmp_path), "--region", "us-east-1", "--kvs-endpoint-url", kvs.endpoint_url]) == 2
    error = capsys.readouterr().err
    assert "CALLBEAM_SUBJECT_SECRET" in error
    assert "16 bytes" in error
