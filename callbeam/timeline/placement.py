"""Which samples each block fills: position from timecodes, length from bytes; what KVS received first wins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from callbeam.kvs import FragmentStatus
from callbeam.mkv import trimmed_name
from callbeam.payload import (
    DEFAULT_RATE_HZ,
    AudioFormat,
    TrackVerdict,
    audio_tracks,
    declared_format,
    decodable,
)
from callbeam.timeline.block_extents import TrackClaim, claimed_span
from callbeam.timeline.blocks import NS_PER_S, TrackPlacement, TrackState, join_frames, place_blocks
from callbeam.timeline.intervals import Intervals
from callbeam.timeline.leg_clock import TOLERANCE_MS, locate
from callbeam.timeline.straightening import straightened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from callbeam.kvs import FetchedFragment
    from callbeam.mkv import Block, Document, Track
    from callbeam.timeline.leg_clock import LegClock

REMEMBER_MS = 2 * TOLERANCE_MS
"""How far behind the closed pieces covered samples are remembered, to tell a duplicate from late audio."""


@dataclass(frozen=True, slots=True)
class TrackAnchor:
    """Where a track's samples had got to at some fragment of a leg.

    Attributes
    ----------
    track_name : str
    sample_rate_hz : int
    next_sample : int
        The leg's sample index after the last block, whether that was placed or covered already.
    covered : tuple of (int, int)
        Sorted, disjoint, non-touching [start, end) intervals of the leg's sample indices that hold audio already.
    tails : tuple of (int, bytes)
        Where audio ends with bytes that are no whole sample, and these.
    """

    track_name: str
    sample_rate_hz: int
    next_sample: int
    covered: tuple[tuple[int, int], ...] = ()
    tails: tuple[tuple[int, bytes], ...] = ()


@dataclass(slots=True)
class FragmentPlacement:
    """What one fragment gives to its leg.

    Attributes
    ----------
    tracks : list of TrackPlacement
        The tracks that can be decoded and have blocks.
    problems : list of (FragmentStatus, str)
        What cannot be used, as the status it would end with and the reason for people.
    """

    tracks: list[TrackPlacement] = field(default_factory=list)
    problems: list[tuple[FragmentStatus, str]] = field(default_factory=list)


class Placer:
    """Places a leg's fragments one after the other; its state is (``clock``, ``anchors()``).

    Parameters
    ----------
    clock : LegClock
    anchors : sequence of TrackAnchor
        The state before the first fragment to come: a fresh clock and none, or what an earlier placer had got to.
    verdicts : mapping of str to TrackVerdict, optional
        By the track's name: what its payload is over the leg. It may grow until a track's first fragment comes; a track
        without one is what its fragments declare.
    """

    def __init__(
        self, clock: LegClock, anchors: Sequence[TrackAnchor] = (), verdicts: Mapping[str, TrackVerdict] | None = None
    ) -> None:
        self.clock = clock
        self._verdicts: Mapping[str, TrackVerdict] = {} if verdicts is None else verdicts
        self._declared: dict[str, AudioFormat] = {}  # of tracks without a verdict: the first format
        self._tracks = {
            anchor.track_name: TrackState(
                anchor.sample_rate_hz, anchor.next_sample, Intervals(anchor.covered), dict(anchor.tails)
            )
            for anchor in anchors
        }

    def anchors(self) -> tuple[TrackAnchor, ...]:
        """Return where each track has got to."""
        return tuple(
            TrackAnchor(
                name, state.sample_rate_hz, state.next_sample, state.covered.pairs(), tuple(state.tails.items())
            )
            for name, state in self._tracks.items()
            if state.next_sample is not None
        )

    def claims(self, document: Document) -> list[TrackClaim]:
        """Return what a document claims for its tracks that can be decoded, as far as is known of them."""
        found = []
        for track, blocks in audio_tracks(document)[0]:
            name = trimmed_name(track)
            verdict, state = self._verdicts.get(name), self._tracks.get(name)
            form = verdict.form if verdict is not None else decodable(declared_format(track, document.tags))
            if isinstance(form, AudioFormat):
                rate = state.sample_rate_hz if state is not None else form.sample_rate_hz or DEFAULT_RATE_HZ
                joined = join_frames(blocks) if document.laced and not form.in_packets else blocks
                joined, _ = straightened(joined, form, rate, document)
                span = claimed_span(joined, form, rate, document)
                reached = state.next_sample if state is not None else None
                next_ns = None if reached is None else reached * NS_PER_S // rate
                covered = state.covered if state is not None else None
                found.append(TrackClaim(name, form, rate, joined, *span, next_ns, covered))
        return found

    def place(self, fragment: FetchedFragment, at_ns: int | None = None) -> FragmentPlacement:
        """Place the leg's next fragment, in the order in which KVS received them; at ``at_ns`` of its clock if given.

        That order is server time's, then that of numbers: so of audio that is there twice the first counts.
        """
        placement = FragmentPlacement()
        document = fragment.document
        if document is None:
            placement.problems.append((fragment.status or FragmentStatus.NOT_FOUND, fragment.reason or "no media"))
            return placement
        if not document.blocks:
            return placement
        clock = locate(self.clock, fragment, at_ns)
        if clock is None:
            reason = "no server or producer time, and timecodes that do not continue the fragment before"
            placement.problems.append((FragmentStatus.NO_TIMESTAMP, reason))
            return placement
        if clock.closed_ms > self.clock.closed_ms:
            self._forget_before(clock.closed_ms - REMEMBER_MS)
        end_ns, reach_ms = clock.end_ns, clock.reach_ms
        for track, blocks in _audio_blocks(document, placement):
            state, placed = self._open(track, blocks, document, placement)
            if state is None or placed is None:
                continue
            joined = join_frames(blocks) if document.laced and not placed.form.in_packets else blocks
            straight, counted = straightened(
                joined, placed.form, state.sample_rate_hz, document, _before_ns(state, clock)
            )
            if placed.form.in_packets:
                placed.packets = straight
            place_blocks(state, placed, counted, document, clock)
            _report(placed, placement)
            if state.next_sample is None:
                del self._tracks[placed.name]  # nothing was placed: an anchor would not tell of it either
            else:
                end_ns = max(end_ns, state.next_sample * NS_PER_S // state.sample_rate_hz)
            if placed.runs and state.covered.ends:
                reach_ms = max(reach_ms, -(-state.covered.ends[-1] * 1000 // state.sample_rate_hz))
        self.clock = clock.reached(end_ns, reach_ms)
        return placement

    def _open(
        self, track: Track, blocks: list[Block], document: Document, placement: FragmentPlacement
    ) -> tuple[TrackState, TrackPlacement] | tuple[None, None]:
        """Find the track's state by its Name, or begin it; (None, None) and a problem if it cannot be decoded."""
        name = trimmed_name(track)
        declared = declared_format(track, document.tags)
        verdict = self._verdicts.get(name)
        state = self._tracks.get(name)
        form = self._declared_reading(name, declared) if verdict is None else verdict.reading(declared)
        if any(placed.name == name for placed in placement.tracks):
            form = "a second track of the same name, which cannot be told from the first"
        elif (
            isinstance(form, AudioFormat)
            and state is not None
            and form.sample_rate_hz not in {None, state.sample_rate_hz}
        ):
            form = f"the sample rate changes from {state.sample_rate_hz} to {form.sample_rate_hz} Hz within the leg"
        elif isinstance(form, AudioFormat) and verdict is not None:
            form = verdict.contradicted(blocks, document) or form
        if isinstance(form, str):
            placement.problems.append((FragmentStatus.UNSUPPORTED_CODEC, f"track {name!r}: {form}"))
            return None, None
        if state is None:
            state = TrackState(form.sample_rate_hz or DEFAULT_RATE_HZ, None, Intervals())
            self._tracks[name] = state
        placed = TrackPlacement(track, name, state.sample_rate_hz, form)
        placement.tracks.append(placed)
        return state, placed

    def _declared_reading(self, name: str, declared: AudioFormat | str) -> AudioFormat | str:
        """Take a track for what its fragments declare, as long as these agree."""
        form = decodable(declared)
        first = self._declared.setdefault(name, form) if isinstance(form, AudioFormat) else None
        if first is not None and first is not form:
            return TrackVerdict(name, first, first).reading(form)
        return form

    def _forget_before(self, limit_ms: int) -> None:
        for state in self._tracks.values():
            limit = limit_ms * state.sample_rate_hz // 1000
            state.covered.forget_before(limit)
            state.tails = {end: tail for end, tail in state.tails.items() if end > limit}


