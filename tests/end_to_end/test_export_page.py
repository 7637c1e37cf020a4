"""The commands of the page about exporting, run over the demo as it says, print what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from builders.demo import load_demo

from callbeam.pipelines import export

if TYPE_CHECKING:
    from callbeam.emulator import Emulator

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "export-audio-and-labels.md"
SHOWN = re.compile(r"```sh\ncallbeam export (.*?)```\n\n```text\n(.*?)```", re.DOTALL)


@pytest.fixture
def demo(kvs: Emulator, demo_output: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """Serve the demo that the page has, with its tables in ``out``."""
    load_demo(kvs, len(demo_output.rows("calls")))
    (tmp_path / "out").symlink_to(demo_output.output)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS_VIDEO", kvs.endpoint_url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return kvs


@pytest.mark.usefixtures("demo")
def test_commands_print_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    shown = SHOWN.findall(PAGE.read_text(encoding="utf-8"))
    assert len(shown) == 3
    for words, expected in shown:
        capsys.readouterr()
        assert export.main(shlex.split(words.replace("\\\n", ""))) == 0
        assert capsys.readouterr().out == expected
