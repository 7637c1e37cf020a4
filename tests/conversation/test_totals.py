import itertools

import numpy as np
import pytest
from builders.talk import talk, tone
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.conversation import agent_connected_ms, converse
from callbeam.conversation.phases import Phase
from callbeam.conversation.totals import TOTAL_NAMES
from callbeam.records import Contact, Mark
from callbeam.schemas import CONNECT_TOTALS, TOTALS
from callbeam.spans import as_spans, bridge

NAMES = [column.name for column in (*CONNECT_TOTALS, *TOTALS)]


def totals(channels, *, comparable=True, duration_ms=100_000, **more):
    found = converse(channels, comparable=comparable, duration_ms=duration_ms, **more).totals
    assert list(found) == NAMES == list(TOTAL_NAMES)
    return found


@pytest.fixture
def call():
    """Make a call with all that is counted; its figures stand in the test."""
    agent = talk(
        "AGENT",
        [(4_000, 10_000), (10_500, 12_000), (20_000, 26_000), (30_000, 30_500), (70_000, 80_000)],
        end=100_000,
        syllables=10,
        detections=[tone("hold_music", 45_000, 65_000)],
    )
    customer = talk("CUSTOMER", [(8_000, 8_600), (12_300, 19_000), (25_000, 40_000)], end=100_000, syllables=20)
    return agent, customer


def test_a_call_in_figures(call):
    assert totals(call) == {
        "total_conversation_duration_ms": 80_000,
        "talk_time_total_ms": 46_300,
        "talk_time_agent_ms": 24_000,
        "talk_time_customer_ms": 22_300,
        "non_talk_time_total_ms": 4_000 + 30_000 + 20_000,
        "interruptions_total_count": 1,
        "interruptions_agent_count": 0,
        "interruptions_customer_count": 1,
        "interruptions_time_total_ms": 1_000,
        "interruptions_time_agent_ms": 0,
        "interruptions_time_customer_ms": 1_000,
        "speech_union_ms": 46_300 - 2_100,
        "overlap_ms": 600 + 1_000 + 500,
        "overlap_ratio": pytest.approx(2_100 / 44_200),
        "dead_air_ms": 54_000 - 20_000,
        "hold_ms": 20_000,
        "longest_non_talk_ms": 30_000,
        "non_talk_count": 3,
        "masked_ms": 0,
        "agent_talk_ratio": pytest.approx(24_000 / 46_300),
        "agent_talk_share": pytest.approx(0.3),
        "turn_count": 8,
        "backchannel_count": 2,
        "longest_turn_agent_ms": 10_000,
        "longest_turn_customer_ms": 15_000,
        "first_speech_agent_ms": 4_000,
        "agent_greeting_ms": None,
        "first_speech_customer_ms": 8_000,
        "response_latency_agent_p50_ms": 1_000,  # after 12300-19000; the one over the hold is not measured
        "response_latency_agent_p90_ms": 1_000,
        "response_latency_customer_p50_ms": pytest.approx((300 - 1_000) / 2),
        "response_latency_customer_p90_ms": pytest.approx(-1_000 + 0.9 * 1_300),
        "speaker_switches_per_min": pytest.approx(4 * 60 / 80),
        "syllable_rate_agent_hz": pytest.approx(50 / 24),
        "syllable_rate_customer_hz": pytest.approx(60 / 22.3),
    }


def test_unsure_clocks_leave_each_role_its_own(call):
    found = totals(call, comparable=False)
    assert {name: value for name, value in found.items() if value is not None} == {
        "talk_time_total_ms": 46_300,
        "talk_time_agent_ms": 24_000,
        "talk_time_customer_ms": 22_300,
        "hold_ms": 20_000,
        "agent_talk_ratio": pytest.approx(24_000 / 46_300),
        "turn_count": 8,
        "first_speech_agent_ms": 4_000,
        "first_speech_customer_ms": 8_000,
        "syllable_rate_agent_hz": pytest.approx(50 / 24),
        "syllable_rate_customer_hz": pytest.approx(60 / 22.3),
    }


def test_one_alone_has_only_its_own(call):
    agent, customer = call
    found = totals([customer])
    assert {name: value for name, value in found.items() if value is not None} == {
        "talk_time_customer_ms": 22_300,
        "masked_ms": 0,
        "first_speech_customer_ms": 8_000,
        "syllable_rate_customer_hz": pytest.approx(60 / 22.3),
    }
    assert totals([agent])["hold_ms"] == 20_000


