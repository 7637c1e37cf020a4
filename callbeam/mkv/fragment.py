"""What a KVS document says of its fragment, from the tags that KVS adds.

GetMedia's tag names are those of its API reference; GetMediaForFragmentList's reference documents other names for
the same things, while captures of it show GetMedia's: both are read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callbeam.mkv.aws_tags import AWS_PREFIX

if TYPE_CHECKING:
    from callbeam.mkv.document import Document

FRAGMENT_NUMBER = AWS_PREFIX + "FRAGMENT_NUMBER"
SERVER_TIMESTAMP = AWS_PREFIX + "SERVER_TIMESTAMP"
PRODUCER_TIMESTAMP = AWS_PREFIX + "PRODUCER_TIMESTAMP"
MILLIS_BEHIND_NOW = AWS_PREFIX + "MILLIS_BEHIND_NOW"
CONTINUATION_TOKEN = AWS_PREFIX + "CONTINUATION_TOKEN"
ERROR_CODE = AWS_PREFIX + "ERROR_CODE"
ERROR_ID = AWS_PREFIX + "ERROR_ID"
SERVER_SIDE_TIMESTAMP = AWS_PREFIX + "SERVER_SIDE_TIMESTAMP"
PRODUCER_SIDE_TIMESTAMP = AWS_PREFIX + "PRODUCER_SIDE_TIMESTAMP"
EXCEPTION_ERROR_CODE = AWS_PREFIX + "EXCEPTION_ERROR_CODE"
EXCEPTION_MESSAGE = AWS_PREFIX + "EXCEPTION_MESSAGE"

_FIELDS = {
    FRAGMENT_NUMBER: "number_text",
    SERVER_TIMESTAMP: "server_text",
    SERVER_SIDE_TIMESTAMP: "server_text",
    PRODUCER_TIMESTAMP: "producer_text",
    PRODUCER_SIDE_TIMESTAMP: "producer_text",
    ERROR_CODE: "error_code",
    EXCEPTION_ERROR_CODE: "error_code",
    ERROR_ID: "error_id",
    EXCEPTION_MESSAGE: "error_message",
    MILLIS_BEHIND_NOW: "millis_behind_now",
    CONTINUATION_TOKEN: "continuation_token",
}

_FRAGMENT_NUMBER = re.compile(r"[0-9]{1,128}")  # the API's own limit
_MILLISECONDS = re.compile(r"[0-9]{1,15}")
_SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{0,9})?")

END_OF_TIME_MS = 253_402_300_800_000
"""The year 10000, which no timestamp reaches."""


@dataclass(frozen=True, slots=True)
class FragmentTags:
    """A fragment's tags, told apart; None where there is no tag, or where its text is not what it should be.

    Attributes
    ----------
    number : int or None
        Fragment number, if its text is decimal digits.
    number_text : str or None
        The tag's text.
    server_ms, producer_ms : int or None
        UTC milliseconds (a relative producer's: since its session began), parts of a millisecond cut off.
    server_text, producer_text : str or None
        The tags' text, decimal seconds.
    error_code, error_id, error_message : str or None
        What KVS says where it sends an error in place of media.
    millis_behind_now : int or None
    continuation_token : str or None
    user : tuple of (str, str)
        The producer's tags, in file order.
    """

    number: int | None = None
    number_text: str | None = None
    server_ms: int | None = None
    producer_ms: int | None = None
    server_text: str | None = None
    producer_text: str | None = None
    error_code: str | None = None
    error_id: str | None = None
    error_message: str | None = None
    millis_behind_now: int | None = None
    continuation_token: str | None = None
    user: tuple[tuple[str, str], ...] = ()

    @property
    def is_error(self) -> bool:
        """Whether KVS sent this in place of a fragment, or to end a response."""
        return self.error_code is not None or self.error_id is not None


def fragment_tags(document: Document) -> FragmentTags:
    """Tell apart what KVS and what the producer said of a fragment.

    Where a tag occurs more than once, the first one counts. Tags of KVS that are not known are left out.

    Examples
    --------
    >>> from callbeam import read_capture
    >>> for document in read_capture("capture.mkv"):
    ...     tags = fragment_tags(document)
    ...     print(tags.producer_text, tags.user[0])
    1772355600.000 ('ContactId', 'c-1')
    1772355601.024 ('ContactId', 'c-1')
    """
    known: dict[str, str] = {}
    user = []
    for name, value in document.tags:
        if not name.startswith(AWS_PREFIX):
            user.append((name, value))
        elif name in _FIELDS:
            known.setdefault(_FIELDS[name], value)
    return FragmentTags(
        number=_integer(known.get("number_text"), _FRAGMENT_NUMBER),
        number_text=known.get("number_text"),
        server_ms=_milliseconds(known.get("server_text")),
        producer_ms=_milliseconds(known.get("producer_text")),
        server_text=known.get("server_text"),
        producer_text=known.get("producer_text"),
        error_code=known.get("error_code"),
        error_id=known.get("error_id"),
        error_message=known.get("error_message"),
        millis_behind_now=_integer(known.get("millis_behind_now"), _MILLISECONDS),
        continuation_token=known.get("continuation_token"),
        user=tuple(user),
    )


def _integer(text: str | None, pattern: re.Pattern[str]) -> int | None:
    return int(text) if text is not None and pattern.fullmatch(text) else None


def _milliseconds(text: str | None) -> int | None:
    if text is None or not _SECONDS.fullmatch(text):
        return None
    seconds, _, fraction = text.partition(".")  # exact, where a float of seconds may lose a millisecond
    milliseconds = int(seconds + fraction[:3].ljust(3, "0"))
    return milliseconds if milliseconds < END_OF_TIME_MS else None
