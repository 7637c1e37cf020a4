"""Calls on their streams: made-up ones, with the truth about what lies there, and recordings."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from callbeam.callmaker.dialects import (
    CHIME_TRACK,
    FROM_CUSTOMER,
    TO_CUSTOMER,
    ProducerFragment,
    StreamFragments,
    TrackAudio,
    WireTiming,
    chime_format,
    connect_format,
    write_leg,
)
from callbeam.callmaker.make_truth import LegTruth, truth_of_call
from callbeam.callmaker.script import AGENT, CUSTOMER, Script

if TYPE_CHECKING:
    import numpy.typing as npt

    from callbeam.callmaker.dialects import WireDefects
    from callbeam.callmaker.made_call import MadeCall
    from callbeam.callmaker.truth import CallTruth

INSTANCE_ID = "5f3b2c1d-0000-4000-8000-00000000c0de"
VOICE_CONNECTOR_ID = "demovoiceconnector0000"


@dataclass(frozen=True, slots=True)
class WrittenCall:
    """A call on its streams, and the truth about what lies there."""

    streams: tuple[StreamFragments, ...]
    truth: CallTruth


def write_connect(
    call: MadeCall,
    *,
    stream: str = "connect-contact",
    instance_id: str = INSTANCE_ID,
    track_order: str = "kept",
    libav: bool | None = None,
    defects: WireDefects | None = None,
    timing: WireTiming | None = None,
) -> WrittenCall:
    """Write a call as Amazon Connect does: one stream, two tracks.

    Parameters
    ----------
    call : MadeCall
    stream : str
        The stream's name.
    instance_id : str
        Connect's InstanceId tag.
    track_order : str
        ``kept`` (from the customer first), ``reversed``, or ``swapping`` from fragment to fragment.
    libav : bool, optional
        Write as libavformat does, with the rate declared; by default for any rate but 8000 Hz.
    defects : WireDefects, optional
    timing : WireTiming, optional
    """
    rate = call.spec.sample_rate_hz
    tracks = [TrackAudio(FROM_CUSTOMER, call.pcm[CUSTOMER], rate), TrackAudio(TO_CUSTOMER, call.pcm[AGENT], rate)]
    leg = write_leg(
        tracks,
        start_ms=call.spec.start_ms,
        leg_format=connect_format(
            call.spec.call_id,
            instance_id,
            sample_rate_hz=rate,
            track_order=track_order,
            libav=rate != 8000 if libav is None else libav,
        ),
        rng=_wire_rng(call.spec.call_id),
        defects=defects,
        timing=timing,
    )
    legs = {
        CUSTOMER: LegTruth(stream, FROM_CUSTOMER, call.spec.start_ms, 0, leg.delivered[FROM_CUSTOMER]),
        AGENT: LegTruth(stream, TO_CUSTOMER, call.spec.start_ms, 0, leg.delivered[TO_CUSTOMER]),
    }
    start_ms = _earliest(leg.fragments, call.spec.start_ms)
    truth = truth_of_call(call, legs, source="connect", call_start_ms=start_ms)
    return WrittenCall((StreamFragments(stream, leg.fragments),), truth)


def write_chime(
    call: MadeCall,
    *,
    streams: tuple[str, str] | None = None,
    voice_connector_id: str = VOICE_CONNECTOR_ID,
    libav: bool | None = None,
    defects: dict[str, WireDefects] | None = None,
    timing: WireTiming | None = None,
) -> WrittenCall:
    """Write a call as a Chime Voice Connector does: two streams of one track, the agent's from when it answers.

    Parameters
    ----------
    call : MadeCall
    streams : (str, str), optional
        Names of the customer's and the agent's stream.
    voice_connector_id : str
        The VoiceConnectorId tag.
    libav : bool, optional
        As for ``write_connect``.
    defects : dict of str to WireDefects, optional
        By role.
    timing : WireTiming, optional
    """
    spec, rate = call.spec, call.spec.sample_rate_hz
    names = streams or tuple(_chime_stream(voice_connector_id, spec.call_id, role) for role in (CUSTOMER, AGENT))
    leg_format = chime_format(
        spec.call_id,
        chime_call_id(spec.call_id),
        voice_connector_id,
        libav=rate != 8000 if libav is None else libav,
    )
    written, legs = [], {}
    for role, name in zip((CUSTOMER, AGENT), names, strict=True):
        begin_ms = _agent_leg_begin_ms(call.script) if role == AGENT else 0
        first = round(begin_ms * rate / 1000)
        leg = write_leg(
            [TrackAudio(CHIME_TRACK, call.pcm[role][first:], rate)],
            start_ms=spec.start_ms + begin_ms,
            leg_format=leg_format,
            rng=_wire_rng(spec.call_id + role),
            defects=(defects or {}).get(role),
            timing=timing,
        )
        delivered = leg.delivered[CHIME_TRACK]
        legs[role] = LegTruth(name, CHIME_TRACK, spec.start_ms + begin_ms, first, delivered)
        written.append(StreamFragments(name, leg.fragments))
    start_ms = min(_earliest(stream.fragments, spec.start_ms + spec.conversation.duration_ms) for stream in written)
    return WrittenCall(tuple(written), truth_of_call(call, legs, source="chime", call_start_ms=start_ms))


def connect_fragments(
    call: MadeCall,
    *,
    track_order: str = "kept",
    libav: bool | None = None,
    defects: WireDefects | None = None,
    timing: WireTiming | None = None,
) -> tuple[ProducerFragment, ...]:
    """Return ``write_connect``'s fragments alone."""
    written = write_connect(call, track_order=track_order, libav=libav, defects=defects, timing=timing)
    return written.streams[0].fragments


