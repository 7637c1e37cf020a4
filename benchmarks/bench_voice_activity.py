"""Voice activity on made-up calls, by SNR, and its speed: ``python benchmarks/bench_voice_activity.py [--calls N]``.

Truth and decisions both bridge pauses under 500 ms. Misses and false alarms are shares of the speech that there is;
with the collar, what lies within 250 ms of a true border does not count. A border is right if one of its kind is
decided within 100 ms. Speed is held against the published model's own loop, one window of 32 ms at a time.
"""

from __future__ import annotations

import os

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_threads] = "1"  # before numpy comes: it is read once

import argparse
import time
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime

from callbeam.audio import Channel, analyse_frames, frame_grid, frame_span
from callbeam.callmaker import make_call, varied_call
from callbeam.calls import CallIdentity, Leg
from callbeam.kvs import Stream
from callbeam.spans import SpanArray, as_spans, bridge, mask_of_spans
from callbeam.voice import SileroDetector, VoiceActivityConfig, model_path, speech_spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from callbeam.callmaker import MadeCall

    Mask = npt.NDArray[np.bool_]

RATE, HOP = 8000, 80
BRIDGED, COLLAR, NEAR = 50, 25, 10
"""Frames of 10 ms."""

ECHO_TAIL = 20
SNR_DB = ((30, 41), (20, 30), (0, 20))


@dataclass
class Score:
    """Frames and borders, added up over channels."""

    seconds: float = 0
    speech: int = 0
    missed: int = 0
    false: int = 0
    collar_speech: int = 0
    collar_missed: int = 0
    collar_false: int = 0
    music: int = 0
    tone: int = 0
    echo: int = 0
    begins: int = 0
    ends: int = 0
    utterances: int = 0
    decided: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def row(self) -> str:
        """Return it as the cells of a table."""
        collar = max(self.collar_speech, 1)
        shares = (self.missed / self.speech, self.false / self.speech, self.collar_missed / collar)
        causes = (self.collar_false, self.echo, self.music, self.tone)
        borders = (self.begins / self.utterances, self.ends / self.utterances)
        cells = [*(f"{100 * share:.2f}" for share in shares), *(f"{100 * frames / collar:.2f}" for frames in causes)]
        return " | ".join([f"{self.seconds / 60:.0f}", *cells, *(f"{100 * share:.1f}" for share in borders)])


@dataclass
class Sound:
    """A made-up channel, and what is known about it in frames."""

    pcm: npt.NDArray[np.int16]
    speech: SpanArray
    snr_db: float
    has_echo: bool
    music: SpanArray
    tones: SpanArray
    others: SpanArray


def sounds(call: MadeCall) -> Iterator[Sound]:
    """Yield a call's channels."""
    lines = {"CUSTOMER": call.spec.customer_line, "AGENT": call.spec.agent_line}
    speech = {role: frames(channel.spans / HOP) for role, channel in call.channels.items()}
    signals = {
        role: [(s.kind == "hold_music", s.begin_ms / 10, s.end_ms / 10) for s in call.script.signals if s.role == role]
        for role in lines
    }
    for role, other in (("CUSTOMER", "AGENT"), ("AGENT", "CUSTOMER")):
        heard = [*speech[other].tolist(), *(signal[1:] for signal in signals[other])]
        yield Sound(
            pcm=call.pcm[role],
            speech=speech[role],
            snr_db=lines[role].snr_db or 0.0,
            has_echo=lines[role].echo_db is not None,
            music=frames([signal[1:] for signal in signals[role] if signal[0]]),
            tones=frames([signal[1:] for signal in signals[role] if not signal[0]]),
            others=frames([(begin, end + ECHO_TAIL) for begin, end in heard]),
        )


def frames(pairs: npt.ArrayLike) -> SpanArray:
    """Round pairs to frames and bridge pauses."""
    return bridge(as_spans(np.rint(np.asarray(pairs, dtype=float)).astype(np.int64).reshape(-1, 2)), BRIDGED)


