"""AWS's Java SDK and parser library against the emulator: they see what ``callbeam inspect`` sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from builders.shared_data import SHARED

from callbeam.callmaker import make_demo
from callbeam.emulator import Emulator, EmulatorConfig, Fault
from callbeam.mkv import CONNECT, LIBAV, BlockSpec, TrackSpec, element_id_bytes, ids, read_documents, write_fragment
from callbeam.pipelines.inspect_capture import describe

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.conformance

CAPTURES = sorted((*SHARED.glob("getmedia/*.mkv"), *SHARED.glob("connect-shapes/*.mkv")))
DAMAGED = {"output-get-media-non-increasing-timecode": 11}
"""Captures whose last document is cut inside a block, with how many whole ones come before."""

READERS = ("gmffl", "getmedia", "GetMediaForFragmentListWorker", "GetMediaWorker")
MODES = "describe,list,gmffl,getmedia,workers"

Line = dict[str, Any]


@pytest.fixture(scope="module")
def kvs() -> Iterator[Emulator]:
    with Emulator(config=EmulatorConfig(getmedia_idle_s=0.3)) as emulator:
        yield emulator


def events(lines: list[Line], event: str, source: str | None = None) -> list[Line]:
    return [line for line in lines if line["event"] == event and source in {None, line.get("source")}]


def frames_by_track(line: Line) -> dict[str, tuple[int, int, str]]:
    return {str(track["number"]): (track["frames"], track["bytes"], track["sha256"]) for track in line["tracks"]}


def check_fragments(lines: list[Line], expected: list[Line], numbers: list[str], stored: list[Any]) -> None:
    """Hold what a reader printed of each fragment to what ``inspect`` says of the document."""
    assert [line["fragmentNumber"] for line in lines] == numbers
    for line, document, fragment in zip(lines, expected, stored, strict=True):
        blocks = {number: (b["count"], b["bytes"], b["sha256"]) for number, b in document["blocks"].items()}
        assert frames_by_track(line) == blocks
        assert line["success"] is True
        assert line["clusters"] == len(document["clusters"])
        tags = [[name, value.rstrip("\0")] for name, value in line["tags"]]  # AWS's parser keeps NUL padding
        assert tags == [tag for tag in document["tags"] if not tag[0].startswith("AWS_KINESISVIDEO_")]
        # AWS's parser takes the ceiling of a double: it can be 1 ms late
        assert 0 <= line["serverTimestamp"] - fragment.server_ms <= 1
        assert 0 <= line["producerTimestamp"] - fragment.producer_ms <= 1
        declared = {str(track["number"]): (track["name"], track["codec_id"]) for track in document["tracks"]}
        for track in line["tracks"]:
            names = tuple(text and text.rstrip("\0") for text in (track["name"], track["codecId"]))
            assert names == declared[str(track["number"])]
        # AWS's parser looks for the trailing tags behind a Cluster only
        if line["source"] in {"getmedia", "GetMediaWorker"} and document["clusters"]:
            assert line["continuationToken"] == line["fragmentNumber"]
            assert line["millisBehindNow"] >= 0
        else:
            assert (line["continuationToken"], line["millisBehindNow"]) == (None, None)


def check_listing(lines: list[Line], stored: list[Any]) -> None:
    listed = sorted(events(lines, "listed"), key=lambda line: int(line["fragmentNumber"]))
    assert [
        (line["fragmentNumber"], line["serverTimestamp"], line["producerTimestamp"], line["sizeInBytes"])
        for line in listed
    ] == [(str(f.number), f.server_ms, f.producer_ms, f.size) for f in stored]


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"the published captures are not at {SHARED}")
def test_the_captures_are_at_hand():
    assert len(CAPTURES) == 15
    assert set(DAMAGED) <= {path.stem for path in CAPTURES}


@pytest.mark.parametrize("path", [p for p in CAPTURES if p.stem not in DAMAGED], ids=lambda path: path.stem)
def test_every_capture_is_listed_and_read_frame_for_frame(kvs, java_reader, path):
    kvs.load(path.stem, path)
    expected = [describe(document) for document in read_documents(path.read_bytes())]
    stored = kvs.store.find(path.stem, None).in_order()
    code, lines = java_reader(kvs.endpoint_url, path.stem, mode=MODES)
    assert code == 0, events(lines, "error")
    (described,) = events(lines, "stream")
    assert (described["status"], described["retentionHours"]) == ("ACTIVE", 87_600)
    assert path.stem in events(lines, "streams")[0]["names"]
    check_listing(lines, stored)
    numbers = [str(fragment.number) for fragment in stored]
    for document, number in zip(expected, numbers, strict=True):
        if (document["fragment_number"] or "").isdigit():
            assert document["fragment_number"] == number
    assert events(lines, "list", "ListFragmentWorker")[0]["fragmentNumbers"] == numbers
    for reader in READERS:
        check_fragments(events(lines, "fragment", reader), expected, numbers, stored)


@pytest.mark.parametrize("path", [p for p in CAPTURES if p.stem in DAMAGED], ids=lambda path: path.stem)
def test_on_a_damaged_capture_awss_parser_throws_behind_the_whole_fragments(kvs, java_reader, path):
    kvs.load(path.stem, path)
    expected = [describe(document) for document in read_documents(path.read_bytes())]
    whole = DAMAGED[path.stem]
    assert [document["error"] is None for document in expected] == [True] * whole + [False]
    stored = kvs.store.find(path.stem, None).in_order()
    numbers = [str(fragment.number) for fragment in stored]
    frames = sum(block["count"] for document in expected for block in document["blocks"].values())
    for mode in ("list,gmffl", "getmedia"):
        code, lines = java_reader(kvs.endpoint_url, path.stem, mode=mode)
        assert code == 1
        assert [line["class"] for line in events(lines, "error")] == ["IllegalArgumentException"]
        check_fragments(events(lines, "fragment"), expected[:whole], numbers[:whole], stored[:whole])
        # the frames of the damaged one that are whole were seen by both
        assert events(lines, "end")[0]["frames"] == frames
        if mode == "list,gmffl":
            check_listing(lines, stored)


@pytest.fixture(scope="module")
def made_up_call():
    """A made-up call's stream with its fragments."""
    return next(iter(make_demo(1, seed=3)))


