"""What a unit sounds like in words, for language models: always the same words for the same numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NOTABLE = 1.0
"""Standard deviations from the speaker's mean from which on something is said."""

MUCH = 2.0
"""From here on it is much so."""

AS_USUAL = "as usual for this speaker"

_COMPARED = (
    ("level_mean_dbfs_z", "louder", "quieter"),
    ("articulation_rate_hz_z", "faster", "slower"),
    ("f0_mean_st_z", "higher-pitched", "lower-pitched"),
)
"""Measure, and the words above and below the speaker's usual."""

_QUALITIES = (
    ("f0_sd_st_z", "livelier pitch", "flatter pitch"),
    ("level_sd_db_z", "more uneven loudness", "more even loudness"),
    ("hnr_mean_db_z", "clearer voice", "rougher voice"),
    ("spectral_centroid_hz_z", "brighter voice", "duller voice"),
)

_CONTOURS = (
    ("f0_slope_st_s", "rising pitch", "falling pitch"),
    ("level_slope_db_s", "growing loudness", "fading loudness"),
)
"""Said where the slope goes that way, and does so notably more than this speaker's slopes do."""


def prosody_text(measures: Mapping[str, float | None]) -> str | None:
    """Describe a unit against its speaker's usual.

    Parameters
    ----------
    measures : mapping of str to float or None
        Columns of ``sentiment_inputs``: measures and their z-scores. What is missing or None is not spoken of.

    Returns
    -------
    str or None
        None where there is nothing to compare with.

    Examples
    --------
    >>> scores = {"level_mean_dbfs_z": 1.3, "articulation_rate_hz_z": 2.4, "f0_slope_st_s_z": 1.1}
    >>> prosody_text({**scores, "f0_slope_st_s": 4.0})
    "louder and much faster than this speaker's usual, rising pitch"
    """
    read = [name for name, _, _ in (*_COMPARED, *_QUALITIES)] + [f"{name}_z" for name, _, _ in _CONTOURS]
    if all(measures.get(name) is None for name in read):
        return None
    compared = [word for name, above, below in _COMPARED if (word := _word(measures.get(name), above, below))]
    phrases = [f"{_listed(compared)} than this speaker's usual"] if compared else []
    phrases += [word for name, above, below in _QUALITIES if (word := _word(measures.get(name), above, below))]
    phrases += [word for name, up, down in _CONTOURS if (word := _contour(measures, name, up, down))]
    return ", ".join(phrases) or AS_USUAL


def _word(score: float | None, above: str, below: str) -> str | None:
    if score is None or abs(score) < NOTABLE:
        return None
    word = above if score > 0 else below
    return f"much {word}" if abs(score) >= MUCH else word


def _contour(measures: Mapping[str, float | None], name: str, up: str, down: str) -> str | None:
    slope, score = measures.get(name), measures.get(f"{name}_z")
    if slope is None or score is None:
        return None
    if slope > 0 and score >= NOTABLE:
        return up
    return down if slope < 0 and score <= -NOTABLE else None


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
