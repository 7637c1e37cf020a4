"""KeepResults: what a piece gives is kept until its job is published, and only then passed on."""

from __future__ import annotations

from collections.abc import Iterator

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.timestamp import MIN_TIMESTAMP
from apache_beam.utils.windowed_value import WindowedValue

from callbeam.assembly import Keyed, PieceParts, gather
from callbeam.results import PieceKeeper, ResultsConfig, open_results


@beam.typehints.with_input_types(PieceParts)
@beam.typehints.with_output_types(Keyed)
class KeepPiece(beam.DoFn):
    """Keep pieces, and emit the parts of each as they were kept first: attempts that race never mix."""

    def __init__(self, config: ResultsConfig) -> None:
        self._config = config

    def setup(self) -> None:
        """Open the results where the work is."""
        self._results = open_results(self._config)

    def start_bundle(self) -> None:
        """Begin with nothing held."""
        self._keeper = PieceKeeper(self._results)

    def process(self, piece: PieceParts) -> Iterator[Keyed]:
        """Emit the parts of those pieces that are kept by now."""
        for kept in self._keeper.keep(piece):
            yield from gather(kept.parts)

    def finish_bundle(self) -> Iterator[WindowedValue]:
        """Emit the rest."""
        for kept in self._keeper.finish():
            for part in gather(kept.parts):
                yield WindowedValue(part, MIN_TIMESTAMP, [GlobalWindow()])


class KeepResults(beam.PTransform):
    """Keep what pieces give, and take them apart.

    Parameters
    ----------
    config : ResultsConfig or None
        None to keep nothing.
    """

    def __init__(self, config: ResultsConfig | None) -> None:
        super().__init__()
        self._config = config

    def expand(self, pieces: beam.PCollection[PieceParts]) -> beam.PCollection[Keyed]:
        """Emit parts of calls."""
        if self._config is None:
            return pieces | "Parts" >> beam.FlatMap(lambda piece: gather(piece.parts)).with_output_types(Keyed)
        return pieces | "KeepPiece" >> beam.ParDo(KeepPiece(self._config))
