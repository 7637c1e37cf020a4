"""Looks at a leg's first fragments, track by track, before anything of a track is placed.

A track is decided once, by what its first 20 fragments hold; by more of them while they are silent, for silence tells
nothing of byte order. Whoever places the leg's samples, a whole leg or a later piece of it, is told what was decided.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from callbeam.mkv import trimmed_name
from callbeam.payload.block_statistics import Pair, block_pairs
from callbeam.payload.format_detection import TrackEvidence, TrackVerdict, judge
from callbeam.payload.formats import AudioFormat, declared_format, is_audio

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callbeam.mkv import Block, Document, Track

SURVEYED = 20
"""Fragments with a track that are looked at: 20 s, as producers write them."""

SURVEYED_AT_MOST = 160
"""The same for a track that is silent so long."""

PAYLOAD_BYTES = 1 << 18
"""Most of a track's payload that is looked at."""

ENOUGH_BYTES = 1 << 15
"""Payload that is not silent, below which more fragments are looked at: 2 s of telephone audio."""

WHOLE_SAMPLES = 24
"""Bytes that are whole samples of 8, 16, 24, 32 and 64 bits."""

PACKETS = 64
"""Blocks whose headers are looked at."""

PACKET_BYTES = 1 << 13
"""A longer block is no packet of a codec of audio; its beginning stands for it."""


@dataclass(slots=True)
class _Gathered:
    """Evidence of one track, as it comes in."""

    fragments: int = 0
    declared: dict[AudioFormat | str, None] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    payload: bytearray = field(default_factory=bytearray)
    packets: list[bytes] = field(default_factory=list)
    single: tuple[int, int] | None = None  # bytes and ns of the fragment before, where it held one block

    def take(self, track: Track, blocks: list[Block], document: Document) -> None:
        self.fragments += 1
        declared = declared_format(track, document.tags)
        self.declared[declared] = None
        if isinstance(declared, str):
            return  # blocks that are not decoded tell nothing of those that are
        self.sizes += [block.end - block.start for block in blocks]
        pairs = block_pairs(blocks, document.timecode_scale_ns)
        if document.coarse:  # a fragment may begin in the middle of a tick; packets are shorter than some
            pairs = [] if declared.in_packets else pairs[1:]
        self.pairs += pairs
        self._take_single(blocks, document)
        for block in blocks:
            payload = document.payload(block)
            if len(self.packets) < PACKETS and payload:
                self.packets.append(bytes(payload[:PACKET_BYTES]))
            if len(self.payload) < PAYLOAD_BYTES:
                # of silence, just so much that what follows stays at the same byte of a sample
                self.payload += payload[: len(payload) % WHOLE_SAMPLES] if _repeats(payload) else payload

    def _take_single(self, blocks: list[Block], document: Document) -> None:
        """Compare fragments of one block each with each other: within them there is nothing to compare."""
        before, self.single = self.single, None
        if len(blocks) == 1:
            at = blocks[0].timecode * document.timecode_scale_ns
            if before is not None and 0 < at - before[1] <= 4 * (before[0] * 1e9 / 16_000) and before[0] >= 1_600:
                self.pairs.append(Pair(before[0], at - before[1]))
            self.single = (blocks[0].end - blocks[0].start, at)

    def enough(self) -> bool:
        """Tell whether the track can be decided, or will not become clearer."""
        if self.fragments >= SURVEYED_AT_MOST or not any(isinstance(form, AudioFormat) for form in self.declared):
            return self.fragments >= SURVEYED
        return self.fragments >= SURVEYED and len(self.payload) >= ENOUGH_BYTES

    def evidence(self, name: str) -> TrackEvidence:
        return TrackEvidence(
            name,
            tuple(self.declared),
            tuple(self.sizes),
            tuple(self.pairs),
            bytes(self.payload),
            tuple(self.packets),
        )


class Surveyor:
    """Gathers evidence of a leg's tracks and decides each as soon as it can be.

    Attributes
    ----------
    verdicts : dict of str to TrackVerdict
        By track name; it only grows.
    """

    def __init__(self) -> None:
        self.verdicts: dict[str, TrackVerdict] = {}
        self._gathered: dict[str, _Gathered] = {}

    def take(self, document: Document | None) -> None:
        """Take the leg's next document, in order."""
        if document is None or all(trimmed_name(track) in self.verdicts for track in document.tracks):
            return
        for track, blocks in audio_tracks(document)[0]:
            name = trimmed_name(track)
            if name not in self.verdicts:
                gathered = self._gathered.setdefault(name, _Gathered())
                gathered.take(track, blocks, document)
                if gathered.enough():
                    self._decide(name)

    def settled(self, document: Document | None) -> bool:
        """Tell whether all tracks that a document, taken before, holds audio of are decided."""
        if document is None or not self._gathered:
            return True
        return all(trimmed_name(track) not in self._gathered for track in document.tracks)

    def finish(self) -> None:
        """Decide what is left by what there is."""
        for name in list(self._gathered):
            self._decide(name)

    def _decide(self, name: str) -> None:
        self.verdicts[name] = judge(self._gathered.pop(name).evidence(name))


def survey(documents: Iterable[Document | None]) -> dict[str, TrackVerdict]:
    """Tell what the payload of each track of a leg is, as reading the leg would.

    Parameters
    ----------
    documents : iterable of Document
        The leg's, in order; all of them, or the first ones.

    Returns
    -------
    dict of str to TrackVerdict
        By track name ("" for a track without one), in order of appearance: ``declared`` is what the fragments say,
        ``form`` how the payload is read (encoding, rate, channels) or the reason why it is not, ``blocks_rate_hz`` the
        rate that bytes and timecodes give, ``warnings`` what is read otherwise than declared.

    Examples
    --------
    >>> from callbeam import read_capture
    >>> for name, verdict in survey(read_capture("capture.mkv")).items():
    ...     print(name, verdict.form.encoding, verdict.form.sample_rate_hz)
    AUDIO_FROM_CUSTOMER s16le 8000
    AUDIO_TO_CUSTOMER s16le 8000
    """
    surveyor = Surveyor()
    for document in documents:
        surveyor.take(document)
    surveyor.finish()
    return surveyor.verdicts


def audio_tracks(document: Document) -> tuple[list[tuple[Track, list[Block]]], list[int]]:
    """Group the blocks of audio tracks in the order in which the tracks are declared.

    Returns
    -------
    (list of (Track, list of Block), list of int)
        Audio tracks that have blocks; and the numbers of tracks that have blocks but are not declared, sorted.
    """
    by_number: dict[int, list[Block]] = defaultdict(list)
    for block in document.blocks:
        by_number[block.track].append(block)
    audio = []
    for track in document.tracks:
        found = by_number.pop(track.number, None)
        if found is not None and is_audio(track):
            audio.append((track, found))
    return audio, sorted(by_number)


def _repeats(payload: memoryview) -> bool:
    """Tell whether a payload is silence: the same few bytes all over."""
    return len(payload) < 8 or payload[:-4] == payload[4:]
