"""AnalyseChannels: samples become rows of frames, seconds, utterances and units; only rows leave this step."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import apache_beam as beam
import pyarrow as pa
from threadpoolctl import ThreadpoolController

from callbeam.analysis import AnalysedChannel, AnalysisConfig, analyse_piece
from callbeam.assembly import (
    ChannelFile,
    Keyed,
    PieceParts,
    call_parts,
    complete,
    keyed_dead_letters,
    keyed_ledger,
    parts_of_analysis,
)
from callbeam.decoding import DecodedPiece
from callbeam.kvs import Job
from callbeam.results import ResultsConfig
from callbeam.schemas import TABLES
from callbeam.storage import StorageConfig, open_store
from callbeam.tables import stage_piece
from callbeam.transforms.coders import register_coders
from callbeam.transforms.keep_results import KeepResults
from callbeam.transforms.memory import give_back
from callbeam.transforms.progress import report
from callbeam.transforms.score_units import ScoreUnits
from callbeam.voice import SileroDetector, VoiceActivityDetector

register_coders()


@beam.typehints.with_input_types(DecodedPiece)
@beam.typehints.with_output_types(PieceParts)
class AnalysePiece(beam.DoFn):
    """Analyse the channels of one decoded piece.

    Heavy tables that were asked for are written here, a file for each piece, so that they never cross a shuffle.
    """

    def __init__(
        self,
        job: Job,
        *,
        analysis: AnalysisConfig,
        storage: StorageConfig,
        detector: Callable[[], VoiceActivityDetector],
    ) -> None:
        self._job = job
        self._analysis = analysis
        self._storage = storage
        self._make_detector = detector

    def setup(self) -> None:
        """Open the store and the model where the work is, and find the numeric libraries that start threads."""
        self._store = open_store(self._storage)
        self._detector = self._make_detector()
        self._libraries = ThreadpoolController()

    def process(self, decoded: DecodedPiece) -> Iterator[PieceParts]:
        """Emit the parts of the piece's call, and what became of its fragments."""
        job_id, call_id = self._job.job_id, decoded.leg.identity.call_id
        # Workers are the parallelism: a library's own threads would fight over the cores, and their number would
        # show in the last bits of sums.
        with self._libraries.limit(limits=1):
            analysis = analyse_piece(decoded.channels, self._analysis, self._detector)
        files = (file for channel in analysis.channels for file in self._heavy_files(channel, decoded.index))
        spans = [
            (channel.core_end - channel.core_start) * 1000 // channel.sample_rate_hz for channel in decoded.channels
        ]
        report(audio_ms=max(spans, default=0))
        whole = decoded.last and decoded.index == 0
        yield PieceParts(
            digest=decoded.digest,
            stream_arn=decoded.leg.stream.arn,
            parts=(
                *keyed_ledger(job_id, decoded.ledger),
                *keyed_dead_letters(job_id, decoded.dead_letters),
                *parts_of_analysis(call_id, analysis, decoded.clock, decoded.index, whole=whole),
                *(Keyed(call_id, call_parts.FILES, file) for file in files),
            ),
            bytes=sum(row.bytes for row in decoded.ledger),
            batches=tuple(analysed.batch for analysed in analysis.channels if analysed.batch is not None),
        )

    def finish_bundle(self) -> None:
        """Leave the next steps the memory that analysis took: in the local runner they follow in this process."""
        give_back()

    def _heavy_files(self, analysed: AnalysedChannel, piece: int) -> Iterator[ChannelFile]:
        """Stage the rows of heavy tables that were asked for."""
        channel_id = analysed.channel.channel_id
        tables: dict[str, pa.RecordBatch | None] = {"frames": analysed.rows.frames, "clips": analysed.clips}
        for name, rows in tables.items():
            if rows is not None and rows.num_rows:
                whole = complete(TABLES[name], rows, self._job.job_id)
                file = stage_piece(self._store, self._job, name, f"{channel_id}-{piece:05d}", whole)
                yield ChannelFile(channel_id, file)


class AnalyseChannels(beam.PTransform):
    """Turn decoded pieces into parts of calls, the account of their fragments among them.

    Parameters
    ----------
    job : Job
    analysis : AnalysisConfig
        What is analysed, and how speech is decided; its ``model`` is what the sentiment model takes.
    storage : StorageConfig
        Where heavy tables go.
    detector : callable
        Makes the voice activity detector, once in each worker; Silero's by default.
    model_path : str, optional
        Of the sentiment model that ``analysis.model`` describes.
    results : ResultsConfig, optional
        Where to keep what pieces give until the job is published.
    """

    def __init__(
        self,
        job: Job,
        *,
        analysis: AnalysisConfig,
        storage: StorageConfig,
        detector: Callable[[], VoiceActivityDetector] = SileroDetector,
        model_path: str | None = None,
        results: ResultsConfig | None = None,
    ) -> None:
        super().__init__()
        self._job = job
        self._analysis = analysis
        self._storage = storage
        self._detector = detector
        self._model_path = model_path
        self._results = results

    def expand(self, decoded: beam.PCollection[DecodedPiece]) -> beam.PCollection[Keyed]:
        """Analyse each piece, and score its units where their audio is."""
        analyse = AnalysePiece(
            self._job,
            analysis=self._analysis,
            storage=self._storage,
            detector=self._detector,
        )
        analysed = decoded | "AnalysePiece" >> beam.ParDo(analyse)
        if self._model_path is not None and self._analysis.model is not None:
            score = ScoreUnits(self._model_path, self._analysis.model, storage=self._storage)
            analysed = analysed | "ScoreUnits" >> score
        return analysed | "KeepResults" >> KeepResults(self._results)
