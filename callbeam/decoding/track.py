"""One track's media of a piece: gathered fragment by fragment, then filled into channels of samples."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from callbeam.audio import Channel
from callbeam.calls import CLOCK_STEPPED, Notice, participant_role
from callbeam.decoding.packet_decoder import PRIMERS, decode_packets
from callbeam.decoding.resampling import resample, rescaled
from callbeam.kvs import FragmentStatus
from callbeam.payload import PACKET_ENCODINGS, grid_rate, packet_samples, read_samples
from callbeam.timeline import LEAD_MS, NS_PER_MS, PIECE_MS, Run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from callbeam.calls import Leg, LegRole, Piece
    from callbeam.kvs import FetchedFragment
    from callbeam.payload import AudioFormat
    from callbeam.timeline import FragmentPlacement, TrackPlacement

    Int16Array = npt.NDArray[np.int16]


@dataclass(slots=True)
class DecodedTrack:
    """A track's runs until the extent of its samples is known.

    Attributes
    ----------
    name, codec : str
        As declared.
    form : AudioFormat
    sample_rate_hz : int
        Of the runs' grid: the payload's own.
    runs : list of (Run, source)
        The source is the document's bytes, or of packets, the fragment's samples.
    before : (int, list of bytes)
        Of packets: where the last fragment's audio ends, and as many of its last ones as a decoder is first fed.
    """

    name: str
    codec: str
    form: AudioFormat
    sample_rate_hz: int
    runs: list[tuple[Run, memoryview | Int16Array]] = field(default_factory=list)
    before: tuple[int, list[bytes]] = (-1, [])


def channel_id(leg: Leg, track_name: str, track_channel: int | None = None) -> str:
    """Name a channel in every table: 12 hexadecimal digits of SHA-256.

    Over stream, first fragment and track name, and of a track with several channels, which one.
    """
    identity = f"{leg.stream.arn}\n{leg.first_number}\n{track_name}"
    if track_channel is not None:
        identity += f"\n{track_channel}"
    return hashlib.sha256(identity.encode()).hexdigest()[:12]


def gather_track(
    tracks: dict[str, DecodedTrack], fragment: FetchedFragment, placed: TrackPlacement, placement: FragmentPlacement
) -> None:
    """Take what a fragment gives to a track; packets are decoded, and what cannot be becomes a problem of it."""
    if not placed.runs or fragment.document is None:
        return
    track = tracks.get(placed.name)
    if track is None:
        track = DecodedTrack(placed.name, placed.track.codec_id or "", placed.form, placed.sample_rate_hz)
        tracks[placed.name] = track
    if not placed.form.in_packets:
        track.runs += [(run, fragment.document.data) for run in placed.runs]
        return
    packets = [bytes(fragment.document.payload(packet)) for packet in placed.packets]
    lengths = [packet_samples(placed.form, memoryview(packet)) for packet in packets]
    end, primer = track.before
    samples, damaged = decode_packets(placed.form, primer if end == placed.runs[0].start else [], packets, lengths)
    track.before = placed.runs[-1].end, packets[-PRIMERS[placed.form.encoding] :]
    if damaged:
        what = PACKET_ENCODINGS[placed.form.encoding]
        reason = f"track {placed.name!r}: {len(damaged)} of {len(packets)} packets of {what} cannot be decoded"
        placement.problems.append((FragmentStatus.DAMAGED, reason))
        placed.runs = list(_sound_runs(placed.runs, np.cumsum(lengths), set(damaged)))
        placed.placed = sum(run.end - run.start for run in placed.runs)
    track.runs += [(run, samples) for run in placed.runs]


def _sound_runs(runs: Sequence[Run], ends: npt.NDArray[np.int64], damaged: set[int]) -> Iterator[Run]:
    """Leave out of runs what lies in damaged packets, whose samples end at ``ends``."""
    for run in runs:
        at, sound = run.start, None
        for block in run.blocks:
            if int(np.searchsorted(ends, block.start, side="right")) in damaged:
                if sound is not None:
                    yield sound
                sound = None
            elif sound is None:
                sound = Run(at, at + block.end - block.start, [block])
            else:
                sound.blocks.append(block)
                sound.end += block.end - block.start
            at += block.end - block.start
        if sound is not None:
            yield sound


def track_channels(
    piece: Piece, track: DecodedTrack, roles: Mapping[str, str], leg: LegRole | None = None
) -> Iterator[Channel]:
    """Fill a track's samples into its channels; none if the piece's core has no sample of them."""
    if not track.runs:
        return
    rate = track.sample_rate_hz
    per_piece, lead = (ms * rate // 1000 for ms in (PIECE_MS, LEAD_MS))
    core_start = piece.index * per_piece
    runs = sorted(track.runs, key=lambda entry: entry[0].start)
    limit = runs[-1][0].end if piece.last else core_start + per_piece + lead
    covered = _covered(np.array([(run.start, run.end) for run, _ in runs], np.int64), core_start - lead, limit)
    core_end = limit if piece.last else core_start + per_piece
    if not np.any((covered[:, 0] < core_end) & (covered[:, 1] > core_start)):
        return
    samples = _filled(track, runs, int(covered[0, 0]), int(covered[-1, 1]))
    verdict = next((verdict for verdict in piece.verdicts if verdict.track_name == track.name), None)
    notices = tuple(Notice(warning) for warning in verdict.warnings) if verdict is not None else ()
    notices += tuple(Notice(CLOCK_STEPPED, step.step_ms, step.at_ns // NS_PER_MS) for step in piece.steps)
    declared = track.form if verdict is None or isinstance(verdict.declared, str) else verdict.declared
    target = grid_rate(rate)
    for index in range(track.form.channels):
        of_one = samples if samples.ndim == 1 else np.ascontiguousarray(samples[:, index])
        first, present, bounds = int(covered[0, 0]), covered, (core_start, core_end)
        if target != rate:
            first, of_one, present = resample(of_one, covered, rate, target)
            bounds = (int(rescaled(core_start, rate, target)), int(rescaled(core_end, rate, target)))
        track_channel = None if track.form.channels == 1 else index
        role, role_source = participant_role(track.name, piece.leg.identity.source, roles, track_channel, leg)
        yield Channel(
            leg=piece.leg,
            channel_id=channel_id(piece.leg, track.name, track_channel),
            track_name=track.name,
            participant_role=role,
            role_source=role_source,
            codec=track.codec,
            sample_rate_hz=target,
            clock_start_ms=piece.clock.start_ms,
            first_sample=first,
            samples=of_one,
            covered=present,
            core_start=bounds[0],
            core_end=bounds[1],
            declared_rate_hz=declared.sample_rate_hz,
            track_channel=track_channel,
            notices=notices,
        )


def _filled(
    track: DecodedTrack, runs: Sequence[tuple[Run, memoryview | Int16Array]], first: int, end: int
) -> Int16Array:
    """Return a track's samples from ``first`` to ``end``, zeros in gaps; shape (n,), or (n, channels) of several."""
    samples: Int16Array = np.zeros(
        end - first if track.form.channels == 1 else (end - first, track.form.channels), np.int16
    )
    for run, source in runs:
        begin, stop = max(run.start, first), min(run.end, end)
        if begin < stop:
            if isinstance(source, np.ndarray):
                pcm = np.concatenate([source[start:until] for _, _, start, until in run.blocks])
            else:
                pcm = read_run(source, run, track.form)
            samples[begin - first : stop - first] = pcm[begin - run.start : stop - run.start]
    return samples


