"""Builds Matroska bytes as the producers of call audio write them: one KVS fragment is one small document.

A dialect is what one producer does with the freedom that the format leaves; see ``CONNECT``, ``CHIME`` and ``LIBAV``.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callbeam.mkv import ids
from callbeam.mkv.build import (
    MkvWriteError,
    aws_tags_element,
    element,
    element_id_bytes,
    master,
    simple_tag,
    size_vint,
    string_element,
    uint_element,
    with_crc,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True)
class TrackSpec:
    """A track to declare; what is None is left out. An Audio master is written if any of its three values is given."""

    number: int
    name: str | None
    codec_id: str
    codec_private: bytes = b""
    sample_rate_hz: float | None = None
    channels: int | None = None
    bit_depth: int | None = None
    track_type: int = 2


@dataclass(frozen=True, slots=True)
class BlockSpec:
    """A block to write: its track, its offset from the fragment's timecode in ms, its payload."""

    track: int
    offset_ms: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a producer writes a fragment.

    Attributes
    ----------
    header_size_length : int or None
        Bytes of the EBML header's size; None for the fewest.
    doc_type_version : int
    nul_padded_strings : bool
        DocType, MuxingApp and WritingApp end with a NUL; Name and CodecID are padded to 32 bytes.
    segment_size_length : int
        Bytes of the Segment's size.
    known_segment, known_cluster : bool
        Whether these sizes are written, or all ones.
    cluster_size_length : int
        Bytes of the Cluster's size.
    master_size_length : int or None
        Bytes of the sizes of Info's neighbours: Tracks, TrackEntry, Audio.
    uint_length : int or None
        Bytes of TimecodeScale, TrackUID and Timecode; None for the fewest.
    block_size_length : int or None
        Bytes of a SimpleBlock's size.
    tag_size_length : int or None
        Bytes of the sizes of the producer's Tags, Tag, SimpleTag (and, where ``tag_strings_alike``, of name and value).
    timecode_scale_ns : int
    title, application : str or None
        Info's Title; its MuxingApp and WritingApp.
    position : bool
        A Position of 0 after each Timecode.
    block_groups : bool
        BlockGroup and Block instead of SimpleBlock.
    blocks_per_cluster : int or None
        Begin another Cluster after so many blocks.
    tag_each : bool
        One Tags element for each tag; else one for all.
    targets : bool
        An empty Targets in each Tag.
    encoder : str or None
        Value of an ENCODER tag before the producer's own.
    crc : bool
        CRC-32 first in each top-level master of known size.
    seek_head : bool
        A SeekHead, whose positions are wrong once KVS has cut the stream into fragments, and a Void.
    cues : bool
        Cues after the last Cluster.
    """

    header_size_length: int | None = None
    doc_type_version: int = 2
    nul_padded_strings: bool = False
    segment_size_length: int = 8
    known_segment: bool = False
    known_cluster: bool = False
    cluster_size_length: int = 1
    master_size_length: int | None = 4
    uint_length: int | None = 8
    block_size_length: int | None = 8
    tag_size_length: int | None = 8
    tag_strings_alike: bool = True
    timecode_scale_ns: int = 1_000_000
    title: str | None = "Kinesis Video SDK"
    application: str = "Kinesis Video SDK 1.1.0 JNI 2.0"
    position: bool = True
    block_groups: bool = False
    blocks_per_cluster: int | None = None
    tag_each: bool = True
    targets: bool = False
    encoder: str | None = None
    crc: bool = False
    seek_head: bool = False
    cues: bool = False


CONNECT = Dialect()
"""Amazon Connect: the KVS producer SDK's own muxer."""

CHIME = Dialect(application="Kinesis Video SDK 1.1.0")
"""Chime Voice Connector: no capture is public; AWS documents the tags, and the SDK's muxer is assumed."""

LIBAV = Dialect(
    header_size_length=8,
    doc_type_version=4,
    known_cluster=True,
    cluster_size_length=8,
    master_size_length=8,
    uint_length=None,
    block_size_length=None,
    tag_size_length=8,
    tag_strings_alike=False,
    title=None,
    application="Lavf58.76.100",
    position=False,
    tag_each=False,
    targets=True,
    encoder="Lavf58.76.100",
    crc=True,
    seek_head=True,
    cues=True,
)
"""Matroska by libavformat (ffmpeg -f matroska), put into KVS."""


