"""What AAC's headers say: AudioSpecificConfig, ADTS, LATM, and the first element of a raw frame (ISO/IEC 14496-3)."""

from __future__ import annotations

from dataclasses import dataclass

RATES_HZ = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
"""Sampling frequencies by their index in an AudioSpecificConfig and in ADTS."""

FRAME_SAMPLES = 1_024
"""Samples of one channel in a frame of AAC-LC."""

LOW_COMPLEXITY = 2
_ADTS_HEADER_BYTES = 7


@dataclass(frozen=True, slots=True)
class AacConfig:
    """The part of an AudioSpecificConfig that playing needs.

    Attributes
    ----------
    object_type : int
        2 is AAC-LC.
    sample_rate_hz, channels : int
    """

    object_type: int
    sample_rate_hz: int
    channels: int

    def to_bytes(self) -> bytes:
        """Return the two bytes of an AudioSpecificConfig, as in a CodecPrivate."""
        index = RATES_HZ.index(self.sample_rate_hz)
        return (self.object_type << 11 | index << 7 | self.channels << 3).to_bytes(2, "big")


def aac_config(data: bytes) -> AacConfig | None:
    """Read an AudioSpecificConfig; None where it is none, or says nothing that can be played."""
    if len(data) < 2:
        return None
    bits = int.from_bytes(data[:2], "big")
    object_type, index, channels = bits >> 11, bits >> 7 & 15, bits >> 3 & 15
    if not object_type or index >= len(RATES_HZ) or not 1 <= channels <= 2:
        return None
    return AacConfig(object_type, RATES_HZ[index], channels)


def adts_config(payload: bytes | memoryview) -> AacConfig | None:
    """Read the header of a payload that is whole ADTS frames, one after another; None for anything else."""
    return _adts(payload)[0]


def adts_frames(payload: bytes | memoryview) -> int:
    """Count the ADTS frames that a payload is made of; 0 if it is anything else."""
    return _adts(payload)[1]


def _adts(payload: bytes | memoryview) -> tuple[AacConfig | None, int]:
    position, frames, config = 0, 0, None
    while position < len(payload):
        head = bytes(payload[position : position + _ADTS_HEADER_BYTES])
        if len(head) < _ADTS_HEADER_BYTES or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
            return None, 0
        length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        index, channels = head[2] >> 2 & 15, (head[2] & 1) << 2 | head[3] >> 6
        if length < _ADTS_HEADER_BYTES or position + length > len(payload) or index >= len(RATES_HZ):
            return None, 0
        config = config or AacConfig((head[2] >> 6) + 1, RATES_HZ[index], min(max(channels, 1), 2))
        position += length
        frames += 1
    return config, frames


def is_latm(payload: bytes | memoryview) -> bool:
    """Recognise LOAS: the sync word 0x2B7 and a length, frame after frame to the payload's end."""
    position = 0
    while position + 3 <= len(payload):
        if payload[position] != 0x56 or payload[position + 1] & 0xE0 != 0xE0:
            return False
        position += 3 + ((payload[position + 1] & 0x1F) << 8 | payload[position + 2])
    return position == len(payload) > 0


def first_element_channels(payload: bytes | memoryview) -> int | None:
    """Tell a raw frame's channels by its first element: 1 for a single one, 2 for a pair, None for another."""
    return {0: 1, 1: 2}.get(payload[0] >> 5) if len(payload) else None


def adts_split(payload: bytes) -> list[bytes]:
    """Cut a payload that is whole ADTS frames into them."""
    frames, position = [], 0
    while position < len(payload):
        length = (payload[position + 3] & 3) << 11 | payload[position + 4] << 3 | payload[position + 5] >> 5
        frames.append(payload[position : position + length])
        position += length
    return frames
