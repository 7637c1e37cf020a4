"""Takes captures in as KVS would hold them: the producer's bytes stay as they are.

Each EBML document is a fragment; of a Matroska file that KVS has not seen, each Cluster, as by PutMedia.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from callbeam.emulator.fields import STREAM_NAME
from callbeam.emulator.rendering import DOCUMENTED_NAMES
from callbeam.emulator.segment_splitter import FragmentReady, SegmentSplitter
from callbeam.emulator.store import (
    ExaminedMedia,
    StreamInfo,
    counter_of,
    examine,
    make_number,
    parse_number,
    server_ms_of,
    well_formed,
)
from callbeam.errors import UsageError
from callbeam.mkv import (
    CONTINUATION_TOKEN,
    FRAGMENT_NUMBER,
    MILLIS_BEHIND_NOW,
    PRODUCER_TIMESTAMP,
    SERVER_TIMESTAMP,
    MkvError,
    open_capture,
    read_documents,
    strip_aws_tags,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from callbeam.emulator.config import EmulatorConfig
    from callbeam.emulator.store import StoredStream, StreamStore
    from callbeam.mkv import Document

LOADED_RETENTION_HOURS = 87_600
"""What DescribeStream says of a loaded stream: the longest there is, so that no client thinks its media gone."""

CREATED_BEFORE_MS = 60_000
"""A loaded stream was made this long before its first fragment."""

FIRST_SERVER_MS = 1_577_836_800_000
"""2020-01-01T00:00:00Z: server time of a capture that tells of no time at all."""

EARLIEST_CLOCK_MS = 1_000_000_000_000
"""2001-09-09: a producer's time before it counts from zero, not from the epoch."""

_SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class LoadedFragment:
    """A document of a capture; what its tags did not soundly tell is None."""

    media: ExaminedMedia
    number: int | None
    server_ms: int | None
    producer_ms: int | None
    error_tags: tuple[tuple[str, str], ...]


def load_captures(store: StreamStore, config: EmulatorConfig, name: str, paths: Sequence[Path]) -> StoredStream:
    """Put captures into a stream, in the order given; one that is in it already is not put in again.

    Raises
    ------
    UsageError
        A file cannot be read or is no Matroska, or the stream was not made by loading.
    """
    stream = store.find(name, config.region)
    if stream is not None and not stream.info.keeps_all:
        raise UsageError(f"stream {name} was made by CreateStream: load into another name, or delete it first")
    known = set(stream.info.loaded) if stream else set()
    fragments: list[LoadedFragment] = []
    digests: list[str] = []
    for path in paths:
        data = open_capture(path)
        digest = hashlib.sha256(data).hexdigest()
        if digest not in known:
            known.add(digest)
            digests.append(digest)
            parts = (part for document in read_documents(data) for part in _cut(document))
            fragments += complete([read_fragment(part) for part in parts], name, config.now_ms())
    if stream is None:
        stream = store.create(loaded_stream_info(name, config, min(f.server_ms or 0 for f in fragments)))
    elif fragments:
        earliest = min(f.server_ms or 0 for f in fragments) - CREATED_BEFORE_MS
        stream.info.created_ms = min(stream.info.created_ms, earliest)
    for fragment in fragments:
        put_fragment(stream, fragment)
    stream.info.loaded += digests
    stream.save_info()
    return stream


def _cut(document: Document) -> list[bytes]:
    """Cut a document of several Clusters that has none of KVS's tags where PutMedia would; damage stays in the last."""
    whole = bytes(document.data)
    if len(document.clusters) < 2 or strip_aws_tags(whole)[1]:
        return [whole]
    splitter = SegmentSplitter()
    events = splitter.feed(whole)
    try:
        events += splitter.finish()
        rest = None
    except MkvError:
        rest = splitter.unfinished()
    parts = [event.data for event in events if isinstance(event, FragmentReady)]
    return [*parts, *([rest] if rest is not None else [])] or [whole]


def loaded_stream_info(name: str, config: EmulatorConfig, first_server_ms: int) -> StreamInfo:
    """Describe a stream that is loaded, not recorded: old enough, and kept for good.

    Raises
    ------
    UsageError
        KVS has no stream of such a name.
    """
    if not STREAM_NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no stream's name: up to 256 letters, digits, '_', '.' and '-'")
    return StreamInfo(
        name=name,
        region=config.region,
        account_id=config.account_id,
        created_ms=max(0, first_server_ms - CREATED_BEFORE_MS),
        retention_hours=LOADED_RETENTION_HOURS,
        keeps_all=True,
    )


