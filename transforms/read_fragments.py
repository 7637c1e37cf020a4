"""ReadFragments: the custom source. A lane of units goes in, pieces of calls come out."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass

import apache_beam as beam
from apache_beam.io.iobase import RestrictionProgress, RestrictionTracker
from apache_beam.transforms.core import RestrictionProvider

from callbeam.assembly import Keyed, LedgerBuffer, call_parts, gather, keyed_dead_letters
from callbeam.calls import DeadLetter, KeptLeg, LedgerRow, LegEnd, Piece, read_lane, resume_lane
from callbeam.kvs import Job, KvsConfig, Lane, shared_client
from callbeam.results import LaneMemory, ResultsConfig, open_results
from callbeam.transforms.coders import register_coders
from callbeam.transforms.progress import report


@dataclass(frozen=True, slots=True)
class UnitRange:
    """The restriction of a lane: its units [start, stop), with the bytes planned for each."""

    start: int
    stop: int
    bytes: tuple[int, ...]


class UnitTracker(RestrictionTracker):
    """Claims a lane's units in order, and refuses to split.

    A split would give one stream to two workers, each unaware of the other's connections and pace, and the leg that
    crosses the split would be looked for twice.
    """

    def __init__(self, restriction: UnitRange) -> None:
        self._range = restriction
        self._next = restriction.start

    def current_restriction(self) -> UnitRange:
        """Return the whole range: it never shrinks."""
        return self._range

    def try_claim(self, position: int) -> bool:
        """Claim the units before ``position + 1``."""
        if position >= self._range.stop:
            return False
        self._next = max(self._next, position + 1)
        return True

    def try_split(self, fraction_of_remainder: float) -> None:
        """Refuse."""

    def check_done(self) -> None:
        """Raise if a unit was left unclaimed: something would be lost."""
        if self._next < self._range.stop:
            raise ValueError(f"units {self._next} to {self._range.stop} of a lane were not read")

    def is_bounded(self) -> bool:
        """Say that a lane ends."""
        return True

    def current_progress(self) -> RestrictionProgress:
        """Report bytes: of the units claimed, and of those to come."""
        done = self._next - self._range.start
        return RestrictionProgress(
            completed=float(sum(self._range.bytes[:done])), remaining=float(sum(self._range.bytes[done:]))
        )


class LaneUnits(RestrictionProvider):
    """A lane's restriction is all of its units; its size is their bytes."""

    def initial_restriction(self, lane: Lane) -> UnitRange:
        """Return all units of the lane; a lane of margins alone still has one step to claim."""
        sizes = tuple(unit.bytes for unit in lane.units) or (0,)
        return UnitRange(0, len(sizes), sizes)

    def create_tracker(self, restriction: UnitRange) -> UnitTracker:
        """Return a tracker that refuses to split."""
        return UnitTracker(restriction)

    def restriction_size(self, lane: Lane, restriction: UnitRange) -> float:  # noqa: ARG002  (Beam's signature)
        """Return the planned bytes."""
        return float(sum(restriction.bytes))

    def split(self, lane: Lane, restriction: UnitRange) -> Iterator[UnitRange]:  # noqa: ARG002  (Beam's signature)
        """Return the restriction whole."""
        yield restriction


LANE_UNITS = LaneUnits()
register_coders()


@beam.typehints.with_output_types(Piece)
class ReadLane(beam.DoFn):
    """Read one lane: the calls in it, followed through its fragments.

    Emits pieces. The output ``parts`` carries what deciding who owns a call needs, the ledger of what never became a
    piece, and the dead letters; ``kept`` what an earlier attempt has made of the pieces that need not be read again.
    """

    def __init__(self, job: Job, *, kvs: KvsConfig, results: ResultsConfig | None) -> None:
        self._job = job
        self._kvs = kvs
        self._config = results

    def setup(self) -> None:
        """Make the client where the work is: it holds connections and credentials."""
        self._client = shared_client(self._kvs)
        self._results = None if self._config is None else open_results(self._config)

    def process(
        self, lane: Lane, tracker: RestrictionTracker = beam.DoFn.RestrictionParam(LANE_UNITS)
    ) -> Iterator[Piece | beam.pvalue.TaggedOutput]:
        """Emit what the lane holds, in order, claiming its units as they are reached."""
        starts = [unit.start_ms for unit in lane.units] or [self._job.start_ms]
        ledger = LedgerBuffer(self._job.job_id)
        memory = None if self._results is None else LaneMemory(self._results, lane)
        tracker.try_claim(0)
        for event in self._read(lane, memory):
            if isinstance(event, Piece):
                # A runner asks for progress while the lane is read: units before the piece's own are done.
                tracker.try_claim(bisect.bisect_right(starts, event.unit.start_ms) - 1)
                report(read_bytes=sum(f.listed.size for f in event.fragments[event.first_owned : event.end_owned]))
                yield event
            elif isinstance(event, KeptLeg):
                for piece in () if memory is None else memory.recalled:
                    report(read_bytes=piece.bytes)
                    for keyed in gather(piece.parts):
                        yield beam.pvalue.TaggedOutput("kept", keyed)
            else:
                for keyed in self._parts(event, ledger):
                    yield beam.pvalue.TaggedOutput("parts", keyed)
        for keyed in gather(ledger.flush()):
            yield beam.pvalue.TaggedOutput("parts", keyed)
        if memory is not None:
            memory.finish()
        tracker.try_claim(len(starts) - 1)

    def _read(
        self, lane: Lane, memory: LaneMemory | None
    ) -> Iterator[Piece | KeptLeg | LegEnd | LedgerRow | DeadLetter]:
        source = self._client.source(lane.stream)
        return read_lane(lane, self._job, source) if memory is None else resume_lane(lane, self._job, source, memory)

    def _parts(self, event: LedgerRow | LegEnd | DeadLetter, ledger: LedgerBuffer) -> Iterator[Keyed]:
        if isinstance(event, LedgerRow):
            yield from gather(ledger.add(event))
        elif isinstance(event, LegEnd):
            report(legs=1 if event.pieces else 0)
            yield Keyed(event.leg.identity.call_id, call_parts.LEGS, event)
        else:
            yield from gather(keyed_dead_letters(self._job.job_id, [event]))


class ReadFragments(beam.PTransform):
    """Read lanes: pieces of calls on the main output, what else is known of them on ``parts``.

    Parameters
    ----------
    job : Job
    kvs : KvsConfig
    results : ResultsConfig, optional
        What an attempt before this one may have kept: what pieces gave that are not read again is on ``kept``, to be
        put beside what AnalyseChannels makes of the others.
    """

    def __init__(self, job: Job, *, kvs: KvsConfig, results: ResultsConfig | None = None) -> None:
        super().__init__()
        self._read = ReadLane(job, kvs=kvs, results=results)

    def expand(self, lanes: beam.PCollection[Lane]) -> beam.pvalue.DoOutputsTuple:
        """Read each lane with one worker."""
        return lanes | "ReadLane" >> beam.ParDo(self._read).with_outputs("parts", "kept", main="pieces")
