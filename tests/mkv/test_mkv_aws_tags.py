"""Putting KVS's tags in and taking them out: the producer's bytes stay as they are."""

import dataclasses

import pytest
from builders import fragments
from builders.fragments import FROM_CUSTOMER
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.mkv import (
    CONNECT,
    LIBAV,
    BlockSpec,
    MkvError,
    aws_tags_element,
    error_document,
    ids,
    insert_aws_tags,
    read_documents,
    strip_aws_tags,
    write_fragment,
)
from callbeam.mkv.build import element, simple_tag, with_crc

BLOCKS = [BlockSpec(1, 64 * i, bytes([i]) * 900) for i in range(5)]
BEFORE = [("AWS_KINESISVIDEO_FRAGMENT_NUMBER", "9" * 47), ("AWS_KINESISVIDEO_SERVER_TIMESTAMP", "1700000000.125")]
AFTER = [("AWS_KINESISVIDEO_MILLIS_BEHIND_NOW", "0"), ("AWS_KINESISVIDEO_CONTINUATION_TOKEN", "9" * 47)]
DIALECTS = {
    **{name: fragments.DIALECTS[name] for name in ("connect", "chime", "libav", "sized segment", "several clusters")},
    "all sized": dataclasses.replace(LIBAV, known_segment=True),
    "sized tightly": dataclasses.replace(LIBAV, known_segment=True, segment_size_length=2),
}


def fragment(dialect, blocks=BLOCKS):
    tags = [("ContactId", "c"), ("AWSome", "not one of KVS's")]
    return write_fragment(
        dialect=dialect,
        tracks=[FROM_CUSTOMER],
        blocks=blocks,
        timecode_ms=10,
        tags_before=[("Before", "b")],
        tags_after=tags,
    )


def only(data):
    (document,) = read_documents(data)
    assert document.error is None
    return document


@pytest.mark.parametrize("blocks", [BLOCKS, []], ids=["blocks", "no cluster"])
@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_tags_are_put_in_and_taken_out(name, blocks):
    producer = fragment(DIALECTS[name], blocks)
    tagged = insert_aws_tags(producer, BEFORE, AFTER)
    document = only(tagged)
    assert [tag for tag in document.tags if tag in BEFORE + AFTER] == BEFORE + AFTER
    assert [bytes(document.payload(block)) for block in document.blocks] == [block.payload for block in blocks]
    assert document.clusters == only(producer).clusters
    stripped, removed = strip_aws_tags(tagged)
    assert removed == BEFORE + AFTER
    if name == "sized tightly":  # its Segment's size may have needed another byte
        assert only(stripped).tags == only(producer).tags
        assert stripped.endswith(producer[60:])
    else:
        assert stripped == producer


def test_identity_stands_right_before_the_cluster_and_the_rest_is_last():
    producer = fragment(CONNECT)
    cluster = producer.index(b"\x1f\x43\xb6\x75")
    tagged = insert_aws_tags(producer, BEFORE, AFTER)
    assert tagged == producer[:cluster] + aws_tags_element(BEFORE) + producer[cluster:] + aws_tags_element(AFTER)
    assert insert_aws_tags(producer, [], []) == producer


def test_in_a_sized_segment_only_its_size_changes():
    producer = fragment(DIALECTS["sized segment"])
    tagged = insert_aws_tags(producer, BEFORE, AFTER)
    assert len(tagged) == len(producer) + len(aws_tags_element(BEFORE)) + len(aws_tags_element(AFTER))
    assert tagged[:44] == producer[:44]
    growth = int.from_bytes(tagged[45:52], "big") - int.from_bytes(producer[45:52], "big")
    assert growth == len(tagged) - len(producer)


def test_a_document_without_a_segment_is_refused():
    with pytest.raises(MkvError, match="no Segment"):
        insert_aws_tags(fragment(CONNECT)[:40], BEFORE, AFTER)


def test_tags_that_share_an_element_with_the_producers_own_are_taken_out_alone():
    mine, theirs = simple_tag("mine", "1", 4, 4), simple_tag(*BEFORE[0], 4, 4)
    targets = element(ids.TARGETS, b"")
    shared = element(ids.TAGS, with_crc(element(ids.TAG, targets + mine + theirs, 8) + element(ids.TAG, theirs)), 3)
    expected = element(ids.TAGS, with_crc(element(ids.TAG, targets + mine, 8)), 3)
    document = error_document([])
    empty = aws_tags_element([])
    assert document.endswith(empty)
    start = document[: -len(empty)]
    assert strip_aws_tags(start + shared) == (start + expected, [BEFORE[0]] * 2)


def test_an_error_document_is_emptied():
    data = error_document([("AWS_KINESISVIDEO_ERROR_ID", "3000")])
    stripped, removed = strip_aws_tags(data)
    assert removed == [("AWS_KINESISVIDEO_ERROR_ID", "3000")]
    assert only(stripped).tags == ()
    assert data.startswith(stripped)


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(sorted(DIALECTS)), st.data())
def test_a_cut_document_keeps_what_is_left_and_stays_as_incomplete(name, data):
    tagged = insert_aws_tags(fragment(DIALECTS[name]), BEFORE, AFTER)
    cut = tagged[: data.draw(st.integers(0, len(tagged)))]
    stripped, removed = strip_aws_tags(cut)
    assert removed in ([], BEFORE, BEFORE + AFTER)
    was, now = list(read_documents(cut)), list(read_documents(stripped))
    assert [(len(d.blocks), d.complete) for d in now] == [(len(d.blocks), d.complete) for d in was]
    if removed == []:
        assert stripped == cut


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=100) | st.binary(max_size=60).map(lambda tail: fragment(CONNECT, [])[:56] + tail))
def test_any_bytes_are_stripped_without_an_exception(data):
    stripped, removed = strip_aws_tags(data)
    assert removed or stripped == data
