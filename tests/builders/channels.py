"""Channels of made signals."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import signal

from builders.jobs import make_leg
from callbeam.audio import Channel

CALL_ID = "11111111-2222-3333-4444-555555555555"
CLOCK_START_MS = 1_700_000_000_250


def make_channel(
    samples: npt.ArrayLike,
    *,
    rate: int = 8000,
    first_sample: int = 0,
    covered: Any = None,
    core: tuple[int, int] | None = None,
    role: str | None = "CUSTOMER",
    **fields: Any,
) -> Channel:
    """Make a channel that is all core and audio unless told otherwise; samples outside ``covered`` become 0.

    ``fields`` are a Channel's own, where a test needs others than the usual.
    """
    samples = np.asarray(samples)
    end = first_sample + len(samples)
    covered = [[first_sample, end]] if covered is None else covered
    covered = np.array(covered, dtype=np.int64).reshape(-1, 2)
    inside = np.zeros(len(samples), dtype=bool)
    for low, high in covered - first_sample:
        inside[max(low, 0) : max(high, 0)] = True
    core_start, core_end = core or (first_sample, end)
    usual = {
        "leg": make_leg(call_id=CALL_ID),
        "channel_id": "0123456789ab",
        "track_name": "AUDIO_FROM_CUSTOMER",
        "role_source": "track_name",
        "codec": "A_AAC",
        "clock_start_ms": CLOCK_START_MS,
    }
    return Channel(
        participant_role=role,
        sample_rate_hz=rate,
        first_sample=first_sample,
        samples=np.where(inside, samples, 0).astype(np.int16),
        covered=covered,
        core_start=core_start,
        core_end=core_end,
        **{**usual, **fields},
    )


def pcm(values: npt.ArrayLike) -> npt.NDArray[np.int16]:
    """Round floats in [-1, 1) to 16-bit samples."""
    return np.clip(np.rint(np.asarray(values) * 32768), -32768, 32767).astype(np.int16)


def noise(seconds: float, *, rate: int = 8000, seed: int = 1) -> npt.NDArray[np.int16]:
    """Draw white noise."""
    return np.random.default_rng(seed).integers(-9000, 9000, int(seconds * rate)).astype(np.int16)


def harmonics(f0, rate, low_hz=300.0, high_hz=3400.0):
    """Add up equally strong harmonics of an F0 (Hz, per sample) within the telephone band: often no fundamental."""
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(f0, np.shape(f0))) / rate
    total = np.zeros(len(phase))
    for k in range(1, int(high_hz / np.min(f0)) + 1):
        total += np.where((k * f0 >= low_hz) & (k * f0 <= high_hz), np.cos(k * phase), 0)
    return total


class Voice:
    """A made voice of known pitch: pulses through formants with fricatives and pauses, telephone band, mu-law.

    ``samples``, and by sample ``f0`` and whether it is ``voiced``.
    """

    def __init__(self, seed: int, seconds: int, snr_db: float, rate: int = 8000) -> None:
        rng = np.random.default_rng(seed)
        n = seconds * rate
        bends = rng.normal(0, 1.5, seconds * 4 + 2)
        semitones = np.interp(np.arange(n) / rate, np.arange(len(bends)) / 4, bends)
        self.f0 = rng.uniform(85, 280) * 2 ** (semitones / 12)
        source = harmonics(self.f0, rate, 50, 3600)
        noise = rng.normal(size=n)
        clean = np.zeros(n)
        self.voiced = np.zeros(n, dtype=bool)
        at = 0
        while at < n:
            part = slice(at, min(at + int(rng.uniform(0.1, 0.6) * rate), n))
            kind = rng.choice(["voiced", "fricative", "pause"], p=[0.6, 0.2, 0.2])
            self.voiced[part] = kind == "voiced"
            if kind == "voiced":
                clean[part] = self._through_formants(source[part], rng, rate)
            elif kind == "fricative":
                clean[part] = 0.3 * signal.lfilter(*signal.butter(2, [1500, 3600], "band", fs=rate), noise[part])
            at = part.stop
        clean = signal.sosfilt(signal.butter(4, [300, 3400], "band", fs=rate, output="sos"), clean)
        clean *= 0.08 / clean.std()
        noisy = np.clip(clean + rng.normal(size=n) * 0.08 * 10 ** (-snr_db / 20), -1, 1)
        companded = np.rint(127 * np.sign(noisy) * np.log1p(255 * np.abs(noisy)) / np.log(256)) / 127
        expanded = np.sign(companded) * (256 ** np.abs(companded) - 1) / 255
        self.samples = np.rint(expanded * 32000).astype(np.int16)

    @staticmethod
    def _through_formants(values, rng, rate):
        for low, high, width in ((280, 850, 80), (900, 2300, 110), (2300, 3100, 160)):
            radius = np.exp(-np.pi * width / rate)
            poles = [1, -2 * radius * np.cos(2 * np.pi * rng.uniform(low, high) / rate), radius**2]
            values = signal.lfilter([sum(poles)], poles, values)
        edge = np.minimum(np.arange(len(values)), np.arange(len(values))[::-1]) / (0.02 * rate)
        return values / values.std() * np.minimum(edge, 1) * 10 ** (rng.uniform(-10, 0) / 20)