def test_no_channel_has_no_totals():
    found = converse([], comparable=True, duration_ms=0)
    assert found.totals == dict.fromkeys(NAMES)
    assert found.metrics_scope is None
    assert found.turns == {}
    assert found.events == found.phases == found.warnings == ()


def test_two_who_say_nothing():
    found = totals([talk("AGENT", [], end=10_000), talk("CUSTOMER", [], end=10_000)], duration_ms=10_000)
    assert found["talk_time_total_ms"] == found["turn_count"] == found["interruptions_total_count"] == 0
    assert found["non_talk_time_total_ms"] == found["longest_non_talk_ms"] == 10_000
    for name in ("total_conversation_duration_ms", "overlap_ratio", "agent_talk_ratio", "first_speech_agent_ms"):
        assert found[name] is None
    for name in ("longest_turn_agent_ms", "response_latency_agent_p50_ms", "syllable_rate_agent_hz"):
        assert found[name] is None


def test_without_roles_all_together_is_counted():
    channels = [talk(None, [(0, 10_000)], channel_id="a"), talk(None, [(9_000, 19_000)], channel_id="b")]
    found = totals(channels)
    assert found["speech_union_ms"] == 19_000
    assert found["overlap_ms"] == 1_000
    assert found["interruptions_total_count"] == 1
    for name in NAMES:
        if "agent" in name or "customer" in name or name in ("hold_ms", "dead_air_ms"):
            assert found[name] is None


def test_masked_is_what_no_channel_has():
    agent = talk("AGENT", [], begin=10_000, end=90_000, masked=[(15_000, 30_000), (50_000, 60_000)])
    customer = talk("CUSTOMER", [], begin=0, end=80_000, masked=[(5_000, 12_000), (25_000, 55_000)])
    assert totals([agent, customer])["masked_ms"] == 5_000 + 5_000 + 5_000 + 10_000


def test_records_that_tell_of_an_agent_narrow_the_scope(call):
    edges = [("ivr", 0, 11_000), ("agent", 11_000, 60_000), ("hold", 60_000, 65_000), ("agent", 65_000, 75_000)]
    phases = [
        Phase(phase=kind, begin_offset_ms=begin, end_offset_ms=end, source="records") for kind, begin, end in edges
    ]
    conversation = converse(call, comparable=True, duration_ms=100_000, phases_known=phases)
    found = conversation.totals
    assert conversation.metrics_scope == "agent_phase"
    assert conversation.phases == tuple(phases)
    assert conversation.warnings == ()
    assert found["first_speech_agent_ms"] == 20_000
    assert found["talk_time_agent_ms"] == 6_000 + 500 + 10_000
    assert found["total_conversation_duration_ms"] == 80_000 - 11_000
    assert found["non_talk_time_total_ms"] == 30_000
    assert found["hold_ms"] == 5_000
    assert found["interruptions_total_count"] == 1
    assert [turn.quarter for turn in conversation.turns.values()][:3] == [1, 1, 1]


def test_what_is_said_over_the_edges_of_the_scope_counts_whole_or_not_at_all():
    agent = talk("AGENT", [(3_000, 7_000), (8_000, 12_000), (30_000, 36_000)], end=40_000)  # a prompt, then the agent
    customer = talk("CUSTOMER", [(6_500, 9_000), (33_000, 39_000)], end=40_000)
    found = totals([agent, customer], duration_ms=40_000, phases_known=agent_phase(6_000, 35_000, 40_000))
    assert found["talk_time_total_ms"] == 4_000 + 6_000 + 2_500 + 6_000
    assert found["overlap_ms"] == 1_000 + 3_000
    assert found["speech_union_ms"] == 18_500 - 4_000
    assert found["overlap_ratio"] == pytest.approx(4_000 / 14_500)


def test_speech_that_does_not_count_cannot_be_interrupted():
    agent = talk("AGENT", [(3_000, 7_000), (10_000, 14_000)], end=40_000)  # a prompt, then the agent
    customer = talk("CUSTOMER", [(6_200, 9_000), (13_000, 17_000)], end=40_000)
    for begin_ms, count, time_ms in ((0, 2, 800 + 1_000), (6_000, 1, 1_000)):
        found = totals([agent, customer], duration_ms=40_000, phases_known=agent_phase(begin_ms, 35_000, 40_000))
        assert found["interruptions_customer_count"] == found["interruptions_total_count"] == count
        assert found["interruptions_time_customer_ms"] == found["interruptions_time_total_ms"] == time_ms
        assert found["overlap_ms"] == time_ms


