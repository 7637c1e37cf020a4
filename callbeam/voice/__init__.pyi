from .loud_frames import HEARD_AROUND_MS as HEARD_AROUND_MS
from .loud_frames import PITCHED_AROUND_MS as PITCHED_AROUND_MS
from .loud_frames import frames_near as frames_near
from .loud_frames import frames_reaching as frames_reaching
from .noise import VoiceLevels as VoiceLevels
from .noise import join_voice_levels as join_voice_levels
from .noise import local_noise as local_noise
from .noise import snr_db as snr_db
from .noise import voice_levels as voice_levels
from .own_voice import faint_speech as faint_speech
from .own_voice import voice_changes as voice_changes
from .silero import MODEL_SHA256 as MODEL_SHA256
from .silero import SileroDetector as SileroDetector
from .silero import model_path as model_path
from .speech_borders import move_to_level as move_to_level
from .voice_activity import VoiceActivityConfig as VoiceActivityConfig
from .voice_activity import VoiceActivityDetector as VoiceActivityDetector
from .voice_activity import speech_spans as speech_spans
from .voice_quality import VoiceDescriptors as VoiceDescriptors
from .voice_quality import describe_voice as describe_voice

__all__ = [
    "HEARD_AROUND_MS",
    "MODEL_SHA256",
    "PITCHED_AROUND_MS",
    "SileroDetector",
    "VoiceActivityConfig",
    "VoiceActivityDetector",
    "VoiceDescriptors",
    "VoiceLevels",
    "describe_voice",
    "faint_speech",
    "frames_near",
    "frames_reaching",
    "join_voice_levels",
    "local_noise",
    "model_path",
    "move_to_level",
    "snr_db",
    "speech_spans",
    "voice_changes",
    "voice_levels",
]
