"""Copies of a sound have the same chunks wherever they begin or end; other sounds have none in common."""

from __future__ import annotations

import numpy as np
import pytest

from callbeam.audio.fingerprint import CHUNK_SAMPLES, LEAST_SAMPLES, fingerprint

RANDOM = np.random.default_rng(11)
COUNT = 120 * 8000


def make(kind: str) -> np.ndarray:
    noise = RANDOM.normal(0, 900, COUNT)
    if kind == "bursts between digital silence":
        noise *= np.repeat(RANDOM.random(240) > 0.5, COUNT // 240)
    elif kind == "a quiet mu-law line":
        return RANDOM.choice(np.array([-8, 0, 0, 0, 8], np.int16), COUNT)
    return np.rint(noise).astype(np.int16)


@pytest.mark.parametrize("kind", ["noise", "bursts between digital silence", "a quiet mu-law line"])
def test_copies_share_all_chunks_but_those_at_their_edges(kind: str) -> None:
    sound = make(kind)
    whole = fingerprint(sound)
    assert 15 <= len(whole) <= COUNT // LEAST_SAMPLES
    np.testing.assert_array_equal(whole["begin"][1:], whole["end"][:-1])
    for first in (1, 160, 799, 8000, 33_333):
        copy = np.concatenate([sound[first:200_000], sound[208_123:-first]])
        chunks = fingerprint(copy)
        strange = chunks[~np.isin(chunks["digest"], whole["digest"])]
        assert len(chunks) >= 12
        assert len(strange) <= 3
        assert np.all((strange["begin"] == chunks["begin"][0]) | (strange["begin"] <= 200_000 - first))
    other = fingerprint(sound[::-1])
    assert not set(other["digest"].tolist()) & set(whole["digest"].tolist())


def test_what_does_not_change_says_nothing() -> None:
    for value in (0, 8, -32_768):
        assert not len(fingerprint(np.full(480_000, value, np.int16)))
    assert not len(fingerprint(np.zeros(0, np.int16)))
    assert not len(fingerprint(np.arange(3, dtype=np.int16)))


def test_cuts_lie_where_the_samples_from_there_on_say_so() -> None:
    sound = make("a quiet mu-law line")[:200_000]
    for length in (15, 16, 17, 40_000):  # what does not change
        at = int(RANDOM.integers(0, 150_000))
        sound[at : at + length] = 8
    factor, samples, cuts = 0x9E3779B1, sound.tolist(), []
    for at in range(len(samples) - 15):
        some = samples[at : at + 16]
        mixed = sum(sample * factor**place for place, sample in enumerate(some)) % 2**32
        mixed = (mixed ^ mixed >> 15) * factor % 2**32
        if mixed < 2**32 // CHUNK_SAMPLES and len(set(some)) > 1 and (not cuts or at - cuts[-1] >= LEAST_SAMPLES):
            cuts.append(at)
    chunks = fingerprint(sound)
    assert len(cuts) > 5
    assert [*chunks["begin"].tolist(), int(chunks["end"][-1])] == cuts
