"""A piece of a leg becomes channels of samples, and an account of each of its fragments."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from callbeam.audio.channel import Channel
from callbeam.audio.codec import read_pcm
from callbeam.audio.roles import participant_role
from callbeam.calls.clock import instants
from callbeam.calls.pieces import DeadLetter, LedgerRow
from callbeam.calls.placement import Placer
from callbeam.calls.timeline import LEAD_MS, PIECE_MS
from callbeam.kvs.fragments import FragmentStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from callbeam.calls.clock import LegClock
    from callbeam.calls.pieces import Leg, Piece
    from callbeam.calls.placement import FragmentPlacement, Run, TrackPlacement
    from callbeam.kvs.fragments import FetchedFragment

STEP = "DecodeTracks"
SAMPLE_BYTES = 64


@dataclass(frozen=True, slots=True)
class DecodedPiece:
    """What a piece holds.

    Attributes
    ----------
    leg : Leg
    clock : LegClock
        The leg's clock at the piece's first fragment.
    index, last
        The piece's, of its leg.
    channels : tuple of Channel
        One for each track with audio in the piece's core, sorted by track name.
    ledger : tuple of LedgerRow
        One for each fragment that the piece owns, in order.
    dead_letters : tuple of DeadLetter
        At most one for each owned fragment and reason; also for what a decoded fragment had that could not be used.
    """

    leg: Leg
    clock: LegClock
    index: int
    last: bool
    channels: tuple[Channel, ...]
    ledger: tuple[LedgerRow, ...]
    dead_letters: tuple[DeadLetter, ...]


@dataclass(slots=True)
class _Track:
    """A track's runs, each with its document and byte order, until the extent of its samples is known."""

    codec: str
    sample_rate_hz: int
    runs: list[tuple[Run, memoryview, bool]] = field(default_factory=list)


def decode_piece(piece: Piece) -> DecodedPiece:
    """Split a piece's media by track name and place the samples on the leg's clock.

    Parameters
    ----------
    piece : Piece

    Returns
    -------
    DecodedPiece
        Its channels' cores, joined over the leg's pieces, are exactly what the whole leg decodes to. Leads are too, but
        for audio that arrived after the piece was complete.
    """
    placer = Placer(piece.clock, piece.anchors)
    tracks: dict[str, _Track] = {}
    ledger: list[LedgerRow] = []
    letters: list[DeadLetter] = []
    for index, fragment in enumerate(piece.fragments):
        placement = placer.place(fragment)
        for placed in placement.tracks:
            _gather(tracks, fragment, placed)
        if piece.first_owned <= index < piece.end_owned:
            row, of_fragment = _account(piece, fragment, placement)
            ledger.append(row)
            letters.extend(of_fragment)
    channels = (_channel(piece, name, track) for name, track in sorted(tracks.items()))
    return DecodedPiece(
        leg=piece.leg,
        clock=piece.clock,
        index=piece.index,
        last=piece.last,
        channels=tuple(channel for channel in channels if channel is not None),
        ledger=tuple(ledger),
        dead_letters=tuple(letters),
    )


def channel_id(leg: Leg, track_name: str) -> str:
    """Name a channel in every table: 12 hexadecimal digits of SHA-256 over stream, first fragment and track name."""
    identity = f"{leg.stream.arn}\n{leg.first_number}\n{track_name}"
    return hashlib.sha256(identity.encode()).hexdigest()[:12]


def _gather(tracks: dict[str, _Track], fragment: FetchedFragment, placed: TrackPlacement) -> None:
    if not placed.runs or fragment.document is None:
        return
    track = tracks.get(placed.name)
    if track is None:
        track = tracks[placed.name] = _Track(placed.track.codec_id or "", placed.sample_rate_hz)
    for run in placed.runs:
        track.runs.append((run, fragment.document.data, placed.big_endian))


