"""From files to what they say of calls: the one way through all readers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, BinaryIO, Final, NamedTuple

from callbeam.records import BadRecord, RecordError, open_objects, shape_of, why_unread
from callbeam.transcripts.call_analytics_events import is_call_analytics_event, read_call_analytics_event
from callbeam.transcripts.conversation_analytics import is_conversation_analytics, read_conversation_analytics
from callbeam.transcripts.label_lists import is_label_header, read_label_row
from callbeam.transcripts.live_call_events import is_live_call_event, read_live_call_event
from callbeam.transcripts.post_call_analytics import is_post_call_analytics, read_post_call_analytics
from callbeam.transcripts.realtime_segments import is_realtime_segments, read_realtime_segments
from callbeam.transcripts.rule_events import is_rule_event, read_rule_event
from callbeam.transcripts.said import PEOPLE, Said
from callbeam.transcripts.text_policy import TextPolicy
from callbeam.transcripts.transcribe_jobs import is_transcribe_job, read_transcribe_job
from callbeam.transcripts.transcribe_results import is_transcribe_results, read_transcribe_results
from callbeam.transcripts.warehouse_rows import is_parquet, warehouse_rows

Record = Mapping[str, Any]


class Form(NamedTuple):
    """A published form: what it is called, how it is told, and how it is read."""

    name: str
    told_by: Callable[[Record], bool]
    read: Callable[[Record, str, str, TextPolicy], Iterator[Said]]


FORMS: Final = (
    Form("call analytics record", is_call_analytics_event, read_call_analytics_event),
    Form("Contact Lens real-time event", is_realtime_segments, read_realtime_segments),
    Form("Contact Lens rule event", is_rule_event, read_rule_event),
    Form("Live Call Analytics record", is_live_call_event, read_live_call_event),
    Form("Post Call Analytics file", is_post_call_analytics, read_post_call_analytics),
    Form("conversation analytics file", is_conversation_analytics, read_conversation_analytics),
    Form("Transcribe job", is_transcribe_job, read_transcribe_job),
    Form("Transcribe streaming result", is_transcribe_results, read_transcribe_results),
)
"""All that are read, in the order in which an object is compared with them."""


def read_transcripts(
    files: Iterable[tuple[str, bytes | BinaryIO]],
    policy: TextPolicy = TextPolicy.REDACTED,
    forms: Counter[str] | None = None,
) -> Iterator[Said | BadRecord]:
    """Read what files say of calls.

    Parameters
    ----------
    files : iterable of (str, bytes or binary file)
        What a file is called, and all of it, or the file, open. One may hold records of several forms, in any
        arrangement of JSON, compressed by gzip or not, or in the envelopes of Kinesis and Lambda.
    policy : TextPolicy
        Which text may be read.
    forms : Counter, optional
        Where records are counted by form, those that cannot be read included.

    Yields
    ------
    Segment, Label, Message or BadRecord
        In the order of the files.

    Raises
    ------
    UsageError
        If a list of labels in CSV has a column that is none.

    Examples
    --------
    >>> import json
    >>> event = {"service-type": "CallAnalytics", "detail-type": "New", "metadata": {"callId": "c-1"}}
    >>> [(said.kind, said.call.names) for said in read_transcripts([("a.json", json.dumps(event).encode())])]
    [('New', ('c-1',))]
    """
    counted = Counter() if forms is None else forms
    for source, data in files:
        if is_parquet(data):
            yield from _rows(data, source, policy, counted)
            continue
        for found in open_objects(data, source, partial(is_label_header, source=source), _is_wanted):
            if isinstance(found, BadRecord):
                counted["that cannot be read"] += 1
                yield found
            else:
                yield from _read(found.record, source, found.place, policy, counted, is_row=found.is_row)


def _rows(data: bytes | BinaryIO, source: str, policy: TextPolicy, counted: Counter[str]) -> Iterator[Said | BadRecord]:
    for row in warehouse_rows(data, source):
        if not isinstance(row, BadRecord) and _is_wanted(row[1]):
            yield from _read(row[1], source, row[0], policy, counted, is_row=False)
            continue
        counted["that cannot be read"] += 1
        if isinstance(row, BadRecord):
            yield row
        else:
            yield BadRecord(source, row[0], why_unread(row[1]), shape_of(row[1]))


def _is_wanted(record: Record) -> bool:
    return any(form.told_by(record) for form in FORMS)


def _read(
    record: Record, source: str, place: str, policy: TextPolicy, counted: Counter[str], *, is_row: bool
) -> Iterator[Said | BadRecord]:
    where = f"{source}, {place}"
    form = None if is_row else next((form for form in FORMS if form.told_by(record)), None)
    try:
        said = list(read_label_row(record, where) if form is None else form.read(record, source, where, policy))
    except RecordError as error:
        counted["that cannot be read"] += 1
        named = "label" if form is None else form.name
        yield BadRecord(source, place, f"{named}: {error}", shape_of(record))
        return
    counted[PEOPLE if form is None else form.name] += 1
    yield from said
