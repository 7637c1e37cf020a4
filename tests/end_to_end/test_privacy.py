"""No telephone number, SIP URI, header or name that stands in records stands in anything that commands write or say.

Records of every publisher are planted with them in every field, one by one, beside sound records of two calls.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from builders.published_records import (
    ALL,
    CONTACT_ID,
    CONTACT_RECORD,
    HEADER,
    LEG_STREAM,
    NAME,
    NUMBER,
    OTHER_NUMBER,
    PERSONAL,
    STREAM,
    TRANSACTION,
    URI,
    streaming_event,
)
from builders.record_values import places

from callbeam.callmaker import CallSpec, ConversationSpec, make_call, write_chime, write_connect
from callbeam.pipelines import backfill, export, plan, report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from callbeam.emulator import Emulator

CONNECT_MS, CHIME_MS = 1_706_238_362_000, 1_680_732_842_238
"""2024-01-26T03:06:02Z and 2023-04-05T22:14:02.238Z: when the published records' calls begin."""

LABELS = ("--labels", "audacity", "textgrid")

PLANTED = (NUMBER, URI, HEADER, f"tel:{OTHER_NUMBER}", f"call {NUMBER} now")
KEPT = ("orderId", "callback", "own")
"""Attributes that are asked for: with them what stands in others' must not come through."""


@pytest.fixture
def records(kvs: Emulator, tmp_path: Path) -> Path:
    """Put a contact and a Chime call onto streams; write their records, and ones with something personal everywhere."""
    arns: dict[str, str] = {}
    spec = ConversationSpec(duration_ms=20_000)
    contact = write_connect(make_call(CallSpec(CONTACT_ID, CONNECT_MS, spec), 1), stream="contact-1")
    call = write_chime(make_call(CallSpec(TRANSACTION, CHIME_MS, spec), 2), streams=("leg-a", "leg-b"))
    for stream in (*contact.streams, *call.streams):
        arns[stream.stream] = kvs.add_stream(stream.stream)
        for one in stream.fragments:
            kvs.add_fragment(stream.stream, one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)
    here = {
        STREAM: arns["contact-1"],
        LEG_STREAM.format("a"): arns["leg-a"],
        LEG_STREAM.format("b"): arns["leg-b"],
    }
    sound = [*ALL.values(), streaming_event("STARTED", "b"), streaming_event("ENDED", "b"), streaming_event("UPDATED")]
    lines = [json.dumps(record) for record in (*sound, *planted())]
    lines += [json.dumps(CONTACT_RECORD)[:-40], f"{NUMBER}, {NAME}", json.dumps({"CustomerEndpoint": NUMBER})]
    folder = tmp_path / "records"
    folder.mkdir()
    text = "\n".join(lines)
    for published, arn in here.items():
        text = text.replace(published, arn)
    (folder / "all.jsonl").write_text(text, encoding="utf-8")
    return folder


def planted() -> list[dict[str, Any]]:
    """Return each publisher's record with each of its values replaced in turn."""
    made = []
    for kind, record in ALL.items():
        for number, place in enumerate(places(record)):
            changed = json.loads(json.dumps(record))
            at: Any = changed
            for name in place[:-1]:
                at = at[name]
            at[place[-1]] = PLANTED[number % len(PLANTED)]
            made.append(changed)
            assert kind
    return made


def everything(folder: Path) -> str:
    """Return all that can be read in a folder: names of files, tables' values, and other files' bytes."""
    seen = []
    for path in sorted(folder.rglob("*")):
        seen.append(str(path.relative_to(folder)))
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            seen += [repr(table.schema), repr(table.to_pylist())]
        elif path.is_file():
            seen.append(path.read_bytes().decode("latin-1"))
    return "\n".join(seen)


def test_nothing_personal_is_written_or_said(
    kvs: Emulator,
    records: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CALLBEAM_SUBJECT_SECRET", "a secret of this test")
    caplog.set_level(logging.DEBUG, "callbeam")
    service = ["--region", "us-east-1", "--kvs-endpoint-url", kvs.endpoint_url, "--fragments-per-second", "0"]
    source = ["--calls", str(records), "--attributes", *KEPT]
    out, sounds, labels = (str(tmp_path / "written" / name) for name in ("out", "sounds", "labels"))
    commands: Sequence[tuple[Callable[..., int], list[str]]] = (
        (plan.main, [*source, *service]),
        (backfill.main, [*source, *service, "--output", out, "--agent-sentiment", "--audio-policy", "raw"]),
        (export.main, [*source, *service, "--output", sounds, "--format", "wav"]),
        (export.main, ["--tables", out, "--output", labels, *LABELS, "--manifest", "nemo", "--audio-dir", sounds]),
        (report.main, [out, "--audio-mb", "0"]),
    )
    assert [run(words) for run, words in commands] == [0] * len(commands)
    said = capfd.readouterr()
    text = "\n".join((everything(tmp_path / "written"), said.out, said.err, caplog.text))
    # The calls are there, with what may be kept, and what could not be read is accounted for.
    assert text.count(CONTACT_ID) > 20
    assert text.count(TRANSACTION) > 20
    assert "12345" in text
    assert "bad_record" in text
    assert all(name in text for name in (".TextGrid", ".wav", "<html"))
    assert [one for one in PERSONAL if one.lower() in text.lower()] == []


def test_an_error_names_no_one(kvs: Emulator, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    service = ["--region", "us-east-1", "--kvs-endpoint-url", kvs.endpoint_url]
    for number, text in enumerate((f"ContactId,{NUMBER}\nc-1,1\n", f"{HEADER}\n", json.dumps({"fromNumber": NUMBER}))):
        path = tmp_path / f"{number}.csv"
        path.write_text(text, encoding="utf-8")
        for run, more in ((plan.main, []), (backfill.main, ["--output", str(tmp_path / "out")])):
            assert run(["--calls", str(path), *service, *more]) == 2
    said = capfd.readouterr()
    assert said.err.count(": error: ") == 6
    assert [one for one in PERSONAL if one.lower() in (said.out + said.err).lower()] == []
