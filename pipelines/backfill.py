"""``callbeam backfill``: from retained streams to Parquet tables, one job a UTC day."""

from __future__ import annotations

import argparse
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from apache_beam.options.pipeline_options import PipelineOptions

from callbeam.assembly import is_erased, lost_ratio, publish_job
from callbeam.calls import DeadLetter, PlannedJob, parse_role_map, start_before
from callbeam.decoding import DecodeConfig
from callbeam.errors import CallbeamError, UsageError
from callbeam.kvs import Job, is_empty, shared_client
from callbeam.pipelines.command_line import (
    StrictParser,
    add_iceberg_argument,
    add_s3_arguments,
    add_s3_writing_arguments,
    number,
    output_config,
    parse,
    s3_config,
    show_instant,
    whole_number,
)
from callbeam.pipelines.engines import (
    check_cluster,
    check_dataflow,
    dataflow_words,
    is_dataflow,
    left_alone,
    memory_need,
    named_runner,
)
from callbeam.pipelines.enrich import add_text_policy, enrich_tables, said_later
from callbeam.pipelines.exits import EXIT_JOB_FAILED, EXIT_LOSS, command, root_cause
from callbeam.pipelines.input_place import input_place
from callbeam.pipelines.job_identity import options_sha256, versions
from callbeam.pipelines.job_pipeline import BackfillConfig, build
from callbeam.pipelines.local_run import (
    LOCAL_RUNNER,
    LocalWorkers,
    ProgressLine,
    forking_server,
    run_pipeline,
    runner_words,
)
from callbeam.pipelines.options import (
    add_recordings_argument,
    add_source_arguments,
    beam_parser,
    check_beam_words,
    check_source,
    kvs_config,
)
from callbeam.pipelines.source_plan import planned_jobs
from callbeam.pipelines.speech_options import (
    add_sentiment_arguments,
    add_speech_arguments,
    analysis_config,
    assembly_config,
)
from callbeam.pipelines.summary import only_runs_in, summary
from callbeam.report import counted
from callbeam.storage import INTERACTIVE_PATIENCE_S, ObjectStore, check_writable, open_store
from callbeam.tables import (
    Manifest,
    PublishConfig,
    Tombstones,
    kept_catalog,
    load_manifest,
    load_manifests,
    load_tombstones,
    manifest_key,
    refuse_claimed,
    refuse_overlap,
    refuse_written,
    remove_abandoned,
    write_run,
)
from callbeam.transforms import MemoryNeed, open_model
from callbeam.voice import MODEL_SHA256


def add_arguments(parser: argparse.ArgumentParser, *, region_is_taken: bool = False) -> None:
    """Add the options of a backfill; on Dataflow ``--region`` is taken."""
    add_source_arguments(parser, region_is_taken=region_is_taken)
    add_recordings_argument(parser)
    said = parser.add_argument_group("transcripts").add_argument
    said(
        "--transcripts",
        metavar="PLACE",
        help="what other systems and people say of the calls, read once these are published, as by callbeam enrich",
    )
    add_text_policy(said)
    parser.add_argument_group("tracks").add_argument(
        "--role-map",
        action="append",
        default=[],
        metavar="NAME=ROLE",
        help="who is on a track of that name: CUSTOMER or AGENT, whatever the name means; NAME:0=ROLE and NAME:1=ROLE "
        "for the channels of a stereo track; =ROLE for a track without a name; @caller=ROLE, @callee=ROLE, "
        "@label:L=ROLE and @stream:NAME=ROLE for legs of Chime; may be repeated",
    )
    output = parser.add_argument_group("output")
    output.add_argument("--output", required=True, metavar="FOLDER", help="a local folder or s3://bucket/prefix")
    add_s3_arguments(output.add_argument, "writing to")
    add_s3_writing_arguments(output.add_argument)
    add_iceberg_argument(output.add_argument)
    output.add_argument("--frames", action="store_true", help="also write the table of 10 ms frames: 100 MB an hour")
    window = number(1, 86_400)
    output.add_argument("--window-seconds", type=window, default=30.0, metavar="S", help="default %(default)g")
    output.add_argument("--hop-seconds", type=window, default=5.0, metavar="S", help="default %(default)g")
    add_speech_arguments(parser)
    add_sentiment_arguments(parser)
    run = parser.add_argument_group("run")
    run.add_argument(
        "--max-loss",
        type=number(0, 1),
        default=0.001,
        metavar="SHARE",
        help="exit with 3 if a larger share of the fragments is lost (default %(default)g)",
    )
    run.add_argument(
        "--workers",
        type=whole_number(1),
        metavar="N",
        help="local worker processes (default: as many as cores and memory allow, and one for each stream at most)",
    )
    run.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="keep what a job makes of calls until it is published: another attempt need not read them again",
    )
    run.add_argument("--take-over", action="store_true", help="complete a job whose submission died while it published")
    run.add_argument("--allow-overlap", action="store_true", help="though another job has published part of this range")
    run.add_argument("--allow-fewer", action="store_true", help="replace rows though this run decodes fewer fragments")


