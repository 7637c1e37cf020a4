"""A leg's clock: which instant a fragment's media begins at, by producer time, timecodes or server time.

All positions on a leg's clock are whole nanoseconds since its sample 0, so that nothing is rounded on the way and a
later piece of a leg continues from exactly the state that the whole leg would have there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callbeam.errors import CallbeamError
from callbeam.mkv import fragment_tags

if TYPE_CHECKING:
    from callbeam.kvs import FetchedFragment
    from callbeam.mkv import Document

NS_PER_MS = 1_000_000

PIECE_MS = 30 * 60_000
"""A leg longer than this is analysed in pieces of this length of its own clock."""

LEAD_MS = 30_000
"""How much of its neighbours a piece also carries, on each side, so that its edges are analysed as its middle."""

TOLERANCE_MS = 5 * 60_000
"""How far producer time, or continued timecodes, may lie from server time and still be believed."""

BLOCK_REACH_MS = 25_000
"""A fragment holds at most 20 s: a block that begins or ends further than this from its fragment's first Cluster is not
believed. So a fragment reaches no further, and none beyond a piece's lead-out (which is longer) into its core."""

RESET_SLACK_MS = 5_000
"""A fragment placed by server time follows its predecessor where that ends at most this much later: arrival jitters by
about a second, and audio that follows on the wire must not be taken for an overlap."""

JITTER_MS = 250
"""Within this of the audio's end no clock was set, whatever a fragment or a block claims: what lies behind is a gap,
what lies before is jitter, and goes on at the end."""

MAX_INSTANT_MS = 253_402_300_800_000
"""The year 10000: a tag that says more is no instant."""

PRODUCER_UNCERTAINTY_MS = 50
"""Hosts on NTP, whole milliseconds, and the 20 ms within which blocks follow without a seam."""

SERVER_UNCERTAINTY_MS = 2_000
"""Server time is when KVS began to receive a fragment: captures show it 1.5 s after to 1 s before the audio."""


class ClockError(CallbeamError):
    """A leg cannot get a clock."""


@dataclass(frozen=True, slots=True)
class LegClock:
    """The clock of one leg, and how far it has run: the state after some of its fragments.

    Attributes
    ----------
    source : str
        ``producer``: producer timestamps lie within 5 min of server time and are used. ``server``: the leg's first
        server timestamp, plus timecodes. Of a recording ``record`` or ``file_name``: what told when it began.
    start_ms : int
        UTC milliseconds of the leg's sample 0.
    uncertainty_ms : int
        How far ``start_ms`` may lie from the truth.
    begin_ns : int
        Where the last fragment that could be placed begins.
    end_ns : int
        Where that fragment's audio ends.
    timecode_ns : int or None
        That fragment's first Cluster timecode; None before the first fragment.
    closed_ms : int
        Audio before it is given away already, in pieces that are closed (or lies before sample 0); none is added.
    reach_ms : int
        The furthest end of any audio placed so far, rounded up.
    """

    source: str
    start_ms: int
    uncertainty_ms: int
    begin_ns: int = 0
    end_ns: int = 0
    timecode_ns: int | None = None
    closed_ms: int = 0
    reach_ms: int = 0

    def moved(self, begin_ns: int, timecode_ns: int, closed_ms: int) -> LegClock:
        """Return the clock at the next fragment, of which nothing is placed yet."""
        return LegClock(
            self.source, self.start_ms, self.uncertainty_ms, begin_ns, begin_ns, timecode_ns, closed_ms, self.reach_ms
        )

    def reached(self, end_ns: int, reach_ms: int) -> LegClock:
        """Return the clock when its fragment has been placed."""
        begin_ns, timecode_ns, closed_ms = self.begin_ns, self.timecode_ns, self.closed_ms
        return LegClock(
            self.source, self.start_ms, self.uncertainty_ms, begin_ns, end_ns, timecode_ns, closed_ms, reach_ms
        )


