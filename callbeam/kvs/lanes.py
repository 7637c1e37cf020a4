"""What a job reads: streams, units, lanes. Small frozen values that travel through a pipeline."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from callbeam.stream_arns import stream_account, stream_name, stream_region

if TYPE_CHECKING:
    from collections.abc import Iterable

HOUR_MS = 3_600_000

_CALL, _CONNECTOR = "call:", "voice-connector:"

LEG_SKEW_MS = 2 * 60_000
"""How far the legs of one call may start apart: each job also reads this much before and after its range."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A KVS stream as DescribeStream tells of it.

    Examples
    --------
    >>> Stream("arn:aws:kinesisvideo:us-east-1:111122223333:stream/calls-1/1700000000000", 1700000000000, 24).name
    'calls-1'
    """

    arn: str
    created_ms: int
    retention_hours: int

    @property
    def name(self) -> str:
        """The stream's name, from its ARN; what is no stream is called as it is."""
        return stream_name(self.arn)

    @property
    def region(self) -> str:
        """The region, from the ARN."""
        return stream_region(self.arn)

    @property
    def account(self) -> str:
        """The account, from the ARN."""
        return stream_account(self.arn)


@dataclass(frozen=True, slots=True)
class Unit:
    """One stream's stretch of server time within one clock hour: what is listed, read and accounted for as one thing.

    Attributes
    ----------
    start_ms, end_ms : int
        Half-open range of server time, UTC milliseconds.
    count, bytes : int
        What the plan's listing found in it.
    length_ms : int
        How much stream time that is, so about how much of each participant's audio.
    """

    start_ms: int
    end_ms: int
    count: int
    bytes: int
    length_ms: int = 0


@dataclass(frozen=True, slots=True)
class Sought:
    """Where the audio of a call lies that records name: a stretch of one stream.

    Attributes
    ----------
    stream_arn : str
    call_id, source : str
        What the call is called, and ``connect`` or ``chime``, where its fragments have no tags.
    start_ms, end_ms : int
        Half-open range of server time in which its legs may begin, UTC milliseconds.
    first_number : int or None
        The fragment that it begins with, if records name one.
    stop_ms : int or None
        When streaming stopped, if records tell.
    aliases : tuple of str
        Other identifiers of the call, by which tags may name it.
    earlier : tuple of Sought
        Of a call that begins with a named fragment: its sessions on the stream that begin before the job. A leg that
        an earlier job reads from one of them on may go on through that fragment.
    """

    stream_arn: str
    call_id: str
    source: str
    start_ms: int
    end_ms: int
    first_number: int | None = None
    stop_ms: int | None = None
    aliases: tuple[str, ...] = ()
    earlier: tuple[Sought, ...] = ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """A half-open range of one stream's server time, UTC milliseconds: legs that begin in it are read.

    Attributes
    ----------
    first_number : int or None
        The fragment that it begins with, which is known to be the first of a call: what came before it does not matter.
    """

    start_ms: int
    end_ms: int
    first_number: int | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """A job's units of one stream, read in order by one worker over one connection; never split.

    Attributes
    ----------
    units : tuple of Unit
        In order of time, those with fragments. None where only the job's margins hold fragments: what a leg that
        starts there belongs to is still the job's to know.
    expires_ms : int
        UTC milliseconds at which retention takes the first of the lane's media.
    stretches : tuple of Stretch
        In order of time: where legs may begin that are read. Empty for all of the job with its margins.
    sought : tuple of Sought
        What records say of the calls on this stream.

    Examples
    --------
    >>> stream = Stream("arn:aws:kinesisvideo:us-east-1:111122223333:stream/calls-1/0", 0, 24)
    >>> Lane(stream, units=(Unit(0, HOUR_MS, 10, 350_000),), expires_ms=86_400_000).bytes
    350000
    """

    stream: Stream
    units: tuple[Unit, ...]
    expires_ms: int
    stretches: tuple[Stretch, ...] = ()
    sought: tuple[Sought, ...] = ()

    @property
    def bytes(self) -> int:
        """Planned bytes of all units."""
        return sum(unit.bytes for unit in self.units)


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls a job is about, by what their fragments' tags say; an empty field asks for nothing.

    Attributes
    ----------
    call_ids : frozenset of str
        ContactIds of Amazon Connect, TransactionIds of Chime.
    voice_connector_ids : frozenset of str
        Of Chime.

    Examples
    --------
    >>> [CallFilter(call_ids=frozenset({"c-1"})).wants(call_id, None) for call_id in ("c-1", "c-2")]
    [True, False]
    >>> CallFilter().wants("c-2", None)
    True
    """

    call_ids: frozenset[str] = frozenset()
    voice_connector_ids: frozenset[str] = frozenset()

    def wants(self, call_id: str, voice_connector_id: str | None) -> bool:
        """Tell whether a call is asked for."""
        return (not self.call_ids or call_id in self.call_ids) and (
            not self.voice_connector_ids or voice_connector_id in self.voice_connector_ids
        )

    def words(self) -> tuple[str, ...]:
        """Write the filter as words, which stand beside the stream selectors in a job's sources."""
        ids = [f"{_CALL}{name}" for name in self.call_ids]
        return (*sorted(ids), *sorted(f"{_CONNECTOR}{name}" for name in self.voice_connector_ids))

    @classmethod
    def of_words(cls, words: Iterable[str]) -> CallFilter:
        """Read the filter out of a job's sources."""
        words = list(words)
        return cls(
            frozenset(word.removeprefix(_CALL) for word in words if word.startswith(_CALL)),
            frozenset(word.removeprefix(_CONNECTOR) for word in words if word.startswith(_CONNECTOR)),
        )

    def disjoint(self, other: CallFilter) -> bool:
        """Tell whether no call can pass both filters."""
        pairs = ((self.call_ids, other.call_ids), (self.voice_connector_ids, other.voice_connector_ids))
        return any(one and two and one.isdisjoint(two) for one, two in pairs)


@dataclass(frozen=True, slots=True)
class Job:
    """One source set and one UTC day or part of one: planned, run and published as one thing.

    Attributes
    ----------
    job_id : str
        When the range begins, and a hash of the selectors as written, account, region and range (``job_id_of``):
        running again replaces.
    sources : tuple of str
        The stream selectors as the user wrote them, and the words of ``only``.
    streams : tuple of Stream
        What they resolved to.
    start_ms, end_ms : int
        Half-open range of server time, UTC milliseconds, inside one UTC day; of a compaction, a month.
    as_of_ms : int
        The instant at which a leg is judged open or closed; fixed when the job is planned.
    only : CallFilter
        Which calls it is about; all by default.
    sought : tuple of Sought
        Where its calls lie, by stream, if it is planned from records; empty for all of the range.
    """

    job_id: str
    sources: tuple[str, ...]
    streams: tuple[Stream, ...]
    account: str
    region: str
    start_ms: int
    end_ms: int
    as_of_ms: int
    only: CallFilter = CallFilter()
    sought: tuple[Sought, ...] = ()

    @property
    def reach(self) -> Stretch:
        """The range with its margins."""
        return Stretch(self.start_ms - LEG_SKEW_MS, self.end_ms + LEG_SKEW_MS)

    def sought_on(self, stream: Stream) -> tuple[Sought, ...]:
        """Return what is sought on a stream."""
        arn = attrgetter("stream_arn")
        return self.sought[
            bisect_left(self.sought, stream.arn, key=arn) : bisect_right(self.sought, stream.arn, key=arn)
        ]
