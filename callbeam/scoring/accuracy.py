"""How right the tables of a made-up call are, in the terms of ``scoring``.

What is compared with what:

* speech: the utterances' spans with the truth's, on which pauses under 500 ms are bridged alike, where there is audio;
  with and without a collar of 250 ms around each true border;
* borders: of true utterances; one counts if an utterance begins (or ends) within 100 ms of it;
* talk time: the sum of a role's utterances, as a relative error;
* events of one kind match where they overlap; interruptions by channel;
* a hold with music is found if hold phases and events ``hold_music`` on its channel cover at least half of it; such an
  event, or a phase, in no true hold is one too many; and what they cover of true speech is counted;
* pitch: frame by frame, over frames that are voiced in both; and the channel's median;
* latency: a role's median over the call.

Channels are found by stream and track, as a Chime call's have no role until records tell it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callbeam.callmaker import AGENT, AGENT_PHASE, ROLES, heard_speech, non_talk, talk_figures
from callbeam.scoring.detector_scores import (
    BorderScore,
    MatchScore,
    PitchScore,
    SpeechScore,
    add_up,
    border_score,
    match_events,
    pitch_score,
    speech_score,
)
from callbeam.spans import as_spans, covered, intersect, length, subtract
from callbeam.stream_arns import stream_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from callbeam.callmaker import CallTruth, ChannelTruth
    from callbeam.spans import SpanArray

COLLAR_MS = 250


@dataclass(frozen=True, slots=True)
class ChannelScores:
    """One role's channel against its truth; errors are None where one side has nothing to compare.

    Attributes
    ----------
    role : str
    snr_db : float or None
        Of the line, as it was made.
    speech, speech_with_collar : SpeechScore
    borders : BorderScore
    talk_error : float or None
        Relative error of the talk time.
    pitch : PitchScore or None
        None without rows of table ``frames``.
    f0_error : float or None
        Relative error of the channel's median F0.
    """

    role: str
    snr_db: float | None
    speech: SpeechScore
    speech_with_collar: SpeechScore
    borders: BorderScore
    talk_error: float | None
    pitch: PitchScore | None
    f0_error: float | None


@dataclass(frozen=True, slots=True)
class CallScores:
    """A call against its truth.

    Attributes
    ----------
    channels : tuple of ChannelScores
    non_talk, interruptions : MatchScore
    non_talk_time : SpeechScore
        The same as time: what is called speech there is non-talk here.
    latency_errors_ms : tuple of float
        Found less true median, for each role that has both.
    hold_music : MatchScore
        Holds with music.
    speech_as_hold_ms : int
        True speech to the customer that is called hold.
    """

    channels: tuple[ChannelScores, ...]
    non_talk: MatchScore
    interruptions: MatchScore
    non_talk_time: SpeechScore
    latency_errors_ms: tuple[float, ...]
    hold_music: MatchScore
    speech_as_hold_ms: int


def score_call(truth: CallTruth, tables: Mapping[str, pa.Table]) -> CallScores:
    """Score the rows of one made-up call.

    Parameters
    ----------
    truth : CallTruth
    tables : mapping of str to pyarrow.Table
        ``calls``, ``channels``, ``utterances``, ``events``, ``phases``, and ``frames`` if they were asked for; other
        calls' rows may be among them.

    Raises
    ------
    ValueError
        If table ``calls`` does not hold the call once.
    """
    own = {name: table.filter(pc.equal(table["call_id"], truth.call_id)) for name, table in tables.items()}
    call_rows = own["calls"].to_pylist()
    if len(call_rows) != 1:
        raise ValueError(f"table calls holds {truth.call_id} {len(call_rows)} times, not once")
    (call,) = call_rows
    rows = {role: _channel_row(channel, own["channels"]) for role, channel in truth.channels.items()}
    columns = ["event_type", "channel_id", "begin_offset_ms", "end_offset_ms", "tone_kind"]
    events = own["events"].select(columns).to_pylist()
    hold = _called_hold(events, own["phases"], rows)
    begin_ms = truth.agent_on_line_ms if call["metrics_scope"] == AGENT_PHASE else 0
    silences = non_talk(truth, begin_ms)
    found = [_span(event) for event in events if event["event_type"] == "non_talk"]
    return CallScores(
        channels=tuple(
            _score_channel(truth, channel, rows[role], call["call_start_ts"], own)
            for role, channel in truth.channels.items()
        ),
        non_talk=match_events(silences, found),
        interruptions=_score_interruptions(truth, events, rows, begin_ms),
        non_talk_time=speech_score(silences, as_spans(found), as_spans([(begin_ms, truth.duration_ms)])),
        latency_errors_ms=_latency_errors(truth, call),
        hold_music=_score_hold_music(truth, hold),
        speech_as_hold_ms=length(intersect(hold, heard_speech(truth, AGENT))) if AGENT in truth.channels else 0,
    )


def _channel_row(channel: ChannelTruth, channels: pa.Table) -> dict[str, Any]:
    """Return the channel's row of table ``channels``, NULLs if there is none."""
    rows = channels.filter(pc.equal(channels["track_name"], channel.track_name)).to_pylist()
    own = (row for row in rows if stream_name(row["stream_arn"]) == channel.stream)
    return next(own, dict.fromkeys(channels.schema.names))


