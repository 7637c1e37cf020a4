"""What the tests of the KVS client read: a stream of small fragments in the emulator, by clocks that tests turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from builders.fragments import FROM_CUSTOMER
from builders.jobs import DAY_START_MS
from callbeam.emulator import Emulator
from callbeam.kvs import FetchedFragment, KvsClient, KvsConfig
from callbeam.kvs.client import StreamSource
from callbeam.kvs.timing import Timing
from callbeam.mkv import CONNECT, BlockSpec, Dialect, TrackSpec, fragment_tags, write_fragment

START_MS = DAY_START_MS
"""Where the made-up stream begins."""

LISTED_ALL = (START_MS - 1000, START_MS + 3_600_000)
FRAGMENTS = 40
GMFFL = "GetMediaForFragmentList"
LIST = "ListFragments"


@dataclass
class FakeClock:
    """Time that passes only while something sleeps."""

    now_s: float = 1_000_000.0
    wall_start_ms: int = START_MS + 86_400_000
    slept: list[float] = field(default_factory=list)
    chance: float = 1.0

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept.append(seconds)
        self.now_s += seconds

    def wall_ms(self) -> int:
        return self.wall_start_ms + round((self.now_s - 1_000_000.0) * 1000)

    @property
    def timing(self) -> Timing:
        return Timing(monotonic=lambda: self.now_s, sleep=self.sleep, wall_ms=self.wall_ms, chance=lambda: self.chance)


def payload_of(index: int, track: int, block: int) -> bytes:
    """Return the samples of a block: 50 ms that no other block has."""
    return (index * 1000 + track * 100 + block).to_bytes(4, "big") * 200


def write_contact(index: int, *, dialect: Dialect = CONNECT, blocks: int = 4) -> bytes:
    """Write a fragment of two tracks with these payloads; a contact has ten of them."""
    return write_fragment(
        dialect=dialect,
        tracks=[
            TrackSpec(1, "AUDIO_TO_CUSTOMER", "A_AAC", sample_rate_hz=8000.0, channels=1),
            TrackSpec(2, "AUDIO_FROM_CUSTOMER", "A_AAC", sample_rate_hz=8000.0, channels=1),
        ],
        blocks=[
            BlockSpec(track, block * 50, payload_of(index, track, block)) for block in range(blocks) for track in (1, 2)
        ],
        timecode_ms=index * 1000,
        tags_after=[("ContactId", f"contact-{index // 10}")],
    )


@dataclass
class Calls:
    """The emulator with stream ``calls-1``, and what it holds."""

    emulator: Emulator
    arn: str
    numbers: list[int]

    def check(self, fetched: FetchedFragment) -> None:
        """Check that a fragment came with its own media, whole."""
        index = self.numbers.index(fetched.listed.number)
        document = fetched.document
        assert document is not None, fetched
        assert fragment_tags(document).number == fetched.listed.number
        got = [(block.track, bytes(document.payload(block))) for block in document.blocks]
        assert got == [(track, payload_of(index, track, block)) for block in range(4) for track in (1, 2)]

    def check_all(self, fetched: Sequence[FetchedFragment]) -> None:
        """Check that every fragment is there, once, in order, with its own media."""
        assert [fragment.listed.number for fragment in fetched] == self.numbers
        for fragment in fetched:
            self.check(fragment)

    def asked(self) -> list[int]:
        """Return how many fragments each call for media asked for."""
        return [request.n for request in self.emulator.requests if request.api == GMFFL]


def load_contacts(emulator: Emulator) -> Calls:
    """Put stream ``calls-1`` into an emulator."""
    arn = emulator.add_stream("calls-1")
    numbers = [
        emulator.add_fragment(arn, write_contact(i), server_ms=START_MS + i * 1000 + 7, producer_ms=START_MS + i * 1000)
        for i in range(FRAGMENTS)
    ]
    return Calls(emulator, arn, numbers)


def load_seconds(emulator: Emulator, name: str, count: int, dialect: Dialect = CONNECT) -> list[int]:
    """Put a stream of one-block fragments a second apart into an emulator; return their numbers."""
    arn = emulator.add_stream(name)
    numbers = []
    for i in range(count):
        blocks = [BlockSpec(1, 0, bytes([i]) * 100)]
        fragment = write_fragment(dialect=dialect, tracks=[FROM_CUSTOMER], blocks=blocks, timecode_ms=i * 1000)
        at_ms = START_MS + i * 1000
        numbers.append(emulator.add_fragment(arn, fragment, server_ms=at_ms, producer_ms=at_ms))
    return numbers


def client_for(emulator: Emulator, clock: FakeClock, **options: object) -> KvsClient:
    """Open a client of an emulator, by a test's clock."""
    return KvsClient(KvsConfig(endpoint_url=emulator.endpoint_url, **options), clock.timing)


def apis(emulator: Emulator) -> list[str]:
    """Return the calls that an emulator had, in order."""
    return [request.api for request in emulator.requests]


def read_all(source: StreamSource) -> list[FetchedFragment]:
    """List a source's first hour and read all of it."""
    return list(source.read(source.list(*LISTED_ALL)))
