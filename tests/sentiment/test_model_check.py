"""What is fixed, broken or missing in a model's file is found before any audio is read, and told in one line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnx.parser
import pytest

from callbeam.sentiment import ModelError, SentimentModel, check_model
from callbeam.sentiment.sentiment_model import MOST_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator

GRAPH = '<ir_version: 8, opset_import: ["" : 17]> g (float[b, n] x) => (float[b, 1] y) {{ {} }}'
MEAN = "y = ReduceMean<axes = [1], keepdims = 1>(x)"


def model_of(body: str = MEAN, **metadata: Any) -> Any:
    model = onnx.parser.parse_model(GRAPH.format(body))
    outputs = {"y": {"labels": ["arousal"], "activation": "none"}}
    texts = metadata or {"sample_rate_hz": "8000"}
    onnx.helper.set_model_props(model, {"outputs": json.dumps(outputs), **texts})
    return model


def changed(**fields: Any) -> Any:
    model = model_of()
    for name, value in fields.items():
        setattr(model, name, value)
    return model


def with_opset(version: int) -> Any:
    model = model_of()
    model.opset_import[0].version = version
    return model


def with_kind(number: int) -> Any:
    model = model_of()
    model.graph.input[0].type.tensor_type.elem_type = number
    return model


def outside(length: int) -> Any:
    """Make a tensor whose values lie in another file."""
    tensor = onnx.TensorProto(name="w", data_type=onnx.TensorProto.FLOAT, dims=[length // 4])
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in {"location": "weights.bin", "length": str(length)}.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def with_weights(length: int) -> Any:
    model = model_of()
    model.graph.initializer.append(outside(length))
    return model


def with_constant() -> Any:
    model = model_of()
    model.graph.node.append(onnx.helper.make_node("Constant", [], ["w"], value=outside(400)))
    return model


def with_branch() -> Any:
    node = onnx.helper.make_node("Identity", ["w"], ["z"])
    result = onnx.helper.make_tensor_value_info("z", onnx.TensorProto.FLOAT, None)
    branch = onnx.helper.make_graph([node], "branch", [], [result], [outside(400)])
    model = model_of()
    model.graph.node.append(onnx.helper.make_node("If", ["c"], ["w"], then_branch=branch, else_branch=branch))
    return model


def reshaped(shape: str) -> Any:
    to = f"shape = Constant<value_ints = [{shape}]>() z = Reshape(x, shape)"
    return model_of(f"{to} y = ReduceMean<axes = [1], keepdims = 1>(z)")


NAN = f"minus = Constant<value_float = -1.0>() nan = Sqrt(minus) {MEAN.replace('y =', 'm =')} y = Mul(m, nan)"
THREE = "w = Constant<value = float[3, 1] {1.0, 1.0, 1.0}>() y = MatMul(x, w)"
TWO_OF_THREE = {"features": '["level_mean_dbfs", "f0_mean_st"]'}


def made_cases() -> Iterator[tuple[Any, str]]:
    yield model_of(sample_rate_hz="9" * 5000), "must be a whole number from 4000 to 48000"
    yield model_of(sample_rate_hz="8000", outputs="[" * 100_000), "metadata outputs is not JSON"
    yield with_kind(onnx.TensorProto.STRING), "takes text (x (string [dynamic, dynamic])), and a backfill's model runs"
    yield with_kind(77), "takes x (type 77 [dynamic, dynamic])"
    yield changed(ir_version=99), "Unsupported model IR version: 99"
    yield changed(ir_version=99), "; export it for this version"
    yield with_opset(99), "Opset 99 is under development"
    yield reshaped("-1, 16000"), "it must take any number of units, of any length: export it with dynamic axes"
    yield reshaped("2, -1"), "is float32 [2, 1] for 1 unit, and must be"
    yield model_of(f"{MEAN.replace('y =', 'z =')} y = Squeeze(z)"), "is float32 [] for 1 unit, and must be"
    yield model_of(THREE, **TWO_OF_THREE), "it must take any number of units: export it with dynamic axes"
    yield model_of(NAN), "gives no finite number for arousal"
    yield model_of(NAN, **TWO_OF_THREE), "without NaN among its weights"
    yield with_weights(400), "save it as one, with onnx.save("
    yield with_weights(2**31), "one file holds less than 2 GB"
    yield with_constant(), "keeps weights in another file"
    yield with_branch(), "keeps weights in another file"


CASES = list(made_cases())


@pytest.mark.parametrize(("model", "says"), CASES, ids=[says for _, says in CASES])
def test_the_check_finds_it_and_says_so_in_one_line(model: Any, says: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ModelError) as caught:
        check_model(model.SerializeToString(), "m.onnx")
    message = str(caught.value)
    assert message.startswith("m.onnx")
    assert says in message
    assert "\n" not in message
    assert "onnxruntime_src" not in message
    assert "".join(capfd.readouterr()) == "", "onnxruntime writes lines of its own"


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_file_that_was_cut_is_refused_with_the_way_out(share: float) -> None:
    content = model_of().SerializeToString()
    with pytest.raises(ModelError, match=r"not all of one .*: copy or export it again"):
        check_model(content[: int(len(content) * share)], "m.onnx")


def test_a_number_that_only_some_units_have_is_no_fault() -> None:
    logarithm = "z = Log(x) y = ReduceMean<axes = [1], keepdims = 1>(z)"
    assert check_model(model_of(logarithm, **TWO_OF_THREE).SerializeToString(), "m.onnx").labels == ("arousal",)


def test_a_long_unit_comes_alone_and_short_ones_together(monkeypatch: pytest.MonkeyPatch) -> None:
    model = SentimentModel(model_of(sample_rate_hz="16000").SerializeToString(), "m.onnx")
    shapes = []
    run = model._run
    monkeypatch.setattr(model, "_run", lambda inputs: shapes.append(inputs["x"].shape) or run(inputs))
    units = [np.ones(seconds * 16_000, np.float32) for seconds in (30, 3, 3, 3, 30)]
    assert np.ravel(model.score_waveforms(units)).tolist() == [1] * 5
    assert shapes == [(3, 48_000), (1, 480_000), (1, 480_000)]
    assert all(count * samples <= MOST_SAMPLES for count, samples in shapes)
