"""Who speaks into whose speech, and what that makes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from callbeam.conversation.thresholds import DEFAULT_THRESHOLDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callbeam.conversation.talkspurts import Talkspurt
    from callbeam.conversation.thresholds import Thresholds

OVERLAP = "overlap"
TERMINAL_OVERLAP = "terminal_overlap"
INTERRUPTION = "interruption"
BACKCHANNEL = "backchannel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Two participants' stretches of speech that overlap.

    Attributes
    ----------
    kind : str
        ``interruption``, ``terminal_overlap``, ``backchannel`` or, if none of these, ``overlap``.
    doer : Talkspurt
        The one that began later; of two that begin together, the shorter.
    other : Talkspurt
        The one that it fell into.
    begin_ms, end_ms : int
        Where both speak.
    prior_speech_ms : int
        How long the other had spoken.
    stopped_after_ms, went_on_ms : int or None
        From the doer's begin to the other's stop, and from there to the doer's; None if the other went on after the
        doer's end, or cannot be heard there.
    other_went_on_ms : int or None
        From the doer's end to the other's; None if the other stopped first, or the doer cannot be heard there.
    """

    kind: str
    doer: Talkspurt
    other: Talkspurt
    begin_ms: int
    end_ms: int
    prior_speech_ms: int
    stopped_after_ms: int | None
    went_on_ms: int | None
    other_went_on_ms: int | None

    @property
    def overlap_ms(self) -> int:
        """How long both speak."""
        return self.end_ms - self.begin_ms


def find_overlaps(talkspurts: Sequence[Talkspurt], thresholds: Thresholds = DEFAULT_THRESHOLDS) -> list[Overlap]:
    """Return each pair of two participants' stretches that overlap, by begin.

    Parameters
    ----------
    stretches : sequence of Talkspurt
        As ``find_stretches`` orders them.
    thresholds : Thresholds, optional
    """
    return [_judge(doer, other, thresholds) for doer, other in _pairs(talkspurts)]


def _pairs(talkspurts: Sequence[Talkspurt]) -> Iterator[tuple[Talkspurt, Talkspurt]]:
    """Yield (later, earlier) of each pair."""
    speaking: list[Talkspurt] = []
    for talkspurt in talkspurts:
        speaking = [other for other in speaking if other.end_ms > talkspurt.begin_ms]
        for other in speaking:
            if other.participant != talkspurt.participant:
                yield talkspurt, other
        speaking.append(talkspurt)


def _judge(doer: Talkspurt, other: Talkspurt, thresholds: Thresholds) -> Overlap:
    begin = doer.begin_ms
    stopped = other.end_ms <= doer.end_ms
    stop_heard = stopped and other.end_known
    overlap = Overlap(
        kind=OVERLAP,
        doer=doer,
        other=other,
        begin_ms=begin,
        end_ms=min(doer.end_ms, other.end_ms),
        prior_speech_ms=begin - other.begin_ms,
        stopped_after_ms=other.end_ms - begin if stop_heard else None,
        went_on_ms=doer.end_ms - other.end_ms if stop_heard else None,
        other_went_on_ms=other.end_ms - doer.end_ms if not stopped and doer.end_known else None,
    )
    # What was already under way when it could be heard again fell into nothing.
    kind = _kind(overlap, thresholds) if doer.begin_known else OVERLAP
    return replace(overlap, kind=kind)


def _kind(overlap: Overlap, thresholds: Thresholds) -> str:
    if overlap.stopped_after_ms is not None and overlap.went_on_ms is not None:
        if overlap.overlap_ms < thresholds.overlap_ms:
            return TERMINAL_OVERLAP
        if (
            overlap.prior_speech_ms >= thresholds.prior_speech_ms
            and overlap.stopped_after_ms <= thresholds.stop_within_ms
            and overlap.went_on_ms >= thresholds.go_on_ms
        ):
            return INTERRUPTION
    elif overlap.other_went_on_ms is not None and overlap.overlap_ms < thresholds.backchannel_ms:
        # The other goes on after it, so all of it overlaps.
        return BACKCHANNEL
    return OVERLAP
