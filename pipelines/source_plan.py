"""What a run reads: streams over a range, the calls that records name, or recordings."""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from callbeam.assembly import bad_record_letters
from callbeam.calls import DeadLetter, PlannedJob, Recorded, place_contacts, plan_contacts, plan_recorded
from callbeam.errors import UsageError
from callbeam.kvs import HOUR_MS, Job, KvsClient, plan_jobs
from callbeam.pipelines.command_line import show_instant
from callbeam.pipelines.input_place import InputPlace, input_place
from callbeam.pipelines.options import call_filter
from callbeam.pipelines.subject_secret import subject_secret
from callbeam.recordings import RecordedFound, find_recorded
from callbeam.records import BadRecord, Contact, Keeping, RecordsRead, read_records
from callbeam.report import counted
from callbeam.storage import StorageConfig

MOST_TOLD = 3
"""Records and contacts of a kind that are told one by one."""

STEP = "ReadRecords"
"""How dead letters name the step that gives records up."""


def planned_jobs(
    client: KvsClient, options: argparse.Namespace, *, s3: StorageConfig | None = None, recordings: str | None = None
) -> tuple[list[PlannedJob], list[DeadLetter]]:
    """Plan what the source options name: streams over a range, records, recordings, or both of these.

    Parameters
    ----------
    client : KvsClient
    options : argparse.Namespace
        Checked by ``check_source``.
    s3 : StorageConfig, optional
        How S3 is reached for records and recordings.
    recordings : str, optional
        The place of recordings.
    """
    now_ms = round(time.time() * 1000)
    if options.calls is not None:
        with resting_collector():
            return plan_from_records(
                client,
                options.calls,
                now_ms,
                s3=s3,
                attributes=options.attributes,
                recordings=recordings,
                region=options.region,
            )
    if recordings is not None:
        return _plan_from_recordings(recordings, now_ms, s3)
    only = call_filter(options)
    jobs = plan_jobs(client, options.streams, options.start, options.end, now_ms, only=only)
    _print_past(jobs[-1], now_ms)
    return [PlannedJob(job, ()) for job in jobs], []


def _print_past(last: Job, now_ms: int) -> None:
    """Say which streams keep nothing of the range that this job ends: that they hold no fragment does not say why."""
    past = [stream for stream in last.streams if last.end_ms <= now_ms - stream.retention_hours * HOUR_MS]
    for stream in past[:MOST_TOLD]:
        print(
            f"  {stream.name}: KVS keeps its media for {stream.retention_hours} h (data retention); this range is older"
        )
    if len(past) > MOST_TOLD:
        print(f"  {counted(len(past) - MOST_TOLD, 'more stream')} of too short a data retention")


