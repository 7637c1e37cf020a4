"""Words for what a unit sounds like: a table of cases, and that every measure read is one of the table's columns."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.schemas import UNIT_MEASURES, UNIT_Z_SCORES
from callbeam.sentiment.prosody_text import AS_USUAL, prosody_text

NONE = {column.name: None for column in (*UNIT_MEASURES, *UNIT_Z_SCORES)}
PLAIN = {**dict.fromkeys(NONE, 0.0)}

CASES = [
    ({}, AS_USUAL),
    ({"level_mean_dbfs_z": 0.99, "f0_mean_st_z": -0.99}, AS_USUAL),
    ({"level_mean_dbfs_z": 1.0}, "louder than this speaker's usual"),
    ({"level_mean_dbfs_z": -1.5}, "quieter than this speaker's usual"),
    ({"level_mean_dbfs_z": 2.0}, "much louder than this speaker's usual"),
    (
        {"level_mean_dbfs_z": 1.2, "articulation_rate_hz_z": 1.4, "f0_slope_st_s": 3.0, "f0_slope_st_s_z": 1.1},
        "louder and faster than this speaker's usual, rising pitch",
    ),
    (
        {"level_mean_dbfs_z": -3.0, "articulation_rate_hz_z": -1.0, "f0_mean_st_z": -1.9},
        "much quieter, slower and lower-pitched than this speaker's usual",
    ),
    ({"f0_mean_st_z": 2.5, "f0_sd_st_z": 1.1}, "much higher-pitched than this speaker's usual, livelier pitch"),
    ({"f0_sd_st_z": -2.2}, "much flatter pitch"),
    ({"level_sd_db_z": 1.5, "hnr_mean_db_z": -1.5}, "more uneven loudness, rougher voice"),
    ({"level_sd_db_z": -1.5, "hnr_mean_db_z": 2.0}, "more even loudness, much clearer voice"),
    ({"spectral_centroid_hz_z": 1.0}, "brighter voice"),
    ({"spectral_centroid_hz_z": -1.0}, "duller voice"),
    ({"f0_slope_st_s": -2.0, "f0_slope_st_s_z": -1.0}, "falling pitch"),
    ({"f0_slope_st_s": -0.5, "f0_slope_st_s_z": 2.0}, AS_USUAL),  # falls less than usual, but does not rise
    ({"f0_slope_st_s": 0.5, "f0_slope_st_s_z": -2.0}, AS_USUAL),
    ({"f0_slope_st_s": None, "f0_slope_st_s_z": 2.0}, AS_USUAL),
    (
        {"level_slope_db_s": 2.0, "level_slope_db_s_z": 1.0, "f0_slope_st_s": 9.0, "f0_slope_st_s_z": 3.0},
        "rising pitch, growing loudness",
    ),
    ({"level_slope_db_s": -2.0, "level_slope_db_s_z": -1.0}, "fading loudness"),
    ({"jitter_ratio_z": 9.0}, AS_USUAL),  # measured too coarsely to be spoken of
]


@pytest.mark.parametrize(("measures", "words"), CASES)
def test_words(measures, words):
    assert prosody_text({**PLAIN, **measures}) == words


def test_without_a_baseline_nothing_is_said():
    assert prosody_text({**NONE, "f0_slope_st_s": 5.0, "level_mean_dbfs": -20.0}) is None
    assert prosody_text({}) is None


def test_what_is_missing_is_not_spoken_of():
    assert prosody_text({**NONE, "level_mean_dbfs_z": 1.5}) == "louder than this speaker's usual"
    assert prosody_text({**NONE, "level_mean_dbfs_z": 0.0}) == AS_USUAL


@settings(deadline=None, max_examples=100)
@given(st.fixed_dictionaries({name: st.none() | st.floats(-4, 4) for name in NONE}))
def test_only_columns_of_the_table_are_read(measures):
    class Strict(dict):
        def get(self, name, default=None):
            assert name in self, f"{name} is no column of sentiment_inputs"
            return super().get(name, default)

    words = prosody_text(Strict(measures))
    assert words is None or words == prosody_text(dict(reversed(measures.items())))
