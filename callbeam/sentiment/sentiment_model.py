"""A user's own sentiment model over the units of one channel of a piece."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime
import soxr

from callbeam.audio import FULL_SCALE, frame_grid
from callbeam.sentiment.clips import unit_samples
from callbeam.sentiment.model_contract import ModelContract, ModelError, read_contract
from callbeam.sentiment.units import SHORTEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from callbeam.audio import Channel
    from callbeam.sentiment.units import Unit
    from callbeam.spans import SpanArray

Float32Array = npt.NDArray[np.float32]

MOST_UNITS = 16
"""Units that a model gets at once."""

MOST_SAMPLES = 30 * 16_000
"""Samples that it gets at once, padding included, a longer unit excepted: a window of 30 s at 16 kHz.

The first layer of a model such as wav2vec 2.0 makes 100 values of one sample: 200 MB of a window. Beyond that a single
thread gains nothing from larger batches, and pays for them in memory.
"""


@dataclass(frozen=True, slots=True, eq=False)
class UnitBatch:
    """The units of one channel of a piece, with what the model takes of them.

    Attributes
    ----------
    call_id, channel_id : str
    unit_ids : tuple of str
    sample_rate_hz : int
        Of the waveforms, as they were decoded.
    waveforms : tuple of int16 array
        Views of the channel's samples, one for each unit; empty for a model of features.
    features : float32 array, shape (units, features), or None
        NaN where not computable; None for a model of waveforms.
    """

    call_id: str
    channel_id: str
    unit_ids: tuple[str, ...]
    sample_rate_hz: int
    waveforms: tuple[npt.NDArray[np.int16], ...] = ()
    features: Float32Array | None = None

    def __len__(self) -> int:
        """Return the number of units."""
        return len(self.unit_ids)

    @property
    def nbytes(self) -> int:
        """Bytes of audio or features."""
        return sum(one.nbytes for one in self.waveforms) + (0 if self.features is None else self.features.nbytes)


class UnitScores(NamedTuple):
    """What a model says of the units of one channel of a piece.

    Attributes
    ----------
    channel_id : str
    labels : tuple of str
    values : dict of str to tuple of (float or None)
        By unit, in order of labels: None where the model gave no finite number. Units without an entry were not
        scored.
    """

    channel_id: str
    labels: tuple[str, ...]
    values: dict[str, tuple[float | None, ...]]

    def by_unit(self) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Give each unit that was scored with its value of column ``scores``."""
        for unit_id, values in self.values.items():
            yield unit_id, [{"name": name, "value": value} for name, value in zip(self.labels, values, strict=True)]


def unit_batch(
    contract: ModelContract,
    channel: Channel,
    units: Sequence[Unit],
    *,
    measures: Mapping[str, Float32Array],
    masked: SpanArray | None = None,
) -> UnitBatch:
    """Gather what a model takes; units that are too short to be scored are left out.

    Call it only for channels on which sentiment may be inferred (``eligibility.may_infer``).

    Parameters
    ----------
    contract : ModelContract
    channel : Channel
    units : sequence of Unit
    measures : mapping of str to float32 array, shape (units,)
        At least the contract's features.
    masked : SpanArray, optional
        Frames to be silenced; gaps are zeros already.
    """
    long = [number for number, unit in enumerate(units) if unit.end - unit.begin >= SHORTEST]
    hop = frame_grid(channel.sample_rate_hz).hop
    first, last = channel.first_sample, channel.first_sample + len(channel.samples)
    waveforms: tuple[npt.NDArray[np.int16], ...] = ()
    features = None
    if contract.features:
        columns = [np.asarray(measures[name], np.float32)[long] for name in contract.features]
        features = np.stack(columns, axis=1)
    else:
        cuts = [(max(units[at].begin * hop, first), min(units[at].end * hop, last)) for at in long]
        waveforms = tuple(unit_samples(channel, begin, end, masked) for begin, end in cuts)
    return UnitBatch(
        call_id=channel.leg.identity.call_id,
        channel_id=channel.channel_id,
        unit_ids=tuple(units[at].unit_id for at in long),
        sample_rate_hz=channel.sample_rate_hz,
        waveforms=waveforms,
        features=features,
    )


