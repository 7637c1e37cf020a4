"""Values of fields that are kept: identifiers, ends of ARNs, words of a fixed list. What is none of these is dropped.

What a publisher has in a field is believed only in its form, so that no number or name gets through where an
identifier should stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeGuard

from callbeam.call_names import canonical
from callbeam.records.refusals import RecordError

Record = Mapping[str, Any]
"""One object of JSON, as read; its keys are the publisher's."""

NOTHING: Record = {}

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,255}", re.ASCII)
_TELEPHONE = range(7, 18)  # digits of a number alone, an international prefix included
_WORD = re.compile(r"[A-Za-z_]+", re.ASCII)
_FRAGMENT = re.compile(r"\d{1,128}", re.ASCII)
_STREAM_ARN = re.compile(r"arn:aws[a-z-]*:kinesisvideo:[a-z0-9:-]*:stream/[A-Za-z0-9_.-]{1,256}/\d{1,20}", re.ASCII)
_BLANKS = re.compile(r"\s+")
_LONGEST_ARN, _LONGEST_WORD = 2048, 40
_ENDS = {
    part: re.compile(rf"arn:aws[a-z0-9:-]*instance/[^/]+/{path}/([A-Za-z0-9][A-Za-z0-9_-]{{0,255}})(?:/.*)?")
    for part, path in (
        ("queue", "queue(?:/agent)?"),
        ("agent", "agent"),
        ("routing-profile", "routing-profile"),
        ("contact", "contact"),
    )
}
_INSTANCE = re.compile(r"arn:aws[a-z0-9:-]*instance/([A-Za-z0-9][A-Za-z0-9_-]{0,255})(?:/.*)?", re.ASCII)


def child(record: Record, name: str) -> Record:
    """Return an object within an object, empty where there is none: published records have null in its place."""
    value = record.get(name)
    return value if isinstance(value, dict) else NOTHING


def children(record: Record, name: str) -> list[Record]:
    """Return the objects of a list within an object; one alone counts as a list of one, null as an empty list."""
    value = record.get(name)
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, dict)]


def identifier(value: object) -> str | None:
    """Return an identifier, or None for what is none: letters, digits, hyphens and underscores, and no phone number.

    Of a UUID in capitals it is the one in small letters, which streams have.
    """
    if not isinstance(value, str):
        return None
    value = value.strip()
    if value.isdigit() and len(value) in _TELEPHONE:
        return None
    return canonical(value) if _IDENTIFIER.fullmatch(value) else None


def required_identifier(record: Record, name: str, shown: str | None = None) -> str:
    """Return the identifier that a record cannot do without.

    Parameters
    ----------
    record : mapping
        Where it stands.
    name : str
        Its field.
    shown : str, optional
        What its publisher calls the field, for the message.

    Raises
    ------
    RecordError
        If there is none, or what is there is no identifier.
    """
    value = record.get(name)
    if value is None or value == "":
        raise RecordError(f"{shown or name} is missing")
    found = identifier(value)
    if found is None:
        raise RecordError(f"{shown or name} is no identifier: letters, digits, hyphens and underscores are")
    return found


def word(value: object) -> str | None:
    """Return a word of a publisher's list, such as ``QUEUE_TRANSFER``, in capitals; None for what is no word."""
    return _word(value) if isinstance(value, str) and len(value) <= _LONGEST_WORD else None


@lru_cache(maxsize=1024)
def _word(value: str) -> str | None:
    return value.upper() if _WORD.fullmatch(value) else None


def end_of_arn(value: object, part: str) -> str | None:
    """Return what an ARN of Connect names: ``queue``, ``agent``, ``routing-profile``, ``contact``; None for none.

    Examples
    --------
    >>> end_of_arn("arn:aws:connect:us-east-1:111122223333:instance/i-1/queue/q-1", "queue")
    'q-1'
    """
    return _end_of_arn(value, part) if _short(value) else None


@lru_cache(maxsize=8192)
def _end_of_arn(arn: str, part: str) -> str | None:
    """Return the end of an ARN: the few that there are stand in many records, and are kept once."""
    found = _ENDS[part].fullmatch(arn)
    return identifier(found.group(1)) if found else None


def instance_of_arn(value: object) -> str | None:
    """Return the instance that an ARN of Connect names, or an instance's bare identifier."""
    return _instance_of_arn(value) if _short(value) else None


@lru_cache(maxsize=1024)
def _instance_of_arn(arn: str) -> str | None:
    found = _INSTANCE.fullmatch(arn)
    return identifier(found.group(1)) if found else identifier(arn)


def _short(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) <= _LONGEST_ARN


def is_stream_arn(value: object) -> bool:
    """Tell whether a value is, blanks aside, the ARN of a stream of KVS."""
    return _short(value) and value.lstrip().startswith("arn:") and _stream_arn(value) is not None


@lru_cache(maxsize=8192)
def _stream_arn(value: str) -> str | None:
    arn = _BLANKS.sub("", value)
    return arn if _STREAM_ARN.fullmatch(arn) else None


def stream_arn(value: object, field: str) -> str:
    """Return the ARN of a stream of KVS, without the blanks that some published samples have in it.

    Raises
    ------
    RecordError
        If it is none.
    """
    found = _stream_arn(value) if _short(value) else None
    if found is None:
        raise RecordError(f"{field} is no ARN of a stream of Kinesis Video Streams")
    return found


def fragment_number(value: object, field: str) -> str | None:
    """Return a fragment number, as text: it has more digits than any integer type.

    Raises
    ------
    RecordError
        If it is none; a number with a fraction or an exponent has lost its digits.
    """
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not _FRAGMENT.fullmatch(value.strip()):
        raise RecordError(f"{field} is no fragment number: digits alone are")
    return value.strip()


def truth(value: object) -> bool | None:
    """Return true or false, however it is written; None for anything else.

    Examples
    --------
    >>> truth(True), truth("True"), truth("false"), truth(None)
    (True, True, False, None)
    """
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else None
