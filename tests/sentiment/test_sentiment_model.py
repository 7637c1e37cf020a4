"""A user's model: what is refused and why, and that scores are those of each unit alone."""

from __future__ import annotations

import numpy as np
import onnx
import onnx.parser
import pytest
from builders.channels import make_channel, noise
from builders.models import onnx_model, rms_graph
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.errors import UsageError
from callbeam.sentiment import (
    ModelContract,
    ModelError,
    SentimentModel,
    Unit,
    UnitBatch,
    check_model,
    sentiment_model,
    unit_batch,
)
from callbeam.sentiment.model_contract import FEATURES, ModelOutput, read_contract
from callbeam.spans import as_spans

# Logits are the level's RMS times -1, 0 and 1.
RMS = rms_graph(
    "float[batch, 3] logits",
    "weights = Constant<value = float[1, 3] {-1.0, 0.0, 1.0}>() logits = MatMul(rms, weights)",
)

# The same without lengths: padding would lower the mean.
PLAIN_RMS = """
<ir_version: 8, opset_import: ["" : 17]>
loudness (float[batch, samples] audio) => (float[batch] rms)
{
  power = Mul(audio, audio)
  mean = ReduceMean<axes = [1], keepdims = 0>(power)
  rms = Sqrt(mean)
}"""

FEATURE = """
<ir_version: 8, opset_import: ["" : 17]>
affect (float[batch, 2] features) => (float[batch, 2] affect, float[batch, 2] logits)
{
  weights = Constant<value = float[2, 2] {0.5, 0.0, 0.0, 2.0}>()
  affect = MatMul(features, weights)
  logits = Neg(features)
}"""

THREE = {"logits": {"labels": ["negative", "neutral", "positive"], "activation": "softmax"}}
AFFECT = {
    "affect": {"labels": ["arousal", "valence"], "activation": "none"},
    "logits": {"labels": ["calm", "sad"], "activation": "sigmoid"},
}
TWO_FEATURES = ["level_mean_dbfs", "f0_mean_st"]


RMS_MODEL = onnx_model(RMS, sample_rate_hz="16000", outputs=THREE)
PLAIN_MODEL = onnx_model(PLAIN_RMS, sample_rate_hz="8000", outputs={"rms": {"labels": ["level"], "activation": "none"}})
FEATURE_MODEL = onnx_model(FEATURE, features=TWO_FEATURES, outputs=AFFECT)


def softmax(logits):
    powers = np.exp(logits - np.max(logits))
    return powers / powers.sum()


def test_a_contract_is_read():
    contract = check_model(RMS_MODEL, "m.onnx")
    outputs = (ModelOutput("logits", ("negative", "neutral", "positive"), "softmax"),)
    assert contract == ModelContract(contract.sha256, "audio", "lengths", 16000, (), outputs)
    assert len(contract.sha256) == 64
    assert contract.sha256 != check_model(PLAIN_MODEL, "m.onnx").sha256
    contract = check_model(FEATURE_MODEL, "m.onnx")
    assert contract.features == tuple(TWO_FEATURES)
    assert contract.labels == ("arousal", "valence", "calm", "sad")
    assert not contract.takes_egemaps


def audio_model(text: str = RMS, outputs=THREE, **metadata) -> bytes:
    return onnx_model(text, **{"sample_rate_hz": "8000", "outputs": outputs, **metadata})


def feature_model(features, outputs=AFFECT) -> bytes:
    return onnx_model(FEATURE, features=features, outputs=outputs)


def logits(labels, activation="none") -> dict:
    return {"logits": {"labels": labels, "activation": activation}}


CUSTOM = RMS.replace('["" : 17]', '["" : 17, "my.ops" : 1]').replace("Sqrt(", "my.ops.Root(")
ONE_AT_A_TIME = RMS.replace("float[batch, samples]", "float[1, samples]")
DOUBLE = RMS.replace("float[batch, samples]", "double[batch, samples]")
THREE_AXES = RMS.replace("float[batch, samples]", "float[batch, 1, samples]")
MISFIT = RMS.replace("float[1, 3] {-1.0, 0.0, 1.0}", "float[2, 2] {1.0, 1.0, 1.0, 1.0}")

