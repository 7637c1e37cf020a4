"""The README's first look at the tables, run by a shell as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


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
