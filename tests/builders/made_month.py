"""A made-up month of business: contacts on pooled streams, Chime calls on pairs of streams, and their records.

Streams are used again and again; calls run over midnights, are transferred, are put on hold, give up before an agent
answers. Legs have gaps, repeated and tagless fragments. Some contacts were never streamed, the streaming of some legs
failed, some calls left no record; of some contacts there is an earlier copy that knows less.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from builders.business import Business, instant
from callbeam.callmaker import AGENT, CUSTOMER, make_call, varied_call, write_chime, write_connect
from callbeam.callmaker.dialects import (
    CHIME_TRACK,
    FRAGMENT_MS,
    FROM_CUSTOMER,
    TO_CUSTOMER,
    WireDefects,
    WireTiming,
)
from callbeam.callmaker.random_calls import varied_defects

if TYPE_CHECKING:
    from callbeam.callmaker import CallTruth
    from callbeam.emulator import Emulator

FIRST_DAY_MS = 1_769_904_000_000
"""2026-02-01T00:00:00Z, of a month of 28 days."""

DAY_MS, MINUTE_MS = 86_400_000, 60_000
DURATION_MS = (10_000, 40_000)
ANSWERED_MS = 2_000
"""A caller who stays no longer after an agent was free has given up before."""

NO_RECORD, NO_AUDIO, FAILED, DEFECTS, COPIED = 0.08, 0.03, 0.05, 0.3, 0.2
"""Shares of calls without records, of contacts without audio, of failed legs, of faulty legs, of earlier copies."""

LONGEST_CHAIN = 3
AGENT_ID = "7f0f6c1e-2a55-4a0e-8c0b-2f3a4b5c6d7e"


@dataclass
class Month(Business):
    """The month, as it is known to those who made it.

    Attributes
    ----------
    days : int
    recorded : set of str
        Calls with records.
    missing : set of str
        Contacts with records and without audio.
    abandoned : set of str
        Contacts that no agent had.
    holds : dict of str to (int, int)
        From when to when agents' events say that a contact was on hold: offsets in ms.
    seed : int
        Of the next call.
    """

    days: int = 0
    recorded: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    abandoned: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    holds: dict[str, tuple[int, int]] = field(default_factory=dict)
    seed: int = 0


def make_month(kvs: Emulator, contacts: int, chime_calls: int, days: int) -> Month:
    """Put a month of business onto an emulator's streams."""
    month = Month(kvs, days=days)
    rng = np.random.default_rng(contacts)
    pool, pairs = max(2, contacts // 25), max(2, chime_calls // 15)
    for number in range(pool):
        starts = _starts(rng, days, contacts // pool + (number < contacts % pool))
        while starts:
            starts = _contacts(month, rng, f"connect-contact-{number:02d}", starts)
    for number in range(pairs):
        for start_ms in _starts(rng, days, chime_calls // pairs + (number < chime_calls % pairs)):
            _chime_call(month, rng, (f"chime-{number:02d}-a", f"chime-{number:02d}-b"), start_ms)
    return month


def _starts(rng: np.random.Generator, days: int, count: int) -> list[int]:
    """Draw when calls of a stream begin, in order and minutes apart: one of five within 30 s of a midnight."""
    slots = [FIRST_DAY_MS + round((at + rng.uniform(0.2, 0.8)) * days * DAY_MS / count) for at in range(count)]
    midnights = [FIRST_DAY_MS + day * DAY_MS for day in range(1, days)]
    for midnight in rng.permutation(midnights)[: count // 5].tolist():
        nearest = min(range(count), key=lambda at: abs(slots[at] - midnight))
        slots[nearest] = midnight + int(rng.integers(-30_000, 30_000))
    return sorted(slots)


def _contacts(month: Month, rng: np.random.Generator, stream: str, starts: list[int]) -> list[int]:
    """Put a contact onto a stream, and those that it is transferred to; return the starts that are left."""
    chain = 1 if rng.random() < 0.85 else min(int(rng.integers(2, LONGEST_CHAIN + 1)), len(starts))
    timing = WireTiming(server_lag_ms=int(rng.integers(-966, 900)), jitter_ms=40)
    names = [f"contact-{month.seed + at:04d}" for at in range(chain)]
    start_ms = starts[0]
    unrecorded = rng.random() < NO_RECORD
    for at, name in enumerate(names):
        truth = _contact(month, rng, name, stream, start_ms, timing, whole=chain > 1)
        start_ms += truth.duration_ms
        if not unrecorded:
            before, after = names[:at], names[at + 1 :]
            _record(month, rng, truth, before, after)
    return starts[chain:]


def _contact(
    month: Month, rng: np.random.Generator, name: str, stream: str, start_ms: int, timing: WireTiming, *, whole: bool
) -> CallTruth:
    """Put a contact onto a stream; one in a chain of transfers has whole fragments, and all of them."""
    month.seed += 1
    spec = varied_call(name, start_ms, month.seed, duration_ms=DURATION_MS)
    length = spec.conversation.duration_ms
    defects = WireDefects()
    if whole:
        length = -(-length // FRAGMENT_MS) * FRAGMENT_MS
    elif rng.random() < DEFECTS:
        defects = varied_defects(length, (FROM_CUSTOMER, TO_CUSTOMER), month.seed)
    conversation = replace(spec.conversation, duration_ms=length)
    if length > 35_000 and not conversation.ringback_ms:
        conversation = replace(conversation, hold_ms=8_000)
    call = make_call(replace(spec, conversation=conversation), month.seed)
    order = ("kept", "reversed", "swapping")[rng.integers(3)]
    written = write_connect(call, stream=stream, track_order=order, defects=defects, timing=timing)
    if not whole and rng.random() < NO_AUDIO:
        month.missing.add(name)
        month.arn(stream)
        return written.truth
    return month.put(written)


def _record(month: Month, rng: np.random.Generator, truth: CallTruth, before: list[str], after: list[str]) -> None:
    name, begin_ms, end_ms = truth.call_id, truth.call_start_ms, truth.call_start_ms + truth.duration_ms
    month.recorded.add(name)
    record = month.contact(
        truth,
        InitialContactId=before[0] if before else None,
        PreviousContactId=before[-1] if before else None,
        NextContactId=after[0] if after else None,
        TransferCompletedTimestamp=instant(end_ms) if after else None,
        InitiationMethod="TRANSFER" if before else "INBOUND",
    )
    if truth.agent_on_line_ms > truth.duration_ms - ANSWERED_MS:
        month.abandoned.add(name)
        record["Agent"] = None
        record["Queue"] |= {"DequeueTimestamp": None, "EnqueueTimestamp": instant(begin_ms + truth.duration_ms // 2)}
    for hold in (event for event in truth.events if event.kind == "hold" and name not in month.abandoned):
        month.holds[name] = hold.begin_ms, hold.end_ms
        connected_ms = begin_ms + truth.agent_on_line_ms
        for state, at_ms in (
            ("CONNECTED", connected_ms),
            ("CONNECTED_ONHOLD", begin_ms + hold.begin_ms),
            ("CONNECTED", begin_ms + hold.end_ms),
        ):
            month.state(name, AGENT_ID, state, at_ms, connected_ms)
    if rng.random() < COPIED:
        changes = {"Agent": None, "Recordings": None, "NextContactId": None, "DisconnectTimestamp": None}
        month.records.append({**record, **changes, "LastUpdateTimestamp": instant(end_ms)})


def _chime_call(month: Month, rng: np.random.Generator, streams: tuple[str, str], start_ms: int) -> None:
    month.seed += 1
    name = f"transaction-{month.seed:04d}"
    spec = varied_call(name, start_ms, month.seed, chime=True, duration_ms=DURATION_MS)
    call = make_call(spec, month.seed)
    defects = None
    if rng.random() < DEFECTS:
        shortest_ms = spec.conversation.duration_ms - spec.conversation.agent_joins_ms
        defects = {role: varied_defects(shortest_ms, (CHIME_TRACK,), month.seed) for role in (CUSTOMER, AGENT)}
    timing = WireTiming(server_lag_ms=int(rng.integers(-966, 900)), jitter_ms=40)
    # Which of the pair is the customer's changes from call to call.
    ordered = streams if rng.random() < 0.5 else (streams[1], streams[0])
    written = write_chime(call, streams=ordered, defects=defects, timing=timing)
    failed = rng.random() < FAILED
    truth = month.put(written, leave_out={ordered[1]} if failed else ())
    if failed:
        month.truths[name] = replace(truth, channels={CUSTOMER: truth.channels[CUSTOMER]})
    if rng.random() < NO_RECORD:
        return
    month.recorded.add(name)
    events = month.events(truth)
    if failed:
        month.failed.add(name)
        month.records.remove(events[-1])
        month.fail(events[-1], truth.call_start_ms + truth.channels[AGENT].begin_ms + 1_000)
