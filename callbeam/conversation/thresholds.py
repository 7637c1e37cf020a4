"""Where the lines of the conversation's definitions are drawn."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Thresholds:
    """The figures in ``docs/definitions.md``; the events hold the measures that they are compared with.

    Attributes
    ----------
    min_pause_ms : int
        Pauses from here on end an utterance; those shorter do not stop a speaker.
    non_talk_ms : int
        Silence of all from here on is non-talk.
    lost_ms : int
        Masked audio from here on ends non-talk, whatever surrounds it.
    prior_speech_ms : int
        An interrupted participant has spoken for at least so long.
    overlap_ms : int
        An interruption overlaps for at least so long; a terminal overlap for less.
    stop_within_ms : int
        Within this after an interruption's begin the other stops.
    go_on_ms : int
        An interrupter goes on for at least so long after the other's stop.
    backchannel_ms : int
        A backchannel is shorter.
    monologue_ms : int
        A long monologue is at least so long.
    """

    min_pause_ms: int = 500
    non_talk_ms: int = 3000
    lost_ms: int = 2000
    prior_speech_ms: int = 500
    overlap_ms: int = 500
    stop_within_ms: int = 1500
    go_on_ms: int = 1000
    backchannel_ms: int = 1000
    monologue_ms: int = 60_000


DEFAULT_THRESHOLDS = Thresholds()
