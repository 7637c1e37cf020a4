"""Train a classifier of sentiment on the tables of a backfill, and export it for the next one to score with.

It learns from units of split ``train`` alone, and tells how good it is on those of speakers that it has not heard:
``python examples/train_sentiment.py out sentiment.onnx``; docs/tutorials/train-a-model.md goes through it.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import onnx
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from callbeam import open_tables
from callbeam.notebook import unit_labels
from callbeam.sentiment import SentimentModel

FEATURES = ["level_mean_dbfs", "level_sd_db", "f0_mean_st", "f0_sd_st", "voiced_ratio", "spectral_centroid_hz",
            "alpha_ratio_db", "hammarberg_index_db", "articulation_rate_hz"]  # fmt: skip
"""What the model takes: measures that a line of telephone leaves, NULL for hardly any unit."""


def labelled_units(tables, name):
    """Return the utterances that may be scored, have all features, and a label on which all agree who judged."""
    judged = defaultdict(set)
    for row in unit_labels(tables).to_pylist():
        if row["name"] == name and row["value"] is not None:
            judged[row["unit_id"]].add(row["value"])
    columns = ["unit_id", "unit_type", "eligible", "split", "split_group", *FEATURES]
    units = []
    for row in tables.read("sentiment_inputs", columns).to_pylist():
        labels = judged.get(row["unit_id"], ())
        measured = all(row[feature] is not None for feature in FEATURES)
        if row["unit_type"] == "utterance" and row["eligible"] and measured and len(labels) == 1:
            units.append(row | {"label": min(labels)})
    return units


def arrays(units):
    """Return features, float32, and labels."""
    features = np.array([[unit[feature] for feature in FEATURES] for unit in units], np.float32)
    return features.reshape(-1, len(FEATURES)), np.array([unit["label"] for unit in units])


def export(model, path, features):
    """Write the model with what callbeam asks of it; return what the file itself says of units."""
    takes = [("features", FloatTensorType([None, len(FEATURES)]))]
    exported = to_onnx(model, initial_types=takes, options={"zipmap": False}, target_opset=17)
    outputs = {"probabilities": {"labels": [str(label) for label in model.classes_], "activation": "none"}}
    onnx.helper.set_model_props(exported, {"features": json.dumps(FEATURES), "outputs": json.dumps(outputs)})
    onnx.save(exported, path)
    scores = np.stack(SentimentModel(path.read_bytes(), str(path)).score_features(features))
    np.testing.assert_allclose(scores, model.predict_proba(features), atol=1e-4)
    return scores


def save_mistakes(tables, units, right, folder):
    """Save the sound of the five units that the model gets most wrong, where tables have it: listen to them."""
    rank = {units[place]["unit_id"]: number for number, place in enumerate(np.argsort(right)[:5], start=1)}
    folder.mkdir(exist_ok=True)
    for clip in tables.read("clips", ["unit_id", "audio"]).to_pylist():
        if clip["unit_id"] in rank:
            (folder / f"{rank[clip['unit_id']]}.flac").write_bytes(clip["audio"]["bytes"])


def main():
    """Train, tell, export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", help="the --output of a backfill, enriched with labels")
    parser.add_argument("model", type=Path, help="the ONNX file to write")
    parser.add_argument("--label", default="sentiment", help="its name in table labels (default %(default)s)")
    options = parser.parse_args()
    tables = open_tables(options.tables)
    units = labelled_units(tables, options.label)
    splits = {split: [unit for unit in units if unit["split"] == split] for split in ("train", "validation", "test")}
    for split, some in splits.items():
        if len({unit["label"] for unit in some}) < (2 if split == "train" else 1):
            parser.error(f"split {split} has too few units with a label {options.label!r}: label units of more calls")
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
    model.fit(*arrays(splits["train"]))
    for split, some in splits.items():
        features, labels = arrays(some)
        groups = len({unit["split_group"] for unit in some})
        reached = balanced_accuracy_score(labels, model.predict(features))
        print(f"{split}: {len(some)} units of {groups} speakers, balanced accuracy {reached:.2f}")
    print(f"by chance: {1 / len(model.classes_):.2f}")
    held_out = [unit for unit in splits["validation"] + splits["test"] if unit["label"] in model.classes_]
    features, labels = arrays(held_out)
    scores = export(model, options.model, features)
    save_mistakes(tables, held_out, scores[labels[:, None] == model.classes_], options.model.with_name("mistakes"))


if __name__ == "__main__":
    main()
