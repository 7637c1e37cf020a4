"""How much hold music is found, and how much speech is called so: ``python benchmarks/bench_hold_music.py``.

Music of each kind that nothing was tuned on (``callbeam.callmaker.music.kinds``), and of those that it was, is
played for 8 to 25 s at -35 to -18 dBFS between two sayings, and passes a telephone line: 300 to 3400 Hz, noise at 10 to
40 dB or none, throughout or beside the talk only, then nothing, mu-law or GSM full rate. A piece is found if detections
``hold_music`` cover at least half of it. What of it is called speech is the voice activity detector's doing.

``--music DIR`` (again and again) plays excerpts of each file of a folder in the same way: WAV, OGG, FLAC, MP3 ...
``--speech DIR`` does so with whole recordings of speech, of which nothing should be called hold music.
"""

from __future__ import annotations

import os

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_threads] = "1"  # before numpy comes: it is read once

import argparse
import io
import time
import zlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import soxr
from bench_features import channel_of

from callbeam.analysis import AnalysisConfig, analyse_piece
from callbeam.audio import analyse_frames
from callbeam.callmaker import LineConditions, band_pass, noise, quantise
from callbeam.callmaker.music import HELD_OUT_KINDS, TUNING_KINDS, hold_music
from callbeam.callmaker.voices import random_voice, speak
from callbeam.line import HOLD_MUSIC, find_hold_music
from callbeam.spans import SpanArray, as_spans, clip, length
from callbeam.voice import SileroDetector

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Sound = npt.NDArray[np.float32]

RATE = 8000
SNR_DB = (None, 10, 15, 20, 30, 40)
CODECS = ("none", "mulaw", "mulaw", "gsm")


@dataclass(frozen=True)
class Heard:
    """A recording, and what is called hold music and speech on it; milliseconds."""

    seconds: float
    music: SpanArray
    speech: SpanArray


def hear(samples: npt.NDArray[np.int16]) -> Heard:
    """Find music and speech, as a backfill does."""
    (analysed,) = analyse_piece([channel_of(samples)], AnalysisConfig(), SileroDetector()).channels
    music = ((one.begin_ms, one.end_ms) for one in analysed.voice.detections if one.tone_kind == HOLD_MUSIC)
    return Heard(len(samples) / RATE, as_spans(music), analysed.voice.speech)


def unit(sound: Sound) -> Sound:
    """Bring what sounds to an RMS level of 1."""
    power = np.square(sound, dtype=np.float64)
    loud = power[power > 1e-4 * power.max()] if power.any() else np.ones(1)
    return np.asarray(sound / np.sqrt(loud.mean()), np.float32)


def on_the_line(sound: Sound, level_dbfs: float, hiss: Sound, rng: np.random.Generator) -> npt.NDArray[np.int16]:
    """Let a sound with an RMS level of 1, and noise, pass a telephone line."""
    line = LineConditions(hum=float(rng.choice([0.0, 0.0, 0.3])))
    heard = band_pass(sound, line.band_hz, RATE) + hiss * noise(len(sound), line, RATE, rng)
    codec = str(rng.choice(CODECS))
    samples = quantise(heard * np.float32(10 ** (level_dbfs / 20)), "mulaw" if codec == "mulaw" else "none")
    if codec != "gsm":
        return samples
    packed = io.BytesIO()
    soundfile.write(packed, samples, RATE, format="WAV", subtype="GSM610")
    packed.seek(0)
    return np.asarray(soundfile.read(packed, dtype="int16")[0][: len(samples)])


def played(music: Sound, rng: np.random.Generator) -> tuple[npt.NDArray[np.int16], int, int]:
    """Play music between two sayings; return samples, and begin and end of the music in milliseconds."""
    before, after = (
        speak(random_voice(rng, female=bool(rng.random() < 0.5)), float(rng.uniform(2, 4)), RATE, rng).samples
        for _ in range(2)
    )
    level, talk_level, snr = rng.uniform(-35, -18), rng.uniform(-30, -18), SNR_DB[rng.integers(len(SNR_DB))]
    gap = np.zeros(round(float(rng.uniform(0.5, 1.5)) * RATE), np.float32)
    talk = np.float32(10 ** ((talk_level - level) / 20))
    sound = np.concatenate([talk * before, gap, unit(music), gap, talk * after])
    hiss = np.full(len(sound), 0.0 if snr is None else 10 ** (-snr / 20), np.float32)
    begin, end = len(before) + len(gap), len(before) + len(gap) + len(music)
    if rng.random() < 0.4:
        hiss[begin:end] = 0
    return on_the_line(sound, float(level), hiss, rng), begin * 1000 // RATE, end * 1000 // RATE