def _channel(piece: Piece, name: str, track: _Track) -> Channel | None:
    """Fill a channel's samples; None if the piece's core has none of them."""
    per_piece, lead = (ms * track.sample_rate_hz // 1000 for ms in (PIECE_MS, LEAD_MS))
    core_start = piece.index * per_piece
    runs = sorted(track.runs, key=lambda entry: entry[0].start)
    limit = runs[-1][0].end if piece.last else core_start + per_piece + lead
    covered = _covered(np.array([(run.start, run.end) for run, _, _ in runs], np.int64), core_start - lead, limit)
    core_end = limit if piece.last else core_start + per_piece
    if not np.any((covered[:, 0] < core_end) & (covered[:, 1] > core_start)):
        return None
    first = int(covered[0, 0])
    end = int(covered[-1, 1])
    samples = np.zeros(end - first, np.int16)
    for run, data, big_endian in runs:
        begin, stop = max(run.start, first), min(run.end, end)
        if begin < stop:
            pcm = read_pcm(data, run.blocks, big_endian=big_endian)
            samples[begin - first : stop - first] = pcm[begin - run.start : stop - run.start]
    role, role_source = participant_role(name, piece.leg.identity.source)
    return Channel(
        leg=piece.leg,
        channel_id=channel_id(piece.leg, name),
        track_name=name,
        participant_role=role,
        role_source=role_source,
        codec=track.codec,
        sample_rate_hz=track.sample_rate_hz,
        clock_start_ms=piece.clock.start_ms,
        first_sample=first,
        samples=samples,
        covered=covered,
        core_start=core_start,
        core_end=core_end,
    )


def _covered(runs: npt.NDArray[np.int64], start: int, end: int) -> npt.NDArray[np.int64]:
    """Clip sorted, disjoint runs to [start, end) and join those that touch; shape (k, 2)."""
    runs = np.clip(runs, start, end)
    runs = runs[runs[:, 0] < runs[:, 1]]
    if not len(runs):
        return runs
    apart = np.flatnonzero(runs[1:, 0] > runs[:-1, 1])
    starts = runs[np.concatenate(([0], apart + 1)), 0]
    ends = runs[np.concatenate((apart, [len(runs) - 1])), 1]
    return np.stack((starts, ends), axis=1)


def _account(
    piece: Piece, fragment: FetchedFragment, placement: FragmentPlacement
) -> tuple[LedgerRow, Iterator[DeadLetter]]:
    listed = fragment.listed
    server_ms, producer_ms = instants(fragment)
    status = _status(fragment, placement)
    details: dict[FragmentStatus, list[str]] = {}
    for reason, detail in placement.problems:
        details.setdefault(reason, []).append(detail)
    if fragment.document is not None and fragment.document.error is not None:
        details.setdefault(FragmentStatus.DAMAGED, []).append(fragment.document.error)
    call_id = piece.leg.identity.call_id
    row = LedgerRow(
        unit_start_ms=piece.unit.start_ms,
        stream=piece.leg.stream,
        number=listed.number,
        server_ms=server_ms,
        producer_ms=producer_ms,
        bytes=listed.size,
        status=status.value,
        reason="; ".join(detail for some in details.values() for detail in some),
        call_id=call_id,
    )
    sample = fragment.sample if fragment.document is None else bytes(fragment.document.data[:SAMPLE_BYTES])
    return row, (
        DeadLetter(
            step=STEP,
            reason=reason.value,
            detail="; ".join(some),
            stream=piece.leg.stream,
            number=listed.number,
            unit_start_ms=piece.unit.start_ms,
            call_id=call_id,
            sample=sample,
        )
        for reason, some in details.items()
    )


def _status(fragment: FetchedFragment, placement: FragmentPlacement) -> FragmentStatus:
    """Tell what became of a fragment: decoded if any of its samples was placed."""
    if any(placed.placed for placed in placement.tracks):
        return FragmentStatus.DECODED
    if fragment.document is None:
        return fragment.status or FragmentStatus.NOT_FOUND
    if fragment.document.error is not None:
        return FragmentStatus.DAMAGED
    if any(placed.covered for placed in placement.tracks):
        return FragmentStatus.DUPLICATE
    problems = {status for status, _ in placement.problems}
    for status in (FragmentStatus.UNSUPPORTED_CODEC, FragmentStatus.NO_TIMESTAMP, FragmentStatus.DAMAGED):
        if status in problems:
            return status
    return FragmentStatus.NO_AUDIO
