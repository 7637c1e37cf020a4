"""A call put together: whose it is, its clock, and its rows in every table."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from callbeam.assembly.call_ownership import CallOwnership
from callbeam.assembly.call_parts import (
    CHANNELS,
    CONTACTS,
    DEAD_LETTERS,
    FILES,
    FRAGMENTS,
    LEGS,
    PAIRS,
    SCORES,
    SECONDS,
    TRACKS,
    UNITS,
    UTTERANCES,
    WINDOWS,
    Keyed,
)
from callbeam.assembly.channel_comparison import compare_channels
from callbeam.assembly.config import AssemblyConfig
from callbeam.assembly.contact_columns import contact_columns, contact_warnings, missing_reason, missing_row
from callbeam.assembly.copies import SAME_AUDIO, Copies, find_copies
from callbeam.assembly.joined_channels import channel_batch, join_parts
from callbeam.assembly.legs_heard import hear_legs
from callbeam.assembly.own_rows import SpeechRows, own_rows
from callbeam.assembly.packing import complete, scatter, unpack
from callbeam.assembly.speech_tables import speech_tables
from callbeam.assembly.window_rows import WindowRow, channel_windows, window_batch
from callbeam.calls import CallStatus, contact_begin_ms, decide_call, has_ended
from callbeam.conversation import CallClock
from callbeam.kvs import LOST, FragmentStatus
from callbeam.line import DUAL_MONO
from callbeam.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callbeam.calls import LegEnd
    from callbeam.kvs import Job
    from callbeam.records import Contact
    from callbeam.tables import Tombstones

PACKED = frozenset({FRAGMENTS, DEAD_LETTERS, UTTERANCES, UNITS})
"""The kinds of parts that are packed batches."""

CLOCKS_DIFFER_MS = 200
"""Legs whose clocks are less sure of each other than this cannot be compared."""


@dataclass(frozen=True, slots=True)
class CallTables:
    """What a call adds to the tables.

    Attributes
    ----------
    call_key : str
        ``call_id``; for rows that belong to no call, their stream.
    batches : dict of str to list of pyarrow.RecordBatch
        By table name.
    files : tuple of StagedFile
        Files of heavy tables that hold this call's rows already.
    open : bool
        The call may still be going on; a later run writes it.
    """

    call_key: str
    batches: dict[str, list[pa.RecordBatch]] = field(default_factory=dict)
    files: tuple[Any, ...] = ()
    open: bool = False


def assemble_call(
    call_key: str,
    parts: Iterable[Keyed],
    job: Job,
    config: AssemblyConfig | None = None,
    erased: Tombstones | None = None,
) -> CallTables:
    """Put one call together.

    Parameters
    ----------
    call_key : str
        The call's id, or a stream's ARN for rows that belong to no call.
    parts : iterable of Keyed
        All parts of the call, in any order.
    job : Job
        Decides which legs are its own.
    config : AssemblyConfig, optional
        How a conversation is judged, what windows are, and what becomes of sentiment inputs.
    erased : Tombstones, optional
        Of whom nothing is written.

    Returns
    -------
    CallTables
        Nothing of a call that was erased, or whose subject was. The ledger of every other call; the other tables only
        of a call that the job owns and that has ended.
    """
    by_kind: dict[str, list[Any]] = defaultdict(list)
    for part in chain.from_iterable(map(scatter, parts)):
        by_kind[part.kind].append(unpack(part.kind, part.value) if part.kind in PACKED else part.value)
    ledger = pa.Table.from_batches(by_kind[FRAGMENTS], schema=TABLES[FRAGMENTS].schema)
    letters = by_kind[DEAD_LETTERS]
    leg_ends: list[LegEnd] = by_kind[LEGS]
    contact: Contact | None = next(iter(by_kind[CONTACTS]), None)
    if erased and is_erased(call_key, contact, erased):
        return CallTables(call_key)
    if not leg_ends:
        missing = _missing(job, contact, ledger)
        return _tables(call_key, {"calls": missing, FRAGMENTS: ledger.to_batches(), DEAD_LETTERS: letters})
    decision = decide_call(leg_ends, job, ended=contact is not None and has_ended(contact, job.as_of_ms))
    ownership = CallOwnership(leg_ends, decision, ledger)
    ledger = ownership.judge()
    letters = ownership.letters(letters)
    if decision.status is not CallStatus.OWNED:
        of_fragments = [letter for letter in letters if letter.column("fragment_number")[0].is_valid]
        batches = {FRAGMENTS: ledger.to_batches(), DEAD_LETTERS: of_fragments}
        return _tables(call_key, batches, is_open=decision.status is CallStatus.OPEN)
    copies = find_copies(join_parts(part for part in by_kind[CHANNELS] if ownership.writes(*part.leg_key)))
    ledger = ownership.mark_copies(ledger, copies.legs)
    account = _Account(decision.legs, copies, ledger, letters)
    tables = _rows(call_key, job, account, by_kind, config or AssemblyConfig(), contact)
    return _tables(
        call_key,
        {**tables, FRAGMENTS: ledger.to_batches(), DEAD_LETTERS: letters},
        files=tuple(some.file for some in by_kind[FILES] if some.channel_id in account.kept),
    )


def is_erased(call_key: str, contact: Contact | None, erased: Tombstones) -> bool:
    """Tell whether a call was erased, by any of its names or its subject's."""
    names = (contact.subject_key, *contact.aliases) if contact is not None else ()
    return any(erased.hold(name) for name in (call_key, *names))


