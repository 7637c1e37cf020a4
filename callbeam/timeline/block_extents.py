"""What a fragment claims for each of its tracks: how long its audio is, and where it begins by its timecodes.

And whether it is the audio that lies there already: a duplicate is told by its bytes, whatever time it claims.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callbeam.payload import packet_samples
from callbeam.timeline.blocks import NS_PER_S, SEAM_MS
from callbeam.timeline.leg_clock import BLOCK_REACH_MS, NS_PER_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from callbeam.mkv import Block, Document
    from callbeam.payload import AudioFormat
    from callbeam.timeline.intervals import Intervals

    Placed = tuple[int, int, Sequence["TrackClaim"], Document]  # begin, end and tracks of a fragment

NEAR_NS = 300_000_000
"""How far from where it claims to lie a duplicate's original may lie, as jitter was taken out of it."""

LEAST_BYTES = 160
"""Fewer bytes are no evidence."""

COMPARED = 12
"""Blocks of a fragment that are compared, of each track."""


@dataclass(frozen=True, slots=True)
class TrackClaim:
    """One track of a fragment.

    Attributes
    ----------
    name : str
    form : AudioFormat
    rate_hz : int
    blocks : list of Block
    first_ns, end_ns : int
        Where its first block begins and its audio ends, from the fragment's first Cluster on.
    next_ns : int or None
        Where the track's audio had got to before, on the leg's clock; None for a track that begins.
    covered : Intervals or None
        The track's samples so far.
    """

    name: str
    form: AudioFormat
    rate_hz: int
    blocks: list[Block]
    first_ns: int
    end_ns: int
    next_ns: int | None
    covered: Intervals | None

    def samples_at(self, at_ns: int) -> int:
        """Return the leg's sample index at an instant of its clock."""
        return at_ns * self.rate_hz // NS_PER_S

    def is_constant(self, until_ns: int, document: Document) -> bool:
        """Tell whether blocks that begin before ``until_ns``, from the fragment's first Cluster on, do not change."""
        tick_ns, first, width = document.timecode_scale_ns, document.clusters[0], self.form.frame_bytes
        early = (block for block in self.blocks if (block.timecode - first) * tick_ns < until_ns)
        payloads = (document.payload(block) for block in early)
        return all(payload[width:] == payload[:-width] for payload in payloads)


def claimed_span(blocks: Sequence[Block], form: AudioFormat, rate_hz: int, document: Document) -> tuple[int, int]:
    """Return where a track's audio begins and ends, in ns from the fragment's first Cluster on."""
    tick_ns, first = document.timecode_scale_ns, document.clusters[0]
    within = (block for block in blocks if (block.timecode - first) * tick_ns <= BLOCK_REACH_MS * NS_PER_MS)
    last = max(within, key=lambda block: block.timecode, default=blocks[-1])
    if form.in_packets:
        samples = packet_samples(form, document.payload(last))
    else:
        samples = (last.end - last.start) // form.frame_bytes
    return (blocks[0].timecode - first) * tick_ns, (last.timecode - first) * tick_ns + samples * NS_PER_S // rate_hz


def is_duplicate(claim: TrackClaim, at_ns: int, document: Document, before: Sequence[Placed]) -> bool | None:
    """Tell whether a track's audio is what lies already where it claims to lie.

    Parameters
    ----------
    claim : TrackClaim
    at_ns : int
        Where the fragment would begin on the leg's clock.
    document : Document
        The fragment's.
    before : sequence of (int, int, sequence of TrackClaim, Document)
        The fragments placed lately: begin and end on the leg's clock, and tracks.

    Returns
    -------
    bool or None
        None where bytes do not tell: nothing lies there, or what does is no longer at hand, or the payload does not
        change, or repeats itself.
    """
    if claim.covered is None or (claim.form.in_packets and not claim.blocks):
        return None
    first, width, tick_ns = document.clusters[0], claim.form.frame_bytes, document.timecode_scale_ns
    heaps: dict[tuple[int, int], bytes] = {}
    found = [0, 0]
    for block in claim.blocks:
        begin_ns = at_ns + (block.timecode - first) * tick_ns
        needle = _covered_part(claim, block, claim.samples_at(begin_ns), width, document)
        if len(needle) < LEAST_BYTES or needle[width:] == needle[:-width]:
            continue
        span = (begin_ns - NEAR_NS, begin_ns + len(needle) // width * NS_PER_S // claim.rate_hz + NEAR_NS)
        near = tuple(entry for entry in before if entry[0] < span[1] and entry[1] > span[0])
        key = (near[0][0], near[-1][1]) if near else (0, 0)
        if key not in heaps:
            heaps[key] = b"".join(_payloads(claim.name, near))
        heap = heaps[key]
        at = heap.find(needle)
        if (at >= 0 and heap.find(needle, at + 1) >= 0) or not heap:
            continue
        found[at >= 0] += 1
        if sum(found) >= COMPARED:
            break
    return found[1] > found[0] if any(found) else None


def _covered_part(claim: TrackClaim, block: Block, position: int, width: int, document: Document) -> bytes:
    """Return the bytes of a block that lie, by its claim, well within audio; b"" where none do."""
    payload = document.payload(block)
    if claim.form.in_packets:
        return bytes(payload) if claim.covered is not None and claim.covered.end_of(position) is not None else b""
    edge = SEAM_MS * claim.rate_hz // 1000  # by so much a block that follows without a seam may have been moved
    end = claim.covered.end_of(position) if claim.covered is not None else None
    if end is None:
        return b""
    inside = len(payload) if end - position > len(payload) // width + edge else max(0, end - position - edge) * width
    return bytes(payload[:inside])


def _payloads(name: str, some: Iterable[Placed]) -> Iterator[memoryview]:
    for _, _, claims, document in some:
        for claim in claims:
            if claim.name == name:
                yield from (document.payload(block) for block in claim.blocks)
