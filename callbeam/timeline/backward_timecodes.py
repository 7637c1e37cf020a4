"""Timecodes that go back within a fragment, because the producer's clock was set while it was written."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from callbeam.timeline.blocks import NS_PER_S
from callbeam.timeline.leg_clock import BLOCK_REACH_MS, JITTER_MS, NS_PER_MS

if TYPE_CHECKING:
    from callbeam.mkv import Block, Document
    from callbeam.payload import AudioFormat


def straightened(blocks: list[Block], form: AudioFormat, rate_hz: int, document: Document) -> list[Block]:
    """Let blocks go on where timecodes go back to time that the fragment has filled, unless their bytes lie there.

    Where they go back by much, seen from the end of the block before, the clock was set, and all that follows goes on;
    by little (``JITTER_MS``), it is a block's own jitter. A payload that does not change is no evidence, nor is a time
    beyond what a fragment reaches.

    Parameters
    ----------
    blocks : list of Block
        One track's, in the document's order.
    form : AudioFormat
    rate_hz : int
    document : Document

    Returns
    -------
    list of Block
        The same list where timecodes rise, as they nearly always do.
    """
    timecodes = [block.timecode for block in blocks]
    if form.in_packets or timecodes == sorted(timecodes):
        return blocks
    tick_ns, width, first = max(document.timecode_scale_ns, 1), form.frame_bytes, document.clusters[0]
    reach, jitter = (ms * NS_PER_MS // tick_ns for ms in (BLOCK_REACH_MS, JITTER_MS))
    made, held, back = [blocks[0]], bytes(document.payload(blocks[0])), 0
    for before, block in pairwise(blocks):
        payload = bytes(document.payload(block))
        goes_back = block.timecode < before.timecode and abs(before.timecode - first) <= reach
        if goes_back and payload[width:] != payload[:-width] and payload not in held:
            lasts_ns = (before.end - before.start) // width * NS_PER_S // rate_hz
            following = made[-1].timecode + lasts_ns // tick_ns
            if following - block.timecode - back > jitter:
                back = following - block.timecode
            made.append(block._replace(timecode=following))
        else:
            made.append(block._replace(timecode=block.timecode + back) if back else block)
        held += payload
    return made
