"""What a track's payload is declared to be: an encoding, its rate and channels, or the reason why it is not decoded.

Amazon Connect declares ``A_AAC`` with an inert CodecPrivate over plain s16le PCM, and only its MimeType tag tells the
truth, where that tag is there at all. So the declaration is read from all that a fragment says, not from CodecID alone;
what the payload really is, ``callbeam.payload.block_statistics`` judges.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from callbeam.mkv import PADDING, trimmed_name
from callbeam.payload.aac import aac_config

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callbeam.mkv import Track

DEFAULT_RATE_HZ = 8_000
"""What telephone audio has where neither track nor tags nor the leg's other fragments tell."""

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 8_000, 192_000
"""What can be analysed: telephone audio and better. Half the lowest is still read, and resampled."""

RATE_STEP_HZ = 100
"""Frames begin every 10 ms, which must be a whole number of samples."""

MAX_CHANNELS = 8
"""Most channels of one track that are believed."""

MAX_PACKET_CHANNELS = 2
"""The same of a codec's packets."""

SAMPLE_BYTES = {
    "s16le": 2,
    "s16be": 2,
    "s24le": 3,
    "s24be": 3,
    "s32le": 4,
    "s32be": 4,
    "f32le": 4,
    "f64le": 8,
    "u8": 1,
    "alaw": 1,
    "ulaw": 1,
}
"""Bytes a sample of the encodings whose payload is a stream of samples."""

PACKET_ENCODINGS = {"aac": "AAC", "opus": "Opus"}
"""Encodings whose payload is packets, by name for people."""

TRACK_TYPE_AUDIO = 2
CONNECT_CODEC_PRIVATES = frozenset({b"", b"\x11\x90"})
CONNECT_NAMES = frozenset({"AUDIO_FROM_CUSTOMER", "AUDIO_TO_CUSTOMER", "Track_audio/L16"})
MEDIA_TYPE_TAGS = frozenset({"mimetype", "mediatype"})

_MEDIA_ENCODINGS = {
    "audio/l16": "s16le",
    "audio/l24": "s24le",
    "audio/pcma": "alaw",
    "audio/x-alaw": "alaw",
    "audio/pcmu": "ulaw",
    "audio/x-mulaw": "ulaw",
    "audio/basic": "ulaw",
    "audio/aac": "aac",
    "audio/opus": "opus",
}
_WAVE_G711 = {6: "alaw", 7: "ulaw"}
_WAVE_EXTENSIBLE = 0xFFFE


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """How a payload is read.

    Attributes
    ----------
    sample_rate_hz : int or None
        None where nothing in the fragment declares it: it is then the leg's.
    encoding : str
        A key of ``SAMPLE_BYTES`` or ``PACKET_ENCODINGS``.
    channels : int
        Interleaved in one payload.
    config : bytes
        What a decoder of packets needs: the CodecPrivate.
    """

    sample_rate_hz: int | None
    encoding: str = "s16le"
    channels: int = 1
    config: bytes = b""

    @property
    def in_packets(self) -> bool:
        """Whether a block is a packet of a codec, and not a stretch of samples."""
        return self.encoding in PACKET_ENCODINGS

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels; 1 for packets, whose samples are counted one by one."""
        return SAMPLE_BYTES.get(self.encoding, 0) * self.channels or 1


def is_audio(track: Track) -> bool:
    """Tell whether a track declares itself as audio, by its type, else by its codec."""
    if track.track_type is not None:
        return track.track_type == TRACK_TYPE_AUDIO
    return (track.codec_id or "").upper().startswith("A_")


def grid_rate(sample_rate_hz: int) -> int:
    """Return the rate that a payload's samples are analysed at: its own, or the nearest that has whole frames."""
    if sample_rate_hz >= LOWEST_RATE_HZ and sample_rate_hz % RATE_STEP_HZ == 0:
        return sample_rate_hz
    nearest = (2 * sample_rate_hz + RATE_STEP_HZ - 1) // (2 * RATE_STEP_HZ) * RATE_STEP_HZ  # the lower of two
    return min(max(nearest, LOWEST_RATE_HZ), HIGHEST_RATE_HZ)