@command("callbeam backfill")
def main(argv: Sequence[str]) -> int:
    """Run a backfill.

    Parameters
    ----------
    argv : sequence of str
        The command line.

    Returns
    -------
    int
        0 done, 1 a job failed, 2 cannot be done, 3 more lost than allowed.
    """
    options, beam_words, engine_options = _checked_options(argv)
    runner, workers, memory = _ready_workers(options, beam_words, engine_options)
    waits = not (is_dataflow(beam_words) and left_alone(PipelineOptions(beam_words)))
    config = _config(options, memory)
    if options.transcripts and not waits:
        said = input_place("--transcripts", options.transcripts, config.storage)
        print(said_later(config.storage.output, said.place, options.text_policy))
    jobs, letters = _checked_jobs(options, config)
    if engine_options.template_location and len(jobs) > 1:
        raise UsageError("a template is one job, and a job is a UTC day or part of one: give a range within one day")
    store = open_store(config.storage)
    publish = replace(config.publish, erased=load_tombstones(store), iceberg=kept_catalog(store, options.iceberg))
    running = _Running(replace(config, publish=publish), runner, workers, max_loss=options.max_loss)
    codes = [running.run(job, letters if job is jobs[0] else [], first=job is jobs[0]) for job in jobs]
    if len(jobs) > 1:
        done = sum(code != EXIT_JOB_FAILED for code in codes)
        print(f"in all: {done} of {len(jobs)} jobs are published")
    if running.published == len(jobs):
        _tell_of_unfound(len(set(options.call_ids)), running.calls)
    if options.transcripts and waits:
        codes.append(_enrich(options, config, published=running.published))
    return max(codes, key=(0, EXIT_LOSS, EXIT_JOB_FAILED).index)


def _tell_of_unfound(asked: int, found: int) -> None:
    """Say that calls were asked for by name, and that not all of them are there."""
    if found < asked:
        calls = f"{counted(asked, 'call')} that {'was' if asked == 1 else 'were'} asked for"
        print(f"found {found} of {calls}: others begin outside this range, were erased, or have another id")


def _checked_options(argv: Sequence[str]) -> tuple[argparse.Namespace, list[str], argparse.Namespace]:
    """Parse the command line, and refuse what can be told from it alone: its options, Beam's words, these parsed."""
    parser = StrictParser(
        prog="callbeam backfill",
        description=__doc__,
        epilog="Beam's own options, such as --runner=FlinkRunner, may stand among these.",
    )
    add_arguments(parser, region_is_taken=is_dataflow(argv))
    beam_options = beam_parser()
    options, beam_words = parse(parser, argv, others=beam_options.known_options)
    engine_options = check_beam_words(beam_options, beam_words)
    check_cluster(engine_options)
    if is_dataflow(beam_words):
        check_dataflow(engine_options, output=options.output)
        beam_words = dataflow_words(beam_words, engine_options)
    check_source(options, recordings=options.recordings)
    if options.transcripts:
        input_place("--transcripts", options.transcripts, s3_config(options, options.output))
    if options.hop_seconds > options.window_seconds:
        raise UsageError("--hop-seconds is more than --window-seconds: some audio would lie in no window")
    return options, beam_words, engine_options


