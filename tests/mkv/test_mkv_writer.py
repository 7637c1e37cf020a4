"""The writer's bytes, as a reader that is not ours sees them."""

import dataclasses
import io
import zlib

import ebmlite
import pytest

from callbeam.mkv import (
    CHIME,
    CONNECT,
    LIBAV,
    UNKNOWN,
    BlockSpec,
    TrackSpec,
    aws_tags_element,
    children,
    error_document,
    ids,
    read_element,
    unknown_size,
    write_fragment,
)
from callbeam.mkv.build import size_vint
from callbeam.mkv.writer import MkvWriteError

TRACKS = [
    TrackSpec(1, "AUDIO_FROM_CUSTOMER", "A_AAC", b"\x11\x90"),
    TrackSpec(2, "AUDIO_TO_CUSTOMER", "A_PCM/INT/LIT", sample_rate_hz=16000.0, channels=1, bit_depth=16),
]
BLOCKS = [BlockSpec(1, 0, b"\1" * 1024), BlockSpec(2, 0, b"\2" * 1024), BlockSpec(1, 64, b"\3" * 192)]


def fragment(dialect, **changes):
    wanted = {"tracks": TRACKS, "blocks": BLOCKS, "timecode_ms": 1_726_677_688_724, "tags_after": [("ContactId", "c")]}
    return write_fragment(dialect=dialect, **{**wanted, **changes})


def top_level(data):
    """Id, payload and size of each child of the first Segment; an unknown-size Cluster's children follow it."""
    view = memoryview(data)
    _, _, header_end = read_element(view, 0, len(view))
    segment, position, _ = read_element(view, header_end, len(view))
    assert segment == ids.SEGMENT
    while position < len(view):
        element_id, start, stop = read_element(view, position, len(view))
        yield element_id, start, stop
        position = start if stop == UNKNOWN else stop


@pytest.mark.parametrize("dialect", [CONNECT, CHIME, LIBAV], ids=["connect", "chime", "libav"])
def test_ebmlite_reads_what_was_written(dialect):
    # ebmlite wants the Cluster's size, and nothing else
    sized = dataclasses.replace(dialect, known_segment=True, known_cluster=True, cluster_size_length=8)
    data = fragment(sized, tags_before=[("Before", "b")])
    schema = ebmlite.loadSchema("matroska.xml")
    segment = next(e for e in schema.load(io.BytesIO(data)) if e.name == "Segment")
    tracks = next(e for e in segment if e.name == "Tracks")
    entries = [entry.dump() for entry in tracks if entry.name == "TrackEntry"]
    assert [(e["TrackNumber"], e["Name"], e["CodecID"]) for e in entries] == [
        (t.number, t.name, t.codec_id) for t in TRACKS
    ]
    assert entries[0]["CodecPrivate"] == b"\x11\x90"
    assert entries[1]["Audio"] == {"SamplingFrequency": 16000.0, "Channels": 1, "BitDepth": 16}
    cluster = next(e for e in segment if e.name == "Cluster")
    assert next(e.value for e in cluster if e.name in {"Timecode", "Timestamp"}) == 1_726_677_688_724
    bodies = [bytes(e.value) for e in cluster if e.name == "SimpleBlock"]
    assert [body[4:] for body in bodies] == [block.payload for block in BLOCKS]
    assert [body[:4] for body in bodies] == [b"\x81\0\0\x80", b"\x82\0\0\x80", b"\x81\0\x40\x80"]
    names = [
        simple["TagName"]
        for tags in segment
        if tags.name == "Tags"
        for tag in tags.dump()["Tag"]
        for simple in tag["SimpleTag"]
    ]
    assert names == [*(["ENCODER"] if dialect is LIBAV else []), "Before", "ContactId"]


