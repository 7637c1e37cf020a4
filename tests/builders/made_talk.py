"""Truths about calls small enough to count by hand."""

from __future__ import annotations

from callbeam.callmaker import CallTruth, ChannelTruth
from callbeam.callmaker.truth import EventTruth

END_MS = 40_000


def channel(role: str, speech: list[list[int]], gaps: list[list[int]] | None = None) -> ChannelTruth:
    return ChannelTruth(
        role=role,
        stream="s",
        track_name=role,
        sample_rate_hz=8000,
        begin_ms=0,
        end_ms=END_MS,
        samples=END_MS * 8,
        pcm_sha256="",
        gaps=gaps or [],
        gap_samples=[],
        level_dbfs=-30.0,
        speech_level_dbfs=-25.0,
        snr_db=30.0,
        echo_db=None,
        echo_delay_ms=None,
        gain_steps=[],
        packet_loss=0.0,
        lost_packets=[],
        speech=speech,
        speech_raw=speech,
        f0_median_hz=None,
        f0_begin_ms=0,
        f0_hop_ms=10,
        f0_hz=[],
    )


def call(
    agent: list[list[int]],
    customer: list[list[int]],
    events: tuple[EventTruth, ...] = (),
    gaps: list[list[int]] | None = None,
    call_id: str = "0123456789",
) -> CallTruth:
    channels = {"AGENT": channel("AGENT", agent, gaps), "CUSTOMER": channel("CUSTOMER", customer)}
    return CallTruth(1, call_id, "connect", 0, END_MS, 5_000, channels, list(events))
