"""What is known about a made-up call; beside the call as JSON. ``docs/truth.md`` describes the file.

All offsets are milliseconds from the call's start, which is the producer time of its earliest fragment, on any stream.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from callbeam.errors import CallbeamError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

TRUTH_VERSION = 1

LEVEL_FLOOR_DBFS = -100.0


class TruthError(CallbeamError):
    """A file does not hold the truth about a call."""


@dataclass(frozen=True, slots=True)
class EventTruth:
    """Something that happened on purpose.

    Attributes
    ----------
    kind : str
        ``interruption``, ``overlap``, ``terminal_overlap``, ``backchannel``, ``upset``, ``prompt``, ``hold``, ``dtmf``,
        or another of ``callbeam.schemas.events.TONE_KINDS``.
    role : str
        Who did it, or whose channel it sounds on.
    begin_ms, end_ms : int
    measures : dict of str to int or str
        What makes it one: see ``docs/truth.md``.
    """

    kind: str
    role: str
    begin_ms: int
    end_ms: int
    measures: dict[str, int | str]


@dataclass(frozen=True, slots=True)
class ChannelTruth:
    """What is known about one role's channel; see ``docs/truth.md`` for each field.

    ``speech``, ``speech_raw``, ``f0_hz`` and ``lost_packets`` are about the sound as it was made; ``samples``,
    ``pcm_sha256``, ``level_dbfs`` are about the samples that were delivered, those in ``gaps`` left out.
    """

    role: str
    stream: str
    track_name: str
    sample_rate_hz: int
    begin_ms: int
    end_ms: int
    samples: int
    pcm_sha256: str
    gaps: list[list[int]]
    gap_samples: list[list[int]]
    level_dbfs: float
    speech_level_dbfs: float | None
    snr_db: float | None
    echo_db: float | None
    echo_delay_ms: float | None
    gain_steps: list[list[float]]
    packet_loss: float
    lost_packets: list[list[float]]
    speech: list[list[int]]
    speech_raw: list[list[int]]
    f0_median_hz: float | None
    f0_begin_ms: int
    f0_hop_ms: int
    f0_hz: list[float | None]


@dataclass(frozen=True, slots=True)
class CallTruth:
    """What is known about a call."""

    version: int
    call_id: str
    source: str
    call_start_ms: int
    duration_ms: int
    agent_on_line_ms: int
    channels: dict[str, ChannelTruth]
    events: list[EventTruth]

    def save(self, directory: Path) -> Path:
        """Write ``<call_id>.json`` into a directory, which is made if need be; return its path."""
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{self.call_id}.json"
        path.write_text(json.dumps(asdict(self), separators=(",", ":")) + "\n", encoding="utf-8")
        return path


def load_truth(path: Path) -> CallTruth:
    """Read what ``CallTruth.save`` wrote.

    Raises
    ------
    TruthError
        The file is of another version or no truth at all.
    """
    try:
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if raw["version"] != TRUTH_VERSION:
            message = f"{path} is truth of version {raw['version']}, this reads {TRUTH_VERSION}; make the calls again"
            raise TruthError(message)
        raw["channels"] = {role: ChannelTruth(**channel) for role, channel in raw["channels"].items()}
        raw["events"] = [EventTruth(**event) for event in raw["events"]]
        return CallTruth(**raw)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TruthError(f"{path} does not hold the truth about a made-up call: {error!r}") from error


def level_dbfs(pcm: npt.NDArray[np.int16]) -> float:
    """Return the RMS level of samples in dB; 0 is a full-scale square wave, the floor is -100 (also for none)."""
    if not len(pcm):
        return LEVEL_FLOOR_DBFS
    power = float(np.mean(np.square(pcm.astype(np.float64) / 32768)))
    return max(float(10 * np.log10(power)), LEVEL_FLOOR_DBFS) if power else LEVEL_FLOOR_DBFS


def pcm_sha256(pieces: Sequence[npt.NDArray[np.int16]]) -> str:
    """Return the SHA-256 of samples as s16le, piece after piece."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece.astype("<i2").tobytes())
    return digest.hexdigest()
