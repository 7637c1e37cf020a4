"""Channels, and frames that nothing was heard for: measures drawn at random."""

from __future__ import annotations

import numpy as np
import pytest

from callbeam.audio import FRAME_MEASURES, Channel, FrameFeatures, FrameSpan
from callbeam.calls import CallIdentity, Leg
from callbeam.kvs import Stream
from callbeam.voice import VoiceDescriptors

LEG = Leg(
    identity=CallIdentity("11111111-2222-3333-4444-555555555555", "connect"),
    stream=Stream("arn:aws:kinesisvideo:us-east-1:111122223333:stream/calls-1/1700000000000", 1700000000000, 24),
    first_number=91343852333181432392682062607743920146264094,
    start_server_ms=1700000000000,
)


def _channel(samples, *, first_sample=0, covered=None, core=None):
    end = first_sample + len(samples)
    return Channel(
        leg=LEG,
        channel_id="0123456789ab",
        track_name="AUDIO_FROM_CUSTOMER",
        participant_role="CUSTOMER",
        role_source="track_name",
        codec="A_AAC",
        sample_rate_hz=8000,
        clock_start_ms=1_700_000_000_250,
        first_sample=first_sample,
        samples=np.asarray(samples, dtype=np.int16),
        covered=np.array([[first_sample, end]] if covered is None else covered, dtype=np.int64).reshape(-1, 2),
        core_start=(core or (first_sample, end))[0],
        core_end=(core or (first_sample, end))[1],
    )


@pytest.fixture(scope="session")
def channel_of():
    """(samples at 8 kHz, *, first_sample, covered, core) -> Channel."""
    return _channel


def _features(count, first=0, *, measured=None, **measures):
    measured = np.ones(count, dtype=bool) if measured is None else measured
    arrays = {name: np.full(count, np.nan, dtype=np.float32) for name in FRAME_MEASURES}
    arrays["level_dbfs"][:] = -30
    mfcc, loudness = (measures.pop(name, None) for name in ("mfcc", "loudness"))
    arrays |= {name: np.asarray(values, dtype=np.float32) for name, values in measures.items()}
    return FrameFeatures(
        span=FrameSpan(first, measured, measured, slice(0, count)),
        measures=arrays,
        logmel=None,
        mfcc=np.zeros((count, 13), dtype=np.float32) if mfcc is None else np.asarray(mfcc, dtype=np.float32),
        loudness=np.ones(count, dtype=np.float32) if loudness is None else np.asarray(loudness, dtype=np.float32),
        concentration=np.zeros(count, dtype=np.float32),
        centre_hz=np.full(count, 1000, dtype=np.float32),
    )


@pytest.fixture(scope="session")
def features_of():
    """(count, first, *, measured, <measure>, mfcc, loudness) -> FrameFeatures; measures are NaN unless given."""
    return _features


def _voice(count, **measures):
    names = [f"{name}{kind}" for name in ("f1", "f2") for kind in ("_hz", "_bandwidth_hz", "_level_db")]
    arrays = {name: np.full(count, np.nan, dtype=np.float32) for name in ("jitter_ratio", "shimmer_db", *names)}
    nuclei = measures.pop("syllable_nuclei", np.zeros(count, dtype=bool))
    return VoiceDescriptors(**(arrays | measures), syllable_nuclei=nuclei)


@pytest.fixture(scope="session")
def voice_of():
    """(count, <measure>) -> VoiceDescriptors; NaN and no syllables unless given."""
    return _voice


@pytest.fixture(scope="session")
def drawn():
    """(seed, count, first) -> (FrameFeatures, VoiceDescriptors, speech): with gaps, digital silence and unknowns."""

    def runs(rng, count, share):
        """Draw a mask that stays as it is for a while."""
        return np.repeat(rng.random(count // 4 + 1) < share, 4)[:count]

    def draw(seed, count, first=0):
        rng = np.random.default_rng(seed)
        measured, voiced = ~runs(rng, count, 0.05), runs(rng, count, 0.6)
        silent = runs(rng, count, 0.1)
        measures = {name: rng.normal(rng.normal(0, 9), 5, count) for name in FRAME_MEASURES}
        measures["level_dbfs"] = np.where(silent, -100, rng.uniform(-70, -10, count))
        measures["f0_hz"] = np.where(voiced, rng.uniform(65, 500, count), np.nan)
        measures["hnr_db"] = np.where(voiced, rng.uniform(-5, 30, count), np.nan)
        for name, values in measures.items():
            if name.startswith("spectral") or name in ("alpha_ratio_db", "hammarberg_index_db"):
                values[silent] = np.nan
            values[~measured] = np.nan
        mfcc, loudness = rng.normal(0, 20, (count, 13)), rng.uniform(0, 2, count)
        mfcc[~measured], loudness[~measured] = np.nan, np.nan
        features = _features(count, first, measured=measured, mfcc=mfcc, loudness=loudness, **measures)
        speech = runs(rng, count, 0.7) & measured
        known = voiced & speech
        nuclei = known & (rng.random(count) < 0.1)
        found = {
            name: np.where(known & (rng.random(count) < 0.9), rng.uniform(0.1, 9, count), np.nan).astype(np.float32)
            for name in VoiceDescriptors.__dataclass_fields__
            if name != "syllable_nuclei"
        }
        return features, _voice(count, syllable_nuclei=nuclei, **found), speech

    return draw
