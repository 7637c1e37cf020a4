"""Packets of AAC and Opus to samples, with PyAV (the extra ``callbeam[codecs]``), fragment by fragment.

Each fragment is decoded by a decoder of its own, which is first fed the last packets of the fragment that it follows:
so a fragment's samples depend on these two alone, and not on where a piece of the leg begins. For AAC-LC the result is
what one decoder gives over the whole leg, but for the noise that a coder may have left to the decoder to make up; Opus,
whose state fades over 80 ms, comes within rounding of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import soxr

from callbeam.payload import adts_config, adts_split

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from callbeam.payload import AudioFormat

PRIMERS = {"aac": 4, "opus": 16}
"""Packets of the fragment before that a decoder is first fed: Opus needs 80 ms (RFC 7845, 4.2), AAC its overlap."""


def decode_packets(
    form: AudioFormat, primer: Sequence[bytes], packets: Sequence[bytes], lengths: Sequence[int]
) -> tuple[npt.NDArray[np.int16], list[int]]:
    """Decode one fragment's packets of a track.

    Parameters
    ----------
    form : AudioFormat
        ``aac`` or ``opus``.
    primer : sequence of bytes
        The last packets before these (``PRIMERS``); empty after a gap.
    packets : sequence of bytes
    lengths : sequence of int
        Samples of one channel that each packet lasts.

    Returns
    -------
    (int16 array, shape (sum(lengths), channels) or (sum(lengths),) of one channel; list of int)
        Zeros for packets that cannot be decoded, and which these are.
    """
    decoder = _open(form)
    for packet in primer:
        _decode(decoder, form, packet)
    parts, damaged = [], []
    for index, (packet, length) in enumerate(zip(packets, lengths, strict=True)):
        part = _decode(decoder, form, packet)
        if part is None and length:
            damaged.append(index)
        parts.append(np.zeros((0, form.channels), np.float32) if part is None else part)
    sound = _joined(parts, lengths, form.channels)
    samples = np.clip(np.rint(sound * np.float32(32768)), -32768, 32767).astype(np.int16)
    return (samples[:, 0] if form.channels == 1 else samples), damaged


def _open(form: AudioFormat) -> Any:
    import av  # noqa: PLC0415 - the extra: only who decodes packets needs it

    decoder: Any = av.CodecContext.create(form.encoding, "r")
    decoder.thread_count = 1
    config = form.config
    if form.encoding == "opus":
        # the codec's delay stays in, as in every other packet of the leg
        config = b"OpusHead\x01" + bytes([form.channels]) + bytes(2) + (48_000).to_bytes(4, "little") + bytes(3)
    if config:
        decoder.extradata = config
    return decoder


def _decode(decoder: Any, form: AudioFormat, packet: bytes) -> npt.NDArray[np.float32] | None:
    """Decode one packet, shape (n, channels); None if it cannot be."""
    import av  # noqa: PLC0415

    frames = adts_split(packet) if form.encoding == "aac" and adts_config(packet) is not None else [packet]
    try:
        decoded = [frame for each in frames for frame in decoder.decode(av.Packet(each))]
    except av.error.FFmpegError:
        return None
    if not decoded:
        return None
    parts = []
    for frame in decoded:
        planes = frame.to_ndarray()
        if planes.dtype != np.float32:
            planes = planes.astype(np.float32) / np.float32(32768)
        rows = planes.T if frame.format.is_planar else planes.reshape(-1, frame.layout.nb_channels)
        rows = np.repeat(rows, form.channels, axis=1) if rows.shape[1] == 1 else rows[:, : form.channels]
        parts.append(rows)
    return np.concatenate(parts)


def _joined(parts: Sequence[npt.NDArray[np.float32]], lengths: Sequence[int], channels: int) -> npt.NDArray[np.float32]:
    """Put packets' samples together, each of the length that it lasts; spectral band replication doubles the rate."""
    times = 2 if any(len(part) == 2 * length > 0 for part, length in zip(parts, lengths, strict=True)) else 1
    sound = np.zeros((times * sum(lengths), channels), np.float32)
    at = 0
    for part, length in zip(parts, lengths, strict=True):
        some = part[: times * length]
        sound[at : at + len(some)] = some
        at += times * length
    if times == 1:
        return sound
    halved: npt.NDArray[np.float32] = soxr.resample(sound, 2, 1)[: sum(lengths)]
    return halved
