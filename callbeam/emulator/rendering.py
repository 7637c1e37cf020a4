"""A stored fragment as each API sends it: the producer's bytes with AWS's own tags in their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callbeam.mkv import (
    CONTINUATION_TOKEN,
    ERROR_CODE,
    ERROR_ID,
    EXCEPTION_ERROR_CODE,
    EXCEPTION_MESSAGE,
    FRAGMENT_NUMBER,
    MILLIS_BEHIND_NOW,
    PRODUCER_SIDE_TIMESTAMP,
    PRODUCER_TIMESTAMP,
    SERVER_SIDE_TIMESTAMP,
    SERVER_TIMESTAMP,
    MkvError,
    aws_tags_element,
    error_document,
    insert_aws_tags,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.emulator.config import TagVocabulary
    from callbeam.emulator.store import StoredFragment

DOCUMENTED_NAMES = {
    SERVER_TIMESTAMP: SERVER_SIDE_TIMESTAMP,
    PRODUCER_TIMESTAMP: PRODUCER_SIDE_TIMESTAMP,
    ERROR_ID: EXCEPTION_ERROR_CODE,
    ERROR_CODE: EXCEPTION_MESSAGE,
}
"""What the documentation of GetMediaForFragmentList calls the tags; its error code is a number, its message a text."""

ERROR_NAMES = {
    3000: "FRAGMENT_NOT_FOUND",
    3002: "STREAM_WRITE_ERROR",
    4000: "FRAGMENT_NOT_FOUND",
    4500: "KMS_KEY_ACCESS_DENIED",
    4501: "KMS_KEY_DISABLED",
    4502: "KMS_KEY_VALIDATION_ERROR",
    4503: "KMS_KEY_UNAVAILABLE",
    4504: "KMS_KEY_INVALID_USAGE",
    4505: "KMS_KEY_INVALID_STATE",
    4506: "KMS_KEY_NOT_FOUND",
    5000: "INTERNAL_ERROR",
}
"""Texts of in-band errors; 3000's was seen, the others' wording is that of PutMedia's acknowledgements."""

Tags = list[tuple[str, str]]


def timestamp_text(milliseconds: int) -> str:
    """Write an instant as KVS's tags do: decimal seconds, three decimals."""
    return f"{milliseconds // 1000}.{milliseconds % 1000:03d}"


def identity_tags(fragment: StoredFragment, *, timed: bool = True) -> Tags:
    """Make the tags that say which fragment this is and, where ``timed``, when it came."""
    tags = [(FRAGMENT_NUMBER, str(fragment.number))]
    if timed:
        tags.append((SERVER_TIMESTAMP, timestamp_text(fragment.server_ms)))
    if timed and fragment.producer_ms is not None:
        tags.append((PRODUCER_TIMESTAMP, timestamp_text(fragment.producer_ms)))
    return [*tags, *fragment.error_tags]


def media_for_fragment_list(
    media: bytes, fragment: StoredFragment, vocabulary: TagVocabulary, *, timed: bool = True
) -> bytes:
    """Write a fragment as GetMediaForFragmentList sends it."""
    return _tagged(media, fragment, _in_vocabulary(identity_tags(fragment, timed=timed), vocabulary), [])


def media_for_get_media(media: bytes, fragment: StoredFragment, now_ms: int, *, timed: bool = True) -> bytes:
    """Write a fragment as GetMedia sends it; the tags behind the Cluster tell that it has come whole."""
    after = [(MILLIS_BEHIND_NOW, str(max(0, now_ms - fragment.server_ms))), (CONTINUATION_TOKEN, str(fragment.number))]
    return _tagged(media, fragment, identity_tags(fragment, timed=timed), after)


def in_band_error(
    error_id: int, number: int | None, *, code: str | None = None, vocabulary: TagVocabulary = "getmedia"
) -> bytes:
    """Write the document without a Cluster that takes a fragment's place."""
    tags = [(ERROR_CODE, code or ERROR_NAMES.get(error_id, "INTERNAL_ERROR")), (ERROR_ID, str(error_id))]
    if number is not None:
        tags.append((FRAGMENT_NUMBER, str(number)))
    return error_document(_in_vocabulary(tags, vocabulary))


def _in_vocabulary(tags: Tags, vocabulary: TagVocabulary) -> Tags:
    if vocabulary == "getmedia":
        return tags
    return [(DOCUMENTED_NAMES.get(name, name), value) for name, value in tags]


def _tagged(media: bytes, fragment: StoredFragment, before: Sequence[tuple[str, str]], after: Tags) -> bytes:
    if not fragment.sound:
        after = []  # what stands behind a damaged element is read as a part of it
    if fragment.tags_at is not None:
        tail = aws_tags_element(after) if after else b""
        return b"".join((media[: fragment.tags_at], aws_tags_element(before), media[fragment.tags_at :], tail))
    try:
        return insert_aws_tags(media, before, after)
    except MkvError:
        return media  # no Segment to hold tags: served as it is
