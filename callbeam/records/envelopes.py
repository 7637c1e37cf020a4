"""Records within what delivered them: Kinesis, Firehose, SQS and SNS put them into objects of their own.

Sources: AWS Lambda developer guide (events of Kinesis, SQS and SNS, ``Records``), Amazon Data Firehose developer guide
(``records`` with ``data``), Amazon SQS API reference (``Messages`` with ``Body``), Amazon SNS developer guide
(``Type``, ``Message``).
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from callbeam.records.record_values import Record, child, children

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST = 6
"""Envelopes within envelopes that are opened: SNS within SQS within Kinesis has three."""


def contents(record: Record) -> Iterator[Any] | None:
    """Return what an envelope holds.

    Parameters
    ----------
    record : mapping
        Any object.

    Returns
    -------
    iterator of bytes, str or dict, or None
        The content of each of its parts: bytes or text to be read as a file is, or an object; an empty text for a part
        that cannot be opened. None if the object is no envelope.

    Examples
    --------
    >>> list(contents({"Records": [{"body": '{"ContactId": "c-1"}'}]}))
    ['{"ContactId": "c-1"}']
    >>> contents({"ContactId": "c-1"}) is None
    True
    """
    for name in ("Records", "records", "Messages"):
        parts = children(record, name)
        if isinstance(record.get(name), list) and parts and all(_is_part(part) for part in parts):
            return (_content(part) for part in parts)
    if isinstance(record.get("Message"), str) and "TopicArn" in record:
        return iter([record["Message"]])
    detail = record.get("detail")
    if isinstance(detail, dict) and isinstance(record.get("detail-type"), str):
        return iter([detail])
    return None


def _is_part(part: Record) -> bool:
    return any(name in part for name in ("kinesis", "data", "body", "Body", "Sns"))


def _content(part: Record) -> bytes | str | Record:
    encoded = part.get("data", child(part, "kinesis").get("data"))
    if isinstance(encoded, str):
        try:
            return base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return ""
    content = part.get("body", part.get("Body", child(part, "Sns").get("Message")))
    return content if isinstance(content, (str, dict)) else ""