def _before_ns(state: TrackState, clock: LegClock) -> int | None:
    """Return where a track's audio ends by the timecodes of the fragment that the clock is at."""
    if state.next_sample is None or clock.timecode_ns is None:
        return None
    return state.next_sample * NS_PER_S // state.sample_rate_hz - clock.begin_ns + clock.timecode_ns


def _audio_blocks(document: Document, placement: FragmentPlacement) -> list[tuple[Track, list[Block]]]:
    """Group the blocks of audio tracks, in the order in which the tracks are declared."""
    audio, undeclared = audio_tracks(document)
    if undeclared:
        reason = f"blocks of tracks that the document does not declare: {undeclared}"
        placement.problems.append((FragmentStatus.UNSUPPORTED_CODEC, reason))
    return audio


def _report(placed: TrackPlacement, placement: FragmentPlacement) -> None:
    name = f"track {placed.name!r}"
    if placed.stray:
        reason = f"{name}: {placed.stray} blocks lie over 25 s from where their fragment begins"
        placement.problems.append((FragmentStatus.NO_TIMESTAMP, reason))
    if placed.late:
        reason = f"{name}: {placed.late} samples lie before the leg's first or in a piece that was complete"
        placement.problems.append((FragmentStatus.NO_TIMESTAMP, reason))
    if placed.odd:
        reason = f"{name}: audio ends {placed.odd} times within a sample, whose bytes are left out"
        placement.problems.append((FragmentStatus.DAMAGED, reason))
