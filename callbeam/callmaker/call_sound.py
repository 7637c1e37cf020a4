"""From a script to sound: voices and tones on each role's channel, through the line, with the truth about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import resample_poly

from callbeam.callmaker.line_signals import sound_of
from callbeam.callmaker.script import AGENT, CUSTOMER, ROLES, UPSET
from callbeam.callmaker.telephone_line import band_pass, conceal, echo_of, gain, lost_packets, noise, quantise
from callbeam.callmaker.voices import UPSET_DB, draw_voice, speak, upset

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from callbeam.callmaker.script import Script
    from callbeam.callmaker.telephone_line import LineConditions, Sound
    from callbeam.callmaker.voices import VoiceProfile

F0_HOP_MS = 10

SIGNAL_DBFS = -22.0
TONE_DBFS = {"dtmf": -16.0, "hold_music": -24.0, "hold": -100.0}
"""Of those that are louder or softer than other signals."""


@dataclass(frozen=True, slots=True)
class ChannelSound:
    """One role's channel of a call, and what is known about it.

    Attributes
    ----------
    pcm : int16 array, shape (n,)
        What the line delivers.
    spans : int64 array, shape (k, 2)
        [begin, end) of each phrase of any voice, in samples, sorted.
    said : dict of int to (int, int)
        For each saying of the script: [begin, end) of what can be heard of it, in samples.
    f0_hz : float64 array, shape (hops,)
        Pitch in the middle of each 10 ms, NaN where nothing is voiced.
    lost : int64 array, shape (m, 2)
        Lost packets, in samples.
    speech_level_dbfs : float or None
        RMS level of the voices over ``spans``, before gain steps; None without any.
    """

    pcm: npt.NDArray[np.int16]
    spans: npt.NDArray[np.int64]
    said: dict[int, tuple[int, int]]
    f0_hz: npt.NDArray[np.float64]
    lost: npt.NDArray[np.int64]
    speech_level_dbfs: float | None


@dataclass(slots=True)
class _Voices:
    """A channel's voices while they are laid down."""

    sound: Sound
    said: dict[int, tuple[int, int]]
    spans: list[npt.NDArray[np.int64]]
    f0_hz: npt.NDArray[np.float64]


def draw_voices(rng: np.random.Generator, kinds: Sequence[str]) -> dict[str, VoiceProfile]:
    """Draw the voices of a call: customer, agent, and the recorded prompt, each of any of the kinds."""
    drawn = {
        name: draw_voice(kinds[int(rng.integers(len(kinds)))] if len(kinds) > 1 else kinds[0], rng)
        for name in (CUSTOMER, AGENT, "PROMPT")
    }
    return {**drawn, UPSET: upset(drawn[CUSTOMER])}


def render(
    script: Script,
    voices: dict[str, VoiceProfile],
    lines: dict[str, LineConditions],
    *,
    duration_ms: int,
    sample_rate_hz: int,
    rng: np.random.Generator,
) -> dict[str, ChannelSound]:
    """Make a call's channels.

    Parameters
    ----------
    script : Script
        Who speaks when.
    voices : dict of str to VoiceProfile
        By ``Saying.voice``.
    lines : dict of str to LineConditions
        By role.
    duration_ms, sample_rate_hz : int
        Length and rate of both channels.
    rng : numpy.random.Generator
        Draws what is said, the noise and the losses.

    Returns
    -------
    dict of str to ChannelSound
        By role.
    """
    count = round(duration_ms * sample_rate_hz / 1000)
    spoken = {role: _speak_all(script, voices, role, count, sample_rate_hz, rng) for role in ROLES}
    sources, levels = {}, {}
    for role in ROLES:
        sources[role], levels[role] = _source(script, spoken[role], lines[role], role, sample_rate_hz)
    online = {CUSTOMER: [(0, duration_ms)], AGENT: _agent_online(script, duration_ms)}
    channels = {}
    for role, other in ((CUSTOMER, AGENT), (AGENT, CUSTOMER)):
        line = lines[role]
        room = echo_of(sources[other], line, sample_rate_hz) + _noise(count, line, sample_rate_hz, rng)
        sound = sources[role] + _within(room, online[role], sample_rate_hz)
        pcm = quantise(sound * gain(count, line.gain_steps, sample_rate_hz), line.companding)
        lost = lost_packets(count, line, sample_rate_hz, rng)
        conceal(pcm, lost, line, sample_rate_hz)
        voice = spoken[role]
        spans = np.concatenate([np.zeros((0, 2), np.int64), *voice.spans])
        spans = spans[np.argsort(spans[:, 0], kind="stable")]
        channels[role] = ChannelSound(pcm, spans, voice.said, voice.f0_hz, lost, levels[role])
    return channels


