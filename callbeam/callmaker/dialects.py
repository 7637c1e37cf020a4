"""Writes audio as the producers of call audio do: tracks into blocks, blocks into fragments, fragments onto the wire.

The dialects' bytes are ``callbeam.mkv.writer``'s; here is what a dialect does with audio: how long its blocks and
fragments are, what it calls its tracks, which tags it sends, and in how many ways it falls short of that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from callbeam.mkv import CHIME, CONNECT, LIBAV, BlockSpec, TrackSpec, write_fragment

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from callbeam.mkv import Dialect

BLOCK_MS = 64
"""Connect's blocks: 512 samples, 1024 bytes at 8 kHz."""

BLOCKS_PER_FRAGMENT = 16
FRAGMENT_MS = BLOCK_MS * BLOCKS_PER_FRAGMENT
"""1.024 s, as seen in captures of Connect."""

SHORT_BLOCK_MS = 12
"""The short block seen mid-track in Connect's captures: 192 bytes, while the next keeps its place on the grid."""

CODEC_PRIVATE = b"\x11\x90"
"""What Connect declares with ``A_AAC`` (AAC-LC, 48 kHz, stereo), over PCM at 8 kHz; it means nothing."""

FROM_CUSTOMER, TO_CUSTOMER = "AUDIO_FROM_CUSTOMER", "AUDIO_TO_CUSTOMER"
CHIME_TRACK = "Track_1"
"""No capture of Chime is public; the track's name is an assumption."""


@dataclass(frozen=True, slots=True)
class TrackAudio:
    """One track's audio, from the leg's start.

    Attributes
    ----------
    name : str
        The Matroska track's Name.
    pcm : int16 array, shape (n,)
    sample_rate_hz : int
    """

    name: str
    pcm: npt.NDArray[np.int16]
    sample_rate_hz: int = 8000


@dataclass(frozen=True, slots=True)
class Hole:
    """Audio that was never sent, inside fragments that were: every block that begins in [begin_ms, end_ms) of the leg.

    ``track`` None: of every track.
    """

    begin_ms: int
    end_ms: int
    track: str | None = None


@dataclass(frozen=True, slots=True)
class WireDefects:
    """How a leg falls short on the wire. Fragments are counted from 0 as they would be without defects.

    Attributes
    ----------
    missing : frozenset of int
        Fragments never sent.
    tagless, partly_tagged : frozenset of int
        Fragments without the producer's tags; with all but those that name the call.
    holes : tuple of Hole
        Audio missing inside clusters.
    short_blocks : tuple of (str, int)
        (track, block of the leg): only the first 12 ms of it were sent.
    replayed : tuple of (int, int)
        Fragments first to last, sent again after the last: same producer times, new fragment numbers.
    """

    missing: frozenset[int] = frozenset()
    tagless: frozenset[int] = frozenset()
    partly_tagged: frozenset[int] = frozenset()
    holes: tuple[Hole, ...] = ()
    short_blocks: tuple[tuple[str, int], ...] = ()
    replayed: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class WireTiming:
    """How server time follows producer time.

    Attributes
    ----------
    server_lag_ms : int
        Server time less producer time; below 0 where the producer's clock is ahead (0.97 s was seen on Connect).
    jitter_ms : int
        Up to so much later, from fragment to fragment.
    """

    server_lag_ms: int = 180
    jitter_ms: int = 40


