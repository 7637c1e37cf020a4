"""Calls that were never sound: who says what when, by kinds of conversation, and the utterances that one would hear."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from builders.made_output import START, MadeOutput
from callbeam.callmaker import AGENT, CUSTOMER, ROLES, CallTruth, ChannelTruth, ConversationSpec
from callbeam.callmaker.script import converse
from callbeam.spans import as_spans
from callbeam.speech import utterance_spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Random = np.random.Generator
    Sayings = list[tuple[str, int, int]]

FRAME_MS = 10
BORDER_MS = 30
"""Deviation of the borders that a detector finds from where somebody speaks."""


@dataclass(frozen=True)
class SpokenCall:
    """A call as it was spoken, and as it was heard.

    Attributes
    ----------
    kind : str
    truth : CallTruth
        Of its sound nothing but ``speech_raw`` is filled in.
    utterances : list of (str, int, int)
        Role, begin and end in ms.
    """

    kind: str
    truth: CallTruth
    utterances: Sayings


def spoken_calls(count: int, *, seed: int = 1) -> list[SpokenCall]:
    """Make calls up, of all kinds in turn."""
    names = list(KINDS)
    return [_call(names[at % len(names)], np.random.default_rng([seed, at]), at) for at in range(count)]


def publish_calls(calls: list[SpokenCall], made: MadeOutput) -> None:
    """Publish the tables ``calls`` and ``utterances`` that a backfill of them would have left."""
    for call in calls:
        start = START + timedelta(milliseconds=call.truth.call_start_ms - START.timestamp() * 1000)
        made.add("calls", call_id=call.truth.call_id, call_start_ts=start, duration_ms=call.truth.duration_ms)
        for number, (role, begin, end) in enumerate(call.utterances):
            spans = {"begin_offset_ms": begin, "end_offset_ms": end, "duration_ms": end - begin}
            names = {"channel_id": f"{call.truth.call_id[:8]}-{role}", "utterance_id": f"u{number}"}
            made.add("utterances", call_id=call.truth.call_id, participant_role=role, **names, **spans)
    made.publish()


def _call(kind: str, random: Random, number: int) -> SpokenCall:
    sayings = KINDS[kind](random)
    spoken = {role: _phrases([one for one in sayings if one[0] == role], random) for role in ROLES}
    end_ms = max(end for spans in spoken.values() for _, end in spans) + 1_000
    start_ms = round(START.timestamp() * 1000) + number * 60_000
    truth = CallTruth(
        version=1,
        call_id=str(uuid.UUID(bytes=random.bytes(16), version=4)),
        source="connect" if number % 2 else "chime",
        call_start_ms=start_ms,
        duration_ms=end_ms,
        agent_on_line_ms=0,
        channels={role: _channel(role, spans) for role, spans in spoken.items()},
        events=[],
    )
    heard = [(role, *span) for role, spans in spoken.items() for span in _utterances(spans, random)]
    return SpokenCall(kind, truth, heard)


def _channel(role: str, spans: list[list[int]]) -> ChannelTruth:
    values: dict[str, Any] = {field.name: None for field in fields(ChannelTruth)}
    return ChannelTruth(**{**values, "role": role, "speech_raw": spans})


def _phrases(sayings: Sayings, random: Random) -> list[list[int]]:
    """Cut what one participant says into phrases: people pause, mostly for less than half a second."""
    found: list[list[int]] = []
    for _, begin, end in sorted(sayings):
        at = max(begin, found[-1][1] + 60 if found else begin)
        while end - at > 80:
            length = int(random.integers(600, 2_600))
            until = end if end - at - length < 400 else at + length
            found.append([at, until])
            at = until + int(random.integers(80, 450) if random.random() < 0.85 else random.integers(520, 850))
    return found


def _utterances(spans: list[list[int]], random: Random) -> list[list[int]]:
    """Cut speech into utterances as the analysis does, from borders that are off; one in a hundred is missed."""
    if not spans:
        return []
    off = random.normal(0, BORDER_MS, (len(spans), 2)).clip(-100, 100)
    frames = np.rint((np.array(spans) + off).clip(0) / FRAME_MS).astype(np.int64)
    frames = frames[(frames[:, 1] > frames[:, 0]) & (random.random(len(frames)) > 0.01)]
    frames = as_spans(frames.tolist())
    levels = random.normal(-30, 4, int(frames[-1, 1]) + 1).astype(np.float32)
    found = utterance_spans(frames, as_spans(()), levels, 0, (0, len(levels)))
    return (found * FRAME_MS).tolist()


def _scripted(**wanted: Any) -> Callable[[Random], Sayings]:
    def sayings(random: Random) -> Sayings:
        spec = ConversationSpec(duration_ms=int(random.integers(40_000, 200_000)), **wanted)
        return [(one.role, one.begin_ms, one.end_ms) for one in converse(spec, random).sayings]

    return sayings


def _turns(lengths: Iterator[tuple[int, int]], random: Random, *, stay: float, end_ms: int) -> Sayings:
    """Lay down turns of some lengths with pauses after them; ``stay`` is how likely a speaker goes on."""
    at, role, found = int(random.integers(500, 3_000)), AGENT, []
    for length, pause in lengths:
        if at + length > end_ms:
            break
        found.append((role, at, at + length))
        at += length + pause
        role = role if random.random() < stay else CUSTOMER if role == AGENT else AGENT
    return found


def _short(random: Random) -> Sayings:
    """Read digits out, to which the other says yes: nothing lasts longer than half a second."""
    draws = ((int(random.integers(110, 480)), int(random.integers(500, 2_500))) for _ in range(200))
    return _turns(draws, random, stay=0.5, end_ms=90_000)


def _monologue(random: Random) -> Sayings:
    """Explain for minutes, while the other murmurs now and then."""
    who, other = (AGENT, CUSTOMER) if random.random() < 0.5 else (CUSTOMER, AGENT)
    end = int(random.integers(100_000, 240_000))
    times = [at for at in range(9_000, end, 1_000) if random.random() < 0.06]
    murmurs = [(other, at, at + int(random.integers(300, 700))) for at in times]
    return [(who, int(random.integers(500, 6_000)), end), *murmurs]


def _silent_customer(random: Random) -> Sayings:
    """Speak to somebody who does not say anything."""
    draws = ((int(random.gamma(2, 1_500)) + 300, int(random.gamma(2, 1_200)) + 600) for _ in range(100))
    return _turns(draws, random, stay=1.0, end_ms=int(random.integers(40_000, 120_000)))


def _few_words(random: Random) -> Sayings:
    """Ring off after a few sentences."""
    draws = ((int(random.gamma(3, 600)) + 400, int(random.gamma(1.5, 500)) + 200) for _ in range(6))
    return _turns(draws, random, stay=0.2, end_ms=30_000)


def _announcement(random: Random) -> Sayings:
    """Wait, and hear the same words every few seconds; then an agent comes."""
    period, length = int(random.integers(7_000, 13_000)), int(random.integers(2_500, 5_000))
    waits = [(AGENT, at, at + length) for at in range(1_500, 80_000, period)]
    talk = _scripted()(random)
    return [*waits, *((role, begin + 85_000, end + 85_000) for role, begin, end in talk)]


def _quick_fire(random: Random) -> Sayings:
    """Answer at once, at nearly even distances."""
    draws = ((int(random.normal(1_500, 120)), int(random.normal(300, 60))) for _ in range(80))
    return _turns(draws, random, stay=0.0, end_ms=100_000)


KINDS: dict[str, Callable[[Random], Sayings]] = {
    "usual": _scripted(prompt=True, hold_ms=9_000),
    "overlaps": _scripted(interruptions=0.7, overlaps=0.5, terminal_overlaps=0.25),
    "backchannels": _scripted(backchannels=0.95, median_turn_ms=7_000),
    "short": _short,
    "monologue": _monologue,
    "silent customer": _silent_customer,
    "few words": _few_words,
    "announcement": _announcement,
    "quick fire": _quick_fire,
}
"""Conversations that the linking was not tuned on; sayings of role, begin and end in ms."""
