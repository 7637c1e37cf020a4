"""Reads the JSON body of a request and holds each field to the rule that the API's model gives it."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from callbeam.emulator.error_responses import ServiceError, invalid_argument

if TYPE_CHECKING:
    from collections.abc import Sequence

STREAM_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,256}")
STREAM_ARN = re.compile(r"arn:[a-z\d-]+:kinesisvideo:[a-z0-9-]+:[0-9]+:[a-z]+/[a-zA-Z0-9_.-]+/[0-9]+")

LATEST_S = (1 << 63) // 1000
"""No clock of AWS's tells a later second: it counts milliseconds in 64 bits."""


class Fields:
    """The fields of a request, or of an object in one.

    Numbers with a point are read as Decimal, so that timestamps keep their milliseconds.
    """

    def __init__(self, values: dict[str, Any], path: str = "") -> None:
        self._values = values
        self._path = path

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def text(self, name: str, longest: int, pattern: re.Pattern[str] | None = None) -> str | None:
        """Return a string of 1 to ``longest`` characters, None where it is absent."""
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or not 1 <= len(value) <= longest or (pattern and not pattern.fullmatch(value)):
            raise self._invalid(
                name, f"a string of 1 to {longest} characters" + (f" {pattern.pattern}" if pattern else "")
            )
        return value

    def integer(self, name: str, lowest: int, highest: int, default: int) -> int:
        """Return an integer within its bounds."""
        value = self._values.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise self._invalid(name, f"an integer from {lowest} to {highest}")
        return value

    def choice(self, name: str, allowed: Sequence[str]) -> str | None:
        """Return one of the allowed words, None where it is absent."""
        value = self._values.get(name)
        if value is not None and value not in allowed:
            raise self._invalid(name, f"one of {', '.join(allowed)}")
        return value if isinstance(value, str) else None

    def milliseconds(self, name: str) -> Decimal:
        """Return a required timestamp, given in epoch seconds, in exact milliseconds."""
        value = self._values.get(name)
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or not -LATEST_S <= value <= LATEST_S:
            raise self._invalid(name, "a number of seconds since the epoch")
        return Decimal(value) * 1000

    def texts(self, name: str) -> list[str] | None:
        """Return a list of strings, None where it is absent."""
        value = self._values.get(name)
        if value is not None and (not isinstance(value, list) or not all(isinstance(item, str) for item in value)):
            raise self._invalid(name, "a list of strings")
        return value

    def part(self, name: str) -> Fields | None:
        """Return an object within this one, None where it is absent."""
        value = self._values.get(name)
        if value is not None and not isinstance(value, dict):
            raise self._invalid(name, "an object")
        return None if value is None else Fields(value, f"{self._path}{name}.")

    def required(self, name: str) -> None:
        """Refuse a request without this field."""
        if name not in self:
            raise invalid_argument(f"{self._path}{name} must be given")

    def _invalid(self, name: str, rule: str) -> ServiceError:
        return invalid_argument(f"Value at '{self._path}{name}' failed to satisfy constraint: it must be {rule}")


def parse_body(body: bytes) -> Fields:
    """Read a request's body.

    Raises
    ------
    ServiceError
        SerializationException: the body is no JSON object.
    """
    try:
        values = json.loads(body or b"{}", parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise ServiceError("SerializationException", f"The body is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise ServiceError("SerializationException", "The body is not a JSON object")
    return Fields(values)
