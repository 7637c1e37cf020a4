"""Whose call a recording is, when it began, and which of a call's recordings count."""

from __future__ import annotations

from typing import Any

import pytest
from builders.published_records import CONTACT_ID, CONTACT_RECORD, FLOW_EVENT, TRANSACTION, streaming_event
from builders.record_values import changed

from callbeam.recordings import RecordedFound, find_recorded
from callbeam.records import Contact, read_records

AGENT_MS = 1_706_238_461_000  # 2024-01-26T03:07:41Z, as the contact record says
MINUTE_MS = 1_706_238_420_000  # 2024-01-26T03:07Z
STREAMING_MS = 1_706_238_461_131  # StartTimestamp of the flow's event
CONNECT_NAME = f"2024/01/26/{CONTACT_ID}_20240126T03:07_UTC.wav"


def contacts(*records: Any) -> tuple[Contact, ...]:
    import json

    read = read_records([("records.json", "\n".join(map(json.dumps, records)).encode())])
    assert read.bad == ()
    return read.contacts


def found(*files: str, place: str = "s3://calls", of: tuple[Contact, ...] | None = None) -> RecordedFound:
    return find_recorded(place, [(file, 44) for file in files], of)


def test_without_records_connects_name_tells_all_it_can() -> None:
    (one,) = found(CONNECT_NAME).legs
    assert (one.leg.identity.call_id, one.leg.identity.source) == (CONTACT_ID, "connect")
    assert (one.clock.source, one.clock.start_ms, one.clock.uncertainty_ms) == ("file_name", MINUTE_MS, 60_000)
    assert one.leg.stream.arn == f"s3://calls/{CONNECT_NAME}"
    assert one.leg.start_server_ms == MINUTE_MS


def test_a_contact_record_tells_the_second_at_which_connect_began() -> None:
    (one,) = found(CONNECT_NAME, of=contacts(CONTACT_RECORD)).legs
    assert (one.clock.source, one.clock.start_ms, one.clock.uncertainty_ms) == ("record", AGENT_MS, 1_000)
    # The contact's job has it, whenever the recording began.
    assert one.leg.start_server_ms == 1_706_238_461_000
    assert one.leg.identity.instance_id == CONTACT_RECORD["InstanceARN"].rpartition("/")[2]


def test_the_recording_of_an_automated_interaction_begins_with_the_prompts() -> None:
    """Amazon Connect administrator guide, *When, what, and where for contact recordings*: two files of one minute."""
    quick = changed(CONTACT_RECORD, "ConnectedToSystemTimestamp", "2024-01-26T03:07:02Z")
    automated, agents = found(f"ivr/{CONNECT_NAME}", CONNECT_NAME, of=contacts(quick)).legs[::-1]
    assert automated.leg.stream.arn == f"s3://calls/ivr/{CONNECT_NAME}"
    assert (automated.clock.source, automated.clock.start_ms) == ("record", MINUTE_MS + 2_000)
    assert agents.clock.start_ms == AGENT_MS


def test_a_record_of_another_minute_is_not_believed() -> None:
    late = changed(CONTACT_RECORD, "Agent.ConnectedToAgentTimestamp", "2024-01-26T03:30:00Z")
    late = changed(late, "Recordings.1.StartTimestamp", "2024-01-26T03:06:00Z")
    (one,) = found(CONNECT_NAME, of=contacts(late)).legs
    assert (one.clock.source, one.clock.start_ms) == ("file_name", MINUTE_MS)


def test_a_contact_record_may_name_a_file_that_tells_no_contact() -> None:
    file = "e81b7b4d_20240126T03:07_UTC.wav"
    assert CONTACT_RECORD["Recordings"][0]["Location"].endswith(f"/{file}")
    (one,) = found(f"2024/01/26/{file}", of=contacts(CONTACT_RECORD)).legs
    assert one.leg.identity.call_id == CONTACT_ID
    assert (one.convention, one.clock.start_ms) == ("connect_recording", AGENT_MS)


def test_a_minute_alone_gives_a_call_of_nobody() -> None:
    (one,) = found("desk-3_20240126T03:07_UTC.wav").legs
    assert (one.leg.identity.call_id, one.leg.identity.source) == ("desk-3", "untagged")
    assert (one.roles, one.clock.start_ms) == ((None, None), MINUTE_MS)


def test_lca_begins_when_streaming_does() -> None:
    (one,) = found(f"{CONTACT_ID}.wav", place="s3://lca/lca-audio-recordings/", of=contacts(FLOW_EVENT)).legs
    assert one.leg.stream.arn == f"s3://lca/lca-audio-recordings/{CONTACT_ID}.wav"
    assert (one.convention, one.roles) == ("lca_recording", ("CUSTOMER", "AGENT"))
    assert (one.clock.source, one.clock.start_ms, one.clock.uncertainty_ms) == ("record", STREAMING_MS, 5_000)


@pytest.mark.parametrize("stem", [TRANSACTION, TRANSACTION.upper(), f"recording-{TRANSACTION}-2"])
def test_a_call_of_chime_is_found_by_its_transaction(stem: str) -> None:
    (one,) = found(f"{stem}.wav", of=contacts(streaming_event("STARTED"))).legs
    assert (one.leg.identity.call_id, one.leg.identity.source) == (TRANSACTION, "chime")
    assert (one.convention, one.roles) == ("chime_recording", ("AGENT", "CUSTOMER"))


def test_what_tells_no_start_is_a_dead_letter_that_says_what_to_do() -> None:
    result = found("holiday.wav", "notes.txt")
    assert result.legs == ()
    letter, row = result.left_out[0].letter(MINUTE_MS), result.left_out[0].row(MINUTE_MS)
    assert len(result.left_out) == 2
    assert (letter.step, letter.reason, row.status) == ("FindRecordings", "no_timestamp", "no_timestamp")
    assert letter.detail == f"s3://calls/holiday.wav: {row.reason}"
    assert "--calls" in row.reason
    assert (row.bytes, row.number, row.call_id) == (44, 0, None)
    assert (letter.unit_start_ms, row.unit_start_ms) == (MINUTE_MS, MINUTE_MS)


def test_recordings_of_other_calls_are_counted_alone() -> None:
    result = found("holiday.wav", CONNECT_NAME, of=contacts(streaming_event("STARTED")))
    assert (result.legs, result.left_out, result.unnamed) == ((), (), 2)


def test_of_a_calls_recordings_those_of_one_publisher_count() -> None:
    lca = f"lca-audio-recordings/{CONTACT_ID}.wav"
    prompts = f"ivr/{CONTACT_ID}_20240126T03:06_UTC.wav"
    legs = found(lca, CONNECT_NAME, prompts, of=contacts(CONTACT_RECORD)).legs
    counting = [one.key for one in legs if not one.passed_over]
    assert counting == [CONNECT_NAME, prompts]
    (left,) = [one for one in legs if one.passed_over]
    assert (left.key, CONNECT_NAME in left.passed_over) == (lca, True)
    # Connect records prompts and bots apart: their file begins when the contact did.
    assert [one.clock.start_ms for one in legs if one.key == prompts] == [1_706_238_362_000]
