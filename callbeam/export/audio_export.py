"""Reads calls from KVS and writes them as sound files: all calls of a job, or the one that a fragment lies in."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from callbeam.calls import (
    CallStatus,
    DeadLetter,
    LedgerRow,
    LegEnd,
    Piece,
    call_at,
    decide_call,
    find_fragment,
    read_lane,
    read_leg_of,
)
from callbeam.decoding import decode_piece
from callbeam.errors import JobError
from callbeam.export.call_audio import CallAudio, ExportedCall, write_call
from callbeam.export.destination import told
from callbeam.export.spooled_channel import SpooledChannel
from callbeam.kvs import NOT_OURS, FragmentStatus, plan_lanes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from callbeam.calls import Leg
    from callbeam.decoding import DecodeConfig, DecodedPiece
    from callbeam.export.destination import Destination
    from callbeam.kvs import Job, KvsClient, ListedFragment, Stream

    LegKey = tuple[str, int]

MOST_LOSSES = 5
"""Losses that are told one by one."""


@dataclass(slots=True)
class Exported:
    """What an export came to.

    Attributes
    ----------
    calls : list of ExportedCall
    by_status : Counter of str
        Every fragment that was listed, by what became of it, as in table ``fragments``.
    open_calls : list of str
        Calls of the job that may still be going on, and were not written.
    losses : list of str
        The first of what was lost of the calls written: which fragment, and why.
    """

    calls: list[ExportedCall] = field(default_factory=list)
    by_status: Counter[str] = field(default_factory=Counter)
    open_calls: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)


def export_job(
    client: KvsClient,
    job: Job,
    destination: Destination,
    formats: Collection[str] = ("raw",),
    decode: DecodeConfig | None = None,
    *,
    ended: Collection[str] = (),
) -> Exported:
    """Write the calls that a job owns, each into a folder of its own.

    Streams are read one after the other. A call may have legs on several of them, so until all are read their samples
    lie in the destination's scratch folder.

    Parameters
    ----------
    client : KvsClient
    job : Job
        Of ``plan_jobs``.
    destination : Destination
        Opened.
    formats : collection of str
        Of ``AUDIO_FORMATS``.
    decode : DecodeConfig, optional
        Says who is on which track.
    ended : collection of str, optional
        Names of calls that records say are over, though their streams do not yet.

    Raises
    ------
    UsageError
        If KVS refuses to list the streams.
    JobError
        If KVS fails for too long, or a file cannot be written.

    Examples
    --------
    >>> from callbeam.emulator import Emulator
    >>> from callbeam.export import Destination
    >>> from callbeam.kvs import HOUR_MS, KvsConfig, KvsClient, plan_jobs
    >>> start_ms = 1_772_355_600_000
    >>> with Emulator() as kvs, Destination("export") as to:
    ...     _ = kvs.load("calls-1", "capture.mkv")
    ...     client = KvsClient(KvsConfig(region="us-east-1", endpoint_url=kvs.endpoint_url))
    ...     (job,) = plan_jobs(client, ["calls-*"], start_ms, start_ms + HOUR_MS, start_ms + 24 * HOUR_MS)
    ...     exported = export_job(client, job, to, ["flac", "stereo-wav"])
    >>> dict(exported.by_status), [path.suffix for path in exported.calls[0].files]
    ({'decoded': 2}, ['.wav', '.flac', '.flac', '.json'])
    """
    reading = _Reading(destination, decode)
    for lane in plan_lanes(client, job):
        reading.take(read_lane(lane, job, client.source(lane.stream)))
    exported = Exported(by_status=reading.by_status)
    for call_id, ends in reading.ends.items():
        decision = decide_call(ends, job, ended=call_id in ended)
        is_open = decision.status is CallStatus.OPEN
        written = decision.legs if decision.status is CallStatus.OWNED else ()
        exported.open_calls += [call_id] if is_open else []
        for end in ends:
            if end not in written:
                reading.drop(end.leg, FragmentStatus.OPEN if is_open else FragmentStatus.OTHER_UNIT)
        if written:
            exported.calls.append(write_call(reading.call(written), formats, destination))
            exported.losses += reading.losses(call_id)
    exported.calls.sort(key=lambda call: (call.start_ms, call.call_id))
    return exported


def export_fragment(
    client: KvsClient,
    stream: Stream,
    number: int,
    destination: Destination,
    formats: Collection[str] = ("raw",),
    *,
    now_ms: int,
    whole_call: bool = False,
    decode: DecodeConfig | None = None,
) -> Exported:
    """Write the call that a fragment lies in, from that fragment on, as it lies on that stream.

    Parameters
    ----------
    client : KvsClient
    stream : Stream
    number : int
        The fragment's; its audio is written.
    destination : Destination
        Opened.
    formats : collection of str
        Of ``AUDIO_FORMATS``.
    now_ms : int
        UTC milliseconds.
    whole_call : bool
        From the call's first fragment that is still there.
    decode : DecodeConfig, optional
        Says who is on which track.

    Returns
    -------
    Exported
        Of one call. One that may still be going on is written as far as it had got.

    Raises
    ------
    UsageError
        If the stream does not hold the fragment.
    JobError
        If it cannot be read, KVS fails for too long, or a file cannot be written.

    Examples
    --------
    >>> from callbeam.emulator import Emulator
    >>> from callbeam.export import Destination
    >>> from callbeam.kvs import HOUR_MS, KvsConfig, KvsClient
    >>> with Emulator() as kvs, Destination("export") as to:
    ...     _ = kvs.load("calls-1", "capture.mkv")
    ...     client = KvsClient(KvsConfig(region="us-east-1", endpoint_url=kvs.endpoint_url))
    ...     (stream,) = client.resolve_streams(["calls-1"])
    ...     second = client.source(stream).list(0, 1_772_355_600_000 + HOUR_MS)[1]
    ...     now_ms = 1_772_355_600_000 + 24 * HOUR_MS
    ...     exported = export_fragment(client, stream, second.number, to, now_ms=now_ms)
    >>> exported.calls[0].duration_ms, exported.calls[0].files[0].stat().st_size
    (1024, 16384)
    """
    source = client.source(stream)
    fragment = find_fragment(source, stream, number)
    call, begin = call_at(source, stream, fragment, now_ms)
    first = begin if whole_call else fragment
    reading = _Reading(destination, decode)
    reading.take(read_leg_of(source, stream, fragment, first=first, call=call, as_of_ms=now_ms))
    if not reading.ends:
        raise JobError(f"fragment {number} of stream {stream.name} was there, and is not now: run it again")
    *earlier, last = (end for ends in reading.ends.values() for end in ends)
    for end in earlier:
        reading.drop(end.leg, FragmentStatus.OTHER_UNIT)
    audio = reading.call([last])
    audio.facts["from_fragment"] = str(last.leg.first_number)
    audio.facts["from_its_beginning"] = whole_call or first == begin
    audio.notes += _about_beginning(fragment, begin, last, whole_call=whole_call)
    exported = Exported(by_status=reading.by_status)
    exported.calls.append(write_call(audio, formats, destination))
    exported.losses += reading.losses(audio.identity.call_id)
    return exported


def _about_beginning(
    fragment: ListedFragment, begin: ListedFragment, end: LegEnd, *, whole_call: bool
) -> Iterable[str]:
    if begin.number != fragment.number and not whole_call:
        into_s = ((fragment.server_ms or 0) - (begin.server_ms or 0)) / 1000
        yield f"it begins {into_s:.1f} s into the call, with the fragment named; --whole-call takes all of it"
    if end.open:
        yield "the call may still be going on: this is what there is of it now"


class _Reading:
    """Takes what is read of streams: samples to disk, and an account by leg."""

    def __init__(self, destination: Destination, decode: DecodeConfig | None) -> None:
        self.by_status: Counter[str] = Counter()
        self.ends: dict[str, list[LegEnd]] = defaultdict(list)
        self._destination = destination
        self._decode = decode
        self._channels: dict[LegKey, dict[str, SpooledChannel]] = defaultdict(dict)
        self._accounts: dict[LegKey, Counter[str]] = defaultdict(Counter)
        self._letters: dict[str, list[str]] = defaultdict(list)

    def take(self, events: Iterable[Piece | LegEnd | LedgerRow | DeadLetter]) -> None:
        """Take what is read of one stream."""
        unsettled: dict[str, Counter[str]] = defaultdict(Counter)  # rows of legs whose end has not come, by call
        for event in events:
            if isinstance(event, Piece):
                self._decoded(decode_piece(event, self._decode))
                event.let_go()
            elif isinstance(event, LegEnd):
                call_id = event.leg.identity.call_id
                self.ends[call_id].append(event)
                self._accounts[_key(event.leg)] += unsettled.pop(call_id, Counter())
            elif isinstance(event, DeadLetter):
                self._note(event)
            elif event.call_id is None or event.status in NOT_OURS:
                self.by_status[event.status] += 1
            else:
                unsettled[event.call_id][event.status] += 1
        for rows in unsettled.values():
            self.by_status += rows

    def _decoded(self, piece: DecodedPiece) -> None:
        key = _key(piece.leg)
        self._accounts[key].update(row.status for row in piece.ledger)
        for letter in piece.dead_letters:
            self._note(letter)
        for channel in piece.channels:
            spools = self._channels[key]
            with told(self._destination.folder):
                if channel.channel_id not in spools:
                    spools[channel.channel_id] = SpooledChannel(self._destination.scratch(), channel)
                spools[channel.channel_id].add(channel)

    def _note(self, letter: DeadLetter) -> None:
        told_of = self._letters[letter.call_id or ""]
        if len(told_of) < MOST_LOSSES:
            where = f" of stream {letter.stream.name}" if letter.stream else ""
            told_of.append(f"fragment {letter.number}{where}: {letter.reason}: {letter.detail}")

    def drop(self, leg: Leg, status: FragmentStatus) -> None:
        """Give up a leg that is not written."""
        self.by_status[status.value] += self._accounts.pop(_key(leg), Counter()).total()
        for channel in self._channels.pop(_key(leg), {}).values():
            channel.path.unlink()

    def call(self, ends: Iterable[LegEnd]) -> CallAudio:
        """Put the legs of a call together, and account for them as written."""
        legs = [end.leg for end in ends]
        account: Counter[str] = Counter()
        for leg in legs:
            account += self._accounts.pop(_key(leg), Counter())
        self.by_status += account
        channels = [channel for leg in legs for channel in self._channels.pop(_key(leg), {}).values()]
        return CallAudio(legs[0].identity, channels, account)

    def losses(self, call_id: str) -> list[str]:
        """Return what was lost of a call."""
        return self._letters.get(call_id, [])


def _key(leg: Leg) -> LegKey:
    return leg.stream.arn, leg.first_number
