"""What crosses from the source to the decoder: legs, pieces of them, and what is noted of how they were read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from callbeam.kvs import FetchedFragment, Stream, Unit
    from callbeam.payload import TrackVerdict
    from callbeam.timeline import ClockStep, LegClock, TrackAnchor


@dataclass(frozen=True, slots=True)
class CallIdentity:
    """Whose call a fragment is, from its tags.

    Attributes
    ----------
    call_id : str
        ContactId (Connect), TransactionId (Chime), or ``<stream>#<first fragment number>`` (untagged).
    source : str
        ``connect``, ``chime`` or ``untagged``.
    """

    call_id: str
    source: str
    instance_id: str | None = None
    chime_call_id: str | None = None
    voice_connector_id: str | None = None


@dataclass(frozen=True, slots=True)
class Leg:
    """A run of one call's fragments on one stream.

    Attributes
    ----------
    start_server_ms : int
        Server timestamp of the first fragment; it decides which unit and which job own the leg.
    recorded : bool
        It lies in a recording: ``stream`` is then the file's place, and its only fragment has number 0.
    """

    identity: CallIdentity
    stream: Stream
    first_number: int
    start_server_ms: int
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A leg's media, or 30 minutes of a longer leg's.

    Attributes
    ----------
    leg : Leg
    clock : LegClock
        The leg's clock, as far as it had run before ``fragments[0]``.
    unit : Unit
        The unit that owns the leg.
    index : int
        0, 1, ...: the piece's core is [index * PIECE_MS, (index + 1) * PIECE_MS) of the leg's clock. A core that a long
        pause leaves without a fragment has no piece.
    last : bool
        No piece of this leg follows: the core then has no end.
    fragments : tuple of FetchedFragment
        In the order in which KVS received them (server time, then number), all with media: core and leads of LEAD_MS
        on either side.
    first_owned, end_owned : int
        ``fragments[first_owned:end_owned]`` are this piece's to account for; each fragment of a leg that has media is
        owned once.
    anchors : tuple of TrackAnchor
        Where each track's samples had got to before ``fragments[0]``, so that a piece places them as the whole leg
        would.
    positions : tuple of (int or None)
        Where each of ``fragments`` begins on the leg's clock, in ns, where that is not what ``locate`` says; empty if
        it is for all.
    steps : tuple of ClockStep
        Of the producer's clock, at fragments that this piece owns.
    verdicts : tuple of TrackVerdict
        What each of its tracks holds, as decided over the leg.
    """

    leg: Leg
    clock: LegClock
    unit: Unit
    index: int
    last: bool
    fragments: tuple[FetchedFragment, ...]
    first_owned: int
    end_owned: int
    anchors: tuple[TrackAnchor, ...] = ()
    positions: tuple[int | None, ...] = ()
    steps: tuple[ClockStep, ...] = ()
    verdicts: tuple[TrackVerdict, ...] = ()

    def digest(self) -> str:
        """Hash all that decides what it decodes to: which fragments, where they lie, how they are read, whose they are.

        What a fragment holds is told by its number and length: KVS never gives a number to other media.
        """
        listed = [
            (one.listed.number, one.listed.server_ms, one.listed.producer_ms, len(one.document.data))
            for one in self.fragments
            if one.document is not None
        ]
        unit = self.unit.start_ms, self.unit.end_ms
        place = self.leg, self.clock, unit, self.index, self.last, self.first_owned, self.end_owned
        reading = self.anchors, self.positions, self.steps, self.verdicts
        return hashlib.sha256(repr((listed, place, reading)).encode()).hexdigest()

    def let_go(self) -> None:
        """Drop the fragments, once their samples are decoded: asking for them again raises AttributeError.

        Whoever handed a piece on may hold it until the next takes it up again, and half an hour's media with it.
        """
        object.__delattr__(self, "fragments")


@dataclass(frozen=True, slots=True)
class LegEnd:
    """What is known when a leg has been read, or only seen: enough to decide who owns its call.

    Attributes
    ----------
    pieces : int
        How many pieces were emitted; 0 for a leg in the margin before the job, whose audio is not read.
    last_server_ms : int
        Server timestamp of the last fragment.
    open : bool
        The call may still be going on: no other call followed on the stream, and the last fragment was younger than
        1 h 5 min at the job's ``as_of_ms``.
    may_be_cut : bool
        Audio without tags came within an hour after it on its stream, or it is such audio after a named call: both may
        be one.
    clock_source : str
        What told when the leg began, should none of its audio be had: of a stream the server.
    """

    leg: Leg
    pieces: int
    last_server_ms: int
    open: bool
    may_be_cut: bool = False
    clock_source: str = "server"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One fragment that a unit listed, and what became of it (table ``fragments``)."""

    unit_start_ms: int
    stream: Stream
    number: int
    server_ms: int | None
    producer_ms: int | None
    bytes: int
    status: str
    reason: str = ""
    call_id: str | None = None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Something that failed: where, why, and a sample of it (table ``dead_letters``).

    ``place`` is where it was found if that is on no stream: a record in its file, a contact.
    """

    step: str
    reason: str
    detail: str
    stream: Stream | None = None
    number: int | None = None
    unit_start_ms: int | None = None
    call_id: str | None = None
    sample: bytes = b""
    place: str | None = None


CLOCK_STEPPED = "clock_stepped"
"""The producer's clock was set; the value is by how many milliseconds."""


@dataclass(frozen=True, slots=True, order=True)
class Notice:
    """One thing that was found while reading, for whoever reads the call: a warning, and the figures that belong to it.

    Attributes
    ----------
    warning : str
        As in ``calls.warnings``.
    value : float or None
        What was measured of it, where a column holds that.
    at_ms : int or None
        Where on the leg's clock, of what happens at some place.
    """

    warning: str
    value: float | None = None
    at_ms: int | None = None