def _speak_all(
    script: Script,
    voices: dict[str, VoiceProfile],
    role: str,
    count: int,
    rate: int,
    rng: np.random.Generator,
) -> _Voices:
    """Lay down all that is said on a role's channel."""
    hop = rate * F0_HOP_MS / 1000
    hops = int(np.ceil(count / hop))
    laid = _Voices(np.zeros(count, np.float32), {}, [], np.full(hops, np.nan))
    voice_rate = 8000 if rate == 8000 else 16000
    for index, saying in enumerate(script.sayings):
        if saying.role == role:
            spoken = speak(voices[saying.voice], (saying.end_ms - saying.begin_ms) / 1000, voice_rate, rng)
            factor = rate / voice_rate
            samples = spoken.samples if rate == voice_rate else resample_poly(spoken.samples, rate, voice_rate)
            begin = round(saying.begin_ms * rate / 1000)
            level_db = rng.uniform(-1.5, 1.5) + (UPSET_DB if saying.voice == UPSET else 0.0)
            samples = samples[: count - begin] * np.float32(10 ** (level_db / 20))
            laid.sound[begin : begin + len(samples)] += samples
            spans = begin + np.rint(spoken.spans * factor).astype(np.int64)
            laid.spans.append(spans)
            laid.said[index] = (int(spans[0, 0]), int(spans[-1, 1]))
            _note_pitch(laid.f0_hz, begin + spoken.pulse_times * factor, spoken.pulse_f0_hz, hop, rate)
    return laid


def _note_pitch(
    track: npt.NDArray[np.float64],
    pulses: npt.NDArray[np.float64],
    f0_hz: npt.NDArray[np.float64],
    hop: float,
    rate: int,
) -> None:
    """Write the pitch of an utterance into a channel's track, wherever pulses stand closely on both sides."""
    if len(pulses) < 2:
        return
    first, last = max(int(pulses[0] / hop), 0), min(int(pulses[-1] / hop) + 1, len(track))
    middles = (np.arange(first, last) + 0.5) * hop
    after = np.clip(np.searchsorted(pulses, middles), 1, len(pulses) - 1)
    inside = (middles >= pulses[0]) & (middles <= pulses[-1])
    close = pulses[after] - pulses[after - 1] < 1.6 * rate / f0_hz[after]
    voiced = inside & close
    track[first:last][voiced] = np.interp(middles[voiced], pulses, f0_hz)


def _source(script: Script, laid: _Voices, line: LineConditions, role: str, rate: int) -> tuple[Sound, float | None]:
    """Bring the voices to their level in the line's band and add the tones; return the sound and the level in dBFS."""
    sound = band_pass(laid.sound, line.band_hz, rate)
    level: float | None = None
    if laid.spans:
        heard = np.concatenate([sound[begin:end] for spans in laid.spans for begin, end in spans])
        power = float(np.mean(np.square(heard, dtype=np.float64)))
        sound = sound * np.float32(10 ** (line.level_dbfs / 20) / np.sqrt(power))
        level = line.level_dbfs
    for signal in script.signals:
        if signal.role == role:
            begin = round(signal.begin_ms * rate / 1000)
            tone = sound_of(signal, rate)[: len(sound) - begin]
            level_of_tone = TONE_DBFS.get(signal.kind, SIGNAL_DBFS) if signal.level_dbfs is None else signal.level_dbfs
            sound[begin : begin + len(tone)] += tone * np.float32(10 ** (level_of_tone / 20))
    return sound, level


def _noise(count: int, line: LineConditions, rate: int, rng: np.random.Generator) -> Sound | np.float32:
    if line.snr_db is None:
        return np.float32(0)
    return noise(count, line, rate, rng) * np.float32(10 ** ((line.level_dbfs - line.snr_db) / 20))


def _agent_online(script: Script, duration_ms: int) -> list[tuple[int, int]]:
    """Return when the agent's microphone is open: from the answer on, holds left out; elsewhere the line is silent."""
    spans, begin = [], script.agent_on_line_ms
    for signal in script.signals:
        if signal.kind in {"hold", "hold_tone", "hold_music"}:
            spans.append((begin, signal.begin_ms))
            begin = signal.end_ms
    return [*spans, (begin, duration_ms)]


def _within(sound: Sound | np.float32, spans_ms: list[tuple[int, int]], rate: int) -> Sound | np.float32:
    """Keep a sound within spans only."""
    if isinstance(sound, np.float32):
        return sound
    kept = np.zeros_like(sound)
    for begin_ms, end_ms in spans_ms:
        part = slice(round(begin_ms * rate / 1000), round(end_ms * rate / 1000))
        kept[part] = sound[part]
    return kept
