"""Reading sound documents: each dialect, each trap that captures are known to hold."""

import dataclasses
import pickle
import struct

import pytest
from builders.fragments import (
    DIALECTS,
    DOCUMENT_START,
    ENCRYPTION,
    HEADER_STRIPPING,
    OPEN_CLUSTER,
    OPEN_SEGMENT,
    TRACKS,
    ZLIB,
    content_encodings,
    in_each_track,
    make_fragment,
    ticked_fragment,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.mkv import (
    CONNECT,
    Block,
    BlockSpec,
    Track,
    TrackSpec,
    error_document,
    ids,
    insert_aws_tags,
    read_documents,
    write_fragment,
)
from callbeam.mkv.build import element, simple_tag, uint_element


def documents(data):
    found = list(read_documents(data))
    assert b"".join(bytes(d.data) for d in found) == bytes(data)
    return found


def sound(data):
    (document,) = documents(data)
    assert document.error is None
    assert document.complete
    return document


def in_cluster(children, *, timecode=100):
    return DOCUMENT_START + OPEN_SEGMENT + OPEN_CLUSTER + uint_element(ids.TIMECODE, timecode) + children


def simple_block(track, offset, payload, flags=0x80):
    return element(ids.SIMPLE_BLOCK, bytes([0x80 | track]) + struct.pack(">hB", offset, flags) + payload)


blocks = st.lists(
    st.builds(BlockSpec, st.integers(1, 3), st.integers(0, 3000), st.binary(max_size=300)), max_size=12
).map(lambda specs: sorted(specs, key=lambda spec: spec.offset_ms))
tags = st.lists(
    st.tuples(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8),
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=300),
    ),
    max_size=4,
)
texts = st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=40)
tracks = st.lists(
    st.builds(
        TrackSpec,
        st.integers(1, 3),
        st.none() | texts,
        texts,
        st.binary(max_size=4),
        st.none() | st.sampled_from([8000.0, 44100.0]),
        st.none() | st.integers(0, 300),
        st.none() | st.integers(1, 64),
    ),
    max_size=3,
    unique_by=lambda track: track.number,
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(DIALECTS)), tracks, blocks, st.integers(0, 1 << 42), tags, tags)
def test_what_was_written_is_read(name, tracks, blocks, timecode_ms, before, after):
    dialect = DIALECTS[name]
    data = write_fragment(
        dialect=dataclasses.replace(dialect, segment_size_length=8 if dialect.known_segment else 1),
        tracks=tracks, blocks=blocks, timecode_ms=timecode_ms, tags_before=before, tags_after=after,
    )  # fmt: skip
    document = sound(data)
    ticks = 1_000_000 // dialect.timecode_scale_ns
    assert document.timecode_scale_ns == dialect.timecode_scale_ns
    assert [(b.track, b.timecode, bytes(document.payload(b))) for b in document.blocks] == [
        (b.track, (timecode_ms + b.offset_ms) * ticks, b.payload) for b in blocks
    ]
    encoder = [("ENCODER", dialect.encoder)] if dialect.encoder else []
    assert list(document.tags) == [*encoder, *before, *after]
    assert document.tracks == tuple(
        Track(t.number, t.name, t.codec_id, t.codec_private, 2, t.sample_rate_hz, t.channels, t.bit_depth)
        for t in tracks
    )
    step = dialect.blocks_per_cluster or max(1, len(blocks))
    firsts = [0 if i == 0 else blocks[i].offset_ms for i in range(0, len(blocks), step)]
    assert document.clusters == tuple((timecode_ms + first) * ticks for first in firsts)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(sorted(DIALECTS)), blocks.filter(bool)), max_size=5))
def test_documents_follow_each_other_without_loss(parts):
    fragments = [
        write_fragment(dialect=DIALECTS[name], tracks=TRACKS, blocks=blocks, timecode_ms=i * 1000)
        for i, (name, blocks) in enumerate(parts)
    ]
    found = documents(b"".join(fragments))
    assert [bytes(d.data) for d in found] == fragments
    assert [d.error for d in found] == [None] * len(fragments)
    assert [d.index for d in found] == list(range(len(fragments)))
    assert [d.offset for d in found] == [sum(map(len, fragments[:i])) for i in range(len(fragments))]
    assert [len(d.blocks) for d in found] == [len(blocks) for _, blocks in parts]


