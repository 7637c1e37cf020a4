"""Reading what is damaged: never an exception, never a neighbour lost, never unbounded time or memory."""

import random
import re
import time
import tracemalloc

import pytest
from builders.fragments import DIALECTS, DOCUMENT_START, OPEN_CLUSTER, OPEN_SEGMENT, TRACKS
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callbeam.mkv import (
    BlockSpec,
    MkvError,
    TruncatedError,
    children,
    element_id_bytes,
    ids,
    insert_aws_tags,
    masters,
    read_documents,
    read_element,
    walk,
    write_fragment,
)
from callbeam.mkv.build import element, simple_tag, uint_element

TIMECODE = uint_element(ids.TIMECODE, 0)
A_BLOCK = element(ids.SIMPLE_BLOCK, b"\x81\0\0\x80pcm")
NAMES = ("connect", "libav", "sized")


def fragment(name, seed=0, blocks=6, size=200):
    noise = random.Random(seed)
    pcm = [BlockSpec(1 + i % 2, 64 * (i // 2), noise.randbytes(size)) for i in range(blocks)]
    data = write_fragment(
        dialect=DIALECTS[name],
        tracks=TRACKS,
        blocks=pcm,
        timecode_ms=1_700_000_000_000,
        tags_after=[("ContactId", "c")],
    )
    before = [("AWS_KINESISVIDEO_FRAGMENT_NUMBER", "1"), ("AWS_KINESISVIDEO_SERVER_TIMESTAMP", "1700000000.000")]
    return insert_aws_tags(data, before, [("AWS_KINESISVIDEO_CONTINUATION_TOKEN", "1")])


def documents(data):
    """Read, and hold what is true of any input."""
    found = list(read_documents(data))
    assert b"".join(bytes(d.data) for d in found) == data
    for index, document in enumerate(found):
        assert document.index == index
        assert document.complete or document.error is not None
        if document.error is not None:
            offset = int(re.search(r" at byte (\d+)$", document.error).group(1))
            assert document.offset <= offset <= document.offset + len(document.data)
        for block in document.blocks:
            assert 0 <= block.start <= block.end <= len(document.data)
    return found


def inputs():
    pieces = [
        DOCUMENT_START, OPEN_SEGMENT, OPEN_CLUSTER, TIMECODE, A_BLOCK, element(ids.TAGS, b""), b"\x1a\x45\xdf\xa3",
        element(ids.BLOCK_GROUP, element(ids.BLOCK, b"\x81\0\0\0x")), element_id_bytes(ids.SEGMENT) + b"\x90",
        element_id_bytes(ids.CLUSTER) + b"\x40\x20", element_id_bytes(ids.TRACKS) + b"\xff", b"\xec\x84", b"\xff",
        *(fragment(name, blocks=2, size=9) for name in NAMES),
    ]  # fmt: skip
    return st.lists(st.sampled_from(pieces) | st.binary(max_size=12), max_size=12).map(b"".join)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=300) | inputs())
@example(b"\x1a")
@example(b"\x1a\x45\xdf\xa3")
@example(DOCUMENT_START + OPEN_SEGMENT + b"\x1a\x45\xdf")
def test_any_bytes_give_documents(data):
    documents(data)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(NAMES), st.integers(0, 5), st.data())
