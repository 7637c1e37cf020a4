"""A sentiment model in a pipeline: nothing between the audio and it, and the same scores however a runner bundles."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import apache_beam as beam
import numpy as np
import onnx
import onnx.parser
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to
from builders.models import loudness_model

from callbeam.assembly import Keyed, PieceParts, call_parts
from callbeam.errors import JobError, UsageError
from callbeam.sentiment import SentimentModel, UnitBatch
from callbeam.sentiment.sentiment_model import UnitScores
from callbeam.storage import StorageConfig
from callbeam.transforms import open_model, score_units
from callbeam.transforms.coders import PieceCoder
from callbeam.transforms.score_units import ScoreUnits, UnitScorer

if TYPE_CHECKING:
    from pathlib import Path

STORAGE = StorageConfig("unused")


@pytest.fixture(scope="module")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "loudness.onnx"
    path.write_bytes(loudness_model(16_000))
    return path


def make_batch(number: int) -> UnitBatch:
    """The units of piece ``number``: the same whoever makes them."""
    rng = np.random.default_rng(number)
    lengths = rng.integers(8000, 60_000, rng.integers(1, 40))
    audio = tuple(rng.integers(-9000, 9000, length).astype(np.int16) for length in lengths)
    ids = tuple(f"{number:012x}-u{place:08d}" for place in range(len(audio)))
    return UnitBatch(f"call-{number % 3}", f"{number:012x}", ids, 8000, waveforms=audio)


def make_piece(number: int) -> PieceParts:
    """A piece of one channel, with what is to be scored of it."""
    return PieceParts(f"{number}", "arn", (Keyed("c", call_parts.SECONDS, b"rows"),), 1000, (make_batch(number),))


def make_signed_piece(number: int) -> PieceParts:
    """A piece that says where its audio lies in memory: a copy would lie elsewhere."""
    batch = make_batch(number)
    signed = replace(batch, call_id=str(id(batch.waveforms)))
    return replace(make_piece(number), batches=(signed,))


def scores_of(piece: PieceParts) -> Keyed:
    """What a model has added to a piece."""
    rows, scores = piece.parts
    assert (rows.kind, piece.batches) == (call_parts.SECONDS, ())
    return scores


def plain(part: Keyed) -> tuple[Any, ...]:
    """What a part says, so that it compares."""
    scores: UnitScores = part.value
    return part.call_key, part.kind, scores.channel_id, scores.labels, tuple(scores.values.items())


def check_scores(numbers: list[int], path: Path, expected: list[tuple[Any, ...]], **options: Any) -> None:
    """Run a pipeline over pieces, and compare all that it emits."""
    contract = open_model(str(path), STORAGE)
    with beam.Pipeline(runner="FnApiRunner", options=PipelineOptions([], **options)) as pipeline:
        parts = (
            pipeline
            | beam.Create(numbers)
            | beam.Map(make_piece).with_output_types(PieceParts)
            | ScoreUnits(str(path), contract, storage=STORAGE)
            | beam.Map(scores_of)
            | beam.Map(plain)
        )
        assert_that(parts, equal_to(expected))


def test_scores_do_not_depend_on_the_runner(model_path: Path) -> None:
    numbers = list(range(12))
    model = SentimentModel(model_path.read_bytes(), "m")
    alone = [plain(Keyed(f"call-{n % 3}", call_parts.SCORES, model.score(make_batch(n)))) for n in numbers]
    assert sum(len(values) for *_, values in alone) > 100
    check_scores(numbers, model_path, alone)
    check_scores(numbers[::-1], model_path, alone, direct_running_mode="multi_threading", direct_num_workers=3)
    for number in numbers:
        for unit, (value,) in plain(Keyed("c", call_parts.SCORES, model.score(make_batch(number))))[-1]:
            audio = make_batch(number).waveforms[int(unit[-8:])]
            assert value == pytest.approx(np.sqrt(np.mean((audio / 32768) ** 2)), rel=0.05)


def test_one_stage_holds_what_makes_units_and_the_model(model_path: Path) -> None:
    contract = open_model(str(model_path), STORAGE)
    pipeline = beam.Pipeline(runner="FnApiRunner")
    audio = pipeline | beam.Create([1]) | "Make" >> beam.Map(make_piece).with_output_types(PieceParts)
    audio | "ScoreUnits" >> ScoreUnits(str(model_path), contract, storage=STORAGE)
    proto = pipeline.to_runner_api()
    inside = {
        name: transform
        for name, transform in ((one.unique_name, one) for one in proto.components.transforms.values())
        if name.startswith("ScoreUnits/") and not transform.subtransforms
    }
    assert [transform.spec.urn for transform in inside.values()] == ["beam:transform:pardo:v1"]
    (pardo,) = inside.values()
    assert len(pardo.inputs) == 1, "a side input would part the stages"
    _, stages = FnApiRunner().create_stages(proto)
    fused = [{transform.unique_name for transform in stage.transforms} for stage in stages]
    assert any({"Make", pardo.unique_name} <= names for names in fused), fused


def test_a_batch_arrives_as_the_same_object_and_the_model_is_loaded_once(
    model_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[UnitBatch] = []
    loaded: list[SentimentModel] = []

    def encode(self: PieceCoder, value: PieceParts) -> bytes:
        if value.batches:
            raise AssertionError("a batch was encoded")
        return encode_any(self, value)

    class Noting(SentimentModel):
        def __init__(self, content: bytes, name: str) -> None:
            super().__init__(content, name)
            loaded.append(self)

        def score(self, batch: UnitBatch) -> UnitScores:
            taken.append(batch)
            return super().score(batch)

    contract = open_model(str(model_path), STORAGE)
    monkeypatch.setattr(score_units, "SentimentModel", Noting)
    encode_any = PieceCoder.encode
    monkeypatch.setattr(PieceCoder, "encode", encode)
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        pieces = pipeline | beam.Create(range(8)) | beam.Map(make_signed_piece).with_output_types(PieceParts)
        scored = pieces | ScoreUnits(str(model_path), contract, storage=STORAGE)
        parts = scored | beam.Map(lambda piece: scores_of(piece).kind)
        assert_that(parts, equal_to([call_parts.SCORES] * 8))
    assert len(taken) == 8
    assert all(one.call_id == str(id(one.waveforms)) for one in taken)
    assert len(loaded) == 1


def test_what_is_encoded_all_the_same_comes_back() -> None:
    batch = make_batch(3)
    coder = PieceCoder()
    (back,) = coder.decode(coder.encode(make_piece(3))).batches
    assert back.unit_ids == batch.unit_ids
    assert all((one == other).all() for one, other in zip(back.waveforms, batch.waveforms, strict=True))
    assert coder.estimate_size(make_piece(3)) == sum(one.nbytes for one in batch.waveforms) + len(b"rows")


def test_a_scorer_travels_without_its_model(model_path: Path) -> None:
    contract = open_model(str(model_path), STORAGE)
    scorer = UnitScorer(str(model_path), contract, STORAGE)
    packed = pickle.dumps(scorer)
    assert len(packed) < 2000
    assert pickle.loads(packed).load_model().contract == contract


def test_missing_files_are_told_of_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.onnx cannot be read: No such file"):
        open_model(str(tmp_path / "none.onnx"), STORAGE)
    with pytest.raises(UsageError, match="cannot be read"):
        open_model(str(tmp_path), STORAGE)


def test_a_model_that_changed_since_the_start_is_refused(tmp_path: Path, model_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(model_path.read_bytes())
    scorer = UnitScorer(str(path), open_model(str(path), STORAGE), STORAGE)
    scorer.load_model()
    model = onnx.load(path)
    model.doc_string = "trained again"
    onnx.save(model, path)
    with pytest.raises(JobError, match="not the file that the job started with"):
        scorer.load_model()
    path.unlink()
    with pytest.raises(JobError, match="a worker cannot load the sentiment model"):
        scorer.load_model()


def test_a_failing_model_names_the_call(model_path: Path) -> None:
    contract = open_model(str(model_path), STORAGE)
    scorer = UnitScorer(str(model_path), contract, STORAGE)
    broken = UnitBatch("call-7", "c", ("u1",), 8000, features=np.zeros((1, 5), np.float32))
    with pytest.raises(JobError, match=r"failed on call call-7: .*audio float32 \[1, 5\]"):
        scorer.run_inference(replace(make_piece(1), batches=(broken,)), scorer.load_model())
