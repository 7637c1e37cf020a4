"""Jobs planned from contacts: what records say is to be read, instead of all that lies on streams."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callbeam.calls.connector_streams import with_connector_streams
from callbeam.calls.named_fragments import locate
from callbeam.calls.recorded_leg import Recorded
from callbeam.calls.roles import LegRole, leg_role
from callbeam.calls.sought_calls import contact_begin_ms, days_of, sought_in
from callbeam.errors import UsageError
from callbeam.kvs import DAY_MS, LEG_SKEW_MS, CallFilter, NoStreamError, Stretch, make_job
from callbeam.stream_arns import stream_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from callbeam.calls.pieces import LedgerRow
    from callbeam.calls.recorded_leg import RecordedLeg
    from callbeam.kvs import Job, KvsClient, Stream
    from callbeam.records import Contact

EARLIEST_MS, LATEST_MS = 0, 1 << 45
"""Any call lies between them: 1970 and 3084."""

LOOKED_UP_AT_ONCE = 8
"""Streams described at a time: KVS allows an account 300 a second."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Audio of a call that must not be used: half-open spans, UTC milliseconds."""

    call_id: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job, and the contacts that it is about.

    Attributes
    ----------
    job : Job
    contacts : tuple of Contact
        Those that begin in the job or within ``LEG_SKEW_MS`` of it, by call_id: near a border two jobs have a contact,
        for the server's time decides, which records do not tell.
    recorded : tuple of RecordedLeg
        Recordings of calls that begin in the job, by place; what streams hold of these calls goes first.
    left_out : tuple of LedgerRow
        Recordings that are not read, for nothing tells when they began: the first of several jobs accounts for them.
    """

    job: Job
    contacts: tuple[Contact, ...]
    recorded: tuple[RecordedLeg, ...] = ()
    left_out: tuple[LedgerRow, ...] = ()


@dataclass(frozen=True, slots=True)
class ContactPlan:
    """What contacts come to.

    Attributes
    ----------
    jobs : tuple of PlannedJob
        One for each UTC day on which a contact may begin, in order.
    unreadable : mapping of str to str
        By call_id: contacts that no job looks for, and why.
    """

    jobs: tuple[PlannedJob, ...]
    unreadable: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PlacedContacts:
    """Contacts as records and KVS together tell of them.

    Attributes
    ----------
    contacts : tuple of Contact
        By call_id. What a named first fragment tells is in them: when a session began, whose it is.
    streams : mapping of str to Stream or None
        By ARN, those that their sessions name; None where there is none.
    """

    contacts: tuple[Contact, ...]
    streams: Mapping[str, Stream | None]


def place_contacts(client: KvsClient, contacts: Iterable[Contact]) -> PlacedContacts:
    """Ask KVS for what records leave open: connectors' streams, which streams are there, when named fragments came.

    Parameters
    ----------
    client : KvsClient
    contacts : iterable of Contact

    Raises
    ------
    UsageError
        If KVS refuses, or cannot be asked.
    """
    contacts = with_connector_streams(client, contacts)
    streams = _look_up(client, (session.stream_arn for contact in contacts for session in contact.sessions))
    return PlacedContacts(tuple(locate(client, contacts, streams)), streams)


def plan_contacts(placed: PlacedContacts, source: str, now_ms: int, recorded: Recorded | None = None) -> ContactPlan:
    """Plan a job for each UTC day on which contacts begin.

    Parameters
    ----------
    placed : PlacedContacts
    source : str
        Where the records lie, the same however a user writes it: with the day it names a job, so that later records
        of the same place replace what earlier ones gave.
    now_ms : int
        The instant of planning; what has not been over for ``LEG_SKEW_MS`` is left to a later run.
    recorded : Recorded, optional
        Recordings of these contacts: they are read even where no stream exists any more.

    Raises
    ------
    UsageError
        If no contact can be looked for, or their streams lie in several accounts or regions.
    """
    found = {arn: stream for arn, stream in placed.streams.items() if stream is not None}
    unreadable: dict[str, str] = {}
    by_day: defaultdict[int, list[Contact]] = defaultdict(list)
    recorded = recorded or Recorded("", ())
    recorded_ms = {one.leg.identity.call_id: one.leg.start_server_ms for one in recorded.legs}
    for contact in placed.contacts:
        begin_ms = contact_begin_ms(contact) or recorded_ms.get(contact.call_id)
        if begin_ms is None:
            unreadable[contact.call_id] = _why_unplaced(contact, placed.streams)
        elif begin_ms > now_ms - LEG_SKEW_MS:
            unreadable[contact.call_id] = "it began less than 2 minutes ago, or in the future"
        else:
            for day in days_of(contact, found) or {begin_ms // DAY_MS}:
                by_day[day].append(contact)
    jobs = [_job(day * DAY_MS, some, found, source, now_ms, recorded) for day, some in sorted(by_day.items())]
    planned = tuple(job for job in jobs if job is not None)
    looked_for = {contact.call_id for job in planned for contact in job.contacts}
    for contact in (contact for some in by_day.values() for contact in some):
        if contact.call_id not in looked_for:
            unreadable[contact.call_id] = "no record of its day names a stream that exists"
    if not planned:
        why = next(iter(unreadable.values()), "no contact is in these records")
        raise UsageError(f"{source} names no contact that can be read: {why}")
    return ContactPlan(planned, unreadable)


def plan_recorded(recorded: Recorded, now_ms: int) -> list[PlannedJob]:
    """Plan a job for each UTC day on which recorded calls begin, over their recordings alone.

    Parameters
    ----------
    recorded : Recorded
        At least one leg.
    now_ms : int
        The instant of planning.

    Raises
    ------
    UsageError
        If all calls begin in the future.
    """
    jobs = []
    for day, legs in recorded.by_day(DAY_MS).items():
        start_ms, end_ms = day * DAY_MS, (day + 1) * DAY_MS
        if start_ms < now_ms:
            named_by = ((recorded.source,), start_ms, end_ms)
            job = make_job((recorded.source,), (), start_ms, end_ms, now_ms, named_by=named_by, only=CallFilter())
            jobs.append(PlannedJob(job, (), legs))
    if not jobs:
        raise UsageError(f"the recordings in {recorded.place} begin in the future by their names: check these")
    return jobs


def _why_unplaced(contact: Contact, streams: Mapping[str, Stream | None]) -> str:
    """Say why it is not known when a contact began."""
    if contact.voice_connector_id is not None and not contact.sessions:
        return f"no record names a stream of it, and none is called after voice connector {contact.voice_connector_id}"
    for session in contact.sessions:
        if session.first_fragment is None:
            continue
        name = stream_name(session.stream_arn)
        if streams.get(session.stream_arn) is None:
            return f"there is no stream {name}"
        return f"no record tells when it began, and stream {name} holds no fragment {session.first_fragment}"
    return "no record tells when it began"


def has_ended(contact: Contact, now_ms: int) -> bool:
    """Tell whether records say that a contact is over, and its last fragments have had time to arrive."""
    return contact.ended_ms is not None and contact.ended_ms <= now_ms - LEG_SKEW_MS


def leg_roles(contacts: Iterable[Contact], roles: Mapping[str, str] | None = None) -> tuple[LegRole, ...]:
    """Return whose voice each leg carries that has a stream to itself, as far as a role map or records tell.

    Parameters
    ----------
    contacts : iterable of Contact
    roles : mapping of str to str, optional
        What ``parse_role_map`` returned, as a mapping; it wins over what records tell.
    """
    found = []
    for contact in contacts:
        for session in contact.sessions:
            name = stream_name(session.stream_arn)
            mapped = leg_role(roles or {}, name, is_caller=session.is_caller, label=session.media_label)
            role, source = (session.role, session.role_source) if mapped is None else (mapped, "role_map")
            if role is not None:
                names = (contact.call_id, *contact.aliases)
                found += [LegRole(name, session.stream_arn, role, source) for name in names]
    return tuple(found)


def exclusions(contacts: Iterable[Contact]) -> tuple[Exclusion, ...]:
    """Return which audio of contacts must not be used: what a list of calls excludes, or does not include."""
    return tuple(
        Exclusion(name, spans)
        for contact in contacts
        if (spans := (*contact.exclude_spans, *_outside(contact.include_spans)))
        for name in (contact.call_id, *contact.aliases)
    )


def _outside(included: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return what lies before, between and behind spans; nothing if there are none."""
    if not included:
        return []
    begins, ends = zip(*sorted(included), strict=True)
    return [span for span in zip((EARLIEST_MS, *ends), (*begins, LATEST_MS), strict=True) if span[0] < span[1]]


