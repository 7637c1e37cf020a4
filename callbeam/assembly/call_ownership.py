"""Which fragments of a call this job answers for, and how the ledger says so of the others."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pyarrow as pa

from callbeam.calls import CallDecision, CallStatus
from callbeam.kvs import FragmentStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from callbeam.calls import LegEnd


class CallOwnership:
    """What a decision about a call means for each of its fragments.

    A fragment lies in the last leg on its stream that began before it, by server time and then by number, as legs are
    read: where two sessions put media into a stream at once, numbers do not rise with time.

    Parameters
    ----------
    leg_ends : sequence of LegEnd
        All legs of the call that the job has seen.
    decision : CallDecision
        Which of them it writes.
    ledger : pyarrow.Table
        The call's rows of table ``fragments``, as read.
    """

    def __init__(self, leg_ends: Sequence[LegEnd], decision: CallDecision, ledger: pa.Table) -> None:
        self._legs: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for end in leg_ends:
            self._legs[end.leg.stream.arn].append((end.leg.start_server_ms, end.leg.first_number))
        self._written = (
            {(end.leg.stream.arn, end.leg.first_number) for end in decision.legs}
            if decision.status is CallStatus.OWNED
            else set()
        )
        self._other = FragmentStatus.OPEN if decision.status is CallStatus.OPEN else FragmentStatus.OTHER_UNIT
        self._ledger = ledger
        self._places = [*zip(ledger["stream_arn"].to_pylist(), ledger["fragment_number"].to_pylist(), strict=True)]
        self._server_ms = dict(zip(self._places, ledger["server_ts"].cast(pa.int64()).to_pylist(), strict=True))

    def writes(self, stream_arn: str, first_number: int) -> bool:
        """Tell whether the job writes the leg that begins with a fragment."""
        return (stream_arn, first_number) in self._written

    def answers_for(self, stream_arn: str | None, fragment_number: str | None) -> bool:
        """Tell whether the job writes the leg that a fragment lies in.

        True where that cannot be told, and of what came before all legs: the fragment that records let a call begin
        with, which is lost.
        """
        if stream_arn is None or fragment_number is None:
            return True
        first = self._first(stream_arn, fragment_number)
        return first is None or self.writes(stream_arn, first)

    def _first(self, stream_arn: str, fragment_number: str) -> int | None:
        """Return the first fragment's number of the leg that a fragment lies in; None before all legs."""
        number, server_ms = int(fragment_number), self._server_ms.get((stream_arn, fragment_number))
        begun = [
            leg
            for leg in self._legs[stream_arn]
            if (leg <= (server_ms, number) if server_ms is not None else leg[1] <= number)
        ]
        return max(begun)[1] if begun else None

    def judge(self) -> pa.Table:
        """Return the ledger with the status of fragments whose leg the job does not write: another job's, or open."""
        ledger = self._ledger
        statuses = [
            status if status == FragmentStatus.OTHER_UNIT.value or self.answers_for(*place) else self._other.value
            for place, status in zip(self._places, ledger["status"].to_pylist(), strict=True)
        ]
        at = ledger.schema.get_field_index("status")
        return ledger.set_column(at, ledger.schema.field(at), pa.array(statuses, pa.string()))

    def mark_copies(self, ledger: pa.Table, legs: Mapping[tuple[str, int], str]) -> pa.Table:
        """Account as ``duplicate`` for what was decoded of legs whose audio another stream holds, and counts.

        Parameters
        ----------
        ledger : pyarrow.Table
        legs : mapping of (str, int) to str
            Such legs, and the other stream's name.
        """
        if not legs:
            return ledger
        columns = {name: ledger[name].to_pylist() for name in ("stream_arn", "fragment_number", "status", "reason")}
        for i, (arn, number) in enumerate(zip(columns["stream_arn"], columns["fragment_number"], strict=True)):
            other = legs.get((arn, self._first(arn, number) or 0))
            if other is not None and columns["status"][i] == FragmentStatus.DECODED.value:
                columns["status"][i] = FragmentStatus.DUPLICATE.value
                columns["reason"][i] = f"the same audio lies on stream {other}, where it counts"
        for name in ("status", "reason"):
            at = ledger.schema.get_field_index(name)
            ledger = ledger.set_column(at, ledger.schema.field(at), pa.array(columns[name], pa.string()))
        return ledger

    def letters(self, batches: Sequence[pa.RecordBatch]) -> list[pa.RecordBatch]:
        """Keep the dead letters that the job answers for; each batch holds one."""
        return [
            batch
            for batch in batches
            if self.answers_for(batch.column("stream_arn")[0].as_py(), batch.column("fragment_number")[0].as_py())
        ]
