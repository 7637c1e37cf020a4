"""Files of recordings become legs of calls: each file's call, its start, and whether it counts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from callbeam.calls import CallIdentity, DeadLetter, LedgerRow, Leg, RecordedLeg, contact_begin_ms
from callbeam.kvs import FragmentStatus, Stream
from callbeam.recordings.file_naming import CONVENTIONS, MINUTE_MS, Convention, FileName, read_file_name
from callbeam.timeline import LegClock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from callbeam.records import Contact

STEP = "FindRecordings"
"""How dead letters name the step that gives files up here."""

FROM_RECORD, FROM_NAME = "record", "file_name"
"""``calls.clock_source``: what told when the recording began."""

NO_START = (
    "neither its name nor a record tells when it began: give --calls with its ContactId and StartTimestamp, "
    "or leave it out"
)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file of which nothing tells when it began: it is listed, and lost."""

    place: str
    bytes: int

    @property
    def detail(self) -> str:
        """Which it is, and why, for people."""
        return f"{self.place}: {NO_START}"

    def row(self, unit_start_ms: int) -> LedgerRow:
        """Return its row of the ledger, in a unit that it is accounted for with, since it has none."""
        return LedgerRow(
            unit_start_ms=unit_start_ms,
            stream=Stream(self.place, 0, 0),
            number=0,
            server_ms=None,
            producer_ms=None,
            bytes=self.bytes,
            status=FragmentStatus.NO_TIMESTAMP.value,
            reason=NO_START,
        )

    def letter(self, unit_start_ms: int) -> DeadLetter:
        """Return its dead letter, in the same unit."""
        return DeadLetter(
            step=STEP,
            reason=FragmentStatus.NO_TIMESTAMP.value,
            detail=self.detail,
            stream=Stream(self.place, 0, 0),
            number=0,
            unit_start_ms=unit_start_ms,
        )


@dataclass(frozen=True, slots=True)
class RecordedFound:
    """What files of recordings come to.

    Attributes
    ----------
    legs : tuple of RecordedLeg
        By place.
    left_out : tuple of LeftOut
        Files of which nothing tells when they began.
    unnamed : int
        Files of calls that the records do not name.
    """

    legs: tuple[RecordedLeg, ...]
    left_out: tuple[LeftOut, ...]
    unnamed: int = 0


def find_recorded(
    place: str, files: Iterable[tuple[str, int]], contacts: Sequence[Contact] | None = None
) -> RecordedFound:
    """Make legs of recordings.

    Parameters
    ----------
    place : str
        The folder or prefix that they lie in, the same however a user writes it: with the file it names the leg's
        stream, and so its channels.
    files : iterable of (str, int)
        Their names below it, and their sizes.
    contacts : sequence of Contact, optional
        What records know of calls: then only their recordings are wanted. Without, a file's name must tell all.

    Returns
    -------
    RecordedFound

    Notes
    -----
    A recording is a contact's if a contact record names its file, or its own name has the contact's identifier. It
    began when records say that the agent was connected (Connect begins to record then) or the prompts began, whichever
    falls into the minute of its name; without such a record in that minute. That of an automated interaction began
    with the prompts. Of Live Call Analytics and of Chime it
    began when streaming did. Of a call's recordings those of one publisher count, in the order of ``CONVENTIONS``.

    Examples
    --------
    >>> name = "0a1b2c3d-0000-4000-8000-000000000001_20260302T09:30_UTC.wav"
    >>> found = find_recorded("calls", [(name, 44), ("holiday.wav", 44)])
    >>> [(one.leg.identity.call_id, one.clock.start_ms, one.convention) for one in found.legs]
    [('0a1b2c3d-0000-4000-8000-000000000001', 1772443800000, 'connect_recording')]
    >>> [file.place for file in found.left_out]
    ['calls/holiday.wav']
    """
    known = _Contacts(contacts or ())
    legs: list[RecordedLeg] = []
    left_out: list[LeftOut] = []
    unnamed = 0
    for key, size in files:
        where = f"{place.rstrip('/')}/{key}"
        name = read_file_name(where)
        listed = known.listing(key)
        contact = listed or known.named_in(name)
        if contacts is not None and contact is None:
            unnamed += 1
            continue
        convention = name.convention(contact.system if contact is not None else None)
        convention = CONVENTIONS["connect_recording"] if listed is not None else convention
        leg = _recorded_leg(where, (key, size), name, convention, contact)
        if leg is None:
            left_out.append(LeftOut(where, size))
        else:
            legs.append(leg)
    return RecordedFound(tuple(_those_that_count(legs)), tuple(left_out), unnamed)


