"""Frames that nothing was heard for: measures as told, or drawn at random."""

from __future__ import annotations

import numpy as np

from callbeam.audio import FRAME_MEASURES, FrameFeatures, FrameSpan
from callbeam.voice import VoiceDescriptors


def features_of(count, first=0, *, measured=None, **measures):
    """Make features of frames: NaN where no measure is given, at -30 dBFS."""
    measured = np.ones(count, dtype=bool) if measured is None else measured
    arrays = {name: np.full(count, np.nan, dtype=np.float32) for name in FRAME_MEASURES}
    arrays["level_dbfs"][:] = -30
    mfcc, loudness = (measures.pop(name, None) for name in ("mfcc", "loudness"))
    arrays |= {name: np.asarray(values, dtype=np.float32) for name, values in measures.items()}
    return FrameFeatures(
        span=FrameSpan(first, measured, measured, slice(0, count)),
        heard=measured,
        measures=arrays,
        logmel=None,
        mfcc=np.zeros((count, 13), dtype=np.float32) if mfcc is None else np.asarray(mfcc, dtype=np.float32),
        loudness=np.ones(count, dtype=np.float32) if loudness is None else np.asarray(loudness, dtype=np.float32),
        concentration=np.zeros(count, dtype=np.float32),
        centre_hz=np.full(count, 1000, dtype=np.float32),
    )


def voice_of(count, **measures):
    """Make voice descriptors of frames: NaN and no syllables unless given."""
    names = [f"{name}{kind}" for name in ("f1", "f2") for kind in ("_hz", "_bandwidth_hz", "_level_db")]
    arrays = {name: np.full(count, np.nan, dtype=np.float32) for name in ("jitter_ratio", "shimmer_db", *names)}
    nuclei = measures.pop("syllable_nuclei", np.zeros(count, dtype=bool))
    return VoiceDescriptors(**(arrays | measures), syllable_nuclei=nuclei)


def runs(rng, count, share):
    """Draw a mask that stays as it is for a while."""
    return np.repeat(rng.random(count // 4 + 1) < share, 4)[:count]


def drawn(seed, count, first=0):
    """Draw features, voice descriptors and which frames are speech: with gaps, digital silence and unknowns."""
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
    features = features_of(count, first, measured=measured, mfcc=mfcc, loudness=loudness, **measures)
    speech = runs(rng, count, 0.7) & measured
    known = voiced & speech
    nuclei = known & (rng.random(count) < 0.1)
    found = {
        name: np.where(known & (rng.random(count) < 0.9), rng.uniform(0.1, 9, count), np.nan).astype(np.float32)
        for name in VoiceDescriptors.__dataclass_fields__
        if name != "syllable_nuclei"
    }
    return features, voice_of(count, syllable_nuclei=nuclei, **found), speech
