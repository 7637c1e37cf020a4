"""Faults on purpose: what strikes which call or fragment, when, how often.

A plan is a list of ``Fault``; as a file it is a JSON list of objects with the same names, e.g.::

    [{"api": "GetMediaForFragmentList", "action": "cut", "document": 3, "place": "block", "times": 2},
     {"api": "ListFragments", "action": "error", "code": "ClientLimitExceededException", "every": 5, "times": null}]
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, fields
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, get_args

from callbeam.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

Action = Literal["error", "stall", "cut", "end", "not_found", "in_band", "no_timestamps"]
Place = Literal["before", "block", "block_border", "after"]

STATUS = {
    "InternalFailure": 500,
    "ServiceUnavailable": 503,
    "ResourceNotFoundException": 404,
    "NotAuthorizedException": 401,
    "AccessDeniedException": 403,
}
"""HTTP status of an error code where it is not 400."""

APIS = (
    "CreateStream",
    "DescribeStream",
    "ListStreams",
    "DeleteStream",
    "UpdateDataRetention",
    "GetDataEndpoint",
    "ListFragments",
    "GetMediaForFragmentList",
    "GetMedia",
    "PutMedia",
)
"""What the emulator serves, and faults may strike."""

_NUMBERS: dict[str, tuple[type, ...]] = {
    "after": (int,),
    "every": (int,),
    "times": (int, NoneType),
    "status": (int, NoneType),
    "document": (int,),
    "at_byte": (int, NoneType),
    "seconds": (int, float),
    "error_id": (int,),
}

_WORDS: dict[str, tuple[type, ...]] = {
    "stream": (str, NoneType),
    "code": (str,),
    "message": (str,),
    "error_code": (str, NoneType),
}

_MEDIA_APIS = ("GetMediaForFragmentList", "GetMedia")
_FRAGMENT_ACTIONS = {
    "not_found": _MEDIA_APIS,
    "in_band": _MEDIA_APIS,
    "no_timestamps": ("ListFragments", *_MEDIA_APIS),
}
"""What strikes fragments, and the APIs that have any to strike."""


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes
    ----------
    api : str
        The API it strikes, as ``GetMedia`` or ``GET_MEDIA``; ``*`` for each.
    action : str
        For a call: ``error`` (answers ``code``), ``stall`` (waits ``seconds`` at its place, then goes on), ``cut``
        (breaks the connection there, inside the chunked body), ``end`` (ends the body there as if that were all).
        For a fragment: ``not_found``, ``in_band`` (a document with ``error_id`` in its place, then ``then``),
        ``no_timestamps`` (listing and tags tell no time).
    stream : str or None
        Only this stream.
    fragments : tuple of int
        Only these numbers, or only calls that ask for one of them.
    after, every, times : int
        Of the calls (or, for a fragment, the times that it is asked for) that match, lets ``after`` pass, then strikes
        each ``every``-th, at most ``times`` times (None: without end).
    code, status, message : str, int, str
        Of ``error``; the status follows from the code unless given.
    document, place : int, str
        Of ``cut``, ``end``, ``stall`` in a media body: at the document of this index (-1: the last one; not in
        GetMedia, which has no last), ``before`` it, in the middle of its last ``block``, at a ``block_border``
        halfway, or ``after`` it.
    at_byte : int or None
        Instead of ``document`` and ``place``: at this byte of the body.
    seconds : float
        Of ``stall``.
    error_id, error_code : int, str
        Of ``in_band``.
    then : str
        Of ``in_band`` and ``not_found``: ``continue`` with the next fragment, or ``stop``.

    Examples
    --------
    The first listing is throttled; the client tries again by itself.

    >>> from callbeam.emulator import Emulator
    >>> from callbeam.kvs import KvsClient, KvsConfig
    >>> with Emulator(faults=[Fault("ListFragments", "error")]) as kvs:
    ...     arn = kvs.load("calls-1", "capture.mkv")
    ...     client = KvsClient(KvsConfig(endpoint_url=kvs.endpoint_url, region="us-east-1"))
    ...     [stream] = client.resolve_streams(["calls-1"])
    ...     len(client.source(stream).list(0, 1_800_000_000_000)), kvs.faults.strikes()
    (2, 1)
    """

    api: str
    action: Action
    stream: str | None = None
    fragments: tuple[int, ...] = ()
    after: int = 0
    every: int = 1
    times: int | None = 1
    code: str = "ClientLimitExceededException"
    status: int | None = None
    message: str = "a fault on purpose"
    document: int = 0
    place: Place = "before"
    at_byte: int | None = None
    seconds: float = 1.0
    error_id: int = 5000
    error_code: str | None = None
    then: Literal["continue", "stop"] = "continue"

    def __post_init__(self) -> None:
        for name, allowed in (("action", get_args(Action)), ("place", get_args(Place)), ("then", ("continue", "stop"))):
            if getattr(self, name) not in allowed:
                raise UsageError(f"fault with {name}={getattr(self, name)!r}: choose one of {', '.join(allowed)}")
        if not isinstance(self.api, str) or _plain(self.api) not in {"*", *map(_plain, APIS)}:
            raise UsageError(f"fault with api={self.api!r}: choose one of {', '.join(APIS)}, or * for each")
        concerned = _FRAGMENT_ACTIONS.get(self.action, APIS)
        if self.api != "*" and _plain(self.api) not in map(_plain, concerned):
            raise UsageError(f"fault with action={self.action!r} and api={self.api!r}: choose {' or '.join(concerned)}")
        self._check_kinds()
        if self.every < 1:
            raise UsageError("fault with every below 1: 1 strikes each time, 2 every other time")

    def _check_kinds(self) -> None:
        for name, kinds in _NUMBERS.items():
            if not isinstance(getattr(self, name), kinds):
                raise UsageError(f"fault with {name}={getattr(self, name)!r}: a number is meant")
        for name, kinds in _WORDS.items():
            if not isinstance(getattr(self, name), kinds):
                raise UsageError(f"fault with {name}={getattr(self, name)!r}: text is meant")
        if not self.code.isalnum() or not self.code.isascii():
            raise UsageError(f"fault with code={self.code!r}: an error's name is letters and digits")
        if not all(isinstance(number, int) for number in self.fragments):
            raise UsageError(f"fault with fragments={self.fragments!r}: whole numbers are meant; an SDK gives text")

    @property
    def http_status(self) -> int:
        """The HTTP status of ``error``."""
        return self.status if self.status is not None else STATUS.get(self.code, 400)

    def concerns(self, api: str, stream: str | None, numbers: Iterable[int]) -> bool:
        """Tell whether a call, or one of its fragments, is what this fault looks for."""
        return (
            (_plain(self.api) == _plain(api) or (self.api == "*" and api in _FRAGMENT_ACTIONS.get(self.action, APIS)))
            and (self.stream is None or self.stream == stream)
            and (not self.fragments or not set(self.fragments).isdisjoint(numbers))
        )


