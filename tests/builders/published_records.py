"""Records shaped as their publishers show them; each names its page. Identifiers and times are made up.

``PERSONAL`` holds what none of the readers may let through, and stands where publishers put such things.
"""

from __future__ import annotations

from typing import Any

NUMBER, OTHER_NUMBER = "+12065550100", "+13605550199"
URI, NAME, HEADER = "sip:+12065550100@10.24.34.0", "John Appleseed", '"John Appleseed" <sip:+12065550100@10.24.34.0>'
PERSONAL = (NUMBER, OTHER_NUMBER, URI, NAME, HEADER, "12065550100", "13605550199", "10.24.34.0", "Appleseed", "jdoe")

INSTANCE = "arn:aws:connect:us-east-1:111122223333:instance/12345678-1234-1234-1234-123456789012"
STREAM = "arn:aws:kinesisvideo:us-west-2:111122223333:stream/recording-connect-demo-contact-3148efdd/1706169572895"
FIRST, LAST = "91343852333181432392682062659924109276236173057", "91343852333181432546186627531311271605344142199"

# Amazon Connect administrator guide, "Data model for Amazon Connect contact records" (ctr-data-model), with the
# recordings of a call that is both recorded to S3 and streamed, as in the public sample
# amazon-connect/amazon-connect-salesforce-scv: note MediaStreamType VIDEO.
CONTACT_RECORD: dict[str, Any] = {
    "AWSAccountId": "111122223333",
    "AWSContactTraceRecordFormatVersion": "2017-03-10",
    "Agent": {
        "ARN": f"{INSTANCE}/agent/57db30ae-8c01-44e6-abd5-80b7b51944cf",
        "AfterContactWorkDuration": 32,
        "AfterContactWorkEndTimestamp": "2024-01-26T03:08:44Z",
        "AfterContactWorkStartTimestamp": "2024-01-26T03:08:12Z",
        "AgentInteractionDuration": 33,
        "ConnectedToAgentTimestamp": "2024-01-26T03:07:41Z",
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
    "Attributes": {"orderId": "12345", "callback": NUMBER, "own": "1 206 555 0100"},
    "Campaign": {"CampaignId": None},
    "Channel": "VOICE",
    "ConnectedToSystemTimestamp": "2024-01-26T03:06:02Z",
    "ContactDetails": {},
    "ContactId": "e81b7b4d-20ac-472d-8aad-0d848ce7c9b4",
    "CustomerEndpoint": {"Address": NUMBER, "Type": "TELEPHONE_NUMBER"},
    "DisconnectReason": "CUSTOMER_DISCONNECT",
    "DisconnectTimestamp": "2024-01-26T03:08:12Z",
    "InitialContactId": None,
    "InitiationMethod": "INBOUND",
    "InitiationTimestamp": "2024-01-26T03:06:02Z",
    "InstanceARN": INSTANCE,
    "LastUpdateTimestamp": "2024-01-26T03:09:50Z",
    "MediaStreams": [{"Type": "AUDIO"}],
    "NextContactId": "f81b7b4d-20ac-472d-8aad-0d848ce7c9b5",
    "PreviousContactId": None,
    "Queue": {
        "ARN": f"{INSTANCE}/queue/078ccbaa-ae69-4bf9-84bc-5c60ca9b1478",
        "DequeueTimestamp": "2024-01-26T03:07:41Z",
        "Duration": 46,
        "EnqueueTimestamp": "2024-01-26T03:06:55Z",
        "Name": "Support",
    },
    "Recording": {
        "DeletionReason": None,
        "Location": "amazon-connect-demo/connect/demo/CallRecordings/2024/01/26/e81b7b4d_20240126T03:07_UTC.wav",
        "Status": "AVAILABLE",
        "Type": "AUDIO",
    },
    "Recordings": [
        {
            "DeletionReason": None,
            "FragmentStartNumber": None,
            "FragmentStopNumber": None,
            "Location": "amazon-connect-demo/connect/demo/CallRecordings/2024/01/26/e81b7b4d_20240126T03:07_UTC.wav",
            "MediaStreamType": "AUDIO",
            "ParticipantType": None,
            "StartTimestamp": None,
            "Status": "AVAILABLE",
            "StopTimestamp": None,
            "StorageType": "S3",
        },
        {
            "DeletionReason": None,
            "FragmentStartNumber": FIRST,
            "FragmentStopNumber": LAST,
            "Location": STREAM,
            "MediaStreamType": "VIDEO",
            "ParticipantType": "CUSTOMER",
            "StartTimestamp": "2024-01-26T03:07:41Z",
            "Status": None,
            "StopTimestamp": "2024-01-26T03:08:12Z",
            "StorageType": "KINESIS_VIDEO_STREAM",
        },
    ],
    "References": [],
    "ScheduledTimestamp": None,
    "SystemEndpoint": {"Address": OTHER_NUMBER, "Type": "TELEPHONE_NUMBER"},
    "TransferCompletedTimestamp": None,
    "TransferredToEndpoint": {"Address": OTHER_NUMBER, "Type": "TELEPHONE_NUMBER"},
    "VoiceIdResult": None,
}
CONTACT_ID = CONTACT_RECORD["ContactId"]

# Amazon Connect administrator guide, "Grant Amazon Connect access to your AWS Lambda functions"
# (connect-lambda-functions); Live Call Analytics' start_lca/handler.py passes the same on.
FLOW_EVENT: dict[str, Any] = {
    "Details": {
        "ContactData": {
            "Attributes": {"orderId": "12345", "AgentId": NAME},
            "Channel": "VOICE",
            "ContactId": CONTACT_ID,
            "CustomerEndpoint": {"Address": NUMBER, "Type": "TELEPHONE_NUMBER"},
            "CustomerId": NAME,
            "Description": NAME,
            "InitialContactId": CONTACT_ID,
            "InitiationMethod": "INBOUND",
            "InstanceARN": INSTANCE,
            "LanguageCode": "en-US",
            "MediaStreams": {
                "Customer": {
                    "Audio": {
                        "StreamARN": STREAM,
                        "StartTimestamp": "1706238461131",
                        "StopTimestamp": "1706238492131",
                        "StartFragmentNumber": FIRST,
                    }
                }
            },
            "Name": NAME,
            "PreviousContactId": CONTACT_ID,
            "Queue": {
                "ARN": f"{INSTANCE}/queue/078ccbaa-ae69-4bf9-84bc-5c60ca9b1478",
                "Name": "Support",
                "OutboundCallerId": {"Address": OTHER_NUMBER, "Type": "TELEPHONE_NUMBER"},
            },
            "References": {"key1": {"Type": "url", "Value": URI}},
            "SystemEndpoint": {"Address": OTHER_NUMBER, "Type": "TELEPHONE_NUMBER"},
        },
        "Parameters": {"sentAttributeKey": "sentAttributeValue"},
    },
    "Name": "ContactFlowEvent",
}

# Amazon Connect administrator guide, "Agent event streams data model" and "Sample agent event stream", without the
# comments that the guide writes into its samples.
_CONTACT_OF_AGENT = {
    "Channel": "VOICE",
    "ConnectedToAgentTimestamp": "2024-01-26T03:07:41.011Z",
    "ContactId": CONTACT_ID,
    "InitialContactId": None,
    "InitiationMethod": "INBOUND",
    "Queue": {"ARN": f"{INSTANCE}/queue/078ccbaa-ae69-4bf9-84bc-5c60ca9b1478", "Name": "Support"},
    "QueueTimestamp": "2024-01-26T03:06:55.402Z",
    "State": "CONNECTED",
    "StateStartTimestamp": "2024-01-26T03:07:41.011Z",
}
_SNAPSHOT = {
    "AgentStatus": {
        "ARN": f"{INSTANCE}/agent-state/state-1",
        "Name": "Available",
        "StartTimestamp": "2024-01-26T02:52:30.704Z",
    },
    "Configuration": {
        "AgentHierarchyGroups": None,
        "FirstName": "John",
        "LastName": "Appleseed",
        "RoutingProfile": {
            "ARN": f"{INSTANCE}/routing-profile/6e16b957-b7c7-44c7-b959-c9380699c7cc",
            "Concurrency": [{"AvailableSlots": 1, "Channel": "VOICE", "MaximumSlots": 1}],
            "Name": "Basic Routing Profile",
        },
        "SipAddress": URI,
        "Username": "jdoe",
    },
}
AGENT_EVENT: dict[str, Any] = {
    "AWSAccountId": "111122223333",
    "AgentARN": f"{INSTANCE}/agent/57db30ae-8c01-44e6-abd5-80b7b51944cf",
    "CurrentAgentSnapshot": {
        **_SNAPSHOT,
        "Contacts": [
            {**_CONTACT_OF_AGENT, "State": "CONNECTED_ONHOLD", "StateStartTimestamp": "2024-01-26T03:07:50.500Z"}
        ],
    },
    "EventId": "EventId-1",
    "EventTimestamp": "2024-01-26T03:07:50.520Z",
    "EventType": "STATE_CHANGE",
    "InstanceARN": INSTANCE,
    "PreviousAgentSnapshot": {**_SNAPSHOT, "Contacts": [_CONTACT_OF_AGENT]},
    "Version": "2017-10-01",
}

# Amazon Connect administrator guide, "Amazon Connect contact events": the sample for a voice call that is connected to
# an agent, which has most names in lower case, but AgentInfo and instanceARN in an earlier edition.
CONTACT_EVENT: dict[str, Any] = {
    "version": "0",
    "id": "abcabcab-abca-abca-abca-abcabcabcabc",
    "detail-type": "Amazon Connect Contact Event",
    "source": "aws.connect",
    "account": "111122223333",
    "time": "2024-01-26T03:07:42Z",
    "region": "us-east-1",
    "resources": ["arn:aws...", "contactArn", "instanceArn"],
    "detail": {
        "eventType": "CONNECTED_TO_AGENT",
        "contactId": CONTACT_ID,
        "initialContactId": "11111111-2222-3333-4444-555555555555",
        "previousContactId": "11111111-2222-3333-4444-555555555555",
        "channel": "Voice",
        "instanceArn": INSTANCE,
        "initiationMethod": "INBOUND",
        "initiationTimestamp": "2024-01-26T03:06:02.123Z",
        "connectedToSystemTimestamp": "1970-01-01T00:00:00.001Z",
        "queueInfo": {
            "queueType": "STANDARD",
            "queueArn": f"{INSTANCE}/queue/078ccbaa-ae69-4bf9-84bc-5c60ca9b1478",
            "enqueueTimestamp": "2024-01-26T03:06:55.402Z",
        },
        "agentInfo": {
            "agentArn": f"{INSTANCE}/agent/57db30ae-8c01-44e6-abd5-80b7b51944cf",
            "connectedToAgentTimestamp": "2024-01-26T03:07:41.011Z",
        },
        "tags": {"aws:connect:instanceId": "12345678", "aws:connect:systemEndpoint": OTHER_NUMBER},
    },
}

TRANSACTION, SIP_CALL = "ec97a8ff-3f83-4de2-8d73-d988070f6af4", "089b1d79-d4ca-4f74-b36b-681f606937f6"
LEG_STREAM = (
    "arn:aws:kinesisvideo:us-east-1:112233445566:stream/ChimeVoiceConnector-bfggco08s5m5esgxfskzks-{}/168073192"
)

# RFC 7865, appendix and section 6; the session of two participants that each send one stream.
SIPREC = """<?xml version="1.0" encoding="UTF-8"?>
<recording xmlns='urn:ietf:params:xml:ns:recording:1'>
  <datamode>complete</datamode>
  <session session_id="hVpd7YQgRW2nD22h7q60JQ=="><sipSessionID>ab30317f1a784dc48ff824d0d3715d86</sipSessionID></session>
  <participant participant_id="srfBElmCRp2QB23b7Mpk0w==">
    <nameID aor="sip:+12065550100@10.24.34.0"><name xml:lang="it">John Appleseed</name></nameID>
  </participant>
  <participant participant_id="zSfPoSvdSDCmU3A3TRDxAw==">
    <nameID aor="sip:+13605550199@10.24.34.0"><name>jdoe</name></nameID>
  </participant>
  <stream stream_id="UAAMm5GRQKSCMVvLyl4rFw==" session_id="hVpd7YQgRW2nD22h7q60JQ=="><label>1</label></stream>
  <stream stream_id="8zc6e0lYTlWIINA6GR+3ag==" session_id="hVpd7YQgRW2nD22h7q60JQ=="><label>2</label></stream>
  <participantstreamassoc participant_id="srfBElmCRp2QB23b7Mpk0w==">
    <send>UAAMm5GRQKSCMVvLyl4rFw==</send><recv>8zc6e0lYTlWIINA6GR+3ag==</recv>
  </participantstreamassoc>
  <participantstreamassoc participant_id="zSfPoSvdSDCmU3A3TRDxAw==">
    <send>8zc6e0lYTlWIINA6GR+3ag==</send><recv>UAAMm5GRQKSCMVvLyl4rFw==</recv>
  </participantstreamassoc>
</recording>"""

# Amazon Chime SDK administrator guide, "Automating the Amazon Chime SDK with EventBridge": what the metadata of its
# sample looks like, which is no XML.
SIPREC_AS_PUBLISHED = (
    '<&xml version="1.0" encoding="UTF-8"&>;\r\n<recording xmlns=\'urn:ietf:params:xml:ns:recording:1\'>'
)


def streaming_event(status: str, leg: str = "a", **detail: Any) -> dict[str, Any]:
    """Make a streaming-status event.

    Shaped as in the Amazon Chime SDK administrator guide, "Automating the Amazon Chime SDK with EventBridge"; ENDED has
    the currentFragmentNumber of the sample in aws-samples/amazon-chime-sdk-call-analytics-recorder, README.
    """
    found: dict[str, Any] = {
        "callId": SIP_CALL,
        "direction": "Inbound",
        "fromNumber": NUMBER,
        "inviteHeaders": {"from": HEADER, "to": f"<{URI}>", "call-id": SIP_CALL, "contact": f"<{URI}:6090>;"},
        "isCaller": leg == "a",
        "mediaType": "audio/L16",
        "startFragmentNumber": "9134385233318143734444221979459859634075494740" + ("4" if leg == "a" else "9"),
        "startTime": "2023-04-05T22:14:02.238Z",
        "streamArn": LEG_STREAM.format(leg),
        "toNumber": OTHER_NUMBER,
        "transactionId": TRANSACTION,
        "voiceConnectorId": "bfggco08s5m5esgxfskzks",
        "streamingStatus": status,
        "version": "0",
    }
    if status == "ENDED":
        found |= {"currentFragmentNumber": LAST, "endTime": "2023-04-05T22:14:17.788Z"}
    if status in {"UPDATED", "FAILED"}:
        for name in ("startFragmentNumber", "startTime", "streamArn", "mediaType", "isCaller", "inviteHeaders"):
            del found[name]
        found |= {"updateHeaders": {"from": HEADER}} if status == "UPDATED" else {}
    if status == "FAILED":
        found |= {"failTime": "2023-04-05T22:14:05Z", "failureReason": f"Internal failure of {URI}"}
    return {
        "version": "0",
        "id": "ac48f3fe-0b49-7b20-56af-bcefec745020",
        "detail-type": "Chime VoiceConnector Streaming Status",
        "source": "aws.chime",
        "account": "112233445566",
        "time": {"ENDED": "2023-04-05T22:14:18Z", "UPDATED": "2023-04-05T22:14:06Z"}.get(
            status, "2023-04-05T22:14:02Z"
        ),
        "region": "us-east-1",
        "resources": [],
        "detail": {name: value for name, value in (found | detail).items() if value is not ...},
    }


# schuettc/amazon-chime-sdk-call-analytics-reader, src/resources/eventBridge/index.ts: detail.streams of ALL_STARTED.
ALL_STARTED: dict[str, Any] = {
    "detail-type": "Chime VoiceConnector Streaming Status",
    "source": "aws.chime",
    "time": "2023-04-05T22:14:03Z",
    "detail": {
        "streamingStatus": "ALL_STARTED",
        "transactionId": TRANSACTION,
        "voiceConnectorId": "bfggco08s5m5esgxfskzks",
        "streams": [
            {"streamArn": LEG_STREAM.format(leg), "startFragmentNumber": number}
            for leg, number in (("a", "91343852333181437344442219794598596340754947404"),
                                ("b", "91343852333181437344442219794598596340754947409"))
        ],
    },
}  # fmt: skip

# Amazon Chime SDK administrator guide, "Managing global settings": streaming detail record, call detail record.
STREAMING_DETAIL: dict[str, Any] = {
    "SchemaVersion": "1.0",
    "AwsAccountId": "111122223333",
    "TransactionId": TRANSACTION,
    "CallId": "123a4b567890123c456789012d3456e7@203.0.113.9:8080",
    "VoiceConnectorId": "bfggco08s5m5esgxfskzks",
    "StartTimeEpochSeconds": 1680732842,
    "EndTimeEpochSeconds": 1680732857,
    "Status": "Completed",
    "StatusMessage": "Streaming succeeded",
    "ServiceCode": "AmazonChime",
    "UsageType": "USE1-VC-kinesis-audio-streaming",
    "BillableDurationSeconds": 18,
    "Region": "us-east-1",
}
CALL_DETAIL: dict[str, Any] = {
    "AwsAccountId": "111122223333",
    "TransactionId": TRANSACTION,
    "CallId": "123a4b567890123c456789012d3456e7@203.0.113.9:8080",
    "VoiceConnectorId": "bfggco08s5m5esgxfskzks",
    "Status": "Completed",
    "StatusMessage": "OK",
    "SipAuthUser": "jdoe",
    "BillableDurationSeconds": 18,
    "BillableDurationMinutes": 0.3,
    "SchemaVersion": "2.0",
    "SourcePhoneNumber": NUMBER,
    "SourceCountry": "US",
    "DestinationPhoneNumber": OTHER_NUMBER,
    "DestinationCountry": "US",
    "UsageType": "USE1-US-US-inbound-minutes",
    "ServiceCode": "AmazonChimeVoiceConnector",
    "Direction": "Inbound",
    "StartTimeEpochSeconds": 1680732841,
    "EndTimeEpochSeconds": 1680732858,
    "Region": "us-east-1",
    "Streaming": True,
}

# The contact attributes of "Contact attributes for live media streaming in Kinesis Video Streams", as a row.
CALL: dict[str, Any] = {
    "ContactId": CONTACT_ID,
    "StreamARN": STREAM,
    "StartTimestamp": "1706238461131",
    "StopTimestamp": "1706238492131",
    "StartFragmentNumber": FIRST,
    "CustomerEndpoint": NUMBER,
}

ALL: dict[str, dict[str, Any]] = {
    "contact_record": CONTACT_RECORD,
    "flow_event": FLOW_EVENT,
    "agent_event": AGENT_EVENT,
    "contact_event": CONTACT_EVENT,
    "streaming_event": streaming_event("STARTED", siprecMetadata=SIPREC, sdp={"mediaIndex": 0, "mediaLabel": "1"}),
    "streaming_detail_record": STREAMING_DETAIL,
    "call_detail_record": CALL_DETAIL,
    "call_list": CALL,
}
"""One record of each kind, by kind."""


def flow_log() -> dict[str, Any]:
    """Amazon Connect administrator guide, *Flow logs stored in an Amazon CloudWatch log group*: of an input."""
    return {
        "ContactId": "11111111-2222-3333-4444-555555555555",
        "ContactFlowId": "arn:aws:connect:us-west-2:0123456789012:instance/i-1/contact-flow/f-1",
        "ContactFlowName": "Payments",
        "ContactFlowModuleType": "StoreUserInput",
        "Timestamp": "2021-04-13T00:14:31.581Z",
        "Parameters": {"Text": "Your number, please"},
        "Results": NUMBER,
    }
