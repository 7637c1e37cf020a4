"""AnalyseChannels: samples become frames, seconds and channel summaries; only rows leave this step."""

from __future__ import annotations

from collections.abc import Iterator

import apache_beam as beam
from threadpoolctl import ThreadpoolController

from callbeam.assembly.channels import channel_part
from callbeam.assembly.packing import pack
from callbeam.assembly.parts import CHANNELS, FILES, SECONDS, ChannelFile, Keyed
from callbeam.assembly.rows import complete
from callbeam.audio.analysis import AnalysisConfig, analyse_channel
from callbeam.audio.decode import DecodedPiece
from callbeam.kvs.units import Job
from callbeam.schemas import TABLES
from callbeam.storage.objects import StorageConfig, open_store
from callbeam.storage.staging import stage_piece
from callbeam.transforms.progress import report


@beam.typehints.with_input_types(DecodedPiece)
@beam.typehints.with_output_types(Keyed)
class AnalysePiece(beam.DoFn):
    """Analyse the channels of one decoded piece.

    Heavy tables that were asked for are written here, a file for each piece, so that they never cross a shuffle.
    """

    def __init__(self, job: Job, *, analysis: AnalysisConfig, storage: StorageConfig) -> None:
        self._job = job
        self._analysis = analysis
        self._storage = storage

    def setup(self) -> None:
        """Open the store where the work is, and find the numeric libraries that start threads of their own."""
        self._store = open_store(self._storage)
        self._libraries = ThreadpoolController()

    def process(self, decoded: DecodedPiece) -> Iterator[Keyed]:
        """Emit the parts of the piece's call."""
        for channel in decoded.channels:
            call_id = channel.leg.identity.call_id
            # Workers are the parallelism: a library's own threads would fight over the cores, and their number would
            # show in the last bits of sums.
            with self._libraries.limit(limits=1):
                analysis = analyse_channel(channel, self._analysis)
            yield Keyed(call_id, CHANNELS, channel_part(channel, decoded.clock, decoded.index, analysis))
            if analysis.seconds.num_rows:
                yield Keyed(call_id, SECONDS, pack(analysis.seconds))
            if analysis.frames is not None and analysis.frames.num_rows:
                name = f"{channel.channel_id}-{decoded.index:05d}"
                rows = complete(TABLES["frames"], analysis.frames, self._job.job_id)
                file = stage_piece(self._store, self._job, "frames", name, rows)
                yield Keyed(call_id, FILES, ChannelFile(channel.channel_id, file))
        spans = [
            (channel.core_end - channel.core_start) * 1000 // channel.sample_rate_hz for channel in decoded.channels
        ]
        report(audio_ms=max(spans, default=0))


class AnalyseChannels(beam.PTransform):
    """Turn decoded pieces into parts of calls.

    Parameters
    ----------
    job : Job
    analysis : AnalysisConfig
        Which features; whether frames are written.
    storage : StorageConfig
        Where the frames go.
    """

    def __init__(self, job: Job, *, analysis: AnalysisConfig, storage: StorageConfig) -> None:
        super().__init__()
        self._job = job
        self._analysis = analysis
        self._storage = storage

    def expand(self, decoded: beam.PCollection[DecodedPiece]) -> beam.PCollection[Keyed]:
        """Analyse each piece."""
        return decoded | "AnalysePiece" >> beam.ParDo(
            AnalysePiece(self._job, analysis=self._analysis, storage=self._storage)
        )
