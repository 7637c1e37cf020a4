"""Puts a recording of a call into a stream, as Amazon Connect would have written it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from callbeam.callmaker import connect_fragments_from_pcm
from callbeam.emulator.loading import loaded_stream_info
from callbeam.emulator.store import examine
from callbeam.errors import UsageError
from callbeam.sound_files import TELEPHONE_RATE_HZ, read_recording, recording_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from callbeam.emulator.config import EmulatorConfig
    from callbeam.emulator.store import StreamStore

RECORDING_START_MS = 1_772_355_600_000
"""2026-03-01T09:00:00Z: when the first recording of a stream begins; a file does not tell."""

PAUSE_MS = 60_000
"""Between two recordings on one stream."""


def load_recording(store: StreamStore, config: EmulatorConfig, name: str, paths: Sequence[Path]) -> str:
    """Put a recording into a stream behind what it holds; one that is in it already is not put in again.

    Parameters
    ----------
    store : StreamStore
    config : EmulatorConfig
    name : str
        The stream's.
    paths : sequence of Path
        One file of two channels, as Connect records: left from the customer, right to the customer; or two files of one
        channel, the customer's first. Any format and rate that libsndfile reads; Connect streams at 8 kHz, and so do
        they.

    Returns
    -------
    str
        The ContactId, made from the samples.

    Raises
    ------
    UsageError
        A file cannot be read, or has other channels.
    """
    customer, agent = _channels(paths)
    contact_id = recording_id([customer, agent])
    stream = store.find(name, config.region)
    if stream is not None and contact_id in stream.info.loaded:
        return contact_id
    last = stream.last() if stream is not None else None
    start_ms = RECORDING_START_MS if last is None else max(RECORDING_START_MS, last.server_ms + PAUSE_MS)
    if stream is None:
        stream = store.create(loaded_stream_info(name, config, start_ms))
    fragments = connect_fragments_from_pcm(
        customer, agent, contact_id=contact_id, start_ms=start_ms, sample_rate_hz=TELEPHONE_RATE_HZ
    )
    for fragment in fragments:
        stream.add(examine(fragment.data), server_ms=fragment.server_ms, producer_ms=fragment.producer_ms)
    stream.info.loaded.append(contact_id)
    stream.save_info()
    return contact_id


def _channels(paths: Sequence[Path]) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]:
    if len(paths) not in (1, 2):
        raise UsageError(f"a recording is one file of two channels or two files of one, not {len(paths)} files")
    sounds = [_read(path, channels=3 - len(paths)) for path in paths]
    columns = np.ascontiguousarray(sounds[0].T) if len(paths) == 1 else [sound[:, 0] for sound in sounds]
    return columns[0], columns[1]


def _read(path: Path, *, channels: int) -> npt.NDArray[np.int16]:
    samples, _ = read_recording(path, sample_rate_hz=TELEPHONE_RATE_HZ)
    found = samples.shape[1]
    if found != channels:
        raise UsageError(
            f"{path} has {found} {'channel' if found == 1 else 'channels'}, and {channels} would be right: give one "
            "file of two channels (left from the customer, right from the agent), or two files of one (the customer's "
            "first)"
        )
    return samples
