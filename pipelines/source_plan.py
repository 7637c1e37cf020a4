"""What a run reads: streams over a range, or the calls that records name, in files of a folder or on S3."""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from callbeam.calls import DeadLetter, PlannedJob, plan_contacts
from callbeam.errors import UsageError
from callbeam.kvs import KvsClient, plan_jobs
from callbeam.pipelines.command_line import show_instant
from callbeam.pipelines.options import call_filter
from callbeam.pipelines.subject_secret import subject_secret
from callbeam.records import Keeping, read_records
from callbeam.report import counted
from callbeam.storage import StorageConfig, StorageError, open_store, resolve_config

MOST_TOLD = 3
"""Records and contacts of a kind that are told one by one."""

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
        with resting_collector():
            return plan_from_records(
                client, options.calls, now_ms, s3=s3, attributes=options.attributes, region=options.region
            )
    only = call_filter(options)
    jobs = plan_jobs(client, options.streams, options.start, options.end, now_ms, only=only)
    return [PlannedJob(job, ()) for job in jobs], []


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
    found = read_records(_files(place, s3 or StorageConfig(place)), _keeping(attributes, region))
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
    _print_letters("cannot be read", [letter for letter in letters if letter.call_id is None])
    _print_letters("cannot be looked for", [letter for letter in letters if letter.call_id is not None])
    return list(plan.jobs), letters


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


def _files(place: str, s3: StorageConfig) -> Iterator[tuple[str, bytes | BinaryIO]]:
    """Yield the name and content of each file of records.

    Raises
    ------
    UsageError
        If there are none, or one cannot be read: one line that says why.
    """
    try:
        yield from _of_s3(place, s3) if place.startswith("s3://") else _of_folder(Path(place).expanduser(), place)
    except (StorageError, OSError) as error:
        raise UsageError(f"--calls {place}: {error}") from error


def _of_folder(path: Path, place: str) -> Iterator[tuple[str, BinaryIO]]:
    """Open a file, or all files of a folder one after the other, but for those whose name begins with a dot."""
    if not path.exists():
        raise UsageError(f"--calls {place}: there is no such file or folder")
    found = False
    for each in sorted(path.rglob("*")) if path.is_dir() else [path]:
        inside = each.relative_to(path) if path.is_dir() else Path(path.name)
        if each.is_file() and not any(part.startswith(".") for part in inside.parts):
            found = True
            with each.open("rb") as file:
                yield inside.as_posix(), file
    if not found:
        raise UsageError(f"--calls {place}: the folder holds no file")


def _of_s3(place: str, s3: StorageConfig) -> Iterator[tuple[str, bytes]]:
    store = open_store(resolve_config(replace(s3, output=place)))
    found = False
    for info in store.list(""):
        content = store.get(info.key)
        if content is not None:
            found = True
            yield info.key, content
    if not found:
        raise UsageError(f"--calls {place}: there is no object below it")
