"""What a channel holds, summed up so that its pieces can be joined: samples, digest, gaps."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from callbeam.audio.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from callbeam.audio.channel import Channel


@dataclass(frozen=True, slots=True)
class ChannelExtent:
    """A channel's samples and gaps, of one piece's core or of a whole leg.

    Attributes
    ----------
    sample_rate_hz : int
    samples : int
        Samples decoded, gaps left out.
    pcm_sha256 : str
        SHA-256 of them as s16le; of the pieces' hex digests, joined, where there are several.
    gap_count, gap_samples : int
        Gaps between the first and the last sample, and their total length.
    begin, end : int
        The leg's sample indices of the first sample, and after the last.
    chunks : CHUNK array, shape (k,)
        What the samples are (``callbeam.audio.fingerprint``), by which copies are told that differ at their edges;
        places are milliseconds from the leg's clock zero.
    """

    sample_rate_hz: int
    samples: int
    pcm_sha256: str
    gap_count: int
    gap_samples: int
    begin: int
    end: int
    chunks: npt.NDArray[np.void]

    @property
    def gap_ms(self) -> int:
        """Total length of the gaps in whole milliseconds."""
        return (self.gap_samples * 1000 + self.sample_rate_hz // 2) // self.sample_rate_hz


def core_covered(channel: Channel) -> npt.NDArray[np.int64]:
    """Return the intervals of the leg's sample indices that hold audio in the core; int64, shape (k, 2)."""
    clipped = np.clip(channel.covered, channel.core_start, channel.core_end)
    return clipped[clipped[:, 0] < clipped[:, 1]]


def core_samples(channel: Channel) -> npt.NDArray[np.int16]:
    """Return the core's samples with the gaps left out; int16, a view where there is no gap."""
    intervals = core_covered(channel) - channel.first_sample
    if len(intervals) == 1:
        return channel.samples[intervals[0, 0] : intervals[0, 1]]
    if not len(intervals):
        return channel.samples[:0]
    return np.concatenate([channel.samples[start:end] for start, end in intervals])


def pcm_sha256(channel: Channel) -> str:
    """Return the SHA-256 of ``core_samples`` as s16le bytes, in hexadecimal."""
    digest = hashlib.sha256()
    for start, end in core_covered(channel) - channel.first_sample:
        digest.update(np.ascontiguousarray(channel.samples[start:end], "<i2").data)
    return digest.hexdigest()


def gaps(channel: Channel) -> npt.NDArray[np.int64]:
    """Return the intervals without audio between the core's first and last sample; int64, shape (k, 2)."""
    covered = core_covered(channel)
    return np.stack((covered[:-1, 1], covered[1:, 0]), axis=1)


def channel_extent(channel: Channel) -> ChannelExtent:
    """Sum up a channel's core, which holds at least one sample."""
    covered = core_covered(channel)
    missing = gaps(channel)
    return ChannelExtent(
        sample_rate_hz=channel.sample_rate_hz,
        samples=int((covered[:, 1] - covered[:, 0]).sum()),
        pcm_sha256=pcm_sha256(channel),
        gap_count=len(missing),
        gap_samples=int((missing[:, 1] - missing[:, 0]).sum()),
        begin=int(covered[0, 0]),
        end=int(covered[-1, 1]),
        chunks=_chunks(channel),
    )


def _chunks(channel: Channel) -> npt.NDArray[np.void]:
    chunks = fingerprint(core_samples(channel))
    covered = core_covered(channel)
    lengths = covered[:, 1] - covered[:, 0]
    skipped = covered[:, 0] - (np.cumsum(lengths) - lengths)  # by interval: what to add to an index without gaps
    for name, at in (("begin", chunks["begin"]), ("end", chunks["end"] - 1)):
        interval = np.searchsorted(np.cumsum(lengths), at, side="right")
        chunks[name] = (at + skipped[interval]) * 1000 // channel.sample_rate_hz
    return chunks


def join_extents(extents: Sequence[ChannelExtent]) -> ChannelExtent:
    """Join the extents of all pieces of a leg's channel.

    Parameters
    ----------
    extents : sequence of ChannelExtent
        At least one; all pieces at once, in order: a digest of digests cannot be continued.

    Returns
    -------
    ChannelExtent
        A gap that spans a border between pieces counts once.
    """
    borders = [after.begin - before.end for before, after in pairwise(extents)]
    digests = [extent.pcm_sha256 for extent in extents]
    return ChannelExtent(
        sample_rate_hz=extents[0].sample_rate_hz,
        samples=sum(extent.samples for extent in extents),
        pcm_sha256=digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest(),
        gap_count=sum(extent.gap_count for extent in extents) + sum(border > 0 for border in borders),
        gap_samples=sum(extent.gap_samples for extent in extents) + sum(borders),
        begin=extents[0].begin,
        end=extents[-1].end,
        chunks=np.concatenate([extent.chunks for extent in extents]),
    )
