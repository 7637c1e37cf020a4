"""How right the tables are, by signal-to-noise ratio: ``python benchmarks/bench_accuracy.py [--calls 200]``.

``--source chime`` scores the Chime calls among them alone, ``--first 1000`` other calls than those of README.md.
``--voices low child`` makes the calls of other kinds of voices (``callbeam.callmaker.voices``); README.md says which of
them were used to tune what.

Makes calls up whose truth is known (``callbeam.callmaker``: band-pass, mu-law, noise, packet loss, gain steps,
echo, overlaps, interruptions, prompts, keys, ringback, holds), every third a Chime call, the others Connect ones; at
10, 15, 20, 25, 30 and 40 dB in turn. They are read from an emulator, decoded, analysed and assembled by the plain
functions, without Beam, and scored by ``callbeam.scoring.accuracy``, which says what is compared with what:

* speech missed, false speech: share of the true speech, utterances against utterances; with a collar nothing is scored
  within 250 ms of a true border;
* borders: share of the true utterances' begins and ends that have one of the same kind within 100 ms;
* talk time, F0 median, latency p50: the median, and the 90th percentile, of the errors of all channels; latencies are
  those of Connect calls alone, as nothing tells the roles of a Chime call's legs;
* non-talk, interruptions: F1 of events that match where they overlap; ``non-talk time`` the same as time;
* hold music: share of the holds with music that are covered by half or more; speech called hold: share of the true
  speech to the customer;
* gross pitch errors: share of the frames voiced in both whose F0 is off by more than 20 %.

A goal is held against all calls, save that of speech: it is for 20 dB and better.
"""

from __future__ import annotations

import os

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_threads] = "1"  # before numpy comes: it is read once

import argparse
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import emulated
import numpy as np
from plain_job import read_parts, tables_of

from callbeam.analysis import AnalysisConfig
from callbeam.callmaker import make_call, varied_call, write_chime, write_connect
from callbeam.callmaker.music import HELD_OUT_KINDS
from callbeam.callmaker.voices import VOICE_KINDS
from callbeam.emulator import Emulator
from callbeam.scoring import CallScores, ChannelScores, SpeechScore, add_up, score_call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from callbeam.callmaker import CallTruth

SNR_DB = (10, 15, 20, 25, 30, 40)
GOOD_DB = 20
KINDS = 3
"""Of as many calls in a row one is a Chime call; they share their SNR."""

SOURCES = ("all", "connect", "chime")

LATENCY_NEAR_MS = 60

BATCH = 5
"""Calls that lie on one emulator, and whose frames are held, at a time."""


@dataclass(frozen=True)
class Scored:
    """A call's scores, and what kind of call it is."""

    snr_db: int
    chime: bool
    scores: CallScores


def score_calls(numbers: Sequence[int], voices: tuple[str, ...]) -> list[Scored]:
    """Make some calls up, analyse and score them."""
    with Emulator() as kvs:
        truths = {number: _put_call(kvs, number, voices) for number in numbers}
        job, parts = read_parts(kvs.endpoint_url, *emulated.DAY, AnalysisConfig(frames=True))
    tables = tables_of(job, parts)
    return [Scored(_snr_db(number), _is_chime(number), score_call(truth, tables)) for number, truth in truths.items()]


