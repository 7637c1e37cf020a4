"""ReadRecordings: recordings of calls become decoded pieces, of those calls that streams do not hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import apache_beam as beam

from callbeam.assembly import Keyed, call_parts, gather, keyed_dead_letters, keyed_ledger
from callbeam.calls import LedgerRow, LegEnd, RecordedLeg
from callbeam.decoding import DecodeConfig, DecodedPiece
from callbeam.kvs import Job
from callbeam.recordings import read_recorded
from callbeam.storage import StorageConfig, open_store
from callbeam.transforms.coders import register_coders
from callbeam.transforms.progress import report

register_coders()


@beam.typehints.with_output_types(DecodedPiece)
class ReadRecording(beam.DoFn):
    """Read one recording; its leg, its row of the ledger and its dead letter go to ``parts``."""

    def __init__(self, job: Job, *, storage: StorageConfig, decode: DecodeConfig) -> None:
        self._job = job
        self._storage = storage
        self._decode = decode

    def setup(self) -> None:
        """Open the store where the work is."""
        self._store = open_store(self._storage)

    def process(
        self, recorded: RecordedLeg, on_streams: frozenset[str]
    ) -> Iterator[DecodedPiece | beam.pvalue.TaggedOutput]:
        """Emit the recording's pieces, in order."""
        call_id = recorded.leg.identity.call_id
        for event in read_recorded(self._store, recorded, self._decode, held_by_streams=call_id in on_streams):
            if isinstance(event, DecodedPiece):
                yield event
                del event  # before the next is read
                continue
            if isinstance(event, LegEnd):
                report(legs=1 if event.pieces else 0)
                parts: Iterator[Keyed] = iter([Keyed(call_id, call_parts.LEGS, event)])
            elif isinstance(event, LedgerRow):
                report(read_bytes=recorded.bytes)
                parts = gather(keyed_ledger(self._job.job_id, [event]))
            else:
                parts = gather(keyed_dead_letters(self._job.job_id, [event]))
            for keyed in parts:
                yield beam.pvalue.TaggedOutput("parts", keyed)


class NoteRecordings(beam.DoFn):
    """Add what recordings hold to the plan of which progress tells."""

    def process(self, recorded: Sequence[RecordedLeg]) -> Iterator[RecordedLeg]:
        """Emit each."""
        report(planned_bytes=sum(one.bytes for one in recorded), planned_lanes=len(recorded))
        yield from recorded


class PlanRecordings(beam.PTransform):
    """Spread recordings over the workers: from nothing to a PCollection of recorded legs.

    Parameters
    ----------
    recorded : sequence of RecordedLeg
        Names of files, and what is known of them; the audio stays where it is.
    """

    def __init__(self, recorded: Sequence[RecordedLeg]) -> None:
        super().__init__()
        self._recorded = tuple(recorded)

    def expand(self, pbegin: beam.pvalue.PBegin) -> beam.PCollection[RecordedLeg]:
        """Create them, and spread them."""
        return (
            pbegin
            | "Recorded" >> beam.Create([self._recorded])
            | "Note" >> beam.ParDo(NoteRecordings()).with_output_types(RecordedLeg)
            | "Spread" >> beam.Reshuffle()
        )


class ReadRecordings(beam.PTransform):
    """Read recordings: decoded pieces on the main output, what else is known of them on ``parts``.

    Parameters
    ----------
    job : Job
    parts : apache_beam.PCollection of Keyed
        What ReadFragments gives on ``parts``: a call that streams hold has a leg in it, and is not read a second time.
        So recordings are read once the streams have been.
    storage : StorageConfig
        The place of the recordings.
    decode : DecodeConfig
    """

    def __init__(
        self, job: Job, parts: beam.PCollection[Keyed], *, storage: StorageConfig, decode: DecodeConfig
    ) -> None:
        super().__init__()
        self._read = ReadRecording(job, storage=storage, decode=decode)
        self._parts = parts

    def expand(self, recorded: beam.PCollection[RecordedLeg]) -> beam.pvalue.DoOutputsTuple:
        """Read each recording with one worker."""
        on_streams = (
            self._parts
            | "Legs" >> beam.Filter(lambda part: part.kind == call_parts.LEGS)
            | "CallIds" >> beam.Map(lambda part: part.call_key)
            | "OnStreams" >> beam.CombineGlobally(_together)
        )
        return recorded | "ReadRecording" >> beam.ParDo(
            self._read, on_streams=beam.pvalue.AsSingleton(on_streams)
        ).with_outputs("parts", main="decoded")


def _together(some: Iterator[str | frozenset[str]]) -> frozenset[str]:
    """Gather names of calls, alone or gathered already: Beam combines what it has combined."""
    found: set[str] = set()
    for one in some:
        found |= one if isinstance(one, frozenset) else {one}
    return frozenset(found)
