"""A clock and a stream for each test, and nothing of this machine's own settings for the SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from builders.kvs_reading import Calls, FakeClock, client_for, load_contacts

from callbeam.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from callbeam.kvs.client import StreamSource


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(autouse=True)
def sdk_environment(aws_credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture(scope="session")
def emulated() -> Iterator[Calls]:
    with Emulator() as emulator:
        calls = load_contacts(emulator)
        emulator.add_stream("other-1")
        yield calls


@pytest.fixture
def calls(emulated: Calls) -> Calls:
    emulated.emulator.faults.clear()
    emulated.emulator.requests.clear()
    return emulated


@pytest.fixture
def open_source(clock: FakeClock) -> Callable[..., StreamSource]:
    """Open a stream of an emulator for reading, unpaced, by the test's clock."""

    def opened(emulator: Emulator, name: str = "calls-1", **options: Any) -> StreamSource:
        client = client_for(emulator, clock, **{"fragments_per_second": 0.0, **options})
        [stream] = client.resolve_streams([name])
        return client.source(stream)

    return opened