def test_connect_is_laid_out_as_the_producer_sdk_does():
    data = fragment(CONNECT)
    header = bytes.fromhex("1a45dfa3a342868101 42f78101 42f28104 42f38108 4282886d6174726f736b61 42878102 42858102")
    assert data.startswith(header + bytes.fromhex("18538067 01ffffffffffffff 1549a966"))
    assert bytes.fromhex("2ad7b188 00000000000f4240") in data
    assert bytes.fromhex("1f43b675 ff e788") + (1_726_677_688_724).to_bytes(8, "big") + b"\xa7\x81\0" in data
    assert b"\xa3\x01" + (1028).to_bytes(7, "big") + b"\x81\0\0\x80" in data
    order = [element_id for element_id, _, _ in top_level(data)]
    kept = [i for i in order if i in ids.LEVEL_1]
    assert kept == [ids.INFO, ids.TRACKS, ids.CLUSTER, ids.TAGS]
    assert not [i for i in order if i in {ids.AUDIO, ids.CRC_32, ids.VOID}]


def test_each_user_tag_has_its_own_tags_element_in_connect():
    data = fragment(CONNECT, tags_after=[("ContactId", "c"), ("InstanceId", "i"), ("Events", "[]")])
    assert [i for i, _, _ in top_level(data)].count(ids.TAGS) == 3


def test_libav_is_laid_out_as_libavformat_does():
    data = fragment(LIBAV)
    order = [i for i, _, _ in top_level(data)]
    assert order == [ids.SEEK_HEAD, ids.VOID, ids.INFO, ids.TRACKS, ids.TAGS, ids.CLUSTER, ids.CUES, ids.TAGS]
    for element_id, start, stop in top_level(data):
        if element_id != ids.VOID:
            crc_id, crc, rest = next(iter(children(data, start, stop)))
            assert crc_id == ids.CRC_32
            assert int.from_bytes(data[crc:rest], "little") == zlib.crc32(data[rest:stop])


def test_a_track_uid_travels_with_the_name():
    swapped = [dataclasses.replace(TRACKS[0], number=2), dataclasses.replace(TRACKS[1], number=1)]

    def uids(tracks):
        data = fragment(CONNECT, tracks=tracks)
        places = data.split(b"\x73\xc5\x88")[1:]
        return {place[:8] for place in places}

    assert uids(TRACKS) == uids(swapped)
    assert len(uids(TRACKS)) == 2


def test_padding_block_groups_and_scale_are_written():
    padded = fragment(dataclasses.replace(CONNECT, nul_padded_strings=True))
    assert b"\x42\x82\x89matroska\0" in padded
    assert b"\x53\x6e\xa0AUDIO_FROM_CUSTOMER" + bytes(13) in padded
    grouped = fragment(dataclasses.replace(LIBAV, block_groups=True))
    assert b"\xa0\x40\xc7\xa1\x40\xc4\x81\0\x40\0" + b"\3" * 192 in grouped
    scaled = fragment(dataclasses.replace(CONNECT, timecode_scale_ns=100_000))
    assert b"\xe7\x88" + (17_266_776_887_240).to_bytes(8, "big") in scaled
    assert (640).to_bytes(2, "big") + b"\x80" + b"\3" * 192 in scaled


def test_an_error_document_holds_tags_alone():
    tags = [("AWS_KINESISVIDEO_ERROR_CODE", "FRAGMENT_NOT_FOUND"), ("AWS_KINESISVIDEO_ERROR_ID", "3000")]
    data = error_document(tags)
    assert [i for i, _, _ in top_level(data)] == [ids.TAGS]
    assert data.endswith(aws_tags_element(tags))
    assert data.endswith(b"\x44\x87\x10\x00\x00\x043000")


@pytest.mark.parametrize(
    ("dialect", "blocks"),
    [
        (dataclasses.replace(CONNECT, timecode_scale_ns=7_000_000), BLOCKS),
        (CONNECT, [BlockSpec(1, 32_768, b"")]),
        (dataclasses.replace(CONNECT, block_size_length=1), BLOCKS),
    ],
    ids=["no whole number of ticks", "offset beyond 16 bits", "size too long"],
)
def test_what_a_dialect_cannot_hold_is_refused(dialect, blocks):
    with pytest.raises(MkvWriteError):
        fragment(dialect, blocks=blocks)


def test_sizes():
    assert size_vint(126) == b"\xfe"
    assert size_vint(127) == b"\x40\x7f"  # 0xFF means unknown
    assert size_vint(5, 4) == b"\x10\0\0\5"
    assert unknown_size(1) == b"\xff"
    assert unknown_size(8) == b"\x01" + b"\xff" * 7