class FaultPlan:
    """The faults in force, and how often each met its match; safe to change from any thread."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._faults = list(faults)
        self._met: dict[tuple[int, int | None], int] = {}
        self._struck: dict[tuple[int, int | None], int] = {}

    def add(self, fault: Fault) -> None:
        """Put a fault in force."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Lift all faults and forget what they counted."""
        with self._lock:
            self._faults.clear()
            self._met.clear()
            self._struck.clear()

    def strikes(self) -> int:
        """Return how often any fault has struck."""
        with self._lock:
            return sum(self._struck.values())

    def for_call(self, api: str, stream: str | None, numbers: Sequence[int] = ()) -> list[Fault]:
        """Return the faults that strike this call; each is counted."""
        with self._lock:
            return [
                fault
                for place, fault in enumerate(self._faults)
                if fault.action not in _FRAGMENT_ACTIONS
                and fault.concerns(api, stream, numbers)
                and self._count(place, None, fault)
            ]

    def for_fragment(self, api: str, stream: str, number: int) -> Fault | None:
        """Return the fault that strikes this fragment now; each is counted by fragment."""
        if not self._faults:
            return None
        with self._lock:
            for place, fault in enumerate(self._faults):
                if (
                    fault.action in _FRAGMENT_ACTIONS
                    and fault.concerns(api, stream, (number,))
                    and self._count(place, number, fault)
                ):
                    return fault
            return None

    def _count(self, place: int, number: int | None, fault: Fault) -> bool:
        met = self._met.get((place, number), 0)
        struck = self._struck.get((place, number), 0)
        self._met[place, number] = met + 1
        strikes = met >= fault.after and (met - fault.after) % fault.every == 0
        if not strikes or (fault.times is not None and struck >= fault.times):
            return False
        self._struck[place, number] = struck + 1
        return True


def read_fault_plan(path: Path) -> list[Fault]:
    """Read a plan from a JSON file.

    Raises
    ------
    UsageError
        The file is not a list of faults.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"fault plan {path} cannot be read: {error}") from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f"fault plan {path} must be a JSON list of objects")
    return [_fault(entry, path) for entry in entries]


def _fault(entry: dict[str, Any], path: Path) -> Fault:
    known = {field.name for field in fields(Fault)}
    unknown = sorted(set(entry) - known)
    if unknown or "api" not in entry or "action" not in entry:
        what = f"has unknown keys {', '.join(unknown)}" if unknown else "needs api and action"
        raise UsageError(f"fault plan {path}: an entry {what}; known are {', '.join(sorted(known))}")
    given = entry.pop("fragments", [])
    if not isinstance(given, list) or not all(str(number).isdecimal() for number in given):
        raise UsageError(f"fault plan {path}: fragments is a list of fragment numbers")
    return Fault(**entry, fragments=tuple(map(int, given)))


def _plain(api: str) -> str:
    return api.replace("_", "").lower()
