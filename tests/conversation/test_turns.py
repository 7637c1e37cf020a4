import pytest
from builders.talk import talk, tone

from callbeam.conversation import converse


def turns(agent, customer, *, agent_masked=(), customer_masked=(), marks=(), comparable=True):
    channels = [
        talk("AGENT", agent, masked=agent_masked, marks=marks),
        talk("CUSTOMER", customer, masked=customer_masked),
    ]
    return converse(channels, comparable=comparable, duration_ms=120_000).turns


def latencies(turns):
    ordered = sorted(turns.items(), key=lambda item: item[1].turn_index)
    return [(name[0] + str(int(name[-8:])), turn.response_latency_ms) for name, turn in ordered]


def test_turns_lie_in_order_with_the_one_before():
    found = turns([(1_000, 2_000), (9_000, 12_000)], [(3_000, 8_000), (11_000, 11_500)])
    assert [(name, turn.turn_index, turn.previous_utterance_id) for name, turn in found.items()] == [
        ("AGENT-1-00001000", 0, None),
        ("CUSTOMER-1-00003000", 1, "AGENT-1-00001000"),
        ("AGENT-1-00009000", 2, "CUSTOMER-1-00003000"),
        ("CUSTOMER-1-00011000", 3, "AGENT-1-00009000"),
    ]


def test_latency_is_signed_and_that_of_answers_only():
    found = turns([(1_000, 2_000), (3_000, 5_000), (9_000, 12_000)], [(5_400, 9_300)])
    assert latencies(found) == [("A1000", None), ("A3000", None), ("C5400", 400), ("A9000", -300)]


def test_latency_skips_backchannels():
    found = turns([(1_000, 10_000), (10_700, 12_000)], [(5_000, 5_600), (13_000, 14_000)])
    assert latencies(found) == [("A1000", None), ("C5000", None), ("A10700", None), ("C13000", 1_000)]
    assert found["CUSTOMER-1-00005000"].is_backchannel
    assert not found["CUSTOMER-1-00013000"].is_backchannel


def test_who_gives_up_has_not_answered():
    found = turns([(1_000, 10_000), (10_700, 12_000)], [(5_000, 7_000), (12_500, 14_000)])
    assert latencies(found) == [("A1000", None), ("C5000", None), ("A10700", None), ("C12500", 500)]


def test_an_interruption_answers_before_the_end():
    found = turns([(1_000, 10_000), (14_100, 15_000)], [(9_000, 14_000)])
    assert latencies(found) == [("A1000", None), ("C9000", -1_000), ("A14100", 100)]
    assert found["CUSTOMER-1-00009000"].is_interruption
    assert not found["AGENT-1-00014100"].is_interruption


def test_only_the_first_part_of_what_was_split_answers():
    found = turns([(1_000, 4_000)], [(4_500, 34_000), (34_000, 50_000)])
    assert latencies(found) == [("A1000", None), ("C4500", 500), ("C34000", None)]


@pytest.mark.parametrize("masked", [{"agent_masked": [(2_600, 2_700)]}, {"customer_masked": [(2_100, 2_200)]}])
def test_no_latency_over_what_cannot_be_heard(masked):
    assert latencies(turns([(1_000, 2_000)], [(5_000, 6_000)], **masked)) == [("A1000", None), ("C5000", None)]


def test_no_latency_over_a_hold():
    found = turns([(1_000, 2_000)], [(30_000, 31_000)], marks=[tone("hold_music", 4_000, 28_000)])
    assert latencies(found) == [("A1000", None), ("C30000", None)]


def test_overlap_is_measured_on_both():
    found = turns([(1_000, 5_000), (5_600, 7_000)], [(4_000, 6_000)])
    assert [turn.overlap_ms for turn in found.values()] == [1_000, 1_400, 400]


def test_quarters_divide_the_conversation():
    found = turns([(0, 100), (9_999, 10_100), (10_000, 10_100), (39_000, 40_000)], [(20_000, 20_100), (30_000, 30_100)])
    assert [turn.quarter for turn in found.values()] == [1, 1, 2, 3, 4, 4]


def test_nothing_is_compared_across_unsure_clocks():
    found = turns([(1_000, 5_000)], [(4_000, 6_000)], comparable=False)
    assert [turn.turn_index for turn in found.values()] == [0, 1]
    for turn in found.values():
        assert turn.previous_utterance_id is turn.response_latency_ms is turn.overlap_ms is None
        assert turn.is_interruption is turn.is_backchannel is None


def test_one_alone_has_an_order_and_no_more():
    found = converse([talk("CUSTOMER", [(0, 1_000), (2_000, 3_000)])], comparable=True, duration_ms=5_000).turns
    assert [turn.previous_utterance_id for turn in found.values()] == [None, "CUSTOMER-1-00000000"]
    for turn in found.values():
        assert turn.response_latency_ms is turn.overlap_ms is turn.is_interruption is turn.is_backchannel is None


def test_legs_of_one_role_are_one_participant():
    channels = [
        talk("AGENT", [(1_000, 5_000)], channel_id="a"),
        talk("AGENT", [(4_000, 6_000)], channel_id="b"),
        talk("CUSTOMER", [(7_000, 8_000)]),
    ]
    found = converse(channels, comparable=True, duration_ms=10_000)
    assert [turn.overlap_ms for turn in found.turns.values()] == [0, 0, 0]
    assert [turn.response_latency_ms for turn in found.turns.values()] == [None, None, 1_000]
    assert not [event for event in found.events if event.overlap_ms]


def test_channels_without_role_are_participants_of_their_own():
    channels = [talk(None, [(1_000, 5_000)], channel_id="a"), talk(None, [(5_200, 6_000)], channel_id="b")]
    found = converse(channels, comparable=True, duration_ms=10_000).turns
    assert [turn.response_latency_ms for turn in found.values()] == [None, 200]
