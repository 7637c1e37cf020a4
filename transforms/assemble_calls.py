"""AssembleCalls: all that is known of a call comes together, and gets the call's clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import apache_beam as beam

from callbeam.assembly import AssemblyConfig, CallTables, Keyed, assemble_call
from callbeam.kvs import Job
from callbeam.tables import Tombstones


class AssembleCall(beam.DoFn):
    """Put one call together, or drop it where it is another job's or still open."""

    def __init__(self, job: Job, config: AssemblyConfig, erased: Tombstones) -> None:
        self._job = job
        self._config = config
        self._erased = erased

    def process(self, element: tuple[str, Iterable[tuple[str, object]]]) -> Iterator[CallTables]:
        """Emit the call's rows by table."""
        call_key, parts = element
        keyed = (Keyed(call_key, kind, value) for kind, value in parts)
        yield assemble_call(call_key, keyed, self._job, self._config, self._erased)


class AssembleCalls(beam.PTransform):
    """Group parts by call, and decide: owned, another job's, or open.

    Parameters
    ----------
    job : Job
        Its range and instant decide who owns a call.
    config : AssemblyConfig, optional
        How a conversation is judged, what windows are, and what becomes of sentiment inputs.
    erased : Tombstones, optional
        Of whom nothing is written.
    """

    def __init__(self, job: Job, *, config: AssemblyConfig | None = None, erased: Tombstones | None = None) -> None:
        super().__init__()
        self._job = job
        self._config = config or AssemblyConfig()
        self._erased = erased or Tombstones()

    def expand(self, parts: beam.PCollection[Keyed]) -> beam.PCollection[CallTables]:
        """Emit one CallTables for each call."""
        return (
            parts
            | "KeyByCall" >> beam.Map(lambda part: (part.call_key, (part.kind, part.value)))
            | "ByCall" >> beam.GroupByKey()
            | "AssembleCall" >> beam.ParDo(AssembleCall(self._job, self._config, self._erased))
        )
