"""The steps of one job, composed: from streams and recordings to published tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import apache_beam as beam

from callbeam.analysis import AnalysisConfig
from callbeam.assembly import AssemblyConfig, Keyed, call_parts, keyed_dead_letters, keyed_ledger
from callbeam.calls import DeadLetter, PlannedJob
from callbeam.decoding import DecodeConfig
from callbeam.kvs import Job, KvsConfig
from callbeam.pipelines.job_identity import results_key
from callbeam.results import ResultsConfig
from callbeam.storage import StorageConfig
from callbeam.tables import PublishConfig
from callbeam.transforms import (
    AnalyseChannels,
    AssembleCalls,
    DecodeTracks,
    MemoryNeed,
    PlanReads,
    PlanRecordings,
    PublishTables,
    ReadFragments,
    ReadRecordings,
    WindowFeatures,
    WriteTables,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillConfig:
    """Everything that a job is run with, save the job itself.

    Attributes
    ----------
    recordings : StorageConfig or None
        The place of recordings, if any are read.
    resume : bool
        Whether what an attempt has made of calls is kept for the next one, until the job is published.
    """

    kvs: KvsConfig
    storage: StorageConfig
    decode: DecodeConfig
    analysis: AnalysisConfig
    assembly: AssemblyConfig
    model_path: str | None
    publish: PublishConfig
    memory: MemoryNeed
    recordings: StorageConfig | None = None
    resume: bool = True


def build(pipeline: beam.Pipeline, planned: PlannedJob, letters: Sequence[DeadLetter], config: BackfillConfig) -> None:
    """Compose the steps of one job.

    Parameters
    ----------
    pipeline : apache_beam.Pipeline
    planned : PlannedJob
        The job, and what records say of its calls.
    letters : sequence of DeadLetter
        What could not be planned.
    config : BackfillConfig
    """
    job = replace(planned.job, sought=())  # lanes know where calls lie; a day's is too much for every step to carry
    decode = config.decode.told_by(planned.contacts)
    lanes = pipeline | "PlanReads" >> PlanReads(planned.job, kvs=config.kvs)
    results = None
    if config.resume:
        results = ResultsConfig(config.storage, job.job_id, results_key(config.publish, decode))
    read = lanes | "ReadFragments" >> ReadFragments(job, kvs=config.kvs, results=results)
    decoded = read.pieces | "DecodeTracks" >> DecodeTracks(decode, memory=config.memory)
    analysed = decoded | "AnalyseChannels" >> _analyse(job, config, results)
    sources = _Sources(lanes, (read.parts,), (analysed, read.kept))
    if planned.recorded and config.recordings is not None:
        planned = replace(planned, job=job)
        sources = _with_recordings(pipeline, planned, config, sources, decode=decode, storage=config.recordings)
    windows = sources.analysed | "WindowFeatures" >> WindowFeatures(config.assembly.windows)
    known = [Keyed(contact.call_id, call_parts.CONTACTS, contact) for contact in planned.contacts]
    failed = [*keyed_ledger(job.job_id, planned.left_out), *keyed_dead_letters(job.job_id, letters)]
    records = pipeline | "Records" >> beam.Create([*known, *failed], reshuffle=False)
    calls = (
        (*sources.parts, *sources.analysed, windows, records)
        | "Parts" >> beam.Flatten()
        | "AssembleCalls" >> AssembleCalls(job, config=config.assembly, erased=config.publish.erased)
    )
    files = calls | "WriteTables" >> WriteTables(
        job, sources.plan, storage=config.storage, attempt=config.publish.attempt, erased=config.publish.erased
    )
    _ = pipeline | "PublishTables" >> PublishTables(job, files, calls, storage=config.storage, config=config.publish)


@dataclass(frozen=True, slots=True)
class _Sources:
    """What sources come to: what they plan to read, what they tell of calls beside the analysis, and the analysis."""

    plan: beam.PCollection
    parts: tuple[beam.PCollection, ...]
    analysed: tuple[beam.PCollection, ...]


def _with_recordings(
    pipeline: beam.Pipeline,
    planned: PlannedJob,
    config: BackfillConfig,
    streams: _Sources,
    *,
    decode: DecodeConfig,
    storage: StorageConfig,
) -> _Sources:
    """Add recordings to what streams give, of the calls that these do not hold."""
    job = planned.job
    found = pipeline | "PlanRecordings" >> PlanRecordings(planned.recorded)
    read = found | "ReadRecordings" >> ReadRecordings(job, streams.parts[0], storage=storage, decode=decode)
    # An analysis of their own: in front of a common one, neither source could hand its pieces on within a process.
    analysed = read.decoded | "AnalyseRecordings" >> _analyse(job, config, None)
    return _Sources(
        (streams.plan, found) | "AllPlanned" >> beam.Flatten(),
        (*streams.parts, read.parts),
        (*streams.analysed, analysed),
    )


def _analyse(job: Job, config: BackfillConfig, results: ResultsConfig | None) -> AnalyseChannels:
    return AnalyseChannels(
        job,
        analysis=config.analysis,
        storage=config.storage,
        model_path=config.model_path,
        results=results,
    )
