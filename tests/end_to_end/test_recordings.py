"""Calls read from recordings: the tables that their streams would have given, wherever both hold the same samples."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from builders.published_records import FLOW_EVENT, INSTANCE
from builders.record_values import changed

from callbeam import open_tables
from callbeam.callmaker import CallSpec, ConversationSpec, connect_fragments_from_pcm, make_call
from callbeam.emulator import Emulator
from callbeam.pipelines import backfill, plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    from callbeam.notebook import OutputTables

START_MS = 1_772_443_800_000  # 2026-03-02T09:30:00Z
SECONDS = 40
GONE = "arn:aws:kinesisvideo:us-east-1:111122223333:stream/connect-contact-gone/1772000000000"

WHENCE = {"stream_arn", "leg_first_fragment", "track_name", "track_channel", "declared_rate_hz", "codec"}
"""What says where a channel was read from."""

OF_THE_ROLE = {"role_source", "role_confidence"}
OF_THE_FILE = {"stream_arns", "recordings", "fragment_count", "clock_source", "clock_uncertainty_ms"}


def contact(number: int) -> str:
    return f"0a1b2c3d-0000-4000-8000-{number:012d}"


@cache
def sound(number: int) -> npt.NDArray[np.int16]:
    """Make a conversation up: shape (n, 2), the customer on the left."""
    spec = CallSpec(contact(number), START_MS, ConversationSpec(duration_ms=SECONDS * 1000))
    made = make_call(spec, number).pcm
    return np.stack([made["CUSTOMER"], made["AGENT"]], axis=1)


def flow_event(number: int, stream_arn: str, start_ms: int) -> dict[str, Any]:
    """Make the event that StartLCA passes on, while the contact goes on."""
    event = changed(FLOW_EVENT, "Details.ContactData.ContactId", contact(number))
    audio = {"StreamARN": stream_arn, "StartTimestamp": str(start_ms), "StartFragmentNumber": "9134385233318150"}
    return changed(event, "Details.ContactData.MediaStreams.Customer.Audio", audio)


def write_events(folder: Path, *events: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "start-lca.jsonl").write_text("\n".join(map(json.dumps, events)))


def write_recording(folder: Path, number: int, samples: npt.NDArray[np.int16] | None = None) -> Path:
    """Write what LCA leaves of a contact."""
    path = folder / "lca-audio-recordings" / f"{contact(number)}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound(number) if samples is None else samples, 8000)
    return path


def stream_call(kvs: Emulator, stream: str, number: int, start_ms: int) -> list[int]:
    """Put a call into a stream; return the numbers of its fragments."""
    more = {"contact_id": contact(number), "instance_id": INSTANCE.rpartition("/")[2]}
    sent = connect_fragments_from_pcm(*sound(number).T, start_ms=start_ms, **more)
    return [kvs.add_fragment(stream, o.data, server_ms=o.server_ms, producer_ms=o.producer_ms) for o in sent]


@pytest.fixture
def run_calls(kvs: Emulator, tmp_path: Path) -> Callable[..., tuple[int, Path]]:
    """Run a backfill with records or recordings in folders of ``tmp_path``, or elsewhere."""

    def backfill_with(*extra: str, output: str = "out") -> tuple[int, Path]:
        words = ["--output", str(tmp_path / output), "--fragments-per-second", "0"]
        words += ["--kvs-endpoint-url", kvs.endpoint_url, "--region", "us-east-1"]
        return backfill.main([*words, *extra]), tmp_path / output

    return backfill_with


def rows(tables: OutputTables, name: str) -> list[str]:
    """Return a table's rows as text without what tells of their source, channels called by their participants."""
    roles = {row["channel_id"]: row["participant_role"] for row in tables["channels"].to_pylist()}
    without = {"job_id", *WHENCE, *OF_THE_ROLE, *OF_THE_FILE}
    found = []
    for row in tables[name].to_pylist():
        text = json.dumps({key: value for key, value in row.items() if key not in without}, default=str)
        for channel_id, role in roles.items():
            text = text.replace(channel_id, role)
        found.append(text)
    return sorted(found)


