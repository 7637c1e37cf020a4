"""Audio that must not be used, taken out of a channel as if it had never been there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from callbeam.calls import Notice
from callbeam.spans import as_spans, clip, subtract

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callbeam.audio import Channel

AUDIO_EXCLUDED = "audio_excluded"
"""In ``calls.warnings``: a list of calls excluded some of its audio."""


def exclude(channel: Channel, spans_ms: Iterable[tuple[int, int]]) -> Channel | None:
    """Take spans out of a channel: they become gaps, and their samples zeros.

    Parameters
    ----------
    channel : Channel
    spans_ms : iterable of (int, int)
        Half-open, UTC milliseconds, in any order.

    Returns
    -------
    Channel or None
        None if nothing of its core is left.
    """
    rate, start_ms = channel.sample_rate_hz, channel.clock_start_ms
    samples = as_spans(
        ((begin - start_ms) * rate // 1000, -((start_ms - end) * rate // 1000))
        for begin, end in spans_ms
        if begin < end
    )
    last = channel.first_sample + len(channel.samples)
    taken = clip(samples, channel.first_sample, last)
    if not len(taken):
        return channel
    covered = subtract(as_spans(channel.covered.tolist()), taken)
    if not len(clip(covered, channel.core_start, channel.core_end)):
        return None
    silenced = channel.samples.copy()
    for begin, end in (taken - channel.first_sample).tolist():
        silenced[begin:end] = 0
    notices = (*channel.notices, Notice(AUDIO_EXCLUDED))
    return replace(channel, samples=silenced, covered=np.asarray(covered, np.int64), notices=notices)