def made(kinds: dict[str, object], pieces: int) -> Iterator[tuple[str, Sound, np.random.Generator]]:
    """Yield made-up music."""
    for kind in kinds:
        for number in range(pieces):
            rng = np.random.default_rng([zlib.crc32(kind.encode()), number, 8])
            yield kind, hold_music(kind, float(rng.uniform(8, 25)), RATE, rng), rng


def recordings(folder: Path) -> Iterator[tuple[str, Sound]]:
    """Yield the recordings in a folder and below it, at 8 kHz."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in {".wav", ".ogg", ".flac", ".mp3"}:
            sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
            yield path.name, soxr.resample(sound.mean(axis=1), rate, RATE)


def excerpts(folder: Path, pieces: int) -> Iterator[tuple[str, Sound, np.random.Generator]]:
    """Yield excerpts of recorded music."""
    for name, sound in recordings(folder):
        for number in range(pieces):
            rng = np.random.default_rng([zlib.crc32(name.encode()), number, 9])
            count = round(float(rng.uniform(8, 25)) * RATE)
            begin = int(rng.integers(max(len(sound) - count, 1)))
            excerpt = sound[begin : begin + count]
            if len(excerpt) >= 8 * RATE and np.std(excerpt) > 1e-3:
                yield name, excerpt, rng


def report_music(label: str, pieces: Iterator[tuple[str, Sound, np.random.Generator]]) -> None:
    """Print a row, and which kinds are found in less than 80 % of their pieces."""
    shares = defaultdict(list)
    covered = beyond = spoken = total = 0
    for name, music, rng in pieces:
        samples, begin, end = played(music, rng)
        heard = hear(samples)
        inside = length(clip(heard.music, begin, end))
        shares[name].append(inside / (end - begin))
        covered, beyond, total = covered + inside, beyond + length(heard.music) - inside, total + end - begin
        spoken += length(clip(heard.speech, begin + 300, end - 300))
    found = [share >= 0.5 for some in shares.values() for share in some]
    cells = [
        f"{len(found)}",
        *(f"{value:.1%}" for value in (np.mean(found), covered / total, beyond / total, spoken / total)),
    ]
    weak = {name: np.mean([share >= 0.5 for share in some]) for name, some in shares.items()}
    names = ", ".join(f"{name} {share:.0%}" for name, share in weak.items() if share < 0.8)
    print(f"| {label} | {' | '.join(cells)} | {names} |", flush=True)


def report_speech(folder: Path) -> None:
    """Print a row."""
    seconds = called = files = 0
    for name, sound in recordings(folder):
        rng = np.random.default_rng([zlib.crc32(name.encode()), 10])
        snr = SNR_DB[rng.integers(len(SNR_DB))]
        hiss = np.full(len(sound), 0.0 if snr is None else 10 ** (-snr / 20), np.float32)
        heard = hear(on_the_line(unit(sound), float(rng.uniform(-35, -18)), hiss, rng))
        seconds, called, files = seconds + heard.seconds, called + length(heard.music) / 1000, files + 1
    print(
        f"| {folder.name} | {files} | {seconds / 60:.0f} | {called:.1f} | {called / max(seconds, 1):.2%} |", flush=True
    )


def report_speed() -> None:
    """Print what the search costs on music, which is dearest."""
    rng = np.random.default_rng(1)
    channel = channel_of(
        on_the_line(hold_music("bossa", 120.0, RATE, rng), -24.0, np.zeros(120 * RATE, np.float32), rng)
    )
    features = analyse_frames(channel)
    probability = SileroDetector().probabilities(channel, features.span)
    begin = time.process_time()
    for _ in range(5):
        find_hold_music(channel, features, probability)
    print(f"\n{(time.process_time() - begin) / 5 / 120 * 1000:.3f} ms of CPU per second of music")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="How much hold music is found, and how much speech is called so.")
    parser.add_argument("--pieces", type=int, default=6, help="of each kind or file (default %(default)s)")
    parser.add_argument("--music", type=Path, action="append", default=[], help="a folder of recorded music")
    parser.add_argument("--speech", type=Path, action="append", default=[], help="a folder of recorded speech")
    options = parser.parse_args()
    print(
        "| music | pieces | found | of its time | beyond it | called speech | found in less than 80 % |\n|" + "---|" * 7
    )
    report_music("kinds held out", made(HELD_OUT_KINDS, options.pieces))
    report_music("kinds tuned on", made(TUNING_KINDS, options.pieces))
    for folder in options.music:
        report_music(folder.name, excerpts(folder, options.pieces))
    if options.speech:
        print("\n| speech | recordings | minutes | s called hold music | share |\n|" + "---|" * 5)
    for folder in options.speech:
        report_speech(folder)
    report_speed()


if __name__ == "__main__":
    main()
