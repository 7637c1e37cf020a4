"""What records say of the calls on a stream: what they are called, which fragments they begin with, when they stop."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from callbeam.calls.pieces import CallIdentity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callbeam.kvs import Sought

STOP_MARGIN_MS = 5_000
"""How long after its stop a call's last fragment may come. Records cut their times to whole seconds, and captures show
fragments up to 2.4 s away from their producer's clock."""


class KnownCalls:
    """Answers what tags leave open, or would have answered otherwise; with nothing sought, it knows nothing."""

    def __init__(self, sought: Iterable[Sought]) -> None:
        self._names: dict[str, str] = {}
        self._begun_by: dict[int, Sought] = {}
        self._of_call: dict[str, list[Sought]] = defaultdict(list)
        for one in sought:
            self._names.update(dict.fromkeys(one.aliases, one.call_id))
            self._of_call[one.call_id].append(one)
            if one.first_number is not None:
                self._begun_by[one.first_number] = one
        for call_id in self._of_call:
            self._names.pop(call_id, None)

    def named(self, identity: CallIdentity | None) -> CallIdentity | None:
        """Call a call as records do, whichever of its identifiers its tags have."""
        if identity is None or not self._of_call:
            return identity
        for name in (identity.call_id, identity.chime_call_id):
            known = name if name in self._of_call else self._names.get(name or "")
            if known is not None:
                return identity if known == identity.call_id else replace(identity, call_id=known)
        return identity

    def begun_by(self, number: int | None) -> CallIdentity | None:
        """Return the call that begins with a fragment, if records name one."""
        begun = None if number is None else self._begun_by.get(number)
        return None if begun is None else CallIdentity(begun.call_id, begun.source)

    def earlier_than(self, number: int) -> tuple[Sought, ...]:
        """Return the sessions before the job of the call that begins with a fragment."""
        return self._begun_by[number].earlier

    def is_named(self, number: int) -> bool:
        """Tell whether records let a call begin with a fragment."""
        return number in self._begun_by

    def is_before(self, call_id: str, at_ms: int, number: int) -> bool:
        """Tell whether a fragment comes before the one that its call begins with, if records name all beginnings.

        Server time goes before the number, as where fragments are read: numbers need not rise with it.
        """
        sought = self._of_call.get(call_id, ())
        named = [(one.start_ms, one.first_number) for one in sought if one.first_number is not None]
        return bool(named) and len(named) == len(sought) and (at_ms, number) < min(named)

    def is_streaming(self, call_id: str, at_ms: int) -> bool | None:
        """Tell whether a call had audio on the stream at an instant; None where no stop is known."""
        begun = [one for one in self._of_call.get(call_id, ()) if one.start_ms <= at_ms]
        if not begun or any(one.stop_ms is None for one in begun):
            return None
        return not has_stopped(begun, at_ms)

    def stop_of(self, call_id: str, at_ms: int) -> int | None:
        """Return when the session stops that a call has at an instant, as far as records tell."""
        stops = [one.stop_ms for one in self._of_call.get(call_id, ()) if one.start_ms <= at_ms]
        return max((stop_ms for stop_ms in stops if stop_ms is not None), default=None)


def has_stopped(sessions: Iterable[Sought], at_ms: int) -> bool:
    """Tell whether records say of all sessions that they have stopped at an instant."""
    return all(one.stop_ms is not None and one.stop_ms + STOP_MARGIN_MS < at_ms for one in sessions)
