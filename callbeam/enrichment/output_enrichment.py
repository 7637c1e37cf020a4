"""Brings what files say of calls into the tables of an output: a job for each day, published as a backfill's are."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from callbeam.assembly import bad_record_letters, dead_letter_batch
from callbeam.enrichment.call_enrichment import enrich_call
from callbeam.enrichment.collected import CHUNK, Collected
from callbeam.enrichment.named_calls import DAY_MS, NamedCalls, day_of
from callbeam.enrichment.segment_versions import told_twice
from callbeam.errors import UsageError
from callbeam.kvs import Job, job_id_of
from callbeam.records import BadRecord
from callbeam.schemas import TABLES
from callbeam.tables import Outcome, Output, publish, shard_of, stage_table, without_erased
from callbeam.transcripts import Label, Message, Segment, TextPolicy, read_transcripts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from callbeam.storage import ObjectStore
    from callbeam.tables import PublishConfig, StagedFile

SOURCE: Final = "said:"
"""What the source of such a job begins with, in its manifest."""

SHARD_ROWS: Final = 250_000
"""Rows of a file, about."""

_UTTERANCES = (
    "call_id",
    "job_id",
    "utterance_id",
    "channel_id",
    "participant_role",
    "begin_offset_ms",
    "end_offset_ms",
    "duration_ms",
)

WRITTEN: Final = ("segments", "utterance_texts", "labels", "messages")
"""The tables that an enrichment writes."""

STEP: Final = "ReadTranscripts"
"""How dead letters name the step that gives records up."""


@dataclass(slots=True)
class Enriched:
    """What became of what files say.

    Attributes
    ----------
    forms : Counter of str
        Records read, by form; those that cannot be read included.
    bad : list of BadRecord
    statuses : Counter of str
        Segments by ``text_status``.
    rows : Counter of str
        Rows written, by table.
    unknown : Counter of str
        Things said of calls that no job has written, by the name that the source gives the call.
    adrift : Counter of (str, str)
        Labels of units that their calls do not have, by call and by the unit's name.
    twice : dict of str to (str, str)
        Calls of which several files of one system tell the same stretches, and two of these files.
    withheld : int
        Segments whose text the policy withholds.
    passed_over : int
        Things said of who was erased.
    """

    forms: Counter[str] = field(default_factory=Counter)
    bad: list[BadRecord] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    adrift: Counter[tuple[str, str]] = field(default_factory=Counter)
    twice: dict[str, tuple[str, str]] = field(default_factory=dict)
    withheld: int = 0
    passed_over: int = 0


def enrich(
    store: ObjectStore,
    output: Output,
    place: str,
    files: Iterable[tuple[str, bytes | BinaryIO]],
    config: PublishConfig,
    *,
    policy: TextPolicy = TextPolicy.REDACTED,
    allow_overlap: bool = False,
) -> Enriched:
    """Read what files say of calls, and write it beside these calls' tables.

    Parameters
    ----------
    store : ObjectStore
        The output's.
    output : Output
    place : str
        Where the files are, the same however a user writes it: the same place again replaces what it gave before.
    files : iterable of (str, bytes or binary file)
    config : PublishConfig
    policy : TextPolicy
    allow_overlap : bool
        Though another place has given the same source's segments of a call.

    Returns
    -------
    Enriched

    Raises
    ------
    UsageError
        If another place has given segments of the same source and call.
    JobError, StorageError
        As ``callbeam.tables.publish``.
    """
    enriched = Enriched()
    known = NamedCalls(output)
    collected = Collected(known, config.erased)
    for said in read_transcripts(files, policy, enriched.forms):
        if isinstance(said, BadRecord):
            enriched.bad.append(said)
        else:
            collected.add(said)
    collected.close()
    enriched.passed_over = collected.passed_over
    sources = (f"{SOURCE}{place}",)
    earlier = {day_of(manifest.start_ms) for manifest in output.manifests if manifest.sources == sources}
    days = sorted({*collected.days(), *earlier, *([known.first_day_ms] if enriched.bad else [])})
    planned = [_Day(store, output, collected, known, _job(sources, day_ms)) for day_ms in days]
    if not allow_overlap:
        for day in planned:
            day.refuse_overlap()
    for day in planned:
        day.write(config, enriched, letters=enriched.bad if day is planned[0] else [], first=day is planned[0])
    return enriched


def _job(sources: tuple[str, ...], day_ms: int) -> Job:
    job_id = job_id_of(sources, "", "", day_ms, day_ms + DAY_MS)
    return Job(job_id, sources, (), "", "", day_ms, day_ms + DAY_MS, as_of_ms=day_ms + DAY_MS)


class _Day:
    """What is said of the calls of one day."""

    def __init__(self, store: ObjectStore, output: Output, collected: Collected, known: NamedCalls, job: Job) -> None:
        self.job = job
        self._store = store
        self._output = output
        self._collected = collected
        self._known = known

    def refuse_overlap(self) -> None:
        """Refuse segments of a call that another place has given for the same source: they would be there twice.

        Raises
        ------
        UsageError
        """
        others = [
            manifest
            for manifest in self._output.manifests
            if day_of(manifest.start_ms) == self.job.start_ms
            and manifest.job_id != self.job.job_id
            and any(source.startswith(SOURCE) for source in manifest.sources)
        ]
        if not others:
            return
        written = Output(self._store, others, "").read("segments", ["call_id", "source", "job_id"])
        theirs = dict(
            zip(
                zip(*(written[name].to_pylist() for name in ("call_id", "source")), strict=True),
                written["job_id"].to_pylist(),
                strict=True,
            )
        )
        for call_id, source in self._collected.sources_of_day(Segment, self.job.start_ms):
            job_id = theirs.get((call_id, source))
            if job_id is not None:
                other = next(manifest for manifest in others if manifest.job_id == job_id)
                raise UsageError(
                    f"{source} of call {call_id} is there already, from "
                    f"{other.sources[0].removeprefix(SOURCE)}, and would be there twice: use the same --source to "
                    "replace it, or --allow-overlap"
                )

    def write(self, config: PublishConfig, enriched: Enriched, *, letters: Sequence[BadRecord], first: bool) -> None:
        """Write and publish the day's rows; none of a day of which nothing is said any more.

        The first day has a file of each table, be it without rows: views and engines that name a table need one.
        """
        rows = _Rows(self.job.job_id)
        spoken = self._utterances()
        for call_id, said in self._by_call():
            call = self._known.calls.get(call_id)
            utterances = spoken.pop(call_id, []) if call is not None else []
            found = enrich_call(call, utterances, segments=said[Segment], labels=said[Label], messages=said[Message])
            _count(enriched, found.tables, call_id)
            if call is not None:
                self._count_adrift(enriched, found.tables["labels"], call_id, utterances)
            rows.add(found.tables)
        tables = rows.tables()
        for name in WRITTEN if first else ():
            tables.setdefault(name, TABLES[name].schema.empty_table())
        if letters:
            failed = dead_letter_batch(self.job.job_id, bad_record_letters(STEP, letters))
            tables["dead_letters"] = without_erased(pa.Table.from_batches([failed]), config.erased)
        files: list[StagedFile] = []
        for name, table in sorted(tables.items()):
            if table.num_rows:
                enriched.rows[name] += table.num_rows
            for shard, part in _shards(table):
                files.append(stage_table(self._store, self.job, config.attempt, TABLES[name], shard, part))
        publish(self._store, self.job, files, Outcome(), config)

    def _by_call(self) -> Iterator[tuple[str, dict[type, list[dict[str, Any]]]]]:
        """Yield all that is said of each call of the day, by call_id."""
        kinds = (Segment, Label, Message)
        streams = {kind: self._collected.of_day(kind, self.job.start_ms) for kind in kinds}
        heads = {kind: next(stream, None) for kind, stream in streams.items()}
        while ids := [rows[0]["call_id"] for rows in heads.values() if rows is not None]:
            call_id = min(ids)
            said: dict[type, list[dict[str, Any]]] = {}
            for kind in kinds:
                rows = heads[kind]
                if rows is not None and rows[0]["call_id"] == call_id:
                    said[kind], heads[kind] = rows, next(streams[kind], None)
                else:
                    said[kind] = []
            yield call_id, said

    def _count_adrift(
        self, enriched: Enriched, labels: list[dict[str, Any]], call_id: str, utterances: Sequence[Mapping[str, Any]]
    ) -> None:
        """Count labels that name a unit or utterance that their call does not have."""
        named = [row["unit_id"] for row in labels if row["unit_id"] is not None]
        if named:
            there = self._units[call_id] | {row["utterance_id"] for row in utterances}
            enriched.adrift.update((call_id, name) for name in named if name not in there)

    @cached_property
    def _units(self) -> dict[str, set[str]]:
        """The names of the day's units by call; few days have labels of units."""
        found: dict[str, set[str]] = defaultdict(set)
        for batch in self._of_day("sentiment_inputs", ("call_id", "unit_id")).to_batches(max_chunksize=20_000):
            for row in batch.to_pylist():
                found[row["call_id"]].add(row["unit_id"])
        return found

    def _of_day(self, name: str, columns: Sequence[str]) -> pa.Table:
        """Read a table as the day's jobs have it."""
        jobs = [one for one in self._output.manifests if day_of(one.start_ms) == self.job.start_ms]
        return Output(self._store, jobs, "").read(name, columns)

    def _utterances(self) -> dict[str, list[Mapping[str, Any]]]:
        """Read the day's utterances by call, of the job alone that each call is believed by."""
        table = self._of_day("utterances", _UTTERANCES)
        found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for batch in table.to_batches(max_chunksize=20_000):
            for row in batch.to_pylist():
                call = self._known.calls.get(row["call_id"])
                if call is not None and call.job_id == row["job_id"]:
                    found[row["call_id"]].append(row)
        return found