def write_fragment(
    *,
    dialect: Dialect,
    tracks: Sequence[TrackSpec],
    blocks: Sequence[BlockSpec],
    timecode_ms: int,
    tags_before: Sequence[tuple[str, str]] = (),
    tags_after: Sequence[tuple[str, str]] = (),
) -> bytes:
    """Write one fragment as its producer sends it, without the tags that KVS adds.

    Parameters
    ----------
    dialect : Dialect
    tracks : sequence of TrackSpec
    blocks : sequence of BlockSpec
        Without any there is no Cluster.
    timecode_ms : int
        The first Cluster's timecode.
    tags_before, tags_after : sequence of (str, str)
        The producer's tags before and after the Clusters.

    Raises
    ------
    MkvWriteError
        A time has no whole number of ticks, or a block lies too far from its Cluster's timecode (16 bits).

    Examples
    --------
    >>> fragment = write_fragment(
    ...     dialect=CONNECT,
    ...     tracks=[TrackSpec(1, "AUDIO_FROM_CUSTOMER", "A_AAC")],
    ...     blocks=[BlockSpec(1, 0, bytes(1024)), BlockSpec(1, 64, bytes(1024))],
    ...     timecode_ms=1_772_355_600_000,
    ...     tags_after=[("ContactId", "c-1")],
    ... )
    >>> from callbeam.mkv import read_documents
    >>> [document] = read_documents(fragment)
    >>> document.tags[-1], [block.timecode for block in document.blocks]
    (('ContactId', 'c-1'), [1772355600000, 1772355600064])
    """
    if dialect.encoder is not None:
        tags_before = [("ENCODER", dialect.encoder), *tags_before]
    body = [_info(dialect), _tracks(dialect, tracks), *_producer_tags(dialect, tags_before)]
    if dialect.seek_head:
        body.insert(0, _seek_head(dialect))
    step = dialect.blocks_per_cluster or max(1, len(blocks))
    starts = range(0, len(blocks), step)
    body += [_cluster(dialect, blocks[i : i + step], timecode_ms, moved=i > 0) for i in starts]
    if dialect.cues and blocks:
        body.append(_cues(dialect, blocks[0], timecode_ms))
    body += _producer_tags(dialect, tags_after)
    payload = b"".join(body)
    segment = master(ids.SEGMENT, payload, size_length=dialect.segment_size_length, known_size=dialect.known_segment)
    return ebml_header(dialect) + segment


def error_document(tags: Sequence[tuple[str, str]]) -> bytes:
    """Write what KVS sends in place of a fragment that it cannot give: tags, and no Cluster."""
    return ebml_header(CONNECT) + master(ids.SEGMENT, aws_tags_element(tags), size_length=8, known_size=False)


# The parts of a document


def ebml_header(dialect: Dialect) -> bytes:
    """Write the EBML header."""
    payload = b"".join(
        (
            uint_element(ids.EBML_VERSION, 1),
            uint_element(ids.EBML_READ_VERSION, 1),
            uint_element(ids.EBML_MAX_ID_LENGTH, 4),
            uint_element(ids.EBML_MAX_SIZE_LENGTH, 8),
            string_element(ids.DOC_TYPE, "matroska", pad_to=9 if dialect.nul_padded_strings else 0),
            uint_element(ids.DOC_TYPE_VERSION, dialect.doc_type_version),
            uint_element(ids.DOC_TYPE_READ_VERSION, 2),
        )
    )
    return element(ids.EBML, payload, dialect.header_size_length)


def _top_level(dialect: Dialect, element_id: int, payload: bytes, size_length: int | None) -> bytes:
    return element(element_id, with_crc(payload) if dialect.crc else payload, size_length)


def _info(dialect: Dialect) -> bytes:
    pad_to = len(dialect.application) + 1 if dialect.nul_padded_strings else 0
    parts = [
        element(ids.SEGMENT_UID, hashlib.sha256(dialect.application.encode()).digest()[:16]),
        uint_element(ids.TIMECODE_SCALE, dialect.timecode_scale_ns, dialect.uint_length),
        string_element(ids.MUXING_APP, dialect.application, pad_to=pad_to),
        string_element(ids.WRITING_APP, dialect.application, pad_to=pad_to),
    ]
    if dialect.title is not None:
        parts.insert(2, string_element(ids.TITLE, dialect.title))
    return _top_level(dialect, ids.INFO, b"".join(parts), 8 if dialect.crc else None)


def _tracks(dialect: Dialect, tracks: Sequence[TrackSpec]) -> bytes:
    entries = b"".join(element(ids.TRACK_ENTRY, _track(dialect, t), dialect.master_size_length) for t in tracks)
    return _top_level(dialect, ids.TRACKS, entries, dialect.master_size_length)


