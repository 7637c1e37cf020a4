"""Small fragments, running emulators, and boto3's clients for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import pytest
from botocore.config import Config

from callbeam.emulator import Emulator, EmulatorConfig
from callbeam.mkv import CONNECT, BlockSpec, Dialect, TrackSpec, write_fragment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Lets the tests of this folder import its helper modules.
START_MS = 1_772_443_800_000
TRACKS = (TrackSpec(1, "AUDIO_FROM_CUSTOMER", "A_AAC", b"\x11\x90"), TrackSpec(2, "AUDIO_TO_CUSTOMER", "A_AAC"))


class Clients(NamedTuple):
    control: Any
    archived: Any
    media: Any


def make_clients(url: str, region: str = "us-east-1", **config: Any) -> Clients:
    settings = {
        "endpoint_url": url,
        "region_name": region,
        "aws_access_key_id": "AKIDEXAMPLE",
        "aws_secret_access_key": "secret",
        "config": Config(retries={"max_attempts": 0}, read_timeout=10, **config),
    }
    names = ("kinesisvideo", "kinesis-video-archived-media", "kinesis-video-media")
    return Clients(*(boto3.client(name, **settings) for name in names))


def make_fragment(
    index: int = 0, *, blocks: int = 8, payload_bytes: int = 256, dialect: Dialect = CONNECT, start_ms: int = START_MS
) -> bytes:
    """A second of two tracks whose payloads tell which fragment and block they are."""
    specs = [
        BlockSpec(1 + block % 2, block // 2 * 64, bytes([index % 251, block]) * (payload_bytes // 2))
        for block in range(blocks)
    ]
    return write_fragment(
        dialect=dialect,
        tracks=TRACKS,
        blocks=specs,
        timecode_ms=start_ms + index * 1000,
        tags_after=[("ContactId", "11111111-2222-4333-8444-555555555555")],
    )


@pytest.fixture
def fragment() -> Callable[..., bytes]:
    return make_fragment


@pytest.fixture
def clients() -> Callable[..., Clients]:
    return make_clients


@pytest.fixture
def start_ms() -> int:
    return START_MS


@pytest.fixture
def emulate() -> Iterator[Callable[..., tuple[Emulator, Clients, list[int]]]]:
    """Start an emulator with stream ``calls`` of n fragments, one a second; stop it after the test."""
    running: list[Emulator] = []

    def start(
        n: int = 0, *, faults: Any = (), data: Any = None, **switches: Any
    ) -> tuple[Emulator, Clients, list[int]]:
        config = EmulatorConfig(**{"getmedia_idle_s": 0.15, **switches})
        kvs = Emulator(config=config, faults=faults, data=data).start()
        running.append(kvs)
        kvs.add_stream("calls", created_ms=START_MS - 1000)
        numbers = [
            kvs.add_fragment(
                "calls", make_fragment(i), server_ms=START_MS + 1000 * i, producer_ms=START_MS + 1000 * i + 126
            )
            for i in range(n)
        ]
        return kvs, make_clients(kvs.endpoint_url), numbers

    yield start
    for kvs in running:
        kvs.stop()