class _Rows:
    """Rows of a day, as columns once there are many."""

    def __init__(self, job_id: str) -> None:
        self._job_id = job_id
        self._rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._batches: dict[str, list[pa.RecordBatch]] = defaultdict(list)

    def add(self, tables: Mapping[str, list[dict[str, Any]]]) -> None:
        for name, rows in tables.items():
            self._rows[name] += rows
            if len(self._rows[name]) >= CHUNK:
                self._close(name)

    def _close(self, name: str) -> None:
        schema = TABLES[name].schema
        rows = self._rows.pop(name)
        for row in rows:
            row["job_id"] = self._job_id
        columns = [pa.array([row[field.name] for row in rows], field.type) for field in schema]
        self._batches[name].append(pa.RecordBatch.from_arrays(columns, schema=schema))

    def tables(self) -> dict[str, pa.Table]:
        for name in list(self._rows):
            self._close(name)
        return {name: pa.Table.from_batches(some) for name, some in self._batches.items()}


def _shards(table: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """Cut a day's rows into files, a call's in one: how many depends on the rows alone."""
    count = max(1, -(-table.num_rows // SHARD_ROWS))
    if count == 1:
        yield 0, table
        return
    encoded = table["call_id"].combine_chunks().dictionary_encode()
    of_call = pa.array([shard_of(call_id, count) for call_id in encoded.dictionary.to_pylist()], pa.int32())
    shards = of_call.take(encoded.indices)
    for shard in range(count):
        part = table.filter(pc.equal(shards, shard))
        if part.num_rows:
            yield shard, part


def _count(enriched: Enriched, tables: Mapping[str, list[dict[str, Any]]], call_id: str) -> None:
    """Count what is told when all is done."""
    segments = tables.get("segments", [])
    for row in segments:
        enriched.statuses[row["text_status"]] += 1
        enriched.withheld += row["text"] is None
    if (files := told_twice(segments)) is not None:
        enriched.twice[call_id] = files
    unknown = sum(not row["call_known"] for rows in tables.values() for row in rows if "call_known" in row)
    if unknown:
        enriched.unknown[call_id] += unknown
