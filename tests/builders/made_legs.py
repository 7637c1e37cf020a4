"""Makes what a leg's blocks hold, sound or under wrong headers: sizes, timecodes and payload, drawn by a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from callbeam.mkv import Block
from callbeam.payload import SAMPLE_BYTES, AudioFormat
from callbeam.payload.block_statistics import block_pairs
from callbeam.payload.format_detection import TrackEvidence
from callbeam.payload.samples import g711_levels

TICK_NS = 1_000_000


def speech_like(rng: np.random.Generator, count: int, rate: int, level_db: float = -20.0) -> np.ndarray:
    """Voiced and voiceless stretches with pauses over a noise floor; float, full scale at 1."""
    time = np.arange(count) / rate
    f0 = rng.uniform(90, 260) * (1 + 0.1 * np.sin(2 * np.pi * rng.uniform(0.2, 2) * time))
    phase = 2 * np.pi * np.cumsum(f0) / rate
    voiced = sum(np.sin(k * phase) / k**1.2 for k in range(1, 16) if k * f0.max() < rate / 2)
    gate = np.repeat(rng.random(count // (rate // 5) + 1) < 0.55, rate // 5)[:count]
    hiss = rng.normal(0, 0.3, count) * np.repeat(rng.random(count // (rate // 10) + 1) < 0.1, rate // 10)[:count]
    return 10 ** (level_db / 20) * (voiced * gate + hiss) + 10 ** (rng.uniform(-80, -45) / 20) * rng.normal(0, 1, count)


def sound(rng: np.random.Generator, count: int, rate: int) -> np.ndarray:
    """Draw what telephone lines carry, int16: speech, tones, music, noise, silence, clipped, through G.711."""
    time = np.arange(count) / rate
    kind = rng.choice(["speech", "speech", "speech", "tone", "dtmf", "music", "noise", "comfort", "silence", "clipped"])
    if kind == "tone":
        values = rng.uniform(0.001, 1) * np.sin(2 * np.pi * rng.uniform(50, rate / 2 - 100) * time)
    elif kind == "dtmf":
        low, high = rng.choice([697, 770, 852, 941]), rng.choice([1209, 1336, 1477])
        on = (time % 0.3) < 0.12
        values = 0.3 * on * (np.sin(2 * np.pi * low * time) + np.sin(2 * np.pi * high * time))
    elif kind == "music":
        chord = rng.uniform(110, 440) * np.array([1, 1.26, 1.5, 2, 2.52, 3])
        values = 0.1 * sum(np.sin(2 * np.pi * f * time + f) * np.exp(-(time * f / 300) % 3) for f in chord)
    elif kind == "noise":
        values = rng.normal(0, 10 ** rng.uniform(-3, -0.5), count)
    elif kind == "comfort":
        values = rng.normal(0, 10 ** rng.uniform(-4.4, -3.3), count)
    elif kind == "silence":
        values = np.zeros(count)
    else:
        values = speech_like(rng, count, rate, rng.uniform(-50, -6) + (40 if kind == "clipped" else 0))
    samples = np.clip(np.rint(values * 32768), -32768, 32767).astype(np.int16)
    return companded(samples) if rng.random() < 0.5 else samples


def companded(samples: np.ndarray, law: str = "ulaw") -> np.ndarray:
    """Bring samples through G.711."""
    return g711_levels(law)[encoded(samples, law)]


def encoded(samples: np.ndarray, encoding: str) -> np.ndarray:
    """Encode int16 samples; uint8 array of bytes."""
    if encoding in {"alaw", "ulaw"}:
        levels = g711_levels(encoding).astype(np.int32)
        order = np.argsort(levels, kind="stable")
        borders = (levels[order][1:] + levels[order][:-1]) // 2
        return order[np.searchsorted(borders, samples)].astype(np.uint8)
    wide = samples.astype(np.int64)
    if encoding == "u8":
        return ((wide >> 8) + 128).astype(np.uint8)
    if encoding.startswith("f"):
        return np.frombuffer((wide / 32768).astype("<f4" if encoding == "f32le" else "<f8").tobytes(), np.uint8)
    width = SAMPLE_BYTES[encoding]
    shifted = wide << 8 * (width - 2)
    parts = np.stack([(shifted >> 8 * k) & 0xFF for k in range(width)], axis=1).astype(np.uint8)
    return (parts if encoding.endswith("le") else parts[:, ::-1]).reshape(-1)


@dataclass(frozen=True)
class Wire:
    """How a leg is cut into blocks and stamped.

    Attributes
    ----------
    block_ms, fragment_ms : float
    jitter_ms : float
        Standard deviation of the timecodes' jitter.
    loss, short, repeated : float
        Shares of blocks that never came, hold a fifth, or came twice.
    burst : int
        Blocks that get the timecode of the first of them.
    drift : float
        The producer's clock against the samples'.
    """

    block_ms: float = 64.0
    fragment_ms: float = 1024.0
    jitter_ms: float = 0.0
    loss: float = 0.0
    short: float = 0.0
    repeated: float = 0.0
    burst: int = 1
    drift: float = 0.0

    @staticmethod
    def draw(rng: np.random.Generator) -> Wire:
        """Draw what was seen of producers and networks, and worse."""
        block_ms = float(rng.choice([5, 10, 20, 21.333, 30, 32, 40, 60, 64, 100, 125.125, 200, 250, 500, 1000]))
        return Wire(
            block_ms=block_ms,
            fragment_ms=float(rng.choice([500, 1000, 1024, 2000, 5000, 10_000])),
            jitter_ms=float(rng.choice([0, 0, 1, 3, 8, 15])),
            loss=float(rng.choice([0, 0, 0.01, 0.05, 0.2, 0.4])),
            short=float(rng.choice([0, 0, 0.02, 0.2])),
            repeated=float(rng.choice([0, 0, 0.02])),
            burst=int(rng.choice([1, 1, 1, 2, 4, 8])),
            drift=float(rng.choice([0, 0, 1e-4, -1e-3])),
        )


def evidence(
    rng: np.random.Generator, payload: bytes, bytes_per_s: float, declared: AudioFormat, wire: Wire, *, align: int = 2
) -> TrackEvidence:
    """Cut a payload that lasts ``len(payload) / bytes_per_s`` into blocks, and gather what a survey would of them."""
    size = max(align, round(bytes_per_s * wire.block_ms / 1000 / align) * align)
    sizes, pairs, packets, kept = [], [], [], []
    fragment: list[Block] = []
    begun = stamp = 0
    for number, at in enumerate(range(0, len(payload) - size, size)):
        at_ms = at / bytes_per_s * 1000
        if at_ms - begun >= wire.fragment_ms:
            pairs += block_pairs(fragment, TICK_NS)
            fragment, begun = [], at_ms
        if number % wire.burst == 0:
            stamp = round(at_ms * (1 + wire.drift) + rng.normal(0, wire.jitter_ms))
        if rng.random() < wire.loss:
            continue
        length = size // 5 // align * align if rng.random() < wire.short else size
        for _ in range(2 if rng.random() < wire.repeated else 1):
            fragment.append(Block(1, stamp, at, at + length))
            sizes.append(length)
        kept.append(payload[at : at + length])
        packets.append(payload[at : at + min(length, 8192)])
    pairs += block_pairs(fragment, TICK_NS)
    return TrackEvidence("t", (declared,), tuple(sizes), tuple(pairs), b"".join(kept), tuple(packets[:64]))
