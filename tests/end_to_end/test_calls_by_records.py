"""Calls that records name: what is read of their streams, and that they are what the streams themselves tell."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from builders.exports import Exporter

from callbeam.callmaker import CallSpec, ConversationSpec, connect_fragments_from_pcm, make_call
from callbeam.callmaker.dialects import WireDefects
from callbeam.callmaker.stream_calls import write_chime
from callbeam.mkv import read_documents
from callbeam.pipelines import backfill, plan
from callbeam.tables import Manifest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from callbeam.emulator import Emulator


START_MS = 1_772_442_000_000  # 2026-03-02T09:00:00Z
DAY = ("--start", "2026-03-02T00:00:00Z", "--end", "2026-03-03T00:00:00Z")
SECONDS, EVERY_S, CONTACTS = 30, 40, 24
WANTED = ("c-3", "c-4", "c-17")
TAGLESS = WireDefects(tagless=frozenset(range(100)))


@pytest.fixture
def run_export(kvs: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Exporter:
    return Exporter(kvs, tmp_path, capsys)


@dataclass(frozen=True)
class Busy:
    """A stream on which one contact follows another."""

    arn: str
    numbers: dict[str, list[int]]
    pcm: dict[str, np.ndarray]

    def audio(self, *calls: str) -> dict[tuple[str, str], bytes]:
        return {
            (call, role): samples.tobytes()
            for call in calls
            for role, samples in zip(("customer", "agent"), self.pcm[call], strict=True)
        }


def make_busy(kvs: Emulator, contacts: int = CONTACTS, **more: Any) -> Busy:
    made = Busy(kvs.add_stream("calls-1"), {}, {})
    for index in range(contacts):
        pcm = np.random.default_rng(index).integers(-3000, 3000, (2, SECONDS * 8000), dtype=np.int16)
        fragments = connect_fragments_from_pcm(
            *pcm, contact_id=f"c-{index}", start_ms=START_MS + index * EVERY_S * 1000, **more
        )
        made.pcm[f"c-{index}"] = pcm
        made.numbers[f"c-{index}"] = [
            kvs.add_fragment("calls-1", f.data, server_ms=f.server_ms, producer_ms=f.producer_ms) for f in fragments
        ]
    return made


def begin_ms(call: str) -> int:
    return START_MS + int(call.removeprefix("c-")) * EVERY_S * 1000


def calls_csv(folder: Path, *rows: Mapping[str, object]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join(names), *(",".join(str(row.get(name, "")) for name in names) for row in rows)]
    (folder / "calls.csv").write_text("\n".join(lines) + "\n")
    return str(folder / "calls.csv")


@pytest.mark.parametrize("is_over", [True, False])
def test_a_call_is_over_when_its_records_say_so(
    kvs: Emulator, tmp_path: Path, run_export: Exporter, is_over: bool
) -> None:
    start_ms = round(time.time() * 1000) - 360_000
    pcm = np.random.default_rng(1).integers(-3000, 3000, (2, SECONDS * 8000), dtype=np.int16)
    arn = kvs.add_stream("calls-1")
    for one in connect_fragments_from_pcm(*pcm, contact_id="c-0", start_ms=start_ms):
        kvs.add_fragment("calls-1", one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)
    row = {"ContactId": "c-0", "StreamARN": arn, "StartTimestamp": start_ms}
    stop = {"StopTimestamp": start_ms + SECONDS * 1000} if is_over else {}
    calls = calls_csv(tmp_path, row | stop)
    exported = run_export("--calls", calls)
    output = tmp_path / "tables"
    words = ["--calls", calls, "--output", str(output), "--kvs-endpoint-url", kvs.endpoint_url, "--region", "us-east-1"]
    assert backfill.main(words) == 0
    manifests = (Manifest.from_json(path.read_bytes()) for path in output.glob("_jobs/*/manifest.json"))
    outcomes = [manifest.outcome for manifest in manifests]  # of two days, just after midnight
    written, still_open = sum(one.call_count for one in outcomes), {name for one in outcomes for name in one.open_calls}
    if is_over:
        assert exported.audio() == {("c-0", "customer"): pcm[0].tobytes(), ("c-0", "agent"): pcm[1].tobytes()}
        assert (written, still_open) == (1, set())
    else:
        assert (exported.audio(), "c-0" in exported.out) == ({}, True)
        assert (written, still_open) == (0, {"c-0"})


def row_of(busy: Busy, call: str, **more: object) -> dict[str, object]:
    return {"ContactId": call, "StreamARN": busy.arn, "StartTimestamp": begin_ms(call), **more}


@pytest.mark.parametrize("by_number", [True, False])
def test_contacts_cost_what_is_theirs(kvs: Emulator, tmp_path: Path, run_export: Exporter, by_number: bool) -> None:
    busy = make_busy(kvs)
    rows = []
    for call in WANTED:
        stop = {"StopTimestamp": begin_ms(call) + SECONDS * 1000}
        first = {"StartFragmentNumber": busy.numbers[call][0]} if by_number else {}
        rows.append(row_of(busy, call, **stop, **first))
    own = sum(len(busy.numbers[call]) for call in WANTED)
    done = run_export("--calls", calls_csv(tmp_path, *rows))
    assert done.code == 0, done.err
    assert done.audio() == busy.audio(*WANTED)
    # By number, the fragment that follows each call is all that is not its own; else what lies within the margins is
    # looked at for where calls begin and end.
    assert done.asked <= own + (len(WANTED) if by_number else 10 * len(WANTED))
    listed = int(done.out.split(" listed")[0].rsplit(None, 1)[-1])
    assert listed <= own + (0 if by_number else 7 * SECONDS * len(WANTED))
    streams = run_export("--streams", "calls-1", *DAY, "--contact-id", *WANTED, output="streams")
    assert streams.audio() == done.audio()
    assert streams.asked > 2 * done.asked if by_number else True


def test_planning_lists_no_contact_by_itself(kvs: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    busy = make_busy(kvs)
    rows = [row_of(busy, call, StartFragmentNumber=numbers[0]) for call, numbers in busy.numbers.items()]
    kvs.requests.clear()
    words = ["--calls", calls_csv(tmp_path, *rows), "--region", "us-east-1", "--kvs-endpoint-url", kvs.endpoint_url]
    assert plan.main(words) == 0
    asked = Counter(request.api for request in kvs.requests)
    assert asked["ListFragments"] <= 2
    assert asked["GetMediaForFragmentList"] == 0
    assert f"{CONTACTS} contacts" in capsys.readouterr().out


def test_contacts_known_by_stream_and_fragment_alone(kvs: Emulator, tmp_path: Path, run_export: Exporter) -> None:
    busy = make_busy(kvs, 8)
    rows = [{"StreamARN": busy.arn, "StartFragmentNumber": busy.numbers[call][0]} for call in ("c-3", "c-5")]
    done = run_export("--calls", calls_csv(tmp_path, *rows))
    assert done.code == 0, done.err
    assert done.audio() == busy.audio("c-3", "c-5")


def test_a_call_begins_with_exactly_the_fragment_named(kvs: Emulator, tmp_path: Path, run_export: Exporter) -> None:
    busy = make_busy(kvs, 8)
    first = busy.numbers["c-3"][10]
    begun = begin_ms("c-3") + 10_240
    done = run_export(
        "--calls", calls_csv(tmp_path, row_of(busy, "c-3", StartTimestamp=begun, StartFragmentNumber=first))
    )
    assert done.code == 0, done.err
    assert done.audio() == {key: samples[10 * 8192 * 2 :] for key, samples in busy.audio("c-3").items()}


def test_a_clock_that_is_hours_off_is_mended_by_the_fragment(
    kvs: Emulator, tmp_path: Path, run_export: Exporter
) -> None:
    busy = make_busy(kvs, 8)
    wrong = begin_ms("c-3") - 30 * 3_600_000
    row = row_of(busy, "c-3", StartTimestamp=wrong, StopTimestamp=wrong + SECONDS * 1000)
    done = run_export("--calls", calls_csv(tmp_path, {**row, "StartFragmentNumber": busy.numbers["c-3"][0]}))
    assert done.code == 0, done.err
    assert done.audio() == busy.audio("c-3")


def test_streams_without_tags_are_cut_by_their_records(kvs: Emulator, tmp_path: Path, run_export: Exporter) -> None:
    """Untagged audio would run on into the next call: less than a minute lies between them."""
    busy = make_busy(kvs, 8, defects=TAGLESS)
    rows = [
        row_of(busy, call, StartFragmentNumber=busy.numbers[call][0], StopTimestamp=begin_ms(call) + SECONDS * 1000)
        for call in ("c-2", "c-3", "c-6")
    ]
    done = run_export("--calls", calls_csv(tmp_path, *rows))
    assert done.code == 0, done.err
    lengths = Counter({call: len(samples) for (call, role), samples in done.audio().items()})
    assert lengths == dict.fromkeys(("c-2", "c-3", "c-6"), SECONDS * 16000)
    # Without tags nothing but the track's name tells what it holds: Connect's are the same.
    assert done.audio() == busy.audio("c-2", "c-3", "c-6")


def test_initiation_and_disconnect_are_enough(kvs: Emulator, tmp_path: Path, run_export: Exporter) -> None:
    busy = make_busy(kvs, 8)
    row = {"ContactId": "c-3", "StreamARN": busy.arn}
    (tmp_path / "records").mkdir()
    calls_csv(tmp_path / "records", row)
    event = {
        "detail-type": "Amazon Connect Contact Event",
        "detail": {
            "eventType": "DISCONNECTED",
            "contactId": "c-3",
            "channel": "Voice",
            "initiationMethod": "INBOUND",
            "initiationTimestamp": "2026-03-02T09:01:58.000Z",
            "disconnectTimestamp": "2026-03-02T09:02:30.000Z",
        },
    }
    (tmp_path / "records" / "event.json").write_text(json.dumps(event))
    done = run_export("--calls", str(tmp_path / "records"))
    assert done.code == 0, done.err
    assert done.audio() == busy.audio("c-3")


def test_a_fragment_that_is_not_there_is_named(kvs: Emulator, tmp_path: Path, run_export: Exporter) -> None:
    busy = make_busy(kvs, 3)
    number = busy.numbers["c-1"][0] + 1
    done = run_export("--calls", calls_csv(tmp_path, {"StreamARN": busy.arn, "StartFragmentNumber": number}))
    assert done.code == 2
    assert f"stream calls-1 holds no fragment {number}" in done.err


@pytest.mark.parametrize("legs", [2, 1])
def test_a_call_of_chime_is_found_under_any_of_its_names(
    kvs: Emulator, tmp_path: Path, run_export: Exporter, legs: int
) -> None:
    spec = CallSpec(call_id="t-1", start_ms=START_MS, conversation=ConversationSpec(duration_ms=20_000))
    rows, chime_call_id = [], ""
    for stream in write_chime(make_call(spec, 5)).streams[:legs]:
        arn = kvs.add_stream(stream.stream)
        for one in stream.fragments:
            kvs.add_fragment(stream.stream, one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)
        rows.append({"StreamARN": arn, "StartTimestamp": stream.fragments[0].server_ms})
        (document,) = read_documents(stream.fragments[0].data)
        chime_call_id = dict(document.tags)["CallId"]
    for names, called in (
        ({"TransactionId": "t-1"}, "t-1"),
        ({"CallId": chime_call_id}, chime_call_id),
        ({"ContactId": "x-1", "TransactionId": "t-1"}, "x-1"),
    ):
        place = calls_csv(tmp_path, *({**names, **row} for row in rows))
        done = run_export("--calls", place, output=f"export-{called}")
        assert done.code == 0, done.err
        (listing,) = done.folder.rglob("*-call.json")
        assert json.loads(listing.read_text())["call_id"] == called
        assert len(list(done.folder.rglob("*.raw"))) == legs


def test_detail_records_find_both_streams_of_a_call(kvs: Emulator, tmp_path: Path, run_export: Exporter) -> None:
    """They name no stream: those of the voice connector are looked at, and tags tell."""
    for call in range(3):
        begin = START_MS + call * 60_000
        spec = CallSpec(call_id=f"t-{call}", start_ms=begin, conversation=ConversationSpec(duration_ms=20_000))
        for leg, stream in enumerate(write_chime(make_call(spec, call)).streams):
            name = f"ChimeVoiceConnector-vc1-{leg}"
            if kvs.store.find(name, None) is None:
                kvs.add_stream(name)
            for one in stream.fragments:
                kvs.add_fragment(name, one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)
    kvs.add_stream("ChimeVoiceConnector-vc2-0")
    detail = {
        "TransactionId": "t-1",
        "VoiceConnectorId": "vc1",
        "StartTimeEpochSeconds": START_MS // 1000 + 60,
        "EndTimeEpochSeconds": START_MS // 1000 + 80,
        "Status": "Completed",
        "UsageType": "USE1-VC-kinesis-audio-streaming",
    }
    gone = {**detail, "TransactionId": "t-9", "VoiceConnectorId": "vc9"}
    (tmp_path / "sdr.json").write_text(json.dumps(detail) + json.dumps(gone))
    done = run_export("--calls", str(tmp_path / "sdr.json"))
    assert done.code == 0, done.err
    (listing,) = done.folder.rglob("*-call.json")
    assert json.loads(listing.read_text())["call_id"] == "t-1"
    assert len(list(done.folder.rglob("*.raw"))) == 2
    assert "not found where records put them: 1 call (t-9)" in done.out


def test_legs_have_the_roles_that_a_map_gives_their_streams(kvs: Emulator, run_export: Exporter) -> None:
    spec = CallSpec(call_id="t-1", start_ms=START_MS, conversation=ConversationSpec(duration_ms=10_000))
    words = []
    for role, stream in zip(("AGENT", "CUSTOMER"), write_chime(make_call(spec, 5)).streams, strict=True):
        kvs.add_stream(stream.stream)
        for one in stream.fragments:
            kvs.add_fragment(stream.stream, one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)
        words += ["--role-map", f"@stream:{stream.stream}={role}"]
    done = run_export("--streams", "*", *DAY, *words)
    assert done.code == 0, done.err
    assert {role for _, role in done.audio()} == {"agent", "customer"}
    assert len(done.audio()) == 2
