"""What a backfill would make of a capture's tracks: what is declared, what the blocks say, whether it is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callbeam.calls.identity import identify
from callbeam.mkv import trimmed_name
from callbeam.payload import SAMPLE_BYTES, AudioFormat, Surveyor, declared_format, decodable, is_audio, packet_samples

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callbeam.mkv import Block, Document, Track
    from callbeam.payload import TrackVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackReport:
    """A track, over a document or a leg.

    Attributes
    ----------
    name : str
        The Matroska track's Name without padding, "" if it has none.
    codec_id : str or None
    codec_private : bytes
    declared_rate_hz : float or None
        By the Audio master, else by the fragment's tags; None where neither tells, as for channels and bits.
    channels, bits : int or None
    blocks_rate_hz : float or None
        The rate that bytes and timecodes give over the leg; None if they do not tell.
    seconds : float or None
        Length of its blocks by their bytes; None for what is not decoded.
    read_as : AudioFormat or None
        How a backfill reads it; None if it does not.
    reason : str or None
        Why it does not.
    warnings : tuple of str
        What it reads otherwise than declared.
    """

    name: str
    codec_id: str | None
    codec_private: bytes
    declared_rate_hz: float | None
    channels: int | None
    bits: int | None
    blocks_rate_hz: float | None
    seconds: float | None
    read_as: AudioFormat | None
    reason: str | None
    warnings: tuple[str, ...] = ()


class LegSurvey:
    """The documents of a capture that name one call, or none, one after the other.

    Attributes
    ----------
    call_id : str or None
    first, last : int
        Indices of its documents in the capture.
    """

    def __init__(self, call_id: str | None, first: int) -> None:
        self.call_id = call_id
        self.first = self.last = first
        self._surveyor = Surveyor()

    @property
    def verdicts(self) -> dict[str, TrackVerdict]:
        """What its tracks hold, as far as that is decided."""
        return self._surveyor.verdicts

    def take(self, document: Document) -> None:
        """Add the next document."""
        self.last = document.index
        self._surveyor.take(document)

    def finish(self) -> None:
        """Decide what is left by what there is."""
        self._surveyor.finish()


def survey_legs(documents: Iterable[Document]) -> list[LegSurvey]:
    """Decide what the tracks of a capture hold, leg by leg, as reading them from a stream would.

    Parameters
    ----------
    documents : iterable of Document
        Those of a capture, in order. A document without tags goes on with the call before it.
    """
    legs: list[LegSurvey] = []
    for document in documents:
        identity = identify(document.tags)
        call_id = identity.call_id if identity is not None else None
        if not legs or (call_id is not None and legs[-1].call_id not in {None, call_id}):
            legs.append(LegSurvey(call_id, document.index))
        leg = legs[-1]
        leg.call_id = leg.call_id or call_id
        leg.take(document)
    for leg in legs:
        leg.finish()
    return legs


def report_tracks(document: Document, verdicts: dict[str, TrackVerdict]) -> dict[int, TrackReport]:
    """Describe a document's tracks, by track number.

    Parameters
    ----------
    document : Document
    verdicts : dict of str to TrackVerdict
        Of its leg.
    """
    return {track.number: _report(track, document, verdicts.get(trimmed_name(track))) for track in document.tracks}


def _report(track: Track, document: Document, verdict: TrackVerdict | None) -> TrackReport:
    declared = declared_format(track, document.tags) if is_audio(track) else None
    blocks = [block for block in document.blocks if block.track == track.number]
    form = _reading(declared, verdict, blocks, document)
    told = declared if isinstance(declared, AudioFormat) else None
    width = SAMPLE_BYTES.get(told.encoding) if told else None
    return TrackReport(
        name=trimmed_name(track),
        codec_id=track.codec_id,
        codec_private=track.codec_private,
        declared_rate_hz=track.sample_rate_hz or (told.sample_rate_hz if told else None),
        channels=track.channels or (told.channels if told else None),
        bits=track.bit_depth or (8 * width if width else None),
        blocks_rate_hz=verdict.blocks_rate_hz if verdict else None,
        seconds=None if isinstance(form, str) else _seconds(form, blocks, document),
        read_as=None if isinstance(form, str) else form,
        reason=form if isinstance(form, str) else None,
        warnings=verdict.warnings if verdict else (),
    )


def _reading(
    declared: AudioFormat | str | None, verdict: TrackVerdict | None, blocks: list[Block], document: Document
) -> AudioFormat | str:
    if declared is None:
        return "it is no audio"
    if verdict is None or not blocks:
        return "it has no blocks"
    form = decodable(verdict.reading(declared))
    return form if isinstance(form, str) else verdict.contradicted(blocks, document) or form


def _seconds(form: AudioFormat, blocks: list[Block], document: Document) -> float:
    if form.in_packets:
        samples = float(sum(packet_samples(form, document.payload(block)) for block in blocks))
    else:
        samples = sum(block.end - block.start for block in blocks) / form.frame_bytes
    return samples / (form.sample_rate_hz or 1)
