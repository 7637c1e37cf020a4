"""Every published form, read: text, words, judgements; and nothing of it where the policy says so."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from builders.published_transcripts import (
    CONTACT_ID,
    TRANSACTION_ID,
    chime,
    contact_lens,
    live_segment,
    post_call_analytics,
    realtime_segments,
    rule_event,
    transcribe_call_analytics,
    transcript_event,
    utterance_event,
    voice_tone,
)

from callbeam.records import BadRecord
from callbeam.transcripts import Label, Message, Said, Segment, TextPolicy, Word, read_transcripts

LENS_FILE = f"Analysis/Voice/2026/03/02/{CONTACT_ID}_analysis_2026-03-02T09_10_00Z.json"


def read(record: dict[str, Any], name: str = "f.json", policy: TextPolicy = TextPolicy.RAW) -> list[Said]:
    said = list(read_transcripts([(name, json.dumps(record).encode())], policy))
    bad = [one for one in said if isinstance(one, BadRecord)]
    assert not bad, bad
    return [one for one in said if not isinstance(one, BadRecord)]


def segments(said: list[Said]) -> list[Segment]:
    return [one for one in said if isinstance(one, Segment)]


def labels(said: list[Said]) -> dict[str, Label]:
    """The last label of each name."""
    return {one.name: one for one in said if isinstance(one, Label)}


def test_contact_lens() -> None:
    said = read(contact_lens("Raw"), LENS_FILE)
    turns, found = segments(said), labels(said)
    assert [(turn.role, turn.begin_ms, turn.end_ms) for turn in turns] == [
        ("AGENT", 0, 90), ("CUSTOMER", 160, 4640), ("CUSTOMER", 7370, 11190)
    ]  # fmt: skip
    assert turns[1].text == "Just hello. My name is Peter and help."
    assert {turn.call.names for turn in turns} == {(CONTACT_ID,)}
    assert {turn.call.source for turn in turns} == {"contact_lens"}
    assert (turns[0].language, turns[0].redacted) == ("en-US", False)
    assert (found["category"].value, found["category"].begin_ms, found["category"].end_ms) == (
        "Cancellation", 7370, 11190
    )  # fmt: skip
    assert found["sentiment"].value == "NEGATIVE"
    assert (found["sentiment_overall"].role, found["sentiment_overall"].score) == ("CUSTOMER", 3.1)
    assert (found["sentiment_quarter"].score, found["sentiment_quarter"].end_ms) == (-5, 7427)
    assert found["talk_time_customer_ms"].score == 13619
    assert found["total_conversation_duration_ms"].score == 32110
    assert found["redaction"].begin_ms == 3290
    assert found["issue"].value == "I need to cancel. I want to cancel my plan subscription"
    assert found["summary"].value == "Peter cancelled."


def test_transcribe_call_analytics() -> None:
    said = read(transcribe_call_analytics())
    (turn,), found = segments(said), labels(said)
    assert turn.call.source == "transcribe_call_analytics"
    assert turn.call.names[0] == "my-job-of-call-7"
    assert turn.words == (Word(6040, 6300, "Hey,", 0.99), Word(6310, 6500, "Mr", 0.9))
    assert found["issue"].value == "lost my debit card or it was stolen."
    assert found["redaction"].begin_ms == 6950
    assert (found["interruptions_agent_count"].score, found["interruptions_time_customer_ms"].score) == (1, 5190)
    assert found["non_talk_time_total_ms"].score == 7690
    assert found["loudness"].score == pytest.approx(86.56)
    assert found["summary"].value == "The customer lost a card."


def test_an_identifier_within_the_name_of_a_job_names_the_call() -> None:
    """As where the output was renamed, or kept by the service, which calls it asrOutput.json."""
    analytics = {**transcribe_call_analytics(), "JobName": f"call_{CONTACT_ID}_20260302"}
    assert CONTACT_ID in segments(read(analytics, "asrOutput.json"))[0].call.names
    record = post_call_analytics()
    record["ConversationAnalytics"]["GUID"] = "None"
    job = {"TranscriptionJobName": f"call_{CONTACT_ID}_20260302.wav"}
    record["ConversationAnalytics"]["SourceInformation"] = [{"TranscribeJobInfo": job}]
    assert CONTACT_ID in segments(read(record, "a.json"))[0].call.names


def test_a_word_with_times_of_years_goes_with_the_word_before_it() -> None:
    """Published samples have some: such times do not fit into a column of words."""
    record = transcribe_call_analytics()
    record["Transcript"][0]["Items"][2]["EndOffsetMillis"] = 63_000_000_000
    assert segments(read(record))[0].words == (Word(6040, 6300, "Hey, Mr", 0.99),)


def test_contact_lens_of_version_1_0_names_participants_by_identifiers() -> None:
    """Amazon Connect administrator guide of 2021, *Example Contact Lens output files*; there may be two agents."""
    agent, other, customer = "55555555-5555", "66666666-6666", "33333333"
    record = contact_lens("Raw")
    record["Version"] = "1.0.0"
    record["Participants"] = [
        {"ParticipantId": agent, "ParticipantRole": "AGENT"},
        {"ParticipantId": other, "ParticipantRole": "AGENT"},
        {"ParticipantId": customer, "ParticipantRole": "CUSTOMER"},
    ]
    interruption = {"BeginOffsetMillis": 3, "EndOffsetMillis": 34, "DurationMillis": 31}
    quarter = {"BeginOffsetMillis": 0, "EndOffsetMillis": 100, "Score": 3.1}
    record["ConversationCharacteristics"] = {
        "TalkTime": {
            "TotalTimeMillis": 90000,
            "DetailsByParticipant": {
                agent: {"TotalTimeMillis": 40000},
                other: {"TotalTimeMillis": 5000},
                customer: {"TotalTimeMillis": 45000},
            },
        },
        "TalkSpeed": {"DetailsByParticipant": {customer: {"AverageWordsPerMinute": 40}}},
        "Interruptions": {"InterruptionsByInterrupter": {agent: [interruption]}},
        "Sentiment": {
            "OverallSentiment": {customer: 4.2}, "SentimentByPeriod": {"QUARTER": {customer: [quarter]}}
        },
    }  # fmt: skip
    found = labels(read(record, LENS_FILE))
    assert (found["talk_time_agent_ms"].score, found["talk_time_customer_ms"].score) == (45000, 45000)
    assert (found["interruptions_agent_count"].score, found["interruption"].role) == (1, "AGENT")
    for name in ("sentiment_overall", "sentiment_quarter", "talk_speed"):
        assert found[name].role == "CUSTOMER", name


@pytest.mark.parametrize(
    ("channel", "folder"), [("IVR", ""), ("VOICE", "Analysis/Voice/ivr/2026/03/02/"), ("IVR", "ivr/2026/")]
)
def test_contact_lens_of_an_automated_interaction_is_a_source_of_its_own(channel: str, folder: str) -> None:
    """Contact Lens leaves it in Analysis/Voice/ivr: a contact may have a second file, about another recording."""
    turn = {"Id": "t-1", "ParticipantId": "SYSTEM", "Content": "Say yes.", "BeginOffsetMillis": 0, "EndOffsetMillis": 9}
    record = {
        "Channel": channel,
        "Participants": [{"ParticipantId": "SYSTEM", "ParticipantRole": "SYSTEM"}],
        "ConversationCharacteristics": {"TotalConversationDurationMillis": 9000},
        "Transcript": [turn],
    }
    (segment,) = segments(read(record, f"{folder}{CONTACT_ID}_analysis_2026-03-02T09_10_00Z.json"))
    assert (segment.call.source, segment.role) == ("contact_lens_ivr", "SYSTEM")
    assert segments(read(contact_lens("Raw"), LENS_FILE))[0].call.source == "contact_lens"


def test_real_time_segments() -> None:
    said = read(realtime_segments())
    assert [(turn.segment_id, turn.is_partial) for turn in segments(said)] == [
        ("121d1581", True), ("121d1581", True), ("121d1581", False)
    ]  # fmt: skip
    final = segments(said)[-1]
    assert final.clock.zero_ms == 1772442000000
    assert final.call.names == (CONTACT_ID,)
    assert labels(said)["category"].value == "CardBrokenIssue"
    assert labels(said)["issue"].value == "Hello"
    assert labels(said)["summary"].value == "Peter has an issue with the card"
    told = {"EventType": "SEGMENTS", "ContactId": CONTACT_ID, "Segments": [],
            "PostContactSummary": {"Content": "A card was lost.", "Status": "COMPLETED"}}  # fmt: skip
    assert labels(read(told))["summary"].value == "A card was lost."
    assert read({"Segments": [], "NextToken": "t"}, LENS_FILE) == []
    for event in ("STARTED", "COMPLETED", "FAILED"):
        assert read({"EventType": event, "ContactId": CONTACT_ID, "Channel": "VOICE"}) == []


@pytest.mark.parametrize("kind", ["Post Call", "Realtime"])
def test_rules_of_contact_lens_are_categories(kind: str) -> None:
    """They come as EventBridge gives them, or as a group of logs keeps them."""
    event = rule_event(kind)
    message, label = read(event)
    assert isinstance(message, Message)
    assert (message.kind, message.status) == (f"Contact Lens {kind} Rules Matched", "NOTIFY_CUSTOMER_RETENTION")
    assert message.said_ms == 1772477028000
    assert isinstance(label, Label)
    assert (label.name, label.value, label.begin_ms) == ("category", "ACCOUNT_CANCELLATION", None)
    assert (label.call.source, label.call.names) == ("contact_lens_rules", (CONTACT_ID,))
    logged = {"messageType": "DATA_MESSAGE", "logEvents": [{"id": "1", "timestamp": 1, "message": json.dumps(event)}]}
    assert [type(one) for one in read(logged)] == [Message, Label]


def test_call_analytics_utterances() -> None:
    said = read(chime("TranscribeCallAnalytics", UtteranceEvent=utterance_event()))
    message, segment = said[0], segments(said)[0]
    assert isinstance(message, Message)
    assert (message.kind, message.text, message.said_ms) == ("TranscribeCallAnalytics", "Peter here.", 1772442010500)
    assert segment.call.names == (TRANSACTION_ID, "6cfcee66-1d4b-4fd4-9bd0-6e5c4d4f4d4f")
    assert [word.text for word in segment.words] == ["Peter", "here."]
    assert labels(said)["sentiment"].value == "NEGATIVE"
    assert labels(said)["issue"].value == "Peter"


@pytest.mark.parametrize("direction", ["Inbound", "Outbound"])
def test_call_analytics_of_transcribe_alone_has_the_account_on_the_first_channel(direction: str) -> None:
    """Amazon Chime SDK developer guide, *Amazon Transcribe processor destinations*: whoever called."""
    event = chime("Transcribe", TranscriptEvent=transcript_event())
    event["metadata"] = event["metadata"].replace("Inbound", direction)
    (segment,) = segments(read(event))
    assert (segment.role, segment.begin_ms, segment.words[0].end_ms) == ("AGENT", 1500, 2000)
    event["TranscriptEvent"]["ChannelId"] = "ch_1"
    assert segments(read(event))[0].role == "CUSTOMER"
    event["metadata"] = {"callId": "c-1", "direction": direction}
    assert segments(read(event))[0].role is None


def test_results_of_transcribe_as_the_guide_prints_them() -> None:
    """Amazon Chime SDK developer guide, *Amazon Transcribe output*: a list of results within a transcript."""
    results = [transcript_event(), {**transcript_event(), "ResultId": "r-2", "ChannelId": "ch_1"}]
    said = read(chime("Transcribe", TranscriptEvent={"Transcript": {"Results": results}}))
    assert [(one.segment_id, one.text, len(one.words)) for one in segments(said)] == [
        ("r-1", "Yes", 1),
        ("r-2", "Yes", 1),
    ]
    (message,) = read(chime("Transcribe", TranscriptEvent={"Transcript": {"Results": []}}))
    assert isinstance(message, Message)


def test_voice_tone_is_a_label_on_absolute_times() -> None:
    found = labels(read(chime("VoiceToneAnalysisStatus", detail=voice_tone())))
    tone = found["voice_tone"]
    assert (tone.value, tone.score, tone.role, tone.clock.zero_ms) == ("neutral", 0.83, "CUSTOMER", 0)
    assert (tone.begin_ms, tone.end_ms) == (1772441980000, 1772442010200)
    assert found["voice_tone_score"].score == pytest.approx(0.09)
    assert found["voice_tone_overall"].value == "neutral"


@pytest.mark.parametrize(
    "kind",
    ["CallAnalyticsMetadata", "Recording", "VoiceAnalyticsStatus", "SpeakerSearchStatus",
     "TranscribeCallAnalyticsCategoryEvent", "OfTomorrow"],
)  # fmt: skip
def test_every_type_of_call_analytics_is_a_message(kind: str) -> None:
    (message,) = read(chime(kind, detail={"detailStatus": "IdentificationSuccessful"}))
    assert isinstance(message, Message)
    assert (message.kind, message.status) == (kind, "IdentificationSuccessful")
    assert json.loads(message.payload)["metadata"]["transactionId"] == TRANSACTION_ID


def test_categories_of_call_analytics() -> None:
    ranges = {"TimestampRanges": [{"BeginOffsetMillis": 9000, "EndOffsetMillis": 9500}]}
    event = {"MatchedCategories": ["network-complaint"], "MatchedDetails": {"network-complaint": ranges}}
    found = labels(read(chime("TranscribeCallAnalyticsCategoryEvent", CategoryEvent=event)))
    assert (found["category"].value, found["category"].begin_ms) == ("network-complaint", 9000)


def test_live_call_analytics() -> None:
    segment = segments(read(live_segment()))[0]
    assert segment.call.names == ("888660e1-70a6-410e-a765-1d20517db270", TRANSACTION_ID)
    assert (segment.role, segment.begin_ms, segment.end_ms) == ("CUSTOMER", 27420, 30955)
    nested = {"CallId": "call-1", "UtteranceEvent": utterance_event()}
    assert [one.text for one in segments(read(nested))] == ["Peter here."]
    assert segments(read(live_segment(Channel="AGENT_ASSISTANT"))) == []
    agent = read({"EventType": "UPDATE_AGENT", "CallId": "call-1", "AgentId": "agent-7"})
    assert labels(agent)["agent"].value == "agent-7"
    category = {"CallId": "call-1", "EventType": "ADD_CALL_CATEGORY",
                "CategoryEvent": {"MatchedCategories": ["c"], "MatchedDetails": {}}}  # fmt: skip
    assert labels(read(category))["category"].value == "c"


def test_live_call_analytics_of_tones_of_voices_has_labels_and_nothing_spoken() -> None:
    """Live Call Analytics, *voice_tone_processor*: an utterance whose text is ``voice tone``."""
    tone = {
        "UtteranceId": "f928dfe3",
        "ParticipantRole": "CALLER_VOICETONE",
        "isPartial": False,
        "Transcript": "voice tone",
        "Sentiment": "NEUTRAL",
        "SentimentWeighted": 0.45,
        "SentimentScore": {"Positive": 0.13, "Negative": 0.04, "Neutral": 0.83, "Mixed": 0},
        "BeginOffsetMillis": -1500.0,
        "EndOffsetMillis": 3500.0,
    }
    said = read({"EventType": "ADD_TRANSCRIPT_SEGMENT", "CallId": "call-1", "UtteranceEvent": tone,
                 "CreatedAt": "2026-03-02T09:00:00Z"})  # fmt: skip
    assert [type(one) for one in said] == [Message, Label, Label]
    found = labels(said)
    assert (found["voice_tone"].value, found["voice_tone"].score, found["voice_tone"].role) == (
        "NEUTRAL", 0.83, "CUSTOMER"
    )  # fmt: skip
    assert (found["voice_tone"].begin_ms, found["voice_tone"].end_ms) == (0, 3500)
    assert found["voice_tone_score"].score == pytest.approx(0.09)
    for channel in ("CHAT_ASSISTANT", "CATEGORY_MATCH"):
        assert segments(read(live_segment(Channel=channel))) == []


def test_live_call_analytics_of_custom_producers() -> None:
    """Live Call Analytics, *eventprocessor*: issues of an utterance; ``IsCaller`` where no channel is told."""
    found = labels(read({"CallId": "call-1", "UtteranceEvent": utterance_event()}))
    assert (found["issue"].value, found["issue"].role, found["issue"].segment_id) == ("Peter", "CUSTOMER", "u-1")
    segment = live_segment(IsCaller=False)
    del segment["Channel"]
    assert segments(read(segment))[0].role == "AGENT"
    assert segments(read({**segment, "IsCaller": True}))[0].role == "CUSTOMER"


def test_post_call_analytics() -> None:
    said = read(post_call_analytics(), "parsedFiles/call-7.wav.json")
    (segment,), found = segments(said), labels(said)
    assert segment.call.names == (CONTACT_ID, "call-7")
    assert (segment.role, segment.text, segment.redacted) == ("CUSTOMER", "I am Peter.", None)
    assert segment.words[2] == Word(2100, 3250, "Peter.", 0.97)
    assert (found["sentiment"].value, found["sentiment"].score) == ("NEGATIVE", -2.5)
    assert found["talk_time_agent_ms"].score == 20500
    assert found["interruption"].role == "CUSTOMER"


def test_post_call_analytics_of_speakers_without_roles_keeps_what_they_are_called() -> None:
    record = post_call_analytics()
    for label in record["ConversationAnalytics"]["SpeakerLabels"]:
        label["DisplayText"] = "Speaker " + label["Speaker"][-1]
    (segment,) = segments(read(record))
    assert (segment.role, segment.speaker) == (None, "spk_1")
    assert segments(read(post_call_analytics()))[0].speaker is None


def test_what_post_call_analytics_finds_in_a_call() -> None:
    """Post Call Analytics, *Transcribe Parser*: its figures are in seconds."""
    said = read(post_call_analytics())
    found = labels(said)
    assert (found["issue"].value, found["issue"].role, found["issue"].segment_id) == ("I am Peter", "CUSTOMER", "00000")
    quarter = found["sentiment_quarter"]
    assert (quarter.score, quarter.role, quarter.end_ms) == (-2.5, "CUSTOMER", 10615)
    assert found["non_talk_time_total_ms"].score == 3500
    assert (found["non_talk"].begin_ms, found["non_talk"].end_ms) == (12000, 15500)
    of_call = [one for one in said if isinstance(one, Label) and one.segment_id is None]
    assert [(one.value, one.begin_ms, one.end_ms) for one in of_call if one.name == "category"] == [
        ("Greeting", 1500, 2000), ("No farewell", None, None)
    ]  # fmt: skip
    assert [one.value for one in of_call if one.name == "summary"] == [
        "Peter called.", "Agent Sentiment: Positive", "Peter lost a card."
    ]  # fmt: skip


def test_post_call_analytics_without_a_guid_is_named_by_its_recording() -> None:
    """Where the name of a recording has no GUID, ``set_guid`` of *pca-aws-sf-process-turn-by-turn* writes ``None``."""
    record = post_call_analytics()
    record["ConversationAnalytics"]["GUID"] = "None"
    assert segments(read(record, "parsedFiles/call-7.wav.json"))[0].call.names == ("call-7",)


def test_post_call_analytics_of_prompts_is_the_systems() -> None:
    record = post_call_analytics()
    record["SpeechSegments"][0]["IVRSegment"] = True
    assert segments(read(record))[0].role == "SYSTEM"


def test_labels_of_people() -> None:
    rows = (
        "call_id,name,value,score,annotator,participant_role,begin_offset_ms,end_offset_ms\n"
        "c-1,sentiment,NEGATIVE,-2.5,ann,CUSTOMER,1000,2000\n"
        "c-1,resolved,yes,,ann,,,\n"
    )
    said = list(read_transcripts([("labels.csv", rows.encode())]))
    assert [type(one) for one in said] == [Label, Label]
    first = said[0]
    assert isinstance(first, Label)
    assert (first.value, first.score, first.annotator, first.begin_ms, first.clock.is_calls) == (
        "NEGATIVE", -2.5, "ann", 1000, True
    )  # fmt: skip


def test_files_of_any_arrangement() -> None:
    """One file with records of three publishers, one after the other, as Firehose writes them; counted by form."""
    forms: Counter[str] = Counter()
    records = [live_segment(), chime("Recording"), realtime_segments()]
    content = "".join(map(json.dumps, records)).encode()
    list(read_transcripts([("all", content)], TextPolicy.RAW, forms))
    assert forms == {
        "Live Call Analytics record": 1, "call analytics record": 1, "Contact Lens real-time event": 1
    }  # fmt: skip


def test_words_without_times_go_with_their_neighbour() -> None:
    """So that no text is lost where an exporter leaves times out."""
    event = utterance_event()
    times = {"BeginOffsetMillis": 100, "EndOffsetMillis": 300}
    event["Items"] = [
        {"ItemType": "PRONUNCIATION", "Content": "so"},
        {"ItemType": "PRONUNCIATION", "Content": "well", **times, "Confidence": 0.9},
        {"ItemType": "PUNCTUATION", "Content": ","},
        {"ItemType": "PRONUNCIATION", "Content": "my", "BeginOffsetMillis": None, "EndOffsetMillis": 500},
        {"ItemType": "PRONUNCIATION", "Content": "name", "BeginOffsetMillis": 600, "EndOffsetMillis": 900},
    ]
    (segment,) = segments(read(chime("TranscribeCallAnalytics", UtteranceEvent=event)))
    assert segment.words == (Word(100, 300, "so well, my", 0.9), Word(600, 900, "name", None))
    event["Items"] = event["Items"][:1]
    (segment,) = segments(read(chime("TranscribeCallAnalytics", UtteranceEvent=event)))
    assert segment.words == ()
