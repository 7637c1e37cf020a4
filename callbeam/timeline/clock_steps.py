"""Watches a leg's clock: whether time that does not go on is a gap, a re-upload, or a clock that stepped.

Three things are known of a fragment: the time it claims, its bytes, and when KVS received it. A duplicate has the bytes
that lie there already. Across a gap server time goes on as producer time does; where a clock steps, it does not.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING, NamedTuple

from callbeam.timeline.block_extents import NEAR_NS, is_duplicate
from callbeam.timeline.blocks import NS_PER_S, SEAM_MS
from callbeam.timeline.leg_clock import BLOCK_REACH_MS, JITTER_MS, NS_PER_MS, TOLERANCE_MS, instants

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callbeam.kvs import FetchedFragment
    from callbeam.mkv import Document
    from callbeam.timeline.block_extents import TrackClaim
    from callbeam.timeline.leg_clock import LegClock
    from callbeam.timeline.placement import Placer

    Timed = tuple[FetchedFragment, int]  # and what its producer says, ns

SEAM_NS = SEAM_MS * NS_PER_MS
JITTER_NS = JITTER_MS * NS_PER_MS

GAP_SLACK_MS = 2_000
"""Where a clock has stepped, server time alone tells of a gap beside: it is not believed for less."""

LOOK_AHEAD = 16
"""Fragments after it that are waited for where one's time cannot be told by itself."""

REMEMBERED_LAGS = 600
RECENT_LAGS = 16

REUPLOAD_MS = 3 * 60_000
"""How far back a re-upload reaches: producers buffer two or three minutes."""

REMEMBERED_FRAGMENTS = 1_000

REMEMBERED_SHIFTS = 9
"""The producer's clock as it is, and earlier ones that a re-upload's times may come from."""

REACH_NS = BLOCK_REACH_MS * NS_PER_MS
"""How far a fragment reaches at most."""

ABSOLUTE_MS = 100_000_000_000
"""Timecodes beyond this (1973) are a clock's, not counted from where a session began."""


