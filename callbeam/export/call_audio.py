"""One call's files: a file for each track, a stereo file, and a list of them with what they hold."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import soundfile

from callbeam.export.file_names import call_file, call_folder, channel_file
from callbeam.export.stereo import StereoMix, choose_sides

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from callbeam.calls import CallIdentity
    from callbeam.export.destination import Destination
    from callbeam.export.spooled_channel import SpooledChannel

RAW, WAV, FLAC, STEREO_WAV = "raw", "wav", "flac", "stereo-wav"
AUDIO_FORMATS = (RAW, WAV, FLAC, STEREO_WAV)
"""``raw``: 16-bit signed little-endian samples, mono, no header; ``wav`` and ``flac``: the same with one."""

WAV_LIMIT = 4_000_000_000
"""Bytes of samples that fit a WAV file; a longer one is written as RF64."""


@dataclass(frozen=True, slots=True)
class ExportedCall:
    """A call that was written.

    Attributes
    ----------
    call_id : str
    files : tuple of pathlib.Path
        Audio first, then the list of it. None if the call holds no audio.
    start_ms, duration_ms : int
        UTC milliseconds of the stereo file's first sample, and its length.
    notes : tuple of str
        What its user should know.
    """

    call_id: str
    files: tuple[Path, ...]
    start_ms: int = 0
    duration_ms: int = 0
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class CallAudio:
    """What has been read of a call.

    Attributes
    ----------
    identity : CallIdentity
    channels : list of SpooledChannel
    by_status : Counter of str
        Its fragments by what became of them.
    facts : dict
        What else its list of files says.
    notes : list of str
    """

    identity: CallIdentity
    channels: list[SpooledChannel]
    by_status: Counter[str]
    facts: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def write_call(call: CallAudio, formats: Collection[str], destination: Destination) -> ExportedCall:
    """Write a call's files into a folder of its own; its channels' unfinished files are used up.

    Parameters
    ----------
    call : CallAudio
    formats : collection of str
        Of ``AUDIO_FORMATS``.
    destination : Destination

    Raises
    ------
    JobError
        If a file cannot be written.
    """
    call_id = call.identity.call_id
    if not call.channels:
        return ExportedCall(call_id, (), notes=(*call.notes, "no audio could be decoded"))
    folder = call_folder(call_id)
    start_ms = min(channel.about.clock_start_ms for channel in call.channels)
    end_ms = max(_end_ms(channel) for channel in call.channels)
    notes, stereo = list(call.notes), None
    formats = tuple(dict.fromkeys(formats))  # one that is asked for twice is written once
    files: list[Path] = []
    if STEREO_WAV in formats:
        name = f"{folder}/{call_file(start_ms, 'stereo')}.wav"
        stereo = _write_stereo(call, start_ms, name, destination, notes)
        files.append(destination.folder / name)
    rows = []
    for channel in call.channels:
        names = _write_channel(channel, folder, [form for form in formats if form != STEREO_WAV], destination)
        files += [destination.folder / name for name in names]
        rows.append(_channel_row(channel, start_ms, names))
    files.append(destination.folder / folder / f"{call_file(start_ms, 'call')}.json")
    listing = {
        "call_id": call_id,
        "source": call.identity.source,
        "start_ms": start_ms,
        "duration_ms": end_ms - start_ms,
        **call.facts,
        "fragments": dict(sorted(call.by_status.items())),
        "stereo": stereo,
        "channels": rows,
    }
    with destination.writing(f"{folder}/{files[-1].name}") as path:
        path.write_text(json.dumps(listing, indent=1) + "\n", encoding="utf-8")
    return ExportedCall(call_id, tuple(files), start_ms, end_ms - start_ms, tuple(notes))


def _write_stereo(
    call: CallAudio, start_ms: int, name: str, destination: Destination, notes: list[str]
) -> dict[str, Any]:
    """Write the stereo file; return what the list says of it."""
    sides = choose_sides(call.channels)
    mix = StereoMix(sides, start_ms, destination)
    notes += mix.notes
    with destination.writing(name) as path:
        _encode(path, "WAV", mix.sample_rate_hz, 2, mix.samples, mix.blocks())
    return {
        "file": name.rpartition("/")[2],
        "sample_rate_hz": mix.sample_rate_hz,
        "left": [channel.about.channel_id for channel in sides.left],
        "right": [channel.about.channel_id for channel in sides.right],
        "left_out": [channel.about.channel_id for channel in sides.left_out],
    }


def _write_channel(channel: SpooledChannel, folder: str, formats: Sequence[str], destination: Destination) -> list[str]:
    """Write a channel's files; return their names."""
    about = channel.about
    stem = channel_file(about.clock_start_ms, about.participant_role, about.track_name, about.channel_id)
    names = []
    for form in formats:
        name = f"{folder}/{stem}.{form}"
        with destination.writing(name) as path:
            if form == RAW:
                shutil.copyfile(channel.path, path)
            else:
                samples = channel.end - channel.begin
                _encode(path, form.upper(), channel.sample_rate_hz, 1, samples, channel.blocks())
        names.append(name)
    channel.path.unlink()
    return names


def _encode(
    path: Path, form: str, rate_hz: int, width: int, samples: int, blocks: Iterable[npt.NDArray[np.int16]]
) -> None:
    if form == "WAV" and 2 * width * samples > WAV_LIMIT:
        form = "RF64"
    with soundfile.SoundFile(path, "w", rate_hz, width, "PCM_16", format=form) as file:
        for block in blocks:
            file.write(block)


def _channel_row(channel: SpooledChannel, start_ms: int, names: Sequence[str]) -> dict[str, Any]:
    about, covered = channel.about, channel.covered
    begin_ms = about.clock_start_ms + channel.begin * 1000 // channel.sample_rate_hz
    silent = channel.end - channel.begin - channel.samples
    return {
        "channel_id": about.channel_id,
        "participant_role": about.participant_role,
        "role_source": about.role_source,
        "track_name": about.track_name,
        "track_channel": about.track_channel,
        "stream_arn": about.leg.stream.arn,
        "leg_first_fragment": str(about.leg.first_number),
        "sample_rate_hz": channel.sample_rate_hz,
        "begin_offset_ms": begin_ms - start_ms,
        "end_offset_ms": _end_ms(channel) - start_ms,
        "samples": channel.samples,
        "gap_count": len(covered) - 1,
        "gap_samples": silent,
        "files": [name.rpartition("/")[2] for name in names],
    }


def _end_ms(channel: SpooledChannel) -> int:
    return channel.about.clock_start_ms - (-channel.end * 1000 // channel.sample_rate_hz)
