"""Accounts for the fragments of a lane that no piece owns: another unit's, not asked for, or lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callbeam.calls.ownership import unit_of
from callbeam.calls.pieces import DeadLetter, LedgerRow
from callbeam.kvs import FragmentStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callbeam.calls.followed_leg import Following
    from callbeam.calls.stream_scan import Observation
    from callbeam.kvs import FetchedFragment, Job, Lane, Stretch, Unit

STEP = "ReadFragments"
"""How dead letters name the step that gives fragments up here."""


class LaneLedger:
    """Says what became of fragments, under the units that listed them.

    Parameters
    ----------
    lane : Lane
    job : Job
    stretches : sequence of Stretch
        In which legs begin that are read; where two hold an instant, the first counts.
    """

    def __init__(self, lane: Lane, job: Job, stretches: Sequence[Stretch]) -> None:
        self._lane = lane
        self._job = job
        self._stretches = stretches

    def unit_at(self, at_ms: int) -> Unit | None:
        """Return the unit that a fragment lies in; None between stretches, and in the job's margins."""
        if not self._job.start_ms <= at_ms < self._job.end_ms:
            return None
        for stretch in self._stretches:
            if stretch.start_ms <= at_ms < stretch.end_ms:
                return unit_of(at_ms, self._lane, self._job, stretch)
        return None

    def other_unit(self, seen: Observation, following: Following) -> Iterator[LedgerRow]:
        """Say under the unit that a fragment lies in that its leg is another's, or not asked for."""
        owner = following.cutter.unit if following.cutter is not None else None
        unit = self.unit_at(seen.at_ms)
        if unit is not None and unit != owner:
            status = FragmentStatus.OTHER_UNIT if following.asked_for else FragmentStatus.NOT_ASKED
            yield self._row(seen, unit, status, following.call_id, "")

    def lost(
        self, seen: Observation, lost: FetchedFragment, unit: Unit, call_id: str | None
    ) -> Iterator[LedgerRow | DeadLetter]:
        """Say that a fragment is lost, and why."""
        status = lost.status if lost.status is not None else FragmentStatus.DAMAGED
        yield self._row(seen, unit, status, call_id, lost.reason)
        number, stream = seen.listed.number, self._lane.stream
        yield DeadLetter(STEP, status.value, lost.reason, stream, number, unit.start_ms, call_id, lost.sample)

    def _row(
        self, seen: Observation, unit: Unit, status: FragmentStatus, call_id: str | None, reason: str
    ) -> LedgerRow:
        listed = seen.listed
        return LedgerRow(
            unit_start_ms=unit.start_ms,
            stream=self._lane.stream,
            number=listed.number,
            server_ms=listed.server_ms,
            producer_ms=listed.producer_ms,
            bytes=listed.size,
            status=status.value,
            reason=reason,
            call_id=call_id,
        )
