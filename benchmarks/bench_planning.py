"""Planning from records: ``callbeam plan --calls``, all of it, over 100,000 contact records on 200 pooled streams.

Records are shaped as Amazon Connect publishes them, 2.4 kB each, in files of 500 as Amazon Data Firehose leaves them:
JSON lines, compressed by gzip or not. The emulator holds the first fragment of every contact, in a process of its own.
Run it with ``python benchmarks/bench_planning.py``; it takes some minutes, most of them to fill the emulator.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import subprocess
import sys
import tempfile
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from emulated import DAY_MS, START_MS, measure, serve

STREAMS = 200
IN_A_FILE = 500
INSTANCE = "arn:aws:connect:us-east-1:111122223333:instance/12345678-1234-1234-1234-123456789012"
GOAL_S, GOAL_MB = 30, 500


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--days", type=int, nargs="+", default=[1], help="over how many days contacts are spread")
    options = parser.parse_args()
    print("| contacts | days | files | CPU s | wall s | peak RSS MB |\n|---|---|---|---|---|---|")
    for days in options.days:
        with tempfile.TemporaryDirectory(prefix="callbeam-bench-") as folder:
            # in a process of its own: Linux counts the memory of what starts a process towards the peak of that
            subprocess.run([sys.executable, __file__, "make", folder, str(options.contacts), str(days)], check=True)
            with serve(Path(folder) / "kvs") as url:
                for kind in ("json", "gz"):
                    words = ["plan", "--calls", f"{folder}/{kind}", "--region", "us-east-1", "--kvs-endpoint-url", url]
                    cpu, wall, rss = measure([sys.executable, "-m", "callbeam.pipelines.cli", *words])
                    files = "gzip" if kind == "gz" else "plain"
                    row = f"| {options.contacts:,} | {days} | {files} | {cpu:.1f} | {wall:.1f} | {rss / 1e6:.0f} |"
                    print(row, flush=True)
    print(f"\ngoal: {GOAL_S} s, {GOAL_MB} MB")


def make(folder: str, contacts: int, days: int) -> None:
    """Fill an emulator with the first fragments of contacts, and folders with their records."""
    from callbeam.emulator import Emulator  # noqa: PLC0415  (keeps the measuring process small)
    from callbeam.mkv import CONNECT, BlockSpec, TrackSpec, write_fragment  # noqa: PLC0415

    draw = random.Random(1)
    track = TrackSpec(1, "AUDIO_FROM_CUSTOMER", "A_AAC", b"\x11\x90")
    records: list[dict[str, Any]] = []
    with Emulator(data=f"{folder}/kvs") as kvs:
        arns = [kvs.add_stream(f"pool-connect-demo-contact-{index:03d}") for index in range(STREAMS)]
        every_ms = days * DAY_MS * STREAMS // contacts
        for index in range(contacts):
            contact_id = str(uuid.UUID(int=draw.getrandbits(128), version=4))
            start_ms = START_MS + index // STREAMS * every_ms + draw.randrange(every_ms // 4)
            media = write_fragment(
                dialect=CONNECT,
                tracks=[track],
                blocks=[BlockSpec(1, 0, bytes(64))],
                timecode_ms=start_ms,
                tags_after=[("ContactId", contact_id)],
            )
            arn = arns[index % STREAMS]
            number = kvs.add_fragment(arn, media, server_ms=start_ms, producer_ms=start_ms)
            records.append(contact_record(contact_id, arn, number, start_ms, start_ms + every_ms // 2))
    draw.shuffle(records)
    for kind in ("json", "gz"):
        Path(folder, kind).mkdir()
    for begin in range(0, contacts, IN_A_FILE):
        lines = "".join(json.dumps(record) + "\n" for record in records[begin : begin + IN_A_FILE]).encode()
        Path(folder, "json", f"ctr-{begin:06d}").write_bytes(lines)
        Path(folder, "gz", f"ctr-{begin:06d}.gz").write_bytes(gzip.compress(lines, 6))


def contact_record(contact_id: str, arn: str, number: int, start_ms: int, stop_ms: int) -> dict[str, Any]:
    """Make a contact record (Amazon Connect administrator guide, *Data model for Amazon Connect contact records*)."""
    start, stop, agent = (iso(at_ms) for at_ms in (start_ms, stop_ms, (start_ms + stop_ms) // 2))
    agent_number = number % 300
    streamed = {
        "DeletionReason": None,
        "FragmentStartNumber": str(number),
        "FragmentStopNumber": None,
        "Location": arn,
        "MediaStreamType": "AUDIO",
        "ParticipantType": "CUSTOMER",
        "StartTimestamp": start,
        "Status": None,
        "StopTimestamp": stop,
        "StorageType": "KINESIS_VIDEO_STREAM",
    }
    return {
        "AWSAccountId": "111122223333",
        "AWSContactTraceRecordFormatVersion": "2017-03-10",
        "Agent": {
            "ARN": f"{INSTANCE}/agent/57db30ae-8c01-44e6-abd5-{agent_number:012d}",
            "AfterContactWorkDuration": 32,
            "AfterContactWorkEndTimestamp": stop,
            "AfterContactWorkStartTimestamp": stop,
            "AgentInteractionDuration": 33,
            "ConnectedToAgentTimestamp": agent,
            "CustomerHoldDuration": 12,
            "HierarchyGroups": None,
            "LongestHoldDuration": 7,
            "NumberOfHolds": 2,
            "RoutingProfile": {
                "ARN": f"{INSTANCE}/routing-profile/6e16b957-b7c7-44c7-b959-c9380699c7cc",
                "Name": "Basic Routing Profile",
            },
            "Username": "jdoe",
        },
        "AgentConnectionAttempts": 1,
        "AnsweringMachineDetectionStatus": None,
        "Attributes": {"orderId": "12345", "language": "en", "tier": "gold"},
        "Campaign": {"CampaignId": None},
        "Channel": "VOICE",
        "ConnectedToSystemTimestamp": start,
        "ContactDetails": {},
        "ContactId": contact_id,
        "CustomerEndpoint": {"Address": "+12065550100", "Type": "TELEPHONE_NUMBER"},
        "DisconnectReason": "CUSTOMER_DISCONNECT",
        "DisconnectTimestamp": stop,
        "InitialContactId": None,
        "InitiationMethod": "INBOUND",
        "InitiationTimestamp": start,
        "InstanceARN": INSTANCE,
        "LastUpdateTimestamp": stop,
        "MediaStreams": [{"Type": "AUDIO"}],
        "NextContactId": None,
        "PreviousContactId": None,
        "Queue": {
            "ARN": f"{INSTANCE}/queue/078ccbaa-ae69-4bf9-84bc-{agent_number % 20:012d}",
            "DequeueTimestamp": agent,
            "Duration": 46,
            "EnqueueTimestamp": start,
            "Name": "Support",
        },
        "Recording": None,
        "Recordings": [streamed],
        "References": [],
        "ScheduledTimestamp": None,
        "SystemEndpoint": {"Address": "+13605550199", "Type": "TELEPHONE_NUMBER"},
        "TransferCompletedTimestamp": None,
        "TransferredToEndpoint": None,
        "VoiceIdResult": None,
    }


def iso(at_ms: int) -> str:
    """Write an instant as contact records do: in whole seconds."""
    return datetime.fromtimestamp(at_ms / 1000, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"]:
        make(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
