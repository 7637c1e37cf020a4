"""Which samples each block fills: position from timecodes, length from bytes, the lower fragment number wins."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from math import gcd
from typing import TYPE_CHECKING

from callbeam.calls.formats import DEFAULT_RATE_HZ, PcmFormat, is_audio, pcm_format
from callbeam.calls.identity import trimmed_name
from callbeam.calls.intervals import Intervals
from callbeam.calls.timeline import BLOCK_REACH_MS, NS_PER_MS, TOLERANCE_MS, locate
from callbeam.kvs.fragments import FragmentStatus
from callbeam.mkv.document import Block

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callbeam.calls.timeline import LegClock
    from callbeam.kvs.fragments import FetchedFragment
    from callbeam.mkv.document import Document, Track

__all__ = [
    "BLOCK_REACH_MS",
    "SEAM_MS",
    "FragmentPlacement",
    "Placer",
    "Run",
    "TrackAnchor",
    "TrackPlacement",
    "advance",
    "advance_anchors",
]

NS_PER_S = 1_000_000_000

SEAM_MS = 20
"""A block that lies within this of its predecessor's end, on either side, follows it without a seam; where duplicates
came between, its predecessor is the audio that ends there."""

REMEMBER_MS = 2 * TOLERANCE_MS
"""How far behind the closed pieces covered samples are remembered, to tell a duplicate from late audio."""


@dataclass(frozen=True, slots=True)
class TrackAnchor:
    """Where a track's samples had got to at some fragment of a leg.

    Attributes
    ----------
    track_name : str
    sample_rate_hz : int
    next_sample : int
        The leg's sample index after the last block, whether that was placed or covered already.
    covered : tuple of (int, int)
        Sorted, disjoint, non-touching [start, end) intervals of the leg's sample indices that hold audio already.
    """

    track_name: str
    sample_rate_hz: int
    next_sample: int
    covered: tuple[tuple[int, int], ...] = ()


@dataclass(slots=True)
class Run:
    """Samples without a gap: begin and end on the leg's grid, and the blocks, or parts of blocks, that hold them."""

    start: int
    end: int
    blocks: list[Block]


@dataclass(slots=True)
class TrackPlacement:
    """What one fragment gives to one track.

    Attributes
    ----------
    runs : list of Run
    placed, covered, late : int
        Samples in ``runs``; samples that were covered already; those that came too late for their piece or lie before
        sample 0.
    odd : int
        Payloads of an odd size, whose last byte is no sample.
    stray : int
        Blocks left out because they begin or end over 25 s from where their fragment begins.
    """

    track: Track
    name: str
    sample_rate_hz: int
    big_endian: bool
    runs: list[Run] = field(default_factory=list)
    placed: int = 0
    covered: int = 0
    late: int = 0
    odd: int = 0
    stray: int = 0


@dataclass(slots=True)
class FragmentPlacement:
    """What one fragment gives to its leg.

    Attributes
    ----------
    tracks : list of TrackPlacement
        The tracks that can be decoded and have blocks.
    problems : list of (FragmentStatus, str)
        What cannot be used, as the status it would end with and the reason for people.
    """

    tracks: list[TrackPlacement] = field(default_factory=list)
    problems: list[tuple[FragmentStatus, str]] = field(default_factory=list)


@dataclass(slots=True)
class _TrackState:
    sample_rate_hz: int
    next_sample: int | None
    covered: Intervals


