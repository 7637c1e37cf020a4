from builders.talk import talk, tone
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.conversation import converse
from callbeam.conversation.phases import Phase, find_phases
from callbeam.schemas.events import TONE_KINDS
from callbeam.schemas.phases import PHASE_KINDS, PHASES

KINDS = list(TONE_KINDS)


def phases(channels, duration_ms=60_000):
    return [
        (phase.phase, phase.begin_offset_ms, phase.end_offset_ms, phase.source)
        for phase in find_phases(channels, duration_ms)
    ]


def test_bursts_of_ringback_are_one_ringing():
    rings = [tone("ringback", at, at + 2_000) for at in (5_000, 11_000, 17_000)]
    for role in ("AGENT", "CUSTOMER", None):
        channel = talk(role, [], channel_id="x", marks=rings)
        assert phases([channel]) == [
            ("unknown", 0, 5_000, "none"),
            ("ringing", 5_000, 19_000, "audio"),
            ("unknown", 19_000, 60_000, "none"),
        ]


def test_beeps_and_music_to_the_customer_are_hold():
    beeps = [tone("hold_tone", at, at + 500) for at in (20_000, 25_000, 30_000)]
    music = [tone("hold_music", 40_000, 50_000)]
    hold = [("hold", 20_000, 50_000, "audio")]
    agent = talk("AGENT", [], marks=[*beeps, *music])
    assert [phase for phase in phases([agent]) if phase[0] != "unknown"] == hold
    assert phases([talk("CUSTOMER", [], marks=[*beeps, *music])]) == [("unknown", 0, 60_000, "none")]


def test_no_other_tone_is_hold_or_ringing():
    for kind in sorted({*TONE_KINDS} - {"ringback", "hold_tone", "hold_music"}):
        marks = [tone(kind, at, at + 4_000) for at in range(5_000, 45_000, 5_000)]
        assert phases([talk("AGENT", [], marks=marks)]) == [("unknown", 0, 60_000, "none")]


def test_who_speaks_between_beeps_is_back():
    beeps = [tone("hold_tone", at, at + 500) for at in (20_000, 25_000, 33_000, 38_000)]
    agent = talk("AGENT", [(27_000, 31_000)], marks=beeps)
    assert [phase[:3] for phase in phases([agent]) if phase[0] != "unknown"] == [
        ("hold", 20_000, 25_500),
        ("hold", 33_000, 38_500),
    ]


def test_a_beep_is_no_hold():
    assert phases([talk("AGENT", [], marks=[tone("hold_tone", 20_000, 20_500)])]) == [("unknown", 0, 60_000, "none")]


def test_a_call_without_length_has_no_phase():
    assert find_phases([], 0) == ()
    assert phases([]) == [("unknown", 0, 60_000, "none")]


def test_a_phase_is_a_row_of_the_table():
    names = {column.name for column in PHASES.columns} - {"job_id", "call_id"}
    assert set(Phase.__slots__) == names
    assert Phase(phase="hold", begin_offset_ms=5, end_offset_ms=25, source="audio").duration_ms == 20


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(-100, 60_100), st.integers(1, 9_000)), max_size=12),
    st.lists(st.tuples(st.integers(0, 59_000), st.integers(1, 4_000)), max_size=5),
)
def test_phases_follow_each_other_from_begin_to_end(tones, said):
    marks = sorted((tone(kind, at, at + length) for kind, at, length in tones), key=lambda mark: mark.begin_ms)
    spans = [[at, at + length] for at, length in said]
    found = converse([talk("AGENT", spans, marks=marks)], comparable=True, duration_ms=60_000).phases
    edges = [0, *(phase.end_offset_ms for phase in found)]
    assert [phase.begin_offset_ms for phase in found] == edges[:-1]
    assert edges[-1] == 60_000
    assert all(phase.duration_ms > 0 and phase.phase in PHASE_KINDS for phase in found)
    assert all((phase.source == "none") == (phase.phase == "unknown") for phase in found)
