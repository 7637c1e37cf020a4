"""Places a fragment's blocks of one track on the leg's sample grid: the loop that runs for every block of every call.

A track's payload is a stream of bytes, cut into blocks anywhere: what a block has over whole samples belongs to the
block that adjoins it, in whatever fragment. Packets of a codec are counted in samples, a byte for each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import gcd
from typing import TYPE_CHECKING

from callbeam.mkv import Block
from callbeam.payload import starts_anew
from callbeam.timeline.leg_clock import BLOCK_REACH_MS, NS_PER_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.mkv import Document, Track
    from callbeam.payload import AudioFormat
    from callbeam.timeline.intervals import Intervals
    from callbeam.timeline.leg_clock import LegClock

NS_PER_S = 1_000_000_000

SEAM_MS = 20
"""A block that lies within this of its predecessor's end, on either side, follows it without a seam; where duplicates
came between, its predecessor is the audio that ends there."""

MAX_TAILS = 16
"""How many ends of audio are remembered whose last bytes are no whole sample: re-uploads come back to few of them."""


@dataclass(slots=True)
class Run:
    """Samples without a gap: begin and end on the leg's grid, and the bytes that hold them.

    Attributes
    ----------
    blocks : list of Block
        Blocks, or parts of blocks: their payloads, one after the other, may hold less than a sample more.
    head : bytes
        What comes before them: the beginning of a sample that an earlier fragment's last block holds.
    """

    start: int
    end: int
    blocks: list[Block]
    head: bytes = b""


@dataclass(slots=True)
class TrackPlacement:
    """What one fragment gives to one track.

    Attributes
    ----------
    form : AudioFormat
        How the payload is read.
    runs : list of Run
    packets : list of Block
        Of a codec: the fragment's blocks, in order. The blocks of ``runs`` then count the samples that these hold.
    placed, covered, late : int
        Samples in ``runs``; samples that were covered already; those that came too late for their piece or lie before
        sample 0.
    odd : int
        Times that the audio went on elsewhere although its last bytes were no whole sample.
    stray : int
        Blocks left out because they begin or end over 25 s from where their fragment begins.
    """

    track: Track
    name: str
    sample_rate_hz: int
    form: AudioFormat
    runs: list[Run] = field(default_factory=list)
    packets: list[Block] = field(default_factory=list)
    placed: int = 0
    covered: int = 0
    late: int = 0
    odd: int = 0
    stray: int = 0


@dataclass(slots=True)
class TrackState:
    """Where a track's samples have got to.

    Attributes
    ----------
    next_sample : int or None
        The leg's sample index after the last block; None before the first.
    covered : Intervals
        Samples that hold audio already.
    tails : dict of int to bytes
        By the sample index where audio ends: its last bytes, where they are no whole sample.
    """

    sample_rate_hz: int
    next_sample: int | None
    covered: Intervals
    tails: dict[int, bytes] = field(default_factory=dict)

    def remember_tail(self, end: int, tail: bytes) -> None:
        """Remember bytes that are no whole sample yet; the first ones that came stay."""
        if tail and end not in self.tails:
            if len(self.tails) >= MAX_TAILS:
                del self.tails[next(iter(self.tails))]
            self.tails[end] = tail


def join_frames(blocks: Sequence[Block]) -> list[Block]:
    """Join blocks of one timecode that adjoin each other in the document: the frames of a laced block."""
    joined: list[Block] = []
    for block in blocks:
        if joined and block.start == joined[-1].end and block.timecode == joined[-1].timecode:
            joined[-1] = joined[-1]._replace(end=block.end)
        else:
            joined.append(block)
    return joined


def place_blocks(
    state: TrackState, placed: TrackPlacement, blocks: list[Block], document: Document, clock: LegClock
) -> None:
    """Place a track's blocks: this loop runs for every block of every call, so the usual block takes few steps.

    Parameters
    ----------
    state : TrackState
        Is moved on.
    placed : TrackPlacement
        Gets the runs and counts.
    blocks : list of Block
        The track's, in the document's order.
    clock : LegClock
        At the document's fragment (``locate``).
    """
    rate = state.sample_rate_hz
    covered = state.covered
    width = placed.form.frame_bytes
    first = document.clusters[0]
    origin, per_tick, divisor = _sample_grid(clock.begin_ns, document.timecode_scale_ns, rate)
    reach, limit, seam, closed = _limits(clock, document.timecode_scale_ns, rate)
    following = state.next_sample
    run: Run | None = None  # while it is open: `following` is its end, and no audio lies beyond
    rest = 0  # bytes at the end of the open run that are no whole sample
    moved = False  # whether `following` is the end of audio that the block before repeated, not its own
    for block in blocks:
        _, timecode, start, end = block
        ticks = timecode - first
        position = (origin + ticks * per_tick) // divisor
        if run is not None and following is not None and -seam <= position - following <= seam:
            if rest and starts_anew(_tail(run, rest, document), document.data[start:end], placed.form):
                rest = _without_tail(run, rest, placed)
            rest += end - start
            stop = following + rest // width
            if stop <= limit:
                run.blocks.append(block)
                following = stop
                rest %= width
                continue
            rest -= end - start
        if run is not None and following is not None:
            _close(run, following, state, _tail(run, rest, document))
            run = None
        # What repeats audio stays where that is: behind a short block it would be moved on, and heard twice.
        repeated = moved and _is_covered(covered, position, (end - start) // width)
        position = _chained(position, following, covered, 0 if repeated else seam)
        head = _head(state, placed, position, document.data[start:end])
        total = len(head) + end - start
        stop = position + total // width
        if not -reach <= ticks <= reach or stop > limit:
            placed.stray += 1
            continue
        if end == start:
            continue
        state.tails.pop(position, None)
        place, moved = (position, stop), False
        if stop > position >= (max(covered.ends[-1], closed) if covered.ends else closed):
            run, rest, following = _new_run(state, placed, place, block, head), total % width, stop
        else:
            following = _fill_holes(state, placed, place, block, head, (closed, seam)) if stop > position else stop
            moved = following > stop
            state.remember_tail(following, (head + bytes(document.data[start:end]))[total - total % width :])
    if run is not None and following is not None:
        _close(run, following, state, _tail(run, rest, document))
    placed.placed = sum(run.end - run.start for run in placed.runs)
    state.next_sample = following


def _limits(clock: LegClock, tick_ns: int, rate: int) -> tuple[int, int, int, int]:
    """Return a block's reach in ticks, and in samples: where it must end, a seam, what is closed."""
    reach = BLOCK_REACH_MS * NS_PER_MS // max(tick_ns, 1)
    limit = (clock.begin_ns + BLOCK_REACH_MS * NS_PER_MS) * rate // NS_PER_S
    return reach, limit, SEAM_MS * rate // 1000, clock.closed_ms * rate // 1000


