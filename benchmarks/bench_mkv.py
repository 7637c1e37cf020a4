"""How fast containers are parsed, beside what AWS's Python consumer sample does: ``python benchmarks/bench_mkv.py``.

The sample (amazon-kinesis-video-streams-consumer-library-for-python) gives the bytes to ebmlite, walks Segment, Tags
and Cluster, and collects tags and SimpleBlock elements. It does so in two ways here: as it stands, reading the body in
chunks of 1 kB and parsing all that it has so far after each; and as kindly as can be, once for each fragment whose
bytes are already cut out. Neither reads payloads, tracks or timecodes, which ours does (payloads as views).
"""

from __future__ import annotations

import io
import random
import time
from typing import TYPE_CHECKING, Any

import ebmlite

from callbeam.mkv import CONNECT, BlockSpec, TrackSpec, insert_aws_tags, read_documents, write_fragment

if TYPE_CHECKING:
    from collections.abc import Callable

FRAGMENTS = 1_500
PEER_FRAGMENTS = 150
SAMPLE_FRAGMENTS = 10
BLOCKS = 32
ROUNDS = 5
TRACKS = [
    TrackSpec(1, "AUDIO_FROM_CUSTOMER", "A_AAC", b"\x11\x90"),
    TrackSpec(2, "AUDIO_TO_CUSTOMER", "A_AAC", b"\x11\x90"),
]
USER_TAGS = [
    ("ContactId", "00000000-0000-4000-8000-000000000001"),
    ("InstanceId", "00000000-0000-4000-8000-0000000000aa"),
    ("MimeType", "audio/L16;rate=8000;channels=1;"),
    ("AUDIO_FROM_CUSTOMER", "1"),
    ("AUDIO_TO_CUSTOMER", "2"),
    ("Events", "[]"),
]
SEGMENT, TAGS, TAG, SIMPLE_TAG, CLUSTER, SIMPLE_BLOCK = 0x18538067, 0x1254C367, 0x7373, 0x67C8, 0x1F43B675, 0xA3
EBML, TAG_NAME, TAG_VALUES = 0x1A45DFA3, 0x45A3, (0x4487, 0x4485)


def connect_fragments() -> list[bytes]:
    """Make a call's fragments as GetMedia would send them: two tracks, blocks of 1024 bytes."""
    noise = random.Random(1)
    fragments = []
    for n in range(FRAGMENTS):
        start_ms = 1_700_000_000_000 + 1_024 * n
        blocks = [BlockSpec(1 + i % 2, i // 2 * 64, noise.randbytes(1024)) for i in range(BLOCKS)]
        producer = write_fragment(
            dialect=CONNECT, tracks=TRACKS, blocks=blocks, timecode_ms=start_ms, tags_after=USER_TAGS
        )
        number = str((1 << 156) + (n + 1 << 92) + (start_ms << 28) + noise.getrandbits(28))
        seconds = f"{start_ms // 1000}.{start_ms % 1000:03d}"
        before = [("FRAGMENT_NUMBER", number), ("SERVER_TIMESTAMP", seconds), ("PRODUCER_TIMESTAMP", seconds)]
        after = [("MILLIS_BEHIND_NOW", "0"), ("CONTINUATION_TOKEN", number)]
        named = [[(f"AWS_KINESISVIDEO_{name}", value) for name, value in tags] for tags in (before, after)]
        fragments.append(insert_aws_tags(producer, *named))
    return fragments


def ours(fragments: list[bytes]) -> Callable[[], int]:
    """Read the whole body; count blocks."""
    body = b"".join(fragments)

    def run() -> int:
        count = 0
        for document in read_documents(body):
            tags, blocks = dict(document.tags), document.blocks
            count += len(blocks) if tags else 0
        return count

    return run


def tags_and_blocks(dom: Any) -> tuple[dict[str, Any], list[Any]]:
    """Walk a fragment's ebmlite document as the sample does."""
    tags: dict[str, Any] = {}
    blocks = []
    segment = next(element for element in dom if element.id == SEGMENT)
    for child in segment:
        if child.id == CLUSTER:
            blocks += [element for element in child if element.id == SIMPLE_BLOCK]
        elif child.id == TAGS:
            simple_tags = [e for tag in child if tag.id == TAG for e in tag if e.id == SIMPLE_TAG]
            for simple in simple_tags:
                values = {element.id: element.value for element in simple}
                tags[values[TAG_NAME]] = next((values[i] for i in TAG_VALUES if i in values), None)
    return tags, blocks


def ebmlite_kindly(fragments: list[bytes]) -> Callable[[], int]:
    """Load each fragment once; count blocks."""
    schema = ebmlite.loadSchema("matroska.xml")

    def run() -> int:
        return sum(len(tags_and_blocks(schema.load(io.BytesIO(data), headers=True))[1]) for data in fragments)

    return run


def ebmlite_as_sampled(fragments: list[bytes]) -> Callable[[], int]:
    """Load all bytes so far after each chunk, as the sample does; count blocks, of the last fragment, too."""
    schema = ebmlite.loadSchema("matroska.xml")
    body = b"".join(fragments)

    def run() -> int:
        count = 0
        buffer = bytearray()
        for at in range(0, len(body), 1024):
            buffer.extend(body[at : at + 1024])
            interim = schema.load(io.BytesIO(buffer), headers=True)
            headers = [element for element in interim if element.id == EBML]
            if len(headers) > 1:
                fragment = buffer[headers[0].offset : headers[1].offset]
                count += len(tags_and_blocks(schema.load(io.BytesIO(fragment), headers=True))[1])
                buffer = buffer[headers[1].offset :]
        return count + len(tags_and_blocks(schema.load(io.BytesIO(buffer), headers=True))[1])

    return run


def main() -> None:
    """Print megabytes per second of CPU time, the best of some rounds in turn."""
    fragments = connect_fragments()
    contenders = [
        ("callbeam", ours, fragments),
        ("ebmlite, once for each fragment", ebmlite_kindly, fragments[:PEER_FRAGMENTS]),
        ("ebmlite, as the sample reads", ebmlite_as_sampled, fragments[:SAMPLE_FRAGMENTS]),
    ]
    runs = [(name, make(part), sum(map(len, part)), len(part)) for name, make, part in contenders]
    best = dict.fromkeys((name for name, *_ in runs), float("inf"))
    for _ in range(ROUNDS):
        for name, run, _size, count in runs:
            begin = time.process_time()
            blocks = run()
            best[name] = min(best[name], time.process_time() - begin)
            if blocks != count * BLOCKS:
                raise SystemExit(f"{name} found {blocks} blocks instead of {count * BLOCKS}")
    speeds = {name: size / best[name] / 1e6 for name, _, size, _ in runs}
    print(f"{len(fragments[0]):,} bytes and {BLOCKS} blocks a fragment, one thread, best of {ROUNDS}")
    print(f"{'reader':<34}{'MB/s':>9}{'us/fragment':>14}{'callbeam is':>14}")
    for name, _, _, count in runs:
        ratio = speeds["callbeam"] / speeds[name]
        print(f"{name:<34}{speeds[name]:>9.1f}{best[name] / count * 1e6:>14.1f}{ratio:>13.1f}x")


if __name__ == "__main__":
    main()
