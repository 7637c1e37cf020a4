"""Records of made-up calls, shaped as Amazon Connect and Chime publish them: what a backfill is planned from.

Shapes: *Contact records data model* and *Grant Amazon Connect access to your AWS Lambda functions* (Amazon Connect
Administrator Guide; Live Call Analytics' StartLCA function is given the latter's event), *Streaming Amazon Chime SDK
Voice Connector media to Kinesis* (Amazon Chime SDK Administrator Guide). Numbers and names in them are made up, as all
else.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from callbeam.callmaker.script import CUSTOMER
from callbeam.callmaker.stream_calls import chime_call_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from callbeam.callmaker.truth import CallTruth

CONNECT, CHIME, LCA = "connect", "chime", "lca"

ACCOUNT, REGION = "111122223333", "us-east-1"
INSTANCE = f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/3f1c7a52-0d7e-4a4b-9d0a-5f4b6c2d1e00"
CUSTOMER_NUMBER, BUSINESS_NUMBER = "+12065550100", "+12065550199"

QUEUE_BEFORE_AGENT_MS = 2_000
"""The made-up caller leaves the prompt for a queue this long before an agent answers."""


def write_records(truths: Iterable[CallTruth], arn_of: Callable[[str], str], folder: Path) -> None:
    """Write the records that the systems around made-up calls would leave, a folder for each system.

    Parameters
    ----------
    truths : iterable of CallTruth
    arn_of : callable
        From a stream's name to its ARN.
    folder : Path
        Gets ``connect/contact-records.jsonl`` and ``chime/streaming-events.jsonl``.
    """
    calls = sorted(truths, key=lambda call: (call.call_start_ms, call.call_id))
    connect = [contact_record(call, arn_of) for call in calls if call.source == CONNECT]
    chime = [event for call in calls if call.source == CHIME for event in streaming_events(call, arn_of)]
    write_lines(folder / CONNECT / "contact-records.jsonl", connect)
    write_lines(folder / CHIME / "streaming-events.jsonl", chime)


def write_lines(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Write records as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


def contact_record(call: CallTruth, arn_of: Callable[[str], str]) -> dict[str, Any]:
    """Return the contact record of a made-up contact: who was on the line when, and on which stream.

    Parameters
    ----------
    call : CallTruth
    arn_of : callable
    """
    begin_ms, end_ms = call.call_start_ms, call.call_start_ms + call.duration_ms
    agent_ms = begin_ms + call.agent_on_line_ms
    recordings = [
        {
            "DeletionReason": None,
            "FragmentStartNumber": None,
            "FragmentStopNumber": None,
            "Location": arn_of(channel.stream),
            "MediaStreamType": "AUDIO",
            "ParticipantType": "CUSTOMER" if channel.role == CUSTOMER else "AGENT",
            "StartTimestamp": utc(begin_ms),
            "Status": "AVAILABLE",
            "StopTimestamp": utc(end_ms),
            "StorageType": "KINESIS_VIDEO_STREAM",
        }
        for channel in call.channels.values()
    ]
    return {
        "AWSAccountId": ACCOUNT,
        "AWSContactTraceRecordFormatVersion": "2017-03-10",
        "Agent": {
            "ARN": f"{INSTANCE}/agent/7f0f6c1e-2a55-4a0e-8c0b-2f3a4b5c6d7e",
            "AfterContactWorkStartTimestamp": utc(end_ms),
            "ConnectedToAgentTimestamp": utc(agent_ms),
            "RoutingProfile": {"ARN": f"{INSTANCE}/routing-profile/9a8b7c6d", "Name": "Basic Routing Profile"},
            "Username": "made.up",
        },
        "Attributes": {},
        "Channel": "VOICE",
        "ConnectedToSystemTimestamp": utc(begin_ms),
        "ContactId": call.call_id,
        "CustomerEndpoint": {"Address": CUSTOMER_NUMBER, "Type": "TELEPHONE_NUMBER"},
        "DisconnectTimestamp": utc(end_ms),
        "InitialContactId": None,
        "InitiationMethod": "INBOUND",
        "InitiationTimestamp": utc(begin_ms),
        "InstanceARN": INSTANCE,
        "LastUpdateTimestamp": utc(end_ms + 60_000),
        "MediaStreams": [{"Type": "AUDIO"}],
        "NextContactId": None,
        "PreviousContactId": None,
        "Queue": {
            "ARN": f"{INSTANCE}/queue/1b2c3d4e",
            "DequeueTimestamp": utc(agent_ms),
            "EnqueueTimestamp": utc(max(agent_ms - QUEUE_BEFORE_AGENT_MS, begin_ms)),
            "Name": "BasicQueue",
        },
        "Recordings": recordings,
        "SystemEndpoint": {"Address": BUSINESS_NUMBER, "Type": "TELEPHONE_NUMBER"},
    }


def start_lca_event(call: CallTruth, stream_arn: str, first_fragment: str) -> dict[str, Any]:
    """Return the event of the flow that StartLCA of Live Call Analytics is given while a made-up contact goes on.

    Parameters
    ----------
    call : CallTruth
    stream_arn : str
        The stream that the contact is on.
    first_fragment : str
        The number of its first fragment.
    """
    audio = {
        "StreamARN": stream_arn,
        "StartTimestamp": str(call.call_start_ms),
        "StopTimestamp": None,
        "StartFragmentNumber": first_fragment,
    }
    return {
        "Details": {
            "ContactData": {
                "Attributes": {},
                "Channel": "VOICE",
                "ContactId": call.call_id,
                "CustomerEndpoint": {"Address": CUSTOMER_NUMBER, "Type": "TELEPHONE_NUMBER"},
                "CustomerId": None,
                "Description": None,
                "InitialContactId": call.call_id,
                "InitiationMethod": "INBOUND",
                "InstanceARN": INSTANCE,
                "LanguageCode": "en-US",
                "MediaStreams": {"Customer": {"Audio": audio}},
                "Name": None,
                "PreviousContactId": call.call_id,
                "Queue": None,
                "References": {},
                "SystemEndpoint": {"Address": BUSINESS_NUMBER, "Type": "TELEPHONE_NUMBER"},
            },
            "Parameters": {},
        },
        "Name": "ContactFlowEvent",
    }


def streaming_events(call: CallTruth, arn_of: Callable[[str], str]) -> list[dict[str, Any]]:
    """Return the streaming events of a made-up call of Chime: STARTED and ENDED of each leg.

    Parameters
    ----------
    call : CallTruth
    arn_of : callable
    """
    events = []
    for channel in call.channels.values():
        begin_ms, end_ms = call.call_start_ms + channel.begin_ms, call.call_start_ms + channel.end_ms
        detail: dict[str, Any] = {
            "callId": chime_call_id(call.call_id),
            "direction": "Inbound",
            "fromNumber": CUSTOMER_NUMBER,
            "isCaller": channel.role == CUSTOMER,
            "mediaType": "audio/L16",
            "startTime": utc(begin_ms, milliseconds=True),
            "streamArn": arn_of(channel.stream),
            "toNumber": BUSINESS_NUMBER,
            "transactionId": call.call_id,
            "version": "0",
            "voiceConnectorId": "demovoiceconnector0000",
        }
        events.append(_event(begin_ms, {**detail, "streamingStatus": "STARTED"}))
        ended = {**detail, "endTime": utc(end_ms, milliseconds=True), "streamingStatus": "ENDED"}
        events.append(_event(end_ms, ended))
    return events


def _event(at_ms: int, detail: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "12345678-1234-1234-1234-111122223333",
        "detail-type": "Chime VoiceConnector Streaming Status",
        "source": "aws.chime",
        "account": ACCOUNT,
        "time": utc(at_ms),
        "region": REGION,
        "resources": [],
        "detail": dict(detail),
    }


def utc(ms: int, *, milliseconds: bool = False) -> str:
    """Return an instant as these records write it, in whole seconds or milliseconds."""
    when = datetime.fromtimestamp(ms / 1000, tz=timezone.utc)
    return when.isoformat(timespec="milliseconds" if milliseconds else "seconds").replace("+00:00", "Z")