def test_nothing_holds_no_documents():
    assert documents(b"") == []


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: memoryview(data).cast("h")])
def test_payloads_are_views_of_the_input(kind):
    data = write_fragment(dialect=CONNECT, tracks=TRACKS, blocks=[BlockSpec(1, 0, b"ab")], timecode_ms=5)
    data += b"\xec\x80" if len(data) % 2 == 0 else b"\xec\x81\0"  # an even length
    data = data[: len(data) // 2 * 2]
    given_data = kind(data)
    (document,) = read_documents(given_data)
    payload = document.payload(document.blocks[0])
    assert bytes(payload) == b"ab"
    assert payload.obj is (given_data.obj if isinstance(given_data, memoryview) else given_data)


def test_the_magic_and_a_whole_header_inside_pcm_split_nothing():
    inner = DOCUMENT_START + OPEN_SEGMENT
    payloads = [b"\x1a\x45\xdf\xa3" * 8, inner + b"\0" * 100, b"\0" + inner, inner * 2]
    for dialect in DIALECTS.values():
        data = write_fragment(
            dialect=dataclasses.replace(dialect, segment_size_length=8),
            tracks=TRACKS, blocks=[BlockSpec(1, i, p) for i, p in enumerate(payloads)], timecode_ms=0,
        )  # fmt: skip
        both = documents(data * 2)
        assert [(len(d.data), len(d.blocks), d.error) for d in both] == [(len(data), 4, None)] * 2


def test_a_whole_document_inside_pcm_splits_nothing():
    inner = write_fragment(
        dialect=CONNECT, tracks=TRACKS, blocks=[BlockSpec(1, 0, b"in")], timecode_ms=0, tags_after=[("a", "b")]
    )
    data = write_fragment(
        dialect=CONNECT, tracks=TRACKS, blocks=[BlockSpec(1, 0, inner), BlockSpec(1, 64, b"out")], timecode_ms=0
    )
    assert len(sound(data).blocks) == 2
    several = dataclasses.replace(CONNECT, blocks_per_cluster=1)
    data = write_fragment(
        dialect=several, tracks=TRACKS, blocks=[BlockSpec(1, 0, inner + b"\0"), BlockSpec(1, 64, b"out")], timecode_ms=0
    )
    assert len(sound(data).blocks) == 2


def test_several_segments_are_one_document():
    body = in_cluster(simple_block(1, 0, b"a"), timecode=0) + OPEN_SEGMENT + OPEN_CLUSTER
    body += uint_element(ids.TIMECODE, 50) + simple_block(2, -20, b"b")
    document = sound(body)
    assert document.clusters == (0, 50)
    assert [block[:2] for block in document.blocks] == [(1, 0), (2, 30)]


def test_segments_and_clusters_of_known_size_are_followed_by_others():
    cluster = element(ids.CLUSTER, uint_element(ids.TIMECODE, 7) + simple_block(1, 1, b"a"))
    segment = element(ids.SEGMENT, cluster + element(ids.VOID, b"\0\0") + cluster)
    document = sound(DOCUMENT_START + segment + element(ids.VOID, b"") + segment)
    assert document.clusters == (7, 7, 7, 7)
    assert [block.timecode for block in document.blocks] == [8, 8, 8, 8]


def test_unknown_elements_void_and_crc_are_passed_over():
    unknown = element(0x7FED, b"who knows") + element(0x8A, b"") + element(0x3FFFED, b"x" * 300)
    filler = unknown + element(ids.VOID, b"\0" * 9) + element(ids.CRC_32, b"1234")
    data = in_cluster(filler + simple_block(1, 0, b"a") + filler + simple_block(2, 1, b"b") + filler)
    data += element(ids.TAGS, filler + element(ids.TAG, filler + simple_tag("n", "v", None, None) + filler)) + filler
    document = sound(data)
    assert [block[:2] for block in document.blocks] == [(1, 100), (2, 101)]
    assert document.tags == (("n", "v"),)


def test_seek_head_attachments_and_cues_mean_nothing():
    noise = b"".join(element(i, bytes(range(256))) for i in (ids.SEEK_HEAD, ids.CUES, ids.ATTACHMENTS, ids.CHAPTERS))
    data = in_cluster(simple_block(1, 0, b"a")) + noise
    assert len(sound(data).blocks) == 1


def test_track_numbers_beyond_one_byte():
    wide = element(ids.SIMPLE_BLOCK, b"\x40\xc8" + struct.pack(">hB", 3, 0) + b"pcm")
    document = sound(in_cluster(wide))
    assert document.blocks[0].track == 200
    assert bytes(document.payload(document.blocks[0])) == b"pcm"


@pytest.mark.parametrize(
    ("tick_ns", "read_ns", "coarse"),
    [
        (100_000, 100_000, False),
        (1_000_000, 1_000_000, False),
        (10_000_000, 1_000_000, True),
        (1_500_000, 500_000, True),
        (20_833_333, 1, True),
    ],
)
def test_ticks_of_more_than_a_millisecond_are_divided(tick_ns, read_ns, coarse):
    document = sound(ticked_fragment(tick_ns, 0, [BlockSpec(1, 0, b"a"), BlockSpec(1, 60, b"b")]))
    assert (document.timecode_scale_ns, document.coarse) == (read_ns, coarse)
    ticks = round(60_000_000 / tick_ns)
    assert [block.timecode * read_ns for block in document.blocks] == [0, ticks * tick_ns]


def test_a_timecode_behind_the_blocks_counts_for_them():
    data = DOCUMENT_START + OPEN_SEGMENT + OPEN_CLUSTER + simple_block(1, 5, b"a") + uint_element(ids.TIMECODE, 1000)
    document = sound(data + simple_block(1, 6, b"b"))
    assert [block.timecode for block in document.blocks] == [1005, 1006]


def test_nested_and_binary_tags_are_all_given():
    inner = element(ids.SIMPLE_TAG, element(ids.TAG_NAME, b"inner") + element(ids.TAG_BINARY, b"\1\xff"))
    outer = element(ids.SIMPLE_TAG, inner + element(ids.TAG_NAME, b"outer") + element(ids.TAG_STRING, b"text\0\0"))
    data = DOCUMENT_START + OPEN_SEGMENT + element(ids.TAGS, element(ids.TAG, outer))
    assert sound(data).tags == (("outer", "text"), ("inner", "01ff"))


def test_an_error_document_is_sound():
    data = error_document([("AWS_KINESISVIDEO_ERROR_CODE", "FRAGMENT_NOT_FOUND")])
    document = sound(data)
    assert document.tags == (("AWS_KINESISVIDEO_ERROR_CODE", "FRAGMENT_NOT_FOUND"),)
    assert document.clusters == ()


def test_short_last_blocks_of_a_document():
    document = sound(in_cluster(simple_block(1, 0, b"") + simple_block(2, 0, b"")))
    assert document.blocks == [
        Block(1, 100, len(document.data) - 6, len(document.data) - 6),
        Block(2, 100, *[len(document.data)] * 2),
    ]


def test_a_float_rate_of_four_bytes_is_read():
    audio = element(ids.AUDIO, element(ids.SAMPLING_FREQUENCY, struct.pack(">f", 16000)))
    tracks = element(ids.TRACKS, element(ids.TRACK_ENTRY, uint_element(ids.TRACK_NUMBER, 1) + audio))
    assert sound(DOCUMENT_START + OPEN_SEGMENT + tracks).tracks == (Track(1, sample_rate_hz=16000.0),)


@pytest.mark.parametrize(
    ("encodings", "told"),
    [
        (content_encodings(b""), ("zlib",)),  # by the defaults of what is left out
        (content_encodings(ZLIB), ("zlib",)),
        (content_encodings(HEADER_STRIPPING), ("header stripping",)),
        (content_encodings(ZLIB, ENCRYPTION), ("zlib", "encryption")),
        (
            content_encodings(element(ids.CONTENT_COMPRESSION, uint_element(ids.CONTENT_COMP_ALGO, 9))),
            ("compression 9",),
        ),
        (content_encodings(), ()),
    ],
)
def test_what_was_done_to_a_tracks_frames_is_told(encodings, told):
    document = sound(in_each_track(make_fragment(), encodings))
    assert [track.encodings for track in document.tracks] == [told, told]
    assert len(document.blocks) == 8


def test_empty_numbers_are_their_defaults():
    audio = b"".join(element(number, b"") for number in (ids.SAMPLING_FREQUENCY, ids.CHANNELS, ids.BIT_DEPTH))
    tracks = element(ids.TRACK_ENTRY, uint_element(ids.TRACK_NUMBER, 1) + element(ids.AUDIO, audio))
    info = element(ids.INFO, element(ids.TIMECODE_SCALE, b""))
    cluster = OPEN_CLUSTER + element(ids.TIMECODE, b"") + simple_block(1, 20, b"xx")
    document = sound(DOCUMENT_START + OPEN_SEGMENT + info + element(ids.TRACKS, tracks) + cluster)
    assert (document.timecode_scale_ns, document.tracks, document.clusters) == (1_000_000, (Track(1),), (0,))


def test_a_pickled_document_is_the_same_and_says_that_it_was_copied():
    fragment = write_fragment(dialect=CONNECT, tracks=TRACKS, blocks=[BlockSpec(1, 0, b"ab")], timecode_ms=5)
    data = insert_aws_tags(fragment, [("AWS_KINESISVIDEO_FRAGMENT_NUMBER", "1")], [])
    _, document = read_documents(data * 2)
    with pytest.warns(RuntimeWarning, match=f"{len(data)} bytes is being pickled"):
        pickled = pickle.dumps(document)
    assert pickle.loads(pickled) == document
    assert isinstance(pickle.loads(pickled).blocks[0], Block)
