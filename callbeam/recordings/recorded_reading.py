"""A leg in a recording becomes channels of samples, 30 minutes at a time, and one row of the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from callbeam.audio import Channel
from callbeam.calls import DeadLetter, LedgerRow, LegEnd, participant_role
from callbeam.decoding import DecodedPiece, channel_id, exclude
from callbeam.errors import UsageError
from callbeam.kvs import HOUR_MS, FragmentStatus
from callbeam.letter_samples import SAMPLE_BYTES
from callbeam.payload import grid_rate
from callbeam.recordings.object_bytes import ObjectBytes
from callbeam.sound_files import open_recording
from callbeam.storage import StorageError
from callbeam.timeline import LEAD_MS, PIECE_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from callbeam.calls import RecordedLeg
    from callbeam.decoding import DecodeConfig
    from callbeam.sound_files import OpenRecording
    from callbeam.storage import ObjectStore

    Int16Array = npt.NDArray[np.int16]

STEP = "ReadRecordings"

TRACK_NAME = "recording"
"""``channels.track_name``; ``--role-map recording:0=CUSTOMER`` says who is on the left."""

MOST_CHANNELS = 2


class _Failure(NamedTuple):
    """Why a recording, or the rest of it, is not had."""

    status: FragmentStatus
    reason: str


@dataclass(frozen=True, slots=True)
class _PieceOfFile:
    """A piece's samples: core [begin, end) of the recording, and the leads around it from ``first`` on."""

    index: int
    last: bool
    first: int
    begin: int
    end: int
    samples: Int16Array


def read_recorded(
    store: ObjectStore, recorded: RecordedLeg, config: DecodeConfig, *, held_by_streams: bool = False
) -> Iterator[DecodedPiece | LegEnd | LedgerRow | DeadLetter]:
    """Read a recording.

    Parameters
    ----------
    store : ObjectStore
        What ``recorded.key`` lies in.
    recorded : RecordedLeg
    config : DecodeConfig
        Roles that were given, and audio that must not be used.
    held_by_streams : bool
        The call's audio was found on a stream, where it counts: the recording is not opened.

    Yields
    ------
    DecodedPiece
        With its channels; none of them where all of their audio is excluded.
    LegEnd
        Once, if the recording was opened.
    LedgerRow
        Once: the file is the leg's only fragment. A recording that is passed over is a ``duplicate`` of no call.
    DeadLetter
        If it cannot be read, or not to its end.

    Notes
    -----
    The rate stays the recording's own, as a track's does; memory holds one piece.
    """
    call_id = recorded.leg.identity.call_id
    why = f"the audio of call {call_id} lies on a stream, where it counts" if held_by_streams else recorded.passed_over
    if why:
        yield _row(recorded, FragmentStatus.DUPLICATE, why, call_id=None)
        return
    reading = _Reading(store, recorded, config)
    pieces = 0
    for piece in reading.pieces():
        pieces += 1
        yield piece
        del piece  # before the next is read
    begin_ms, clock_source = recorded.leg.start_server_ms, recorded.clock.source
    yield LegEnd(recorded.leg, pieces, begin_ms, open=False, clock_source=clock_source)
    if reading.failure is None and pieces:
        yield _row(recorded, FragmentStatus.DECODED, "", call_id)
        return
    status, reason = reading.failure or _Failure(FragmentStatus.NO_AUDIO, "it holds no audio")
    yield _row(recorded, status, reason, call_id)
    yield _letter(recorded, status, reason, reading.sample)


