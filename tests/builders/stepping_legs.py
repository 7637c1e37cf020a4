"""Legs whose producer's clock steps, with gaps and re-uploads, and the truth of each: what the tests of clocks read."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np

from builders.jobs import make_leg
from callbeam.audio.channel_summary import core_covered, core_samples
from callbeam.calls.piece_cutter import PieceCutter
from callbeam.decoding import decode_piece
from callbeam.kvs import HOUR_MS, FetchedFragment, ListedFragment, Unit
from callbeam.mkv import Block, Document, Track

T0 = 1_772_445_600_000
NAMES = ("AUDIO_FROM_CUSTOMER", "AUDIO_TO_CUSTOMER")
BLOCK_MS = 64


@dataclass
class Written:
    """A fragment as the producer made it: true time, what its clock said, and its samples of each track."""

    true_ms: int
    clock_ms: int
    pcm: np.ndarray  # shape (tracks, samples)


@dataclass
class SteppingLeg:
    """Makes a leg fragment by fragment.

    Attributes
    ----------
    written : list of Written
        Each fragment once.
    sent : list of (Written, int)
        What KVS received, and when.
    """

    seed: int = 0
    tracks: int = 2
    lag_ms: int = 1_200
    jitter_ms: int = 0
    clock_ms: int = 0  # of the producer, ahead of true time
    now_ms: int = 0
    silent: bool = False
    in_order: bool = True
    says_when: bool = True  # whether the listing has producer times
    written: list[Written] = field(default_factory=list)
    sent: list[tuple[Written, int]] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._numbers = np.random.default_rng(self.seed)

    def talk(self, count: int = 1, blocks: int = 16) -> SteppingLeg:
        """Send fragments without a gap."""
        for _ in range(count):
            samples = blocks * BLOCK_MS * 8
            pcm = self._numbers.integers(-3000, 3000, (self.tracks, samples), dtype=np.int16)
            one = Written(self.now_ms, self.now_ms + self.clock_ms, np.zeros_like(pcm) if self.silent else pcm)
            self.written.append(one)
            self._send(one, self.now_ms)
            self.now_ms += blocks * BLOCK_MS
        return self

    def step(self, by_ms: int) -> SteppingLeg:
        """Set the producer's clock."""
        self.clock_ms += by_ms
        self.steps.append(by_ms)
        return self

    def pause(self, by_ms: int) -> SteppingLeg:
        """Send nothing."""
        self.now_ms += by_ms
        return self

    def resend(self, last: int, *, first_block: int = 0, end_block: int = 16) -> SteppingLeg:
        """Send the last fragments again at once, the outermost ones in part."""
        again = self.written[-last:]
        for index, one in enumerate(again):
            a = first_block if index == 0 else 0
            b = end_block if index == len(again) - 1 else 16
            width = BLOCK_MS * 8
            part = Written(one.true_ms, one.clock_ms + a * BLOCK_MS, one.pcm[:, a * width : b * width])
            if part.pcm.shape[1]:
                self._send(part, self.now_ms + 40 * index)
        return self

    def _send(self, one: Written, at_ms: int) -> None:
        server_ms = at_ms + self.lag_ms + self._random.randint(0, self.jitter_ms)
        if self.in_order and self.sent:  # one session's fragments are received one after the other
            server_ms = max(server_ms, self.sent[-1][1] + 1)
        self.sent.append((one, server_ms))

    def fragments(self) -> list[FetchedFragment]:
        """Return them in the order in which they are read: by server time, which jitter may swap."""
        made = [self._fetched(number, one, server_ms) for number, (one, server_ms) in enumerate(self.sent)]
        return sorted(made, key=lambda one: (one.listed.server_ms, one.listed.number))

    def _fetched(self, number: int, one: Written, server_ms: int) -> FetchedFragment:
        data, blocks = b"", []
        width = BLOCK_MS * 8
        timecode = T0 + one.clock_ms
        for at in range(0, one.pcm.shape[1], width):
            for track in range(self.tracks):
                payload = one.pcm[track, at : at + width].astype("<i2").tobytes()
                blocks.append(Block(track + 1, timecode + at // 8, len(data), len(data) + len(payload)))
                data += payload
        tracks = tuple(Track(n + 1, NAMES[n], "A_PCM/INT/LIT", sample_rate_hz=8000) for n in range(self.tracks))
        document = Document(0, 0, memoryview(data), tracks=tracks, clusters=(timecode,), blocks=blocks)
        return FetchedFragment(
            ListedFragment(number, T0 + server_ms, T0 + one.clock_ms if self.says_when else None, len(data)), document
        )

    def gaps(self) -> list[tuple[int, int]]:
        """Return the true gaps: where on the leg's clock, and how long, in ms."""
        found, end = [], self.written[0].true_ms
        for one in self.written:
            if one.true_ms > end:
                found.append((end, one.true_ms - end))
            end = one.true_ms + one.pcm.shape[1] // 8
        return found


@dataclass
class Heard:
    """What came of a leg: samples of each track without gaps, gaps in ms, steps, statuses."""

    samples: list[np.ndarray]
    gaps: list[tuple[int, int]]
    steps: list[int]
    statuses: list[str]


def hear(leg: SteppingLeg, fragments: list[FetchedFragment] | None = None) -> Heard:
    """Cut and decode a leg as the pipeline does."""
    fragments = fragments or leg.fragments()
    cutter = PieceCutter(make_leg(T0), Unit(T0, T0 + HOUR_MS, 1, 1), fragments[0])
    pieces = [piece for each in fragments for piece in cutter.add(each)]
    pieces += cutter.finish()
    decoded = [decode_piece(piece) for piece in pieces]
    names = sorted({channel.channel_id for one in decoded for channel in one.channels})
    parts = [[c for one in decoded for c in one.channels if c.channel_id == name] for name in names]
    covered = np.concatenate([core_covered(part) for part in parts[0]])
    borders = [(int(a), int(b)) for a, b in zip(covered[:-1, 1], covered[1:, 0], strict=True) if b > a]
    return Heard(
        samples=[np.concatenate([core_samples(part) for part in some]) for some in parts],
        gaps=[(a // 8, (b - a) // 8) for a, b in borders],
        steps=[step.step_ms for piece in pieces for step in piece.steps],
        statuses=[row.status for one in decoded for row in one.ledger],
    )


def check(leg: SteppingLeg, *, steps: bool = True, tolerance_ms: int = 25) -> Heard:
    """Hold what came of a leg against its truth: each sample once and in order, each gap, each step."""
    heard = hear(leg)
    for track, samples in enumerate(sorted(heard.samples, key=lambda one: one.tobytes())):
        truth = sorted((np.concatenate([one.pcm[t] for one in leg.written]) for t in range(leg.tracks)), key=bytes)
        np.testing.assert_array_equal(samples, truth[track])
    assert len(heard.gaps) == len(leg.gaps()), (heard.gaps, leg.gaps())
    for (at, length), (true_at, true_length) in zip(heard.gaps, leg.gaps(), strict=True):
        assert abs(at - true_at) <= tolerance_ms
        assert abs(length - true_length) <= tolerance_ms
    if steps:
        assert len(heard.steps) == len(leg.steps), (heard.steps, leg.steps)
        assert all(abs(a - b) <= tolerance_ms for a, b in zip(heard.steps, leg.steps, strict=True))
    return heard
