"""Rows of a channel of which another leg's echo is taken out: what they say of speech is true of its own alone.

What rests on samples cannot be measured anew here. So an utterance or unit of which more than a tenth was taken has no
measures of its sound any more; one of which less was taken keeps those that it had.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from callbeam.analysis import UNIT_ROWS, UTTERANCE_ROWS, loudness_scores, utterance_id
from callbeam.audio import HOP_MS, HOPS_PER_SECOND
from callbeam.schemas import ACOUSTIC_MEASURES, EGEMAPS_MEASURES, UNIT_MEASURES
from callbeam.spans import bridge, clip, covered, length

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from callbeam.assembly.joined_channels import JoinedChannel
    from callbeam.assembly.legs_heard import HeardLegs, OwnSpeech
    from callbeam.assembly.window_rows import WindowRow
    from callbeam.spans import SpanArray

    Int64Array = npt.NDArray[np.int64]

MEASURED_SHARE = 0.1
"""Of so much of its speech an utterance may be rid and still sound as measured: as much as a unit may be masked."""

_SOUND_OF_UTTERANCE = ("speech_probability", *(column.name for column in (*ACOUSTIC_MEASURES, *EGEMAPS_MEASURES)))
_SOUND_OF_UNIT = tuple(column.name for column in UNIT_MEASURES)


class SpeechRows(NamedTuple):
    """A call's rows that tell of speech.

    Attributes
    ----------
    utterances, units, seconds : list of pyarrow.RecordBatch
        A batch of one channel each.
    windows : list of WindowRow
    """

    utterances: list[pa.RecordBatch]
    units: list[pa.RecordBatch]
    seconds: list[pa.RecordBatch]
    windows: list[WindowRow]


class _Leg(NamedTuple):
    """A channel's own speech, its clock, and where its samples end on it."""

    own: OwnSpeech
    start_ms: int
    end_ms: int


