"""What a track's payload is: 16-bit mono PCM at some rate, or the reason why it is not decoded.

Amazon Connect declares ``A_AAC`` with an inert CodecPrivate over plain s16le PCM, and only its MimeType tag tells the
truth, where that tag is there at all. So the codec is judged by all that a fragment says, not by CodecID alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from callbeam.calls.identity import trimmed_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callbeam.mkv.document import Track

DEFAULT_RATE_HZ = 8_000
"""What telephone audio has where neither track nor tags nor the leg's other fragments tell."""

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 8_000, 192_000
"""What can be analysed: telephone audio and better."""

RATE_STEP_HZ = 100
"""Frames begin every 10 ms, which must be a whole number of samples."""

TRACK_TYPE_AUDIO = 2
CONNECT_CODEC_PRIVATES = frozenset({b"", b"\x11\x90"})
CONNECT_NAMES = frozenset({"AUDIO_FROM_CUSTOMER", "AUDIO_TO_CUSTOMER", "Track_audio/L16"})
MEDIA_TYPE_TAGS = frozenset({"mimetype", "mediatype"})


@dataclass(frozen=True, slots=True)
class PcmFormat:
    """16-bit mono PCM.

    Attributes
    ----------
    sample_rate_hz : int or None
        None where nothing in the fragment declares it: it is then the leg's rate so far, else ``DEFAULT_RATE_HZ``.
    big_endian : bool
    """

    sample_rate_hz: int | None
    big_endian: bool = False


def is_audio(track: Track) -> bool:
    """Tell whether a track declares itself as audio, by its type, else by its codec."""
    if track.track_type is not None:
        return track.track_type == TRACK_TYPE_AUDIO
    return (track.codec_id or "").upper().startswith("A_")


def pcm_format(track: Track, tags: Iterable[tuple[str, str]], first_payload: bytes | memoryview) -> PcmFormat | str:
    """Tell how an audio track's payload is to be read.

    Parameters
    ----------
    track : Track
        An audio track.
    tags : iterable of (str, str)
        The fragment's tags; ``MimeType`` (Connect) and ``MediaType`` (Chime) count, whatever their case.
    first_payload : bytes-like
        The track's first payload of the fragment; tells ADTS from PCM where nothing else does.

    Returns
    -------
    PcmFormat or str
        The format, or for people the reason why the track cannot be decoded.

    Notes
    -----
    An Audio master's SamplingFrequency wins over the tag's ``rate=``. ``L16`` is big-endian by RFC 2586 but
    little-endian here: that is what Connect and Chime send.
    """
    media_type = next((value for name, value in tags if name.lower() in MEDIA_TYPE_TAGS and value), None)
    declared = _declared_format(track, media_type)
    if media_type is None and isinstance(declared, PcmFormat) and _is_adts(first_payload):
        return f"codec {track.codec_id} with ADTS headers is real AAC; only 16-bit mono PCM is decoded"
    return declared


@lru_cache(maxsize=256)
def _declared_format(track: Track, media_type: str | None) -> PcmFormat | str:
    codec = (track.codec_id or "").upper()
    if codec in {"A_PCM/INT/LIT", "A_PCM/INT/BIG"}:
        return _checked(track, _media_parameters(media_type), big_endian=codec.endswith("BIG"))
    if codec and not codec.startswith("A_AAC"):
        return f"codec {track.codec_id} is not PCM; only 16-bit mono PCM is decoded"
    if media_type is not None:
        if _is_l16(media_type):
            return _checked(track, _media_parameters(media_type))
        return f"codec {track.codec_id} as {media_type}; only 16-bit mono PCM (audio/L16) is decoded"
    if codec and _has_connect_shape(track):
        return _checked(track, {})
    return f"codec {track.codec_id} without a tag that says audio/L16; only 16-bit mono PCM is decoded"


def _has_connect_shape(track: Track) -> bool:
    """Recognise Connect's and Chime's tracks in fragments that came without tags: real AAC has an Audio master."""
    if track.sample_rate_hz is not None or track.channels is not None or track.bit_depth is not None:
        return False
    return trimmed_name(track) in CONNECT_NAMES or track.codec_private in CONNECT_CODEC_PRIVATES


def _checked(track: Track, parameters: dict[str, str], *, big_endian: bool = False) -> PcmFormat | str:
    bits = track.bit_depth
    if bits not in {None, 16}:
        return f"{bits}-bit PCM; only 16-bit mono PCM is decoded"
    channels = str(track.channels) if track.channels is not None else parameters.get("channels", "1")
    if channels != "1":
        return f"{channels} channels in one track; only 16-bit mono PCM is decoded"
    declared = parameters.get("rate") if track.sample_rate_hz is None else track.sample_rate_hz
    if declared is None:
        return PcmFormat(None, big_endian)
    rate = _whole_rate(declared)
    if rate is None:
        return f"sample rate {declared} Hz; only multiples of 100 Hz from 8000 to 192000 Hz are decoded"
    return PcmFormat(rate, big_endian)


def _whole_rate(declared: float | str) -> int | None:
    if isinstance(declared, str) and not re.fullmatch("[0-9]{1,6}", declared):
        return None
    rate = float(declared)
    return int(rate) if LOWEST_RATE_HZ <= rate <= HIGHEST_RATE_HZ and rate % RATE_STEP_HZ == 0 else None


def _is_l16(media_type: str) -> bool:
    return media_type.partition(";")[0].strip().lower() == "audio/l16"


def _media_parameters(media_type: str | None) -> dict[str, str]:
    """Parse the parameters of ``audio/L16;rate=8000;channels=1;``."""
    if media_type is None or not _is_l16(media_type):
        return {}
    parameters = {}
    for part in media_type.split(";")[1:]:
        name, _, value = part.partition("=")
        parameters[name.strip().lower()] = value.strip().strip('"')
    return parameters


def _is_adts(payload: bytes | memoryview) -> bool:
    """Recognise one whole ADTS frame: sync word, layer 0, and a frame length equal to the payload's."""
    if len(payload) < 7 or payload[0] != 0xFF or payload[1] & 0xF6 != 0xF0:
        return False
    frame_length = (payload[3] & 3) << 11 | payload[4] << 3 | payload[5] >> 5
    return frame_length == len(payload)
