from .aac import adts_config as adts_config
from .aac import adts_split as adts_split
from .format_detection import IMPLAUSIBLE_SAMPLES as IMPLAUSIBLE_SAMPLES
from .format_detection import TrackVerdict as TrackVerdict
from .format_detection import codecs_installed as codecs_installed
from .format_detection import decodable as decodable
from .formats import DEFAULT_RATE_HZ as DEFAULT_RATE_HZ
from .formats import PACKET_ENCODINGS as PACKET_ENCODINGS
from .formats import SAMPLE_BYTES as SAMPLE_BYTES
from .formats import AudioFormat as AudioFormat
from .formats import declared_format as declared_format
from .formats import grid_rate as grid_rate
from .formats import is_audio as is_audio
from .packets import packet_samples as packet_samples
from .packets import packets_as_samples as packets_as_samples
from .probing import Surveyor as Surveyor
from .probing import audio_tracks as audio_tracks
from .probing import survey as survey
from .samples import read_samples as read_samples
from .samples import starts_anew as starts_anew

__all__ = [
    "DEFAULT_RATE_HZ",
    "IMPLAUSIBLE_SAMPLES",
    "PACKET_ENCODINGS",
    "SAMPLE_BYTES",
    "AudioFormat",
    "Surveyor",
    "TrackVerdict",
    "adts_config",
    "adts_split",
    "audio_tracks",
    "codecs_installed",
    "declared_format",
    "decodable",
    "grid_rate",
    "is_audio",
    "packet_samples",
    "packets_as_samples",
    "read_samples",
    "starts_anew",
    "survey",
]
