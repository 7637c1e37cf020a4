"""Transcripts and judgements shaped exactly as their publishers print them in their guides."""

from __future__ import annotations

import json
from typing import Any

CONTACT_ID = "a1b2c3d4-5678-90ab-cdef-eeeee2222222"
TRANSACTION_ID = "634b0a5d-2f8e-482f-bde3-d3275355c500"
NUMBER, URI, NAME = "+12065550100", "sip:ray@example.com", "Peter"


def contact_lens(output: str = "Redacted") -> dict[str, Any]:
    """Amazon Connect administrator guide, *Example Contact Lens output files for a call*, shortened."""
    name = "[PII]" if output == "Redacted" else NAME
    return {
        "Version": "VOICE-2022-11-30",
        "AccountId": "123456789012",
        "Channel": "VOICE",
        "ContentMetadata": {"Output": output},
        "JobStatus": "COMPLETED",
        "LanguageCode": "en-US",
        "Participants": [
            {"ParticipantId": "e9b36a6d-12aa-4c21-9745-1881648ecfc8", "ParticipantRole": "CUSTOMER"},
            {"ParticipantId": "2b2288b4-ff6e-4996-8d8e-260fd5a8ac02", "ParticipantRole": "SYSTEM"},
            {"ParticipantId": "f36a545d-67b2-4fd4-89fb-896136b609a7", "ParticipantRole": "AGENT"},
        ],
        "Categories": {
            "MatchedCategories": ["Cancellation"],
            "MatchedDetails": {
                "Cancellation": {"PointsOfInterest": [{"BeginOffsetMillis": 7370, "EndOffsetMillis": 11190}]}
            },
        },
        "ConversationCharacteristics": {
            "ContactSummary": {"PostContactSummary": {"Content": f"{name} cancelled."}},
            "TotalConversationDurationMillis": 32110,
            "Sentiment": {
                "OverallSentiment": {"AGENT": 0, "CUSTOMER": 3.1},
                "SentimentByPeriod": {
                    "QUARTER": {"AGENT": [{"BeginOffsetMillis": 0, "EndOffsetMillis": 7427, "Score": -5}]}
                },
            },
            "Interruptions": {"InterruptionsByInterrupter": {}, "TotalCount": 0, "TotalTimeMillis": 0},
            "NonTalkTime": {"TotalTimeMillis": 0, "Instances": []},
            "TalkSpeed": {
                "DetailsByParticipant": {
                    "AGENT": {"AverageWordsPerMinute": 239},
                    "CUSTOMER": {"AverageWordsPerMinute": 163},
                }
            },
            "TalkTime": {
                "TotalTimeMillis": 28698,
                "DetailsByParticipant": {"AGENT": {"TotalTimeMillis": 15079}, "CUSTOMER": {"TotalTimeMillis": 13619}},
            },
        },
        "CustomModels": [],
        "Transcript": [
            {
                "BeginOffsetMillis": 0,
                "Content": "Okay.",
                "EndOffsetMillis": 90,
                "Id": "the ID of the turn",
                "ParticipantId": "f36a545d-67b2-4fd4-89fb-896136b609a7",
                "Sentiment": "NEUTRAL",
                "LoudnessScore": [79.27],
            },
            {
                "BeginOffsetMillis": 160,
                "Content": f"Just hello. My name is {name} and help.",
                "EndOffsetMillis": 4640,
                "Id": "the ID of the turn",
                "ParticipantId": "e9b36a6d-12aa-4c21-9745-1881648ecfc8",
                "Sentiment": "NEUTRAL",
                "LoudnessScore": [66.56, 40.06, 85.27, 82.22, 77.66],
                "Redaction": {"RedactedTimestamps": [{"BeginOffsetMillis": 3290, "EndOffsetMillis": 3620}]},
            },
            {
                "BeginOffsetMillis": 7370,
                "Content": "I need to cancel. I want to cancel my plan subscription.",
                "EndOffsetMillis": 11190,
                "Id": "the ID of the turn",
                "ParticipantId": "e9b36a6d-12aa-4c21-9745-1881648ecfc8",
                "Sentiment": "NEGATIVE",
                "LoudnessScore": [77.18],
                "IssuesDetected": [
                    {
                        "CharacterOffsets": {"BeginOffsetChar": 0, "EndOffsetChar": 55},
                        "Text": "I need to cancel. I want to cancel my plan subscription",
                    }
                ],
            },
        ],
    }


