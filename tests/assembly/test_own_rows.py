"""Rows of a leg after anything at all was taken out of its speech: they agree with each other and with what is left."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pyarrow as pa
from builders.analysed_legs import leg_parts
from builders.channels import make_channel
from builders.jobs import DAY_START_MS, make_leg
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.assembly import WindowConfig, call_parts, channel_windows, unpack
from callbeam.assembly.joined_channels import JoinedChannel, join_parts
from callbeam.assembly.legs_heard import HeardLegs, OwnSpeech
from callbeam.assembly.own_rows import SpeechRows, own_rows
from callbeam.callmaker import CUSTOMER, CallSpec, ConversationSpec, LineConditions, make_call
from callbeam.legs import LevelTrack, join_tracks, take_out_leaks
from callbeam.spans import as_spans, clip, covered, length, mask_of_spans, subtract

FRAMES = 6000
SPANS = st.lists(st.tuples(st.integers(0, FRAMES), st.integers(1, 900)), max_size=12).map(
    lambda pairs: as_spans((begin, begin + count) for begin, count in pairs)
)


@cache
def leg() -> tuple[JoinedChannel, SpeechRows, LevelTrack]:
    """A minute of a leg that begins off the second, ends within a frame, has a gap, and is two pieces."""
    line = LineConditions(snr_db=30, echo_db=-18)
    made = make_call(CallSpec("c-1", 0, ConversationSpec(duration_ms=60_000), line), seed=4).pcm[CUSTOMER][
        : 60 * 8000 - 37
    ]
    begin_ms = DAY_START_MS + 3_600_123
    of_call = make_leg(begin_ms)
    of_call = replace(of_call, identity=replace(of_call.identity, source="chime"))
    fields = {"leg": of_call, "channel_id": "leg", "clock_start_ms": begin_ms}
    covered_samples, border = np.array([[0, 200_000], [216_000, len(made)]]), 280_000
    pieces = []
    for core in ((0, border), (border, len(made))):
        first, end = max(core[0] - 240_000, 0), min(core[1] + 240_000, len(made))
        inside = clip(covered_samples, first, end)
        pieces.append([make_channel(made[first:end], first_sample=first, covered=inside, core=core, **fields)])
    parts = leg_parts(pieces, begin_ms + 60_000)
    by_kind = {kind: [part.value for part in parts if part.kind == kind] for kind in {part.kind for part in parts}}
    utterances, units, seconds = (
        [unpack(kind, getattr(value, "rows", value)) for value in by_kind[kind]]
        for kind in (call_parts.UTTERANCES, call_parts.UNITS, call_parts.SECONDS)
    )
    rows = SpeechRows(utterances, units, seconds, channel_windows(seconds, WindowConfig()))
    (channel,) = join_parts(by_kind[call_parts.CHANNELS])
    return channel, rows, join_tracks(by_kind[call_parts.TRACKS])


def spans_ms(batches: list[pa.RecordBatch], start_ms: int) -> np.ndarray:
    rows = [row for batch in batches for row in batch.select(["begin_ts", "duration_ms"]).to_pylist()]
    begins = [round(row["begin_ts"].timestamp() * 1000) - start_ms for row in rows]
    return np.array([(begin, begin + row["duration_ms"]) for begin, row in zip(begins, rows, strict=True)]).reshape(
        -1, 2
    )


@settings(max_examples=60, deadline=None)
@given(explained=SPANS, pause_ms=st.sampled_from([100, 500, 1500]))
def test_rows_agree_whatever_is_taken(explained: np.ndarray, pause_ms: int) -> None:
    channel, rows, track = leg()
    start_ms = channel.first.clock.start_ms
    leg_ms = channel.voice.speech - start_ms
    speech = np.stack((leg_ms[:, 0] // 10, -(-leg_ms[:, 1] // 10)), axis=1)
    own = take_out_leaks(speech, track.level_dbfs, mask_of_spans(explained, 0, len(track.level_dbfs)))
    taken = subtract(speech, own)
    heard = HeardLegs([channel], {}, {"leg": OwnSpeech(own, taken, track.level_dbfs)} if len(taken) else {})
    after = own_rows(rows, heard, min_pause_ms=pause_ms)
    if not len(taken):
        assert after is rows
        return
    own_ms = clip(own * 10, 0, channel.end_ms - start_ms)

    def total(batches: list[pa.RecordBatch]) -> int:
        return sum(sum(batch.column("speech_ms").to_pylist()) for batch in batches)

    assert total(after.utterances) == total(after.seconds) == length(own_ms)
    said, before = spans_ms(after.utterances, start_ms), spans_ms(rows.utterances, start_ms)
    assert np.all(said[1:, 0] >= said[:-1, 1])
    assert np.array_equal(covered(as_spans(before.tolist()), said), said[:, 1] - said[:, 0])
    held = [row for batch in after.utterances for row in batch.to_pylist()]
    assert len({row["utterance_id"] for row in held}) == len(held)
    for row, span in zip(held, said, strict=True):
        assert row["speech_ms"] == int(covered(own_ms, span[None])[0]) == row["duration_ms"] - row["pause_ms"]
        assert (row["pause_count"] == 0) == (row["pause_ms"] == 0)
        lost = int(covered(taken * 10, span[None])[0])
        assert row["level_mean_dbfs"] is None or lost <= 0.1 * (lost + row["speech_ms"])
    units = [row for batch in after.units for row in batch.to_pylist()]
    for row, span in zip(units, spans_ms(after.units, start_ms), strict=True):
        assert row["speech_ms"] == int(covered(own_ms, span[None])[0])
        within = (said[:, 0] < span[1]) & (said[:, 1] > span[0])
        assert row["utterance_ids"] == [one["utterance_id"] for one, inside in zip(held, within, strict=True) if inside]
    assert len(units) == sum(batch.num_rows for batch in rows.units)
    for window, old in zip(after.windows, rows.windows, strict=True):
        assert window._replace(speech_ms=0) == old._replace(speech_ms=0)
        assert window.speech_ms <= old.speech_ms