def _head(state: TrackState, placed: TrackPlacement, position: int, payload: memoryview) -> bytes:
    """Return the beginning of a sample that is left over where a block begins, unless it begins with its own."""
    head = state.tails.get(position, b"")
    if head and starts_anew(head, payload, placed.form):
        del state.tails[position]
        placed.odd += 1
        return b""
    return head


def _new_run(state: TrackState, placed: TrackPlacement, place: tuple[int, int], block: Block, head: bytes) -> Run:
    """Begin a run beyond all audio."""
    if state.covered.ends and state.tails.pop(state.covered.ends[-1], None) is not None:
        placed.odd += 1
    run = Run(*place, [block], head)
    placed.runs.append(run)
    return run


def _close(run: Run, end: int, state: TrackState, tail: bytes) -> None:
    run.end = end
    state.covered.add(run.start, end)
    state.remember_tail(end, tail)


def _without_tail(run: Run, rest: int, placed: TrackPlacement) -> int:
    """Take the last bytes off a run, where they belong to no sample; return how many are left over then."""
    placed.odd += 1
    while rest and run.blocks:
        last = run.blocks[-1]
        off = min(rest, last.end - last.start)
        run.blocks[-1] = last._replace(end=last.end - off)
        rest -= off
        if run.blocks[-1].start == run.blocks[-1].end:
            run.blocks.pop()
    if rest:
        run.head = run.head[:-rest]
    return 0


def _tail(run: Run, rest: int, document: Document) -> bytes:
    """Return the last ``rest`` bytes of a run."""
    if not rest:
        return b""
    tail = b""
    for _, _, start, end in reversed(run.blocks):
        tail = bytes(document.data[max(start, end - rest + len(tail)) : end]) + tail
        if len(tail) == rest:
            return tail
    return (run.head + tail)[-rest:]


def _chained(position: int, following: int | None, covered: Intervals, seam: int) -> int:
    """Let a block follow its predecessor, or else the audio that ends where it begins, without a seam."""
    if following is not None and -seam <= position - following <= seam:
        return following
    return covered.end_near(position, seam)


def _is_covered(covered: Intervals, position: int, samples: int) -> bool:
    """Tell whether there is audio already wherever a block would lie."""
    return samples > 0 and not covered.uncovered(position, position + samples)


def _sample_grid(begin_ns: int, tick_ns: int, rate: int) -> tuple[int, int, int]:
    """Return (a, b, c) such that tick t of a fragment lies at sample (a + b * t) // c, rounded to nearest."""
    common = gcd(tick_ns * rate, NS_PER_S) or 1
    return (begin_ns * rate + NS_PER_S // 2) // common, tick_ns * rate // common, NS_PER_S // common


def _fill_holes(
    state: TrackState,
    placed: TrackPlacement,
    place: tuple[int, int],
    block: Block,
    head: bytes,
    limits: tuple[int, int],
) -> int:
    """Place what is not covered of a block that does not lie beyond all audio; return where the next one follows.

    A remainder of a partly covered block no longer than a seam is jitter, not audio: so a duplicate that lies a little
    off its original leaves no slivers, and what follows the duplicate follows the original's end.
    """
    position, end = place
    closed, seam = limits
    covered, width = state.covered, placed.form.frame_bytes
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
            # byte 0 of the block is byte len(head) of the samples from `position` on
            begin = block.start - len(head) + width * (open_start - position)
            part = Block(placed.track.number, 0, max(begin, block.start), begin + width * (part_end - open_start))
            placed.runs.append(Run(open_start, part_end, [part], head if begin < block.start else b""))
            covered.add(open_start, part_end)
    covered_end = covered.end_of(following - 1)
    if covered_end is not None and covered_end - following <= seam:
        return covered_end
    return following
