"""What a call's two channels are to each other: one for each participant, or something worth a warning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from callbeam.line.detections import DTMF, HOLD_MUSIC, HOLD_TONE, RINGBACK
from callbeam.line.leak import Leak, measure_leak
from callbeam.spans import clip, intersect

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callbeam.audio import Channel
    from callbeam.line.detections import Detection

STEREO, DUAL_MONO, BLEED, MONO = "stereo", "dual_mono", "bleed", "mono"

CHANNELS_IDENTICAL = "channels_identical"
ECHO_LEAK = "echo_leak"
CHANNELS_MAY_BE_SWAPPED = "channels_may_be_swapped"

BLEED_DB = -15.0
"""From here on a leak is no echo: network echo is weaker, and a voice that loud passes for the channel's own."""

ALIKE_CORRELATION, ALIKE_SHARE = 0.95, 0.9
"""Channels are the same sound, though not the same samples (coded, amplified or delayed on the way), from this
correlation on, and where as much of what either holds is the same: of a mix and one of its voices it is not."""

TO_CUSTOMER_TONES = frozenset({RINGBACK, HOLD_TONE})
"""What nobody but a customer hears. Music is another matter: on the customer's own channel it may be a radio."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two channels compared, over a piece or, once joined, a call.

    Attributes
    ----------
    identical : bool
        Every sample is the same, and not all are 0.
    forward, backward : Leak
        From the first channel to the second, and back.
    by_levels : bool
        Levels were compared, not samples: these lie on different streams (``callbeam.legs``).
    """

    identical: bool
    forward: Leak
    backward: Leak
    by_levels: bool = False

    @property
    def correlation(self) -> float | None:
        """Largest correlation of the channels' samples, 0 to 1; None if never compared."""
        if self.by_levels:
            return None
        known = [leak.correlation for leak in (self.forward, self.backward) if leak.correlation is not None]
        return max(known) if known else None

    @property
    def alike(self) -> bool:
        """Whether both channels are one sound, but for coding, a delay, and a gain of up to 15 dB either way.

        A fainter copy may be the echo on a line on which nobody speaks.
        """
        return self.identical or any(_is_copy(leak) for leak in (self.forward, self.backward))


def _is_copy(leak: Leak) -> bool:
    """Tell whether a leak is all that both channels hold."""
    if leak.echo_db is None or leak.correlation is None or leak.alike_share is None:
        return False
    same = leak.correlation >= ALIKE_CORRELATION and leak.alike_share >= ALIKE_SHARE
    return same and abs(leak.echo_db) <= -BLEED_DB


def compare_channels(first: Channel, second: Channel) -> Comparison:
    """Compare two channels of a piece.

    Examples
    --------
    >>> from callbeam.audio import channel_of_pcm
    >>> samples = np.random.default_rng(1).integers(-2000, 2000, 40_000).astype(np.int16)
    >>> both = [channel_of_pcm(samples, 8000, participant_role=role) for role in ("CUSTOMER", "AGENT")]
    >>> channel_layout(2, compare_channels(*both))
    ('dual_mono', ('channels_identical',))
    """
    return Comparison(_same_samples(first, second), measure_leak(first, second), measure_leak(second, first))


def _same_samples(first: Channel, second: Channel) -> bool:
    """Tell whether two channels hold the same audio in the core, other than zeros."""
    if first.sample_rate_hz != second.sample_rate_hz:
        return False
    own = clip(first.covered, first.core_start, first.core_end)
    other = clip(second.covered, second.core_start, second.core_end)
    if not np.array_equal(own, other):
        return False
    sounding = False
    for begin, end in intersect(own, other).tolist():
        one = first.samples[begin - first.first_sample : end - first.first_sample]
        if not np.array_equal(one, second.samples[begin - second.first_sample : end - second.first_sample]):
            return False
        sounding = sounding or bool(one.any())
    return sounding


