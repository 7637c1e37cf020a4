"""The figures that a report compares calls by."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callbeam.report.words import NONE, clock, decimal, percent
from callbeam.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Unit(enum.Enum):
    """What a figure is counted in; decides how it is written."""

    LENGTH = "length"
    LATENCY = "latency"
    SHARE = "share"
    COUNT = "count"
    PER_MINUTE = "per minute"
    DB = "dB"
    DBFS = "dBFS"
    RATE = "per second"


class Concern(enum.Enum):
    """In which direction a figure calls for a look."""

    HIGH = "high"
    LOW = "low"
    BOTH = "both"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a call.

    Attributes
    ----------
    key : str
        A column of ``calls``; of ``channels``, with the role before it (``CUSTOMER.snr_db``); or derived.
    label : str
    unit : Unit
    concern : Concern
    tile : bool
        Shown at the head of a call's page.
    """

    key: str
    label: str
    unit: Unit
    concern: Concern = Concern.BOTH
    tile: bool = True

    def text(self, value: float | None) -> str:
        """Write a value with its unit; a dash for NULL."""
        return NONE if value is None or math.isnan(value) else WRITTEN[self.unit](value)

    @property
    def meaning(self) -> str:
        """What it is, as the table says of its column."""
        if self.key in DERIVED:
            return DERIVED[self.key]
        role, _, column = self.key.rpartition(".")
        table = TABLES["channels" if role else "calls"]
        return next(each.meaning for each in table.columns if each.name == column)


DERIVED: Mapping[str, str] = {
    "non_talk_share": "Non-talk time, holds included, as a share of the conversation, which ends with the last word.",
    "lost_share": "Fragments lost, as a share of those that the call has.",
}
"""What the figures are that are no column."""

WRITTEN: Mapping[Unit, Callable[[float], str]] = {
    Unit.LENGTH: clock,
    Unit.LATENCY: lambda value: f"{decimal(value / 1000, 2)} s",
    Unit.SHARE: percent,
    Unit.COUNT: decimal,
    Unit.PER_MINUTE: lambda value: f"{decimal(value, 1)} / min",
    Unit.RATE: lambda value: f"{decimal(value, 1)} / s",
    Unit.DB: lambda value: f"{decimal(value, 1)} dB",
    Unit.DBFS: lambda value: f"{decimal(value, 1)} dBFS",
}

MEASURES = (
    Measure("duration_ms", "Length", Unit.LENGTH, Concern.NONE),
    Measure("agent_talk_ratio", "Agent's share of talk", Unit.SHARE),
    Measure("talk_time_agent_ms", "Agent's talk time", Unit.LENGTH, Concern.NONE, tile=False),
    Measure("talk_time_customer_ms", "Customer's talk time", Unit.LENGTH, Concern.NONE, tile=False),
    Measure("non_talk_share", "Non-talk", Unit.SHARE, Concern.HIGH),
    Measure("longest_non_talk_ms", "Longest non-talk", Unit.LENGTH, Concern.HIGH),
    Measure("dead_air_ms", "Dead air", Unit.LENGTH, Concern.HIGH, tile=False),
    Measure("overlap_ratio", "Overlap", Unit.SHARE, Concern.HIGH),
    Measure("interruptions_agent_count", "Agent interrupts", Unit.COUNT, Concern.HIGH),
    Measure("interruptions_customer_count", "Customer interrupts", Unit.COUNT, Concern.HIGH),
    Measure("response_latency_agent_p50_ms", "Agent's latency p50", Unit.LATENCY, Concern.HIGH),
    Measure("response_latency_agent_p90_ms", "Agent's latency p90", Unit.LATENCY, Concern.HIGH, tile=False),
    Measure("response_latency_customer_p50_ms", "Customer's latency p50", Unit.LATENCY, Concern.HIGH),
    Measure("response_latency_customer_p90_ms", "Customer's latency p90", Unit.LATENCY, Concern.HIGH, tile=False),
    Measure("first_speech_agent_ms", "Agent first speaks", Unit.LATENCY, Concern.HIGH, tile=False),
    Measure("speaker_switches_per_min", "Speaker switches", Unit.PER_MINUTE, Concern.BOTH),
    Measure("syllable_rate_agent_hz", "Agent's syllables", Unit.RATE, tile=False),
    Measure("syllable_rate_customer_hz", "Customer's syllables", Unit.RATE, tile=False),
    Measure("CUSTOMER.snr_db", "Customer's SNR", Unit.DB, Concern.LOW),
    Measure("AGENT.snr_db", "Agent's SNR", Unit.DB, Concern.LOW),
    Measure("CUSTOMER.active_level_dbfs", "Customer's speech level", Unit.DBFS, tile=False),
    Measure("AGENT.active_level_dbfs", "Agent's speech level", Unit.DBFS, tile=False),
    Measure("CUSTOMER.clipping_ratio", "Customer's clipping", Unit.SHARE, Concern.HIGH, tile=False),
    Measure("AGENT.clipping_ratio", "Agent's clipping", Unit.SHARE, Concern.HIGH, tile=False),
    Measure("lost_share", "Fragments lost", Unit.SHARE, Concern.HIGH, tile=False),
)