def _look_up(client: KvsClient, arns: Iterable[str]) -> dict[str, Stream | None]:
    """Find streams, each once; None for those of which KVS says that there are none."""

    def find(arn: str) -> Stream | None:
        try:
            return client.resolve_streams([arn])[0]
        except NoStreamError:
            return None

    names = sorted(set(arns))
    with ThreadPoolExecutor(max_workers=LOOKED_UP_AT_ONCE) as pool:
        try:
            return dict(zip(names, pool.map(find, names), strict=True))
        finally:
            pool.shutdown(cancel_futures=True)


def _job(
    day_ms: int,
    contacts: Sequence[Contact],
    streams: Mapping[str, Stream],
    source: str,
    now_ms: int,
    recorded: Recorded,
) -> PlannedJob | None:
    """Make the job of a day; None if it has not begun, or its contacts' streams are gone and nothing was recorded."""
    arns = {session.stream_arn for contact in contacts for session in contact.sessions}
    used = [streams[arn] for arn in sorted(arns) if arn in streams]
    end_ms = min(day_ms + DAY_MS, now_ms - LEG_SKEW_MS)
    files = recorded.by_day(DAY_MS).get(day_ms // DAY_MS, ())
    if not (used or files) or end_ms <= day_ms:
        return None
    only = CallFilter(frozenset(name for contact in contacts for name in (contact.call_id, *contact.aliases)))
    place = f"records:{source}"
    sources = (place, recorded.source, *only.words()) if recorded.legs else (place, *only.words())
    named_by = ((place,), day_ms, day_ms + DAY_MS)
    reach = Stretch(day_ms - LEG_SKEW_MS, end_ms + LEG_SKEW_MS)
    sought = [one for contact in contacts for one in sought_in(reach, contact, streams)]
    job = make_job(sources, used, day_ms, end_ms, now_ms, named_by=named_by, only=only, sought=sought, arns=arns)
    return PlannedJob(job, tuple(sorted(contacts, key=lambda contact: contact.call_id)), files)
