"""What a document says of its fragment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeam.mkv import FragmentTags, error_document, fragment_tags, read_documents

NUMBER = "91343852333181432392682062607743920146159169392"


def tags_of(*tags):
    (document,) = read_documents(
        error_document([(name.replace("AWS_", "AWS_KINESISVIDEO_"), value) for name, value in tags])
    )
    return fragment_tags(document)


def test_getmedia_names():
    assert tags_of(
        ("ContactId", "c"),
        ("AWS_FRAGMENT_NUMBER", NUMBER),
        ("AWS_SERVER_TIMESTAMP", "1511852109.126"),
        ("AWS_PRODUCER_TIMESTAMP", "1511852108.513"),
        ("MimeType", "audio/L16"),
        ("AWS_MILLIS_BEHIND_NOW", "15858"),
        ("AWS_CONTINUATION_TOKEN", NUMBER),
        ("AWS_OF_TOMORROW", "?"),
    ) == FragmentTags(
        number=int(NUMBER),
        number_text=NUMBER,
        server_ms=1_511_852_109_126,
        producer_ms=1_511_852_108_513,
        server_text="1511852109.126",
        producer_text="1511852108.513",
        millis_behind_now=15_858,
        continuation_token=NUMBER,
        user=(("ContactId", "c"), ("MimeType", "audio/L16")),
    )


def test_the_names_that_getmediaforfragmentlist_documents():
    tags = tags_of(
        ("AWS_FRAGMENT_NUMBER", NUMBER),
        ("AWS_SERVER_SIDE_TIMESTAMP", "1.001"),
        ("AWS_PRODUCER_SIDE_TIMESTAMP", "2.002"),
        ("AWS_EXCEPTION_ERROR_CODE", "4000"),
        ("AWS_EXCEPTION_MESSAGE", "gone"),
    )
    assert (tags.server_ms, tags.producer_ms) == (1001, 2002)
    assert (tags.error_code, tags.error_message, tags.is_error) == ("4000", "gone", True)


def test_an_error_in_place_of_a_fragment():
    tags = tags_of(("AWS_ERROR_CODE", "FRAGMENT_NOT_FOUND"), ("AWS_ERROR_ID", "3000"), ("AWS_FRAGMENT_NUMBER", NUMBER))
    assert (tags.error_code, tags.error_id, tags.number, tags.is_error) == (
        "FRAGMENT_NOT_FOUND",
        "3000",
        int(NUMBER),
        True,
    )
    assert not tags_of().is_error


@pytest.mark.parametrize("text", ["", "reuse-b-0", "-1", "1.5", "\u0661\u0662", " 1", "1" * 129])
def test_a_number_is_decimal_digits_or_none(text):
    tags = tags_of(("AWS_FRAGMENT_NUMBER", text))
    assert (tags.number, tags.number_text) == (None, text)


@pytest.mark.parametrize(
    "text", ["", "now", "-1.0", "1e3", "nan", "1,5", "1.2.3", "\u0663.\u0660", "253402300800", "9" * 200]
)
def test_a_timestamp_that_is_none_is_none(text):
    tags = tags_of(("AWS_SERVER_TIMESTAMP", text), ("AWS_PRODUCER_TIMESTAMP", text))
    assert (tags.server_ms, tags.producer_ms) == (None, None)
    assert (tags.server_text, tags.producer_text) == (text, text)


@given(st.integers(0, 253_402_300_799_999))
def test_a_timestamp_is_exact_to_the_millisecond(milliseconds):
    text = f"{milliseconds // 1000}.{milliseconds % 1000:03d}"
    assert tags_of(("AWS_SERVER_TIMESTAMP", text)).server_ms == milliseconds


def test_whole_seconds_and_finer_ones_are_read():
    assert tags_of(("AWS_SERVER_TIMESTAMP", "17")).server_ms == 17_000
    assert tags_of(("AWS_SERVER_TIMESTAMP", "17.0019")).server_ms == 17_001


def test_the_first_of_equal_tags_counts():
    assert tags_of(("AWS_FRAGMENT_NUMBER", "1"), ("AWS_FRAGMENT_NUMBER", "2")).number == 1
