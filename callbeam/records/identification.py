"""Whose record an object is, told by looking: one prefix may hold records of several publishers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from callbeam.records import contact_events, streaming_events
from callbeam.records.addresses import Keeping
from callbeam.records.agent_events import read_agent_event
from callbeam.records.call_list import COLUMNS, IDENTITIES, read_call
from callbeam.records.contact_events import read_contact_event
from callbeam.records.contact_records import read_contact_record
from callbeam.records.detail_records import read_call_detail_record, read_streaming_detail_record
from callbeam.records.flow_events import read_flow_event
from callbeam.records.record_values import Record, child
from callbeam.records.statements import (
    AGENT_EVENT,
    CALL_DETAIL,
    CALL_LIST,
    CONTACT_EVENT,
    CONTACT_RECORD,
    FLOW_EVENT,
    STREAMING_DETAIL,
    STREAMING_EVENT,
    Statement,
)
from callbeam.records.streaming_events import read_streaming_event

Reader = Callable[[Record, Keeping], "tuple[Statement, ...]"]


class Publisher(NamedTuple):
    """A kind of record: what it is called, how it is told, and how it is read.

    Attributes
    ----------
    source : str
        One of ``PRECEDENCE``.
    told_by : callable
        Whether an object is such a record, by names of its fields alone.
    read : callable
        From the object and what to keep to statements.
    """

    source: str
    told_by: Callable[[Record], bool]
    read: Reader


def _is_contact_event(record: Record) -> bool:
    if record.get("detail-type") == contact_events.DETAIL_TYPE:
        return True
    names = {name.lower() for name in record} if "detail-type" not in record and len(record) < 64 else set()
    return {"eventtype", "contactid", "channel", "initiationmethod"} <= names


def _is_streaming_event(record: Record) -> bool:
    if "detail-type" in record:
        return bool(record["detail-type"] == streaming_events.DETAIL_TYPE)
    return "streamingStatus" in record


def _is_detail_record(record: Record) -> bool:
    return "TransactionId" in record and "StartTimeEpochSeconds" in record and "VoiceConnectorId" in record


def _is_streaming_detail(record: Record) -> bool:
    return _is_detail_record(record) and "streaming" in str(record.get("UsageType"))


def _is_contact_record(record: Record) -> bool:
    return (
        "AWSContactTraceRecordFormatVersion" in record
        or {
            "ContactId",
            "InitiationTimestamp",
            "LastUpdateTimestamp",
        }
        <= record.keys()
    )


def _is_call(record: Record) -> bool:
    names = record.keys() & set(COLUMNS)
    return bool(names & set(IDENTITIES)) and 2 * len(names) >= len(record)


PUBLISHERS: Final = (
    Publisher(CONTACT_RECORD, _is_contact_record, read_contact_record),
    Publisher(AGENT_EVENT, lambda record: "CurrentAgentSnapshot" in record, read_agent_event),
    Publisher(FLOW_EVENT, lambda record: "ContactData" in child(record, "Details"), read_flow_event),
    Publisher(CONTACT_EVENT, _is_contact_event, read_contact_event),
    Publisher(STREAMING_EVENT, _is_streaming_event, read_streaming_event),
    Publisher(STREAMING_DETAIL, _is_streaming_detail, read_streaming_detail_record),
    Publisher(CALL_DETAIL, _is_detail_record, read_call_detail_record),
    Publisher(CALL_LIST, _is_call, read_call),
)
"""All that are read, in the order in which an object is compared with them. A new one is one file and one line."""


def identify_record(record: Record) -> Publisher | None:
    """Tell whose record an object is.

    Parameters
    ----------
    record : mapping
        One object.

    Returns
    -------
    Publisher or None
        None for a record of no publisher that is read.

    Examples
    --------
    >>> identify_record({"ContactId": "c-1", "AWSContactTraceRecordFormatVersion": "2017-03-10"}).source
    'contact_record'
    >>> identify_record({"hello": "world"}) is None
    True
    """
    return next((publisher for publisher in PUBLISHERS if publisher.told_by(record)), None)