def test_a_recording_gives_the_tables_that_its_stream_gave(
    kvs: Emulator, tmp_path: Path, run_calls: Callable[..., Any]
) -> None:
    arn = kvs.add_stream("connect-1")
    stream_call(kvs, "connect-1", 1, START_MS)
    write_events(tmp_path / "records", flow_event(1, arn, START_MS))
    write_recording(tmp_path, 1)
    code, streamed = run_calls("--calls", str(tmp_path / "records"))
    assert code == 0
    write_events(tmp_path / "records", flow_event(1, GONE, START_MS))
    place = str(tmp_path / "lca-audio-recordings")
    code, recorded = run_calls("--calls", str(tmp_path / "records"), "--recordings", place, output="recorded")
    assert code == 0
    ours, theirs = open_tables(recorded), open_tables(streamed)
    assert len(ours["utterances"]) > 5
    for name in ("calls", "channels", "utterances", "events", "phases", "sentiment_inputs", "seconds", "windows"):
        assert rows(ours, name) == rows(theirs, name), name
    (call,) = ours["calls"].to_pylist()
    assert (call["source"], call["contact_id"]) == ("connect", contact(1))
    assert (call["stream_arns"], call["recordings"]) == ([], [f"{place}/{contact(1)}.wav"])
    assert (call["clock_source"], call["clock_uncertainty_ms"]) == ("record", 5_000)
    assert {(row["participant_role"], row["role_source"]) for row in ours["channels"].to_pylist()} == {
        ("CUSTOMER", "lca_recording"),
        ("AGENT", "lca_recording"),
    }
    assert theirs["calls"]["recordings"].to_pylist() == [None]


def test_streams_go_first_and_recordings_fill_what_they_lack(
    kvs: Emulator, tmp_path: Path, run_calls: Callable[..., Any], capsys: pytest.CaptureFixture
) -> None:
    arn = kvs.add_stream("connect-1")
    stream_call(kvs, "connect-1", 1, START_MS)
    starts = {1: START_MS, 2: START_MS + 600_000, 3: START_MS + 1_200_000}
    events = [flow_event(number, arn, start_ms) for number, start_ms in starts.items()]
    write_events(tmp_path / "records", *events)
    for number in (1, 2, 4):
        write_recording(tmp_path, number)
    words = ["--calls", str(tmp_path / "records"), "--recordings", str(tmp_path / "lca-audio-recordings")]
    code, output = run_calls(*words)
    assert code == 0
    assert "2 recordings of these contacts, 1 file of no contact" in capsys.readouterr().out
    tables = open_tables(output)
    calls = {row["call_id"]: row for row in tables["calls"].to_pylist()}
    assert {name: (row["status"], row["recordings"] is not None) for name, row in calls.items()} == {
        contact(1): ("ok", False),
        contact(2): ("ok", True),
        contact(3): ("missing", False),
    }
    assert calls[contact(1)]["stream_arns"] == [arn]
    assert calls[contact(1)]["fragment_count"] > 30
    files = [row for row in tables["fragments"].to_pylist() if row["fragment_number"] == "0"]
    assert [(row["stream_arn"].rpartition("/")[2], row["call_id"], row["status"]) for row in files] == [
        (f"{contact(1)}.wav", None, "duplicate"),
        (f"{contact(2)}.wav", contact(2), "decoded"),
    ]
    assert contact(1) in files[0]["reason"]
    assert "dead_letters" not in list(tables)


def test_recordings_alone_from_a_prefix_on_s3(
    kvs: Emulator, tmp_path: Path, run_calls: Callable[..., Any], bucket: str, owner: Any, s3_endpoint: str
) -> None:
    keys = [f"connect/demo/CallRecordings/2026/03/0{day}/{contact(day)}_2026030{day}T09:30_UTC.wav" for day in (2, 3)]
    for number, key in zip((1, 2), keys, strict=True):
        owner.put_object(Bucket=bucket, Key=key, Body=write_recording(tmp_path, number).read_bytes())
        owner.put_object(Bucket=bucket, Key=key.rpartition("/")[0] + "/", Body=b"")  # as consoles make folders
    owner.put_object(Bucket=bucket, Key="connect/demo/", Body=b"")
    place = f"s3://{bucket}/connect/demo"
    code, output = run_calls("--recordings", place, "--s3-endpoint-url", s3_endpoint)
    assert code == 0
    tables = open_tables(output)
    calls = sorted(tables["calls"].to_pylist(), key=lambda row: row["call_id"])
    assert [row["recordings"] for row in calls] == [[f"s3://{bucket}/{key}"] for key in keys]
    assert [str(row["call_start_ts"]) for row in calls] == [f"2026-03-0{day} 09:30:00+00:00" for day in (2, 3)]
    assert {row["sources"][0] for row in tables["jobs"].to_pylist()} == {f"recordings:{place}"}
    assert len(tables["jobs"]) == 2
    assert {row["role_source"] for row in tables["channels"].to_pylist()} == {"connect_recording"}
    code, again = run_calls("--recordings", place, "--s3-endpoint-url", s3_endpoint, output="again")
    assert code == 0
    assert parquet(again) == parquet(output)