def transcribe_call_analytics() -> dict[str, Any]:
    """Amazon Transcribe developer guide, *Post-call analytics output*, shortened, and with the items of a turn."""
    return {
        "JobStatus": "COMPLETED",
        "LanguageCode": "en-US",
        "JobName": "my-job-of-call-7",
        "AccountId": "123456789012",
        "Channel": "VOICE",
        "ContentMetadata": {"RedactionTypes": ["PII"], "Output": "Redacted"},
        "Participants": [{"ParticipantRole": "AGENT"}, {"ParticipantRole": "CUSTOMER"}],
        "Categories": {"MatchedDetails": {}, "MatchedCategories": ["positive-resolution"]},
        "ConversationCharacteristics": {
            "NonTalkTime": {
                "Instances": [{"BeginOffsetMillis": 216450, "DurationMillis": 7690, "EndOffsetMillis": 224140}],
                "TotalTimeMillis": 7690,
            },
            "Interruptions": {
                "TotalCount": 2,
                "TotalTimeMillis": 10700,
                "InterruptionsByInterrupter": {
                    "AGENT": [{"BeginOffsetMillis": 26040, "DurationMillis": 5510, "EndOffsetMillis": 31550}],
                    "CUSTOMER": [{"BeginOffsetMillis": 770, "DurationMillis": 5190, "EndOffsetMillis": 5960}],
                },
            },
            "TotalConversationDurationMillis": 42460,
            "ContactSummary": {"AutoGenerated": {"OverallSummary": {"Content": "The customer lost a card."}}},
        },
        "Transcript": [
            {
                "LoudnessScores": [87.87, 85.25],
                "Content": "Hey Mr [PII]? Um I think I lost my debit card or it was stolen. I don't know.",
                "Items": [
                    {"BeginOffsetMillis": 6040, "EndOffsetMillis": 6300, "Content": "Hey", "Confidence": "0.99",
                     "Type": "pronunciation"},
                    {"Content": ",", "Confidence": "0.0", "Type": "punctuation"},
                    {"BeginOffsetMillis": 6310, "EndOffsetMillis": 6500, "Content": "Mr", "Confidence": "0.9",
                     "Type": "pronunciation"},
                ],
                "IssuesDetected": [{"CharacterOffsets": {"Begin": 27, "End": 63}}],
                "Redaction": {"RedactedTimestamps": [[{"BeginOffsetMillis": 6950, "EndOffsetMillis": 7470}]]},
                "Id": "cccccccc-cccc-cccc-cccc-cccccccccccc",
                "BeginOffsetMillis": 6040,
                "EndOffsetMillis": 11650,
                "Sentiment": "NEUTRAL",
                "ParticipantRole": "CUSTOMER",
            }
        ],
    }  # fmt: skip


def realtime_segments() -> dict[str, Any]:
    """Amazon Connect administrator guide, *Sample SEGMENTS event*."""
    said = {"ParticipantId": "AGENT", "ParticipantRole": "AGENT"}
    return {
        "Version": "1.0.0",
        "Channel": "VOICE",
        "AccountId": "123456789012",
        "InstanceId": "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111",
        "ContactId": CONTACT_ID,
        "LanguageCode": "en-US",
        "EventType": "SEGMENTS",
        "Segments": [
            {"Utterance": {"Id": "7b48ca3d", "TranscriptId": "121d1581", **said, "PartialContent": "Hello, my name is",
                           "BeginOffsetMillis": 19010, "EndOffsetMillis": 22980}},
            {"Utterance": {"Id": "75acb743", "TranscriptId": "121d1581", **said,
                           "PartialContent": "How can I help you?", "BeginOffsetMillis": 23000,
                           "EndOffsetMillis": 24598}},
            {"Transcript": {"Id": "121d1581", **said, "Content": f"Hello, my name is {NAME}. How can I help you?",
                            "BeginOffsetMillis": 19010, "EndOffsetMillis": 24598, "Sentiment": "NEUTRAL",
                            "IssuesDetected": [{"CharacterOffsets": {"BeginOffsetChar": 0, "EndOffsetChar": 5}}],
                            "Time": {"AbsoluteTime": "2026-03-02T09:00:19.010Z"}}},
            {"Categories": {"MatchedCategories": ["CardBrokenIssue"],
                            "MatchedDetails": {"CardBrokenIssue": {
                                "PointsOfInterest": [{"BeginOffsetMillis": 25000, "EndOffsetMillis": 29690}]}}}},
            {"PostContactSummary": {"Content": f"{NAME} has an issue with the card", "Status": "COMPLETED"}},
        ],
    }  # fmt: skip


