"""A piece of a leg becomes channels of samples, and an account of each of its fragments."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from callbeam.calls import DeadLetter, LedgerRow, LegRole, exclusions, leg_role, leg_roles
from callbeam.decoding.exclusion import exclude
from callbeam.decoding.track import DecodedTrack, gather_track, track_channels
from callbeam.kvs import FragmentStatus
from callbeam.letter_samples import letter_sample
from callbeam.timeline import Placer, instants

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callbeam.audio import Channel
    from callbeam.calls import Exclusion, Leg, Piece
    from callbeam.kvs import FetchedFragment
    from callbeam.records import Contact
    from callbeam.timeline import FragmentPlacement, LegClock

STEP = "DecodeTracks"


@dataclass(frozen=True, slots=True)
class DecodeConfig:
    """What a piece is decoded with.

    Attributes
    ----------
    roles : tuple of (str, str)
        Roles by the track's name, by name, colon and channel, or by leg: what ``callbeam.calls.parse_role_map`` reads.
    legs : tuple of LegRole
        Roles of legs that have a stream to themselves, as records tell them.
    exclusions : tuple of Exclusion
        Audio that is left out as if it were not there.
    """

    roles: tuple[tuple[str, str], ...] = ()
    legs: tuple[LegRole, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()

    def told_by(self, contacts: Sequence[Contact]) -> DecodeConfig:
        """Return the same with what records say of their calls' audio."""
        return replace(self, legs=leg_roles(contacts, dict(self.roles)), exclusions=exclusions(contacts))

    def excluded(self, leg: Leg) -> list[tuple[int, int]]:
        """Return which audio of a leg's call must not be used."""
        return [span for one in self.exclusions if one.call_id == leg.identity.call_id for span in one.spans]

    def role_of(self, leg: Leg) -> LegRole | None:
        """Return whose voice a leg's stream carries, if the role map or records tell."""
        call_id, arn = leg.identity.call_id, leg.stream.arn
        mapped = leg_role(dict(self.roles), leg.stream.name)
        if mapped is not None:
            return LegRole(call_id, arn, mapped, "role_map")
        return next((role for role in self.legs if (role.call_id, role.stream_arn) == (call_id, arn)), None)


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
        Those of each track with audio in the piece's core, sorted by track name.
    ledger : tuple of LedgerRow
        One for each fragment that the piece owns, in order.
    dead_letters : tuple of DeadLetter
        At most one for each owned fragment and reason; also for what a decoded fragment had that could not be used.
    digest : str
        The piece's (``Piece.digest``); empty for one of a recording.
    """

    leg: Leg
    clock: LegClock
    index: int
    last: bool
    channels: tuple[Channel, ...]
    ledger: tuple[LedgerRow, ...]
    dead_letters: tuple[DeadLetter, ...]
    digest: str = ""


def decode_piece(piece: Piece, config: DecodeConfig | None = None) -> DecodedPiece:
    """Split a piece's media by track name and place the samples on the leg's clock.

    Parameters
    ----------
    piece : Piece
    config : DecodeConfig, optional

    Returns
    -------
    DecodedPiece
        Its channels' cores, joined over the leg's pieces, are exactly what the whole leg decodes to. Leads are too, but
        for audio that arrived after the piece was complete, and for the outermost second of a track that is resampled.

    Examples
    --------
    From a stream to samples without Beam:

    >>> from callbeam import Emulator
    >>> from callbeam.calls import Piece, read_lane
    >>> from callbeam.kvs import HOUR_MS, KvsClient, KvsConfig, plan_jobs, plan_lanes
    >>> day = (1_772_323_200_000, 1_772_323_200_000 + 24 * HOUR_MS)
    >>> with Emulator() as kvs:
    ...     arn = kvs.load("calls-1", "capture.mkv")
    ...     client = KvsClient(KvsConfig(endpoint_url=kvs.endpoint_url, region="us-east-1"))
    ...     [job] = plan_jobs(client, ["calls-1"], *day, now_ms=day[1] + 2 * HOUR_MS)
    ...     [lane] = plan_lanes(client, job)
    ...     events = list(read_lane(lane, job, client.source(lane.stream)))
    >>> [piece] = [event for event in events if isinstance(event, Piece)]
    >>> [(channel.participant_role, len(channel.samples)) for channel in decode_piece(piece).channels]
    [('CUSTOMER', 16384), ('AGENT', 16384)]
    """
    placer = Placer(piece.clock, piece.anchors, {verdict.track_name: verdict for verdict in piece.verdicts})
    tracks: dict[str, DecodedTrack] = {}
    ledger: list[LedgerRow] = []
    letters: list[DeadLetter] = []
    for index, fragment in enumerate(piece.fragments):
        placement = placer.place(fragment, piece.positions[index] if piece.positions else None)
        for placed in placement.tracks:
            gather_track(tracks, fragment, placed, placement)
        if piece.first_owned <= index < piece.end_owned:
            row, of_fragment = _account(piece, fragment, placement)
            ledger.append(row)
            letters.extend(of_fragment)
    config = config or DecodeConfig()
    roles, leg = dict(config.roles), config.role_of(piece.leg)
    decoded = (channel for _, track in sorted(tracks.items()) for channel in track_channels(piece, track, roles, leg))
    excluded = config.excluded(piece.leg)
    channels = (channel for one in decoded if (channel := exclude(one, excluded)) is not None)
    return DecodedPiece(
        leg=piece.leg,
        clock=piece.clock,
        index=piece.index,
        last=piece.last,
        channels=tuple(channels),
        ledger=tuple(ledger),
        dead_letters=tuple(letters),
        digest=piece.digest(),
    )


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
    sample = fragment.sample if fragment.document is None else letter_sample(fragment.document.data)
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
