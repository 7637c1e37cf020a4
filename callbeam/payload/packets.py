"""Packets of a codec as stretches of samples: how long each lasts, which no bytes of it tell but its headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callbeam.mkv import Block
from callbeam.payload.aac import FRAME_SAMPLES, adts_frames

if TYPE_CHECKING:
    from callbeam.mkv import Document
    from callbeam.payload.formats import AudioFormat

OPUS_RATE_HZ = 48_000
MAX_OPUS_SAMPLES = 5_760
"""120 ms, the most that a packet of Opus may last (RFC 6716, 3.2.5)."""


def packets_as_samples(form: AudioFormat, packets: list[Block], document: Document) -> list[Block]:
    """Return blocks at the packets' timecodes whose start and end count samples of the fragment, from 0 on.

    The frames of a laced block become one.

    Parameters
    ----------
    form : AudioFormat
        Of packets.
    packets : list of Block
        One track's, in the document's order.
    document : Document
    """
    blocks: list[Block] = []
    at, end = 0, -1
    for packet in packets:
        samples = packet_samples(form, document.payload(packet))
        if packet.start == end and packet.timecode == blocks[-1].timecode:
            blocks[-1] = blocks[-1]._replace(end=at + samples)  # a frame of the same laced block
        else:
            blocks.append(Block(packet.track, packet.timecode, at, at + samples))
        at, end = at + samples, packet.end
    return blocks


def packet_samples(form: AudioFormat, payload: memoryview) -> int:
    """Return how many samples of one channel a packet holds, at the format's rate."""
    if form.encoding == "opus":
        return opus_samples(payload)
    return FRAME_SAMPLES * (adts_frames(payload) or 1) if len(payload) else 0


def opus_samples(payload: bytes | memoryview) -> int:
    """Return how many samples at 48 kHz a packet of Opus lasts; 0 for what is none (RFC 6716, 3.1 and 3.2)."""
    if not len(payload):
        return 0
    config, code = payload[0] >> 3, payload[0] & 3
    if config < 12:
        frame = (480, 960, 1_920, 2_880)[config & 3]  # SILK
    elif config < 16:
        frame = (480, 960)[config & 1]  # hybrid
    else:
        frame = (120, 240, 480, 960)[config & 3]  # CELT
    several = payload[1] & 63 if len(payload) > 1 else 0
    samples = frame * (1, 2, 2, several)[code]
    return samples if samples <= MAX_OPUS_SAMPLES else 0
