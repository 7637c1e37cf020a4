"""One answer of GetMediaForFragmentList: its body read as far as it goes, its documents matched to what was asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callbeam.kvs.operations import GET_MEDIA_FOR_FRAGMENT_LIST
from callbeam.kvs.outcome import Delivered
from callbeam.kvs.service_errors import SDK_ERRORS, error_message
from callbeam.mkv import fragment_tags, read_documents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.kvs.lanes import Stream
    from callbeam.kvs.operations import KvsService

CHUNK_BYTES = 64 * 1024
"""Read at a time: when the body breaks off, at most this much of what had come is lost with it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one call delivered.

    Attributes
    ----------
    delivered : tuple of Delivered
        In the body's order; without the last one if the body broke off, for it cannot be known whether it was whole.
    broken : str or None
        Why the body broke off.
    """

    delivered: tuple[Delivered, ...]
    broken: str | None = None

    def by_number(self, asked: Sequence[int]) -> dict[int, Delivered]:
        """Match documents to the fragments asked for, by their number tag.

        Where no document carries a number, and there are as many as were asked for, position decides. Of several
        documents for one fragment a sound one is preferred, then the first.
        """
        numbered = [d for d in self.delivered if d.tags.number is not None]
        if not numbered and len(self.delivered) == len(asked) and self.broken is None:
            return dict(zip(asked, self.delivered, strict=True))
        wanted = set(asked)
        matched: dict[int, Delivered] = {}
        for delivered in numbered:
            number = delivered.tags.number
            if number is None or number not in wanted:
                continue
            known = matched.get(number)
            if known is None or (not _sound(known) and _sound(delivered)):
                matched[number] = delivered
        return matched


def fetch(service: KvsService, stream: Stream, numbers: Sequence[int]) -> Answer:
    """Ask for fragments once, over one connection, which is given back whatever happens.

    Raises
    ------
    ClientError, BotoCoreError, OSError
        As boto3 raises them, where there is no answer at all.
    """
    parameters = {"Fragments": [str(number) for number in numbers]}
    response = service.data_once(stream, GET_MEDIA_FOR_FRAGMENT_LIST, "get_media_for_fragment_list", parameters)
    body = response["Payload"]
    chunks: list[bytes] = []
    broken = None
    try:
        while chunk := body.read(CHUNK_BYTES):
            chunks.append(chunk)
    except SDK_ERRORS as error:
        broken = f"the answer broke off: {error_message(error)}"
    finally:
        body.close()
    documents = list(read_documents(b"".join(chunks)))
    if broken is not None and documents:
        documents.pop()
    ends = len(documents) - 1 if broken is None else len(documents)
    delivered = (Delivered(d, fragment_tags(d), ends_body=i == ends) for i, d in enumerate(documents))
    return Answer(tuple(delivered), broken)


def _sound(delivered: Delivered) -> bool:
    document = delivered.document
    return document.complete and document.error is None and bool(document.clusters) and not delivered.tags.is_error
