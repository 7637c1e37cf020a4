"""Fragments whose times and sizes matter, and what does not is left out."""

from __future__ import annotations

from callbeam.kvs import FetchedFragment, ListedFragment
from callbeam.mkv import Block, Document, Track
from callbeam.timeline import LegClock, Placer

T0 = 1_700_000_000_000
MINUTE = 60_000
RATE = 1_000  # one sample a millisecond: positions in the tests read as milliseconds

TRACKS = (
    Track(1, "AUDIO_FROM_CUSTOMER", "A_PCM/INT/LIT", sample_rate_hz=RATE, channels=1, track_type=2),
    Track(2, "AUDIO_TO_CUSTOMER", "A_PCM/INT/LIT", sample_rate_hz=RATE, channels=1, track_type=2),
)


def fragment(
    number: int,
    server_ms: int | None,
    producer_ms: int | None,
    timecode: int,
    *blocks: tuple[int, int, int],  # track, offset in ms, samples
    tracks: tuple[Track, ...] = TRACKS,
    tags: tuple[tuple[str, str], ...] = (),
    scale: int = 1_000_000,
) -> FetchedFragment:
    """Make a fragment whose payloads have the right sizes; what is in them does not matter here."""
    made, start = [], 0
    for track, offset, samples in blocks:
        made.append(Block(track, timecode + offset, start, start + 2 * samples))
        start += 2 * samples
    document = Document(
        index=0, offset=0, data=memoryview(bytes(start)), timecode_scale_ns=scale, tags=tags, tracks=tracks,
        clusters=(timecode,), blocks=made,
    )  # fmt: skip
    return FetchedFragment(ListedFragment(number, server_ms, producer_ms), document)


def second(number: int, at: int, *, server_ms: int | None = None, timecode: int | None = None) -> FetchedFragment:
    """Make a fragment with one second of audio at ``at`` ms of the leg by producer time, server time 500 ms later."""
    server_ms = T0 + at + 500 if server_ms is None else server_ms
    return fragment(number, server_ms, T0 + at, T0 + at if timecode is None else timecode, (1, 0, 1000))


def runs(clock: LegClock, *fragments: FetchedFragment, track: str = "AUDIO_FROM_CUSTOMER") -> list[tuple[int, int]]:
    """Place fragments; return where the track's samples went, run by run."""
    placer = Placer(clock)
    return [
        (run.start, run.end)
        for each in fragments
        for placed in placer.place(each).tracks
        if placed.name == track
        for run in placed.runs
    ]
