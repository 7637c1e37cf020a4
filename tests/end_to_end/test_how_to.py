"""The programs of the how-to pages, run as they stand."""

from __future__ import annotations

import re
import shutil
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pytest
import soundfile
from builders.models import onnx_model, rms_graph

from callbeam.callmaker import CallSpec, ConversationSpec, make_call
from callbeam.emulator import Emulator, media_for_fragment_list

if TYPE_CHECKING:
    from collections.abc import Callable

    Program = Callable[[], tuple[dict[str, Any], list[str]]]

PAGES = Path(__file__).parents[2] / "docs" / "how-to"
FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def code(page: str, language: str) -> list[str]:
    """Return a page's blocks in a language."""
    text = (PAGES / page).read_text(encoding="utf-8")
    return [textwrap.dedent(block) for _, named, block in FENCE.findall(text) if named == language]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[str], Any]:
    """Run a page's Python in a folder of its own; return its names and what it printed."""
    monkeypatch.chdir(tmp_path)

    def run_page(page: str) -> tuple[dict[str, Any], list[str]]:
        names: dict[str, Any] = {"__name__": "__main__"}
        capsys.readouterr()
        for block in code(page, "python"):
            exec(compile(block, page, "exec"), names)
        return names, capsys.readouterr().out.splitlines()

    return run_page


@pytest.fixture
def recording(run: Any) -> Path:
    """Put a recording where the programs look for it."""
    call = make_call(CallSpec("c", 0, ConversationSpec(duration_ms=30_000)), 4)
    path = Path("recording.wav")
    soundfile.write(path, np.stack([call.pcm["CUSTOMER"], call.pcm["AGENT"]], axis=1), 8000)
    return path.absolute()


def test_read_the_tables(run: Any, demo_output: Any) -> None:
    Path("out").symlink_to(demo_output.output)
    names, lines = run("read-the-tables.md")
    calls = len(demo_output.rows("calls"))
    assert "changed: []" in lines
    shutil.copytree("out", "other", ignore=shutil.ignore_patterns("frames"))
    for path in Path("other/calls").glob("*/*.parquet"):
        path.write_bytes(b"of another run")
    assert {key.partition("/")[0] for key in names["changed"]("other")} == {"calls", "frames"}
    assert lines[-4:] == [str(calls)] * 4
    assert {Path(path).resolve() for path in names["calls"]} == set((demo_output.output / "calls").glob("*/*.parquet"))


def test_say_who_is_on_which_track(run: Any, demo_output: Any) -> None:
    Path("out").symlink_to(demo_output.output)
    (query,) = code("say-who-is-on-which-track.md", "sql")
    assert {row[2] for row in duckdb.sql(query).fetchall()} == {"AGENT", "CUSTOMER", None}


def test_analyse_recordings_in_a_notebook(run: Any, recording: Path) -> None:
    _, lines = run("analyse-recordings-in-a-notebook.md")
    frames = "6000"
    assert {line.split()[0] for line in lines} == {"CUSTOMER", "AGENT", frames}


def test_inspect_a_capture(run: Any, recording: Path) -> None:
    with Emulator() as kvs:
        kvs.load_recording("calls", recording)
        stream = kvs.store.find("calls", None)
        assert stream is not None
        fragments = stream.in_order()
        media = (media_for_fragment_list(stream.media(each), each, "getmedia") for each in fragments)
        Path("capture.mkv").write_bytes(b"".join(media))
    _, lines = run("inspect-a-capture.md")
    assert {line.split()[1] for line in lines[:-2]} == {"decoded"}
    assert [line.split()[:2] for line in lines[-2:]] == [["CUSTOMER", "8000"], ["AGENT", "8000"]]


def test_test_a_kvs_client(run: Any, recording: Path) -> None:
    names, lines = run("test-a-kvs-client.md")
    fragments = lines[0]
    assert int(fragments) > 20
    assert lines[1:3] == ["ClientLimitExceededException", f"{fragments} 1"]
    assert [line.split()[0] for line in lines[3:]] == ["GetDataEndpoint", *["ListFragments"] * 3]
    assert names["kvs"].requests


def test_use_callbeam_in_a_beam_pipeline(
    run: Any, recording: Path, aws_credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Emulator() as kvs:
        contact_id = kvs.load_recording("my-connect-1", recording)
        monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS_VIDEO", kvs.endpoint_url)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        _, lines = run("use-callbeam-in-a-beam-pipeline.md")
    assert sorted(line.split(", ")[:2] for line in lines) == [
        [f"('{contact_id}'", "'AGENT'"],
        [f"('{contact_id}'", "'CUSTOMER'"],
    ]


def test_bring_a_sentiment_model(run: Any) -> None:
    graph = rms_graph("float[batch, 3] logits", "logits = Concat<axis = 1>(rms, rms, rms)")
    Path("trained.onnx").write_bytes(onnx_model(graph))
    _, lines = run("bring-a-sentiment-model.md")
    assert lines == ["('negative', 'neutral', 'positive')"]
