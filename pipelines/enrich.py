"""``callbeam enrich``: what other systems and people say of calls, brought into the tables of these calls."""

from __future__ import annotations

import argparse
import hashlib
import shlex
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from callbeam.enrichment import Enriched, enrich
from callbeam.pipelines.command_line import (
    StrictParser,
    add_iceberg_argument,
    add_s3_arguments,
    add_s3_writing_arguments,
    output_config,
    parse,
)
from callbeam.pipelines.exits import EXIT_LOSS, command
from callbeam.pipelines.input_place import input_place
from callbeam.pipelines.job_identity import versions
from callbeam.pipelines.source_plan import resting_collector
from callbeam.report import counted
from callbeam.storage import StorageConfig, check_writable, open_store
from callbeam.tables import PublishConfig, kept_catalog, load_tombstones, open_output
from callbeam.transcripts import TextPolicy

MOST_TOLD = 3
"""Records and calls of a kind that are told one by one."""

SOUNDS = (".wav", ".mp3", ".mp4", ".m4a", ".flac", ".ogg", ".webm", ".amr")
"""How names of recordings end: those formats that services write or transcribe."""

STATUSES = {
    "linked": "in the text of utterances",
    "no_utterance": "where nobody of their role is heard",
    "no_channel": "of a role that no channel of the call has",
    "no_role": "of whom nothing tells: neither a role nor speech that agrees",
    "unaligned": "on a clock that cannot be brought to the call's",
    "unknown_call": "of calls that no job has written",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of an enrichment."""
    parser.add_argument("tables", metavar="TABLES", help="the --output of a backfill: a folder or s3://bucket/prefix")
    add = parser.add_argument_group("source").add_argument
    add(
        "--source",
        required=True,
        metavar="PLACE",
        help="files of Contact Lens, Transcribe, Transcribe Call Analytics, Post Call Analytics, Live Call Analytics "
        "or Chime SDK call analytics, or a CSV of labels: a file, a folder or s3://bucket/prefix",
    )
    add_text_policy(add)
    add("--allow-overlap", action="store_true", help="though another source has given the same segments")
    add_iceberg_argument(add)
    s3 = parser.add_argument_group("S3").add_argument
    add_s3_arguments(s3, "reading and writing")
    add_s3_writing_arguments(s3)


@command("callbeam enrich")
def main(argv: Sequence[str]) -> int:
    """Enrich tables.

    Parameters
    ----------
    argv : sequence of str
        The command line.

    Returns
    -------
    int
        0 written, 1 failed on the way, 2 cannot be done, 3 nothing of the source could be read.
    """
    parser = StrictParser(prog="callbeam enrich", description=__doc__)
    add_arguments(parser)
    options, _ = parse(parser, argv)
    storage = output_config(options, options.tables)
    return enrich_tables(
        storage,
        options.source,
        options.text_policy,
        allow_overlap=options.allow_overlap,
        iceberg=options.iceberg,
    )


def add_text_policy(add: Callable[..., Any]) -> None:
    """Add the option that says which text may be read."""
    add(
        "--text-policy",
        choices=[policy.value for policy in TextPolicy],
        default=TextPolicy.REDACTED.value,
        help="which text may be read: redacted (default) that which says that it is, raw all of it, none no text",
    )


def said_later(output: str, source: str, text_policy: str) -> str:
    """Say what becomes of transcripts where a command does not wait for its jobs, and how they are read then.

    Places are to be whole: who reads them then may be in another folder.
    """
    words = ["callbeam", "enrich", output, "--source", source]
    if text_policy != TextPolicy.REDACTED.value:
        words += ["--text-policy", text_policy]
    return (
        f"--transcripts {source} is not read by this command, which does not wait for its jobs to publish; once they "
        f"have, with the same options of S3: {shlex.join(words)}"
    )


def enrich_tables(
    storage: StorageConfig, source: str, text_policy: str, *, allow_overlap: bool = False, iceberg: str | None = None
) -> int:
    """Bring what files say into tables, and print what became of it.

    Parameters
    ----------
    storage : StorageConfig
        The tables' place.
    source : str
        The files' place.
    text_policy : str
        Of ``TextPolicy``.
    allow_overlap : bool
        As for ``callbeam.enrichment.enrich``.
    iceberg : str, optional
        The catalog that the tables are to keep to, if they do not yet.

    Returns
    -------
    int
        The exit code: 0, or 3 if there are records, and none could be read.

    Raises
    ------
    UsageError, JobError, StorageError
        As ``callbeam.enrichment.enrich``.
    """
    output = open_output(storage)
    store = open_store(storage)
    check_writable(store)
    policy = TextPolicy(text_policy)
    config = PublishConfig(
        attempt=uuid.uuid4().hex[:12],
        options_sha256=hashlib.sha256(policy.value.encode()).hexdigest(),
        versions=versions(),
        take_over=True,
        erased=load_tombstones(store),
        iceberg=kept_catalog(store, iceberg),
    )
    where = input_place("--source", source, storage)
    sounds: list[str] = []
    with resting_collector():
        files = where.contents(lambda key: not _is_sound(key, sounds))
        enriched = enrich(store, output, where.place, files, config, policy=policy, allow_overlap=allow_overlap)
    if sounds:
        print(f"  {'sound files, passed over':<60} {len(sounds):>9,}")
    _tell(enriched, policy)
    return EXIT_LOSS if enriched.bad and len(enriched.bad) == enriched.forms.total() else 0


def _is_sound(key: str, sounds: list[str]) -> bool:
    """Tell whether a file is sound by its name, and note it: Contact Lens leaves recordings beside redacted text."""
    is_sound = key.lower().endswith(SOUNDS)
    if is_sound:
        sounds.append(key)
    return is_sound


def _tell(enriched: Enriched, policy: TextPolicy) -> None:
    """Print what became of the records."""
    for form, count in sorted(enriched.forms.items()):
        print(f"  {form:<60} {count:>9,}")
    for bad in enriched.bad[:MOST_TOLD]:
        print(f"    {bad.source}, {bad.place}: {bad.reason}")
    print(f"{counted(sum(enriched.statuses.values()), 'segment')}")
    for status, meaning in STATUSES.items():
        if enriched.statuses[status]:
            print(f"  {meaning:<60} {enriched.statuses[status]:>9,}")
    if enriched.statuses["no_role"]:
        print(
            "    transcribe channel by channel (ChannelIdentification) to have that found: docs/sources/transcribe.md"
        )
    if enriched.withheld and policy is not TextPolicy.NONE:
        print(
            f"  without text, for nothing says that it is redacted (--text-policy {policy.value}) "
            f"{enriched.withheld:>9,}"
        )
    if enriched.passed_over:
        print(f"  of who was erased, and passed over {enriched.passed_over:>37,}")
    _tell_calls(enriched)
    _tell_adrift(enriched)
    for table, count in sorted(enriched.rows.items()):
        print(f"{table:<20} {count:>9,} {'row' if count == 1 else 'rows'}")


def _tell_calls(enriched: Enriched) -> None:
    """Print what calls no job has written, and which have more than one account by the same system."""
    for name, count in list(enriched.unknown.items())[:MOST_TOLD]:
        print(f"  no job has written call {name}: {counted(count, 'row')} kept with call_known = false")
    if len(enriched.unknown) > MOST_TOLD:
        print(f"  and so of {counted(len(enriched.unknown) - MOST_TOLD, 'more call')}")
    if enriched.twice:
        name, files = next(iter(enriched.twice.items()))
        print(
            f"  {counted(len(enriched.twice), 'call')} of which several files of one system tell the same stretches, "
            f"whose words may be in texts twice, such as {name} by {' and '.join(files)}: keep one of such files"
        )


def _tell_adrift(enriched: Enriched) -> None:
    """Print how many labels name a unit that is not there, and what to do."""
    if not enriched.adrift:
        return
    print(
        f"  {counted(enriched.adrift.total(), 'label')} of units or utterances that their calls do not have: kept, and "
        "joined to none; unit_id is to be as in sentiment_inputs, utterance_id as in utterances"
    )
    for (call_id, name), count in list(enriched.adrift.items())[:MOST_TOLD]:
        print(f"    call {call_id} has no {name}: {counted(count, 'label')}")