def join_comparisons(parts: Sequence[Comparison]) -> Comparison | None:
    """Join the comparisons of a call's pieces; None without any."""
    if not parts:
        return None
    heard = [part for part in parts if part.identical or part.correlation is not None]
    return Comparison(
        identical=bool(heard) and all(part.identical for part in heard),
        forward=join_leaks([part.forward for part in parts]),
        backward=join_leaks([part.backward for part in parts]),
    )


def join_leaks(parts: Sequence[Leak]) -> Leak:
    """Join what pieces say about a leak, each with the weight of its evidence; found if half the evidence found it."""
    evidence = sum(part.evidence_s for part in parts)
    correlation = _mean_of([(part.correlation, part.evidence_s) for part in parts])
    alike_share = _mean_of([(part.alike_share, part.evidence_s) for part in parts])
    found = [part for part in parts if part.echo_db is not None]
    support = sum(part.evidence_s for part in found)
    if not found or 2 * support < evidence:
        return Leak(correlation=correlation, alike_share=alike_share, evidence_s=evidence)
    best = max(found, key=lambda part: part.evidence_s)
    power = sum(10 ** ((part.echo_db or 0.0) / 10) * part.evidence_s for part in found) / support
    return Leak(float(10 * np.log10(power)), best.delay_ms, correlation, alike_share, best.inverted, evidence)


def _mean_of(weighted: Sequence[tuple[float | None, float]]) -> float | None:
    """Return the mean of the values that are known, each with its weight."""
    known = [(value, max(weight, 0.001)) for value, weight in weighted if value is not None]
    return sum(value * weight for value, weight in known) / sum(weight for _, weight in known) if known else None


def channel_layout(channels: int, comparison: Comparison | None) -> tuple[str | None, tuple[str, ...]]:
    """Name a call's layout.

    Parameters
    ----------
    channels : int
        How many channels have audio.
    comparison : Comparison or None
        Of the two; None if there are not two on one clock.

    Returns
    -------
    layout : str or None
        ``mono``; ``dual_mono`` where both channels are the same; ``bleed`` where one is heard on the other at
        ``BLEED_DB`` or more; else ``stereo``. None without audio.
    warnings : tuple of str
        ``channels_identical`` for dual mono; ``echo_leak`` where a weaker or stronger leak was found.
    """
    if channels < 2:
        return (MONO if channels else None), ()
    if comparison is None:
        return STEREO, ()
    leaks = [leak.echo_db for leak in (comparison.forward, comparison.backward) if leak.echo_db is not None]
    if comparison.alike:
        return DUAL_MONO, (CHANNELS_IDENTICAL,)
    if not leaks:
        return STEREO, ()
    return (BLEED if max(leaks) >= BLEED_DB else STEREO), (ECHO_LEAK,)


def may_be_swapped(customer: Iterable[Detection], agent: Iterable[Detection]) -> bool:
    """Tell whether tones lie on the wrong roles' channels (warning ``channels_may_be_swapped``).

    What the customer hears (AGENT) carries ringback and hold sounds; what the customer sends carries keys.

    Parameters
    ----------
    customer, agent : iterable of Detection
        Of the channels from and to the customer, leaks of the other left out.

    Returns
    -------
    bool
        Whether more tones lie on the wrong channel than on the right one. Agents press keys, too, so that keys alone
        count from the third on.
    """
    swapped_tones, swapped_keys = _tones(customer, TO_CUSTOMER_TONES), _tones(agent, {DTMF})
    right = _tones(agent, {*TO_CUSTOMER_TONES, HOLD_MUSIC}) + _tones(customer, {DTMF})
    return swapped_tones + swapped_keys > right and (swapped_tones > 0 or swapped_keys >= 3)


def _tones(detections: Iterable[Detection], kinds: Iterable[str]) -> int:
    """Count detections of some kinds of tone."""
    return sum(detection.tone_kind in set(kinds) for detection in detections)
