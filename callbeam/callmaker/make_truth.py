"""Puts together what is known about a call: what was meant, what was made, and what was delivered of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from callbeam.callmaker.call_sound import F0_HOP_MS
from callbeam.callmaker.script import AGENT, CUSTOMER, UPSET
from callbeam.callmaker.tone_plans import PLANS
from callbeam.callmaker.truth import TRUTH_VERSION, CallTruth, ChannelTruth, EventTruth, level_dbfs, pcm_sha256
from callbeam.spans import as_spans, bridge

if TYPE_CHECKING:
    import numpy.typing as npt

    from callbeam.callmaker.call_sound import ChannelSound
    from callbeam.callmaker.made_call import MadeCall
    from callbeam.callmaker.script import Saying, Signal
    from callbeam.callmaker.telephone_line import LineConditions

UTTERANCE_PAUSE_MS = 500
"""Pauses shorter than this belong to the speech around them."""

HOLD_SOUNDS = {"hold": "silence", "hold_tone": "tone", "hold_music": "music"}


@dataclass(frozen=True, slots=True)
class LegTruth:
    """Where a role's channel was written.

    Attributes
    ----------
    stream, track_name : str
    start_ms : int
        Producer time of the leg's sample 0.
    first_sample : int
        Which sample of the made channel that is.
    delivered : list of (int, int)
        [begin, end) of the leg's samples that its fragments hold.
    """

    stream: str
    track_name: str
    start_ms: int
    first_sample: int
    delivered: list[tuple[int, int]]


def truth_of_call(call: MadeCall, legs: dict[str, LegTruth], *, source: str, call_start_ms: int) -> CallTruth:
    """Put the truth about a written call together.

    Parameters
    ----------
    call : MadeCall
    legs : dict of str to LegTruth
        By role.
    source : str
        ``connect`` or ``chime``.
    call_start_ms : int
        Producer time of the call's earliest fragment: the zero of all offsets.
    """
    spec = call.spec
    shift_ms = spec.start_ms - call_start_ms
    lines = {CUSTOMER: spec.customer_line, AGENT: spec.agent_line}
    channels = {
        role: _channel(role, call.channels[role], leg, lines[role], spec.sample_rate_hz, call_start_ms, shift_ms)
        for role, leg in legs.items()
    }
    return CallTruth(
        version=TRUTH_VERSION,
        call_id=spec.call_id,
        source=source,
        call_start_ms=call_start_ms,
        duration_ms=max((channel.end_ms for channel in channels.values()), default=0),
        agent_on_line_ms=call.script.agent_on_line_ms + shift_ms,
        channels=channels,
        events=_events(call, shift_ms),
    )


def _channel(
    role: str,
    sound: ChannelSound,
    leg: LegTruth,
    line: LineConditions,
    rate: int,
    call_start_ms: int,
    shift_ms: int,
) -> ChannelTruth:
    pieces = [sound.pcm[leg.first_sample + begin : leg.first_sample + end] for begin, end in leg.delivered]
    missing = [[before[1], after[0]] for before, after in zip(leg.delivered, leg.delivered[1:], strict=False)]
    leg_ms = leg.start_ms - call_start_ms
    first = leg.delivered[0][0] if leg.delivered else 0
    last = leg.delivered[-1][1] if leg.delivered else 0
    voiced = sound.f0_hz[~np.isnan(sound.f0_hz)]
    all_samples = np.concatenate(pieces) if pieces else np.zeros(0, np.int16)
    spans_ms = np.rint(sound.spans * (1000 / rate)).astype(np.int64) + shift_ms
    skipped_hops = round(leg.first_sample * 1000 / rate / F0_HOP_MS)
    return ChannelTruth(
        role=role,
        stream=leg.stream,
        track_name=leg.track_name,
        sample_rate_hz=rate,
        begin_ms=leg_ms + round(first * 1000 / rate),
        end_ms=leg_ms + round(last * 1000 / rate),
        samples=len(all_samples),
        pcm_sha256=pcm_sha256(pieces),
        gaps=[[leg_ms + round(edge * 1000 / rate) for edge in gap] for gap in missing],
        gap_samples=missing,
        level_dbfs=round(level_dbfs(all_samples), 4),
        speech_level_dbfs=sound.speech_level_dbfs,
        snr_db=line.snr_db,
        echo_db=line.echo_db,
        echo_delay_ms=line.echo_delay_ms if line.echo_db is not None else None,
        gain_steps=[[float(begin_ms + shift_ms), step_db] for begin_ms, step_db in line.gain_steps],
        packet_loss=line.packet_loss,
        lost_packets=[[at * 1000 / rate + shift_ms for at in span] for span in sound.lost.tolist()],
        speech=bridge(as_spans(spans_ms.tolist()), UTTERANCE_PAUSE_MS).tolist(),
        speech_raw=spans_ms.tolist(),
        f0_median_hz=round(float(np.median(voiced)), 2) if len(voiced) else None,
        f0_begin_ms=leg_ms,
        f0_hop_ms=F0_HOP_MS,
        f0_hz=_pitch(sound.f0_hz[skipped_hops:]),
    )


def _pitch(f0_hz: npt.NDArray[np.float64]) -> list[float | None]:
    return [None if math.isnan(value) else round(value, 1) for value in f0_hz.tolist()]


def _events(call: MadeCall, shift_ms: int) -> list[EventTruth]:
    """Return what happened on purpose, as measured on what was made, sorted."""
    rate = call.spec.sample_rate_hz
    heard = {
        index: (round(begin * 1000 / rate) + shift_ms, round(end * 1000 / rate) + shift_ms)
        for channel in call.channels.values()
        for index, (begin, end) in channel.said.items()
    }
    events = [_signal_event(signal, shift_ms) for signal in call.script.signals]
    for index, saying in enumerate(call.script.sayings):
        event = _saying_event(saying, heard[index], heard[saying.over] if saying.over is not None else None)
        if event is not None:
            events.append(event)
        if saying.voice == UPSET:
            events.append(EventTruth("upset", saying.role, *heard[index], {}))
    return sorted(events, key=lambda event: (event.begin_ms, event.end_ms, event.kind, event.role))


def _signal_event(signal: Signal, shift_ms: int) -> EventTruth:
    measures: dict[str, int | str] = {"key": signal.detail} if signal.kind == "dtmf" else {}
    if signal.detail in PLANS:
        measures = {"network": signal.detail}
    kind = signal.kind
    if kind in HOLD_SOUNDS:
        kind, measures = "hold", {"sound": HOLD_SOUNDS[signal.kind]}
        if signal.detail:
            measures["music_kind"] = signal.detail
    return EventTruth(kind, signal.role, signal.begin_ms + shift_ms, signal.end_ms + shift_ms, measures)


def _saying_event(saying: Saying, own: tuple[int, int], other: tuple[int, int] | None) -> EventTruth | None:
    """Return what a saying does to the other's; None for a plain turn, or where trimming has undone the overlap."""
    if saying.kind == "prompt":
        return EventTruth("prompt", saying.role, *own, {})
    if other is None or other[1] <= own[0]:
        return None
    overlap = min(own[1], other[1]) - own[0]
    measures: dict[str, int | str] = {"overlap_ms": overlap, "prior_speech_ms": own[0] - other[0]}
    if saying.kind in {"interruption", "terminal_overlap"}:
        measures["stopped_after_ms"] = other[1] - own[0]
        measures["went_on_ms"] = own[1] - other[1]
        return EventTruth(saying.kind, saying.role, own[0], other[1], measures)
    measures["other_went_on_ms"] = other[1] - own[1]
    return EventTruth(saying.kind, saying.role, *own, measures)