def put_fragment(stream: StoredStream, fragment: LoadedFragment) -> int:
    """Store a completed fragment; if its number is taken, under the stream's next one."""
    taken = fragment.number is not None and stream.get(fragment.number) is not None
    return stream.add(
        fragment.media,
        server_ms=fragment.server_ms or 0,
        producer_ms=fragment.producer_ms,
        number=None if taken else fragment.number,
        error_tags=fragment.error_tags,
    )


def read_fragment(document: bytes) -> LoadedFragment:
    """Take AWS's tags out of a document and read what they soundly tell."""
    media, removed = strip_aws_tags(document)
    first: dict[str, str] = {}
    for name, value in removed:
        first.setdefault(name, value)
    server = first.get(SERVER_TIMESTAMP, first.get(DOCUMENTED_NAMES[SERVER_TIMESTAMP], ""))
    producer = first.get(PRODUCER_TIMESTAMP, first.get(DOCUMENTED_NAMES[PRODUCER_TIMESTAMP], ""))
    identity = {
        FRAGMENT_NUMBER,
        SERVER_TIMESTAMP,
        PRODUCER_TIMESTAMP,
        MILLIS_BEHIND_NOW,
        CONTINUATION_TOKEN,
        DOCUMENTED_NAMES[SERVER_TIMESTAMP],
        DOCUMENTED_NAMES[PRODUCER_TIMESTAMP],
    }
    return LoadedFragment(
        media=examine(media),
        number=parse_number(first.get(FRAGMENT_NUMBER, "")),
        server_ms=_milliseconds(server),
        producer_ms=_milliseconds(producer),
        error_tags=tuple(tag for tag in removed if tag[0] not in identity),
    )


def complete(fragments: Sequence[LoadedFragment], stream: str, now_ms: int) -> list[LoadedFragment]:
    """Make up the numbers and times that a capture's tags leave out, so that they rise as in the file.

    Parameters
    ----------
    fragments : sequence of LoadedFragment
        A capture's, in file order.
    stream : str
        Name of the stream; numbers depend on it.
    now_ms : int
        No server time is made up beyond it.
    """
    whole: list[LoadedFragment] = []
    for place, fragment in enumerate(fragments):
        previous = whole[-1] if whole else None
        server_ms = _server_ms(fragment, previous, now_ms)
        timed = replace(fragment, server_ms=server_ms, producer_ms=_producer_ms(fragment, previous, server_ms))
        if timed.number is None:
            following = next((later.number for later in fragments[place + 1 :] if later.number is not None), None)
            timed = replace(timed, number=_number(stream, previous, server_ms, following))
        whole.append(timed)
    return whole


def _server_ms(fragment: LoadedFragment, previous: LoadedFragment | None, now_ms: int) -> int:
    if fragment.server_ms is not None:
        return fragment.server_ms
    if fragment.number is not None and well_formed(fragment.number):
        inside = server_ms_of(fragment.number)
        if EARLIEST_CLOCK_MS <= inside <= now_ms:
            return inside
    if fragment.producer_ms is not None and EARLIEST_CLOCK_MS <= fragment.producer_ms <= now_ms:
        return fragment.producer_ms
    if previous is None or previous.server_ms is None:
        return FIRST_SERVER_MS
    return previous.server_ms + (_step_ms(fragment, previous) or max(1, previous.media.length_ms))


def _producer_ms(fragment: LoadedFragment, previous: LoadedFragment | None, server_ms: int) -> int:
    if fragment.producer_ms is not None:
        return fragment.producer_ms
    if previous is not None and previous.producer_ms is not None:
        step = _step_ms(fragment, previous)
        if step is not None:
            return previous.producer_ms + step
    timecode = fragment.media.timecode_ms
    return round(timecode) if timecode is not None and timecode >= EARLIEST_CLOCK_MS else server_ms


def _step_ms(fragment: LoadedFragment, previous: LoadedFragment) -> int | None:
    """Return how far a fragment's timecode lies behind the previous one's, None if that makes no sense."""
    if fragment.media.timecode_ms is None or previous.media.timecode_ms is None:
        return None
    step = round(fragment.media.timecode_ms - previous.media.timecode_ms)
    return step if 0 < step <= 3_600_000 else None


def _number(stream: str, previous: LoadedFragment | None, server_ms: int, following: int | None) -> int:
    before = previous.number if previous is not None else None
    counter = counter_of(before) + 1 if before is not None and well_formed(before) else 1
    number = make_number(stream, counter, server_ms)
    if before is not None and number <= before:
        number = before + 1
    # between two given numbers there may be no room for KVS's layout: then order counts more
    return number if following is None or number < following else (before or 0) + 1


def _milliseconds(text: str) -> int | None:
    return int(Decimal(text) * 1000) if _SECONDS.fullmatch(text) and text.isascii() else None
