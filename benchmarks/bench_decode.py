"""How long decoding takes per second of two-track call audio: ``python benchmarks/bench_decode.py``."""

from __future__ import annotations

import time

from callbeam.calls import CallIdentity, Leg, Piece
from callbeam.decoding import decode_piece
from callbeam.kvs import HOUR_MS, FetchedFragment, ListedFragment, Stream, Unit
from callbeam.mkv import CONNECT, BlockSpec, TrackSpec, read_documents, write_fragment
from callbeam.timeline import Placer, start_clock

START_MS = 1_700_000_000_000
FRAGMENT_MS = 1_024
BLOCK_MS = 64
SECONDS = 1_200
NAMES = ("AUDIO_FROM_CUSTOMER", "AUDIO_TO_CUSTOMER")
TAGS = (("ContactId", "c"), ("MimeType", "audio/L16;rate=8000;channels=1;"))


def call() -> tuple[FetchedFragment, ...]:
    """Make a Connect call of ``SECONDS``."""
    tracks = [TrackSpec(n + 1, name, "A_AAC", codec_private=b"\x11\x90") for n, name in enumerate(NAMES)]
    payload = bytes(range(256)) * 4
    offsets = range(0, FRAGMENT_MS, BLOCK_MS)
    blocks = [BlockSpec(track.number, offset, payload) for offset in offsets for track in tracks]
    fragments = []
    for number in range(SECONDS * 1000 // FRAGMENT_MS):
        at_ms = START_MS + number * FRAGMENT_MS
        data = write_fragment(dialect=CONNECT, tracks=tracks, blocks=blocks, timecode_ms=at_ms, tags_after=TAGS)
        (document,) = read_documents(data)
        fragments.append(FetchedFragment(ListedFragment(number, at_ms + 300, at_ms, len(data), FRAGMENT_MS), document))
    return tuple(fragments)


def main() -> None:
    """Print CPU milliseconds per second of the call, the best of five."""
    fragments = call()
    clock = start_clock(fragments[0])
    stream = Stream("arn:aws:kinesisvideo:us-east-1:111122223333:stream/bench/1700000000000", START_MS, 24)
    leg = Leg(CallIdentity("c", "connect"), stream, 0, START_MS)
    unit = Unit(START_MS, START_MS + HOUR_MS, len(fragments), 0)
    piece = Piece(leg, clock, unit, 0, True, fragments, 0, len(fragments))
    decoding, placing = [], []
    for _ in range(5):
        begin = time.process_time()
        decode_piece(piece)
        decoding.append(time.process_time() - begin)
        begin = time.process_time()
        placer = Placer(clock)
        for fragment in fragments:
            placer.place(fragment)
        placing.append(time.process_time() - begin)
    print(f"decode_piece: {min(decoding) * 1000 / SECONDS:.4f} ms per second of two-track audio")
    print(f"Placer:       {min(placing) * 1000 / SECONDS:.4f} ms per second of two-track audio")


if __name__ == "__main__":
    main()