def _ready_workers(
    options: argparse.Namespace, beam_words: Sequence[str], engine_options: argparse.Namespace
) -> tuple[list[str], LocalWorkers, MemoryNeed]:
    """Choose the runner and its workers; refuse those for whom there is no memory.

    What workers are forked from is started here: it gets ready while jobs are planned.
    """
    runner = runner_words(beam_words, workers=options.workers)
    runs_here = named_runner(runner) == LOCAL_RUNNER
    workers = LocalWorkers(options.workers if runs_here else 1)
    most = workers.most if runs_here else None
    memory = memory_need(engine_options, on_dataflow=is_dataflow(beam_words), local_workers=most)
    if runs_here:
        memory.check()
        if workers.most > 1:
            forking_server()
    return runner, workers, memory


def _enrich(options: argparse.Namespace, config: BackfillConfig, *, published: int) -> int:
    """Read what others say of the calls, if a job has published any."""
    if not published:
        print(f"--transcripts {options.transcripts} is not read, for no job has published")
        return 0
    print(f"{options.transcripts}:")
    return enrich_tables(config.storage, options.transcripts, options.text_policy)


def _config(options: argparse.Namespace, memory: MemoryNeed) -> BackfillConfig:
    """Turn the command line into what steps are made with."""
    decode = DecodeConfig(parse_role_map(options.role_map))
    storage = output_config(options, options.output)
    place = options.recordings
    model = open_model(options.sentiment_model, storage) if options.sentiment_model else None
    analysis, assembly = analysis_config(options, model), assembly_config(options, model)
    models = {"silero_vad": MODEL_SHA256, **({"sentiment": model.sha256} if model else {})}
    return BackfillConfig(
        kvs=kvs_config(options),
        storage=storage,
        decode=decode,
        analysis=analysis,
        assembly=assembly,
        model_path=options.sentiment_model,
        memory=memory,
        resume=options.resume,
        recordings=None if place is None else input_place("--recordings", place, storage).config,
        publish=PublishConfig(
            attempt=uuid.uuid4().hex[:12],
            options_sha256=options_sha256(decode, analysis, assembly),
            versions=versions(),
            models=models,
            take_over=options.take_over,
            allow_fewer=options.allow_fewer,
        ),
    )


def _checked_jobs(options: argparse.Namespace, config: BackfillConfig) -> tuple[list[PlannedJob], list[DeadLetter]]:
    """Plan the jobs, and refuse before any work what cannot end well."""
    store = open_store(config.storage, patience_s=INTERACTIVE_PATIENCE_S)
    shared_client.cache_clear()  # a notebook may run several commands, and change its credentials in between
    jobs, letters = planned_jobs(shared_client(config.kvs), options, s3=config.storage, recordings=options.recordings)
    check_writable(store)
    remove_abandoned(store, round(time.time() * 1000))
    manifests = load_manifests(store)
    for planned in jobs:
        job = planned.job
        refuse_overlap(store, job, allow_overlap=options.allow_overlap, manifests=manifests)
        recorded = {one.leg.identity.call_id for one in planned.recorded}
        refuse_written(store, job, recorded, allow_overlap=options.allow_overlap, manifests=manifests)
        refuse_claimed(store, job, take_over=options.take_over)
    return jobs, letters