def declared_format(track: Track, tags: Iterable[tuple[str, str]]) -> AudioFormat | str:
    """Tell how an audio track's payload is to be read by what its fragment says.

    Parameters
    ----------
    track : Track
        An audio track.
    tags : iterable of (str, str)
        The fragment's tags; ``MimeType`` (Connect) and ``MediaType`` (Chime) count, whatever their case.

    Returns
    -------
    AudioFormat or str
        The format, or for people the reason why the track cannot be decoded.

    Notes
    -----
    An Audio master's SamplingFrequency wins over the tag's ``rate=``, and a WAVEFORMATEX in the CodecPrivate over both.
    ``L16`` is big-endian by RFC 2586 but little-endian here: that is what Connect and Chime send.
    """
    for name, value in tags:
        if value and name.strip(PADDING).lower() in MEDIA_TYPE_TAGS:
            return _declared_format(track, value)
    return _declared_format(track, None)


@lru_cache(maxsize=256)
def _declared_format(track: Track, media_type: str | None) -> AudioFormat | str:
    if track.encodings:
        how = ", ".join(track.encodings)
        return f"ContentEncodings ({how}), which are not undone: the producer must write plain frames"
    codec = (track.codec_id or "").upper()
    if codec.startswith(("A_MS/ACM", "A_PCM")):
        return _declared_samples(track, codec, media_type)
    if codec == "A_OPUS":
        # Opus is coded at 48 kHz, whatever its header calls the input's rate.
        head = track.codec_private.ljust(20, b"\0")  # RFC 7845, 5.1: channels, the mapping's family, its streams
        channels = track.channels or head[9] or 1
        if channels > MAX_PACKET_CHANNELS or (head[18] and head[19] > 1):
            return f"Opus of {channels} channels; one stream of 1 or 2 is decoded"
        return AudioFormat(48_000, "opus", channels, track.codec_private)
    if codec and not codec.startswith("A_AAC"):
        return f"codec {track.codec_id} is none that is decoded: PCM, G.711, AAC, Opus"
    return _declared_as_connect_does(track, media_type)


def _declared_as_connect_does(track: Track, media_type: str | None) -> AudioFormat | str:
    """Read a track that is called AAC, or nothing: its tag tells the truth, or its shape, or else it is AAC."""
    media = _media_encoding(media_type)
    if media_type is not None and media in {None, "opus"}:
        return f"codec {track.codec_id} as {media_type}, which is none that is decoded: PCM, G.711, AAC"
    if media not in {None, "aac"}:
        return _checked(track, media_type, media or "")
    if not track.codec_id:
        return "no codec is declared, and no tag says audio/L16"
    if media is None and _has_connect_shape(track):
        return _checked(track, None, "s16le")
    return _declared_aac(track)


def _declared_samples(track: Track, codec: str, media_type: str | None) -> AudioFormat | str:
    wave, media = _wave_format(track.codec_private), _media_encoding(media_type)
    if codec == "A_MS/ACM":
        return wave if wave is not None else "codec A_MS/ACM without a WAVEFORMATEX in its CodecPrivate"
    if isinstance(wave, AudioFormat) and wave.encoding in {"alaw", "ulaw"}:
        return wave
    if media in {"alaw", "ulaw"}:
        return _checked(track, media_type, media)
    return _declared_pcm(track, codec, media_type)


def _declared_pcm(track: Track, codec: str, media_type: str | None) -> AudioFormat | str:
    if codec == "A_PCM/FLOAT/IEEE":
        encoding = {None: "f32le", 32: "f32le", 64: "f64le"}.get(track.bit_depth)
    elif codec in {"A_PCM/INT/LIT", "A_PCM/INT/BIG"}:
        order = "le" if codec.endswith("LIT") else "be"
        encoding = "u8" if track.bit_depth == 8 else f"s{track.bit_depth or 16}{order}"
    else:
        return f"codec {track.codec_id} is none that is decoded: PCM, G.711, AAC, Opus"
    if encoding not in SAMPLE_BYTES:
        return f"{track.bit_depth}-bit PCM; integers of 8, 16, 24 and 32 bits and floats of 32 and 64 are decoded"
    return _checked(track, media_type, encoding)


