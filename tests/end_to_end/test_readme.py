"""The README's first look at the tables, run by a shell as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from callbeam.audio import channel_of_pcm
from callbeam.callmaker import CallSpec, ConversationSpec, make_call
from callbeam.errors import UsageError

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_a_recording_is_analysed_in_a_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], subtype: str
) -> None:
    (block,) = re.findall(r"```python\n(from callbeam import.*?)```", README, re.DOTALL)
    made = make_call(CallSpec("c", 0, ConversationSpec(duration_ms=30_000)), 4)
    length = min(map(len, made.pcm.values()))
    columns = [made.pcm[role][:length] for role in ("CUSTOMER", "AGENT")]
    soundfile.write(tmp_path / "recording.wav", np.stack(columns, axis=1) / 32768, 8000, subtype=subtype)
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} == {"CUSTOMER", "AGENT"}
    assert len(lines) > 4


@pytest.mark.parametrize("samples", [np.zeros(80, np.float32), np.zeros((80, 2), np.int16)])
def test_samples_of_another_kind_are_refused(samples: np.ndarray) -> None:
    with pytest.raises(UsageError, match="int16 samples of shape"):
        channel_of_pcm(samples, 8000)


def test_the_first_query_shows_the_calls(demo_output: Any, tmp_path: Path) -> None:
    (command,) = re.findall(r'^\.venv/bin/python (-c "import duckdb.*?\.show\(\)")$', README, re.MULTILINE | re.DOTALL)
    (tmp_path / "out").symlink_to(Path(demo_output.output).resolve())
    shell = shutil.which("sh")
    assert shell is not None
    done = subprocess.run(
        [shell, "-c", f'"$PYTHON" {command}'],
        cwd=tmp_path,
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "talk_time_agent_ms" in done.stdout