def test_interruptions_take_the_time_in_which_utterances_overlap():
    agent = talk("AGENT", [(0, 5_000)], end=40_000)
    customer = talk("CUSTOMER", [(4_000, 4_400), (4_600, 8_000)], end=40_000)  # one stretch, parted by a short gap
    found = totals([agent, customer], duration_ms=40_000)
    assert (found["interruptions_total_count"], found["interruptions_time_total_ms"]) == (1, 800)
    found = totals([agent, customer], duration_ms=40_000, phases_known=agent_phase(0, 4_500, 40_000))
    assert (found["interruptions_total_count"], found["interruptions_time_total_ms"]) == (1, 400)


def test_two_who_interrupt_a_third_at_once_take_the_time_once():
    said = [("AGENT", (0, 5_000), "a"), ("CUSTOMER", (4_000, 8_000), "c"), (None, (4_000, 9_000), "x")]
    found = totals([talk(role, [span], end=40_000, channel_id=name) for role, span, name in said], duration_ms=40_000)
    assert found["interruptions_total_count"] == 2
    assert found["interruptions_time_total_ms"] == 1_000
    assert found["overlap_ms"] == 4_000


def agent_phase(begin_ms, end_ms, duration_ms):
    edges = [("ivr", 0, begin_ms), ("agent", begin_ms, end_ms), ("unknown", end_ms, duration_ms)]
    return [
        Phase(phase=kind, begin_offset_ms=begin, end_offset_ms=end, source="records")
        for kind, begin, end in edges
        if begin < end
    ]


def test_the_greeting_counts_from_the_agents_connect(call):
    _, customer = call
    for connected_ms, greeting_ms in ((None, None), (11_000, 9_000), (20_000, 0), (20_001, 9_999), (80_001, None)):
        assert totals(call, agent_connected_ms=connected_ms)["agent_greeting_ms"] == greeting_ms
    # Connected before there is anything to hear: contact records know whole seconds, so a second is no time.
    for connected_ms, greeting_ms in ((-1_000, 5_000), (-1_001, None)):
        assert totals(call, agent_connected_ms=connected_ms)["agent_greeting_ms"] == greeting_ms
    assert totals([customer], agent_connected_ms=0)["agent_greeting_ms"] is None


def test_the_most_exact_record_tells_the_agents_connect():
    def contact(*connects):
        marks = tuple(Mark(at_ms, "agent_connected", source, agent) for at_ms, source, agent in connects)
        return Contact(call_id="c-1", system="connect", marks=marks)

    record, event, other = (5_000, "contact_record", "a"), (5_730, "agent_event", "a"), (9_000, "agent_event", "b")
    assert agent_connected_ms(contact(other, event, record)) == 5_730
    assert agent_connected_ms(contact(record, other)) == 5_000
    assert agent_connected_ms(contact((5_000, "contact_record", "b"), event)) == 5_000
    assert agent_connected_ms(contact()) is None


def test_scope_and_warnings_say_what_was_counted(call):
    agent, customer = call
    conversation = converse(call, comparable=True, duration_ms=100_000)
    assert (conversation.metrics_scope, conversation.warnings) == ("whole_call", ("prompts_counted_as_agent",))
    assert converse([customer], comparable=True, duration_ms=1).warnings == ("one_participant_heard",)
    assert converse([agent], comparable=True, duration_ms=1).warnings == (
        "one_participant_heard",
        "prompts_counted_as_agent",
    )


DURATION_MS = 120_000