def _score_channel(
    truth: CallTruth, channel: ChannelTruth, row: dict[str, Any], call_start: Any, own: Mapping[str, pa.Table]
) -> ChannelScores:
    spoken, found = heard_speech(truth, channel.role), _spans(_rows_of(own["utterances"], row))
    audio = subtract(as_spans([(channel.begin_ms, channel.end_ms)]), as_spans(channel.gaps))
    f0_hz = row["f0_median_hz"]
    frames = _rows_of(own["frames"], row) if "frames" in own else None
    return ChannelScores(
        role=channel.role,
        snr_db=channel.snr_db,
        speech=speech_score(spoken, found, audio),
        speech_with_collar=speech_score(spoken, found, audio, COLLAR_MS),
        borders=border_score(spoken, found),
        talk_error=length(found) / length(spoken) - 1 if len(spoken) else None,
        pitch=None if frames is None else _score_pitch(channel, frames, call_start),
        f0_error=f0_hz / channel.f0_median_hz - 1 if f0_hz and channel.f0_median_hz else None,
    )


def _rows_of(rows: pa.Table, channel: dict[str, Any]) -> pa.Table:
    """Return a channel's rows."""
    return rows.filter(pc.equal(rows["channel_id"], pa.scalar(channel["channel_id"], pa.string())))


def _spans(rows: pa.Table) -> SpanArray:
    begins, ends = (rows[name].to_pylist() for name in ("begin_offset_ms", "end_offset_ms"))
    return as_spans(zip(begins, ends, strict=True))


def _span(event: dict[str, Any]) -> tuple[int, int]:
    return event["begin_offset_ms"], event["end_offset_ms"]


def _score_interruptions(
    truth: CallTruth, events: list[dict[str, Any]], rows: Mapping[str, dict[str, Any]], begin_ms: int
) -> MatchScore:
    scores = []
    happened = [one for one in events if one["event_type"] == "interruption"]
    for role, row in rows.items():
        meant = [
            (event.begin_ms, event.end_ms)
            for event in truth.events
            if event.kind == "interruption" and event.role == role and event.begin_ms >= begin_ms
        ]
        found = [_span(one) for one in happened if one["channel_id"] == row["channel_id"]]
        scores.append(match_events(meant, found))
    return add_up(scores)


def _called_hold(events: list[dict[str, Any]], phases: pa.Table, rows: Mapping[str, dict[str, Any]]) -> SpanArray:
    """Return what is called hold, by a phase or by an event on the channel to the customer."""
    channel_id = rows[AGENT]["channel_id"] if AGENT in rows else None
    spans = [_span(phase) for phase in phases.to_pylist() if phase["phase"] == "hold"]
    music = (one for one in events if one["tone_kind"] == "hold_music" and one["channel_id"] == channel_id)
    return as_spans([*spans, *map(_span, music)])


def _score_hold_music(truth: CallTruth, hold: SpanArray) -> MatchScore:
    holds = [event for event in truth.events if event.kind == "hold"]
    music = as_spans((event.begin_ms, event.end_ms) for event in holds if event.measures["sound"] == "music")
    found = int(np.count_nonzero(2 * covered(hold, music) >= music[:, 1] - music[:, 0]))
    anywhere = covered(as_spans((event.begin_ms, event.end_ms) for event in holds), hold)
    return MatchScore(found, len(music) - found, int(np.count_nonzero(anywhere == 0)))


def _score_pitch(channel: ChannelTruth, frames: pa.Table, call_start: Any) -> PitchScore:
    """Compare the F0 of each hop; the truth's lies in the middle of the hop, too."""
    start_ms = pa.scalar(call_start, pa.timestamp("ms", tz="UTC")).cast(pa.int64()).as_py()
    offsets = frames["ts"].cast(pa.int64()).to_numpy() - start_ms
    at = np.rint((offsets - channel.f0_begin_ms) / channel.f0_hop_ms).astype(np.int64)
    true_hz = np.array([np.nan if hz is None else hz for hz in channel.f0_hz], np.float64)
    known = (at >= 0) & (at < len(true_hz))
    found_hz: npt.NDArray[np.float64] = frames["f0_hz"].to_numpy().astype(np.float64)
    return pitch_score(true_hz[at[known]], found_hz[known])


def _latency_errors(truth: CallTruth, call: dict[str, Any]) -> tuple[float, ...]:
    true_ms = talk_figures(truth, call["metrics_scope"]).latency_ms
    pairs = ((call[f"response_latency_{role.lower()}_p50_ms"], true_ms[role]) for role in ROLES)
    return tuple(found - true for found, true in pairs if found is not None and true is not None)