def test_a_mutated_document_gives_documents_and_leaves_its_neighbours_alone(name, seed, data):
    whole = fragment(name, seed)
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        # its first bytes stay: without them it is no document, but damage to the one before
        at = data.draw(st.integers(4, len(damaged) - 1))
        kind = data.draw(st.sampled_from(["change", "drop", "insert"]))
        if kind == "change":
            damaged[at] = data.draw(st.integers(0, 255))
        elif kind == "drop":
            del damaged[at : at + data.draw(st.integers(1, 40))]
            damaged += b"\0"
        else:
            damaged[at:at] = data.draw(st.binary(min_size=1, max_size=40))
    found = documents(whole + bytes(damaged) + whole)
    assert found[0].error is None
    assert bytes(found[0].data) == whole


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(NAMES), st.integers(0, 20), st.data())
def test_a_document_cut_anywhere_keeps_its_sound_part_and_its_neighbours(name, seed, data):
    whole, cut_one, after = fragment(name, seed), fragment(name, seed + 100), fragment(name, seed + 200)
    cut = data.draw(st.integers(1, len(cut_one) - 1))
    found = documents(whole + cut_one[:cut] + after)
    assert bytes(found[0].data) == whole
    assert found[0].error is None
    # a block that begins in the cut document and ends exactly where one of the next begins cannot be told
    if bytes(found[-1].data) != after:
        assert len(found) == 2
        assert len(found[1].blocks) >= 6
    else:
        assert [len(d.blocks) for d in found] == [6, len(found[1].blocks), 6]
        _agrees_with_a_cut_alone(found[1], cut_one, cut)


def _agrees_with_a_cut_alone(document, whole, cut):
    (expected,) = read_documents(whole)
    (alone,) = documents(whole[:cut])
    assert bytes(document.data) == bytes(alone.data)
    assert document.blocks == alone.blocks == [block for block in expected.blocks if block.end <= cut]
    assert document.tags == alone.tags == expected.tags[: len(document.tags)]
    assert document.complete == alone.complete
    if alone.error is None:  # cut between two elements, of which nothing in the document tells
        assert alone.complete


def test_only_a_cut_between_elements_of_an_open_segment_goes_unseen():
    whole = fragment("connect")
    unseen = [cut for cut in range(1, len(whole)) if next(read_documents(whole[:cut])).error is None]
    view = memoryview(whole)
    _, _, position = read_element(view, 0, len(view))
    _, position, _ = read_element(view, position, len(view))
    ends = {position}
    while position < len(whole):
        element_id, start, stop = read_element(view, position, len(view))
        position = start if element_id == ids.CLUSTER else stop
        if element_id != ids.CLUSTER:
            ends.add(position)
    assert set(unseen) == ends - {len(whole)}
    whole = fragment("sized")
    assert [cut for cut in range(1, len(whole)) if next(read_documents(whole[:cut])).complete] == []


def test_bytes_before_the_first_header_are_a_document_of_their_own():
    whole = fragment("connect")
    for junk in (b"\0", b"HTTP/1.1 200 OK\r\n\r\n", b"\x1a\x45\xdf\xa3\x85junk"):
        first, second = documents(junk + whole)
        assert not first.complete
        assert bytes(first.data) == junk
        assert (second.offset, second.error, len(second.blocks)) == (len(junk), None, 6)


def test_bytes_behind_a_sized_segment_do_not_spoil_it():
    whole = fragment("sized")
    first, junk, last = documents(whole + b"\0\0\0junk" + whole)
    assert (first.error, last.error) == (None, None)
    assert bytes(junk.data) == b"\0\0\0junk"
    assert junk.error.startswith("no element begins with 0x00")


def test_a_header_that_the_end_cuts_belongs_to_a_document_that_never_came():
    whole = fragment("connect")
    for length in range(1, 5):
        first, second = documents(whole + b"\x1a\x45\xdf\xa3"[:length])
        assert (first.error, len(first.blocks)) == (None, 6)
        assert (second.complete, len(second.data)) == (False, length)


