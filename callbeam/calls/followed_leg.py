"""The leg that a reader follows, and what is kept of it: so it need not be read again while it is what it was."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from callbeam.calls.ownership import LegState
    from callbeam.calls.piece_cutter import PieceCutter
    from callbeam.calls.pieces import CallIdentity, Leg, Piece
    from callbeam.calls.stream_cursor import Arrival
    from callbeam.calls.stream_scan import Observation
    from callbeam.kvs import Unit


@dataclass(frozen=True, slots=True)
class KeptLeg:
    """A leg that was read to its end without losing a fragment, as it was seen then.

    Attributes
    ----------
    leg : Leg
    identity : CallIdentity or None
        What the tags of its first fragment say.
    state : LegState
        The leg when it had ended.
    fragments : int
        How many it has.
    numbers_sha256 : str
        Hash of their numbers (``hash_numbers``).
    follower : int or None
        The number of the next fragment on its stream, which told that it had ended; None if none came in time.
    pieces : tuple of str
        Digests of its pieces (``Piece.digest``), in order.
    """

    leg: Leg
    identity: CallIdentity | None
    state: LegState
    fragments: int
    numbers_sha256: str
    follower: int | None
    pieces: tuple[str, ...]

    def is_in(self, arrivals: list[Arrival]) -> bool:
        """Tell whether the next fragments of a stream, one more than the leg has, are its own and then its follower."""
        own, after = arrivals[: self.fragments], arrivals[self.fragments :]
        if len(own) < self.fragments or (after[0].listed.number if after else None) != self.follower:
            return False
        return all(one.timed for one in own) and hash_numbers(one.listed.number for one in own) == self.numbers_sha256


class LegMemory(Protocol):
    """Where legs are kept from one reading of a lane to the next."""

    def begins(self, number: int) -> bool:
        """Tell whether a leg is kept that begins with a fragment."""

    def recall(self, number: int) -> KeptLeg | None:
        """Return that leg if all that its pieces gave is at hand."""

    def keep(self, leg: KeptLeg) -> None:
        """Keep a leg that has been read."""


@dataclass(slots=True)
class LegNotes:
    """What is noted of a leg while it is read.

    Attributes
    ----------
    identity : CallIdentity or None
        What the tags of its first fragment say.
    """

    identity: CallIdentity | None
    _numbers: list[int] = field(default_factory=list)
    _pieces: list[str] = field(default_factory=list)
    _whole: bool = True

    def add(self, seen: Observation) -> None:
        """Note a fragment.

        One whose time only its tags tell could not be accounted for without reading it. A damaged one may be better
        the next time.
        """
        self._numbers.append(seen.listed.number)
        document = seen.fetched.document if seen.fetched is not None else None
        self._whole = self._whole and seen.timed and document is not None and document.error is None

    def lose(self) -> None:
        """Note that a fragment was lost: the leg is to be read again, for that one may be there then."""
        self._whole = False

    def given(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """Note pieces before they are given on, for they may be let go of then."""
        for piece in pieces:
            self._pieces.append(piece.digest())
            yield piece

    def kept(self, leg: Leg, state: LegState, follower: int | None) -> KeptLeg | None:
        """Return what to keep of the leg now that it has ended; None if it is to be read again."""
        if not self._whole:
            return None
        numbers_sha256 = hash_numbers(self._numbers)
        return KeptLeg(leg, self.identity, state, len(self._numbers), numbers_sha256, follower, tuple(self._pieces))


@dataclass(frozen=True, slots=True)
class RecalledPieces:
    """Stands where the cutter of a leg would that is read: its pieces have been given out before."""

    unit: Unit
    emitted: int

    def finish(self) -> Iterator[Piece]:
        """Yield nothing."""
        return iter(())


@dataclass(slots=True)
class Following:
    """The leg that is being followed.

    Attributes
    ----------
    leg : Leg or None
        None for one that runs into the job, whose beginning was not seen.
    cutter : PieceCutter, RecalledPieces or None
        Present for a leg whose media is read, or was read before.
    may_be_cut : bool
        It has no tags, and begins soon after a named call.
    asked_for : bool
        The job's filter wants it.
    by_records : bool
        It begins here because records say so.
    notes : LegNotes or None
        Present for a leg that is read where legs are kept.
    ended : bool
        It is known to have no further fragment.
    """

    state: LegState
    leg: Leg | None = None
    cutter: PieceCutter | RecalledPieces | None = None
    may_be_cut: bool = False
    asked_for: bool = True
    by_records: bool = False
    notes: LegNotes | None = None
    ended: bool = False

    @property
    def call_id(self) -> str | None:
        """The call's name, if it has one."""
        return self.state.identity.call_id if self.state.identity is not None else None

    def given(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """Pass pieces on, noted where legs are kept."""
        return pieces if self.notes is None else self.notes.given(pieces)

    @property
    def foreign(self) -> CallIdentity | None:
        """The call whose fragments may be passed over; untagged audio must be read to know where it ends."""
        return self.state.identity if self.cutter is None and self.state.tagged_ms is not None else None


def hash_numbers(numbers: Iterable[int]) -> str:
    """Hash fragment numbers, in order."""
    return hashlib.sha256(" ".join(map(str, numbers)).encode()).hexdigest()