class Placer:
    """Places a leg's fragments one after the other; its state is (``clock``, ``anchors()``).

    Parameters
    ----------
    clock : LegClock
    anchors : sequence of TrackAnchor
        The state before the first fragment to come: a fresh clock and none, or what an earlier placer had got to.
    """

    def __init__(self, clock: LegClock, anchors: Sequence[TrackAnchor] = ()) -> None:
        self.clock = clock
        self._tracks = {
            anchor.track_name: _TrackState(anchor.sample_rate_hz, anchor.next_sample, Intervals(anchor.covered))
            for anchor in anchors
        }

    def anchors(self) -> tuple[TrackAnchor, ...]:
        """Return where each track has got to."""
        return tuple(
            TrackAnchor(name, state.sample_rate_hz, state.next_sample, state.covered.pairs())
            for name, state in self._tracks.items()
            if state.next_sample is not None
        )

    def place(self, fragment: FetchedFragment) -> FragmentPlacement:
        """Place the leg's next fragment, in order of number."""
        placement = FragmentPlacement()
        document = fragment.document
        if document is None:
            placement.problems.append((fragment.status or FragmentStatus.NOT_FOUND, fragment.reason or "no media"))
            return placement
        if not document.blocks:
            return placement
        clock = locate(self.clock, fragment)
        if clock is None:
            reason = "no server or producer time, and timecodes that do not continue the fragment before"
            placement.problems.append((FragmentStatus.NO_TIMESTAMP, reason))
            return placement
        if clock.closed_ms > self.clock.closed_ms:
            self._forget_before(clock.closed_ms - REMEMBER_MS)
        end_ns, reach_ms = clock.end_ns, clock.reach_ms
        for track, blocks in _audio_blocks(document, placement):
            state, placed = self._open(track, blocks[0], document, placement)
            if state is None or placed is None:
                continue
            _place_blocks(state, placed, blocks, document, clock)
            _report(placed, placement)
            if state.next_sample is None:
                del self._tracks[placed.name]  # nothing was placed: an anchor would not tell of it either
            else:
                end_ns = max(end_ns, state.next_sample * NS_PER_S // state.sample_rate_hz)
            if placed.runs and state.covered.ends:
                reach_ms = max(reach_ms, -(-state.covered.ends[-1] * 1000 // state.sample_rate_hz))
        self.clock = replace(clock, end_ns=end_ns, reach_ms=reach_ms)
        return placement

    def _open(
        self, track: Track, first: Block, document: Document, placement: FragmentPlacement
    ) -> tuple[_TrackState, TrackPlacement] | tuple[None, None]:
        """Find the track's state by its Name, or begin it; (None, None) and a problem if it cannot be decoded."""
        name = trimmed_name(track)
        form: PcmFormat | str = pcm_format(track, document.tags, document.payload(first))
        state = self._tracks.get(name)
        if any(placed.name == name for placed in placement.tracks):
            form = "a second track of the same name, which cannot be told from the first"
        elif (
            isinstance(form, PcmFormat)
            and state is not None
            and form.sample_rate_hz not in {None, state.sample_rate_hz}
        ):
            form = f"the sample rate changes from {state.sample_rate_hz} to {form.sample_rate_hz} Hz within the leg"
        if isinstance(form, str):
            placement.problems.append((FragmentStatus.UNSUPPORTED_CODEC, f"track {name!r}: {form}"))
            return None, None
        if state is None:
            state = _TrackState(form.sample_rate_hz or DEFAULT_RATE_HZ, None, Intervals())
            self._tracks[name] = state
        placed = TrackPlacement(track, name, state.sample_rate_hz, form.big_endian)
        placement.tracks.append(placed)
        return state, placed

    def _forget_before(self, limit_ms: int) -> None:
        for state in self._tracks.values():
            state.covered.forget_before(limit_ms * state.sample_rate_hz // 1000)


def advance(
    clock: LegClock, anchors: tuple[TrackAnchor, ...], fragment: FetchedFragment
) -> tuple[LegClock, tuple[TrackAnchor, ...]]:
    """Run the placement over one fragment; see ``advance_anchors``."""
    return advance_anchors(clock, anchors, (fragment,))


def advance_anchors(
    clock: LegClock, anchors: tuple[TrackAnchor, ...], fragments: Iterable[FetchedFragment]
) -> tuple[LegClock, tuple[TrackAnchor, ...]]:
    """Run the placement over fragments without touching their samples.

    Parameters
    ----------
    clock : LegClock
    anchors : tuple of TrackAnchor
        The state before the first of ``fragments``: ``start_clock``'s and () at a leg's beginning.
    fragments : iterable of FetchedFragment
        In order of number.

    Returns
    -------
    (LegClock, tuple of TrackAnchor)
        The state after them: what a piece needs as ``clock`` and ``anchors`` whose first fragment comes next.
        ``LegClock.begin_ns`` and ``end_ns`` tell where the last of them lies, ``closed_ms`` which pieces are complete,
        ``reach_ms`` whether the next piece's lead-in has begun.
    """
    placer = Placer(clock, anchors)
    for fragment in fragments:
        placer.place(fragment)
    return placer.clock, placer.anchors()


def _audio_blocks(document: Document, placement: FragmentPlacement) -> list[tuple[Track, list[Block]]]:
    """Group the blocks of audio tracks, in the order in which the tracks are declared."""
    by_number: dict[int, list[Block]] = defaultdict(list)
    for block in document.blocks:
        by_number[block.track].append(block)
    audio = []
    for track in document.tracks:
        found = by_number.pop(track.number, None)
        if found is not None and is_audio(track):
            audio.append((track, found))
    if by_number:
        reason = f"blocks of tracks that the document does not declare: {sorted(by_number)}"
        placement.problems.append((FragmentStatus.UNSUPPORTED_CODEC, reason))
    return audio


def _place_blocks(
    state: _TrackState, placed: TrackPlacement, blocks: list[Block], document: Document, clock: LegClock
) -> None:
    """Place a track's blocks: this loop runs for every block of every call, so the usual block takes few steps."""
    rate = state.sample_rate_hz
    covered = state.covered
    first = document.clusters[0]
    origin, per_tick, divisor = _sample_grid(clock.begin_ns, document.timecode_scale_ns, rate)
    reach = BLOCK_REACH_MS * NS_PER_MS // max(document.timecode_scale_ns, 1)
    limit = (clock.begin_ns + BLOCK_REACH_MS * NS_PER_MS) * rate // NS_PER_S
    seam = SEAM_MS * rate // 1000
    closed = clock.closed_ms * rate // 1000
    following = state.next_sample
    run: Run | None = None  # while it is open: `following` is its end, and no audio lies beyond
    for block in blocks:
        _, timecode, start, end = block
        ticks = timecode - first
        size = end - start
        position = (origin + ticks * per_tick) // divisor
        if run is not None and following is not None and -seam <= position - following <= seam and not size & 1:
            stop = following + (size >> 1)
            if stop <= limit:
                run.blocks.append(block)
                following = stop
                continue
        if size & 1:
            placed.odd += 1
            size -= 1
        _close(run, following, covered)
        run = None
        position = _chained(position, following, covered, seam)
        stop = position + (size >> 1)
        if not -reach <= ticks <= reach or stop > limit:
            placed.stray += 1
            continue
        if not size:
            continue
        following = stop
        if position >= (max(covered.ends[-1], closed) if covered.ends else closed):
            run = Run(position, following, [block if size == end - start else block._replace(end=start + size)])
            placed.runs.append(run)
        else:
            following = _fill_holes(covered, placed, (position, following), start, (closed, seam))
    _close(run, following, covered)
    placed.placed = sum(run.end - run.start for run in placed.runs)
    state.next_sample = following


def _close(run: Run | None, end: int | None, covered: Intervals) -> None:
    """Close a run if one is open."""
    if run is not None and end is not None:
        run.end = end
        covered.add(run.start, end)


def _chained(position: int, following: int | None, covered: Intervals, seam: int) -> int:
    """Let a block follow its predecessor, or else the audio that ends where it begins, without a seam."""
    if following is not None and -seam <= position - following <= seam:
        return following
    return covered.end_near(position, seam)


def _sample_grid(begin_ns: int, tick_ns: int, rate: int) -> tuple[int, int, int]:
    """Return (a, b, c) such that tick t of a fragment lies at sample (a + b * t) // c, rounded to nearest."""
    common = gcd(tick_ns * rate, NS_PER_S) or 1
    return (begin_ns * rate + NS_PER_S // 2) // common, tick_ns * rate // common, NS_PER_S // common


def _fill_holes(
    covered: Intervals, placed: TrackPlacement, block: tuple[int, int], offset: int, limits: tuple[int, int]
) -> int:
    """Place what is not covered of a block that does not lie beyond all audio; return where the next one follows.

    A remainder of a partly covered block no longer than a seam is jitter, not audio: so a duplicate that lies a little
    off its original leaves no slivers, and what follows the duplicate follows the original's end.
    """
    position, end = block
    closed, seam = limits
    following = end
    parts = covered.uncovered(position, end)
    if parts != [(position, end)]:
        if parts and parts[-1][1] == end and end - parts[-1][0] <= seam:
            following = parts[-1][0]
        parts = [(a, b) for a, b in parts if b - a > seam]
    placed.covered += end - position - sum(b - a for a, b in parts)
    for part_start, part_end in parts:
        open_start = max(part_start, closed)
        placed.late += min(part_end, open_start) - part_start
        if open_start < part_end:
            begin = offset + 2 * (open_start - position)
            part = Block(placed.track.number, 0, begin, begin + 2 * (part_end - open_start))
            placed.runs.append(Run(open_start, part_end, [part]))
            covered.add(open_start, part_end)
    covered_end = covered.end_of(following - 1)
    if covered_end is not None and covered_end - following <= seam:
        return covered_end
    return following


def _report(placed: TrackPlacement, placement: FragmentPlacement) -> None:
    name = f"track {placed.name!r}"
    if placed.stray:
        reason = f"{name}: {placed.stray} blocks lie over 25 s from where their fragment begins"
        placement.problems.append((FragmentStatus.NO_TIMESTAMP, reason))
    if placed.late:
        reason = f"{name}: {placed.late} samples lie before the leg's first or in a piece that was complete"
        placement.problems.append((FragmentStatus.NO_TIMESTAMP, reason))
    if placed.odd:
        reason = f"{name}: {placed.odd} payloads of an odd size; their last byte is left out"
        placement.problems.append((FragmentStatus.DAMAGED, reason))
