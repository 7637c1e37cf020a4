import pytest
from builders.talk import talk

from callbeam.conversation import Thresholds, converse
from callbeam.conversation.phases import Phase
from callbeam.line import TONE, Mark
from callbeam.line.detections import CLIPPING
from callbeam.schemas.events import EVENT_TYPES, EVENTS

PAIRS = {"interruption", "overlap", "terminal_overlap", "backchannel"}


def pair(agent, customer, *, agent_masked=(), customer_masked=()):
    """Return the one event of a call in which the customer speaks into the agent's speech."""
    conversation = converse(
        [talk("AGENT", agent, masked=agent_masked), talk("CUSTOMER", customer, masked=customer_masked)],
        comparable=True,
        duration_ms=120_000,
    )
    (event,) = [event for event in conversation.events if event.event_type in PAIRS]
    return event


@pytest.mark.parametrize(
    ("agent", "customer", "kind"),
    [
        ((10_000, 15_000), (14_000, 16_000), "interruption"),
        ((13_500, 15_000), (14_000, 16_000), "interruption"),
        ((13_501, 15_000), (14_000, 16_000), "overlap"),  # the other has hardly begun
        ((10_000, 14_500), (14_000, 16_000), "interruption"),
        ((10_000, 14_499), (14_000, 16_000), "terminal_overlap"),
        ((10_000, 15_500), (14_000, 16_500), "interruption"),
        ((10_000, 15_501), (14_000, 16_501), "overlap"),  # the other stops late
        ((10_000, 15_000), (14_000, 15_999), "overlap"),  # it hardly goes on
        ((10_000, 14_300), (14_000, 14_350), "terminal_overlap"),
        ((10_000, 20_000), (14_000, 14_999), "backchannel"),
        ((10_000, 20_000), (14_000, 15_000), "overlap"),
        ((10_000, 20_000), (14_000, 16_000), "overlap"),
        ((10_000, 14_999), (14_000, 14_998), "backchannel"),
        ((10_000, 14_998), (14_000, 14_998), "overlap"),  # both stop together
    ],
)
def test_lines_lie_where_the_definitions_draw_them(agent, customer, kind):
    event = pair([agent], [customer])
    assert (event.event_type, event.by_role) == (kind, "CUSTOMER")
    assert (event.begin_offset_ms, event.end_offset_ms) == (customer[0], min(agent[1], customer[1]))
    assert event.overlap_ms == event.duration_ms
    assert event.prior_speech_ms == customer[0] - agent[0]
    if agent[1] <= customer[1]:
        assert event.stopped_after_ms == agent[1] - customer[0]
        assert event.went_on_ms == customer[1] - agent[1]
        assert event.other_went_on_ms is None
    else:
        assert event.stopped_after_ms is event.went_on_ms is None
        assert event.other_went_on_ms == agent[1] - customer[1]


def test_who_begins_together_does_it_if_shorter():
    event = pair([(10_000, 15_000)], [(10_000, 10_700)])
    assert (event.event_type, event.by_role, event.prior_speech_ms) == ("backchannel", "CUSTOMER", 0)
    event = pair([(10_000, 10_700)], [(10_000, 15_000)])
    assert (event.event_type, event.by_role, event.prior_speech_ms) == ("backchannel", "AGENT", 0)


def test_utterances_that_were_split_are_spoken_on():
    event = pair([(10_000, 40_000), (40_200, 41_000)], [(40_300, 43_000)])
    assert (event.event_type, event.prior_speech_ms, event.stopped_after_ms) == ("interruption", 30_300, 700)
    assert event.other_utterance_id == "AGENT-1-00040200"
    assert event.utterance_id == "CUSTOMER-1-00040300"
    # ... and do not stop where they are split
    event = pair([(10_000, 40_000), (40_200, 50_000)], [(39_000, 41_000)])
    assert (event.event_type, event.other_went_on_ms) == ("overlap", 9_000)
    assert event.other_utterance_id == "AGENT-1-00010000"


def test_a_short_gap_in_speech_is_no_stop():
    event = pair([(10_000, 14_800), (15_000, 20_000)], [(14_000, 16_000)], agent_masked=[(14_800, 15_000)])
    assert (event.event_type, event.other_went_on_ms) == ("overlap", 4_000)


def test_who_cannot_be_heard_has_not_stopped():
    event = pair([(10_000, 15_000)], [(14_000, 17_000)], agent_masked=[(15_000, 20_000)])
    assert event.event_type == "overlap"
    assert event.stopped_after_ms is event.went_on_ms is event.other_went_on_ms is None
    event = pair([(10_000, 15_000)], [(14_000, 17_000)], agent_masked=[(15_500, 20_000)])
    assert event.event_type == "interruption"


def test_who_can_be_heard_again_has_not_begun():
    event = pair([(10_000, 15_000)], [(14_000, 17_000)], customer_masked=[(13_000, 14_000)])
    assert (event.event_type, event.stopped_after_ms) == ("overlap", 1_000)
    event = pair([(10_000, 20_000)], [(14_000, 14_700)], customer_masked=[(14_900, 16_000)])
    assert (event.event_type, event.other_went_on_ms) == ("overlap", None)


