"""Captures of call audio: their documents, and the channels that a backfill would make of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from callbeam.calls import DeadLetter, LedgerRow, Piece, read_lane
from callbeam.decoding import DecodeConfig, decode_piece
from callbeam.emulator import EmulatorConfig, media_for_fragment_list
from callbeam.emulator import load_captures as load
from callbeam.emulator.store import StreamStore
from callbeam.errors import UsageError
from callbeam.kvs import HOUR_MS, Job, Lane, ListedFragment, Stream, Unit, judge_at_hand
from callbeam.mkv import open_capture, read_documents

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from callbeam.decoding import DecodedPiece
    from callbeam.emulator.store import StoredFragment, StoredStream
    from callbeam.kvs import FetchedFragment
    from callbeam.mkv import Document

_STREAM = "capture"
_CLOSED_AFTER_MS = 24 * HOUR_MS
"""No call of a capture is still going on."""


def read_capture(path: str | os.PathLike[str]) -> Iterator[Document]:
    """Read a capture's documents: what GetMedia or GetMediaForFragmentList returned, or any Matroska file.

    Parameters
    ----------
    path : path-like

    Yields
    ------
    Document
        One EBML document, which is a fragment in KVS: tags, tracks, and where the blocks' payloads lie in ``data``. A
        damaged one has ``error``, and what was sound before it.

    Raises
    ------
    UsageError
        If the file cannot be read, is empty, or is no Matroska: one line says what it is.

    Examples
    --------
    >>> for document in read_capture("capture.mkv"):
    ...     print(len(document.tracks), len(document.blocks), document.error)
    2 32 None
    2 32 None
    """
    return read_documents(open_capture(path))


@dataclass(frozen=True, slots=True)
class DecodedCapture:
    """What a backfill makes of a capture.

    Attributes
    ----------
    pieces : tuple of DecodedPiece
        The calls' audio, a leg or 30 minutes of a longer one each: ``piece.channels`` hold a participant's samples.
    ledger : tuple of LedgerRow
        What became of each fragment, and why, as in table ``fragments``.
    dead_letters : tuple of DeadLetter
        What failed, and where.
    """

    pieces: tuple[DecodedPiece, ...]
    ledger: tuple[LedgerRow, ...]
    dead_letters: tuple[DeadLetter, ...]


def decode_capture(*paths: str | os.PathLike[str], roles: Mapping[str, str] | None = None) -> DecodedCapture:
    """Decode captures of one stream as a backfill would: nothing is lost without a reason.

    Parameters
    ----------
    *paths : path-like
        In the order in which they were captured.
    roles : mapping of str to str, optional
        ``CUSTOMER`` or ``AGENT`` by a track's name, where names tell nothing.

    Returns
    -------
    DecodedCapture
        Times that the captures' tags do not tell are made up: they rise as in the files.

    Raises
    ------
    UsageError
        If no file is named, or one cannot be read, is empty, or is no Matroska.

    Examples
    --------
    >>> for piece in decode_capture("capture.mkv").pieces:
    ...     for channel in piece.channels:
    ...         print(channel.participant_role, channel.sample_rate_hz, len(channel.samples))
    CUSTOMER 8000 16384
    AGENT 8000 16384
    """
    if not paths:
        raise UsageError("no capture is named: give the path of one at least")
    store = StreamStore(None)
    try:
        return _decode(load(store, EmulatorConfig(), _STREAM, [Path(path) for path in paths]), roles or {})
    finally:
        store.close()


def _decode(stored: StoredStream, roles: Mapping[str, str]) -> DecodedCapture:
    lane, job = _plan(stored)
    config = DecodeConfig(roles=tuple(roles.items()))
    pieces: list[DecodedPiece] = []
    ledger: list[LedgerRow] = []
    letters: list[DeadLetter] = []
    for event in read_lane(lane, job, _CaptureSource(stored, lane.stream)):
        if isinstance(event, Piece):
            piece = decode_piece(event, config)
            pieces.append(piece)
            ledger.extend(piece.ledger)
            letters.extend(piece.dead_letters)
        elif isinstance(event, LedgerRow):
            ledger.append(event)
        elif isinstance(event, DeadLetter):
            letters.append(event)
    return DecodedCapture(tuple(pieces), tuple(sorted(ledger, key=lambda row: row.number)), tuple(letters))


def _plan(stored: StoredStream) -> tuple[Lane, Job]:
    """Plan one job over all that the stream holds."""
    info = stored.info
    stream = Stream(info.arn, info.created_ms, info.retention_hours)
    fragments = stored.in_order()
    hours = sorted({fragment.server_ms // HOUR_MS for fragment in fragments})
    units = tuple(
        Unit(hour * HOUR_MS, (hour + 1) * HOUR_MS, len(some), sum(fragment.size for fragment in some))
        for hour in hours
        if (some := [fragment for fragment in fragments if fragment.server_ms // HOUR_MS == hour])
    )
    end_ms = units[-1].end_ms
    as_of_ms = end_ms + _CLOSED_AFTER_MS
    job = Job(_STREAM, (_STREAM,), (stream,), stream.account, stream.region, units[0].start_ms, end_ms, as_of_ms)
    return Lane(stream, units, as_of_ms), job


class _CaptureSource:
    """A stored stream as a source to read from: KVS without a service."""

    def __init__(self, stored: StoredStream, stream: Stream) -> None:
        self._stored = stored
        self._stream = stream

    def list(self, start_ms: int, end_ms: int) -> list[ListedFragment]:
        """List the fragments with server timestamp in [start_ms, end_ms), sorted by number."""
        found = self._stored.by_server_time(start_ms, end_ms)
        return sorted((_listed(fragment) for fragment in found), key=lambda listed: listed.number)

    def read(self, listed: Sequence[ListedFragment]) -> Iterator[FetchedFragment]:
        """Yield one fetched fragment for each listed one, in the order given: with its media, or why there is none."""
        for one in listed:
            fragment = self._stored.get(one.number)
            if fragment is None:
                raise KeyError(one.number)
            media = media_for_fragment_list(self._stored.media(fragment), fragment, "getmedia")
            yield judge_at_hand(self._stream, one, next(read_documents(media)))


def _listed(fragment: StoredFragment) -> ListedFragment:
    return ListedFragment(fragment.number, fragment.server_ms, fragment.producer_ms, fragment.size, fragment.length_ms)
