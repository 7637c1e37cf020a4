"""What a run reads: streams over a range, or the calls that records name, in files of a folder or on S3."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from callbeam.calls import DeadLetter, PlannedJob, plan_contacts
from callbeam.errors import UsageError
from callbeam.kvs import KvsClient, plan_jobs
from callbeam.pipelines.command_line import show_instant
from callbeam.pipelines.options import call_filter
from callbeam.records import Keeping, read_records
from callbeam.report import counted
from callbeam.storage import StorageConfig, StorageError, open_store, resolve_config

SUBJECT_VARIABLE = "CALLBEAM_SUBJECT_SECRET"
"""The environment variable with the key of customers' pseudonyms; without one there are none."""

STEP = "ReadRecords"
"""How dead letters name the step that gives records up."""


def planned_jobs(
    client: KvsClient, options: argparse.Namespace, *, s3: StorageConfig | None = None
) -> tuple[list[PlannedJob], list[DeadLetter]]:
    """Plan what the source options name: streams over a range, or records.

    Parameters
    ----------
    client : KvsClient
    options : argparse.Namespace
        Checked by ``check_source``.
    s3 : StorageConfig, optional
        How S3 is reached for records.
    """
    now_ms = round(time.time() * 1000)
    if options.calls is not None:
        return plan_from_records(client, options.calls, now_ms, s3=s3, attributes=options.attributes)
    only = call_filter(options)
    jobs = plan_jobs(client, options.streams, options.start, options.end, now_ms, only=only)
    return [PlannedJob(job, ()) for job in jobs], []


def plan_from_records(
    client: KvsClient, place: str, now_ms: int, *, s3: StorageConfig | None = None, attributes: Sequence[str] = ()
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
    found = read_records(_files(place, s3 or StorageConfig(place)), _keeping(attributes))
    plan = plan_contacts(client, found.contacts, place, now_ms)
    letters = [
        DeadLetter(STEP, "bad_record", f"{bad.source}, {bad.place}: {bad.reason}", sample=bad.sample.encode())
        for bad in found.bad
    ]
    letters += [
        DeadLetter(STEP, "not_planned", f"contact {call_id}: {why}", call_id=call_id)
        for call_id, why in sorted(plan.unreadable.items())
    ]
    first, last = plan.jobs[0].job, plan.jobs[-1].job
    days = f"{show_instant(first.start_ms)} to {show_instant(last.end_ms)}"
    print(f"{place}: {counted(len(found.contacts), 'contact')}, {days}")
    for form, count in found.forms.items():
        print(f"  {form:<60} {count:>9,}")
    return list(plan.jobs), letters


def _keeping(attributes: Sequence[str]) -> Keeping:
    """Return what records may leave: named attributes, and a pseudonym of the customer where there is a secret."""
    secret = os.environ.get(SUBJECT_VARIABLE, "")
    try:
        return Keeping(attributes=frozenset(attributes), subject_secret=secret.encode() if secret else None)
    except UsageError as error:
        raise UsageError(f"the variable {SUBJECT_VARIABLE}: {error}; give a longer one, or none") from error


def _files(place: str, s3: StorageConfig) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of each file of records."""
    path = Path(place).expanduser()
    if not place.startswith("s3://") and path.is_file():
        yield path.name, path.read_bytes()
        return
    config = resolve_config(replace(s3, output=place))
    if not place.startswith("s3://") and not path.is_dir():
        raise UsageError(f"--calls {place}: there is no such file or folder")
    store = open_store(config)
    try:
        for info in store.list(""):
            content = store.get(info.key)
            if content is not None:
                yield info.key, content
    except StorageError as error:
        raise UsageError(f"--calls {place}: {error}") from error