@contextmanager
def resting_collector() -> Iterator[None]:
    """Keep Python's collector of cycles from looking at millions of records again and again, which have none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def plan_from_records(
    client: KvsClient,
    place: str,
    now_ms: int,
    *,
    s3: StorageConfig | None = None,
    attributes: Sequence[str] = (),
    recordings: str | None = None,
    region: str | None = None,
) -> tuple[list[PlannedJob], list[DeadLetter]]:
    """Read records and plan the contacts that they name.

    Parameters
    ----------
    client : KvsClient
    place : str
        A file, a folder, or ``s3://bucket/prefix``.
    now_ms : int
        The instant of planning.
    s3 : StorageConfig, optional
        How S3 is reached; its output does not matter.
    attributes : sequence of str
        Contact attributes that may be kept.
    recordings : str, optional
        The place of recordings, among which contacts are looked for that no stream holds.
    region : str, optional
        Where KMS is asked for the key of customers' pseudonyms, if it is encrypted; the SDK's own by default.

    Returns
    -------
    list of PlannedJob
    list of DeadLetter
        For each record that cannot be read, and each contact that no job looks for.

    Raises
    ------
    UsageError
        If there are no such files, or they name no contact that can be read.
    """
    where = input_place("--calls", place, s3)
    found = read_records(where.contents(), _keeping(attributes, region))
    if not found.contacts:
        raise UsageError(f"--calls {place}: no contact that can be read: {_why_no_contact(found)}")
    files = input_place("--recordings", recordings, s3) if recordings is not None else None
    placed = place_contacts(client, found.contacts)
    recorded = _recorded(files, placed.contacts) if files is not None else None
    found_in = Recorded(files.place, recorded.legs) if files is not None and recorded is not None else None
    plan = plan_contacts(placed, where.place, now_ms, found_in)
    letters = _letters(found.bad, plan.unreadable)
    print(f"{place}: {counted(len(found.contacts), 'contact')}, {_days(plan.jobs)}")
    for form, count in found.forms.items():
        print(f"  {form:<60} {count:>9,}")
    _print_letters("cannot be read", [letter for letter in letters if letter.call_id is None])
    _print_letters("cannot be looked for", [letter for letter in letters if letter.call_id is not None])
    jobs, of_files = _accounting(plan.jobs, recorded)
    return jobs, letters + of_files


def _why_no_contact(found: RecordsRead) -> str:
    """Say why records name no contact at all: of the first that cannot be read where they are, and why."""
    if not found.bad:
        return f"no record is of a call: {', '.join(found.forms)}" if found.forms else "there is no record"
    told = [letter.detail for letter in bad_record_letters(STEP, found.bad[:MOST_TOLD])]
    more = [f"{len(found.bad) - MOST_TOLD:,} more"] if len(found.bad) > MOST_TOLD else []
    return "; ".join(told + more)


def _letters(bad_records: Sequence[BadRecord], unreadable: Mapping[str, str]) -> list[DeadLetter]:
    """Say of each record that cannot be read, and of each contact that no job looks for, where it is and why."""
    return bad_record_letters(STEP, bad_records) + [
        DeadLetter(STEP, "not_planned", f"contact {call_id}: {why}", call_id=call_id, place=f"contact {call_id}")
        for call_id, why in sorted(unreadable.items())
    ]


def _print_letters(what: str, letters: Sequence[DeadLetter]) -> None:
    for letter in letters[:MOST_TOLD]:
        print(f"  {what}: {letter.detail}")
    if len(letters) > MOST_TOLD:
        print(f"  {what}: {len(letters) - MOST_TOLD:,} more; table dead_letters of a backfill has them all")


def _keeping(attributes: Sequence[str], region: str | None) -> Keeping:
    """Return what records may leave: named attributes, and a pseudonym of the customer where there is a secret."""
    secret, variable = subject_secret(region)
    try:
        return Keeping(attributes=frozenset(attributes), subject_secret=secret)
    except UsageError as error:
        raise UsageError(f"the variable {variable}: {error}; give a longer one, or none") from error


def _plan_from_recordings(
    place: str, now_ms: int, s3: StorageConfig | None
) -> tuple[list[PlannedJob], list[DeadLetter]]:
    """Plan recordings of which their names alone tell."""
    where = input_place("--recordings", place, s3)
    found = _recorded(where, None)
    if not found.legs:
        why = found.left_out[0].detail if found.left_out else "there is no file"
        raise UsageError(f"--recordings {place}: no recording that can be read: {why}")
    jobs = plan_recorded(Recorded(where.place, found.legs), now_ms)
    print(f"{place}: {counted(len(found.legs), 'recording')}{_left_out(found)}, {_days(jobs)}")
    return _accounting(jobs, found)


def _recorded(where: InputPlace, contacts: Sequence[Contact] | None) -> RecordedFound:
    """Find recordings, and say what was found."""
    found = find_recorded(where.folder, where.files(), contacts)
    if contacts is not None:
        of_calls = f"{counted(len(found.legs), 'recording')} of these contacts{_left_out(found)}"
        print(f"{where.text}: {of_calls}, {counted(found.unnamed, 'file')} of no contact in the records")
    return found


def _left_out(found: RecordedFound) -> str:
    """Count the files that are listed and not read."""
    count = len(found.left_out)
    they = "it" if count == 1 else "they"
    return f", {counted(count, 'file')} of which nothing tells when {they} began" if count else ""


def _accounting(jobs: Sequence[PlannedJob], found: RecordedFound | None) -> tuple[list[PlannedJob], list[DeadLetter]]:
    """Have the first job account for files that are left out, and say which they are."""
    first, *others = jobs
    files = found.left_out if found is not None else ()
    letters = [file.letter(first.job.start_ms) for file in files]
    _print_letters("left out", letters)
    return [replace(first, left_out=tuple(file.row(first.job.start_ms) for file in files)), *others], letters


def _days(jobs: Sequence[PlannedJob]) -> str:
    return f"{show_instant(jobs[0].job.start_ms)} to {show_instant(jobs[-1].job.end_ms)}"
