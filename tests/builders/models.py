"""Sentiment models small enough to know what they answer."""

from __future__ import annotations

import json
from typing import Any

import onnx
import onnx.parser


def rms_graph(result: str = "float[batch, 1] rms", more: str = "") -> str:
    """Write a graph that takes the RMS of each waveform's own samples, and what ``more`` makes of it."""
    return f"""
<ir_version: 8, opset_import: ["" : 17]>
loudness (float[batch, samples] audio, int64[batch] lengths) => ({result})
{{
  power = Mul(audio, audio)
  axis = Constant<value_ints = [1]>()
  energy = ReduceSum<keepdims = 1>(power, axis)
  count = Cast<to = 1>(lengths)
  counts = Unsqueeze(count, axis)
  mean = Div(energy, counts)
  rms = Sqrt(mean)
  {more}
}}"""


def onnx_model(graph: str, **metadata: Any) -> bytes:
    """Return a model's file; what is no text becomes JSON."""
    model = onnx.parser.parse_model(graph)
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in metadata.items()}
    onnx.helper.set_model_props(model, texts)
    return model.SerializeToString()


def loudness_model(sample_rate_hz: int) -> bytes:
    """Return a model whose one score is a unit's RMS."""
    outputs = {"rms": {"labels": ["loudness"], "activation": "none"}}
    return onnx_model(rms_graph(), sample_rate_hz=str(sample_rate_hz), outputs=outputs)