def _snr_db(number: int) -> int:
    return SNR_DB[number // KINDS % len(SNR_DB)]


def _is_chime(number: int) -> bool:
    return number % KINDS == KINDS - 1


def _put_call(kvs: Emulator, number: int, voices: tuple[str, ...]) -> CallTruth:
    """Put a call onto streams of its own."""
    chime = _is_chime(number)
    call_id = f"00000000-0000-4000-8000-{number:012d}"
    music, snr_db = tuple(HELD_OUT_KINDS), float(_snr_db(number))
    spec = varied_call(call_id, emulated.START_MS, number, chime=chime, snr_db=snr_db, voices=voices, music=music)
    made = make_call(spec, number)
    written = write_chime(made) if chime else write_connect(made, stream=f"contact-{number}")
    for stream in written.streams:
        kvs.add_stream(stream.stream)
        for one in stream.fragments:
            kvs.add_fragment(stream.stream, one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)
    return written.truth


@dataclass(frozen=True)
class Measure:
    """A row of the report.

    Attributes
    ----------
    label : str
    value : callable
        From calls' scores to a figure; NaN if they hold none.
    form : str
        How it is written.
    goal : float or None
        What it is held against.
    at_least : bool
        The goal is the least that will do; else the most.
    good_only : bool
        The goal is for 20 dB and better.
    """

    label: str
    value: Callable[[Sequence[CallScores]], float]
    form: str = ".1%"
    goal: float | None = None
    at_least: bool = False
    good_only: bool = False

    def text(self, calls: Sequence[CallScores]) -> str:
        """Write the figure; nothing where there is none."""
        value = self.value(calls) if calls else float("nan")
        return "" if np.isnan(value) else f"{value:{self.form}}"

    def verdict(self, every: Sequence[CallScores], good: Sequence[CallScores]) -> str:
        """Hold the figure against the goal."""
        calls = good if self.good_only else every
        if self.goal is None or not self.text(calls):
            return ""
        value = self.value(calls)
        reached = value >= self.goal if self.at_least else value <= self.goal
        side = "at least" if self.at_least else "at most"
        return f"{side} {self.goal:{self.form}}: {'passed' if reached else 'MISSED'}"


def channels_of(calls: Sequence[CallScores], role: str | None = None) -> Iterator[ChannelScores]:
    """Yield the channels of a role, or of both."""
    return (channel for call in calls for channel in call.channels if role in {None, channel.role})


def speech(calls: Sequence[CallScores], rate: str, *, collar: bool) -> float:
    """Return a rate over all channels' time."""
    scores = [channel.speech_with_collar if collar else channel.speech for channel in channels_of(calls)]
    return float(getattr(add_up(scores), rate))


def borders(calls: Sequence[CallScores]) -> float:
    return add_up(channel.borders for channel in channels_of(calls)).rate


def talk_error(calls: Sequence[CallScores], role: str, percentile: float) -> float:
    return spread((channel.talk_error for channel in channels_of(calls, role)), percentile)


def f0_error(calls: Sequence[CallScores], percentile: float) -> float:
    return spread((channel.f0_error for channel in channels_of(calls)), percentile)


def latency_error(calls: Sequence[CallScores], percentile: float) -> float:
    return spread((error for call in calls for error in call.latency_errors_ms), percentile)


def latency_near(calls: Sequence[CallScores]) -> float:
    """Return the share of channels whose median latency is right within 60 ms."""
    errors = [error for call in calls for error in call.latency_errors_ms]
    return float(np.mean(np.abs(errors) <= LATENCY_NEAR_MS)) if errors else float("nan")


def non_talk_time(calls: Sequence[CallScores]) -> float:
    """Return the F1 of milliseconds."""
    total: SpeechScore = add_up(call.non_talk_time for call in calls)
    hits = total.speech_ms - total.missed_ms
    return 2 * hits / (2 * hits + total.missed_ms + total.false_ms)


def speech_as_hold(calls: Sequence[CallScores]) -> float:
    """Return how much of what is said to the customer is called hold."""
    said = add_up(channel.speech for channel in channels_of(calls, "AGENT")).speech_ms
    return sum(call.speech_as_hold_ms for call in calls) / said


def pitch(calls: Sequence[CallScores], rate: str) -> float:
    return float(getattr(add_up(channel.pitch for channel in channels_of(calls) if channel.pitch), rate))


def spread(errors: Iterator[float | None], percentile: float) -> float:
    """Return a percentile of the errors' sizes."""
    sizes = [abs(error) for error in errors if error is not None]
    return float(np.percentile(sizes, percentile)) if sizes else float("nan")


MEASURES = (
    Measure("speech missed", partial(speech, rate="miss_rate", collar=False)),
    Measure("false speech", partial(speech, rate="false_alarm_rate", collar=False)),
    Measure("speech missed, collar", partial(speech, rate="miss_rate", collar=True)),
    Measure("false speech, collar", partial(speech, rate="false_alarm_rate", collar=True)),
    Measure("both, collar", partial(speech, rate="error_rate", collar=True), goal=0.04, good_only=True),
    Measure("borders within 100 ms", borders, goal=0.9, at_least=True),
    Measure("talk time, customer, median", partial(talk_error, role="CUSTOMER", percentile=50), goal=0.03),
    Measure("talk time, customer, p90", partial(talk_error, role="CUSTOMER", percentile=90)),
    Measure("talk time, agent, median", partial(talk_error, role="AGENT", percentile=50), goal=0.03),
    Measure("talk time, agent, p90", partial(talk_error, role="AGENT", percentile=90)),
    Measure("non-talk, F1", lambda calls: add_up(call.non_talk for call in calls).f1, ".3f", 0.95, at_least=True),
    Measure("non-talk time, F1", non_talk_time, ".3f", 0.95, at_least=True),
    Measure(
        "interruptions, F1", lambda calls: add_up(call.interruptions for call in calls).f1, ".3f", 0.9, at_least=True
    ),
    Measure("interruptions, precision", lambda calls: add_up(call.interruptions for call in calls).precision, ".3f"),
    Measure("interruptions, recall", lambda calls: add_up(call.interruptions for call in calls).recall, ".3f"),
    Measure(
        "hold music found", lambda calls: add_up(call.hold_music for call in calls).recall, goal=0.95, at_least=True
    ),
    Measure("speech called hold", speech_as_hold, ".2%", 0.01),
    Measure("gross pitch errors", partial(pitch, rate="gross_error_rate"), ".2%", 0.03),
    Measure("voiced frames found", partial(pitch, rate="voiced_found")),
    Measure("F0 median, median", partial(f0_error, percentile=50), ".2%", 0.02),
    Measure("F0 median, p90", partial(f0_error, percentile=90), ".2%"),
    Measure("latency p50 in ms, median", partial(latency_error, percentile=50), ".0f", 60),
    Measure("latency p50 in ms, p90", partial(latency_error, percentile=90), ".0f"),
    Measure("latency p50 within 60 ms", latency_near),
)


def report(scored: Sequence[Scored]) -> None:
    """Print the table."""
    every = [one.scores for one in scored]
    good = [one for one in scored if one.snr_db >= GOOD_DB]
    groups = {f"{step} dB": [one.scores for one in scored if one.snr_db == step] for step in SNR_DB}
    groups[f"{GOOD_DB} dB up"] = [one.scores for one in good]
    groups["Connect of these"] = [one.scores for one in good if not one.chime]
    groups["Chime of these"] = [one.scores for one in good if one.chime]
    groups["all"] = every
    print("| | " + " | ".join(groups) + " | goal |\n|" + "---|" * (len(groups) + 2))
    print("| calls | " + " | ".join(str(len(some)) for some in groups.values()) + " | |")
    for measure in MEASURES:
        cells = [measure.text(some) for some in groups.values()]
        verdict = measure.verdict(every, groups[f"{GOOD_DB} dB up"])
        print(f"| {measure.label} | " + " | ".join(cells) + f" | {verdict} |")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="How right the tables are, by signal-to-noise ratio.")
    parser.add_argument("--calls", type=int, default=200, help="made-up calls (default %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="number of the first: others are other calls")
    parser.add_argument("--source", choices=SOURCES, default="all", help="of these, the calls of one (default all)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default %(default)s)")
    parser.add_argument("--voices", nargs="+", choices=VOICE_KINDS, default=["modal"], help="(default modal)")
    options = parser.parse_args()
    score = partial(score_calls, voices=tuple(options.voices))
    wanted = [
        number
        for number in range(options.first, options.first + options.calls)
        if options.source in {"all", "chime" if _is_chime(number) else "connect"}
    ]
    batches = [wanted[at : at + BATCH] for at in range(0, len(wanted), BATCH)]
    with ProcessPoolExecutor(options.workers, multiprocessing.get_context("spawn")) as workers:
        report([scored for batch in workers.map(score, batches) for scored in batch])


if __name__ == "__main__":
    main()