@dataclass(frozen=True, slots=True)
class ClockStep:
    """A step of a producer's clock.

    Attributes
    ----------
    at_ns : int
        Where on the leg's clock the first fragment lies that says so.
    step_ms : int
        By how much the producer's clock was set: forward, or back if below 0.
    """

    at_ns: int
    step_ms: int


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a fragment lies.

    Attributes
    ----------
    begin_ns : int or None
        On the leg's clock; None where it is what the leg's clock says by itself (``locate``).
    step : ClockStep or None
        Present if the producer's clock has stepped here.
    """

    begin_ns: int | None = None
    step: ClockStep | None = None


AS_IT_SAYS = Decision()


class _Ends(NamedTuple):
    """Where a fragment would begin, on the leg's clock, if it went on where audio ends.

    Attributes
    ----------
    next_ns : int
        If it followed the audio that came before it.
    head_ns : int
        If it followed all audio.
    """

    next_ns: int
    head_ns: int


class ClockWatch:
    """Decides for a leg's fragments, one after the other, where each lies.

    Parameters
    ----------
    placer : Placer
        Places the fragments as decided, each before the next is asked about; then ``note`` it.
    """

    def __init__(self, placer: Placer) -> None:
        self._placer = placer
        # from what the producer says to the leg's clock: as at first, and after each step; the last is that of now
        self._shifts: deque[int] = deque(maxlen=REMEMBERED_SHIFTS)
        self._lags: deque[float] = deque(maxlen=REMEMBERED_LAGS)  # server time less the leg's clock, ms
        self._furthest_ns = 0  # where the furthest fragment begins
        self._recent: deque[tuple[int, int, Document]] = deque(maxlen=REMEMBERED_FRAGMENTS)

    def decide(
        self, fragment: FetchedFragment, following: Sequence[FetchedFragment], *, final: bool
    ) -> Decision | None:
        """Decide where the leg's next fragment lies.

        Parameters
        ----------
        fragment : FetchedFragment
        following : sequence of FetchedFragment
            Those after it, as far as they have come.
        final : bool
            No more of them will come, or be waited for.

        Returns
        -------
        Decision or None
            None if more of those that follow have to be known.
        """
        clock = self._placer.clock
        said_ns = _said_ns(clock, fragment)
        if said_ns is None or clock.timecode_ns is None:
            return AS_IT_SAYS
        if not self._shifts:
            zero_ns = -clock.start_ms * NS_PER_MS
            self._shifts.append(zero_ns if clock.source == "producer" else clock.begin_ns - clock.timecode_ns)
        claimed_ns = said_ns + self._shift_ns
        follows = abs(claimed_ns - clock.end_ns) <= SEAM_NS
        if follows and clock.reach_ms * NS_PER_MS <= clock.end_ns + SEAM_NS:
            return self._as_it_says(said_ns)
        ends = self._ends(fragment)
        if ends is None or any(-SEAM_NS <= claimed_ns - end_ns <= JITTER_NS for end_ns in ends):
            decision: Decision | None = self._as_it_says(said_ns)
            if ends is not None and SEAM_NS < ends.head_ns - claimed_ns <= JITTER_NS:
                decision = self._after_repetition(fragment, said_ns, ends.head_ns)
            elif ends is not None and SEAM_NS < claimed_ns - ends.next_ns <= JITTER_NS:
                decision = self._small_gap(said_ns, ends.next_ns, [fragment, *following], final=final)
        else:
            decision = self._judge(said_ns, ends, [fragment, *following], final=final)
        at_ns = None if decision is None else decision.begin_ns
        return AS_IT_SAYS if at_ns is not None and self._absurd(fragment, at_ns) else decision

    @property
    def _shift_ns(self) -> int:
        """From what the producer says to the leg's clock, as it is now; known once a fragment has been decided on."""
        return self._shifts[-1]

    def _small_gap(
        self, said_ns: int, next_ns: int, fragments: list[FetchedFragment], *, final: bool
    ) -> Decision | None:
        """Tell a small gap from a time that is late by jitter: after that, the next fragment is early by as much."""
        if len(fragments) == 1 and not final:
            return None
        after_ns = _said_ns(self._placer.clock, fragments[1]) if len(fragments) > 1 else None
        document = fragments[0].document
        if after_ns is None or document is None:
            return self._as_it_says(said_ns)
        ahead_ns = said_ns + self._shift_ns - next_ns
        late_ns = said_ns + max((claim.end_ns for claim in self._placer.claims(document)), default=0) - after_ns
        return Decision(next_ns) if ahead_ns / 2 < late_ns <= ahead_ns + SEAM_NS else self._as_it_says(said_ns)

    def _after_repetition(self, fragment: FetchedFragment, said_ns: int, head_ns: int) -> Decision:
        """Let new bytes go on at the audio's end that follow what was repeated a little before where that lies."""
        document, hidden_ns = fragment.document, head_ns - said_ns - self._shift_ns
        claims = self._placer.claims(document) if document is not None else []
        silent = document is None or all(claim.is_constant(claim.first_ns + hidden_ns, document) for claim in claims)
        repeats = silent or self._repeats([(fragment, said_ns)], self._shift_ns)
        return self._as_it_says(said_ns) if repeats else Decision(head_ns)

    def _judge(self, said_ns: int, ends: _Ends, fragments: list[FetchedFragment], *, final: bool) -> Decision | None:
        """Decide where a fragment lies that does not go on where the audio ends."""
        claimed_ns, next_ns, head_ns = said_ns + self._shift_ns, ends.next_ns, ends.head_ns
        if (at_ns := self._by_timecodes(fragments[0], claimed_ns)) is not None and abs(at_ns - next_ns) <= JITTER_NS:
            return Decision(at_ns)
        run = list(self._run(fragments))
        final = final or len(run) < len(fragments)
        after_ns = _said_ns(self._placer.clock, fragments[1]) if len(fragments) > 1 else None
        if after_ns is not None and head_ns - JITTER_NS <= after_ns + self._shift_ns < claimed_ns:
            return self._as_it_says(said_ns)  # the next one fills what this one leaves: they came in the wrong order
        if claimed_ns > head_ns:
            return self._forward(said_ns, head_ns, run, final=final)
        if abs(claimed_ns - next_ns) <= JITTER_NS and not self._repeats(run[:1], self._shift_ns):
            return Decision(next_ns)
        return self._backward(said_ns, head_ns, run, final=final)

    def note(self, fragment: FetchedFragment, decision: Decision) -> None:
        """Take note of a fragment that has been placed as decided."""
        clock, document = self._placer.clock, fragment.document
        if document is None or not document.clusters:
            return
        said_ns = _said_ns(clock, fragment)
        if decision.step is not None and said_ns is not None:
            self._shifts.append(clock.begin_ns - said_ns)
        server_ms, _ = instants(fragment)
        in_order = clock.begin_ns >= self._furthest_ns
        self._furthest_ns = max(self._furthest_ns, clock.begin_ns)
        if server_ms is not None and in_order:
            self._lags.append(server_ms - clock.start_ms - clock.begin_ns / NS_PER_MS)
        self._recent.append((clock.begin_ns, clock.end_ns, document))
        while self._recent[0][0] < clock.begin_ns - REUPLOAD_MS * NS_PER_MS:
            self._recent.popleft()

    def forget(self) -> None:
        """Let go of the media: nothing more will be asked."""
        self._recent.clear()

    def _run(self, fragments: Sequence[FetchedFragment]) -> Iterator[tuple[FetchedFragment, int]]:
        """Yield the fragments, up to ``LOOK_AHEAD``, whose times follow each other from the first one's on."""
        clock, end_ns = self._placer.clock, None
        for fragment in fragments[: LOOK_AHEAD + 1]:
            said_ns = _said_ns(clock, fragment)
            if fragment.document is None or not fragment.document.clusters or said_ns is None:
                continue
            if end_ns is not None and abs(said_ns - end_ns) > JITTER_NS:
                return
            yield fragment, said_ns
            end_ns = said_ns + max((claim.end_ns for claim in self._placer.claims(fragment.document)), default=0)

    def _as_it_says(self, said_ns: int) -> Decision:
        by_itself = len(self._shifts) == 1 and self._placer.clock.source == "producer"
        return AS_IT_SAYS if by_itself else Decision(said_ns + self._shift_ns)

    def _ends(self, fragment: FetchedFragment) -> _Ends | None:
        """Return where a fragment would begin if it followed other audio; None if it has no track that goes on."""
        claims = self._placer.claims(fragment.document) if fragment.document is not None else []
        ends = [(claim.next_ns - claim.first_ns, _head_ns(claim)) for claim in claims if claim.next_ns is not None]
        return _Ends(max(end for end, _ in ends), max(head for _, head in ends)) if ends else None

    def _absurd(self, fragment: FetchedFragment, at_ns: int) -> bool:
        """Tell whether a place lies too far from server time, or without one from the audio before, to be believed."""
        clock, server_ms = self._placer.clock, instants(fragment)[0]
        near_ns = clock.end_ns if server_ms is None else (server_ms - clock.start_ms) * NS_PER_MS
        return abs(at_ns - near_ns) > TOLERANCE_MS * NS_PER_MS

    def _by_timecodes(self, fragment: FetchedFragment, claimed_ns: int) -> int | None:
        """Return where a fragment lies by its timecodes, if its producer time is absurd and they go on."""
        clock = self._placer.clock
        if clock.timecode_ns is None or fragment.document is None or clock.source != "producer":
            return None
        after_ns = _timecode_ns(fragment.document) - clock.timecode_ns
        return clock.begin_ns + after_ns if after_ns > 0 and self._absurd(fragment, claimed_ns) else None

    def _forward(self, said_ns: int, head_ns: int, run: list[Timed], *, final: bool) -> Decision | None:
        """Tell a gap from a clock set forward: across a gap, server time goes on as well."""
        shift_ns, *earlier = reversed(self._shifts)
        for shift in earlier:
            if self._repeats(run, shift):
                return Decision(said_ns + shift)
        ahead_ms = (said_ns + shift_ns - head_ns) / NS_PER_MS
        absurd = self._absurd(run[0][0], said_ns + shift_ns)
        after = self._lags_of(run, shift_ns)
        before = list(self._lags)[-RECENT_LAGS:]
        if not after or not before:
            return self._stepped(said_ns, head_ns) if absurd else self._as_it_says(said_ns)
        noise = max(before) - min(before)
        fall = median(before) - after[0]
        if not final and not (noise < ahead_ms / 4 and abs(fall / ahead_ms - 0.5) > 0.4):
            return None
        fall = min(self._lags) - min(after)
        draining = max(map(_drop, (before, after))) > ahead_ms / 2
        if not absurd and (draining or min(fall, median(before) - median(after)) <= ahead_ms / 2):
            return self._as_it_says(said_ns)
        gap_ms = ahead_ms - fall
        begin_ns = head_ns + (round(gap_ms) * NS_PER_MS if gap_ms > GAP_SLACK_MS else 0)
        return self._stepped(said_ns, begin_ns)

    def _backward(self, said_ns: int, head_ns: int, run: list[Timed], *, final: bool) -> Decision | None:
        """Tell a re-upload, and audio that comes late, from a clock set back: by bytes, where these tell."""
        shift_ns = self._shift_ns
        told: dict[int, bool | None] = {}
        for shift in reversed(self._shifts):
            told[shift] = self._repeats(run, shift)
            if told[shift]:
                return self._as_it_says(said_ns) if shift == shift_ns else Decision(said_ns + shift)
        if told[shift_ns] is None:
            if not final:
                return None
            if not self._absurd(run[0][0], said_ns + shift_ns) and self._comes_late(
                run, (head_ns - said_ns - shift_ns) / NS_PER_MS
            ):
                return self._as_it_says(said_ns)
        gap_ms = 0.0
        if self._lags:
            after = self._lags_of(run, head_ns - said_ns)
            gap_ms = min(after) - min(self._lags) if after else 0.0
            if gap_ms > GAP_SLACK_MS and not final:
                return None
        return self._stepped(said_ns, head_ns + (round(gap_ms) * NS_PER_MS if gap_ms > GAP_SLACK_MS else 0))

    def _stepped(self, said_ns: int, begin_ns: int) -> Decision:
        step_ms = round((said_ns + self._shift_ns - begin_ns) / NS_PER_MS)
        return Decision(begin_ns, ClockStep(begin_ns, step_ms))

    def _repeats(self, run: list[Timed], shift_ns: int) -> bool | None:
        """Tell whether a run is audio that lies where it claims to lie; None where bytes do not tell."""
        before = [(begin, end, self._placer.claims(some), some) for begin, end, some in self._near(run, shift_ns)]
        if not before:
            return None
        for fragment, said_ns in run:
            if fragment.document is not None:
                told = [
                    is_duplicate(claim, said_ns + shift_ns, fragment.document, before)
                    for claim in self._placer.claims(fragment.document)
                ]
                known = [answer for answer in told if answer is not None]
                if known:
                    return all(known)
        return None

    def _near(self, run: list[Timed], shift_ns: int) -> list[tuple[int, int, Document]]:
        begin_ns, end_ns = run[0][1] + shift_ns - NEAR_NS, run[-1][1] + shift_ns + REACH_NS
        return [entry for entry in self._recent if entry[0] < end_ns and entry[1] > begin_ns]

    def _comes_late(self, run: list[Timed], behind_ms: float) -> bool:
        """Tell whether a run was held back: it catches up with the audio, and a clock that was set back does not."""
        lags = self._lags_of(run, self._shift_ns)
        if len(lags) < 2 or not self._lags:
            return True
        lasts_ms = (run[-1][1] - run[0][1]) / NS_PER_MS
        return lags[0] - min(lags) > min(behind_ms, lasts_ms) / 2

    def _lags_of(self, run: list[Timed], shift_ns: int) -> list[float]:
        start_ms = self._placer.clock.start_ms
        timed = ((instants(fragment)[0], said_ns + shift_ns) for fragment, said_ns in run)
        return [server_ms - start_ms - at_ns / NS_PER_MS for server_ms, at_ns in timed if server_ms is not None]


def _said_ns(clock: LegClock, fragment: FetchedFragment) -> int | None:
    """Return the time that a producer says: its own, or on a server's clock its timecodes, if they are a clock's."""
    if fragment.document is None or not fragment.document.clusters:
        return None
    if clock.source == "producer":
        producer_ms = instants(fragment)[1]
        return None if producer_ms is None else producer_ms * NS_PER_MS
    timecode_ns = _timecode_ns(fragment.document)
    return timecode_ns if timecode_ns > ABSOLUTE_MS * NS_PER_MS else None


def _head_ns(claim: TrackClaim) -> int:
    """Return where the fragment would begin if it followed all audio of a track."""
    ends = claim.covered.ends if claim.covered is not None else []
    return (ends[-1] * NS_PER_S // claim.rate_hz if ends else claim.next_ns or 0) - claim.first_ns


def _timecode_ns(document: Document) -> int:
    return document.clusters[0] * document.timecode_scale_ns


def _drop(lags: list[float]) -> float:
    """Return by how much lags fall from their first half to their second, as where a backlog drains."""
    half = len(lags) // 2
    return fmean(lags[:half]) - fmean(lags[half:]) if half >= 2 else 0.0
