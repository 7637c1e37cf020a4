"""What the service must know of a fragment's media before it stores it."""

from __future__ import annotations

from dataclasses import dataclass

from callbeam.mkv import MkvError, aws_tags_element, insert_aws_tags, read_documents

_PROBE = (("AWS_KINESISVIDEO_FRAGMENT_NUMBER", "0"),)


@dataclass(frozen=True, slots=True)
class ExaminedMedia:
    """A producer's fragment and what was found in it.

    Attributes
    ----------
    data : bytes
        The producer's bytes, without AWS's tags.
    timecode_ms : float or None
        The first Cluster's timecode; None without a Cluster.
    length_ms : int
        From the first block's timecode to the last one's: the last frame's own length is in no header.
    tags_at : int or None
        Where AWS's tags can be put in by mere insertion.
    sound : bool
        One whole, undamaged document.
    """

    data: bytes
    timecode_ms: float | None
    length_ms: int
    tags_at: int | None
    sound: bool


def examine(data: bytes) -> ExaminedMedia:
    """Look through a producer's fragment; anything is accepted, damaged media is marked as such."""
    documents = list(read_documents(data))
    first = documents[0] if documents else None
    timecodes = [doc.milliseconds(block.timecode) for doc in documents[:1] for block in doc.blocks]
    return ExaminedMedia(
        data=data,
        timecode_ms=first.milliseconds(first.clusters[0]) if first and first.clusters else None,
        length_ms=round(max(timecodes) - min(timecodes)) if timecodes else 0,
        tags_at=_insertion_point(data),
        sound=len(documents) == 1 and all(doc.complete and doc.error is None for doc in documents),
    )


def _insertion_point(data: bytes) -> int | None:
    """Find where tags go, if both those before and those after the Cluster can go in without another byte changing."""
    element = aws_tags_element(_PROBE)
    try:
        tagged = insert_aws_tags(data, _PROBE, _PROBE)
    except MkvError:
        return None
    at = tagged.find(element)
    return at if tagged == b"".join((data[:at], element, data[at:], element)) else None
