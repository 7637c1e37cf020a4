"""What a job must not do to what is already in the tables, unless a flag says so."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from callbeam.errors import JobError, UsageError
from callbeam.kvs import CallFilter
from callbeam.tables.manifest import load_manifests
from callbeam.tables.published import Output

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from callbeam.kvs import Job
    from callbeam.storage import ObjectStore
    from callbeam.tables.manifest import Manifest


def refuse_overlap(
    store: ObjectStore, job: Job, *, allow_overlap: bool = False, manifests: Sequence[Manifest] | None = None
) -> None:
    """Refuse a job whose calls another job has already published: they would be in the tables twice.

    Parameters
    ----------
    store : ObjectStore
    job : Job
    allow_overlap : bool
        Whether that was asked for.
    manifests : sequence of Manifest or None
        ``load_manifests(store)``, where the caller checks many jobs; None to read them here.

    Raises
    ------
    UsageError
        If another job's range overlaps on the same stream, and both may be about the same call.
    """
    if allow_overlap:
        return
    streams = {stream.arn for stream in job.streams}
    for other in load_manifests(store) if manifests is None else manifests:
        shared = streams.intersection(other.streams)
        if job.only.disjoint(CallFilter.of_words(other.sources)):
            continue
        if shared and other.job_id != job.job_id and other.start_ms < job.end_ms and job.start_ms < other.end_ms:
            raise UsageError(
                f"job {other.job_id} ({', '.join(other.sources)}; {_instant(other.start_ms)} to "
                f"{_instant(other.end_ms)}) has already published {min(shared)} for part of this range, and its calls "
                "would be in the tables twice: use the same sources and range to replace it, another output, "
                "or --allow-overlap"
            )


def refuse_written(
    store: ObjectStore,
    job: Job,
    call_ids: Collection[str],
    *,
    allow_overlap: bool = False,
    manifests: Sequence[Manifest] | None = None,
) -> None:
    """Refuse a job that would write calls from recordings which another job has written: the streams do not show it.

    Parameters
    ----------
    store : ObjectStore
    job : Job
    call_ids : collection of str
        The calls of which the job has recordings.
    allow_overlap, manifests
        As for ``refuse_overlap``.

    Raises
    ------
    UsageError
        If another job whose range overlaps has a row of one of these calls.
    """
    every = load_manifests(store) if manifests is None else manifests
    others = [
        other
        for other in every
        if other.job_id != job.job_id and other.start_ms < job.end_ms and job.start_ms < other.end_ms
    ]
    if allow_overlap or not call_ids or not others:
        return
    written = Output(store, others, "").read("calls", ["call_id", "job_id"]).to_pydict()
    twice = {call: job_id for call, job_id in zip(*written.values(), strict=True) if call in call_ids}
    if twice:
        call_id = min(twice)
        raise UsageError(
            f"job {twice[call_id]} has already written call {call_id} ({len(twice)} of these calls in all), and it "
            "would be in the tables twice: give --calls as that job had it together with --recordings, another output, "
            "or --allow-overlap"
        )


def refuse_loss(previous: Manifest | None, decoded: int, *, allow_fewer: bool = False) -> None:
    """Refuse to replace a job's rows by those of a run that decoded less, as happens once retention has passed.

    Parameters
    ----------
    previous : Manifest or None
        The manifest in place.
    decoded : int
        Fragments that this run has decoded.
    allow_fewer : bool
        Whether that was asked for.

    Raises
    ------
    JobError
        If this run decoded fewer.
    """
    if previous is None or allow_fewer or decoded >= previous.outcome.decoded:
        return
    raise JobError(
        f"this run of job {previous.job_id} decoded {decoded} fragments, the one in the tables "
        f"{previous.outcome.decoded}; its rows were kept. Retention may have passed: --allow-fewer replaces them"
    )


def _instant(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, tz=timezone.utc).isoformat(timespec="seconds")
