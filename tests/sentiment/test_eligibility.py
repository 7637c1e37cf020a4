"""Why a unit is not scored, and in which order reasons are given."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callbeam.schemas.sentiment_inputs import INELIGIBLE_REASONS
from callbeam.sentiment import may_infer
from callbeam.sentiment.eligibility import EligibilityRules, UnitFacts, ineligible_reason

GOOD = UnitFacts(
    participant_role="CUSTOMER",
    duration_ms=4000,
    speech_ms=3500,
    masked_ms=0,
    on_hold=False,
    channel_layout="stereo",
    overlap_ratio=0.1,
    level_mean_dbfs=-25.0,
    leak_level_dbfs=-50.0,
    snr_db=20.0,
)

BAD = {
    "agent_policy": {"participant_role": "AGENT"},
    "system_voice": {"is_system_voice": True},
    "no_speech": {"speech_ms": 0},
    "too_short": {"duration_ms": 999},
    "masked": {"masked_ms": 401},
    "hold": {"on_hold": True},
    "crosstalk": {"channel_layout": "dual_mono"},
    "echo_leak": {"overlap_ratio": 0.8, "level_mean_dbfs": -44.0},
    "overlap": {"overlap_ratio": 0.51},
    "low_snr": {"snr_db": 4.9},
}


def test_a_good_unit_is_eligible():
    assert ineligible_reason(GOOD) is None


@pytest.mark.parametrize("reason", INELIGIBLE_REASONS)
def test_each_reason(reason):
    assert ineligible_reason(replace(GOOD, **BAD[reason])) == reason


def test_the_first_reason_of_the_schema_is_given():
    for number, reason in enumerate(INELIGIBLE_REASONS):
        changes = {}
        for later in reversed(INELIGIBLE_REASONS[number:]):
            changes.update(BAD[later])
        assert ineligible_reason(replace(GOOD, **changes)) == reason


@pytest.mark.parametrize(
    "changes",
    [
        {"duration_ms": 1000},
        {"masked_ms": 400},
        {"overlap_ratio": 0.5},
        {"snr_db": 5.0},
        {"overlap_ratio": None, "level_mean_dbfs": None, "leak_level_dbfs": None, "snr_db": None},
        {"channel_layout": None},
        {"channel_layout": "mono"},
    ],
)
def test_on_the_line_or_unknown_is_eligible(changes):
    assert ineligible_reason(replace(GOOD, **changes)) is None


def test_speech_over_the_other_louder_than_the_leak_is_no_echo():
    assert ineligible_reason(replace(GOOD, overlap_ratio=0.9, level_mean_dbfs=-43.0)) == "overlap"
    assert ineligible_reason(replace(GOOD, overlap_ratio=0.9, level_mean_dbfs=-60.0, leak_level_dbfs=None)) == "overlap"


def test_only_customers_unless_asked_for():
    for role in ("AGENT", None):
        assert ineligible_reason(replace(GOOD, participant_role=role)) == "agent_policy"
        assert ineligible_reason(replace(GOOD, participant_role=role), agent_sentiment=True) is None
        assert not may_infer(role, agent_sentiment=False)
    assert may_infer("CUSTOMER", agent_sentiment=False)


def test_rules_can_be_drawn_elsewhere():
    assert ineligible_reason(GOOD, rules=EligibilityRules(snr_db=25.0)) == "low_snr"