def _covered(runs: npt.NDArray[np.int64], start: int, end: int) -> npt.NDArray[np.int64]:
    """Clip sorted, disjoint runs to [start, end) and join those that touch; shape (k, 2)."""
    runs = np.clip(runs, start, end)
    runs = runs[runs[:, 0] < runs[:, 1]]
    if not len(runs):
        return runs
    apart = np.flatnonzero(runs[1:, 0] > runs[:-1, 1])
    starts = runs[np.concatenate(([0], apart + 1)), 0]
    ends = runs[np.concatenate((apart, [len(runs) - 1])), 1]
    return np.stack((starts, ends), axis=1)


def read_run(data: bytes | memoryview, run: Run, form: AudioFormat) -> npt.NDArray[np.int16]:
    """Read a run's samples.

    Parameters
    ----------
    data : bytes-like
        The document.
    run : Run
    form : AudioFormat
        Of a stream of samples.

    Returns
    -------
    int16 array, shape (run.end - run.start, form.channels), or (run.end - run.start,) of one channel
        Read-only where it is a view of ``data``.
    """
    if len(run.blocks) == 1 and not run.head:
        _, _, start, end = run.blocks[0]
        payload = memoryview(data)[start:end]
    else:
        payload = memoryview(b"".join([run.head, *(data[start:end] for _, _, start, end in run.blocks)]))
    samples = read_samples(payload[: (run.end - run.start) * form.frame_bytes], form.encoding)
    return samples if form.channels == 1 else samples.reshape(-1, form.channels)
