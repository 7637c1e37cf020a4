"""Cuts a leg into pieces while it is read: media of at most one piece and its leads is held."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from callbeam.calls.pieces import Piece
from callbeam.payload import Surveyor
from callbeam.timeline import (
    BLOCK_REACH_MS,
    LEAD_MS,
    LOOK_AHEAD,
    NS_PER_MS,
    PIECE_MS,
    ClockWatch,
    Decision,
    Placer,
    begin_of,
    start_clock,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callbeam.calls.pieces import Leg
    from callbeam.kvs import FetchedFragment, Unit
    from callbeam.timeline import LegClock, TrackAnchor

HOLD_MS = LEAD_MS + BLOCK_REACH_MS
"""How long before a piece's core its first fragment may begin: its audio reaches on into the lead-in."""


class _Held(NamedTuple):
    fragment: FetchedFragment
    position_ms: float
    decision: Decision


class PieceCutter:
    """Takes a leg's fragments in order and gives out its pieces.

    A piece goes out when the clock closes it: the leg has left its lead-out behind. Audio lies where its position says;
    to be accounted for, fragments are dealt out in order: a straggler that comes when its piece is gone is the next
    one's. A fragment waits until it is known what each of its tracks holds (``survey``).

    Parameters
    ----------
    leg : Leg
    unit : Unit
        The unit that owns the leg.
    first : FetchedFragment
        The leg's first fragment, with media; ``add`` it as well.

    Attributes
    ----------
    emitted : int
        Pieces given out. Cores that a long pause leaves without a fragment are left out: indices may have holes.
    """

    def __init__(self, leg: Leg, unit: Unit, first: FetchedFragment) -> None:
        self.unit = unit
        self.emitted = 0
        self._leg = leg
        self._surveyor = Surveyor()
        self._waiting: deque[FetchedFragment] = deque()
        self._placer = Placer(start_clock(first), (), self._surveyor.verdicts)
        self._watch = ClockWatch(self._placer)
        # by the index of a piece: the state before its first fragment
        self._states: dict[int, tuple[LegClock, tuple[TrackAnchor, ...]]] = {0: (self._placer.clock, ())}
        self._held: deque[_Held] = deque()
        self._owned_before = 0  # how many of the fragments held an earlier piece owns
        self._index = 0

    def add(self, fragment: FetchedFragment) -> Iterator[Piece]:
        """Take the leg's next fragment; yield the pieces that are closed."""
        self._surveyor.take(fragment.document)
        self._waiting.append(fragment)
        yield from self._place_waiting(final=False)

    def finish(self) -> Iterator[Piece]:
        """Yield what is left when the leg has ended."""
        self._surveyor.finish()
        yield from self._place_waiting(final=True)
        self._watch.forget()
        while self._owned_before < len(self._held):
            yield from self._cut()

    def _place_waiting(self, *, final: bool) -> Iterator[Piece]:
        """Place the fragments of which is known what they hold and where they lie."""
        while self._waiting and self._surveyor.settled(self._waiting[0].document):
            fragment, *following = islice(self._waiting, LOOK_AHEAD + 1)
            decision = self._watch.decide(fragment, following, final=final or len(following) >= LOOK_AHEAD)
            if decision is None:
                break
            yield from self._place(self._waiting.popleft(), decision)

    def _place(self, fragment: FetchedFragment, decision: Decision) -> Iterator[Piece]:
        before_ms = self._held[-1].position_ms if self._held else 0.0
        begin_ns = begin_of(self._placer.clock, fragment) if decision.begin_ns is None else decision.begin_ns
        position_ms = before_ms if begin_ns is None else begin_ns / NS_PER_MS
        self._remember_state(before_ms, position_ms)
        self._placer.place(fragment, begin_ns)
        self._watch.note(fragment, decision)
        self._held.append(_Held(fragment, position_ms, decision))
        while self._placer.clock.closed_ms >= (self._index + 1) * PIECE_MS:
            yield from self._cut()

    def _remember_state(self, before_ms: float, position_ms: float) -> None:
        """Remember the state before the first fragment that a piece begins with."""
        crossed = range(_last_begun(before_ms) + 1, _last_begun(position_ms) + 1)
        new = [index for index in crossed if index > self._index and index not in self._states]
        if new:
            state = (self._placer.clock, self._placer.anchors())
            self._states.update(dict.fromkeys(new, state))

    def _cut(self) -> Iterator[Piece]:
        """Yield the next piece if there is anything in it.

        What the piece after it does not need is let go of first: whoever takes a piece may then free it.
        """
        piece = self._next_piece()
        end_ms = (self._index + 1) * PIECE_MS
        while self._owned_before and self._held[0].position_ms < end_ms - HOLD_MS:
            self._held.popleft()
            self._owned_before -= 1
        self._index += 1
        if piece is not None:
            self.emitted += 1
            yield piece

    def _next_piece(self) -> Piece | None:
        """Put the next piece together, and count what it owns as dealt out; None if there is nothing in it."""
        core_ms, end_ms = self._index * PIECE_MS, (self._index + 1) * PIECE_MS
        owned_before = self._owned_before
        owned = self._owned_before = max(owned_before, self._count_before(end_ms))
        some = list(islice(self._held, max(owned, self._count_before(end_ms + LEAD_MS))))
        clock, anchors = self._states.pop(self._index)
        if owned == owned_before and not any(core_ms - BLOCK_REACH_MS <= held.position_ms < end_ms for held in some):
            return None
        return Piece(
            leg=self._leg,
            clock=clock,
            unit=self.unit,
            index=self._index,
            last=owned == len(self._held),
            fragments=tuple(held.fragment for held in some),
            first_owned=owned_before,
            end_owned=owned,
            anchors=anchors,
            positions=tuple(held.decision.begin_ns for held in some),
            steps=tuple(held.decision.step for held in some[owned_before:owned] if held.decision.step is not None),
            verdicts=tuple(self._surveyor.verdicts.values()),
        )

    def _count_before(self, position_ms: int) -> int:
        """Count the fragments held up to the last one that begins before a position."""
        for later, held in enumerate(reversed(self._held)):
            if held.position_ms < position_ms:
                return len(self._held) - later
        return 0


def _last_begun(position_ms: float) -> int:
    """Return the index of the last piece that holds what begins at a position."""
    return max(0, int((position_ms + HOLD_MS) // PIECE_MS))