class _Account:
    """A call that is written: its legs and channels, and what became of its fragments."""

    def __init__(
        self,
        legs: Sequence[LegEnd],
        copies: Copies,
        ledger: pa.Table,
        letters: Sequence[pa.RecordBatch],
    ) -> None:
        self.legs = legs
        self.copies = copies
        channels = self.channels = copies.kept
        self.kept = frozenset(channel.channel_id for channel in channels)
        by_status = Counter(ledger["status"].to_pylist())
        self.fragments = by_status.total() - by_status[FragmentStatus.OTHER_UNIT.value]
        self.lost = sum(by_status[status.value] for status in LOST)
        self.parts_lost = _parts_lost(ledger, letters)
        self.start_ms = min(
            [channel.first.clock.start_ms for channel in channels] or [end.leg.start_server_ms for end in legs]
        )
        self.end_ms = max((channel.end_ms for channel in channels), default=self.start_ms)

    @property
    def incomplete(self) -> bool:
        """Whether some of the call's audio was lost, or is of no use."""
        return bool(self.lost or self.parts_lost or any(channel.implausible for channel in self.channels))

    @property
    def comparable(self) -> bool:
        """Tell whether the legs' clocks are sure enough of each other."""
        unsure = {channel.first.leg_key: channel.first.clock.uncertainty_ms for channel in self.channels}
        return len(unsure) < 2 or sum(sorted(unsure.values())[-2:]) <= CLOCKS_DIFFER_MS

    def warnings(self) -> list[str]:
        """Return what a reader should know of how the call came together."""
        found = {
            "fragments_lost": self.lost,
            "parts_of_fragments_lost": self.parts_lost,
            "channel_silent": any(channel.levels["digital_zero_ratio"] == 1 for channel in self.channels),
            "role_unknown": any(channel.first.participant_role is None for channel in self.channels),
            "clocks_differ": not self.comparable,
            SAME_AUDIO: self.copies.found,
            "call_may_be_cut": any(end.may_be_cut for end in self.legs),
            "several_legs_on_a_stream": len(self.legs) > len({end.leg.stream.arn for end in self.legs}),
        }
        noticed = {notice.warning for channel in self.channels for notice in channel.notices}
        return [*(warning for warning, holds in found.items() if holds), *noticed]


def _rows(
    call_id: str,
    job: Job,
    account: _Account,
    by_kind: dict[str, list[Any]],
    config: AssemblyConfig,
    contact: Contact | None,
) -> dict[str, list[pa.RecordBatch]]:
    """Return the rows of every table but the ledger's."""
    start_ms, kept = account.start_ms, account.kept
    heard = hear_legs(account.channels, by_kind[TRACKS])
    channels = heard.channels
    seconds = [unpack(SECONDS, part.rows) for part in by_kind[SECONDS]]
    pairs = zip(seconds, by_kind[SECONDS], strict=True)
    whole = [batch for batch, part in pairs if part.whole and _channel(batch) in kept]
    windows = [row for row in by_kind[WINDOWS] if row.channel_id in kept] + channel_windows(whole, config.windows)
    rows = SpeechRows(by_kind[UTTERANCES], by_kind[UNITS], seconds, windows)
    rows = own_rows(rows, heard, min_pause_ms=config.thresholds.min_pause_ms)
    compared = compare_channels(channels, by_kind[PAIRS], heard.comparisons)
    # Two channels of the same sound are no two participants.
    comparable = account.comparable and compared.layout != DUAL_MONO
    clock = CallClock(job.job_id, call_id, start_ms, account.end_ms - start_ms, comparable)
    scores = {name: value for some in by_kind[SCORES] for name, value in some.by_unit()}
    of_channel = {
        name: {**columns, "copy_stream_arns": account.copies.streams.get(name)}
        for name, columns in compared.of_channel.items()
    }
    spoken = speech_tables(channels, rows, scores, compared, heard.taken_ms(), clock, config, contact)
    told: list[str] = []
    of_contact: dict[str, Any] = {}
    if contact is not None:
        of_contact = contact_columns(contact)
        told = contact_warnings(contact, [end.leg for end in by_kind[LEGS]])
    warnings = sorted({*account.warnings(), *compared.warnings, *spoken.warnings, *told})
    return {
        "calls": [_call_batch(job, account, {**of_contact, **spoken.totals, **compared.of_call, "warnings": warnings})],
        CHANNELS: [channel_batch(job.job_id, channels, start_ms, of_channel)] if channels else [],
        **spoken.batches,
        SECONDS: [_second_batch(job.job_id, batch, start_ms) for batch in rows.seconds if _channel(batch) in kept],
        WINDOWS: _window_batches(job.job_id, call_id, start_ms, rows.windows),
    }


