"""What crosses the shuffle of a channel's frames: small, and the same again on the other side."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from callbeam.audio import F0_HIGH_HZ, F0_LOW_HZ
from callbeam.legs import join_tracks, track_of

LEVELS = hnp.arrays(np.float32, st.integers(1, 400), elements=st.floats(-100, 0, width=32) | st.just(np.nan))


def features(level: np.ndarray, f0: np.ndarray, *, first: int = 0, core: slice | None = None) -> SimpleNamespace:
    span = SimpleNamespace(first=first, core=core or slice(0, len(level)))
    return SimpleNamespace(span=span, measures={"level_dbfs": level, "f0_hz": f0})


def pitch_of(level: np.ndarray) -> np.ndarray:
    """Voiced where it is loud, at some pitch or other."""
    return np.where(level > -40, F0_LOW_HZ + (level + 100) / 100 * (F0_HIGH_HZ - F0_LOW_HZ), np.nan).astype(np.float32)


@given(LEVELS)
def test_levels_and_pitch_come_back_to_half_a_step(level: np.ndarray) -> None:
    f0 = pitch_of(level)
    track = join_tracks([track_of("c", 0, features(level, f0))])
    assert track.level_dbfs.dtype == track.f0_hz.dtype == np.float32
    np.testing.assert_allclose(track.level_dbfs, level, atol=0.2501)
    np.testing.assert_allclose(np.log(track.f0_hz), np.log(f0), atol=0.00501)


@given(LEVELS, st.integers(0, 300), st.data())
def test_pieces_join_to_the_whole_in_any_order(level: np.ndarray, lead: int, data: st.DataObject) -> None:
    f0 = pitch_of(level)
    cut = data.draw(st.integers(0, len(level)))
    whole = join_tracks([track_of("c", 0, features(level, f0))])
    seen = max(cut - lead, 0)
    later = features(level[seen:], f0[seen:], first=seen, core=slice(cut - seen, len(level) - seen))
    parts = [track_of("c", 0, features(level, f0, core=slice(0, cut))), track_of("c", 1, later)]
    for some in (parts, parts[::-1]):
        joined = join_tracks(some)
        np.testing.assert_array_equal(joined.level_dbfs, whole.level_dbfs)
        np.testing.assert_array_equal(joined.f0_hz, whole.f0_hz)


def test_what_no_piece_holds_is_masked() -> None:
    level = np.full(10, -30, np.float32)
    early, late = (track_of("c", n, features(level, pitch_of(level), first=first)) for n, first in ((0, 5), (1, 40)))
    assert np.flatnonzero(np.isfinite(join_tracks([late, early]).level_dbfs)).tolist() == [
        *range(5, 15),
        *range(40, 50),
    ]


def test_an_hour_is_far_smaller_than_its_audio() -> None:
    """Noise packs worst: an hour of samples at 8 kHz is 57.6 MB."""
    level = np.random.default_rng(1).normal(-50, 3, 360_000).astype(np.float32)
    assert len(track_of("c", 0, features(level, pitch_of(level))).packed) < 400_000
