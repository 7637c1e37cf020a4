from __future__ import annotations

from pathlib import Path

import pytest
from builders.made_output import MadeOutput

from callbeam.pipelines import report


def pages_of(folder: Path) -> set[str]:
    return {path.name.rpartition("-")[0] for path in (folder / "pages").iterdir()}


@pytest.fixture
def output(made: MadeOutput) -> Path:
    for seed in range(1, 14):
        made.add_call(f"call-{seed:02d}", seed=seed)
    made.add_call("call-slow", seed=20, response_latency_agent_p50_ms=9000.0)
    return made.publish()


def test_calls_asked_for_get_pages_and_the_index_links_them(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report.main([str(output), "--call-id", "call-03", "call-05", "--call-id", "call-01"]) == 0
    folder = output / "_report"
    assert pages_of(folder) == {"call-01", "call-03", "call-05"}
    index = (folder / "index.html").read_text()
    for name in pages_of(folder):
        assert f">{name}</a>" in index
    assert ">call-slow</span>" in index  # stands out, and has no page
    assert f"{folder / 'index.html'}: 14 calls" in capsys.readouterr().out
    assert report.main([str(output), "--call-id", "call-slow"]) == 0
    assert pages_of(folder) == {"call-01", "call-03", "call-05", "call-slow"}
    assert ">call-slow</a>" in (folder / "index.html").read_text()


def test_what_stands_out_gets_pages_where_nothing_is_asked_for(output: Path) -> None:
    assert report.main([str(output)]) == 0
    assert len(pages_of(output / "_report")) == 10
    assert "call-slow" in pages_of(output / "_report")


def test_sample_and_folder(output: Path, tmp_path: Path) -> None:
    words = [str(output), "--call-id", "call-slow", "--sample", "3", "--to"]
    assert report.main([*words, str(tmp_path / "one")]) == 0
    assert report.main([*words, str(tmp_path / "two")]) == 0
    assert not (output / "_report").exists()
    files = {path.relative_to(tmp_path / "one"): path.read_bytes() for path in (tmp_path / "one").rglob("*.html")}
    assert len(files) in (4, 5)  # the index, three, and the one asked for, if the sample has not drawn it
    for name, content in files.items():
        assert (tmp_path / "two" / name).read_bytes() == content


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["OUT", "--call-id", "call-0l"], "there is no call 'call-0l' in the tables; did you mean call-"),
        (["OUT", "--call-id", "call-s"], "did you mean call-slow?"),
        (["OUT", "--call-id", "?"], "--sample 10 shows some"),
        (["OUT/none"], "there is no folder"),
        (["OUT/seconds"], "holds no table of calls"),
        (["OUT", "--sample", "-1"], "-1 is not at least 0"),
        (["OUT", "--smaple", "1"], "did you mean --sample?"),
        (["OUT", "--to", "OUT"], "lies among the tables"),
        (["OUT", "--to", "OUT/calls"], "lies among the tables"),
        (["OUT", "--to", "OUT/_jobs/x"], "lies among the tables"),
        (["OUT", "--to", "OUT/_erased/x"], "lies among the tables"),
        (["OUT", "--to", "s3://bucket/report"], "is no local folder"),
        (["OUT", "--to", "/dev/null/report"], "cannot be made"),
        (["OUT", "--to", "/proc/callbeam"], "cannot be made"),
        (["s3://bucket/lake"], "say with --to FOLDER"),
        ([], "required"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    output: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert report.main([word.replace("OUT", str(output)) for word in words]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.startswith("callbeam report: error: ")
    assert captured.err.count("\n") == 1


def test_a_folder_in_the_index_place(output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "to" / "index.html").mkdir(parents=True)
    assert report.main([str(output), "--to", str(tmp_path / "to")]) == 1
    assert "index.html cannot be written" in capsys.readouterr().err


def test_tables_stay_as_they_are(output: Path) -> None:
    before = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}
    assert report.main([str(output), "--sample", "2"]) == 0
    after = {path: path.read_bytes() for path in output.rglob("*") if path.is_file() and "_report" not in path.parts}
    assert after == before