@st.composite
def calls(draw):
    """Draw two participants, one of them maybe without role, with masked audio."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    channels = []
    for role, name in draw(st.sampled_from([[("AGENT", "a"), ("CUSTOMER", "c")], [("AGENT", "a"), (None, "x")]])):
        begins = rng.integers(0, DURATION_MS - 20_000, draw(st.integers(0, 25)))
        said = bridge(as_spans((at, at + rng.integers(100, 12_000)) for at in begins), 500)
        gaps = as_spans((at, at + rng.integers(10, 4_000)) for at in rng.integers(0, DURATION_MS, 2))
        heard = [span for span in said.tolist() if not any(a < span[1] and span[0] < b for a, b in gaps.tolist())]
        channels.append(talk(role, heard, end=DURATION_MS, masked=gaps, channel_id=name))
    return channels


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_figures_agree_with_each_other(data):
    channels = data.draw(calls())
    conversation = converse(channels, comparable=True, duration_ms=DURATION_MS)
    found, events = conversation.totals, conversation.events
    assert conversation == converse(channels[::-1], comparable=True, duration_ms=DURATION_MS)
    for event in events:
        assert 0 <= event.begin_offset_ms <= event.end_offset_ms <= DURATION_MS
        assert event.duration_ms == event.end_offset_ms - event.begin_offset_ms
    assert len({event.event_id for event in events}) == len(events)
    assert found["speech_union_ms"] == found["talk_time_total_ms"] - found["overlap_ms"]
    pairs = [event for event in events if event.overlap_ms is not None]
    assert sum(event.overlap_ms for event in pairs) == found["overlap_ms"]
    assert sum(turn.overlap_ms for turn in conversation.turns.values()) == 2 * found["overlap_ms"]
    assert len({(event.utterance_id, event.other_utterance_id) for event in pairs}) == len(pairs)
    non_talk = [event for event in events if event.event_type == "non_talk"]
    silent = [event.duration_ms for event in non_talk]
    assert (sum(silent), len(silent)) == (found["non_talk_time_total_ms"], found["non_talk_count"])
    unheard_within = sum(event.masked_ms for event in non_talk)
    assert sum(silent) - unheard_within + found["speech_union_ms"] + found["masked_ms"] <= DURATION_MS
    assert sum(silent) + found["speech_union_ms"] <= DURATION_MS
    assert [event for event in events if event.masked_ms is not None] == non_talk
    by_type = {kind: [one for one in pairs if one.event_type == kind] for kind in ("interruption", "backchannel")}
    assert found["interruptions_total_count"] == len(by_type["interruption"])
    assert found["interruptions_time_total_ms"] == sum(one.overlap_ms for one in by_type["interruption"])
    assert found["backchannel_count"] == len({one.utterance_id for one in by_type["backchannel"]})
    turns = sorted(conversation.turns.values(), key=lambda turn: turn.turn_index)
    assert [turn.turn_index for turn in turns] == list(range(found["turn_count"]))
    assert all(a.quarter <= b.quarter for a, b in itertools.pairwise(turns))
    assert not [turn for turn in turns if turn.is_backchannel and turn.response_latency_ms is not None]


@st.composite
def scopes(draw, channels):
    """Draw where an agent phase begins and ends: anywhere, or where somebody begins to speak."""
    begins = [one.begin_ms for channel in channels for one in channel.utterances]
    instants = st.integers(0, DURATION_MS)
    ends = st.sampled_from(begins) | instants if begins else instants
    return sorted(draw(st.lists(ends, min_size=2, max_size=2, unique=True)))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_totals_of_a_scope_rest_on_the_same_utterances(data):
    channels = data.draw(calls())
    begin_ms, end_ms = data.draw(scopes(channels))
    known = agent_phase(begin_ms, end_ms, DURATION_MS)
    conversation = converse(channels, comparable=True, duration_ms=DURATION_MS, phases_known=known)
    found = conversation.totals
    counted = [one for channel in channels for one in channel.utterances if begin_ms <= one.begin_ms < end_ms]
    assert conversation.metrics_scope == "agent_phase"
    assert found["turn_count"] == len(counted)
    assert found["talk_time_total_ms"] == sum(one.end_ms - one.begin_ms for one in counted)
    assert found["speech_union_ms"] == found["talk_time_total_ms"] - found["overlap_ms"]
    assert 2 * found["overlap_ms"] <= found["talk_time_total_ms"]
    assert 0 <= found["interruptions_time_total_ms"] <= found["overlap_ms"]
    assert found["interruptions_time_agent_ms"] <= found["interruptions_time_total_ms"]
    assert (found["interruptions_time_total_ms"] > 0) == (found["interruptions_total_count"] > 0)
    if counted:
        assert found["overlap_ratio"] == found["overlap_ms"] / found["speech_union_ms"]
        assert found["speech_union_ms"] <= found["total_conversation_duration_ms"]
