"""Features of a channel against librosa, one thread each: ``python benchmarks/bench_features.py [FILE.wav ...]``.

Spectral: log-mel, MFCC, centroid, bandwidth, rolloff and flatness, by librosa from one shared STFT. F0: candidates and
path, against ``librosa.yin`` over frames as long. Both take turns in one process; figures are the median of the
repeats' CPU times.
"""

from __future__ import annotations

import os

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_threads] = "1"  # before numpy comes: it is read once

import argparse
import statistics
import time
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import librosa
import numpy as np

from callbeam.analysis import analyse_channel
from callbeam.audio import (
    Channel,
    PitchAnalyser,
    PitchCandidates,
    PitchConfig,
    SpectrumAnalyser,
    blocks,
    choose_path,
    frame_grid,
    frame_span,
    measure_matrix,
    mfcc,
    window_statistics,
)
from callbeam.calls import CallIdentity, Leg
from callbeam.kvs import Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

RATE = 8000
REPEATS = 15
STREAM = Stream("arn:aws:kinesisvideo:us-east-1:111122223333:stream/calls-1/1700000000000", 1700000000000, 24)


def made_signal(seconds: int = 240) -> npt.NDArray[np.int16]:
    """Make syllables of 130 to 250 Hz with pauses, in noise."""
    at = np.arange(seconds * RATE) / RATE
    phase = 2 * np.pi * np.cumsum(190 + 60 * np.sin(0.7 * at)) / RATE
    voice = sum(np.cos(k * phase) / k for k in range(2, 13)) * np.maximum(np.sin(2 * np.pi * 1.3 * at), 0)
    noise = np.random.default_rng(0).normal(size=len(at))
    return np.rint(4000 * voice + 60 * noise).astype(np.int16)


def channel_of(samples: npt.NDArray[np.int16]) -> Channel:
    """Wrap samples as a channel."""
    return Channel(
        leg=Leg(CallIdentity("call", "connect"), STREAM, 1, 0),
        channel_id="0123456789ab",
        track_name="AUDIO_FROM_CUSTOMER",
        participant_role="CUSTOMER",
        role_source="track_name",
        codec="A_AAC",
        sample_rate_hz=RATE,
        clock_start_ms=0,
        first_sample=0,
        samples=samples,
        covered=np.array([[0, len(samples)]], dtype=np.int64),
        core_start=0,
        core_end=len(samples),
    )


def our_spectrum(channel: Channel, *, balance: bool = False) -> None:
    grid = frame_grid(RATE)
    analyser = SpectrumAnalyser(grid)
    for block in blocks(channel, grid):
        analyser.transform(block)
        analyser.shape()
        if balance:
            analyser.balance()
        mfcc(analyser.logmel())


def their_spectrum(samples: npt.NDArray[np.float32]) -> None:
    magnitude = np.abs(librosa.stft(samples, n_fft=256, win_length=200, hop_length=80, center=False))
    librosa.feature.spectral_centroid(S=magnitude, sr=RATE)
    librosa.feature.spectral_bandwidth(S=magnitude, sr=RATE)
    librosa.feature.spectral_rolloff(S=magnitude, sr=RATE)
    librosa.feature.spectral_flatness(S=magnitude)
    mel = librosa.feature.melspectrogram(S=magnitude**2, sr=RATE, n_fft=256, n_mels=64, fmin=100, fmax=3800)
    librosa.feature.mfcc(S=librosa.power_to_db(mel, top_db=None), n_mfcc=13)


def our_f0(channel: Channel) -> None:
    grid, config = frame_grid(RATE), PitchConfig()
    span = frame_span(channel, grid)
    candidates = PitchCandidates(len(span.measured), span.first)
    analyser = PitchAnalyser(grid, config)
    for block in blocks(channel, grid):
        analyser.find(block, candidates)
    choose_path(candidates, span.first, span.measured, config)


def their_f0(samples: npt.NDArray[np.float32]) -> None:
    librosa.yin(samples, fmin=65, fmax=500, sr=RATE, frame_length=320, hop_length=80, center=False)


def compare(name: str, seconds: float, ours: Callable[[], None], theirs: Callable[[], None]) -> None:
    """Print the median CPU time of both, per second of audio, and how they compare."""
    times: tuple[list[float], list[float]] = ([], [])
    ours()
    theirs()
    for _ in range(REPEATS):
        for run, into in zip((ours, theirs), times, strict=True):
            start = time.thread_time()
            run()
            into.append((time.thread_time() - start) / seconds * 1e3)
    mine, peer = (statistics.median(each) for each in times)
    print(f"{name:32s} {mine:8.3f} ms/s   librosa {peer:8.3f} ms/s   {peer / mine:5.1f} times")


def alone(name: str, unit: str, scale: float, run: Callable[[], object]) -> None:
    """Print the median CPU time of what has no peer in librosa."""
    times = []
    for _ in range(REPEATS + 1):
        start = time.thread_time()
        run()
        times.append(time.thread_time() - start)
    print(f"{name:32s} {statistics.median(times[1:]) * scale:8.3f} {unit}")


def bench(name: str, samples: npt.NDArray[np.int16]) -> None:
    seconds = len(samples) / RATE
    print(f"{name}, {seconds:.0f} s of one channel at 8 kHz")
    channel, floats = channel_of(samples), samples.astype(np.float32) / 32768
    compare("spectral features", seconds, lambda: our_spectrum(channel), lambda: their_spectrum(floats))
    compare("F0", seconds, lambda: our_f0(channel), lambda: their_f0(floats))
    alone("with flux, slopes and ratios", "ms/s", 1e3 / seconds, lambda: our_spectrum(channel, balance=True))
    alone("all for table seconds", "ms/s", 1e3 / seconds, lambda: analyse_channel(channel))
    alone(
        "all for seconds and frames",
        "ms/s",
        1e3 / seconds,
        lambda: analyse_channel(channel, frames=True),
    )
    window = measure_matrix(analyse_channel(channel).seconds)[:, :30]
    alone("statistics of a 30 s window", "us", 1e6, lambda: window_statistics(window))


def main() -> None:
    parser = argparse.ArgumentParser(description="Features of a channel against librosa.")
    parser.add_argument("files", nargs="*", type=Path, help="8 kHz mono 16-bit WAV files to measure as well")
    bench("made signal", made_signal())
    for path in parser.parse_args().files:
        with wave.open(str(path)) as file:
            bench(path.name, np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16))


if __name__ == "__main__":
    main()
