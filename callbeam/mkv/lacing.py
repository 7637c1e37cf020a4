"""Laced blocks: several frames in one block, in the three ways that Matroska has (RFC 9559, 10.3)."""

from __future__ import annotations

from callbeam.mkv.ebml import MkvError, StructureError, read_vint

XIPH, FIXED, EBML = 0x02, 0x04, 0x06
LACING = 0x06
"""The two bits of a block's flags that say how it is laced."""


def lace(data: bytes | memoryview, start: int, end: int, lacing: int) -> list[tuple[int, int]]:
    """Return where the frames of a laced block lie.

    Parameters
    ----------
    data : bytes-like
    start, end : int
        The block's payload behind its header: the number of frames, their sizes, the frames.
    lacing : int
        ``XIPH``, ``FIXED`` or ``EBML``.

    Returns
    -------
    list of (int, int)
        Start and end of each frame that is not empty, in order; they adjoin.

    Raises
    ------
    MkvError
        The sizes are cut, or do not fit the block.
    """
    if start >= end:
        raise MkvError("a laced block has no number of frames", start)
    count, position = data[start] + 1, start + 1
    if lacing == FIXED:
        size, left = divmod(end - position, count)
        if left:
            raise MkvError(f"a lace of {count} equal frames has {end - position} bytes", start)
        sizes = [size] * count
    else:
        sizes, position = (_xiph_sizes if lacing == XIPH else _ebml_sizes)(data, position, end, count)
        sizes.append(end - position - sum(sizes))
        if min(sizes) < 0:
            raise MkvError("the sizes of a lace's frames are more than the block has", start)
    frames = []
    for size in sizes:
        if size:
            frames.append((position, position + size))
        position += size
    return frames


def _xiph_sizes(data: bytes | memoryview, position: int, end: int, count: int) -> tuple[list[int], int]:
    """Read all sizes but the last: bytes of 255, and one below, whose sum each is."""
    sizes = []
    for _ in range(count - 1):
        size, byte = 0, 255
        while byte == 255:
            if position >= end:
                raise MkvError("the sizes of a lace are cut", position)
            byte = data[position]
            size += byte
            position += 1
        sizes.append(size)
    return sizes, position


def _ebml_sizes(data: bytes | memoryview, position: int, end: int, count: int) -> tuple[list[int], int]:
    """Read all sizes but the last: the first as it is, then signed differences."""
    sizes: list[int] = []
    for _ in range(count - 1):
        try:
            value, after = read_vint(data, position, end)
        except StructureError as error:  # of the lace alone: the document's structure is whole
            raise MkvError(f"in the sizes of a lace {error.message}", position) from None
        if sizes:
            value += sizes[-1] - ((1 << 7 * (after - position) - 1) - 1)
            if value < 0:
                raise MkvError("a frame of a lace has a size below 0", position)
        sizes.append(value)
        position = after
    return sizes, position
