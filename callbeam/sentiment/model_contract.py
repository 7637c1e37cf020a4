"""What a sentiment model must say of itself: read from an ONNX file's metadata, and refused where it cannot work."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import onnx

from callbeam.errors import UsageError
from callbeam.schemas import ACOUSTIC_MEASURES, EGEMAPS_MEASURES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ACTIVATIONS = ("softmax", "sigmoid", "none")

FEATURES = tuple(column.name for column in (*ACOUSTIC_MEASURES, *EGEMAPS_MEASURES))
"""What a model may take instead of the waveform."""

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 4000, 48_000

_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
"""Operators that onnxruntime has by itself."""

_LARGEST_FILE = 2**31
"""Bytes from which on a model is no single ONNX file any more, for that is one protobuf message."""

_HOWTO = "docs/sentiment.md shows how"


class ModelError(UsageError):
    """A sentiment model that cannot be used."""


@dataclass(frozen=True, slots=True)
class ModelOutput:
    """One output of a model: its name, the name of each of its values, and what is done to them."""

    name: str
    labels: tuple[str, ...]
    activation: str


@dataclass(frozen=True, slots=True)
class ModelContract:
    """How a model is fed and read.

    Attributes
    ----------
    sha256 : str
        Hex digest of the file.
    input_name : str
        Takes a float32 waveform [batch, samples], or float32 features [batch, n].
    lengths_name : str or None
        Takes the number of samples that are no padding, int64 [batch].
    sample_rate_hz : int or None
        Of the waveform; None for a model of features.
    features : tuple of str
        In the order in which the model takes them; empty for a model of waveforms.
    outputs : tuple of ModelOutput
    """

    sha256: str
    input_name: str
    lengths_name: str | None
    sample_rate_hz: int | None
    features: tuple[str, ...]
    outputs: tuple[ModelOutput, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of all values that a unit gets."""
        return tuple(label for output in self.outputs for label in output.labels)

    @property
    def takes_egemaps(self) -> bool:
        """Whether ``egemaps_*`` measures are among the features."""
        return any(name.startswith("egemaps_") for name in self.features)


def read_contract(content: bytes, name: str) -> ModelContract:
    """Read what a model says of itself, without running it.

    Parameters
    ----------
    content : bytes
        An ONNX file.
    name : str
        What messages call it.

    Raises
    ------
    ModelError
        If it is no ONNX file, keeps its weights in another, has operators that onnxruntime lacks, or if its metadata,
        inputs or outputs are not as ``docs/sentiment.md`` says.
    """
    model = _parse(content, name)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    sample_rate_hz, features = _input_kind(metadata, name)
    input_name, lengths_name = _inputs(model.graph, features, name)
    return ModelContract(
        sha256=hashlib.sha256(content).hexdigest(),
        input_name=input_name,
        lengths_name=lengths_name,
        sample_rate_hz=sample_rate_hz,
        features=features,
        outputs=_outputs(metadata, [output.name for output in model.graph.output], name),
    )


def _parse(content: bytes, name: str) -> Any:
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # whatever protobuf raises; which class that is, depends on its version
        raise ModelError(f"{name} is not an ONNX file, or not all of one ({error}): copy or export it again") from error
    if not model.ir_version or not model.graph.node:
        raise ModelError(f"{name} is not an ONNX file: it holds no graph; export the model again")
    _refuse_weights_elsewhere(model.graph, name)
    known = _DOMAINS | {function.domain for function in model.functions}
    if custom := sorted({f"{node.domain}.{node.op_type}" for node in model.graph.node if node.domain not in known}):
        raise ModelError(
            f"{name} uses operators that onnxruntime does not have: {', '.join(custom)}; export it with standard ONNX "
            "operators only"
        )
    return model


def _refuse_weights_elsewhere(graph: Any, name: str) -> None:
    outside = [tensor for tensor in _tensors(graph) if tensor.data_location == onnx.TensorProto.EXTERNAL]
    if not outside:
        return
    lengths = [entry.value for tensor in outside for entry in tensor.external_data if entry.key == "length"]
    way_out = "save it as one, with onnx.save(onnx.load(path), path, save_as_external_data=False)"
    if sum(_whole_number(length) or 0 for length in lengths) >= _LARGEST_FILE:
        way_out = "one file holds less than 2 GB, so export it with weights of fewer bits (float16, int8), in one file"
    raise ModelError(f"{name} keeps weights in another file: {way_out}")


def _tensors(graph: Any) -> Iterator[Any]:
    """Give a graph's tensors: weights, and what its nodes hold, if in graphs of their own."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for attribute in (attribute for node in graph.node for attribute in node.attribute):
        yield from (attribute.t, *attribute.tensors)
        for inner in (attribute.g, *attribute.graphs):
            yield from _tensors(inner)


def _whole_number(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else None


def _input_kind(metadata: Mapping[str, str], name: str) -> tuple[int | None, tuple[str, ...]]:
    """Return the waveform's rate, or the features that the metadata name."""
    rate, features = metadata.get("sample_rate_hz"), metadata.get("features")
    if (rate is None) == (features is None):
        found, way_out = ("neither", "add one of them to") if rate is None else ("both", "keep one of them in")
        raise ModelError(
            f"{name} has {found} of the metadata sample_rate_hz and features: a model takes a waveform at a rate, or "
            f"named features; {way_out} metadata_props ({_HOWTO})"
        )
    if rate is not None:
        rate_hz = _whole_number(rate)
        if rate_hz is None or not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
            raise ModelError(
                f"{name}: metadata sample_rate_hz is {rate[:20]!r}, and must be a whole number from "
                f"{LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ}"
            )
        return rate_hz, ()
    return None, _features(_json(metadata, "features", name), name)