def test_records_and_recordings_of_lca_from_prefixes_on_s3(
    kvs: Emulator, tmp_path: Path, run_calls: Callable[..., Any], bucket: str, owner: Any, s3_endpoint: str
) -> None:
    event = json.dumps(flow_event(1, GONE, START_MS)).encode()
    owner.put_object(Bucket=bucket, Key="start-lca/2026/03/02/event.json", Body=event)
    key = f"lca/lca-audio-recordings/{contact(1)}.wav"
    owner.put_object(Bucket=bucket, Key=key, Body=write_recording(tmp_path, 1).read_bytes())
    words = ["--calls", f"s3://{bucket}/start-lca", "--recordings", f"s3://{bucket}/lca/"]
    code, _ = run_calls(*words, "--output", f"s3://{bucket}/lake", "--s3-endpoint-url", s3_endpoint)
    assert code == 0
    tables = open_tables(f"s3://{bucket}/lake", endpoint_url=s3_endpoint)
    (call,) = tables["calls"].to_pylist()
    assert (call["call_id"], call["recordings"]) == (contact(1), [f"s3://{bucket}/{key}"])
    assert {row["role_source"] for row in tables["channels"].to_pylist()} == {"lca_recording"}


def parquet(output: Path) -> dict[str, bytes]:
    return {str(path.relative_to(output)): path.read_bytes() for path in output.rglob("*.parquet")}


def test_bad_files_cost_themselves_alone(
    tmp_path: Path, run_calls: Callable[..., Any], capsys: pytest.CaptureFixture
) -> None:
    folder = tmp_path / "lca-audio-recordings"
    good = write_recording(tmp_path, 1)
    write_recording(tmp_path, 2, np.zeros((8000, 3), np.int16))
    write_recording(tmp_path, 3, np.zeros((0, 2), np.int16))
    (folder / f"{contact(4)}.wav").write_text("no sound at all")
    (folder / f"{contact(5)}.wav").write_bytes(good.read_bytes()[:300_000])
    write_recording(tmp_path, 6, sound(6)[:, 0])
    events = [flow_event(number, GONE, START_MS + number * 60_000) for number in range(1, 7)]
    write_events(tmp_path / "records", *events)
    code, output = run_calls("--calls", str(tmp_path / "records"), "--recordings", str(folder))
    assert code == 3
    assert "were lost" in capsys.readouterr().err
    tables = open_tables(output)
    status = {row["call_id"]: row["status"] for row in tables["calls"].to_pylist()}
    assert status == {contact(n): "ok" if n in {1, 6} else "no_audio" for n in range(1, 7)}
    assert set(tables["calls"]["clock_source"].to_pylist()) == {"record"}
    letters = {row["call_id"]: row for row in tables["dead_letters"].to_pylist()}
    assert {name: row["reason"] for name, row in letters.items()} == {
        contact(2): "unsupported_codec",
        contact(3): "no_audio",
        contact(4): "damaged",
        contact(5): "damaged",
    }
    assert "3 channels" in letters[contact(2)]["detail"]
    assert letters[contact(4)]["sample"] == b"no sound at all"
    assert "cut off" in letters[contact(5)]["detail"]
    ledger = {row["call_id"]: row["status"] for row in tables["fragments"].to_pylist()}
    assert ledger == {contact(n): letters[contact(n)]["reason"] if n in range(2, 6) else "decoded" for n in range(1, 7)}
    (mono,) = [row for row in tables["channels"].to_pylist() if row["call_id"] == contact(6)]
    assert (mono["participant_role"], mono["role_source"], mono["track_channel"]) == (None, "unknown", None)


def test_a_role_map_and_excluded_audio_hold_for_recordings(tmp_path: Path, run_calls: Callable[..., Any]) -> None:
    place = write_recording(tmp_path, 1)
    span = f"{START_MS + 10_000}/{START_MS + 20_000}"
    (tmp_path / "calls.csv").write_text(f"ContactId,StartTimestamp,exclude_spans\n{contact(1)},{START_MS},{span}\n")
    words = ["--calls", str(tmp_path / "calls.csv"), "--recordings", str(place)]
    code, output = run_calls(*words, "--role-map", "recording:0=AGENT", "--role-map", "recording:1=CUSTOMER")
    assert code == 0
    tables = open_tables(output)
    assert tables["calls"]["recordings"].to_pylist() == [[str(place)]]
    for row in tables["channels"].to_pylist():
        assert (row["role_source"], row["participant_role"]) == (
            "role_map",
            ("AGENT", "CUSTOMER")[row["track_channel"]],
        )
        assert (row["gap_count"], row["gap_ms"], row["samples"]) == (1, 10_000, (SECONDS - 10) * 8000)


