"""Running emulators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from builders.emulated import Clients, make_clients
from builders.fragments import START_MS, make_fragment

from callbeam.emulator import Emulator, EmulatorConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