def test_each_pair_that_overlaps_is_one_event():
    agent = talk("AGENT", [(10_000, 30_000), (31_000, 34_000)])
    customer = talk("CUSTOMER", [(12_000, 12_500), (15_000, 15_800), (29_000, 31_500)])
    events = converse([agent, customer], comparable=True, duration_ms=120_000).events
    assert [(event.event_type, event.by_role, event.begin_offset_ms) for event in events if event.overlap_ms] == [
        ("backchannel", "CUSTOMER", 12_000),
        ("backchannel", "CUSTOMER", 15_000),
        ("interruption", "CUSTOMER", 29_000),
        ("interruption", "AGENT", 31_000),
    ]


def silences(conversation):
    return [
        (event.begin_offset_ms, event.end_offset_ms) for event in conversation.events if event.event_type == "non_talk"
    ]


def test_non_talk_is_silence_of_all_for_3_s():
    agent = talk("AGENT", [(3_000, 5_000), (20_000, 22_000)], end=40_000)
    customer = talk("CUSTOMER", [(7_999, 10_000), (24_500, 30_000)], end=40_000)
    conversation = converse([agent, customer], comparable=True, duration_ms=40_000)
    assert silences(conversation) == [(0, 3_000), (10_000, 20_000), (30_000, 40_000)]
    event = next(event for event in conversation.events if event.event_type == "non_talk")
    assert event.by_role is event.channel_id is event.utterance_id is None


def test_masked_audio_of_any_channel_is_not_silence():
    agent = talk("AGENT", [(0, 5_000)], end=40_000, masked=[(7_000, 9_000), (20_000, 21_500)])
    customer = talk("CUSTOMER", [(30_000, 40_000)], end=40_000, masked=[(21_000, 22_500), (25_600, 30_000)])
    conversation = converse([agent, customer], comparable=True, duration_ms=40_000)
    assert silences(conversation) == [(9_000, 20_000), (22_500, 25_600)]
    assert conversation.totals["non_talk_time_total_ms"] == 11_000 + 3_100


def test_a_short_gap_inside_silence_is_within_it():
    agent = talk("AGENT", [(0, 5_000)], end=40_000, masked=[(7_900, 8_000), (20_000, 21_000)])
    customer = talk("CUSTOMER", [(30_000, 40_000)], end=40_000, masked=[(20_500, 21_999)])
    conversation = converse([agent, customer], comparable=True, duration_ms=40_000)
    (event,) = [event for event in conversation.events if event.event_type == "non_talk"]
    assert (event.begin_offset_ms, event.end_offset_ms, event.masked_ms) == (5_000, 30_000, 100 + 1_999)
    assert conversation.totals["non_talk_time_total_ms"] == conversation.totals["dead_air_ms"] == 25_000
    assert conversation.totals["longest_non_talk_ms"] == 25_000
    assert conversation.totals["non_talk_count"] == 1


@pytest.mark.parametrize(
    ("gap", "begin"),
    [((5_000, 5_100), 5_100), ((5_499, 6_000), 6_000), ((5_500, 6_000), 5_000), ((4_000, 5_000), 5_000)],
)
def test_a_gap_next_to_speech_ends_silence(gap, begin):
    agent = talk("AGENT", [(0, min(5_000, gap[0]))], end=20_000)
    customer = talk("CUSTOMER", [], end=20_000, masked=[gap])
    assert silences(converse([agent, customer], comparable=True, duration_ms=20_000)) == [(begin, 20_000)]


SCOPE = [("ivr", 0, 10_000), ("agent", 10_000, 20_000)]


def test_a_gap_at_the_edge_of_what_is_heard_is_no_silence():
    agent = talk("AGENT", [], end=20_000, masked=[(0, 1_000), (19_500, 20_000)])
    customer = talk("CUSTOMER", [], begin=500, end=20_000)
    conversation = converse([agent, customer], comparable=True, duration_ms=30_000)
    assert silences(conversation) == [(1_000, 19_500)]
    phases = [Phase(phase=kind, begin_offset_ms=a, end_offset_ms=b, source="records") for kind, a, b in SCOPE]
    agent = talk("AGENT", [], end=20_000, masked=[(9_500, 10_500), (12_000, 13_000)])
    conversation = converse([agent, customer], comparable=True, duration_ms=20_000, phases_known=phases)
    assert conversation.totals["non_talk_time_total_ms"] == 20_000 - 10_500


def test_who_is_not_on_the_line_is_silent():
    agent = talk("AGENT", [(20_000, 25_000)], begin=15_000, end=30_000)
    customer = talk("CUSTOMER", [(0, 5_000), (27_000, 29_000)], begin=0, end=35_000)
    assert silences(converse([agent, customer], comparable=True, duration_ms=50_000)) == [
        (5_000, 20_000),
        (29_000, 35_000),
    ]


def monologues(conversation):
    return [
        (event.by_role, event.begin_offset_ms, event.end_offset_ms)
        for event in conversation.events
        if event.event_type == "long_monologue"
    ]