@pytest.mark.parametrize("named", ["", contact(1)])
def test_a_recording_is_not_lost_where_a_named_fragment_alone_tells_when_it_began(
    kvs: Emulator, tmp_path: Path, run_calls: Callable[..., Any], named: str
) -> None:
    arn = kvs.add_stream("connect-1")
    first, *_ = stream_call(kvs, "connect-1", 1, START_MS)
    (tmp_path / "calls.csv").write_text(f"ContactId,StreamARN,StartFragmentNumber\n{named},{arn},{first}\n")
    words = ["--calls", str(tmp_path / "calls.csv"), "--recordings", str(write_recording(tmp_path, 1))]
    code, output = run_calls(*words)
    statuses = open_tables(output)["fragments"]["status"].to_pylist()
    assert (code, sorted(set(statuses)), statuses.count("duplicate")) == (0, ["decoded", "duplicate"], 1)


def test_a_recording_does_not_replace_what_a_stream_gave(
    kvs: Emulator, tmp_path: Path, run_calls: Callable[..., Any], capsys: pytest.CaptureFixture
) -> None:
    arn = kvs.add_stream("connect-1")
    stream_call(kvs, "connect-1", 1, START_MS)
    write_events(tmp_path / "records", flow_event(1, arn, START_MS))
    place = str(write_recording(tmp_path, 1))
    words = ["--calls", str(tmp_path / "records"), "--recordings", place]
    assert run_calls(*words)[0] == 0
    with Emulator() as emptied:
        emptied.add_stream("connect-1")
        assert run_calls(*words, "--kvs-endpoint-url", emptied.endpoint_url)[0] == 1
    assert "Retention may have passed" in capsys.readouterr().err


def test_a_call_that_another_job_has_written_is_not_written_again(
    kvs: Emulator, tmp_path: Path, run_calls: Callable[..., Any], capsys: pytest.CaptureFixture
) -> None:
    kvs.add_stream("connect-1")
    stream_call(kvs, "connect-1", 1, START_MS)
    day = ["--start", "2026-03-02T00:00:00Z", "--end", "2026-03-03T00:00:00Z"]
    code, output = run_calls("--streams", "connect-1", *day)
    assert code == 0
    (tmp_path / "mine").mkdir()
    for number in (1, 2):
        path = write_recording(tmp_path, number)
        path.rename(tmp_path / "mine" / f"{contact(number)}_20260302T09:30_UTC.wav")
    assert run_calls("--recordings", str(tmp_path / "mine"))[0] == 2
    error = capsys.readouterr().err
    assert f"has already written call {contact(1)} (1 of these calls" in error
    one = str(tmp_path / "mine" / f"{contact(2)}_20260302T09:30_UTC.wav")
    assert run_calls("--recordings", one)[0] == 0
    assert sorted(open_tables(output)["calls"]["call_id"].to_pylist()) == [contact(1), contact(2)]
    assert run_calls("--recordings", str(tmp_path / "mine"), "--allow-overlap")[0] == 0
    assert len(open_tables(output)["calls"]) == 4


