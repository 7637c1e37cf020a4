"""Instants as publishers write them: epoch milliseconds or seconds, as text or numbers, or ISO 8601.

Connect's flows give ``StartTimestamp`` as text of epoch milliseconds, contact records ``yyyy-mm-ddThh:mm:ssZ``, agent
events the same with milliseconds, Chime's detail records ``StartTimeEpochSeconds`` as a number or as text.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from callbeam.records.refusals import RecordError

EARLIEST_MS, LATEST_MS = 946_684_800_000, 4_102_444_800_000
"""Instants that are believed: from 2000 to 2100. As seconds the two borders lie far below the first of them."""

NEVER_MS = 86_400_000
"""Connect's contact events write ``1970-01-01T00:00:00.001Z`` for what has not happened: all of that day is nothing."""

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ] ?(\d\d): ?(\d\d)(?:: ?(\d\d)(?:[.,](\d{1,9}))?)? ?(Z|z|[+-]\d\d:?\d\d)?", re.ASCII
)
_EPOCH_DAY = 719_163
_MOST_SECONDS = 10**10
SHORTEST_USUAL = len("2024-01-26T03:07:41Z")
_USUAL_LENGTHS = frozenset({SHORTEST_USUAL, SHORTEST_USUAL + 4})
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d):([0-5]\d)", re.ASCII)
_NUMBER = re.compile(r"\d{1,16}(?:\.\d{1,9})?", re.ASCII)


def epoch_ms(value: object, field: str) -> int | None:
    """Read an instant, in any form that is published.

    Parameters
    ----------
    value : object
        A number or text: epoch milliseconds, epoch seconds with or without a fraction, or ISO 8601 with or without
        seconds, a fraction and a zone. Blanks within ISO 8601 are passed over, as some published samples have them;
        without a zone it is UTC.
    field : str
        Its publisher's name, for the message.

    Returns
    -------
    int or None
        Milliseconds since 1970-01-01 UTC, fractions of them cut off; None for what has not happened: null, empty text,
        0, and any instant of 1970-01-01.

    Raises
    ------
    RecordError
        If it is no instant from 2000 to 2100.

    Examples
    --------
    >>> epoch_ms("1571360125131", "StartTimestamp"), epoch_ms(1565399625, "StartTimeEpochSeconds")
    (1571360125131, 1565399625000)
    >>> epoch_ms("2019-08-13T20:52:30.704Z", "EventTimestamp")
    1565729550704
    >>> epoch_ms("1970-01-01T00:00:00.001Z", "connectedToAgentTimestamp") is None
    True
    """
    if value is None or value == "":
        return None
    milliseconds = _of_usual_text(value) if type(value) is str and len(value) in _USUAL_LENGTHS else None
    if milliseconds is not None:
        pass
    elif isinstance(value, str):
        found = _ISO.fullmatch(value) or _ISO.fullmatch(value.strip())
        milliseconds = _of_number(value.strip(), field) if found is None else _of_calendar(found, field)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        milliseconds = _of_number(repr(value), field)
    else:
        raise RecordError(f"{field} is no time: a number or text is")
    if 0 <= milliseconds < NEVER_MS:
        return None
    if not EARLIEST_MS <= milliseconds < LATEST_MS:
        raise RecordError(f"{field} is no time between 2000 and 2100")
    return milliseconds


def time_form(value: object) -> str:
    """Say in which form an instant is written: ``text of epoch``, ``number``, ``ISO 8601`` or ``nothing``.

    Examples
    --------
    >>> time_form("1571360125131"), time_form(1571360125131)
    ('text of epoch', 'number')
    """
    if value is None or value == "":
        return "nothing"
    if isinstance(value, str):
        return "text of epoch" if _NUMBER.fullmatch(value.strip()) else "ISO 8601"
    return "number"


def whole_ms(seconds: object, field: str) -> int | None:
    """Read a duration in whole seconds, as contact records have them, into milliseconds."""
    if seconds is None or seconds == "":
        return None
    if type(seconds) is int and 0 <= seconds < _MOST_SECONDS:
        return seconds * 1000
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float, str)) or not _NUMBER.fullmatch(str(seconds)):
        raise RecordError(f"{field} is no number of seconds")
    return int(Decimal(str(seconds)) * 1000)


@lru_cache(maxsize=4096)
def _of_usual_text(text: str) -> int | None:
    """Read what most records have, ``yyyy-mm-ddThh:mm:ssZ`` with or without milliseconds; None if it is anything else.

    The instants of a record are often the same, days and times of day those of many records: each is parsed once.
    """
    if text[10] != "T" or text[-1] != "Z":
        return None
    day, time = _day_ms(text[:10]), _time_of_day_ms(text[11:19])
    if day is None or time is None:
        return None
    if len(text) == SHORTEST_USUAL:
        return day + time
    fraction = text[20:-1]
    return day + time + int(fraction) if text[19] == "." and fraction.isdecimal() else None


def _of_number(text: str, field: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        raise RecordError(f"{field} is no time: neither ISO 8601 nor a number of seconds or milliseconds since 1970")
    try:
        number = Decimal(text)
    except InvalidOperation:  # pragma: no cover - what matches above is a number
        raise RecordError(f"{field} is no time") from None
    return int(number if number >= EARLIEST_MS // 10 else number * 1000)


def _of_calendar(found: re.Match[str], field: str) -> int:
    date, hour, minute, second, fraction, zone = found.groups("00")
    day, time = _day_ms(date), _time_of_day_ms(f"{hour}:{minute}:{second}")
    if day is None or time is None:
        raise RecordError(f"{field} is no time: there is no such day or hour")
    milliseconds = day + time + int(f"{fraction}00"[:3])
    if zone in {"00", "Z", "z"}:
        return milliseconds
    offset = (int(zone[1:3]) * 60 + int(zone[-2:])) * 60_000
    return milliseconds - offset if zone[0] == "+" else milliseconds + offset


@lru_cache(maxsize=1 << 17)
def _time_of_day_ms(time: str) -> int | None:
    """Return how long after midnight a time is, ``hh:mm:ss``; None if it is none."""
    found = _TIME.fullmatch(time)
    return (int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3])) * 1000 if found else None


@lru_cache(maxsize=4096)
def _day_ms(date: str) -> int | None:
    """Return when a day begins, ``yyyy-mm-dd``; None if there is none such."""
    try:
        return (datetime.strptime(date, "%Y-%m-%d").toordinal() - _EPOCH_DAY) * 86_400_000  # noqa: DTZ007 - a date
    except ValueError:
        return None