@pytest.mark.parametrize(
    ("lacing", "body", "message"),
    [
        (0x02, b"", "no number of frames"),
        (0x02, b"\1\xff\xff", "the sizes of a lace are cut"),
        (0x02, b"\1\xff\x01frame", "more than the block has"),
        (0x04, b"\1abc", "2 equal frames has 3 bytes"),
        (0x06, b"\2\x81\x00", "a number has no valid length"),
        (0x06, b"\2\x81\x80frame", "a size below 0"),
        (0x06, b"\1\x89frame", "more than the block has"),
    ],
)
def test_a_damaged_lace_is_a_clear_error_and_costs_only_its_block(lacing, body, message):
    laced = element(ids.SIMPLE_BLOCK, bytes([0x81, 0, 0, 0x80 | lacing]) + body)
    (document,) = documents(DOCUMENT_START + OPEN_SEGMENT + OPEN_CLUSTER + TIMECODE + A_BLOCK + laced + A_BLOCK)
    assert len(document.blocks) == 2
    assert message in document.error
    assert document.complete


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (element(ids.INFO, uint_element(ids.TIMECODE_SCALE, 0)), "TimecodeScale is 0"),
        (element(ids.INFO, element(ids.TIMECODE_SCALE, bytes(9))), "an unsigned integer has 9 bytes"),
        (element(ids.TRACKS, element(ids.TRACK_ENTRY, b"")), "a TrackEntry has no TrackNumber"),
        (element(ids.TAGS, element(ids.TAG, element(ids.SIMPLE_TAG, b""))), "a SimpleTag has no TagName"),
        (element(ids.TAGS, b"\x73\x73\x90"), "element 0x7373 asks for 16 bytes where 0 are left"),
        (OPEN_CLUSTER + A_BLOCK, "a Cluster has no Timecode"),
        (OPEN_CLUSTER + TIMECODE + element(ids.SIMPLE_BLOCK, b"\x81\0"), "a block's header is cut"),
        (OPEN_CLUSTER + TIMECODE + element(ids.SIMPLE_BLOCK, b"\0\0\0\0"), "a number has no valid length"),
        (OPEN_CLUSTER + TIMECODE + element(ids.BLOCK_GROUP, b""), "a BlockGroup holds 0 Blocks"),
        (element(ids.CLUSTER, TIMECODE + element(ids.TAGS, b"")), "element 0x1254C367 begins inside a Cluster"),
        (element_id_bytes(ids.TAGS) + b"\xff", "element 0x1254C367 must not be of unknown size"),
    ],
)
def test_damage_is_named_with_its_place_and_what_is_sound_is_kept(content, message):
    tags = element(ids.TAGS, element(ids.TAG, simple_tag("kept", "1", None, None)))
    (document,) = documents(DOCUMENT_START + OPEN_SEGMENT + tags + content)
    assert document.error.startswith(message)
    assert document.tags == (("kept", "1"),)
    assert document.blocks == []


def test_a_header_of_another_kind_of_document_is_named():
    data = element(ids.EBML, element(ids.DOC_TYPE, b"mp5")) + OPEN_SEGMENT
    assert documents(data)[0].error.startswith("DocType is 'mp5', not matroska or webm")
    assert "no Segment" in documents(DOCUMENT_START)[0].error


def test_a_track_declared_twice_and_scales_that_differ_are_named():
    def track(name):
        entry = uint_element(ids.TRACK_NUMBER, 1) + element(ids.NAME, name)
        return element(ids.TRACKS, element(ids.TRACK_ENTRY, entry))

    (same,) = documents(DOCUMENT_START + OPEN_SEGMENT + track(b"a") + OPEN_SEGMENT + track(b"a"))
    assert (same.error, len(same.tracks)) == (None, 1)
    (other,) = documents(DOCUMENT_START + OPEN_SEGMENT + track(b"a") + OPEN_SEGMENT + track(b"b"))
    assert other.error.startswith("track 1 is declared twice, differently")
    scales = [element(ids.INFO, uint_element(ids.TIMECODE_SCALE, scale)) for scale in (1_000_000, 100_000)]
    (scaled,) = documents(DOCUMENT_START + OPEN_SEGMENT + scales[0] + OPEN_SEGMENT + scales[1])
    assert scaled.error.startswith("Segments of one document differ in TimecodeScale")