def rule_event(kind: str = "Post Call", **detail: Any) -> dict[str, Any]:
    """Amazon Connect administrator guide, *Example EventBridge payload*."""
    instance = "arn:aws:connect:us-east-1:123456789012:instance/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"
    return {
        "version": "0",
        "id": "aaaaaaaa-bbbb-cccc-dddd-bf3703467718",
        "source": "aws.connect",
        "detail-type": f"Contact Lens {kind} Rules Matched",
        "account": "123456789012",
        "time": "2026-03-02T18:43:48Z",
        "region": "us-east-1",
        "resources": [instance],
        "detail": {
            "version": "1.0",
            "ruleName": "ACCOUNT_CANCELLATION",
            "actionName": "NOTIFY_CUSTOMER_RETENTION",
            "instanceArn": instance,
            "contactArn": f"{instance}/contact/{CONTACT_ID}",
            "agentArn": f"{instance}/agent/55555555-1111-2222-3333-444444444444",
            "queueArn": f"{instance}/queue/66666666-1111-2222-3333-444444444444",
            **detail,
        },
    }


def call_metadata(**more: str) -> str:
    """Metadata of call analytics: JSON in a text, and in it JSON in a text."""
    headers = json.dumps({"From": f"<{URI}>"})
    about = {
        "voiceConnectorId": "abcdef1ghij2klmno3pqr4",
        "callId": "6cfcee66-1d4b-4fd4-9bd0-6e5c4d4f4d4f",
        "transactionId": TRANSACTION_ID,
        "fromNumber": NUMBER,
        "toNumber": "+12065550199",
        "direction": "Inbound",
        "oneTimeMetadata": json.dumps({"inviteHeaders": headers, "siprecMetadata": f"<nameID aor='{URI}'/>"}),
    }
    return json.dumps({**about, **more})


def chime(kind: str, **fields: Any) -> dict[str, Any]:
    """Amazon Chime SDK developer guide, *Call analytics processor and output destinations*."""
    return {
        "time": "2026-03-02T09:00:10.500Z",
        "service-type": "VoiceAnalytics" if kind.startswith(("Voice", "Speaker")) else "CallAnalytics",
        "detail-type": kind,
        "mediaInsightsPipelineId": "87654321-33ca-4dc6-9cdf-abcde6612345",
        "metadata": call_metadata(),
        **fields,
    }


def utterance_event() -> dict[str, Any]:
    """A final utterance of Transcribe Call Analytics."""
    item = {"ItemType": "PRONUNCIATION", "VocabularyFilterMatch": False, "Stable": True, "Confidence": 0.98}
    return {
        "UtteranceId": "u-1",
        "ParticipantRole": "CUSTOMER",
        "IsPartial": False,
        "BeginOffsetMillis": 4000,
        "EndOffsetMillis": 5200,
        "Transcript": f"{NAME} here.",
        "Sentiment": "NEGATIVE",
        "Items": [
            {**item, "Content": NAME, "BeginOffsetMillis": 4000, "EndOffsetMillis": 4500},
            {**item, "Content": "here", "BeginOffsetMillis": 4600, "EndOffsetMillis": 5200},
            {"ItemType": "PUNCTUATION", "Content": ".", "BeginOffsetMillis": 5200, "EndOffsetMillis": 5200},
        ],
        "Entities": [{"Content": NAME, "Category": "PII", "Type": "NAME", "BeginOffset": 4000, "EndOffset": 4500}],
        "IssuesDetected": [{"CharacterOffsets": {"Begin": 0, "End": 5}}],
    }


def transcript_event() -> dict[str, Any]:
    """A final result of Transcribe, as the consumer application's types have it."""
    items = [{"StartTime": 1.5, "EndTime": 2.0, "ItemType": "pronunciation", "Content": "Yes", "Confidence": None}]
    alternative = {"Transcript": "Yes", "Items": items, "Entities": None}
    return {"ResultId": "r-1", "StartTime": 1.5, "EndTime": 2.0, "IsPartial": False, "Alternatives": [alternative],
            "ChannelId": "ch_0"}  # fmt: skip


