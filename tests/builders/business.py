"""Calls on an emulator's streams, and the records that Amazon Connect and Chime leave of them."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import numpy as np

from callbeam.callmaker import contact_record, streaming_events

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from callbeam.callmaker import CallTruth
    from callbeam.callmaker.stream_calls import WrittenCall
    from callbeam.emulator import Emulator

INSTANCE = "arn:aws:connect:us-east-1:111122223333:instance/3f1c7a52-0d7e-4a4b-9d0a-5f4b6c2d1e00"
SECOND_MS = 1_000


def instant(ms: int, *, milliseconds: bool = False) -> str:
    """Write an instant as contact records do, cut to seconds; as events do, with milliseconds."""
    when = datetime.fromtimestamp(ms / 1000, tz=timezone.utc)
    return when.isoformat(timespec="milliseconds" if milliseconds else "seconds").replace("+00:00", "Z")


@dataclass
class Business:
    """What goes on: calls that lie on streams, and records of them.

    Attributes
    ----------
    kvs : Emulator
    truths : dict of str to CallTruth
        By call, those that have audio.
    records : list of dict
    """

    kvs: Emulator
    truths: dict[str, CallTruth] = field(default_factory=dict)
    records: list[dict[str, Any]] = field(default_factory=list)
    _arns: dict[str, str] = field(default_factory=dict)

    def arn(self, stream: str) -> str:
        """Return a stream's ARN; it is made if need be."""
        if stream not in self._arns:
            self._arns[stream] = self.kvs.add_stream(stream)
        return self._arns[stream]

    def put(self, written: WrittenCall, *, leave_out: Iterable[str] = ()) -> CallTruth:
        """Put a call onto its streams, but for those left out, and keep its truth."""
        for stream in written.streams:
            self.arn(stream.stream)
            if stream.stream not in leave_out:
                for one in stream.fragments:
                    self.kvs.add_fragment(stream.stream, one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)
        self.truths[written.truth.call_id] = written.truth
        return written.truth

    def contact(self, truth: CallTruth, **changes: Any) -> dict[str, Any]:
        """Write a contact record, with fields changed."""
        record = {**contact_record(truth, self.arn), **changes}
        self.records.append(record)
        return record

    def events(self, truth: CallTruth) -> list[dict[str, Any]]:
        """Write a Chime call's streaming events."""
        made = streaming_events(truth, self.arn)
        self.records += made
        return made

    def fail(self, event: dict[str, Any], at_ms: int, **changes: Any) -> None:
        """Write that streaming failed, as published: without the stream of one of its call's events."""
        kept = {"callId", "direction", "fromNumber", "toNumber", "transactionId", "version", "voiceConnectorId"}
        detail = {name: value for name, value in event["detail"].items() if name in kept}
        detail |= {
            "failTime": instant(at_ms, milliseconds=True),
            "failureReason": "Internal failure",
            "streamingStatus": "FAILED",
        }
        self.records.append({**event, "time": instant(at_ms), "detail": {**detail, **changes}})

    def state(self, contact_id: str, agent: str, state: str, at_ms: int, connected_ms: int) -> None:
        """Write an agent event: the agent has the contact, in a state, since an instant."""
        of_contact = {
            "Channel": "VOICE",
            "ConnectedToAgentTimestamp": instant(connected_ms, milliseconds=True),
            "ContactId": contact_id,
            "InitialContactId": None,
            "InitiationMethod": "INBOUND",
            "Queue": {"ARN": f"{INSTANCE}/queue/1b2c3d4e", "Name": "BasicQueue"},
            "QueueTimestamp": None,
            "State": state,
            "StateStartTimestamp": instant(at_ms, milliseconds=True),
        }
        self.records.append(
            {
                "AWSAccountId": "111122223333",
                "AgentARN": f"{INSTANCE}/agent/{agent}",
                "CurrentAgentSnapshot": {"Contacts": [of_contact]},
                "EventId": f"{contact_id}-{agent}-{state}-{at_ms}",
                "EventTimestamp": instant(at_ms + 20, milliseconds=True),
                "EventType": "STATE_CHANGE",
                "InstanceARN": INSTANCE,
                "PreviousAgentSnapshot": None,
                "Version": "2017-10-01",
            }
        )

    def write(self, folder: Path, seed: int) -> Path:
        """Write all records into a folder: each once or more, in any order, over files of several shapes."""
        rng = np.random.default_rng(seed)
        doubled = [*self.records, *(record for record in self.records if rng.random() < 0.3)]
        shuffled = [json.dumps(doubled[at]) for at in rng.permutation(len(doubled))]
        folder.mkdir(parents=True, exist_ok=True)
        half = len(shuffled) // 2
        (folder / "firehose-1").write_text("".join(shuffled[:half]), encoding="utf-8")
        (folder / "lines.jsonl.gz").write_bytes(gzip.compress("\n".join(shuffled[half:]).encode(), mtime=0))
        return folder
