"""Clocks that only tests turn, credentials that open nothing, and a stream of small fragments in the emulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from callbeam.emulator import Emulator
from callbeam.kvs import KvsClient, KvsConfig
from callbeam.kvs.client import StreamSource
from callbeam.kvs.timing import Timing
from callbeam.mkv import CONNECT, BlockSpec, Dialect, TrackSpec, fragment_tags, write_fragment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from callbeam.kvs import FetchedFragment

START_MS = 1_772_409_600_000
"""2026-03-02T00:00:00Z, where the made-up stream begins."""

FRAGMENTS = 40


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


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


SDK_VARIABLES = (
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_KINESIS_VIDEO",
    "AWS_ENDPOINT_URL_KINESIS_VIDEO_ARCHIVED_MEDIA",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)


@pytest.fixture(autouse=True)
def sdk_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in SDK_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def payload_of(index: int, track: int, block: int) -> bytes:
    """The samples of a block: 50 ms that no other block has."""
    return (index * 1000 + track * 100 + block).to_bytes(4, "big") * 200


def producer_fragment(index: int, *, dialect: Dialect = CONNECT, blocks: int = 4) -> bytes:
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


@pytest.fixture(scope="session")
def emulated() -> Iterator[Calls]:
    with Emulator() as emulator:
        arn = emulator.add_stream("calls-1")
        numbers = [
            emulator.add_fragment(
                arn, producer_fragment(i), server_ms=START_MS + i * 1000 + 7, producer_ms=START_MS + i * 1000
            )
            for i in range(FRAGMENTS)
        ]
        emulator.add_stream("other-1")
        yield Calls(emulator, arn, numbers)


@pytest.fixture
def calls(emulated: Calls) -> Calls:
    emulated.emulator.faults.clear()
    emulated.emulator.requests.clear()
    return emulated


@pytest.fixture
def open_source(clock: FakeClock) -> Callable[..., StreamSource]:
    """Open a stream of an emulator for reading, unpaced, by the test's clock."""

    def opened(emulator: Emulator, name: str = "calls-1", **options: Any) -> StreamSource:
        settings = {"fragments_per_second": 0.0, **options}
        client = KvsClient(KvsConfig(endpoint_url=emulator.endpoint_url, **settings), clock.timing)
        [stream] = client.resolve_streams([name])
        return client.source(stream)

    return opened


@pytest.fixture
def check_media(calls: Calls) -> Callable[[FetchedFragment], None]:
    """Check that a fragment of ``calls-1`` came with its own media, whole."""

    def check(fetched: FetchedFragment) -> None:
        index = calls.numbers.index(fetched.listed.number)
        document = fetched.document
        assert document is not None, fetched
        assert fragment_tags(document).number == fetched.listed.number
        got = [(block.track, bytes(document.payload(block))) for block in document.blocks]
        assert got == [(track, payload_of(index, track, block)) for block in range(4) for track in (1, 2)]

    return check


@pytest.fixture
def fill() -> Callable[..., list[int]]:
    """Make a stream of one-block fragments a second apart; return their numbers."""

    def filled(emulator: Emulator, name: str, count: int, dialect: Dialect = CONNECT) -> list[int]:
        arn = emulator.add_stream(name)
        track = TrackSpec(1, "AUDIO_FROM_CUSTOMER", "A_AAC", sample_rate_hz=8000.0, channels=1)
        numbers = []
        for i in range(count):
            blocks = [BlockSpec(1, 0, bytes([i]) * 100)]
            fragment = write_fragment(dialect=dialect, tracks=[track], blocks=blocks, timecode_ms=i * 1000)
            at_ms = START_MS + i * 1000
            numbers.append(emulator.add_fragment(arn, fragment, server_ms=at_ms, producer_ms=at_ms))
        return numbers

    return filled
