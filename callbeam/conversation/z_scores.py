"""Speaker-relative scores: how far a measure lies from what is usual for the same speaker in the same call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from callbeam.audio import Float32Array

    Values = npt.NDArray[np.floating]
    Speakers = Sequence[str] | npt.NDArray[np.object_]

FEWEST = 3
"""Utterances that a measure must be known of, for their mean and deviation to tell what is usual."""


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """What is usual for each speaker.

    Attributes
    ----------
    speakers : dict of str to int
        Each speaker's place in the arrays.
    means, deviations : dict of str to float64 array, shape (speakers,)
        By measure; population standard deviations. NaN where a speaker has fewer than ``FEWEST`` finite values, or all
        are the same.
    """

    speakers: dict[str, int]
    means: dict[str, npt.NDArray[np.float64]]
    deviations: dict[str, npt.NDArray[np.float64]]

    @classmethod
    def of(cls, values: Mapping[str, Values], speakers: Speakers) -> Baseline:
        """Find what is usual.

        Parameters
        ----------
        values : mapping of str to float array, shape (k,)
            By measure, one value per utterance; NaN where it has none.
        speakers : sequence or array of str, k of them
            Whose utterance it is.
        """
        known = {speaker: place for place, speaker in enumerate(dict.fromkeys(speakers))}
        places = np.array([known[speaker] for speaker in speakers], dtype=np.intp)
        usual = {name: _usual(measured, places, len(known)) for name, measured in values.items()}
        means, deviations = ({name: each[i] for name, each in usual.items()} for i in range(2))
        return cls(known, means, deviations)

    def score(self, values: Mapping[str, Values], speakers: Speakers) -> dict[str, Float32Array]:
        """Score rows, also others than those of which the baseline is.

        Parameters
        ----------
        values : mapping of str to float array, shape (k,)
            By measure, each of them one of the baseline's.
        speakers : sequence or array of str, k of them

        Returns
        -------
        dict of str to float32 array, shape (k,)
            ``<measure>_z``: value less mean, in deviations. NaN where the value is, where nothing is known to be usual,
            and for speakers without a baseline.
        """
        unknown = len(self.speakers)  # the place of the NaN that is appended below
        places = np.array([self.speakers.get(speaker, unknown) for speaker in speakers], dtype=np.intp)
        scores = {}
        for name, measured in values.items():
            mean, deviation = (np.append(each[name], np.nan)[places] for each in (self.means, self.deviations))
            scores[f"{name}_z"] = ((measured.astype(np.float64) - mean) / deviation).astype(np.float32)
        return scores


def _usual(
    measured: Values, places: npt.NDArray[np.intp], count: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return each speaker's mean and standard deviation, NaN where these are not known."""
    finite = np.isfinite(measured)
    some, whose = measured[finite].astype(np.float64), places[finite]
    number = np.bincount(whose, minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(whose, some, minlength=count) / number
        deviation = np.sqrt(np.bincount(whose, (some - mean[whose]) ** 2, minlength=count) / number)
    lowest, highest = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(lowest, whose, some)
    np.maximum.at(highest, whose, some)
    # Equal values have no deviation, whatever rounding leaves of it.
    unknown = (number < FEWEST) | (lowest == highest)
    return np.where(unknown, np.nan, mean), np.where(unknown, np.nan, deviation)