@dataclass(frozen=True, slots=True)
class WrittenLeg:
    """A leg on the wire.

    Attributes
    ----------
    fragments : tuple of ProducerFragment
        In the order of receipt.
    delivered : dict of str to list of (int, int)
        For each track the [begin, end) of samples that some fragment holds: sorted, disjoint, non-touching.
    """

    fragments: tuple[ProducerFragment, ...]
    delivered: dict[str, list[tuple[int, int]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LegFormat:
    """A producer's way to write a leg.

    Attributes
    ----------
    dialect : Dialect
    tags : tuple of (str, str)
        The producer's tags; Connect's and Chime's follow the Cluster.
    call_tags : frozenset of str
        Names of those that say which call it is: what partly tagged fragments lack.
    audio_master : bool
        Declare PCM and its rate (``A_PCM/INT/LIT``); else ``A_AAC`` without a rate.
    track_order : str
        ``kept``; ``reversed``; or ``swapping``: reversed in every other fragment.
    """

    dialect: Dialect
    tags: tuple[tuple[str, str], ...]
    call_tags: frozenset[str]
    audio_master: bool = False
    track_order: str = "kept"


def connect_format(
    contact_id: str, instance_id: str, *, sample_rate_hz: int = 8000, track_order: str = "kept", libav: bool = False
) -> LegFormat:
    """Return how Amazon Connect writes a contact.

    Parameters
    ----------
    libav : bool
        The same tags and track names, but written by libavformat with PCM and its rate declared: how another producer
        puts audio of any rate into a stream.
    """
    tags = (
        ("ContactId", contact_id),
        ("InstanceId", instance_id),
        ("MimeType", f"audio/L16;rate={sample_rate_hz};channels=1;"),
        (FROM_CUSTOMER, "1"),  # these two name no track numbers: seen constant in either order
        (TO_CUSTOMER, "2"),
        ("Events", "[]"),
    )
    return LegFormat(LIBAV if libav else CONNECT, tags, frozenset({"ContactId", "InstanceId"}), libav, track_order)


def chime_format(transaction_id: str, chime_call_id: str, voice_connector_id: str, *, libav: bool = False) -> LegFormat:
    """Return how a Chime Voice Connector writes a leg, as far as AWS documents it."""
    tags = (
        ("TransactionId", transaction_id),
        ("CallId", chime_call_id),
        ("VoiceConnectorId", voice_connector_id),
        ("MediaType", "audio/L16"),
    )
    return LegFormat(LIBAV if libav else CHIME, tags, frozenset({"TransactionId", "CallId"}), libav)


def write_leg(
    tracks: Sequence[TrackAudio],
    *,
    start_ms: int,
    leg_format: LegFormat,
    rng: np.random.Generator,
    defects: WireDefects | None = None,
    timing: WireTiming | None = None,
) -> WrittenLeg:
    """Write a leg's audio as fragments.

    Parameters
    ----------
    tracks : sequence of TrackAudio
        In the order in which they are numbered; they may differ in length. A track is declared in the fragments
        that hold audio of it.
    start_ms : int
        Producer time of sample 0, UTC milliseconds; the first Cluster's timecode.
    leg_format : LegFormat
        The producer's way.
    rng : numpy.random.Generator
        Draws the jitter of server time.
    defects : WireDefects, optional
        How the leg falls short; by default it does not.
    timing : WireTiming, optional
        How server time follows producer time.

    Returns
    -------
    WrittenLeg
    """
    defects, timing = defects or WireDefects(), timing or WireTiming()
    longest_ms = max((len(track.pcm) * 1000 / track.sample_rate_hz for track in tracks), default=0.0)
    delivered: dict[str, list[tuple[int, int]]] = {track.name: [] for track in tracks}
    sent: list[tuple[int, ProducerFragment]] = []
    server_ms = 0
    for index in range(int(np.ceil(longest_ms / FRAGMENT_MS))):
        if index not in defects.missing:
            data = _fragment(tracks, index, start_ms, leg_format, defects, delivered)
            if data is not None:
                producer_ms = start_ms + index * FRAGMENT_MS
                lag = timing.server_lag_ms + int(rng.integers(timing.jitter_ms + 1))
                server_ms = max(server_ms + 1, producer_ms + lag)
                sent.append((index, ProducerFragment(data, server_ms, producer_ms)))
        for first, last in defects.replayed:
            if last == index:
                again = [(i, fragment) for i, fragment in sent if first <= i <= last]
                for i, fragment in dict(again).items():
                    server_ms += 20
                    sent.append((i, ProducerFragment(fragment.data, server_ms, fragment.producer_ms)))
    return WrittenLeg(tuple(fragment for _, fragment in sent), delivered)


def _fragment(
    tracks: Sequence[TrackAudio],
    index: int,
    start_ms: int,
    leg_format: LegFormat,
    defects: WireDefects,
    delivered: dict[str, list[tuple[int, int]]],
) -> bytes | None:
    """Write one fragment and note what it delivers; None if every track has nothing to say."""
    turned = leg_format.track_order == "reversed" or (leg_format.track_order == "swapping" and index % 2 == 1)
    ordered = list(reversed(tracks)) if turned else list(tracks)
    spans = [[_block_span(track, index * BLOCKS_PER_FRAGMENT + k, defects) for track in ordered] for k in range(16)]
    present = [n for n in range(len(ordered)) if any(row[n] is not None for row in spans)]
    if not present:
        return None
    specs = [_track_spec(ordered[n], number, leg_format) for number, n in enumerate(present, 1)]
    blocks: list[BlockSpec] = []
    for row in spans:
        for number, n in enumerate(present, 1):
            span, track = row[n], ordered[n]
            if span is not None:
                offset_ms = round(span[0] * 1000 / track.sample_rate_hz) - index * FRAGMENT_MS
                payload = track.pcm[span[0] : span[1]].astype("<i2").tobytes()
                blocks.append(BlockSpec(number, offset_ms, payload))
                _note(delivered[track.name], span)
    tags = leg_format.tags
    if index in defects.tagless:
        tags = ()
    elif index in defects.partly_tagged:
        tags = tuple(tag for tag in tags if tag[0] not in leg_format.call_tags)
    timecode_ms = start_ms + index * FRAGMENT_MS
    return write_fragment(
        dialect=leg_format.dialect, tracks=specs, blocks=blocks, timecode_ms=timecode_ms, tags_after=tags
    )


def _track_spec(track: TrackAudio, number: int, leg_format: LegFormat) -> TrackSpec:
    if leg_format.audio_master:
        return TrackSpec(number, track.name, "A_PCM/INT/LIT", b"", float(track.sample_rate_hz), 1, 16)
    return TrackSpec(number, track.name, "A_AAC", CODEC_PRIVATE)


def _block_span(track: TrackAudio, block: int, defects: WireDefects) -> tuple[int, int] | None:
    """Return which samples a block holds, None if it is not sent."""
    at_ms = block * BLOCK_MS
    begin = round(at_ms * track.sample_rate_hz / 1000)
    end = min(round((at_ms + BLOCK_MS) * track.sample_rate_hz / 1000), len(track.pcm))
    if begin >= end:
        return None
    if any(hole.begin_ms <= at_ms < hole.end_ms and hole.track in {None, track.name} for hole in defects.holes):
        return None
    if (track.name, block) in defects.short_blocks:
        end = min(end, begin + round(SHORT_BLOCK_MS * track.sample_rate_hz / 1000))
    return begin, end


def _note(delivered: list[tuple[int, int]], span: tuple[int, int]) -> None:
    """Add a span behind those there, joined where they touch."""
    if delivered and delivered[-1][1] == span[0]:
        delivered[-1] = (delivered[-1][0], span[1])
    else:
        delivered.append(span)


@dataclass(frozen=True, slots=True)
class ProducerFragment:
    """One fragment as its producer wrote it, without the tags that KVS adds.

    Attributes
    ----------
    data : bytes
        One whole EBML document.
    server_ms, producer_ms : int
        When KVS began to receive it, and what the producer's clock said; UTC milliseconds since the epoch.
    """

    data: bytes
    server_ms: int
    producer_ms: int


@dataclass(frozen=True, slots=True)
class StreamFragments:
    """A stream's fragments in the order in which KVS received them: ``server_ms`` never falls."""

    stream: str
    fragments: tuple[ProducerFragment, ...]
