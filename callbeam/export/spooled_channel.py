"""One channel's samples on disk while its leg is read: from its first sample on, silence where there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import soxr

from callbeam.errors import JobError
from callbeam.spans import clip, mask_of_spans

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from callbeam.audio import Channel
    from callbeam.spans import SpanArray

    Int16Array = npt.NDArray[np.int16]

BLOCK = 1 << 20
"""Samples taken up at a time."""

SAMPLE_BYTES = 2


class SpooledChannel:
    """A channel, added piece by piece; what it holds in memory are its gaps.

    Parameters
    ----------
    path : pathlib.Path
        Of 16-bit little-endian samples; made here.
    channel : Channel
        The first piece's; ``add`` it as well.

    Attributes
    ----------
    about : Channel
        The first piece's, without its samples.
    sample_rate_hz : int
    begin, end : int
        The leg's sample indices of the first sample, and after the last one.
    """

    def __init__(self, path: Path, channel: Channel) -> None:
        self.path = path
        self.about = _without_samples(channel)
        self.sample_rate_hz = channel.sample_rate_hz
        self.begin = self.end = 0
        self._covered: list[SpanArray] = []
        path.touch()

    @property
    def covered(self) -> SpanArray:
        """Intervals of the leg's sample indices that hold audio, shape (k, 2)."""
        spans = np.concatenate(self._covered)
        apart = np.flatnonzero(spans[1:, 0] > spans[:-1, 1])
        return np.stack((spans[np.r_[0, apart + 1], 0], spans[np.r_[apart, len(spans) - 1], 1]), axis=1)

    @property
    def samples(self) -> int:
        """How many samples hold audio."""
        return sum(int((spans[:, 1] - spans[:, 0]).sum()) for spans in self._covered)

    def add(self, channel: Channel) -> None:
        """Append a piece's core.

        Raises
        ------
        JobError
            If its rate is another.
        """
        if channel.sample_rate_hz != self.sample_rate_hz:
            raise JobError(
                f"track {channel.track_name!r} of call {channel.leg.identity.call_id!r} changes from "
                f"{self.sample_rate_hz} to {channel.sample_rate_hz} Hz: leave the call out"
            )
        spans = clip(channel.covered, channel.core_start, channel.core_end)
        if not len(spans):
            return
        begin, end = int(spans[0, 0]), int(spans[-1, 1])
        if not self._covered:
            self.begin = begin
        with self.path.open("r+b") as file:
            file.seek((begin - self.begin) * SAMPLE_BYTES)  # what is skipped reads as zeros
            for at in range(begin, end, BLOCK):
                part = channel.samples[at - channel.first_sample : min(at + BLOCK, end) - channel.first_sample]
                file.write(part.astype("<i2").tobytes())
        self._covered.append(spans)
        self.end = end

    def read(self, first: int, count: int) -> Int16Array:
        """Return ``count`` samples from the leg's index ``first`` on, zeros outside of the channel."""
        samples = np.zeros(count, np.int16)
        low, high = max(first, self.begin), min(first + count, self.end)
        if low < high:
            with self.path.open("rb") as file:
                file.seek((low - self.begin) * SAMPLE_BYTES)
                samples[low - first : high - first] = np.frombuffer(file.read((high - low) * SAMPLE_BYTES), "<i2")
        return samples

    def blocks(self) -> Iterator[Int16Array]:
        """Yield all samples in order, some at a time."""
        for at in range(self.begin, self.end, BLOCK):
            yield self.read(at, min(BLOCK, self.end - at))


class PlacedChannel:
    """A channel in its place on a call's clock, at the call's rate.

    Parameters
    ----------
    spooled : SpooledChannel
    call_start_ms : int
        UTC milliseconds of the call's sample 0.
    rate_hz : int
        The call's; a channel of another rate is resampled to ``scratch``.
    scratch : pathlib.Path
    """

    def __init__(self, spooled: SpooledChannel, call_start_ms: int, rate_hz: int, scratch: Path) -> None:
        self._spooled = spooled
        covered = spooled.covered
        if spooled.sample_rate_hz != rate_hz:
            self._spooled = _resampled(spooled, rate_hz, scratch)
            covered = _rescaled(covered, spooled.sample_rate_hz, rate_hz)
        self._shift = round((spooled.about.clock_start_ms - call_start_ms) * rate_hz / 1000)
        self._covered = covered + self._shift
        self.samples = int((covered[:, 1] - covered[:, 0]).sum())
        self.end = int(self._covered[-1, 1])

    def overlaps(self, other: PlacedChannel) -> bool:
        """Tell whether both reach over some instant."""
        return bool(self._covered[0, 0] < other.end and other._covered[0, 0] < self.end)

    def fill(self, side: Int16Array, taken: npt.NDArray[np.bool_], first: int) -> None:
        """Put its audio into a stretch of the call where nothing is yet.

        Parameters
        ----------
        side : int16 array, shape (n,)
            From the call's sample ``first`` on.
        taken : bool array, shape (n,)
            Where it holds audio.
        first : int
        """
        held = mask_of_spans(self._covered, first, len(side)) & ~taken
        side[held] = self._spooled.read(first - self._shift, len(side))[held]
        taken |= held


def _without_samples(channel: Channel) -> Channel:
    return replace(channel, samples=np.zeros(0, np.int16), covered=np.zeros((0, 2), np.int64))


def _resampled(spooled: SpooledChannel, rate_hz: int, path: Path) -> SpooledChannel:
    """Resample a whole channel, block by block."""
    begin = int(_rescaled(np.array([spooled.begin]), spooled.sample_rate_hz, rate_hz)[0])
    result = SpooledChannel(path, replace(spooled.about, sample_rate_hz=rate_hz))
    stream = soxr.ResampleStream(spooled.sample_rate_hz, rate_hz, 1, dtype="int16")
    result.begin = result.end = begin
    with path.open("wb") as file:
        for block in spooled.blocks():
            result.end += file.write(stream.resample_chunk(block).astype("<i2").tobytes()) // SAMPLE_BYTES
        rest = stream.resample_chunk(np.zeros(0, np.int16), last=True)
        result.end += file.write(rest.astype("<i2").tobytes()) // SAMPLE_BYTES
    return result


def _rescaled(positions: npt.NDArray[np.int64], rate_hz: int, target_hz: int) -> SpanArray:
    """Turn sample indices of one rate into the nearest of another."""
    return np.asarray((positions * target_hz * 2 + rate_hz) // (2 * rate_hz), np.int64)