class _Running:
    """Runs jobs one after the other.

    Attributes
    ----------
    published : int
        Jobs that have published.
    calls : int
        That these jobs are about, with those that still go on.
    """

    def __init__(
        self, config: BackfillConfig, runner: Sequence[str], workers: LocalWorkers, *, max_loss: float
    ) -> None:
        self._config = config
        self._runner = runner
        self._workers = workers
        self._store = open_store(config.storage)
        self._max_loss = max_loss
        self.published = 0
        self.calls = 0

    def run(self, planned: PlannedJob, letters: Sequence[DeadLetter], *, first: bool) -> int:
        """Run one job, and say what came of it."""
        config, store, job = self._config, self._store, planned.job
        failure: Exception | None = None
        goes_on: str | None = None
        kept_out = False
        begun_ms = round(time.time() * 1000)
        days = f"{show_instant(job.start_ms)} to {show_instant(job.end_ms)}"
        with ProgressLine(days, named_runner(self._runner) or "the runner") as progress:
            try:
                named = planned.contacts or planned.recorded
                if not named and is_empty(shared_client(config.kvs), job):
                    publish_job(store, job, [], [], config.publish)  # a month of such days need not start workers
                else:
                    steps = partial(build, planned=planned, letters=letters, config=config)
                    name = f"callbeam-{job.job_id.lower()}"
                    workers = self._workers.for_job(len(job.streams) + len(planned.recorded), progress)
                    kept_out = _keeps_out(planned, config.publish.erased)
                    goes_on = run_pipeline(steps, self._runner, job_name=name, progress=progress, workers=workers)
            except Exception as error:  # noqa: BLE001  (whatever a runner raises: the other days' jobs still run)
                failure = error
        if failure is not None:
            print(f"callbeam backfill: error: job {job.job_id} failed: {root_cause(failure)}", file=sys.stderr)
            return EXIT_JOB_FAILED
        if goes_on is not None:
            print(f"job {job.job_id}: {goes_on}")
            print(f"  it has published once {store.describe(manifest_key(job.job_id))} is there")
            return 0
        manifest = load_manifest(store, job.job_id)
        if manifest is None:
            print(f"callbeam backfill: error: job {job.job_id} ended without a manifest", file=sys.stderr)
            return EXIT_JOB_FAILED
        self.published += 1
        self.calls += manifest.outcome.call_count + len(manifest.outcome.open_calls)
        _record_run(store, manifest, job, config, elapsed_s=progress.elapsed_s, begun_ms=begun_ms)
        early_ms = _start_before(job, config) if first and only_runs_in(manifest.outcome) else None
        print(summary(manifest, elapsed_s=progress.elapsed_s, start_before_ms=early_ms, kept_out=kept_out))
        if config.publish.iceberg:
            print(f"  committed to Iceberg catalog {config.publish.iceberg}")
        return _loss_exit(manifest, self._max_loss)


def _keeps_out(planned: PlannedJob, erased: Tombstones) -> bool:
    """Tell whether a job that has run, and accounts for no fragment, was about calls that were erased.

    Where nobody named its calls, there were fragments to run for: of another call they would be accounted for.
    """
    if not erased:
        return False
    recorded = {one.leg.identity.call_id: None for one in planned.recorded}
    named = recorded | {contact.call_id: contact for contact in planned.contacts}
    return not named or any(is_erased(call_id, contact, erased) for call_id, contact in named.items())


def _start_before(job: Job, config: BackfillConfig) -> int | None:
    """Find a start that would give the calls which run into a job."""
    try:
        return start_before(shared_client(config.kvs), job)
    except CallbeamError:
        return None  # the job is published: advice is not worth a failure


def _record_run(
    store: ObjectStore, manifest: Manifest, job: Job, config: BackfillConfig, *, elapsed_s: float, begun_ms: int
) -> None:
    call_s = manifest.outcome.call_ms / 1000
    write_run(
        store,
        job.job_id,
        {
            "attempt": config.publish.attempt,
            "begun": show_instant(begun_ms),
            "as_of": show_instant(job.as_of_ms),
            "seconds": round(elapsed_s, 3),
            "call_seconds": call_s,
            "times_real_time": round(call_s / elapsed_s, 1),
        },
    )


def _loss_exit(manifest: Manifest, max_loss: float) -> int:
    ratio = lost_ratio(manifest.outcome.by_status) or 0.0
    if ratio <= max_loss:
        return 0
    print(
        f"callbeam backfill: {ratio:.3%} of the fragments were lost, more than --max-loss {max_loss:.3%}; "
        "table dead_letters says which and why",
        file=sys.stderr,
    )
    return EXIT_LOSS
