"""``callbeam demo`` with what Contact Lens and call analytics say of its calls, as a person runs it."""

from __future__ import annotations

import io
import json
import re
import shutil
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow.dataset as ds
import pytest

from callbeam.callmaker import load_truth
from callbeam.pipelines import compact, demo, enrich, forget
from callbeam.scoring import compare_said_with_truth

CALLS = 3
SOURCES = {
    "contact-lens": {"contact_lens", "contact_lens_realtime"},
    "call-analytics": {"chime_call_analytics"},
}


class Ran(NamedTuple):
    """The demo of a system: its tables, what it printed, and the folder that what it read is in."""

    out: Path
    text: str
    data: Path


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """Run the demo of each system, over calls that are made up once."""
    folder = tmp_path_factory.mktemp("demo")
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "example")
        for system in SOURCES:
            out, printed = folder / f"out-{system}", io.StringIO()
            words = ["--records", system, "--calls", str(CALLS), "--data", str(folder), "--output", str(out)]
            with redirect_stdout(printed):
                assert demo.main(words) == 0
            found[system] = Ran(out, printed.getvalue(), folder / f"{CALLS}-calls")
    return found


@pytest.mark.parametrize("system", SOURCES)
def test_what_a_system_says_comes_to_the_calls(ran: dict[str, Ran], system: str) -> None:
    out, text, data = ran[system]
    of = demo.SAYING[system].of
    truths = [call for call in map(load_truth, (data / "truth").glob("*.json")) if call.source == of]
    assert f"calls found           {len(truths)} of {len(truths)}, 0 too many" in text
    assert f"said of calls         {len(truths)}\n" in text
    (share,) = re.findall(r"right links           ([\d.]+)%", text)
    assert float(share) >= 98
    assert f"tables: {out}" in text
    assert str(out / "_report" / "index.html") in text
    segments = ds.dataset(out / "segments", format="parquet").to_table().to_pylist()
    assert {row["source"] for row in segments} == SOURCES[system]
    assert len(segments) > 20 * len(truths)
    assert f"of {len(segments):,}\n" in text
    for name in ("labels", "segments"):
        count = ds.dataset(out / name, format="parquet").count_rows()
        assert re.search(rf"^{name} +{count:,} rows", text, re.MULTILINE)
    pages = "".join(path.read_text() for path in (out / "_report" / "pages").glob("*.html"))
    assert segments[0]["text"] in pages
    assert "+1206555" not in text + pages


def with_views(out: Path) -> duckdb.DuckDBPyConnection:
    """Return the tables and views of docs/views.sql."""
    connection = duckdb.connect()
    views = (Path(__file__).parents[2] / "docs" / "views.sql").read_text(encoding="utf-8")
    connection.execute(views.replace("'out/", f"'{out}/"))
    return connection


@pytest.mark.parametrize("system", SOURCES)
def test_views_are_there_whatever_a_system_says(ran: dict[str, Ran], system: str) -> None:
    """Contact Lens publishes no messages, and the views name their table all the same."""
    connection = with_views(ran[system].out)
    (count,) = connection.sql("SELECT count(*) FROM messages").fetchall()[0]
    assert (count > 0) == (system == "call-analytics")
    assert connection.sql("SELECT count(text) FROM utterances_said").fetchall()[0][0] > 20
    page = (Path(__file__).parents[2] / "docs" / "definitions.md").read_text(encoding="utf-8")
    (query,) = re.findall(r"^```sql\n(SELECT name, source.*?)^```", page, re.MULTILINE | re.DOTALL)
    found = {row[:2] for row in connection.sql(query).fetchall()}
    assert (("talk_time_agent_ms", "contact_lens") in found) == (system == "contact-lens")


def test_views_are_there_when_files_were_joined_and_somebody_is_forgotten(ran: dict[str, Ran], tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(ran["contact-lens"].out, out)
    first, second = sorted(row["call_id"] for row in ds.dataset(out / "calls").to_table(["call_id"]).to_pylist())
    (tmp_path / "labels.csv").write_text(f"call_id,name,value\n{first},quality,GOOD\n{second},quality,POOR\n")
    assert enrich.main([str(out), "--source", str(tmp_path / "labels.csv")]) == 0
    before = with_views(out).sql("SELECT count(*) FROM segments").fetchall()
    assert compact.main([str(out), "--before", "2026-04-01"]) == 0
    assert list((out / "labels").glob("month=*"))
    assert with_views(out).sql("SELECT count(*) FROM segments").fetchall() == before
    assert forget.main([str(out), "--call-id", first]) == 0
    assert with_views(out).sql("SELECT DISTINCT call_id FROM labels").fetchall() == [(second,)]
    assert enrich.main([str(out), "--source", str(tmp_path / "labels.csv")]) == 0
    assert with_views(out).sql("SELECT call_id, value FROM labels WHERE name = 'quality'").fetchall() == [
        (second, "POOR")
    ]


def test_a_wrong_link_lowers_the_share(ran: dict[str, Ran], tmp_path: Path) -> None:
    """Final segments that bear each other's names are not where the truth has those of that name."""
    out, said = tmp_path / "out", tmp_path / "said"
    shutil.copytree(ran["call-analytics"].out, out)
    data = ran["call-analytics"].data
    (path,) = list((data / "said" / "call-analytics").rglob("*.jsonl"))
    records = [json.loads(line) for line in path.read_text().splitlines()]
    finals = [one for one in records if one.get("UtteranceEvent", {}).get("IsPartial") is False]
    names = [one["UtteranceEvent"]["UtteranceId"] for one in finals]
    for one, name in zip(finals, names[1:] + names[:1], strict=True):
        one["UtteranceEvent"]["UtteranceId"] = name
    said.mkdir()
    (said / "a.jsonl").write_text("\n".join(map(json.dumps, finals)))
    assert enrich.main([str(out), "--source", str(said), "--text-policy", "raw", "--allow-overlap"]) == 0
    kept = [path for path in (out / "segments").rglob("*.parquet") if len(ds.dataset(path).to_table()) == len(finals)]
    assert len(kept) == 2
    (first,) = {path.name for path in (ran["call-analytics"].out / "segments").rglob("*.parquet")}
    for path in kept:
        if path.name == first:
            path.unlink()
    found = compare_said_with_truth(out, data / "truth", source="chime")
    assert found.segments == len(finals) <= found.linked + 2
    assert len(found.found & found.right) < 0.2 * len(found.right)