def _track(dialect: Dialect, track: TrackSpec) -> bytes:
    pad_to = 32 if dialect.nul_padded_strings else 0
    # as Connect does it, the UID travels with the name, whatever the number
    uid = int.from_bytes(hashlib.sha256((track.name or str(track.number)).encode()).digest()[:8], "big") | 1
    parts = [
        uint_element(ids.TRACK_NUMBER, track.number),
        uint_element(ids.TRACK_UID, uid, dialect.uint_length),
        uint_element(ids.TRACK_TYPE, track.track_type),
    ]
    if track.name is not None:
        parts.append(string_element(ids.NAME, track.name, pad_to=pad_to))
    parts.append(string_element(ids.CODEC_ID, track.codec_id, pad_to=pad_to))
    audio = b""
    if track.sample_rate_hz is not None:
        audio += element(ids.SAMPLING_FREQUENCY, struct.pack(">d", track.sample_rate_hz))
    if track.channels is not None:
        audio += uint_element(ids.CHANNELS, track.channels)
    if track.bit_depth is not None:
        audio += uint_element(ids.BIT_DEPTH, track.bit_depth)
    if audio:
        parts.append(element(ids.AUDIO, audio, dialect.master_size_length))
    if track.codec_private:
        parts.append(element(ids.CODEC_PRIVATE, track.codec_private))
    return b"".join(parts)


def _ticks(dialect: Dialect, milliseconds: int) -> int:
    ticks, rest = divmod(milliseconds * 1_000_000, dialect.timecode_scale_ns)
    if rest:
        raise MkvWriteError(
            f"{milliseconds} ms is no whole number of ticks of {dialect.timecode_scale_ns} ns; choose another scale"
        )
    return ticks


def _cluster(dialect: Dialect, blocks: Sequence[BlockSpec], timecode_ms: int, *, moved: bool) -> bytes:
    if moved:  # a further Cluster counts from its own first block
        start_ms = blocks[0].offset_ms
        timecode_ms += start_ms
        blocks = [BlockSpec(block.track, block.offset_ms - start_ms, block.payload) for block in blocks]
    parts = [uint_element(ids.TIMECODE, _ticks(dialect, timecode_ms), dialect.uint_length)]
    if dialect.position:
        parts.append(uint_element(ids.POSITION, 0))
    parts += [_block(dialect, block) for block in blocks]
    payload = b"".join(parts)
    if dialect.crc and dialect.known_cluster:
        payload = with_crc(payload)
    return master(ids.CLUSTER, payload, size_length=dialect.cluster_size_length, known_size=dialect.known_cluster)


def _block(dialect: Dialect, block: BlockSpec) -> bytes:
    ticks = _ticks(dialect, block.offset_ms)
    if not -0x8000 <= ticks <= 0x7FFF:
        raise MkvWriteError(
            f"a block {block.offset_ms} ms from its Cluster's timecode does not fit 16 bits; use blocks_per_cluster"
        )
    head = size_vint(block.track) + struct.pack(">hB", ticks, 0 if dialect.block_groups else 0x80)
    if dialect.block_groups:
        inner = element(ids.BLOCK, head + block.payload, dialect.block_size_length)
        return element(ids.BLOCK_GROUP, inner, dialect.block_size_length)
    return element(ids.SIMPLE_BLOCK, head + block.payload, dialect.block_size_length)


def _producer_tags(dialect: Dialect, tags: Sequence[tuple[str, str]]) -> Iterator[bytes]:
    groups = [[tag] for tag in tags] if dialect.tag_each else [tags] if tags else []
    length = dialect.tag_size_length
    targets = element(ids.TARGETS, b"", length) if dialect.targets else b""
    for group in groups:
        simple = (simple_tag(*tag, length, length if dialect.tag_strings_alike else None) for tag in group)
        yield _top_level(dialect, ids.TAGS, element(ids.TAG, targets + b"".join(simple), length), length)


def _seek_head(dialect: Dialect) -> bytes:
    wrong = ((ids.INFO, 229), (ids.TRACKS, 316), (ids.TAGS, 492), (ids.CUES, 2_497_581))
    seeks = b"".join(
        element(ids.SEEK, element(ids.SEEK_ID, element_id_bytes(i)) + uint_element(ids.SEEK_POSITION, position))
        for i, position in wrong
    )
    return _top_level(dialect, ids.SEEK_HEAD, seeks, None) + element(ids.VOID, bytes(148), 8)


def _cues(dialect: Dialect, first: BlockSpec, timecode_ms: int) -> bytes:
    place = uint_element(ids.CUE_TRACK, first.track) + uint_element(ids.CUE_CLUSTER_POSITION, 700)
    time = uint_element(ids.CUE_TIME, _ticks(dialect, timecode_ms + first.offset_ms))
    point = element(ids.CUE_POINT, time + element(ids.CUE_TRACK_POSITIONS, place))
    return _top_level(dialect, ids.CUES, point, None)
