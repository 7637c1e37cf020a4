"""ScoreUnits: a user's own sentiment model over the units of each piece, where their audio still is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.ml.inference.base import ModelHandler, RunInference

from callbeam.assembly import Keyed, PieceParts, call_parts
from callbeam.errors import JobError, UsageError
from callbeam.sentiment import ModelContract, ModelError, SentimentModel, UnitBatch, check_model
from callbeam.storage import StorageConfig, StorageError, open_store
from callbeam.transforms.coders import register_coders

register_coders()


def read_model(path: str, storage: StorageConfig) -> bytes:
    """Read a model's file.

    Parameters
    ----------
    path : str
        A local path, or ``s3://bucket/key``.
    storage : StorageConfig
        How S3 is reached; its output is not looked at.

    Raises
    ------
    UsageError
        If there is no such file, or it cannot be read.
    """
    if not path.startswith("s3://"):
        try:
            return Path(path).expanduser().read_bytes()
        except OSError as error:
            raise UsageError(f"the sentiment model {path} cannot be read: {error.strerror or error}") from error
    folder, _, key = path.rpartition("/")
    try:
        content = open_store(replace(storage, output=folder)).get(key)
    except StorageError as error:
        raise UsageError(f"the sentiment model {path} cannot be read: {error}") from error
    if content is None:
        raise UsageError(f"there is no sentiment model {path}")
    return content


def open_model(path: str, storage: StorageConfig) -> ModelContract:
    """Read a model and find out whether it can be used; do so before any audio is read.

    Raises
    ------
    UsageError
        With the cause and the way out.
    """
    return check_model(read_model(path, storage), path)


class UnitScorer(ModelHandler[PieceParts, PieceParts, SentimentModel]):
    """What RunInference needs to know of a sentiment model.

    An element holds batches already: the units of each channel of a piece. Were Beam to put elements together, what
    the model sees at once would depend on the runner, and so would the last bits of scores.
    """

    def __init__(self, path: str, contract: ModelContract, storage: StorageConfig) -> None:
        super().__init__()
        self._path = path
        self._contract = contract
        self._storage = storage

    def load_model(self) -> SentimentModel:
        """Load the model, once in each process."""
        try:
            model = SentimentModel(read_model(self._path, self._storage), self._path)
        except UsageError as error:
            raise JobError(f"a worker cannot load the sentiment model: {error}") from error
        if model.contract.sha256 != self._contract.sha256:
            raise JobError(
                f"the sentiment model {self._path} is not the file that the job started with (SHA-256 "
                f"{model.contract.sha256}, not {self._contract.sha256}): put that one back, or run the job again"
            )
        return model

    def run_inference(
        self,
        batch: PieceParts,
        model: SentimentModel,
        inference_args: dict[str, Any] | None = None,  # noqa: ARG002  (the base class passes it)
    ) -> Iterable[PieceParts]:
        """Score the units of one piece."""
        return [batch.scored(_score(model, units) for units in batch.batches)]

    def get_num_bytes(self, batch: PieceParts) -> int:
        """Return the bytes of audio or features, which the base class would pickle to know."""
        return batch.nbytes

    def should_skip_batching(self) -> bool:
        """Say that elements are batches."""
        return True

    def get_metrics_namespace(self) -> str:
        """Name what RunInference counts."""
        return "callbeam.sentiment"


def _score(model: SentimentModel, units: UnitBatch) -> Keyed:
    try:
        return Keyed(units.call_id, call_parts.SCORES, model.score(units))
    except ModelError as error:
        raise JobError(f"the sentiment model failed on call {units.call_id}: {error}") from error


class ScoreUnits(beam.PTransform):
    """Score units with a user's own model.

    It belongs right behind the step that has the audio, without a shuffle or a side input between them.

    Parameters
    ----------
    path : str
        An ONNX file: a path that every worker has, or ``s3://bucket/key``.
    contract : ModelContract
        What ``open_model`` gave for it.
    storage : StorageConfig
        How S3 is reached.
    """

    def __init__(self, path: str, contract: ModelContract, *, storage: StorageConfig) -> None:
        super().__init__()
        self._path = path if "://" in path else str(Path(path).expanduser().absolute())
        self._contract = contract
        self._storage = storage

    def expand(self, pieces: beam.PCollection[PieceParts]) -> beam.PCollection[PieceParts]:
        """Emit each piece with its units' scores among its parts."""
        scorer = UnitScorer(self._path, self._contract, self._storage)
        # The tag names the model among those that a process shares; a random one would be in the job graph.
        inference = RunInference(scorer, model_identifier=self._contract.sha256)
        return pieces | "RunModel" >> inference.with_output_types(PieceParts)
