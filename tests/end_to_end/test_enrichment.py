"""Tables of made-up calls, enriched with what services would have made of them."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
import sqlglot
from builders.demo import load_demo
from builders.made_transcripts import MadeSources, write_sources

from callbeam.callmaker import load_truth
from callbeam.emulator import Emulator
from callbeam.notebook import open_tables, unit_labels, units_said, utterances_said
from callbeam.pipelines import backfill, enrich, forget
from callbeam.scoring import f1, right_links
from callbeam.tables import Manifest

DEMO_CALLS = 6
DOCS = Path(__file__).parents[2] / "docs"


class Enriched:
    """An output that was enriched, and what it was enriched with."""

    def __init__(self, output: Path, sources: Path, made: MadeSources) -> None:
        self.output, self.sources, self.made = output, sources, made

    def run(self, *words: str, source: Path | None = None) -> int:
        return enrich.main([str(self.output), "--source", str(source or self.sources), *words])

    def rows(self, table: str) -> list[dict[str, Any]]:
        return ds.dataset(self.output / table, format="parquet").to_table().to_pylist()

    def digests(self) -> dict[str, str]:
        tables = ("segments", "utterance_texts", "labels", "messages")
        files = sorted(path for table in tables for path in (self.output / table).rglob("*.parquet"))
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def enriched(tmp_path_factory: pytest.TempPathFactory) -> Enriched:
    """Run a backfill of made-up calls, planned from records, which tell the roles; then enrich it."""
    folder = tmp_path_factory.mktemp("enriched")
    with pytest.MonkeyPatch.context() as patch, Emulator() as emulator:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "example")
        truth = load_demo(emulator, DEMO_CALLS)
        words = ["--calls", str(truth.parent / "records"), "--output", str(folder / "out"), "--aws-region", "us-east-1"]
        words += ["--kvs-endpoint-url", emulator.endpoint_url, "--fragments-per-second", "0"]
        assert backfill.main(words) == 0
        truths = [load_truth(path) for path in sorted(truth.glob("*.json"))]
    made = write_sources(truths, folder / "said")
    result = Enriched(folder / "out", folder / "said", made)
    assert result.run("--text-policy", "raw") == 0
    return result


def test_every_final_segment_lands_on_the_right_utterances(enriched: Enriched) -> None:
    utterances = defaultdict(list)
    for row in enriched.rows("utterances"):
        utterances[row["call_id"]].append(row)
    found, right = set(), set()
    for row in enriched.rows("segments"):
        key = (row["call_id"], row["source"], f"{row['participant_role']}-{row['source_begin_ms']}")
        turn = enriched.made.said[key]
        found |= {(*key, name) for name in row["utterance_ids"]}
        right |= {(*key, name) for name in right_links(turn, utterances[row["call_id"]])}
        assert row["text"] == turn.text
        assert not row["is_partial"]
    assert f1(found, right) >= 0.98
    assert {row["source"] for row in enriched.rows("segments")} == {
        "contact_lens", "live_call_analytics", "chime_call_analytics"
    }  # fmt: skip


def test_clocks_are_found(enriched: Enriched) -> None:
    for row in enriched.rows("segments"):
        assert abs(row["clock_shift_ms"] - enriched.made.shifts[row["call_id"]]) <= 60
        assert row["clock_confidence"] > 0.8


def test_every_record_is_accounted_for(enriched: Enriched) -> None:
    counts: Counter[str] = Counter()
    for row in enriched.rows("segments"):
        counts[row["source"]] += row["record_count"]
    assert counts == enriched.made.records
    assert len(enriched.rows("segments")) == len(enriched.made.said)
    lines = sum(1 for line in (enriched.sources / "stream-1.jsonl").read_text().splitlines() if line)
    lines += (enriched.sources / "stream-2").read_text().count('"detail-type"')
    lines += (enriched.sources / "stream-2").read_text().count('"EventType"')
    assert sum(row["record_count"] for row in enriched.rows("messages")) == lines


def test_no_word_is_used_twice_and_none_is_lost(enriched: Enriched) -> None:
    said: Counter[tuple[str, str]] = Counter()
    for row in enriched.rows("segments"):
        if row["text_status"] == "linked":
            said[row["call_id"], row["source"]] += len(row["text"].split())
    heard: Counter[tuple[str, str]] = Counter()
    for row in enriched.rows("utterance_texts"):
        heard[row["call_id"], row["source"]] += row["word_count"] or 0
    assert said == heard


def test_words_per_minute_where_there_are_words(enriched: Enriched) -> None:
    rates = [row["words_per_minute"] for row in enriched.rows("utterance_texts") if row["text_status"] == "words"]
    assert rates
    assert all(40 < rate < 400 for rate in rates if rate is not None)
    others = [row for row in enriched.rows("utterance_texts") if row["text_status"] != "words"]
    assert {row["words_per_minute"] for row in others} == {None}


def test_running_again_gives_the_same_bytes(enriched: Enriched) -> None:
    before = enriched.digests()
    assert len(before) >= 4
    assert enriched.run("--text-policy", "raw") == 0
    assert enriched.digests() == before
    assert not list(enriched.output.glob("_jobs/*/*/"))


def test_another_place_with_the_same_segments_is_refused(
    enriched: Enriched, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(enriched.sources, tmp_path / "copy")
    before = enriched.digests()
    assert enriched.run("--text-policy", "raw", source=tmp_path / "copy") == 2
    assert "is there already, from" in capsys.readouterr().err
    assert enriched.digests() == before


def test_the_default_policy_reads_only_what_is_redacted(enriched: Enriched, tmp_path: Path) -> None:
    shutil.copytree(enriched.output, tmp_path / "out")
    again = Enriched(tmp_path / "out", enriched.sources, enriched.made)
    assert again.run() == 0
    texts = defaultdict(set)
    for row in again.rows("segments"):
        texts[row["source"]].add(row["text"] is not None)
        assert row["words"] is None or row["source"] == "contact_lens"
    assert texts == {"contact_lens": {True}, "live_call_analytics": {False}, "chime_call_analytics": {False}}
    withheld = [row for row in again.rows("utterance_texts") if row["text_status"] == "withheld"]
    assert withheld
    assert {row["text"] for row in withheld} == {None}


def test_calls_that_no_job_has_written_are_kept_and_told(
    enriched: Enriched, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(enriched.output, tmp_path / "out")
    (tmp_path / "said").mkdir()
    event = {"EventType": "ADD_TRANSCRIPT_SEGMENT", "CallId": "nobody-knows-me", "Channel": "AGENT", "SegmentId": "s",
             "StartTime": 1, "EndTime": 2, "Transcript": "hi", "IsPartial": False,
             "CreatedAt": "2026-05-01T10:00:00Z"}  # fmt: skip
    (tmp_path / "said" / "a.json").write_text(json.dumps(event) + "\n{broken\n")
    again = Enriched(tmp_path / "out", tmp_path / "said", enriched.made)
    assert again.run("--text-policy", "raw") == 0
    out = capsys.readouterr().out
    assert "no job has written call nobody-knows-me" in out
    assert "a.json, line 2" in out
    (row,) = [row for row in again.rows("segments") if row["call_id"] == "nobody-knows-me"]
    assert (row["call_known"], row["text"], row["text_status"], row["begin_offset_ms"]) == (
        False, "hi", "unknown_call", None
    )  # fmt: skip
    letters = [row for row in again.rows("dead_letters") if row["step"] == "ReadTranscripts"]
    assert [row["reason"] for row in letters] == ["bad_record"]
    # Its record is gone: what was said of it goes, too.
    (tmp_path / "said" / "a.json").write_text("\n")
    (tmp_path / "said" / "b.csv").write_text("call_id,name,value\nx,y,z\n")
    assert again.run("--text-policy", "raw") == 0
    assert [row for row in again.rows("segments") if row["call_id"] == "nobody-knows-me"] == []
    # Nothing of the source is of use: who runs this by night is to know.
    (tmp_path / "said" / "a.json").write_text("{broken\n")
    (tmp_path / "said" / "b.csv").unlink()
    capsys.readouterr()
    assert again.run("--text-policy", "raw") == 3
    assert re.search(r"dead_letters +1 row$", capsys.readouterr().out, re.MULTILINE)


def test_manifests_name_every_file(enriched: Enriched) -> None:
    manifests = [Manifest.from_json(path.read_bytes()) for path in enriched.output.glob("_jobs/*/manifest.json")]
    named = {entry.key for manifest in manifests for entry in manifest.files}
    there = {str(path.relative_to(enriched.output)) for path in enriched.output.rglob("*.parquet")}
    assert there <= named


def test_engines_read_them(enriched: Enriched) -> None:
    found = duckdb.sql(
        f"SELECT u.call_id, t.text FROM '{enriched.output}/utterances/*/*.parquet' u "
        f"JOIN '{enriched.output}/utterance_texts/*/*.parquet' t USING (call_id, utterance_id) "
        "WHERE t.source = 'contact_lens' AND t.text IS NOT NULL"
    ).fetchall()
    assert len(found) > 50


def test_a_backfill_reads_transcripts_once_it_is_published(
    tmp_path: Path, aws_credentials: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with Emulator() as emulator:
        truth = load_demo(emulator, 1)
        made = write_sources([load_truth(path) for path in sorted(truth.glob("*.json"))], tmp_path / "said")
        words = ["--calls", str(truth.parent / "records"), "--output", str(tmp_path / "out"), "--aws-region"]
        words += ["us-east-1", "--kvs-endpoint-url", emulator.endpoint_url, "--fragments-per-second", "0"]
        assert backfill.main([*words, "--transcripts", str(tmp_path / "nowhere")]) == 2
        assert "--transcripts" in capsys.readouterr().err
        assert not (tmp_path / "out" / "calls").exists()
        assert backfill.main([*words, "--transcripts", str(tmp_path / "said"), "--text-policy", "raw"]) == 0
    done = Enriched(tmp_path / "out", tmp_path / "said", made)
    assert {row["text_status"] for row in done.rows("segments")} <= {"linked", "no_utterance"}
    units = units_said(open_tables(done.output)).to_pylist()
    assert sum(unit["text"] is not None for unit in units) > len(units) / 2
    assert any(turn["text"] for unit in units for turn in unit["context"])
    before = done.digests()
    assert done.run("--text-policy", "raw") == 0
    assert done.digests() == before


@pytest.fixture
def database(enriched: Enriched) -> duckdb.DuckDBPyConnection:
    """Return the tables and views of docs/views.sql."""
    connection = duckdb.connect()
    views = (DOCS / "views.sql").read_text(encoding="utf-8")
    connection.execute(views.replace("'out/", f"'{enriched.output}/"))
    return connection


def test_views_and_the_notebook_join_the_same_texts(enriched: Enriched, database: duckdb.DuckDBPyConnection) -> None:
    tables = open_tables(enriched.output)
    for name, joined in (("utterances_said", utterances_said(tables)), ("units_said", units_said(tables))):
        key = "utterance_id" if name == "utterances_said" else "unit_id"
        found = dict(database.sql(f"SELECT call_id || {key}, text FROM {name}").fetchall())
        rows = joined.select(["call_id", key, "text"]).to_pylist()
        assert len(found) == len(rows)
        assert {row["call_id"] + row[key]: row["text"] for row in rows} == found
        assert sum(text is not None for text in found.values()) > len(found) / 2


def test_units_have_their_text_and_that_of_their_context(
    enriched: Enriched, database: duckdb.DuckDBPyConnection
) -> None:
    tables = open_tables(enriched.output)
    texts = {(row["call_id"], row["utterance_id"]): row["text"] for row in utterances_said(tables).to_pylist()}
    joined = units_said(tables)
    assert joined.schema == tables["sentiment_inputs"].schema.append(pa.field("text", pa.string()))
    rows = {(row["call_id"], row["unit_id"]): row for row in joined.to_pylist()}
    for unit in tables["sentiment_inputs"].to_pylist():
        row = rows[unit["call_id"], unit["unit_id"]]
        told = [texts[unit["call_id"], turn["utterance_id"]] for turn in unit["context"]]
        assert row["context"] == [{**turn, "text": text} for turn, text in zip(unit["context"], told, strict=True)]
        own = [texts[unit["call_id"], name] for name in unit["utterance_ids"]]
        assert row["text"] == (" ".join(text for text in own if text is not None) or None)
    assert {turn["participant_role"] for row in rows.values() for turn in row["context"] if turn["text"]} == {
        "AGENT", "CUSTOMER"
    }  # fmt: skip
    assert database.table("units_said").columns == [*database.table("sentiment_inputs").columns, "text"]
    found = database.sql("SELECT call_id, unit_id, context, text FROM units_said").fetchall()
    assert len(found) == len(rows)
    for call_id, unit_id, context, text in found:
        row = rows[call_id, unit_id]
        assert (context, text) == (row["context"], row["text"])


def test_without_text_units_are_as_they_were(enriched: Enriched, tmp_path: Path) -> None:
    shutil.copytree(enriched.output, tmp_path / "out")
    again = Enriched(tmp_path / "out", enriched.sources, enriched.made)
    assert again.run("--text-policy", "none") == 0
    tables = open_tables(again.output)
    assert units_said(tables).drop_columns(["text"]).equals(tables["sentiment_inputs"])
    assert units_said(tables)["text"].null_count == tables["sentiment_inputs"].num_rows


def test_views_and_the_notebook_join_the_same_labels(
    enriched: Enriched, database: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    shutil.copytree(enriched.output, tmp_path / "out")
    units = [row for row in enriched.rows("sentiment_inputs") if len(row["utterance_ids"]) > 1][:4]
    lines = ["call_id,name,value,annotator,unit_id"]
    lines += [f"{unit['call_id']},mood,calm,ann,{unit['unit_id']}" for unit in units]
    lines += [f"{unit['call_id']},mood,glad,bob,{unit['utterance_ids'][1]}" for unit in units]
    lines += [f"{units[0]['call_id']},mood,of the call,ann,", "nobody,mood,calm,ann,"]
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    people = Enriched(tmp_path / "out", tmp_path / "labels.csv", enriched.made)
    assert people.run() == 0
    views = (DOCS / "views.sql").read_text(encoding="utf-8")
    connection = duckdb.connect()
    connection.execute(views.replace("'out/", f"'{people.output}/"))
    joined = unit_labels(open_tables(people.output))
    found = connection.sql(f"SELECT {', '.join(joined.column_names)} FROM unit_labels").fetchall()
    rows = [tuple(row.values()) for row in joined.to_pylist()]
    assert sorted(map(repr, rows)) == sorted(map(repr, found))
    values = Counter(row["value"] for row in joined.to_pylist() if row["name"] == "mood")
    assert values["calm"] == len(units)
    assert values["glad"] >= len(units)
    assert values["of the call"] == 0


def test_labels_of_units_that_are_not_there_are_kept_and_told(
    enriched: Enriched, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(enriched.output, tmp_path / "out")
    unit = next(row for row in enriched.rows("sentiment_inputs") if row["unit_type"] == "utterance")
    call_id, names = unit["call_id"], (unit["unit_id"], unit["utterance_ids"][0], "of-last-year", "of-last-year")
    lines = [f"{call_id},mood,{value},{name}" for value, name in zip(("a", "b", "c", "d"), names, strict=True)]
    (tmp_path / "labels.csv").write_text("\n".join(["call_id,name,value,unit_id", *lines, "nobody,mood,a,of-nobody"]))
    people = Enriched(tmp_path / "out", tmp_path / "labels.csv", enriched.made)
    assert people.run() == 0
    out = capsys.readouterr().out
    assert "2 labels of units or utterances that their calls do not have: kept, and joined to none" in out
    assert f"call {call_id} has no of-last-year: 2 labels" in out
    assert "of-nobody" not in out
    assert len([row for row in people.rows("labels") if row["name"] == "mood"]) == 5


def test_identifiers_in_capitals_are_the_same_calls(enriched: Enriched, tmp_path: Path) -> None:
    """Spreadsheets and databases write them so; who was erased stays erased, however named."""
    shutil.copytree(enriched.output, tmp_path / "out")
    known, erased = [row["call_id"] for row in enriched.rows("calls")][:2]
    assert forget.main([str(tmp_path / "out"), "--call-id", erased]) == 0
    rows = [f"{name.upper()},mood,calm" for name in (known, erased)]
    (tmp_path / "labels.csv").write_text("\n".join(["call_id,name,value", *rows]))
    people = Enriched(tmp_path / "out", tmp_path / "labels.csv", enriched.made)
    assert people.run() == 0
    moods = [row for row in people.rows("labels") if row["name"] == "mood"]
    assert [(row["call_id"], row["call_known"]) for row in moods] == [(known, True)]


def test_labels_of_one_name_in_two_folders_are_both_kept(
    enriched: Enriched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(enriched.output, tmp_path / "out")
    people = Enriched(tmp_path / "out", Path("labels.csv"), enriched.made)
    call_id = enriched.rows("calls")[0]["call_id"]
    for who in ("ann", "bob"):
        (tmp_path / who).mkdir()
        monkeypatch.chdir(tmp_path / who)
        Path("labels.csv").write_text(f"call_id,name,value,annotator\n{call_id},mood,calm,{who}\n")
        assert people.run() == 0
    assert people.run(source=tmp_path / "bob" / "labels.csv") == 0
    moods = [row["annotator"] for row in people.rows("labels") if row["name"] == "mood"]
    assert sorted(moods) == ["ann", "bob"]


def test_labels_come_to_the_units_that_they_are_about(database: duckdb.DuckDBPyConnection) -> None:
    apart = database.sql(
        "SELECT count(*) FROM unit_labels n "
        "JOIN labels l ON l.call_id = n.call_id AND l.label_id = n.label_id "
        "JOIN sentiment_inputs s ON s.call_id = n.call_id AND s.unit_id = n.unit_id "
        "WHERE l.participant_role IS DISTINCT FROM s.participant_role "
        "OR l.begin_offset_ms > s.end_offset_ms OR l.end_offset_ms < s.begin_offset_ms"
    ).fetchall()
    assert apart == [(0,)]
    (names,) = zip(*database.sql("SELECT DISTINCT name FROM unit_labels").fetchall(), strict=True)
    assert {"sentiment", "voice_tone", "loudness"} <= set(names)
    assert "sentiment_overall" not in names


def test_their_totals_stand_beside_ours(database: duckdb.DuckDBPyConnection) -> None:
    rows = database.sql("SELECT name, theirs, ours FROM comparison WHERE name LIKE 'talk_time_%'").fetchall()
    assert len(rows) > 5
    assert all(abs(theirs - ours) < 0.4 * ours + 3_000 for _, theirs, ours in rows)


def test_agreement_between_annotators(enriched: Enriched, tmp_path: Path) -> None:
    """Two people and a third who says the opposite: kappa as worked out by hand."""
    shutil.copytree(enriched.output, tmp_path / "out")
    units = [row for row in enriched.rows("sentiment_inputs") if row["unit_type"] == "utterance"][:20]
    lines = ["call_id,name,value,annotator,unit_id"]
    for at, unit in enumerate(units):
        value = "POSITIVE" if at % 2 else "NEGATIVE"
        other = value if at < 18 else "NEUTRAL"
        lines += [f"{unit['call_id']},sentiment,{said},{who},{unit['unit_id']}" for who, said in
                  (("ann", value), ("bob", other))]  # fmt: skip
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    people = Enriched(tmp_path / "out", tmp_path / "labels.csv", enriched.made)
    assert people.run() == 0
    connection = duckdb.connect()
    views = (DOCS / "views.sql").read_text(encoding="utf-8")
    connection.execute(views.replace("'out/", f"'{people.output}/"))
    (query,) = re.findall(r"^```sql\n(.*?)^```", (DOCS / "queries.md").read_text().split("# What others say")[1],
                          re.MULTILINE | re.DOTALL)  # fmt: skip
    sqlglot.parse_one(query, dialect="athena")
    rows = {row[:2]: row[2:] for row in connection.sql(query).fetchall()}
    judges = "SELECT DISTINCT source, annotator FROM unit_labels WHERE name = 'sentiment' AND value IS NOT NULL"
    named = {f"{source}:{who}" if who else source for source, who in connection.sql(judges).fetchall()}
    found = {judge for pair in rows for judge in pair}
    assert found <= named
    assert found > {"people:ann", "people:bob"}  # a system, too, which has no annotator
    units_judged, agreed, kappa = rows["people:ann", "people:bob"]
    # 18 of 20 agree; by chance 0.5 * 0.45 twice: (0.9 - 0.45) / 0.55
    assert (units_judged, float(agreed), float(kappa)) == (20, 0.9, 0.818)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere", "--source", "."], "there is no folder"),
        (["--source", "."], "the following arguments are required: TABLES"),
        ([".", "--source", "missing.json"], "holds no table of calls"),
    ],
)
def test_bad_input_is_told(
    words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert enrich.main(words) == 2
    assert message in capsys.readouterr().err