class _Reading:
    """One recording while it is read; ``failure`` and ``sample`` say afterwards what went wrong."""

    def __init__(self, store: ObjectStore, recorded: RecordedLeg, config: DecodeConfig) -> None:
        self._store = store
        self._recorded = recorded
        self._config = config
        self.failure: _Failure | None = None
        self.sample = b""

    def pieces(self) -> Iterator[DecodedPiece]:
        try:
            raw = self._store.open(self._recorded.key)
            if raw is None:
                self.failure = _Failure(FragmentStatus.NOT_FOUND, "the file is not there any more")
                return
            with raw:
                yield from self._pieces_of(ObjectBytes(raw))
        except StorageError as error:
            self.failure = _Failure(FragmentStatus.SERVICE_ERROR, str(error))
        except (UsageError, OSError) as error:
            self.failure = _Failure(FragmentStatus.DAMAGED, str(error))

    def _pieces_of(self, file: ObjectBytes) -> Iterator[DecodedPiece]:
        self.sample = file.read(SAMPLE_BYTES)
        file.seek(0)
        file.check()
        with open_recording(file, self._recorded.key.rpartition("/")[2]) as recording:
            if recording.channels > MOST_CHANNELS:
                count = recording.channels
                reason = f"it has {count} channels: whose they are is known of one or two; split it into such files"
                self.failure = _Failure(FragmentStatus.UNSUPPORTED_CODEC, reason)
                return
            rate = grid_rate(recording.sample_rate_hz)
            # Not a loop: its variable would hold a piece's samples twice while the piece is analysed.
            yield from map(partial(self._piece, recording, rate), cut(_checked(recording.blocks(rate), file), rate))
            file.check()

    def _piece(self, recording: OpenRecording, rate: int, part: _PieceOfFile) -> DecodedPiece:
        leg, clock = self._recorded.leg, self._recorded.clock
        excluded = self._config.excluded(leg)
        of_file = (self._channel(part, recording, rate, index) for index in range(recording.channels))
        channels = (channel for one in of_file if (channel := exclude(one, excluded)) is not None)
        return DecodedPiece(leg, clock, part.index, part.last, tuple(channels), (), ())

    def _channel(self, part: _PieceOfFile, recording: OpenRecording, rate: int, index: int) -> Channel:
        leg = self._recorded.leg
        track_channel = index if recording.channels > 1 else None
        role, source = participant_role(TRACK_NAME, leg.identity.source, dict(self._config.roles), track_channel)
        told = self._recorded.roles[index] if track_channel is not None else None
        if role is None and told is not None:
            role, source = told, self._recorded.convention
        samples = np.ascontiguousarray(part.samples[:, index])
        return Channel(
            leg=leg,
            channel_id=channel_id(leg, TRACK_NAME, track_channel),
            track_name=TRACK_NAME,
            participant_role=role,
            role_source=source,
            codec=recording.coding,
            sample_rate_hz=rate,
            clock_start_ms=self._recorded.clock.start_ms,
            first_sample=part.first,
            samples=samples,
            covered=np.array([[part.first, part.first + len(samples)]], np.int64),
            core_start=part.begin,
            core_end=part.end,
            declared_rate_hz=recording.sample_rate_hz,
            track_channel=track_channel,
        )


def _checked(blocks: Iterable[Int16Array], file: ObjectBytes) -> Iterator[Int16Array]:
    """Pass blocks on as long as the file under them can be read."""
    for block in blocks:
        file.check()
        yield block


def cut(blocks: Iterable[Int16Array], rate_hz: int) -> Iterator[_PieceOfFile]:
    """Cut samples as a leg is cut: 30 minutes each, and 30 seconds of what lies around them.

    Parameters
    ----------
    blocks : iterable of int16 arrays, shape (n, channels)
        From the recording's start on.
    rate_hz : int

    Notes
    -----
    Samples are handed over: while a piece is analysed, nothing here holds more of them than its lead-out.
    """
    step, lead = (ms * rate_hz // 1000 for ms in (PIECE_MS, LEAD_MS))
    held: list[Int16Array] = []
    first = end = index = 0
    for block in blocks:
        held.append(block)
        end += len(block)
        while end >= (index + 1) * step + lead:
            begin, stop = index * step, (index + 1) * step
            whole = [np.concatenate(held)]
            held = [whole[0][stop - lead - first :].copy()]
            yield _PieceOfFile(index, False, first, begin, stop, whole.pop()[: stop + lead - first])
            first, index = stop - lead, index + 1
    whole = [np.concatenate(held)] if held else []
    held.clear()
    while index * step < end:
        begin, stop = index * step, min((index + 1) * step, end)
        low, high = max(begin - lead, 0), min(stop + lead, end)
        rest = slice(low - first, high - first)
        yield _PieceOfFile(index, stop == end, low, begin, stop, (whole.pop() if stop == end else whole[0])[rest])
        index += 1


def _row(recorded: RecordedLeg, status: FragmentStatus, reason: str, call_id: str | None) -> LedgerRow:
    return LedgerRow(
        unit_start_ms=_hour_ms(recorded),
        stream=recorded.leg.stream,
        number=recorded.leg.first_number,
        server_ms=None,
        producer_ms=None,
        bytes=recorded.bytes,
        status=status.value,
        reason=reason,
        call_id=call_id,
    )


def _letter(recorded: RecordedLeg, status: FragmentStatus, reason: str, sample: bytes) -> DeadLetter:
    return DeadLetter(
        step=STEP,
        reason=status.value,
        detail=reason,
        stream=recorded.leg.stream,
        number=recorded.leg.first_number,
        unit_start_ms=_hour_ms(recorded),
        call_id=recorded.leg.identity.call_id,
        sample=sample,
    )


def _hour_ms(recorded: RecordedLeg) -> int:
    begin_ms = recorded.leg.start_server_ms
    return begin_ms - begin_ms % HOUR_MS