class _Contacts:
    """Contacts by what the names of their recordings may hold."""

    def __init__(self, contacts: Iterable[Contact]) -> None:
        self._by_name: dict[str, Contact] = {}
        self._by_file: dict[str, Contact] = {}
        for contact in contacts:
            self._by_file.update({place.rpartition("/")[2]: contact for place in contact.recordings})
            for call_id in (contact.call_id, *contact.aliases):
                self._by_name.setdefault(call_id.lower(), contact)

    def listing(self, key: str) -> Contact | None:
        """Find the contact whose contact record lists the file."""
        return self._by_file.get(key.rpartition("/")[2])

    def named_in(self, name: FileName) -> Contact | None:
        """Find the contact whose identifier is in a file's name."""
        named = (self._by_name.get(call_id.lower()) for call_id in name.calls)
        return next((contact for contact in named if contact is not None), None)


def _recorded_leg(
    where: str, file: tuple[str, int], name: FileName, convention: Convention, contact: Contact | None
) -> RecordedLeg | None:
    """Return the leg that lies in a file; None if nothing tells when it began."""
    clock = _clock(name, convention, contact)
    if clock is None:
        return None
    begin_ms = contact_begin_ms(contact) if contact is not None else None
    leg = Leg(
        identity=_identity(name, contact),
        stream=Stream(where, 0, 0),
        first_number=0,
        start_server_ms=clock.start_ms if begin_ms is None else begin_ms,
        recorded=True,
    )
    return RecordedLeg(leg, clock, *file, convention.roles, convention.name)


def _identity(name: FileName, contact: Contact | None) -> CallIdentity:
    if contact is None:
        return CallIdentity(name.calls[0], "untagged" if name.contact_id is None else "connect")
    return CallIdentity(
        contact.call_id,
        contact.system,
        instance_id=contact.instance_id,
        voice_connector_id=contact.voice_connector_id,
    )


def _clock(name: FileName, convention: Convention, contact: Contact | None) -> LegClock | None:
    told = list(_told_starts(name, convention, contact)) if contact is not None else []
    if name.start_ms is not None:
        told = [start_ms for start_ms in told if start_ms - start_ms % MINUTE_MS == name.start_ms]
        if not told:
            return LegClock(FROM_NAME, name.start_ms, MINUTE_MS)
    return LegClock(FROM_RECORD, told[0], convention.precise_ms) if told else None


def _told_starts(name: FileName, convention: Convention, contact: Contact) -> Iterator[int]:
    """Yield the instants at which a recording may have begun, as records tell them, the likeliest first."""
    connect = convention.name == "connect_recording"
    instants = (
        contact.connected_to_agent_ms if connect and not name.automated else None,
        contact.connected_to_system_ms if connect else None,
        contact_begin_ms(contact),
    )
    yield from (instant for instant in instants if instant is not None)


def _those_that_count(legs: Sequence[RecordedLeg]) -> Iterator[RecordedLeg]:
    """Pass over a call's recordings by other publishers than the one that is believed most."""
    ranks = {name: rank for rank, name in enumerate(CONVENTIONS)}
    by_call: defaultdict[str, list[RecordedLeg]] = defaultdict(list)
    for one in legs:
        by_call[one.leg.identity.call_id].append(one)
    for one in sorted(legs, key=lambda one: one.leg.stream.arn):
        best = min(by_call[one.leg.identity.call_id], key=lambda other: (ranks[other.convention], other.leg.stream.arn))
        if one.convention == best.convention:
            yield one
        else:
            call_id, other = one.leg.identity.call_id, best.leg.stream.arn
            yield replace(one, passed_over=f"of call {call_id} the recording {other} counts")