REFUSED = [
    (b"", "not an ONNX file"),
    (b"RIFF....WAVE and more of it", "not an ONNX file"),
    (onnx_model(RMS, outputs=THREE), "neither of the metadata sample_rate_hz and features"),
    (onnx_model(RMS, outputs=THREE), "named features; add one of them to metadata_props"),
    (audio_model(features=TWO_FEATURES), "has both"),
    (audio_model(features=TWO_FEATURES), "named features; keep one of them in metadata_props"),
    (audio_model(sample_rate_hz="8 kHz"), "must be a whole number from 4000 to 48000"),
    (audio_model(sample_rate_hz="96000"), "must be a whole number"),
    (onnx_model(RMS, sample_rate_hz="8000"), "lacks the metadata outputs"),
    (audio_model(outputs="{"), "metadata outputs is not JSON"),
    (audio_model(outputs=[]), "must be a JSON object"),
    (audio_model(outputs={"x": THREE["logits"]}), "no output 'x', which its metadata name; it has logits"),
    (audio_model(outputs={"logits": {"labels": ["a"]}}), "must be labels and activation"),
    (audio_model(outputs=logits(["a", "a", "b"])), "must be labels and activation"),
    (audio_model(outputs=logits(["a", "b", "c"], "tanh")), "must be one of softmax, sigmoid, none"),
    (audio_model(outputs=logits(["a"])), "must be floats [batch, 1], for its labels a"),
    (feature_model(TWO_FEATURES, AFFECT | logits(["arousal", "x"])), "two outputs have a label 'arousal'"),
    (feature_model("level_mean_dbfs"), "features is not JSON"),
    (feature_model({"a": 1}), "must be a JSON list of names"),
    (feature_model(["level_mean_dbfs", "loudness"]), "'loudness', which does not exist"),
    (feature_model(["level_mean_dbfs", "f0_mean_st_z"]), "z-scores need the whole call"),
    (feature_model(list(FEATURES[:3])), "takes 2 features, and metadata name 3"),
    (onnx_model(FEATURE, sample_rate_hz="8000", outputs=AFFECT), "has a fixed number of samples"),
    (onnx_model(RMS, features=TWO_FEATURES, outputs=THREE), "must take float32 [batch, features]"),
    (audio_model(ONE_AT_A_TIME), "audio (float [1, dynamic]) has a fixed batch size"),
    (audio_model(DOUBLE), "takes audio (double [dynamic, dynamic]) and lengths (int64 [dynamic]), and must take"),
    (audio_model(THREE_AXES), "must take float32 [batch, samples]"),
    (audio_model(CUSTOM), "operators that onnxruntime does not have: my.ops.Root"),
    (audio_model(RMS.replace("Sqrt(", "Sqroot(")), "cannot be loaded by onnxruntime"),
    (audio_model(MISFIT), "cannot be loaded by onnxruntime"),
    (audio_model(RMS.replace("Div(energy, counts)", "Concat<axis = 0>(energy, counts)")), "for 2 units"),
]


@pytest.mark.parametrize(("content", "says"), REFUSED, ids=[says for _, says in REFUSED])
def test_what_cannot_work_is_refused_with_its_cause(content, says):
    with pytest.raises(ModelError) as caught:
        check_model(content, "folder/m.onnx")
    assert isinstance(caught.value, UsageError)
    assert "folder/m.onnx" in str(caught.value)
    assert says in str(caught.value)


def test_weights_in_another_file_are_refused(tmp_path):
    model = onnx.load_model_from_string(FEATURE_MODEL)
    constant = next(node for node in model.graph.node if node.op_type == "Constant")
    weights = onnx.numpy_helper.from_array(np.array([[0.5, 0], [0, 2]], np.float32), "weights")
    model.graph.node.remove(constant)
    model.graph.initializer.append(weights)
    onnx.save(model, tmp_path / "m.onnx", save_as_external_data=True, size_threshold=0)
    with pytest.raises(ModelError, match="keeps weights in another file"):
        read_contract((tmp_path / "m.onnx").read_bytes(), "m.onnx")
    onnx.save(onnx.load(tmp_path / "m.onnx"), tmp_path / "whole.onnx", save_as_external_data=False)
    assert check_model((tmp_path / "whole.onnx").read_bytes(), "m.onnx").labels == ("arousal", "valence", "calm", "sad")


def unit(begin: int, end: int) -> Unit:
    return Unit(f"0123456789ab-u{begin * 10:08d}", "utterance", begin, end, ())


def test_units_are_scored_from_their_own_audio():
    samples = noise(30) // np.repeat([1, 2, 4], 80_000)
    model = SentimentModel(PLAIN_MODEL, "m.onnx")
    units = [unit(0, 300), unit(1100, 1400), unit(2100, 2433), unit(2500, 2550)]
    channel = make_channel(samples)
    scores = model.score(unit_batch(model.contract, channel, units, measures={}))
    assert scores.channel_id == "0123456789ab"
    rows = dict(scores.by_unit())
    assert list(rows) == [one.unit_id for one in units[:3]], "the last is too short"
    for one in units[:3]:
        rms = np.sqrt(np.mean((samples[one.begin * 80 : one.end * 80] / 32768) ** 2))
        assert rows[one.unit_id] == [{"name": "level", "value": pytest.approx(rms, rel=1e-5)}]


