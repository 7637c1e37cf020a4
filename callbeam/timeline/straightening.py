"""Timecodes within a fragment that do not go on as its audio does: bursts, jitter, a clock that was set meanwhile."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from callbeam.payload import packets_as_samples
from callbeam.timeline.blocks import NS_PER_S, SEAM_MS, join_frames
from callbeam.timeline.leg_clock import BLOCK_REACH_MS, JITTER_MS, NS_PER_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.mkv import Block, Document
    from callbeam.payload import AudioFormat

SEAM_NS = SEAM_MS * NS_PER_MS


def straightened(
    blocks: list[Block], form: AudioFormat, rate_hz: int, document: Document, before_ns: int | None = None
) -> tuple[list[Block], list[Block]]:
    """Let blocks go on where they claim time that the fragment has filled, unless their bytes lie there.

    Blocks that are stamped when they come, one by one or in bursts, claim to overlap, and to leave gaps that later ones
    take back: they follow each other. Of gaps those stay that are larger than what is taken back elsewhere. Where
    timecodes go back by more than ``JITTER_MS``, the clock was set, and all that follows goes on from there.

    A payload that does not change is no evidence, nor is a time beyond what a fragment reaches.

    Parameters
    ----------
    blocks : list of Block
        One track's, in the document's order.
    form : AudioFormat
    rate_hz : int
    document : Document
    before_ns : int, optional
        Where the track's audio before the fragment ends, by the document's timecodes: the first block follows it where
        it lies within a seam of it, or is early by jitter, as later blocks show.

    Returns
    -------
    (list of Block, list of Block)
        The blocks, and what they are as samples (``packets_as_samples``; of samples the same list). The blocks are the
        same list where none claims time that is filled, as nearly always. Else what repeats audio comes last, where it
        claims to be: it must not take the place of what has none yet.
    """
    tick_ns = max(document.timecode_scale_ns, 1)
    counted = packets_as_samples(form, blocks, document) if form.in_packets else blocks
    first_ns = counted[0].timecode * tick_ns
    if before_ns is not None and first_ns - SEAM_NS <= before_ns <= first_ns + JITTER_MS * NS_PER_MS:
        if abs(first_ns - before_ns) <= SEAM_NS:
            first_ns = before_ns
        elif not _is_constant(blocks[0], form, document) and _catches_up(
            counted, before_ns, tick_ns, form.frame_bytes, rate_hz
        ):
            moves, first_ns = (counted[0].timecode, -(-before_ns // tick_ns)), before_ns
            blocks, counted = _retimed(blocks, *moves), _retimed(counted, *moves)
    if len(counted) == 1 or _go_on(counted, first_ns, tick_ns, form.frame_bytes, rate_hz):
        return blocks, counted
    said = [first_ns, *(block.timecode * tick_ns for block in counted[1:])]
    lasting = [_lasting_ns(block.end - block.start, form.frame_bytes, rate_hz) for block in counted]
    moved = _moved(blocks, said, lasting, form, document)
    if moved is blocks:
        return blocks, counted
    return moved, packets_as_samples(form, moved, document) if form.in_packets else moved


def _is_constant(block: Block, form: AudioFormat, document: Document) -> bool:
    payload, width = bytes(document.payload(block)), form.frame_bytes
    return payload[width:] == payload[:-width]


def _retimed(blocks: Sequence[Block], before: int, after: int) -> list[Block]:
    return [block._replace(timecode=after) if block.timecode == before else block for block in blocks]


def _lasting_ns(size: int, frame_bytes: int, rate_hz: int) -> int:
    return size // frame_bytes * NS_PER_S // rate_hz


def _catches_up(blocks: Sequence[Block], end_ns: int, tick_ns: int, frame_bytes: int, rate_hz: int) -> bool:
    """Tell whether blocks that follow each other from ``end_ns`` on come to one that claims that time, but for jitter.

    Those of an upload that begins a little before the end of what was there do not: all claim to lie as much earlier.
    """
    for _, timecode, start, end in blocks:
        ahead_ns = timecode * tick_ns - end_ns
        if ahead_ns >= -SEAM_NS:
            return ahead_ns <= JITTER_MS * NS_PER_MS
        end_ns += _lasting_ns(end - start, frame_bytes, rate_hz)
    return False


def _go_on(blocks: Sequence[Block], first_ns: int, tick_ns: int, frame_bytes: int, rate_hz: int) -> bool:
    """Tell whether each block begins where the one before it ends, or later; it runs for every block of every call."""
    end_ns, known, ns = first_ns, -1, 0
    for _, timecode, start, end in blocks:
        ahead_ns = timecode * tick_ns - end_ns
        if not -SEAM_NS <= ahead_ns <= SEAM_NS:
            if ahead_ns < 0:
                return False
            end_ns += ahead_ns
        if end - start != known:  # most blocks are as long as the one before
            known = end - start
            ns = _lasting_ns(known, frame_bytes, rate_hz)
        end_ns += ns
    return True


def _moved(
    blocks: list[Block], said: Sequence[int], lasting: Sequence[int], form: AudioFormat, document: Document
) -> list[Block]:
    """Return the blocks in their order, each where it begins; the same list where none that is new overlaps another."""
    tick_ns = max(document.timecode_scale_ns, 1)
    units = join_frames(blocks) if form.in_packets else blocks
    claimed, repeating = _claims(units, said, lasting, form, document)
    if claimed is None:
        return blocks
    moving = [index for index in range(len(units)) if index not in repeating]
    begins = _laid([claimed[index] for index in moving], [lasting[index] for index in moving])
    order = [*zip(moving, begins, strict=True), *((index, claimed[index]) for index in sorted(repeating))]
    timed = [(units[index], (at_ns + tick_ns // 2) // tick_ns) for index, at_ns in order]
    if units is blocks:
        return [unit._replace(timecode=timecode) for unit, timecode in timed]
    lace = {unit.start: [block for block in blocks if unit.start <= block.start < unit.end] for unit in units}
    return [block._replace(timecode=timecode) for unit, timecode in timed for block in lace[unit.start]]


def _claims(
    units: Sequence[Block], said: Sequence[int], lasting: Sequence[int], form: AudioFormat, document: Document
) -> tuple[list[int] | None, set[int]]:
    """Return the time that each block claims, by the clock as it was at first, and which are no audio of their own.

    These repeat what lies where they claim to be, or cannot be told from that, or lie beyond all reach. None for the
    times if no block that is new claims time that is filled.
    """
    reach_ns = BLOCK_REACH_MS * NS_PER_MS
    first_ns = document.clusters[0] * document.timecode_scale_ns
    claimed: list[int] = []
    repeating: set[int] = set()
    held, back_ns, overlaps = bytearray(), 0, False
    end_ns = latest = None
    for index, (unit, said_ns, ns) in enumerate(zip(units, said, lasting, strict=True)):
        payload = bytes(document.payload(unit))
        constant = _is_constant(unit, form, document)
        at_ns = said_ns + back_ns
        early_ns = 0 if end_ns is None else end_ns - at_ns
        is_new = early_ns <= ns / 2 or not (constant or payload in held)
        if is_new and early_ns > SEAM_NS and not constant:
            overlaps = True
            if early_ns > JITTER_MS * NS_PER_MS and latest is not None and unit.timecode < latest:
                back_ns, at_ns = back_ns + early_ns, at_ns + early_ns
        if is_new and abs(at_ns - first_ns) <= reach_ns:
            end_ns = ns + (at_ns if end_ns is None or at_ns > end_ns + SEAM_NS else end_ns)
            latest = unit.timecode
        else:
            repeating.add(index)
        claimed.append(at_ns)
        held += payload
    return claimed if overlaps else None, repeating


def _laid(claimed: Sequence[int], lasting: Sequence[int]) -> list[int]:
    """Return where blocks begin that do not overlap: each as late as it claims, and as early as those after it do."""
    before = [0, *accumulate(lasting)]
    ahead = [at_ns - audio_ns for at_ns, audio_ns in zip(claimed, before, strict=False)]
    kept = list(accumulate(reversed(ahead), min))[::-1]
    jitter_ns = max((said - left for said, left in zip(ahead, kept, strict=True)), default=0)
    begins: list[int] = []
    end_ns = claimed[0] if claimed else 0
    for audio_ns, left, ns in zip(before, kept, lasting, strict=False):
        gap_ns = audio_ns + left - end_ns
        begins.append(end_ns + gap_ns if gap_ns > jitter_ns else end_ns)
        end_ns = begins[-1] + ns
    return begins