class SentimentModel:
    """An ONNX model that is ready to run, on one thread: workers are the parallelism.

    Parameters
    ----------
    content : bytes
        An ONNX file.
    name : str
        What messages call it.

    Raises
    ------
    ModelError
        If it cannot be used.
    """

    def __init__(self, content: bytes, name: str) -> None:
        self.contract = read_contract(content, name)
        self._name = name
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.use_deterministic_compute = True
        options.log_severity_level = 4  # errors are raised, too; a line of its own beside ours would only confuse
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exceptions have no common base of their own
            raise ModelError(
                f"{name} cannot be loaded by onnxruntime {onnxruntime.__version__}: {_cause(error)}; export it for "
                "this version, with standard ONNX operators of an opset that it knows"
            ) from error

    def score(self, batch: UnitBatch) -> UnitScores:
        """Score the units of a batch; which of them the model sees together depends on the batch alone."""
        values = self.score_features(batch.features) if batch.features is not None else self._score_audio(batch)
        rows = {
            unit_id: tuple(float(value) if np.isfinite(value) else None for value in row)
            for unit_id, row in zip(batch.unit_ids, values, strict=True)
            if row is not None
        }
        return UnitScores(batch.channel_id, self.contract.labels, rows)

    def score_features(self, features: Float32Array) -> list[Float32Array | None]:
        """Score feature vectors, shape (n, features); a unit that lacks one of them has no scores."""
        scores: list[Float32Array | None] = [None] * len(features)
        whole = np.flatnonzero(np.isfinite(features).all(axis=1))
        for at in range(0, len(whole), MOST_UNITS):
            some = whole[at : at + MOST_UNITS]
            for row, values in zip(some.tolist(), self._run({self.contract.input_name: features[some]}), strict=True):
                scores[row] = values
        return scores

    def score_waveforms(self, waveforms: Sequence[Float32Array]) -> list[Float32Array]:
        """Score waveforms at the model's rate, of any length."""
        scores: list[Float32Array] = [np.empty(0, np.float32)] * len(waveforms)
        lengths = [len(one) for one in waveforms]
        for some in _together(lengths, padded=self.contract.lengths_name is not None):
            audio = np.zeros((len(some), max(lengths[number] for number in some)), np.float32)
            for row, number in zip(audio, some, strict=True):
                row[: lengths[number]] = waveforms[number]
            inputs: dict[str, npt.NDArray[Any]] = {self.contract.input_name: audio}
            if self.contract.lengths_name:
                inputs[self.contract.lengths_name] = np.array([lengths[number] for number in some], np.int64)
            for number, values in zip(some, self._run(inputs), strict=True):
                scores[number] = values
        return scores

    def _score_audio(self, batch: UnitBatch) -> list[Float32Array]:
        rate = self.contract.sample_rate_hz or batch.sample_rate_hz
        audio = [one.astype(np.float32) / np.float32(FULL_SCALE) for one in batch.waveforms]
        if rate != batch.sample_rate_hz:
            audio = [soxr.resample(one, batch.sample_rate_hz, rate) for one in audio]
        return self.score_waveforms(audio)

    def _run(self, inputs: dict[str, npt.NDArray[Any]]) -> Float32Array:
        """Run the model once; all outputs' values side by side, shape (batch, labels)."""
        outputs = self.contract.outputs
        try:
            results = self._session.run([output.name for output in outputs], inputs)
        except Exception as error:  # onnxruntime's exceptions have no common base of their own
            shapes = ", ".join(f"{name} {values.dtype} {list(values.shape)}" for name, values in inputs.items())
            raise ModelError(
                f"{self._name} failed on {shapes}: {_cause(error)}; it must take any number of units"
                f"{'' if self.contract.features else ', of any length'}: export it with dynamic axes"
            ) from error
        count = len(next(iter(inputs.values())))
        columns = []
        for output, values in zip(outputs, results, strict=True):
            found = np.asarray(values)
            if found.dtype.kind != "f" or found.size != count * len(output.labels) or found.shape[:1] != (count,):
                units = "1 unit" if count == 1 else f"{count} units"
                raise ModelError(
                    f"{self._name}: output {output.name!r} is {found.dtype} {list(found.shape)} for {units}, and "
                    f"must be floats [batch, {len(output.labels)}], for its labels {', '.join(output.labels)}"
                )
            columns.append(_activate(found.reshape(count, -1).astype(np.float64), output.activation))
        return np.concatenate(columns, axis=1).astype(np.float32)


def check_model(content: bytes, name: str) -> ModelContract:
    """Find out whether a model can be used, before any audio is read: it is loaded, and run on a few made units.

    It is given two of them together, then one alone, a waveform of another length too: so shows what an export has
    fixed in the graph though its inputs are declared dynamic.

    Raises
    ------
    ModelError
        With the cause and the way out.
    """
    model = SentimentModel(content, name)
    contract = model.contract
    rows: list[Float32Array | None]
    if contract.features:
        vectors = np.repeat(np.array([[0], [1]], np.float32), len(contract.features), axis=1)
        rows = [*model.score_features(vectors), *model.score_features(vectors[1:])]
    else:
        rate = contract.sample_rate_hz or 0
        tone = np.sin(np.arange(2 * rate, dtype=np.float32) * np.float32(2 * np.pi * 200 / rate)) / 10
        short = tone[: rate + 80]
        rows = [
            *model.score_waveforms([tone, short if contract.lengths_name else tone]),
            *model.score_waveforms([short]),
        ]
    values = np.stack([row for row in rows if row is not None])
    lost = [label for label, column in zip(contract.labels, values.T, strict=True) if not np.isfinite(column).any()]
    if lost:
        raise ModelError(
            f"{name} gives no finite number for {', '.join(lost)}, whatever it is tried on: export a checkpoint "
            "without NaN among its weights"
        )
    return contract


def _cause(error: Exception) -> str:
    """Return what onnxruntime says, in one line, without its status code and the place in its own source."""
    line = " ".join(str(error).split())
    line = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", line)
    return re.sub(r"/\S+\.(?:cc|h):\d+ \S.*?\) ", "", line).rstrip(".")


def _together(lengths: Sequence[int], *, padded: bool) -> Iterator[list[int]]:
    """Say which units a model gets at once, by number: the shorter first, those of one length in their order.

    A model that is not told lengths would take padding for silence; it gets only units of one length together.
    """
    some: list[int] = []
    for number in sorted(range(len(lengths)), key=lambda number: lengths[number]):
        longest = lengths[number]
        full = len(some) == MOST_UNITS or (len(some) + 1) * longest > MOST_SAMPLES
        if some and (full or (not padded and lengths[some[-1]] != longest)):
            yield some
            some = []
        some.append(number)
    if some:
        yield some


def _activate(values: npt.NDArray[np.float64], activation: str) -> npt.NDArray[np.float64]:
    """Turn logits into probabilities, or leave them."""
    if activation == "softmax":
        powers = np.exp(values - values.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))
    if activation == "sigmoid":
        return np.asarray(0.5 * (1 + np.tanh(values / 2)))  # exp() of a large logit would overflow
    return values