def _missing(job: Job, contact: Contact | None, ledger: pa.Table) -> list[pa.RecordBatch]:
    """Return the row of a contact that has no audio in the job or its margins, if it begins in the job."""
    begin_ms = contact_begin_ms(contact) if contact is not None else None
    if contact is None or begin_ms is None or not job.start_ms <= begin_ms < job.end_ms:
        return []
    return [missing_row(job, contact, begin_ms, missing_reason(job, contact, begun_before=ledger.num_rows > 0))]


def _tables(
    call_key: str, batches: dict[str, list[pa.RecordBatch]], *, files: tuple[Any, ...] = (), is_open: bool = False
) -> CallTables:
    return CallTables(call_key, {name: some for name, some in batches.items() if some}, files, is_open)


def _call_batch(job: Job, account: _Account, conversation: dict[str, Any]) -> pa.RecordBatch:
    identity = account.legs[0].leg.identity
    channels = account.channels
    sources = {channel.first.clock.source for channel in channels} or {end.clock_source for end in account.legs}
    row = {
        "job_id": job.job_id,
        "call_id": identity.call_id,
        "contact_id": identity.call_id if identity.source == "connect" else None,
        "source": identity.source,
        "instance_id": identity.instance_id,
        "chime_call_id": identity.chime_call_id,
        "voice_connector_id": identity.voice_connector_id,
        "stream_arns": sorted({end.leg.stream.arn for end in account.legs if not end.leg.recorded}),
        "recordings": sorted({end.leg.stream.arn for end in account.legs if end.leg.recorded}) or None,
        "call_start_ts": account.start_ms,
        "duration_ms": account.end_ms - account.start_ms,
        "status": "no_audio" if not channels else "partial" if account.incomplete else "ok",
        "leg_count": len(account.legs),
        "channel_count": len(channels),
        "fragment_count": account.fragments,
        "lost_fragment_count": account.lost,
        "clock_source": next(iter(sources)) if len(sources) == 1 else "mixed",
        "clock_uncertainty_ms": max((channel.first.clock.uncertainty_ms for channel in channels), default=None),
        **conversation,
    }
    return pa.RecordBatch.from_pylist([row], schema=TABLES["calls"].schema)


def _parts_lost(ledger: pa.Table, letters: Sequence[pa.RecordBatch]) -> bool:
    """Tell whether a fragment that was decoded also had what could not be: a track of another codec, odd bytes."""
    numbers, statuses = (ledger[name].to_pylist() for name in ("fragment_number", "status"))
    decoded = {
        number for number, status in zip(numbers, statuses, strict=True) if status == FragmentStatus.DECODED.value
    }
    return any(batch.column("fragment_number")[0].as_py() in decoded for batch in letters)


def _channel(batch: pa.RecordBatch) -> str:
    return str(batch.column("channel_id")[0].as_py())


def _second_batch(job_id: str, batch: pa.RecordBatch, start_ms: int) -> pa.RecordBatch:
    offsets = batch.column("start_ts").cast(pa.int64()).to_numpy() - start_ms
    return complete(TABLES[SECONDS], batch, job_id, begin_offset_ms=pa.array(offsets.astype(np.int32)))


def _window_batches(job_id: str, call_id: str, start_ms: int, rows: Sequence[WindowRow]) -> list[pa.RecordBatch]:
    return [window_batch(job_id, call_id, start_ms, rows)] if rows else []