def own_rows(rows: SpeechRows, heard: HeardLegs, *, min_pause_ms: int) -> SpeechRows:
    """Bring rows into accord with what is left of the channels' speech.

    Parameters
    ----------
    rows : SpeechRows
        Of the call, as its channels' pieces gave them.
    heard : HeardLegs
    min_pause_ms : int
        The shortest pause that parts utterances.
    """
    legs = {one.channel_id: _leg(one, heard) for one in heard.channels if one.channel_id in heard.own}
    if not legs:
        return rows
    pause = -(-min_pause_ms // HOP_MS)
    utterances = _changed(rows.utterances, legs, lambda batch, leg: _utterances(batch, leg, pause))
    named = {name: _named([batch for batch in utterances if _owner(batch) == name], legs[name]) for name in legs}
    units = _changed(rows.units, legs, lambda batch, leg: _units(batch, leg, named[_owner(batch)]))
    seconds = _changed(rows.seconds, legs, _seconds)
    windows = _windows(rows.windows, [batch for batch in seconds if _owner(batch) in legs])
    return SpeechRows(utterances, units, seconds, windows)


def _leg(channel: JoinedChannel, heard: HeardLegs) -> _Leg:
    start_ms = channel.first.clock.start_ms
    return _Leg(heard.own[channel.channel_id], start_ms, channel.end_ms - start_ms)


def _owner(batch: pa.RecordBatch) -> str:
    return str(batch.column("channel_id")[0].as_py())


def _changed(
    batches: Sequence[pa.RecordBatch],
    legs: Mapping[str, _Leg],
    change: Callable[[pa.RecordBatch, _Leg], pa.RecordBatch],
) -> list[pa.RecordBatch]:
    """Change the batches of channels of which something was taken; those that hold no row any more are left out."""
    changed = (change(batch, legs[_owner(batch)]) if _owner(batch) in legs else batch for batch in batches)
    return [batch for batch in changed if batch.num_rows]


def _spans_of(batch: pa.RecordBatch, leg: _Leg) -> Int64Array:
    """Return where rows with ``begin_ts`` and ``duration_ms`` lie, in frames of the leg; shape (k, 2)."""
    begins = batch.column("begin_ts").cast(pa.int64()).to_numpy() - leg.start_ms
    ends = begins + batch.column("duration_ms").to_numpy()
    return np.stack((begins // HOP_MS, -(-ends // HOP_MS)), axis=1)


def _length_ms(frames: SpanArray, leg: _Leg) -> int:
    """Return how long spans of frames last: none longer than the channel."""
    return length(clip(frames * HOP_MS, 0, leg.end_ms))


def _is_sound_kept(taken: int, left: int) -> bool:
    return taken <= MEASURED_SHARE * (taken + left)


def _utterances(batch: pa.RecordBatch, leg: _Leg, pause: int) -> pa.RecordBatch:
    spans = _spans_of(batch, leg)
    taken = covered(leg.own.taken, spans)
    rows: list[dict[str, Any]] = []
    for row, span, lost in zip(batch.to_pylist(), spans.tolist(), taken.tolist(), strict=True):
        rows += _parts_of(row, span, leg, pause, lost) if lost else [row]
    return pa.RecordBatch.from_pylist(rows, schema=UTTERANCE_ROWS)


def _parts_of(row: dict[str, Any], span: tuple[int, int], leg: _Leg, pause: int, taken: int) -> list[dict[str, Any]]:
    """Return what is left of an utterance: nothing, one, or several where more than a pause was taken out."""
    speech = clip(leg.own.speech, *span)
    parts = bridge(speech, pause)
    kept = len(parts) == 1 and _is_sound_kept(taken, length(speech))
    sound = {} if kept else dict.fromkeys(_SOUND_OF_UTTERANCE)
    return [{**row, **_place_of(row, clip(speech, *part), leg), **sound} for part in parts.tolist()]


def _place_of(row: dict[str, Any], speech: SpanArray, leg: _Leg) -> dict[str, Any]:
    """Return what an utterance's row says of where it lies and how loud it is."""
    begin, end = int(speech[0, 0]), int(speech[-1, 1])
    spoken_ms, lasts_ms = _length_ms(speech, leg), min(end * HOP_MS, leg.end_ms) - begin * HOP_MS
    return {
        "utterance_id": utterance_id(row["channel_id"], begin),
        "begin_ts": leg.start_ms + begin * HOP_MS,
        "duration_ms": lasts_ms,
        "speech_ms": spoken_ms,
        "pause_count": len(speech) - 1,
        "pause_ms": lasts_ms - spoken_ms,
        "loudness_scores": loudness_scores(leg.own.level_dbfs[begin:end]),
    }


def _named(utterances: Sequence[pa.RecordBatch], leg: _Leg) -> list[tuple[str, int, int]]:
    """Return each utterance's id and span."""
    return [
        (name, *span)
        for batch in utterances
        for name, span in zip(batch.column("utterance_id").to_pylist(), _spans_of(batch, leg).tolist(), strict=True)
    ]


def _units(batch: pa.RecordBatch, leg: _Leg, utterances: Sequence[tuple[str, int, int]]) -> pa.RecordBatch:
    spans = _spans_of(batch, leg)
    taken = covered(leg.own.taken, spans)
    rows = []
    for row, (begin, end), lost in zip(batch.to_pylist(), spans.tolist(), taken.tolist(), strict=True):
        held = [
            name for name, first, last in sorted(utterances, key=lambda one: one[1]) if first < end and last > begin
        ]
        changed = {**row, "utterance_ids": held}
        if lost:
            speech = clip(leg.own.speech, begin, end)
            spoken_ms = _length_ms(speech, leg)
            sound = {} if _is_sound_kept(lost, length(speech)) else dict.fromkeys(_SOUND_OF_UNIT)
            changed |= {"speech_ms": spoken_ms, "speech_ratio": spoken_ms / row["duration_ms"], **sound}
        rows.append(changed)
    return pa.RecordBatch.from_pylist(rows, schema=UNIT_ROWS)


def _seconds(batch: pa.RecordBatch, leg: _Leg) -> pa.RecordBatch:
    first = (batch.column("start_ts").cast(pa.int64()).to_numpy() - leg.start_ms) // HOP_MS
    frames = covered(leg.own.speech, np.stack((first, first + HOPS_PER_SECOND), axis=1))
    spoken = np.minimum(frames * HOP_MS, batch.column("covered_ms").to_numpy()).astype(np.int32)
    place = batch.schema.get_field_index("speech_ms")
    return batch.set_column(place, batch.schema.field(place), pa.array(spoken))


def _windows(windows: Sequence[WindowRow], seconds: Sequence[pa.RecordBatch]) -> list[WindowRow]:
    """Sum the seconds' speech up anew, of the channels whose seconds these are."""
    spoken: dict[str, list[tuple[int, int]]] = {}
    for batch in seconds:
        starts, speech = (batch.column(name).cast(pa.int64()).to_pylist() for name in ("start_ts", "speech_ms"))
        spoken.setdefault(_owner(batch), []).extend(zip(starts, speech, strict=True))
    sums = {}
    for name, some in spoken.items():
        starts, speech = np.array(sorted(some), np.int64).T
        sums[name] = starts, np.concatenate(([0], np.cumsum(speech)))
    changed = []
    for row in windows:
        if row.channel_id in sums:
            starts, before = sums[row.channel_id]
            low, high = np.searchsorted(starts, (row.window_start_ms, row.window_start_ms + row.window_ms))
            row = row._replace(speech_ms=int(before[high] - before[low]))  # noqa: PLW2901
        changed.append(row)
    return changed