def voice_tone() -> dict[str, Any]:
    """Detail of *Voice tone analysis events*; figures are published as text."""
    tone = {
        "startTime": "2026-03-02T08:59:40.000Z",
        "endTime": "2026-03-02T09:00:10.200Z",
        "voiceToneLabel": "neutral",
        "voiceToneScore": {"neutral": "0.83", "positive": "0.13", "negative": "0.04"},
    }
    return {
        "taskId": "uuid",
        "detailStatus": "VoiceToneAnalysisSuccessful",
        "isCaller": True,
        "voiceToneAnalysisDetails": {"currentAverageVoiceTone": tone, "overallAverageVoiceTone": tone},
    }


def live_segment(**changed: Any) -> dict[str, Any]:
    """Live Call Analytics, *Transcript Lambda hook function*."""
    return {
        "Transcript": "My personal identifier is ABCDEF.",
        "Channel": "CALLER",
        "TransactionId": TRANSACTION_ID,
        "CallId": "888660e1-70a6-410e-a765-1d20517db270",
        "SegmentId": "a71ca594-0a75-4506-9713-7dafaf3f9326",
        "StartTime": "27.42",
        "EndTime": "30.955",
        "IsPartial": False,
        "EventType": "ADD_TRANSCRIPT_SEGMENT",
        "CreatedAt": "2022-10-18T21:51:23.172Z",
        "ExpiresAfter": 1671313884,
        **changed,
    }


def post_call_analytics() -> dict[str, Any]:
    """Post Call Analytics, *Transcribe Parser*: the sections of its output."""
    return {
        "ConversationAnalytics": {
            "Agent": "agent-7",
            "GUID": CONTACT_ID,
            "ConversationTime": "2026-03-02 09:00:00.000",
            "LanguageCode": "en-US",
            "Duration": "42.46",
            "SpeakerLabels": [
                {"Speaker": "spk_0", "DisplayText": "Agent"},
                {"Speaker": "spk_1", "DisplayText": "Customer"},
            ],
            "SentimentTrends": {
                "spk_1": {
                    "SentimentScore": 1.25,
                    "SentimentChange": -0.5,
                    "SentimentPerQuarter": [
                        {"Quarter": 1, "Score": -2.5, "BeginOffsetSecs": 0.0, "EndOffsetSecs": 10.615}
                    ],
                }
            },
            "SpeakerTime": {
                "spk_0": {"TotalTimeSecs": 20.5},
                "NonTalkTime": {
                    "TotalTimeSecs": 3.5,
                    "Instances": [{"BeginOffsetSecs": 12.0, "EndOffsetSecs": 15.5, "DurationSecs": 3.5}],
                },
            },
            "CategoriesDetected": [
                {"Name": "Greeting", "Instances": 1, "Timestamps": [{"BeginOffsetSecs": 1.5, "EndOffsetSecs": 2.0}]},
                {"Name": "No farewell", "Instances": 0, "Timestamps": []},
            ],
            "Summary": {"Summary": f"{NAME} called.", "Agent Sentiment": "Positive"},
            "ContactSummary": {"AutoGenerated": {"OverallSummary": {"Content": f"{NAME} lost a card."}}},
            "SourceInformation": [{"TranscribeCallAnalyticsJobInfo": {"TranscriptionJobName": "call-7.wav"}}],
        },
        "SpeechSegments": [
            {
                "SegmentStartTime": 1.5,
                "SegmentEndTime": 3.25,
                "SegmentSpeaker": "spk_1",
                "SegmentInterruption": True,
                "OriginalText": f"I am {NAME}",
                "DisplayText": f"I am {NAME}.",
                "TextEdited": 1,
                "LoudnessScores": [70.5, 71.5],
                "SentimentIsPositive": 0,
                "SentimentIsNegative": 1,
                "SentimentScore": -2.5,
                "CategoriesDetected": ["Greeting"],
                "IssuesDetected": [{"Text": f"I am {NAME}", "BeginOffset": 0, "EndOffset": 10}],
                "ActionItemsDetected": [],
                "WordConfidence": [
                    {"Text": "I", "Confidence": 0.99, "StartTime": 1.5, "EndTime": 1.7},
                    {"Text": " am", "Confidence": 0.98, "StartTime": 1.8, "EndTime": 2.0},
                    {"Text": f" {NAME}.", "Confidence": 0.97, "StartTime": 2.1, "EndTime": 3.25},
                ],
            }
        ],
    }
