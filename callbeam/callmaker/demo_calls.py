"""The demo's calls: Connect contacts on pooled streams and Chime calls, on a fixed day in the past."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import numpy as np

from callbeam.callmaker.dialects import (
    CHIME_TRACK,
    FROM_CUSTOMER,
    TO_CUSTOMER,
    ProducerFragment,
    StreamFragments,
    WireTiming,
)
from callbeam.callmaker.made_call import make_call
from callbeam.callmaker.random_calls import varied_call, varied_defects
from callbeam.callmaker.script import AGENT, CUSTOMER
from callbeam.callmaker.stream_calls import WrittenCall, write_chime, write_connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEMO_START_MS = 1_772_443_800_000
"""2026-03-02 09:30 UTC: the demo's calls begin within three hours from then."""

SLOT_MS = 3_600_000
CALLS_PER_STREAM = 3
"""How many contacts use a pooled stream, one an hour."""

FIRST_CALL_BEGINS_MS = 28 * 60_000 + 40_000
"""The first call runs over a full hour: it begins at 09:58:40."""

SPREAD_MS = 54 * 60_000
"""Calls begin in this first part of their slot; they last 4 min at most."""


def make_demo(count: int, *, seed: int = 1, truth_dir: Path | None = None) -> Iterator[StreamFragments]:
    """Make the demo's calls up, stream by stream.

    Two of three calls are Connect contacts (streams ``demo-connect-contact-01``, ..., each used by up to three
    contacts), the third is a Chime call (two streams each).

    Parameters
    ----------
    count : int
        How many calls.
    seed : int
        The same count and seed make the same bytes.
    truth_dir : Path, optional
        Where to write ``<call_id>.json`` for each call.

    Yields
    ------
    StreamFragments
        Streams come as they are finished; memory holds the calls of one stream.
    """
    chime = [index for index in range(count) if index % 3 == 2]
    connect = [index for index in range(count) if index % 3 != 2]
    pool = -(-len(connect) // CALLS_PER_STREAM)
    for number in range(pool):
        name = f"demo-connect-contact-{number + 1:02d}"
        fragments: list[ProducerFragment] = []
        for slot, index in enumerate(connect[number::pool]):
            written = _connect_call(index, seed, slot, name)
            _save(written, truth_dir)
            fragments += written.streams[0].fragments
        yield StreamFragments(name, tuple(fragments))
    for order, index in enumerate(chime):
        written = _chime_call(index, seed, order % CALLS_PER_STREAM)
        _save(written, truth_dir)
        yield from written.streams


def _connect_call(index: int, seed: int, slot: int, stream: str) -> WrittenCall:
    rng = np.random.default_rng([seed, index])
    call_id, start_ms, call_seed, timing = _draw(rng, slot, first=index == 0)
    shortest = 100_000 if index == 0 else 40_000
    spec = varied_call(call_id, start_ms, call_seed, duration_ms=(shortest, 240_000))
    return write_connect(
        make_call(spec, call_seed),
        stream=stream,
        track_order=("kept", "reversed", "swapping")[rng.integers(3)],
        defects=varied_defects(spec.conversation.duration_ms, (FROM_CUSTOMER, TO_CUSTOMER), call_seed),
        timing=timing,
    )


def _chime_call(index: int, seed: int, slot: int) -> WrittenCall:
    rng = np.random.default_rng([seed, index])
    call_id, start_ms, call_seed, timing = _draw(rng, slot, first=False)
    spec = varied_call(call_id, start_ms, call_seed, chime=True)
    shortest_leg_ms = spec.conversation.duration_ms - spec.conversation.agent_joins_ms
    defects = {
        role: varied_defects(shortest_leg_ms, (CHIME_TRACK,), call_seed + leg)
        for leg, role in enumerate((CUSTOMER, AGENT))
    }
    return write_chime(make_call(spec, call_seed), defects=defects, timing=timing)


def _draw(rng: np.random.Generator, slot: int, *, first: bool) -> tuple[str, int, int, WireTiming]:
    """Draw a call's id, start, seed, and how its server times lie; producers' clocks run up to 1 s ahead."""
    call_id = str(uuid.UUID(bytes=rng.bytes(16), version=4))
    begin = FIRST_CALL_BEGINS_MS if first else int(rng.integers(SPREAD_MS))
    seed = int(rng.integers(2**31))
    timing = WireTiming(server_lag_ms=int(rng.integers(-966, 900)), jitter_ms=40)
    return call_id, DEMO_START_MS + slot * SLOT_MS + begin, seed, timing


def _save(written: WrittenCall, truth_dir: Path | None) -> None:
    if truth_dir is not None:
        written.truth.save(truth_dir)
