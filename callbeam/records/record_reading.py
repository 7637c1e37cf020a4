"""From files to objects, and from these to contacts: the one way through all readers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from callbeam.records.addresses import Keeping
from callbeam.records.call_list import check_columns, looks_like_columns, read_call
from callbeam.records.contacts import merge_statements
from callbeam.records.containers import MOST_ENVELOPES, Found, contents, read_objects
from callbeam.records.identification import identify_record
from callbeam.records.refusals import BadRecord, RecordError, masked_sample, why_unread
from callbeam.records.statements import CALL_LIST, Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from callbeam.records.contacts import Contact


@dataclass(frozen=True, slots=True)
class RecordsRead:
    """What files of records come to.

    Attributes
    ----------
    contacts : tuple of Contact
        By call_id.
    bad : tuple of BadRecord
        In the order of the files.
    forms : mapping of str to int
        How many records of each kind there were (``contact_record``), and of each published form
        (``flow_event: StartTimestamp as text of epoch``), by name.
    """

    contacts: tuple[Contact, ...]
    bad: tuple[BadRecord, ...]
    forms: Mapping[str, int]


def read_records(files: Iterable[tuple[str, bytes | BinaryIO]], keeping: Keeping | None = None) -> RecordsRead:
    r"""Read records of any of the publishers, in any order, as often as they come.

    Parameters
    ----------
    files : iterable of (str, bytes or binary file)
        What a file is called, and all of it, or the file, open; one may hold records of several publishers.
    keeping : Keeping, optional
        What to keep of attributes and customers' addresses; by default nothing.

    Returns
    -------
    RecordsRead
        Contacts, what could not be read, and the forms met. What it tells of contacts depends on the records alone,
        not on their order or on the files that they are in.

    Raises
    ------
    UsageError
        If a list of calls in CSV has a column that is none.

    Examples
    --------
    >>> read = read_records([("calls.csv", b"ContactId,StartTimestamp\nc-1,\n"), ("x.json", b'{"a": 1}')])
    >>> [contact.call_id for contact in read.contacts], [bad.reason for bad in read.bad]
    (['c-1'], ['a record of no publisher that is read'])
    """
    keeping = keeping or Keeping()
    bad: list[BadRecord] = []
    forms: Counter[str] = Counter()
    contacts = merge_statements(_statements(files, keeping, bad, forms))
    return RecordsRead(contacts, tuple(bad), dict(sorted(forms.items())))


def _statements(
    files: Iterable[tuple[str, bytes | BinaryIO]], keeping: Keeping, bad: list[BadRecord], forms: Counter[str]
) -> Iterator[Statement]:
    for source, data in files:
        for each in read_statements(data, source, keeping, forms):
            if isinstance(each, BadRecord):
                bad.append(each)
            else:
                yield each


def read_statements(
    data: bytes | str | BinaryIO, source: str, keeping: Keeping, forms: Counter[str] | None = None
) -> Iterator[Statement | BadRecord]:
    """Read what the records of one file say, before anything is merged.

    Parameters
    ----------
    data : bytes, str or binary file
        The file.
    source : str
        What it is called.
    keeping : Keeping
        What to keep of attributes and customers' addresses.
    forms : Counter, optional
        Where kinds of records and published forms are counted.

    Yields
    ------
    Statement or BadRecord
        In the order of the file.

    Raises
    ------
    UsageError
        If it is a list of calls in CSV that has a column that is none.
    """
    counted = Counter() if forms is None else forms
    header = lambda names: _is_call_list(names, source, keeping)  # noqa: E731
    for each in open_objects(data, source, header, lambda record: identify_record(record) is not None):
        if isinstance(each, BadRecord):
            yield each
        else:
            yield from _statements_of(each, source, keeping, counted)


def _is_call_list(names: Sequence[str], source: str, keeping: Keeping) -> bool:
    if not looks_like_columns(names):
        return False
    check_columns(names, keeping, source)
    return True


def _statements_of(found: Found, source: str, keeping: Keeping, forms: Counter[str]) -> Iterator[Statement | BadRecord]:
    publisher = None if found.is_row else identify_record(found.record)
    kind, read = (CALL_LIST, read_call) if publisher is None else (publisher.source, publisher.read)
    try:
        statements = read(found.record, keeping)
    except RecordError as error:
        yield BadRecord(source, found.place, f"{kind}: {error}", shape_of(found.record))
        return
    forms[kind] += 1
    for form in statements[0].forms if statements else ():
        forms[f"{kind}: {form}"] += 1
    if not statements:
        forms[f"{kind}: no voice contact"] += 1
    yield from statements


def open_objects(
    data: bytes | str | BinaryIO,
    source: str,
    is_header: Callable[[Sequence[str]], bool],
    is_wanted: Callable[[Mapping[str, Any]], bool],
) -> Iterator[Found | BadRecord]:
    r"""Read the objects of a file that are wanted, out of the envelopes that delivered them.

    Parameters
    ----------
    data : bytes, str or binary file
        The file.
    source : str
        What it is called.
    is_header : callable
        Whether the fields of the first line are the header of a CSV that is wanted.
    is_wanted : callable
        Whether an object is one that is read; what it may hold is then not looked at.

    Yields
    ------
    Found or BadRecord
        In the order of the file. A bad record for each object that is neither wanted nor an envelope.

    Examples
    --------
    >>> delivered = '{"TopicArn": "arn", "Message": "{}"}'.replace("{}", r'{\"a\": 1}')
    >>> [found.record for found in open_objects(delivered, "x.json", lambda _: False, lambda record: "a" in record)]
    [{'a': 1}]
    """
    for each in read_objects(data, source, is_header):
        if isinstance(each, BadRecord):
            yield each
        else:
            yield from _opened(each, source, is_wanted, 0)


def _opened(
    found: Found, source: str, is_wanted: Callable[[Mapping[str, Any]], bool], depth: int
) -> Iterator[Found | BadRecord]:
    """Yield an object, or what it envelops."""
    if found.is_row or is_wanted(found.record):
        yield found
        return
    parts = contents(found.record)
    if parts is None:
        yield BadRecord(source, found.place, why_unread(found.record), shape_of(found.record))
    elif depth >= MOST_ENVELOPES:
        yield BadRecord(source, found.place, f"more than {MOST_ENVELOPES} envelopes within each other")
    else:
        for at, part in enumerate(parts, 1):
            yield from _opened_part(part, f"{found.place}, part {at}", source, is_wanted, depth + 1)


def _opened_part(
    part: Any, place: str, source: str, is_wanted: Callable[[Mapping[str, Any]], bool], depth: int
) -> Iterator[Found | BadRecord]:
    if isinstance(part, dict):
        yield from _opened(Found(place, part), source, is_wanted, depth)
        return
    if not part:
        yield BadRecord(source, place, "an empty part of an envelope, or none that can be opened")
        return
    for each in read_objects(part, source, lambda _: False):
        if isinstance(each, BadRecord):
            yield BadRecord(source, f"{place}, {each.place}", each.reason, each.sample)
        else:
            inner = Found(place if each.place == "line 1" else f"{place}, {each.place}", each.record)
            yield from _opened(inner, source, is_wanted, depth)


def shape_of(record: Mapping[str, Any]) -> str:
    """Return the names of a record's fields, masked where they are nobody's published ones."""
    return masked_sample("{" + ", ".join(map(str, record)) + "}")