def chime_fragments(
    call: MadeCall,
    *,
    streams: tuple[str, str] | None = None,
    libav: bool | None = None,
    defects: dict[str, WireDefects] | None = None,
    timing: WireTiming | None = None,
) -> tuple[StreamFragments, ...]:
    """Return ``write_chime``'s streams alone: the customer's, then the agent's."""
    return write_chime(call, streams=streams, libav=libav, defects=defects, timing=timing).streams


def connect_fragments_from_pcm(
    customer: npt.NDArray[np.int16],
    agent: npt.NDArray[np.int16],
    *,
    contact_id: str,
    start_ms: int,
    sample_rate_hz: int = 8000,
    instance_id: str = INSTANCE_ID,
    track_order: str = "kept",
    libav: bool | None = None,
    defects: WireDefects | None = None,
    timing: WireTiming | None = None,
) -> tuple[ProducerFragment, ...]:
    """Write a recording as an Amazon Connect contact, sample for sample.

    Parameters
    ----------
    customer, agent : int16 arrays, shape (n,) and (m,)
        From and to the customer, from the call's start on.
    contact_id : str
        The call's id.
    start_ms : int
        Producer time of the first samples, UTC milliseconds.
    sample_rate_hz : int
        Of both.
    instance_id, track_order, libav, defects, timing
        As for ``write_connect``.
    """
    libav = sample_rate_hz != 8000 if libav is None else libav
    leg = write_leg(
        [TrackAudio(FROM_CUSTOMER, customer, sample_rate_hz), TrackAudio(TO_CUSTOMER, agent, sample_rate_hz)],
        start_ms=start_ms,
        leg_format=connect_format(
            contact_id, instance_id, sample_rate_hz=sample_rate_hz, track_order=track_order, libav=libav
        ),
        rng=_wire_rng(contact_id),
        defects=defects,
        timing=timing,
    )
    return leg.fragments


def chime_call_id(transaction_id: str) -> str:
    """Return the CallId that the legs of a made-up call of Chime are tagged with."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, transaction_id))


def _wire_rng(name: str) -> np.random.Generator:
    return np.random.default_rng(uuid.uuid5(uuid.NAMESPACE_OID, name).int)


def _chime_stream(voice_connector_id: str, call_id: str, role: str) -> str:
    return f"ChimeVoiceConnector-{voice_connector_id}-{uuid.uuid5(uuid.NAMESPACE_OID, call_id + role)}"


def _agent_leg_begin_ms(script: Script) -> int:
    """Return when the agent's leg begins: shortly before its first sound, on a hop of 10 ms."""
    said = [saying.begin_ms for saying in script.sayings if saying.role == AGENT]
    sounded = [signal.begin_ms for signal in script.signals if signal.role == AGENT]
    return max(min(said + sounded, default=0) - 400, 0) // 10 * 10


def _earliest(fragments: tuple[ProducerFragment, ...], otherwise: int) -> int:
    return min((fragment.producer_ms for fragment in fragments), default=otherwise)