def test_audio_comes_at_the_models_rate_and_masked_audio_as_zeros():
    samples = noise(4)
    model = SentimentModel(RMS_MODEL, "m.onnx")
    batch = unit_batch(model.contract, make_channel(samples), [unit(0, 400)], measures={}, masked=as_spans([(0, 200)]))
    assert not batch.waveforms[0][:16000].any()
    np.testing.assert_array_equal(batch.waveforms[0][16000:], samples[16000:])
    ((_, row),) = model.score(batch).by_unit()
    rms = np.sqrt(np.mean((batch.waveforms[0] / 32768) ** 2))
    expected = softmax(np.array([-rms, 0, rms]))
    assert [one["name"] for one in row] == ["negative", "neutral", "positive"]
    assert [one["value"] for one in row] == pytest.approx(list(expected), abs=2e-3)  # the resampler rounds the edges
    assert sum(one["value"] for one in row) == pytest.approx(1)


def test_a_batch_holds_views_of_the_channel():
    channel = make_channel(noise(40))
    contract = SentimentModel(RMS_MODEL, "m.onnx").contract
    batch = unit_batch(contract, channel, [unit(0, 1000), unit(0, 3000)], measures={})
    assert all(np.shares_memory(one, channel.samples) for one in batch.waveforms)
    assert len(batch) == 2
    assert batch.nbytes == 2 * (80_000 + 240_000)


def feature_batch(rows) -> UnitBatch:
    ids = tuple(f"u{number}" for number in range(len(rows)))
    return UnitBatch("c-1", "0123456789ab", ids, 8000, features=np.array(rows, np.float32))


def test_features_in_their_order_and_activations():
    model = SentimentModel(FEATURE_MODEL, "m.onnx")
    measures = {
        "f0_mean_st": np.array([9, 30, 31], np.float32),
        "level_mean_dbfs": np.array([9, -20, -800], np.float32),
    }
    units = [unit(0, 50), unit(100, 300), unit(400, 900)]
    batch = unit_batch(model.contract, make_channel(noise(10)), units, measures=measures)
    assert batch.unit_ids == (units[1].unit_id, units[2].unit_id)
    values = model.score(batch).values
    assert values[units[1].unit_id] == pytest.approx((-10, 60, 1 / (1 + np.exp(-20)), 1 / (1 + np.exp(30))))
    assert values[units[2].unit_id][2:] == pytest.approx((1, 1 / (1 + np.exp(31))))


def test_a_unit_without_one_of_the_features_has_no_scores():
    scores = SentimentModel(FEATURE_MODEL, "m.onnx").score(feature_batch([[1, 2], [np.nan, 2], [3, 4]]))
    assert list(scores.values) == ["u0", "u2"]
    assert scores.values["u2"][:2] == (1.5, 8.0)


def test_what_is_no_finite_number_is_null():
    text = FEATURE.replace("Neg(", "Log(")
    scores = SentimentModel(
        onnx_model(text, features=TWO_FEATURES, outputs={"logits": AFFECT["logits"] | {"activation": "none"}}), "m"
    )
    assert scores.score(feature_batch([[1, -2]])).values == {"u0": (0.0, None)}


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(8000, 40_000), min_size=1, max_size=40), st.integers(0, 2**32 - 1), st.booleans())
def test_together_units_score_as_each_alone(lengths, seed, told):
    model = SentimentModel(RMS_MODEL if told else PLAIN_MODEL, "m.onnx")
    rng = np.random.default_rng(seed)
    waveforms = [rng.uniform(-1, 1, length).astype(np.float32) * rng.uniform() for length in lengths]
    together = model.score_waveforms(waveforms)
    alone = [model.score_waveforms([one])[0] for one in waveforms]
    np.testing.assert_allclose(together, alone, rtol=1e-5)
    np.testing.assert_array_equal(together, model.score_waveforms(waveforms))


@pytest.mark.parametrize("told", [True, False])
def test_the_model_gets_so_many_units_at_once_and_no_padding_that_it_is_not_told_of(told, monkeypatch):
    monkeypatch.setattr(sentiment_model, "MOST_SAMPLES", 10_000)
    lengths = [1000] * 20 + [2000, 999, 2000, 20_000]
    groups = list(sentiment_model._together(lengths, padded=told))
    assert sorted(number for group in groups for number in group) == list(range(24))
    for group in groups:
        assert len(group) <= 16
        longest = max(lengths[number] for number in group)
        assert len(group) == 1 or len(group) * longest <= 10_000
        assert told or len({lengths[number] for number in group}) == 1
    assert len(groups) < 24
