"""A recording of a call to the tables that a backfill would write of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from callbeam.analysis import AnalysisConfig, analyse_piece
from callbeam.assembly import (
    AssemblyConfig,
    Keyed,
    assemble_call,
    call_parts,
    complete,
    parts_of_analysis,
)
from callbeam.audio import channel_of_pcm
from callbeam.calls import LegEnd
from callbeam.errors import UsageError
from callbeam.kvs import Job
from callbeam.schemas import TABLES
from callbeam.sound_files import TELEPHONE_RATE_HZ, read_recording, recording_id
from callbeam.timeline import LEAD_MS, PIECE_MS, LegClock
from callbeam.voice import SileroDetector

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from callbeam.audio import Channel

_JOB_ID = "recording"
_ABOUT_STREAMS = frozenset({"fragments", "dead_letters", "jobs"})
_OF_CALLS = tuple(name for name, table in TABLES.items() if name not in _ABOUT_STREAMS and not table.enriched)
_HEAVY = ("frames", "clips")


def analyse_recording(
    path: str | os.PathLike[str],
    *,
    roles: Sequence[str | None] = ("CUSTOMER", "AGENT"),
    start_ms: float = 0,
    config: AnalysisConfig | None = None,
    assembly: AssemblyConfig | None = None,
) -> dict[str, pa.Table]:
    """Analyse a recording of a call as a backfill would analyse the call.

    Parameters
    ----------
    path : path-like
        Any format and rate that libsndfile reads; it is brought to 8 kHz.
    roles : sequence of (str or None)
        Whose voice each of the file's channels holds: ``CUSTOMER``, ``AGENT`` or None. A file of one channel takes the
        first.
    start_ms : int, or float without a fraction
        When the call began, UTC milliseconds since the epoch: a file does not tell.
    config : AnalysisConfig, optional
        What is analysed; ``frames=True`` and ``audio_policy="raw"`` add the tables that a backfill writes on request.
    assembly : AssemblyConfig, optional
        How the conversation is judged.

    Returns
    -------
    dict of str to pyarrow.Table
        Each table of ``docs/tables.md`` that is about calls, by name.

    Raises
    ------
    UsageError
        If the file cannot be read, holds no audio, has more channels than there are roles, a role is none, or
        ``start_ms`` has a fraction or is no number.

    Examples
    --------
    >>> tables = analyse_recording("recording.wav")
    >>> sorted(tables["channels"]["participant_role"].to_pylist())
    ['AGENT', 'CUSTOMER']
    >>> tables["utterances"].num_rows > 0
    True
    """
    samples, rate = read_recording(path, sample_rate_hz=TELEPHONE_RATE_HZ)
    if samples.shape[1] > len(roles):
        raise UsageError(f"{path} has {samples.shape[1]} channels, and roles names {len(roles)}: name each channel's")
    start_ms = _whole_ms(start_ms)
    call_id = recording_id(list(samples.T))
    several = samples.shape[1] > 1
    channels = [
        channel_of_pcm(
            np.ascontiguousarray(column),
            rate,
            participant_role=role,
            call_id=call_id,
            start_ms=start_ms,
            track_channel=index if several else None,
        )
        for index, (column, role) in enumerate(zip(samples.T, roles, strict=False))
    ]
    with threadpool_limits(1):  # as in a backfill: numeric libraries' threads cost more here than they gain
        return _tables(channels, config or AnalysisConfig(), assembly or AssemblyConfig())


def _whole_ms(start_ms: float) -> int:
    """Return an instant as an integer: ``timestamp() * 1000`` is a float."""
    try:
        whole = int(start_ms)
    except (TypeError, ValueError, OverflowError):
        whole = None
    if whole is None or whole != start_ms:
        raise UsageError(f"start_ms is {start_ms!r}: it is a whole number of milliseconds since 1970-01-01 UTC")
    return whole


def _tables(channels: Sequence[Channel], config: AnalysisConfig, assembly: AssemblyConfig) -> dict[str, pa.Table]:
    leg, start_ms = channels[0].leg, channels[0].clock_start_ms
    call_id, clock, detector = leg.identity.call_id, LegClock("server", start_ms, 0), SileroDetector()
    batches: dict[str, list[pa.RecordBatch]] = {name: [] for name in _OF_CALLS}
    parts: list[Keyed] = []
    for index, piece in enumerate(_pieces(channels)):
        analysis = analyse_piece(piece, config, detector)
        parts += parts_of_analysis(call_id, analysis, clock, index, whole=True)
        for analysed in analysis.channels:
            for name, rows in zip(_HEAVY, (analysed.rows.frames, analysed.clips), strict=True):
                if rows is not None:
                    batches[name].append(complete(TABLES[name], rows, _JOB_ID))
    parts.append(Keyed(call_id, call_parts.LEGS, LegEnd(leg, len(parts), start_ms, open=False)))
    job = Job(_JOB_ID, (), (), "", "", start_ms, start_ms + 1, start_ms + 1)
    for name, some in assemble_call(call_id, parts, job, assembly).batches.items():
        if name in batches:
            batches[name] += some
    return {name: pa.Table.from_batches(some, schema=TABLES[name].schema) for name, some in batches.items()}


def _pieces(channels: Sequence[Channel]) -> Iterator[list[Channel]]:
    """Cut channels as a leg is cut: 30 minutes each, and what lies around them."""
    rate, length = channels[0].sample_rate_hz, len(channels[0].samples)
    step, lead = PIECE_MS * rate // 1000, LEAD_MS * rate // 1000
    for begin in range(0, length, step):
        first, end = max(begin - lead, 0), min(begin + step + lead, length)
        yield [_stretch(channel, first, end, core=(begin, min(begin + step, length))) for channel in channels]


def _stretch(channel: Channel, first: int, end: int, *, core: tuple[int, int]) -> Channel:
    covered: npt.NDArray[np.int64] = np.array([[first, end]], np.int64)
    return replace(
        channel,
        first_sample=first,
        samples=channel.samples[first:end],
        covered=covered,
        core_start=core[0],
        core_end=core[1],
    )
