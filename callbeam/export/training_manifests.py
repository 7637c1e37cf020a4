"""Manifests that training programs read: NVIDIA NeMo's and lhotse's. Times are seconds from where a file begins."""

from __future__ import annotations

import glob
import gzip
import io
import json
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

import soundfile

from callbeam.errors import UsageError
from callbeam.export.destination import told
from callbeam.export.file_names import call_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from callbeam.export.destination import Destination
    from callbeam.export.labelled_calls import LabelledCall, LabelledChannel

NEMO, LHOTSE = "nemo", "lhotse"

FILES = {NEMO: ("nemo_manifest.jsonl",), LHOTSE: ("recordings.jsonl.gz", "supervisions.jsonl.gz")}

SUFFIXES = (".wav", ".flac")
"""Of the files that manifests name: those of one track, which programs read by themselves."""

NO_TEXT = "-"
"""In place of a transcript."""

UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class ChannelAudio:
    """A channel's file: its absolute path, its rate and how many samples it has."""

    path: str
    sample_rate_hz: int
    samples: int

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.samples / self.sample_rate_hz


class ManifestWriter:
    """Writes a line for each utterance of the channels whose audio is there.

    Parameters
    ----------
    files : dict of str to text file
        By name: those of the manifests that are asked for.
    audio_dir : pathlib.Path
        Where the calls' folders are.

    Attributes
    ----------
    missing : list of str
        Channels without a file, by name.
    written : int
        Channels with one.
    """

    def __init__(self, files: dict[str, TextIO], audio_dir: Path) -> None:
        self._files = files
        self._audio_dir = audio_dir
        self.missing: list[str] = []
        self.written = 0

    def add(self, call: LabelledCall) -> None:
        """Write what the manifests hold of a call."""
        for channel in call.channels:
            audio = find_audio(self._audio_dir, call.call_id, channel.channel_id)
            if audio is None:
                self.missing.append(channel.file)
                continue
            self.written += 1
            self._put("recordings.jsonl.gz", _recording(channel, audio))
            for row, begin_s, duration_s in _placed(channel, audio):
                self._put("supervisions.jsonl.gz", _supervision(call, channel, row, begin_s, duration_s))
                self._put("nemo_manifest.jsonl", _nemo(call, channel, row, begin_s, duration_s, audio))

    def _put(self, name: str, line: dict[str, Any]) -> None:
        if name in self._files:
            self._files[name].write(json.dumps(line, ensure_ascii=False) + "\n")


@contextmanager
def writing_manifests(destination: Destination, kinds: Collection[str], audio_dir: Path) -> Iterator[ManifestWriter]:
    """Open the files of manifests; they appear when the block has ended well."""
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(_text_file(stack.enter_context(destination.writing(name)), name))
            for kind in kinds
            for name in FILES[kind]
        }
        with told(destination.folder):
            yield ManifestWriter(files, audio_dir)


@contextmanager
def _text_file(path: Path, name: str) -> Iterator[TextIO]:
    """Open a file to write text, compressed if its name says so; neither name nor time gets into its bytes."""
    with path.open("wb") as raw:
        if not name.endswith(".gz"):
            yield (text := _utf8(raw))
            text.flush()
            return
        with gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed:
            yield (text := _utf8(packed))
            text.flush()


def _utf8(file: Any) -> TextIO:
    return io.TextIOWrapper(file, encoding="utf-8", newline="\n", write_through=True)


def find_audio(audio_dir: Path, call_id: str, channel_id: str) -> ChannelAudio | None:
    """Find a channel's file by its id, whatever role its name tells; None if there is none.

    Raises
    ------
    UsageError
        If it is no sound file.
    """
    folder = audio_dir / call_folder(call_id)
    for suffix in SUFFIXES:
        for path in sorted(folder.glob(f"*-{glob.escape(channel_id)}{suffix}")):
            try:
                info = soundfile.info(str(path))
            except soundfile.LibsndfileError as error:
                raise UsageError(f"{path} cannot be read ({error.error_string}): export it again") from error
            return ChannelAudio(str(path.absolute()), info.samplerate, info.frames)
    return None


def _placed(channel: LabelledChannel, audio: ChannelAudio) -> Iterator[tuple[dict[str, Any], float, float]]:
    """Yield utterances with begin and length in seconds of the file; times of the tables are rounded, files are not."""
    for row in channel.utterances:
        begin_s = max((row["begin_offset_ms"] - channel.begin_ms) / 1000, 0.0)
        end_s = min((row["end_offset_ms"] - channel.begin_ms) / 1000, audio.seconds)
        if begin_s < end_s:
            yield row, round(begin_s, 3), round(end_s - begin_s, 3)


def _nemo(
    call: LabelledCall,
    channel: LabelledChannel,
    row: dict[str, Any],
    begin_s: float,
    duration_s: float,
    audio: ChannelAudio,
) -> dict[str, Any]:
    role = channel.role or UNKNOWN
    return {
        "audio_filepath": audio.path,
        "offset": begin_s,
        "duration": duration_s,
        "text": NO_TEXT,
        "label": role,
        "speaker": role,
        "call_id": call.call_id,
        "channel_id": channel.channel_id,
        "utterance_id": row["utterance_id"],
    }


def _recording(channel: LabelledChannel, audio: ChannelAudio) -> dict[str, Any]:
    return {
        "id": channel.channel_id,
        "sources": [{"type": "file", "channels": [0], "source": audio.path}],
        "sampling_rate": audio.sample_rate_hz,
        "num_samples": audio.samples,
        "duration": audio.seconds,
        "channel_ids": [0],
    }


def _supervision(
    call: LabelledCall, channel: LabelledChannel, row: dict[str, Any], begin_s: float, duration_s: float
) -> dict[str, Any]:
    kinds = {kind: row[kind] for kind in ("is_interruption", "is_backchannel") if row[kind] is not None}
    return {
        "id": row["utterance_id"],
        "recording_id": channel.channel_id,
        "start": begin_s,
        "duration": duration_s,
        "channel": 0,
        "speaker": channel.role or UNKNOWN,
        "custom": {"call_id": call.call_id, "job_id": call.job_id, **kinds},
    }