def score(sound: Sound, decided: SpanArray) -> Score:
    """Compare decided speech with the truth."""
    count = -(-len(sound.pcm) // HOP)
    decided = bridge(decided, BRIDGED)
    true, found = (mask_of_spans(spans, 0, count) for spans in (sound.speech, decided))
    borders = sound.speech.reshape(-1)
    counted = ~mask_of_spans(as_spans(np.stack((borders - COLLAR, borders + COLLAR), axis=1)), 0, count)
    false = found & ~true & counted
    music, tones, others = (mask_of_spans(spans, 0, count) for spans in (sound.music, sound.tones, sound.others))
    return Score(
        seconds=count / 100,
        speech=int(true.sum()),
        missed=int((true & ~found).sum()),
        false=int((found & ~true).sum()),
        collar_speech=int((true & counted).sum()),
        collar_missed=int((true & ~found & counted).sum()),
        collar_false=int(false.sum()),
        music=int((false & music).sum()),
        tone=int((false & tones & ~music).sum()),
        echo=int((false & others & ~music & ~tones).sum()) if sound.has_echo else 0,
        begins=near(sound.speech[:, 0], decided[:, 0]),
        ends=near(sound.speech[:, 1], decided[:, 1]),
        utterances=len(sound.speech),
        decided=len(decided),
    )


def near(true: npt.NDArray[np.int64], found: npt.NDArray[np.int64]) -> int:
    """Count the true borders that have a found one near."""
    return int((np.abs(true[:, None] - found[None]).min(axis=1) <= NEAR).sum()) if len(found) else 0


def channel_of(pcm: npt.NDArray[np.int16]) -> Channel:
    """Put samples on a leg's clock."""
    stream = Stream("arn:aws:kinesisvideo:us-east-1:111122223333:stream/bench/1700000000000", 1_700_000_000_000, 24)
    leg = Leg(CallIdentity("c", "connect"), stream, 0, 1_700_000_000_000)
    covered = np.array([[0, len(pcm)]], dtype=np.int64)
    return Channel(
        leg, "0123456789ab", "", "CUSTOMER", "default", "A_AAC", RATE, 1_700_000_000_000, 0, pcm, covered, 0, len(pcm)
    )


def published_loop(pcm: npt.NDArray[np.int16]) -> None:
    """Run the published model as its own wrapper does: window by window."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model_path()), options, providers=["CPUExecutionProvider"])
    samples = np.concatenate((np.zeros(32, np.float32), pcm.astype(np.float32) / 32768))
    state, rate = np.zeros((2, 1, 128), np.float32), np.array(RATE)
    for at in range(0, len(pcm) - 255, 256):
        _, state = session.run(None, {"input": samples[None, at : at + 288], "state": state, "sr": rate})


def main() -> None:
    """Print accuracy by SNR, with and without echo, and milliseconds per second of channel."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=60)
    parser.add_argument("--first-seed", type=int, default=9_000)
    options = parser.parse_args()
    detector, config = SileroDetector(), VoiceActivityConfig()
    totals: dict[tuple[int, bool, str], Score] = {}
    spent, seconds, pcm = 0.0, 0.0, np.zeros(0, np.int16)
    for seed in range(options.first_seed, options.first_seed + options.calls):
        for sound in sounds(make_call(varied_call(f"call-{seed}", 1_700_000_000_000, seed), seed)):
            channel, pcm = channel_of(sound.pcm), sound.pcm
            span = frame_span(channel, frame_grid(RATE))
            level = analyse_frames(channel).measures["level_dbfs"]
            detector.probabilities(channel, span) if not seconds else None  # builds the network
            begin = time.process_time()
            probabilities = detector.probabilities(channel, span)
            by_level = speech_spans(probabilities, span, config, level)
            spent += time.process_time() - begin
            seconds += len(pcm) / RATE
            group = next(index for index, (low, high) in enumerate(SNR_DB) if low <= sound.snr_db < high)
            for name, decided in (("level", by_level), ("shift", speech_spans(probabilities, span, config))):
                key = (group, sound.has_echo, name)
                totals[key] = totals.get(key, Score()) + score(sound, decided)
    columns = (
        "miss %",
        "false %",
        "collar: miss %",
        "false %",
        "of it echo",
        "music",
        "tones",
        "begins near %",
        "ends %",
    )
    print(" | ".join(("SNR dB", "echo", "borders by", "min", *columns)))
    for (group, has_echo, name), total in sorted(totals.items()):
        low, high = SNR_DB[group]
        print(f"{low} to {high} | {'yes' if has_echo else 'no'} | {name} | {total.row()}")
    begin = time.process_time()
    published_loop(pcm)
    loop = (time.process_time() - begin) * 1000 / (len(pcm) / RATE)
    ours = spent * 1000 / seconds
    print(f"published loop {loop:.2f}, callbeam {ours:.3f} ms per second of channel: {loop / ours:.1f} times as fast")


if __name__ == "__main__":
    main()
