"""Streams of calls of which records name none: a voice connector's streams are called after it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from callbeam.kvs import NoStreamError
from callbeam.records import StreamingSession

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callbeam.kvs import KvsClient, Stream
    from callbeam.records import Contact

STREAM_PREFIX = "ChimeVoiceConnector-{}-"
"""What Chime calls a voice connector's streams, before an identifier of each (its events' ``streamArn``)."""


def with_connector_streams(client: KvsClient, contacts: Iterable[Contact]) -> list[Contact]:
    """Look for calls on all streams of their voice connector, where no record names one.

    Detail records of Chime tell a call's TransactionId, its voice connector and its times, but no stream. Tags tell the
    call on the streams that have it; on the others a few fragments are looked at.

    Parameters
    ----------
    client : KvsClient
    contacts : iterable of Contact

    Returns
    -------
    list of Contact
        In the same order.

    Raises
    ------
    UsageError
        If KVS refuses to list streams, or cannot be asked.
    """
    streams: dict[str, list[Stream]] = {}
    found = []
    for contact in contacts:
        connector = contact.voice_connector_id
        if contact.sessions or connector is None or contact.streamed is False:
            found.append(contact)
            continue
        if connector not in streams:
            streams[connector] = _streams_of(client, connector)
        start_ms, stop_ms = _mark(contact, "streaming_started"), _mark(contact, "streaming_ended")
        sessions = (
            StreamingSession(
                stream_arn=stream.arn,
                start_ms=contact.initiation_ms if start_ms is None else start_ms,
                stop_ms=contact.disconnect_ms if stop_ms is None else stop_ms,
            )
            for stream in streams[connector]
        )
        found.append(replace(contact, sessions=tuple(sessions)))
    return found


def _streams_of(client: KvsClient, connector: str) -> list[Stream]:
    try:
        return client.resolve_streams([STREAM_PREFIX.format(connector) + "*"])
    except NoStreamError:
        return []


def _mark(contact: Contact, kind: str) -> int | None:
    return next((mark.at_ms for mark in contact.marks if mark.kind == kind), None)