def test_a_made_up_call_is_read_frame_for_frame(kvs, java_reader, made_up_call):
    kvs.add_stream("made-up", created_ms=made_up_call.fragments[0].server_ms - 1)
    for fragment in made_up_call.fragments:
        kvs.add_fragment("made-up", fragment.data, server_ms=fragment.server_ms, producer_ms=fragment.producer_ms)
    stored = kvs.store.find("made-up", None).in_order()
    expected = [describe(next(read_documents(fragment.data))) for fragment in made_up_call.fragments]
    assert len(expected) > 50
    code, lines = java_reader(kvs.endpoint_url, "made-up", mode=MODES, max_results=30, batch=40)
    assert code == 0, events(lines, "error")
    assert next(line for line in events(lines, "list") if "pages" in line)["pages"] == -(-len(expected) // 30)
    check_listing(lines, stored)
    for reader in READERS:
        found = sorted(events(lines, "fragment", reader), key=lambda line: int(line["fragmentNumber"]))
        check_fragments(found, expected, [str(fragment.number) for fragment in stored], stored)


def test_errors_are_typed_and_missing_fragments_are_seen(kvs, java_reader):
    code, lines = java_reader(kvs.endpoint_url, "no-such-stream", mode="describe")
    assert code == 1
    (error,) = events(lines, "error")
    assert (error["class"], error["status"]) == ("ResourceNotFoundException", 404)
    assert error["requestId"]
    kvs.add_stream("missing")
    numbers = [
        kvs.add_fragment("missing", audio_fragment(CONNECT, i), server_ms=10**12 + i, producer_ms=i) for i in range(3)
    ]
    kvs.faults.add(Fault("GetMediaForFragmentList", "not_found", stream="missing", fragments=(numbers[1],)))
    kvs.faults.add(Fault("GetMedia", "error", stream="missing", code="ConnectionLimitExceededException"))
    code, lines = java_reader(kvs.endpoint_url, "missing", mode="gmffl,getmedia")
    assert code == 1
    found = events(lines, "fragment", "gmffl")
    assert [(line["fragmentNumber"], line["success"], line["errorId"]) for line in found] == [
        (str(numbers[0]), True, None),
        (str(numbers[1]), False, 3000),
        (str(numbers[2]), True, None),
    ]
    assert events(lines, "error")[0]["class"] == "ConnectionLimitExceededException"


def audio_fragment(dialect, index: int, start_ms: int = 0) -> bytes:
    """One second of two tracks of noise in 64 ms blocks, with a tag behind the Cluster."""
    rng = np.random.default_rng(index)
    blocks = [
        BlockSpec(track, 64 * block, rng.integers(-2000, 2000, 512, dtype="<i2").tobytes())
        for block in range(16)
        for track in (1, 2)
    ]
    tracks = [TrackSpec(1, "AUDIO_TO_CUSTOMER", "A_AAC", b"\x11\x90"), TrackSpec(2, "AUDIO_FROM_CUSTOMER", "A_AAC")]
    tags = [("ContactId", f"contact-{index}")]
    return write_fragment(
        dialect=dialect, tracks=tracks, blocks=blocks, timecode_ms=start_ms + 1024 * index, tags_after=tags
    )


@pytest.mark.parametrize(
    ("dialect", "timecodes", "start_ms"),
    [(CONNECT, "ABSOLUTE", 1_772_443_800_000), (LIBAV, "RELATIVE", 0)],
    ids=["absolute", "relative"],
)
def test_what_awss_putmedia_client_uploads_comes_back_the_same(
    kvs, java_producer, java_reader, tmp_path, dialect, timecodes, start_ms
):
    cluster = element_id_bytes(ids.CLUSTER)
    fragments = [audio_fragment(dialect, index, start_ms) for index in range(40)]
    header = fragments[0][: fragments[0].index(cluster)]
    file = tmp_path / "upload.mkv"
    file.write_bytes(header + b"".join(data[data.index(cluster) :] for data in fragments))
    stream = f"uploaded-{timecodes.lower()}"
    producer_start_ms = 1_700_000_000_126
    code, acks = java_producer(kvs.endpoint_url, stream, file, timecodes, producer_start_ms)
    assert code == 0
    for kind in ("BUFFERING", "RECEIVED", "PERSISTED"):
        assert [int(ack[1]) for ack in acks if ack[0] == kind] == [start_ms + 1024 * index for index in range(40)]
    stored = kvs.store.find(stream, None).in_order()
    numbers = [str(fragment.number) for fragment in stored]
    assert [ack[2] for ack in acks if ack[0] == "PERSISTED"] == numbers
    first_ms = start_ms if timecodes == "ABSOLUTE" else producer_start_ms
    assert [fragment.producer_ms for fragment in stored] == [first_ms + 1024 * index for index in range(40)]
    code, lines = java_reader(kvs.endpoint_url, stream, mode=MODES)
    assert code == 0, events(lines, "error")
    check_listing(lines, stored)
    expected = [describe(next(read_documents(data))) for data in fragments]
    for reader in READERS:
        check_fragments(events(lines, "fragment", reader), expected, numbers, stored)