def test_folders_of_one_name_are_two_places(
    tmp_path: Path, run_calls: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        folder = tmp_path / f"line-{number}"
        (folder / "recs").mkdir(parents=True)
        write_recording(folder, number).rename(folder / "recs" / f"{contact(number)}_20260302T09:30_UTC.wav")
        monkeypatch.chdir(folder)
        code, output = run_calls("--recordings", "recs")
        assert code == 0
    assert sorted(open_tables(output)["calls"]["call_id"].to_pylist()) == [contact(1), contact(2)]
    before = parquet(output)
    assert run_calls("--recordings", f"{folder}/recs/")[0] == 0
    assert parquet(output) == before


def test_records_of_one_name_are_two_places(
    tmp_path: Path, run_calls: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        folder = tmp_path / f"line-{number}"
        write_recording(folder, number)
        (folder / "calls.csv").write_text(f"ContactId,StartTimestamp\n{contact(number)},{START_MS}\n")
        monkeypatch.chdir(folder)
        code, output = run_calls("--calls", "calls.csv", "--recordings", "lca-audio-recordings")
        assert code == 0
    assert sorted(open_tables(output)["calls"]["call_id"].to_pylist()) == [contact(1), contact(2)]
    before = parquet(output)
    assert run_calls("--calls", f"{folder}/calls.csv", "--recordings", "./lca-audio-recordings/")[0] == 0
    assert parquet(output) == before


def test_a_file_without_a_start_is_accounted_for(
    tmp_path: Path, run_calls: Callable[..., Any], capsys: pytest.CaptureFixture
) -> None:
    folder = tmp_path / "lca-audio-recordings"
    write_recording(tmp_path, 1).rename(folder / f"{contact(1)}_20260302T09:30_UTC.wav")
    (folder / f"{contact(2)}_20260302T09:40_UTC.wav").write_text("no sound at all")
    for number in range(5):
        (folder / f"call-from-monday-{number}.wav").write_bytes(b"RIFF")
    assert plan.main(["--recordings", str(folder), "--region", "us-east-1"]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"{folder}: 2 recordings, 5 files of which nothing tells when they began, 2026-03-02T00:")
    code, output = run_calls("--recordings", str(folder))
    assert code == 3
    again = capsys.readouterr()
    assert told.splitlines()[:5] == again.out.splitlines()[:5]
    first = f"  left out: {folder}/call-from-monday-0.wav: neither its name nor a record tells when it began: "
    assert again.out.splitlines()[1].startswith(first)
    assert again.out.splitlines()[4] == "  left out: 2 more; table dead_letters of a backfill has them all"
    assert "7 listed = 1 decoded + 1 damaged + 5 no_timestamp" in again.out
    tables = open_tables(output)
    lost = [row for row in tables["fragments"].to_pylist() if row["status"] == "no_timestamp"]
    assert [(row["stream_arn"], row["bytes"], row["call_id"]) for row in lost] == [
        (f"{folder}/call-from-monday-{number}.wav", 4, None) for number in range(5)
    ]
    letters = {row["stream_arn"] for row in tables["dead_letters"].to_pylist() if row["reason"] == "no_timestamp"}
    assert letters == {row["stream_arn"] for row in lost}
    assert tables["calls"]["clock_source"].to_pylist() == ["file_name", "file_name"]


def test_a_file_without_a_start_is_accounted_for_beside_records(
    kvs: Emulator, tmp_path: Path, run_calls: Callable[..., Any], capsys: pytest.CaptureFixture
) -> None:
    place = write_recording(tmp_path, 1).parent
    write_recording(tmp_path, 2)
    write_recording(tmp_path, 3)
    calls = f"ContactId,StartTimestamp\n{contact(1)},{START_MS}\n{contact(2)},\n"
    (tmp_path / "calls.csv").write_text(calls)
    code, output = run_calls("--calls", str(tmp_path / "calls.csv"), "--recordings", str(place))
    assert code == 3
    lines = capsys.readouterr().out.splitlines()
    counts = "1 recording of these contacts, 1 file of which nothing tells when it began, 1 file of no contact"
    assert lines[0] == f"{place}: {counts} in the records"
    assert [line for line in lines if line.startswith("  left out: ")]
    ledger = {row["stream_arn"]: row["status"] for row in open_tables(output)["fragments"].to_pylist()}
    assert ledger == {f"{place}/{contact(n)}.wav": status for n, status in ((1, "decoded"), (2, "no_timestamp"))}


def test_what_cannot_be_planned_is_one_line(kvs: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    output = ["--output", str(tmp_path / "out")]
    assert backfill.main(["--recordings", str(tmp_path / "none"), *output]) == 2
    assert "--recordings" in (error := capsys.readouterr().err)
    assert "no such file or folder" in error
    assert backfill.main(["--recordings", str(tmp_path), "--streams", "x", *output]) == 2
    assert "leave out --streams" in capsys.readouterr().err
    (tmp_path / "mine").mkdir()
    soundfile.write(tmp_path / "mine" / "holiday.wav", sound(1), 8000)
    assert backfill.main(["--recordings", str(tmp_path / "mine"), *output]) == 2
    assert "holiday.wav: neither its name nor a record tells when it began" in capsys.readouterr().err
    write_recording(tmp_path, 1).rename(tmp_path / "mine" / f"{contact(1)}_20260302T09:30_UTC.wav")
    assert plan.main(["--recordings", str(tmp_path / "mine"), "--region", "us-east-1"]) == 0
    assert "in all, 1 job: 0 streams, 0.00 h, 0 fragments, 0.00 MB, 1 recording\n" in capsys.readouterr().out
