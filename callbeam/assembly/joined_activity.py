"""Who speaks when on a channel, joined over its pieces; UTC milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from callbeam.audio import PEAKS_PER_SECOND
from callbeam.line import GAP, Detection
from callbeam.spans import as_spans, length, subtract, union
from callbeam.timeline import PIECE_MS
from callbeam.voice import join_voice_levels

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from callbeam.analysis import ChannelVoice
    from callbeam.spans import SpanArray

_NO_AUDIO = -1


@dataclass(frozen=True, slots=True)
class JoinedVoice:
    """What all pieces of a channel tell of speech.

    Attributes
    ----------
    speech : SpanArray
        What is decided to be speech, pauses left out.
    masked : SpanArray
        Gaps, and what was declared to be neither speech nor silence.
    detections : tuple of Detection
        Sorted by begin; those that a border between pieces had cut are whole again. Gaps are among them.
    echoed : bool
        Some of what sounded like speech was another's echo.
    columns : dict of str to object
        Of table ``channels``.
    """

    speech: SpanArray
    masked: SpanArray
    detections: tuple[Detection, ...]
    echoed: bool
    columns: dict[str, Any]


def join_voices(voices: Mapping[int, ChannelVoice], start_ms: int) -> JoinedVoice:
    """Join what the pieces of one channel tell.

    Parameters
    ----------
    voices : mapping of int to ChannelVoice
        By index of the piece in its leg, at least one.
    start_ms : int
        The leg's clock zero, UTC milliseconds.
    """
    covered = union(*(voice.covered for voice in voices.values()))
    gaps = subtract(as_spans([(covered[0, 0], covered[-1, 1])]), covered)
    detections = [
        *_whole(detection for voice in voices.values() for detection in voice.detections),
        *(Detection(GAP, *gap) for gap in gaps.tolist()),
    ]
    shifted = (
        detection._replace(begin_ms=detection.begin_ms + start_ms, end_ms=detection.end_ms + start_ms)
        for detection in sorted(
            detections, key=lambda detection: (detection.begin_ms, detection.end_ms, detection.kind)
        )
    )
    speech = union(*(voice.speech for voice in voices.values()))
    levels = join_voice_levels(voice.levels for voice in voices.values())
    return JoinedVoice(
        speech=speech + start_ms,
        masked=union(gaps, *(voice.declared for voice in voices.values())) + start_ms,
        detections=tuple(shifted),
        echoed=any(voice.echoed for voice in voices.values()),
        columns={"speech_ms": length(speech), **levels, "peaks": _peaks(voices)},
    )


def _whole(detections: Iterable[Detection]) -> list[Detection]:
    """Put detections together again that end where another of their kind begins: a border between pieces cut them."""
    ordered = sorted(
        detections,
        key=lambda detection: (
            detection.kind,
            detection.tone_kind or "",
            detection.dtmf_digit or "",
            detection.begin_ms,
        ),
    )
    whole: list[Detection] = []
    for _, some in groupby(ordered, key=lambda detection: (detection.kind, detection.tone_kind, detection.dtmf_digit)):
        first, *others = some
        whole.append(first)
        for detection in others:
            if detection.begin_ms == whole[-1].end_ms and detection.begin_ms % PIECE_MS == 0:
                clipped = (
                    None
                    if detection.clipped_samples is None
                    else detection.clipped_samples + (whole[-1].clipped_samples or 0)
                )
                whole[-1] = whole[-1]._replace(end_ms=detection.end_ms, clipped_samples=clipped)
            else:
                whole.append(detection)
    return whole


def _peaks(voices: Mapping[int, ChannelVoice]) -> list[int | None]:
    """Lay the pieces' peaks out from the leg's clock zero on; NULL where there is no audio."""
    per_piece = PIECE_MS * PEAKS_PER_SECOND // 1000
    count = max(piece * per_piece + len(voice.peaks) for piece, voice in voices.items())
    peaks = np.full(count, _NO_AUDIO, np.int8)
    for piece, voice in voices.items():
        at = piece * per_piece
        peaks[at : at + len(voice.peaks)] = voice.peaks
    return [None if peak == _NO_AUDIO else peak for peak in peaks.tolist()]