def start_clock(fragment: FetchedFragment) -> LegClock:
    """Start a leg's clock.

    Parameters
    ----------
    fragment : FetchedFragment
        The leg's first fragment that has media.

    Returns
    -------
    LegClock
        Its ``start_ms`` is the instant of the fragment's earliest block.

    Raises
    ------
    ClockError
        The fragment has no server timestamp, neither as listed nor in its tags.
    """
    server_ms, producer_ms = instants(fragment)
    if server_ms is None:
        raise ClockError(
            f"fragment {fragment.listed.number} has no server timestamp, so a leg cannot begin with it; "
            "begin with one that ListFragments gives a ServerTimestamp for"
        )
    lead_ns = _earliest_block_ns(fragment.document) if fragment.document is not None else 0
    if producer_ms is not None and abs(producer_ms - server_ms) <= TOLERANCE_MS:
        return LegClock("producer", producer_ms + lead_ns // NS_PER_MS, PRODUCER_UNCERTAINTY_MS)
    return LegClock("server", server_ms + lead_ns // NS_PER_MS, SERVER_UNCERTAINTY_MS)


def instants(fragment: FetchedFragment) -> tuple[int | None, int | None]:
    """Return a fragment's server and producer time in UTC ms: as listed, else by its AWS tags (they agree)."""
    server_ms, producer_ms = fragment.listed.server_ms, fragment.listed.producer_ms
    if fragment.document is not None and (server_ms is None or producer_ms is None):
        tags = fragment_tags(fragment.document)
        server_ms = tags.server_ms if server_ms is None else server_ms
        producer_ms = tags.producer_ms if producer_ms is None else producer_ms
    return _plausible(server_ms), _plausible(producer_ms)


def _plausible(instant_ms: int | None) -> int | None:
    return instant_ms if instant_ms is not None and abs(instant_ms) < MAX_INSTANT_MS else None


def locate(clock: LegClock, fragment: FetchedFragment, at_ns: int | None = None) -> LegClock | None:
    """Find where a fragment's first Cluster lies.

    Parameters
    ----------
    clock : LegClock
        The state after the leg's fragments before this one.
    fragment : FetchedFragment
        The leg's next fragment, in the order in which KVS received them, with media.
    at_ns : int, optional
        Where it begins on the leg's clock, if that was decided otherwise (``ClockWatch``).

    Returns
    -------
    LegClock or None
        The state with this fragment's ``begin_ns``, ``timecode_ns`` and, as nothing of it is placed yet, an ``end_ns``
        that equals its begin. None if nothing tells where the fragment lies, or it has no Cluster.

    Notes
    -----
    On a producer clock, producer time within 5 min of server time is the position. Elsewhere the fragment continues
    its predecessor by timecodes, unless they do not rise (another PutMedia session began) or run away from server time
    by more than 5 min: then its own server time is the position, or the predecessor's end if that is a little later.
    """
    document = fragment.document
    begin_ns = begin_of(clock, fragment) if at_ns is None else at_ns
    if begin_ns is None or document is None or not document.clusters:
        return None
    timecode_ns = document.clusters[0] * document.timecode_scale_ns
    return clock.moved(begin_ns, timecode_ns, _closed_ms(clock, begin_ns))


def begin_of(clock: LegClock, fragment: FetchedFragment) -> int | None:
    """Tell where a fragment's first Cluster lies on the leg's clock, in ns, as ``locate`` does."""
    document = fragment.document
    if document is None or not document.clusters:
        return None
    server_ms, producer_ms = instants(fragment)
    if (
        clock.source == "producer"
        and producer_ms is not None
        and server_ms is not None
        and abs(producer_ms - server_ms) <= TOLERANCE_MS
    ):
        return (producer_ms - clock.start_ms) * NS_PER_MS
    server_ns = None if server_ms is None else (server_ms - clock.start_ms) * NS_PER_MS
    begin_ns = _continued(clock, document.clusters[0] * document.timecode_scale_ns, server_ns)
    return _after(clock, server_ns) if begin_ns is None and server_ns is not None else begin_ns


def _continued(clock: LegClock, timecode_ns: int, server_ns: int | None) -> int | None:
    if clock.timecode_ns is None or timecode_ns <= clock.timecode_ns:
        return None
    begin_ns = clock.begin_ns + timecode_ns - clock.timecode_ns
    reference_ns = clock.end_ns if server_ns is None else server_ns
    return begin_ns if abs(begin_ns - reference_ns) <= TOLERANCE_MS * NS_PER_MS else None


def _after(clock: LegClock, server_ns: int) -> int:
    if clock.timecode_ns is not None and 0 < clock.end_ns - server_ns <= RESET_SLACK_MS * NS_PER_MS:
        return clock.end_ns
    return server_ns


def _closed_ms(clock: LegClock, begin_ns: int) -> int:
    """Close each piece that two fragments in a row have left behind by its lead-out; one may be an outlier."""
    left_ms = min(begin_ns, clock.begin_ns) // NS_PER_MS
    return max(clock.closed_ms, (left_ms - LEAD_MS) // PIECE_MS * PIECE_MS)


def _earliest_block_ns(document: Document) -> int:
    """Return the earliest believable block's offset from the first Cluster's timecode."""
    if not document.clusters:
        return 0
    reach = BLOCK_REACH_MS * NS_PER_MS // max(document.timecode_scale_ns, 1)
    offsets = [block.timecode - document.clusters[0] for block in document.blocks]
    return min((ticks for ticks in offsets if abs(ticks) <= reach), default=0) * document.timecode_scale_ns