def test_sizes_beyond_all_bounds_cost_nothing():
    tracemalloc.start()
    for element_id in (ids.TAGS, ids.TRACKS, ids.SEEK_HEAD, ids.VOID, 0x8A):
        huge = element_id_bytes(element_id) + b"\x01" + b"\xff" * 6 + b"\xfe"
        (document,) = documents(DOCUMENT_START + OPEN_SEGMENT + huge)
        assert "asks for 72057594037927934 bytes" in document.error
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_nesting_and_counts_have_limits(monkeypatch):
    tag = simple_tag("deep", "", None, None)
    for _ in range(masters.MAX_TAG_DEPTH):
        tag = element(ids.SIMPLE_TAG, element(ids.TAG_NAME, b"n") + tag)
    (document,) = documents(DOCUMENT_START + OPEN_SEGMENT + element(ids.TAGS, element(ids.TAG, tag)))
    assert document.error.startswith("SimpleTags are nested deeper than 16")
    assert len(document.tags) == masters.MAX_TAG_DEPTH
    many = element(ids.TAGS, element(ids.TAG, simple_tag("n", "", None, None) * 6_000))
    (document,) = documents(DOCUMENT_START + OPEN_SEGMENT + many + many)
    assert document.error.startswith("there are more than 10000 tags")
    assert len(document.tags) == 10_000
    entries = (element(ids.TRACK_ENTRY, uint_element(ids.TRACK_NUMBER, number)) for number in range(1, 1_200))
    (document,) = documents(DOCUMENT_START + OPEN_SEGMENT + element(ids.TRACKS, b"".join(entries)))
    assert document.error.startswith("there are more than 1000 entries")
    monkeypatch.setattr(walk, "MAX_BLOCKS", 1_000)
    (document,) = documents(DOCUMENT_START + OPEN_SEGMENT + OPEN_CLUSTER + TIMECODE + A_BLOCK * 1_001)
    assert document.error.startswith("there are more than 1000 blocks")
    assert len(document.blocks) < 1_000


def test_a_string_has_a_limit():
    long = element(ids.TAGS, element(ids.TAG, simple_tag("n", "x" * (1 << 20 | 1), None, None)))
    (document,) = documents(DOCUMENT_START + OPEN_SEGMENT + long)
    assert document.error.startswith("a value has 1048577 bytes, more than 1048576")


def test_many_documents_that_lead_astray_cost_linear_time():
    # each leads, by a Void that reaches over all its successors, to the same long and damaged tail
    tail = OPEN_CLUSTER + TIMECODE + A_BLOCK * 20_000 + b"\0"
    count, head = 2_000, len(DOCUMENT_START) + len(OPEN_SEGMENT) + 9
    data = b"".join(
        DOCUMENT_START + OPEN_SEGMENT + b"\xec\x01" + ((count - 1 - i) * head).to_bytes(7, "big") for i in range(count)
    )
    started = time.process_time()
    found = documents(data + tail)
    assert time.process_time() - started < 10  # 2,000 walks of the tail take minutes
    assert len(found) >= count


def test_the_walk_names_what_it_meets():
    view = memoryview(b"\x80\x81x")
    with pytest.raises(MkvError, match="0x80 is no element id at byte 0"):
        read_element(view, 0, 3)
    with pytest.raises(MkvError, match="0xFF is no element id"):
        read_element(memoryview(b"\xff\xff\xff"), 0, 3)
    with pytest.raises(MkvError, match="element 0xEC has no valid size"):
        read_element(memoryview(b"\xec\0"), 0, 2)
    with pytest.raises(TruncatedError, match="header of element 0xEC is cut") as caught:
        read_element(memoryview(b"..\xec\x40"), 2, 4)
    assert caught.value.offset == 2
    assert caught.value.moved(40).offset == 42
    with pytest.raises(MkvError, match="0xEC must not be of unknown size"):
        list(children(b"\xec\xff"))
