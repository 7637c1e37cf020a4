"""What records say of a call, as columns of table ``calls``; and the row of a call that was planned and not found."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from callbeam.calls import session_span
from callbeam.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Collection

    from callbeam.calls import Leg
    from callbeam.kvs import Job
    from callbeam.records import Contact

MISSING = "missing"
"""``calls.status`` of a call that records name and no fragment is tagged with."""

LEG_MISSING = "leg_missing"
"""Warning of a call: a stream that its records name holds nothing of it."""

STREAMING_FAILED = "streaming_failed"
"""Warning of a call: an event says that the streaming of one of its legs failed."""


def contact_columns(contact: Contact) -> dict[str, Any]:
    """Return the columns of ``calls`` that records alone can fill.

    Parameters
    ----------
    contact : Contact
        All that records say of the call.
    """
    return {
        "initial_contact_id": contact.initial_contact_id,
        "previous_contact_id": contact.previous_contact_id,
        "next_contact_id": contact.next_contact_id,
        "related_contact_id": contact.related_contact_id,
        "aliases": list(contact.aliases),
        "initiation_method": contact.initiation_method,
        "initiation_ts": contact.initiation_ms,
        "connected_to_agent_ts": contact.connected_to_agent_ms,
        "disconnect_ts": contact.disconnect_ms,
        "queue_id": contact.queue_id,
        "routing_profile_id": contact.routing_profile_id,
        "agent_id": contact.agent_id,
        "attributes": [{"name": name, "value": value} for name, value in contact.attributes],
        "record_sources": list(contact.sources),
    }


def contact_warnings(contact: Contact, legs: Collection[Leg]) -> list[str]:
    """Return what records let expect of a call's audio and its legs do not hold.

    Parameters
    ----------
    contact : Contact
    legs : collection of Leg
        Those that were found; a recording holds what all streams held.
    """
    recorded = any(leg.recorded for leg in legs)
    named = set() if recorded else {session.stream_arn for session in contact.sessions}
    failed = any(mark.kind == "streaming_failed" for mark in contact.marks)
    found = {LEG_MISSING: bool(named.difference(leg.stream.arn for leg in legs)), STREAMING_FAILED: failed}
    return [warning for warning, holds in found.items() if holds]


def missing_reason(job: Job, contact: Contact, *, begun_before: bool) -> str:
    """Say why nothing of a contact was found.

    Parameters
    ----------
    job : Job
    contact : Contact
    begun_before : bool
        Fragments of it lie in the job, of a leg that began before its margin.
    """
    failed = ", and its streaming failed" if STREAMING_FAILED in contact_warnings(contact, ()) else ""
    return f"{_why_not_found(job, contact, begun_before=begun_before)}{failed}"


def _why_not_found(job: Job, contact: Contact, *, begun_before: bool) -> str:
    named = {session.stream_arn for session in contact.sessions}
    gone = sorted(named - {stream.arn for stream in job.streams})
    if not named:
        connector = contact.voice_connector_id
        return "no record names a stream of it" + (
            f", and none is called after voice connector {connector}" if connector is not None else ""
        )
    if gone:
        return f"there is no stream {gone[0]}"
    if begun_before:
        return f"its audio began before {_instant(job.start_ms)}: the times of its records are off"
    spans = [span for session in contact.sessions if (span := session_span(contact, session)) is not None]
    if not spans:
        return "no record tells when it was streamed"
    begin_ms, end_ms = min(begin for begin, _ in spans), max(end for _, end in spans)
    firsts = [session.first_fragment for session in contact.sessions if session.first_fragment is not None]
    named_first = f", and fragment {firsts[0]}, which records name, is not there or another call's" if firsts else ""
    return (
        f"no fragment on its streams is tagged with it from {_instant(begin_ms)} to {_instant(end_ms)}, where its "
        f"records put it{named_first}"
    )


def _instant(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, tz=timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def missing_row(job: Job, contact: Contact, begin_ms: int, reason: str) -> pa.RecordBatch:
    """Return the row of ``calls`` for a contact that was planned and not found.

    Parameters
    ----------
    job : Job
    contact : Contact
    begin_ms : int
        When records say that it began, UTC milliseconds.
    reason : str
        For people.
    """
    row = {
        "job_id": job.job_id,
        "call_id": contact.call_id,
        "contact_id": contact.call_id if contact.system == "connect" else None,
        "source": contact.system,
        "instance_id": contact.instance_id,
        "voice_connector_id": contact.voice_connector_id,
        "stream_arns": sorted({session.stream_arn for session in contact.sessions}),
        "call_start_ts": begin_ms,
        "duration_ms": 0,
        "status": MISSING,
        "missing_reason": reason,
        "leg_count": 0,
        "channel_count": 0,
        "fragment_count": 0,
        "lost_fragment_count": 0,
        "clock_source": "server",
        "warnings": [STREAMING_FAILED] if STREAMING_FAILED in contact_warnings(contact, ()) else [],
        **contact_columns(contact),
    }
    return pa.RecordBatch.from_pylist([row], schema=TABLES["calls"].schema)