def _declared_aac(track: Track) -> AudioFormat | str:
    """Take a track for real AAC: its CodecPrivate is an AudioSpecificConfig, else its Audio master tells."""
    if (track.channels or 1) > MAX_PACKET_CHANNELS:
        return f"AAC of {track.channels} channels; 1 and 2 are decoded"
    config = aac_config(track.codec_private)
    if config is not None:
        return AudioFormat(config.sample_rate_hz, "aac", config.channels, track.codec_private)
    return AudioFormat(_whole_rate(track.sample_rate_hz or 0), "aac", track.channels or 1, b"")


def _has_connect_shape(track: Track) -> bool:
    """Recognise Connect's and Chime's tracks in fragments that came without tags: real AAC has an Audio master."""
    if track.sample_rate_hz is not None or track.channels is not None or track.bit_depth is not None:
        return False
    return trimmed_name(track) in CONNECT_NAMES or track.codec_private in CONNECT_CODEC_PRIVATES


def _checked(track: Track, media_type: str | None, encoding: str) -> AudioFormat | str:
    """Take rate and channels from the Audio master, else from the tag."""
    parameters = _media_parameters(media_type)
    channels = str(track.channels) if track.channels is not None else parameters.get("channels", "1")
    declared = parameters.get("rate") if track.sample_rate_hz is None else track.sample_rate_hz
    return _with(encoding, declared, channels)


def _with(encoding: str, declared: float | str | None, channels: str) -> AudioFormat | str:
    """Check a rate and a number of channels; no rate is none declared."""
    if not re.fullmatch("[0-9]{1,3}", channels) or not 1 <= int(channels) <= MAX_CHANNELS:
        return f"{channels} channels in one track; 1 to {MAX_CHANNELS} are decoded"
    if declared is None:
        return AudioFormat(None, encoding, int(channels))
    rate = _whole_rate(declared)
    if rate is None:
        return f"sample rate {declared} Hz; whole numbers from {LOWEST_RATE_HZ // 2} to {HIGHEST_RATE_HZ} are decoded"
    return AudioFormat(rate, encoding, int(channels))


def _whole_rate(declared: float | str) -> int | None:
    if isinstance(declared, str) and not re.fullmatch("[0-9]{1,6}", declared):
        return None
    rate = float(declared)
    return int(rate) if LOWEST_RATE_HZ // 2 <= rate <= HIGHEST_RATE_HZ and rate == int(rate) else None


def _wave_format(codec_private: bytes) -> AudioFormat | str | None:
    """Read a WAVEFORMATEX: tag, channels, rate, bytes a second, bytes a frame, bits (all little-endian)."""
    if len(codec_private) < 16:
        return None
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", codec_private)
    if tag == _WAVE_EXTENSIBLE and len(codec_private) >= 26:
        tag = int.from_bytes(codec_private[24:26], "little")
    if tag in _WAVE_G711:
        encoding = _WAVE_G711[tag]
    elif tag == 1:
        encoding = "u8" if bits == 8 else f"s{bits}le"
    elif tag == 3:
        encoding = f"f{bits}le"
    else:
        encoding = ""
    if encoding not in SAMPLE_BYTES:
        return f"WAVE format {tag} of {bits} bits is none that is decoded: PCM, float, A-law, mu-law"
    return _with(encoding, float(rate), str(channels))


def _media_encoding(media_type: str | None) -> str | None:
    return None if media_type is None else _MEDIA_ENCODINGS.get(media_type.partition(";")[0].strip().lower())


def _media_parameters(media_type: str | None) -> dict[str, str]:
    """Parse the parameters of ``audio/L16;rate=8000;channels=1;``."""
    if _media_encoding(media_type) is None or media_type is None:
        return {}
    parameters = {}
    for part in media_type.split(";")[1:]:
        name, _, value = part.partition("=")
        parameters[name.strip().lower()] = value.strip().strip('"')
    return parameters
