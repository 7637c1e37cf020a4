"""Only some calls of a range: they come out as they do among all, and nothing else is read for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from callbeam.callmaker import CallSpec, ConversationSpec, connect_fragments_from_pcm, make_call
from callbeam.callmaker.stream_calls import write_chime
from callbeam.pipelines import backfill, forget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from callbeam.emulator import Emulator

    Backfill = Callable[..., Any]

START_MS = 1_772_442_000_000  # 2026-03-02T09:00:00Z
MADE_OF_CALLS = ("calls", "channels", "utterances", "events", "seconds", "windows", "sentiment_inputs")


def put(kvs: Emulator, stream: str, fragments: Iterable[Any]) -> None:
    for one in fragments:
        kvs.add_fragment(stream, one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)


def noise(seed: int, seconds: int = 40) -> np.ndarray:
    return np.random.default_rng(seed).integers(-3000, 3000, (2, seconds * 8000), dtype=np.int16)


def of_calls(rows: list[dict[str, Any]], *calls: str) -> list[dict[str, Any]]:
    """Keep the rows of some calls, without what names the job; in one order."""
    kept = [{name: value for name, value in row.items() if name != "job_id"} for row in rows if row["call_id"] in calls]
    return sorted(kept, key=repr)


def test_contacts_asked_for_are_what_they_are_among_all(kvs: Emulator, run: Backfill) -> None:
    kvs.add_stream("calls-1")
    for number, seconds in enumerate((30, 400, 30, 30, 400, 30)):
        begin_ms = START_MS + number * 500_000
        pcm = noise(number, seconds)
        put(kvs, "calls-1", connect_fragments_from_pcm(*pcm, contact_id=f"c-{number}", start_ms=begin_ms))
    everything = run(output="all")
    read_before = sum(request.n for request in kvs.requests if request.api == "GetMediaForFragmentList")
    some = run("--contact-id", "c-2", "c-5", output="some")
    assert some.code == 0, some.err
    assert "asked for:" not in some.out
    assert {row["call_id"] for row in some.rows("calls")} == {"c-2", "c-5"}
    for table in MADE_OF_CALLS:
        assert of_calls(some.rows(table), "c-2", "c-5") == of_calls(everything.rows(table), "c-2", "c-5"), table
    statuses = {(row["call_id"] in ("c-2", "c-5"), row["status"]) for row in some.rows("fragments")}
    assert statuses == {(True, "decoded"), (False, "not_asked")}
    assert len(some.rows("fragments")) == len(everything.rows("fragments"))
    read = sum(request.n for request in kvs.requests if request.api == "GetMediaForFragmentList") - read_before
    assert read < read_before / 2


def test_a_contact_that_is_not_there_is_told(kvs: Emulator, run: Backfill) -> None:
    kvs.add_stream("calls-1")
    put(kvs, "calls-1", connect_fragments_from_pcm(*noise(0), contact_id="c-0", start_ms=START_MS))
    for asked, told in (
        ("c-9", "found 0 of 1 call that was asked for"),
        ("c-0 c-9 c-9", "found 1 of 2 calls that were asked for"),
    ):
        found = run("--contact-id", *asked.split(), output=asked)
        assert found.code == 0, found.err
        assert told in found.out


def test_identifiers_in_capitals_are_the_same(kvs: Emulator, run: Backfill, tmp_path: Path) -> None:
    contact = "0f1e2d3c-0000-4000-8000-00000000000a"
    arn = kvs.add_stream("calls-1")
    put(kvs, "calls-1", connect_fragments_from_pcm(*noise(0), contact_id=contact, start_ms=START_MS))
    asked = run("--contact-id", contact.upper(), output="asked")
    assert [row["call_id"] for row in asked.rows("calls")] == [contact], asked.err
    assert "asked for" not in asked.out
    calls = tmp_path / "calls.csv"
    calls.write_text(f"ContactId,StreamARN,StartTimestamp\n{contact.upper()},{arn},{START_MS}\n")
    assert forget.main([str(asked.output), "--call-id", contact.upper()]) == 0
    words = ["--calls", str(calls), "--output", str(asked.output), "--kvs-endpoint-url", kvs.endpoint_url]
    assert backfill.main([*words, "--region", "us-east-1"]) == 0
    assert asked.rows("calls") == []  # who is erased does not come back


def test_an_empty_identifier_is_refused(kvs: Emulator, run: Backfill) -> None:
    kvs.add_stream("calls-1")
    for option in ("--contact-id", "--voice-connector-id"):
        found = run(option, "")
        assert found.code == 2
        assert "is empty" in found.err


def test_calls_of_one_voice_connector(kvs: Emulator, run: Backfill) -> None:
    for number, connector in enumerate(("vc-a", "vc-b", "vc-a")):
        begin_ms = START_MS + number * 60_000
        spec = CallSpec(call_id=f"t-{number}", start_ms=begin_ms, conversation=ConversationSpec(duration_ms=60_000))
        for stream in write_chime(make_call(spec, number), voice_connector_id=connector).streams:
            kvs.add_stream(stream.stream)
            put(kvs, stream.stream, stream.fragments)
    found = run("--voice-connector-id", "vc-a")
    assert {row["call_id"] for row in found.rows("calls")} == {"t-0", "t-2"}
    one = run("--transaction-id", "t-2", output="one")
    assert [row["call_id"] for row in one.rows("calls")] == ["t-2"]


def test_jobs_about_other_calls_may_lie_beside_each_other(kvs: Emulator, run: Backfill) -> None:
    kvs.add_stream("calls-1")
    for number in range(2):
        begin_ms = START_MS + number * 300_000
        put(kvs, "calls-1", connect_fragments_from_pcm(*noise(number), contact_id=f"c-{number}", start_ms=begin_ms))
    assert run("--contact-id", "c-0").code == 0
    assert run("--contact-id", "c-1").code == 0
    again = run("--contact-id", "c-1", "c-0")
    assert again.code == 2
    assert "would be in the tables twice" in again.err
    assert run().code == 2


def test_a_call_that_is_not_there_gives_an_empty_job(kvs: Emulator, run: Backfill) -> None:
    kvs.add_stream("calls-1")
    put(kvs, "calls-1", connect_fragments_from_pcm(*noise(1), contact_id="c-1", start_ms=START_MS))
    found = run("--contact-id", "c-7")
    assert found.code == 0, found.err
    assert found.rows("calls") == []
    assert {row["status"] for row in found.rows("fragments")} == {"not_asked"}