def test_a_monologue_lasts_until_another_takes_a_turn():
    said = [(0, 29_000), (29_100, 58_000), (60_500, 75_000)]
    conversation = converse(
        [talk("AGENT", said), talk("CUSTOMER", [(20_000, 20_500), (80_000, 81_000)])],
        comparable=True,
        duration_ms=120_000,
    )
    assert monologues(conversation) == [("AGENT", 0, 75_000)]
    conversation = converse(
        [talk("AGENT", said), talk("CUSTOMER", [(61_000, 63_000)])], comparable=True, duration_ms=120_000
    )
    assert monologues(conversation) == [("AGENT", 0, 61_000)]
    conversation = converse(
        [talk("AGENT", said), talk("CUSTOMER", [(40_000, 42_000)])], comparable=True, duration_ms=120_000
    )
    assert monologues(conversation) == []


def test_a_monologue_that_another_has_parted_goes_on():
    agent = talk("AGENT", [(0, 29_000), (29_000, 58_000), (60_500, 112_000)])
    conversation = converse([agent, talk("CUSTOMER", [(40_000, 42_000)])], comparable=True, duration_ms=120_000)
    assert monologues(conversation) == [("AGENT", 42_000, 112_000)]
    (event,) = (event for event in conversation.events if event.event_type == "long_monologue")
    assert event.utterance_id == "AGENT-1-00029000"


def test_a_monologue_begins_and_ends_with_its_speaker():
    agent = talk("AGENT", [(0, 20_000), (22_000, 90_000), (92_000, 93_000)])
    customer = talk("CUSTOMER", [(19_000, 21_000), (91_000, 94_000)])
    conversation = converse([agent, customer], comparable=True, duration_ms=120_000)
    assert monologues(conversation) == [("AGENT", 22_000, 90_000)]
    customer = talk("CUSTOMER", [(19_000, 21_000), (81_999, 94_000)])
    conversation = converse([agent, customer], comparable=True, duration_ms=120_000)
    assert monologues(conversation) == []


def test_long_silence_ends_a_monologue():
    conversation = converse(
        [talk("AGENT", [(0, 50_000), (53_000, 70_000)]), talk("CUSTOMER", [])], comparable=True, duration_ms=120_000
    )
    assert monologues(conversation) == []
    conversation = converse(
        [talk("AGENT", [(0, 50_000), (52_999, 70_000)]), talk("CUSTOMER", [])], comparable=True, duration_ms=120_000
    )
    assert monologues(conversation) == [("AGENT", 0, 70_000)]


def test_marks_become_events_of_their_channel():
    marks = [
        Mark(CLIPPING, 1_000, 1_040, clipped_samples=9),
        Mark(TONE, 2_000, 2_100, tone_kind="dtmf", dtmf_digit="5", frequency_hz=1336.0, level_dbfs=-16.0),
        Mark(TONE, 119_000, 120_007, tone_kind="other", frequency_hz=1000.0, level_dbfs=-16.0),
    ]
    clipping, dtmf, other = converse([talk("CUSTOMER", [], marks=marks)], comparable=True, duration_ms=120_000).events
    assert (clipping.event_type, clipping.clipped_samples, clipping.duration_ms) == ("clipping", 9, 40)
    assert (dtmf.event_type, dtmf.tone_kind, dtmf.dtmf_digit, dtmf.frequency_hz) == ("tone", "dtmf", "5", 1336.0)
    assert (dtmf.by_role, dtmf.channel_id) == ("CUSTOMER", "CUSTOMER-1")
    assert other.end_offset_ms == 120_000


def test_an_event_is_a_row_of_the_table():
    from callbeam.conversation.events import Event, name_events

    (event,) = name_events([Event(event_type="non_talk", begin_offset_ms=5, end_offset_ms=4_005)])
    names = {column.name for column in EVENTS.columns} - {"job_id", "call_id"}
    assert set(event.__slots__) == names
    assert event.event_id == "non_talk-call-00000005"


def test_events_that_coincide_have_names_of_their_own():
    agents = [talk("AGENT", [(0, 20_000)], channel_id="a"), talk("AGENT", [(1_000, 21_000)], channel_id="b")]
    customer = talk("CUSTOMER", [(5_000, 5_500)])
    for order in ([*agents, customer], [customer, *reversed(agents)]):
        events = converse(order, comparable=True, duration_ms=120_000).events
        assert [event.event_id for event in events if event.event_type == "backchannel"] == [
            "backchannel-CUSTOMER-1-00005000",
            "backchannel-CUSTOMER-1-00005000-2",
        ]
        assert {event.event_type for event in events} <= set(EVENT_TYPES)


def test_lines_can_be_drawn_elsewhere():
    channels = [talk("AGENT", [(10_000, 15_000)]), talk("CUSTOMER", [(14_700, 16_000)])]
    for shortest, kind in ((300, "interruption"), (301, "terminal_overlap")):
        events = converse(
            channels, comparable=True, duration_ms=120_000, thresholds=Thresholds(overlap_ms=shortest)
        ).events
        assert kind in {event.event_type for event in events}