def _features(names: Any, name: str) -> tuple[str, ...]:
    if not _are_names(names):
        raise ModelError(f'{name}: metadata features must be a JSON list of names, such as ["f0_mean_st"], none twice')
    for feature in names:
        if feature.endswith("_z") and feature.removesuffix("_z") in FEATURES:
            raise ModelError(
                f"{name} takes feature {feature!r}: z-scores need the whole call, and the model runs before it is "
                f"known; use {feature.removesuffix('_z')!r}"
            )
        if feature not in FEATURES:
            raise ModelError(
                f"{name} takes feature {feature!r}, which does not exist; those of table utterances do "
                "(docs/tables.md), such as level_mean_dbfs"
            )
    return tuple(names)


def _inputs(graph: Any, features: tuple[str, ...], name: str) -> tuple[str, str | None]:
    """Return the names of the main input and of the lengths."""
    weights = {tensor.name for tensor in graph.initializer}
    inputs = [_Tensor.of(entry) for entry in graph.input if entry.name not in weights]
    if texts := [one for one in inputs if one.kind == onnx.TensorProto.STRING]:
        raise ModelError(
            f"{name} takes text ({texts[0]}), and a backfill's model runs before transcripts are read: run it over "
            "callbeam.notebook.units_said once there is text (docs/sentiment.md, Text)"
        )
    mains = [one for one in inputs if one.is_a(onnx.TensorProto.FLOAT, rank=2)]
    lengths = [one for one in inputs if one.is_a(onnx.TensorProto.INT64, rank=1) and not features]
    shape = "float32 [batch, features]" if features else "float32 [batch, samples], and may take int64 [batch] lengths"
    if len(mains) != 1 or len(lengths) > 1 or len(inputs) != 1 + len(lengths):
        raise ModelError(f"{name} takes {_listed(inputs)}, and must take {shape}")
    main = mains[0]
    for one in (main, *lengths):
        if one.sizes[0] is not None:
            raise ModelError(f"{name}: input {one} has a fixed batch size; export it with a dynamic first axis")
    if features and main.sizes[1] not in {None, len(features)}:
        raise ModelError(f"{name}: input {main} takes {main.sizes[1]} features, and metadata name {len(features)}")
    if not features and main.sizes[1] is not None:
        raise ModelError(f"{name}: input {main} has a fixed number of samples; export it with a dynamic second axis")
    return main.name, lengths[0].name if lengths else None


def _outputs(metadata: Mapping[str, str], existing: Iterable[str], name: str) -> tuple[ModelOutput, ...]:
    example = '{"logits": {"labels": ["negative", "neutral", "positive"], "activation": "softmax"}}'
    if "outputs" not in metadata:
        raise ModelError(f"{name} lacks the metadata outputs, such as {example}; add them to metadata_props ({_HOWTO})")
    declared = _json(metadata, "outputs", name)
    if not isinstance(declared, dict) or not declared:
        raise ModelError(f"{name}: metadata outputs must be a JSON object such as {example}")
    outputs = []
    existing = list(existing)
    for output, entry in declared.items():
        if output not in existing:
            raise ModelError(f"{name} has no output {output!r}, which its metadata name; it has {', '.join(existing)}")
        if not isinstance(entry, dict) or set(entry) != {"labels", "activation"} or not _are_names(entry["labels"]):
            raise ModelError(
                f"{name}: metadata of output {output!r} must be labels and activation, as in {example}, no label twice"
            )
        if entry["activation"] not in ACTIVATIONS:
            raise ModelError(
                f"{name}: activation of output {output!r} is {entry['activation']!r}, and must be one of "
                f"{', '.join(ACTIVATIONS)}"
            )
        outputs.append(ModelOutput(output, tuple(entry["labels"]), entry["activation"]))
    labels = [label for output in outputs for label in output.labels]
    if twice := sorted({label for label in labels if labels.count(label) > 1}):
        raise ModelError(f"{name}: two outputs have a label {twice[0]!r}; scores are told apart by their labels")
    return tuple(outputs)


def _json(metadata: Mapping[str, str], key: str, name: str) -> Any:
    try:
        return json.loads(metadata[key])
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{name}: metadata {key} is not JSON: {error}") from error


def _are_names(names: Any) -> bool:
    if not isinstance(names, list) or not names:
        return False
    return all(isinstance(one, str) and one for one in names) and len(set(names)) == len(names)


@dataclass(frozen=True, slots=True)
class _Tensor:
    """An input as the graph declares it; a size is None where it is dynamic, and there is none without a shape."""

    name: str
    kind: int
    sizes: tuple[int | None, ...]

    @classmethod
    def of(cls, entry: Any) -> _Tensor:
        tensor = entry.type.tensor_type
        sizes = tuple(size.dim_value if size.HasField("dim_value") else None for size in tensor.shape.dim)
        return cls(entry.name, tensor.elem_type, sizes)

    def is_a(self, kind: int, *, rank: int) -> bool:
        return self.kind == kind and len(self.sizes) == rank

    def __str__(self) -> str:
        shape = ", ".join("dynamic" if size is None else str(size) for size in self.sizes)
        kinds = {number: kind.lower() for kind, number in onnx.TensorProto.DataType.items()}
        return f"{self.name} ({kinds.get(self.kind, f'type {self.kind}')} [{shape}])"


def _listed(inputs: Iterable[_Tensor]) -> str:
    return " and ".join(str(one) for one in inputs) or "nothing"
