"""A page of the documentation, worked through as its reader does: files saved, commands typed, answers compared."""

from __future__ import annotations

import io
import math
import os
import re
import shlex
import subprocess
import sys
import time
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
FENCE = re.compile(r"^```(\w+)(?: title=\"([^\"\n]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PATIENCE_S = 200

NUMBER = r"-?\d[\d,]*(?:\.\d+)?"
IDENTIFIER = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]+")
"""Made-up calls are the same to a rounding error on another CPU, but their digests are not."""


@dataclass(frozen=True)
class Block:
    """A block of code, the file that it is to be saved as, and the answer that the page shows behind it."""

    language: str
    title: str
    code: str
    answer: str = ""


def blocks(page: str) -> list[Block]:
    """Return the code of a page of ``docs/tutorials``."""
    found: list[Block] = []
    for language, title, code in FENCE.findall((REPOSITORY / "docs" / "tutorials" / page).read_text(encoding="utf-8")):
        if language == "text":
            asked = found.pop()
            assert not asked.answer, "an answer without a question"
            found.append(Block(asked.language, asked.title, asked.code, code))
        else:
            found.append(Block(language, title, code))
    return found


def assert_alike(shown: str, got: str) -> None:
    """Hold an answer to the one on the page: words alike, numbers close, anything in the place of ``...``."""
    shown, got = (IDENTIFIER.sub("ID", re.sub(r"[─-╿]+", " ", text)) for text in (shown, got))
    tokens = re.findall(rf"\.\.\.|{NUMBER}|\w+|[^\w\s]", shown)
    pattern = "".join(
        r".*?" if token == "..." else rf"\s*({NUMBER})" if re.fullmatch(NUMBER, token) else r"\s*" + re.escape(token)
        for token in tokens
    )
    match = re.fullmatch(pattern + r"\s*", got, re.DOTALL)
    assert match, f"the page shows\n{shown}\nbut it is\n{got}"
    for there, here in zip((token for token in tokens if re.fullmatch(NUMBER, token)), match.groups(), strict=True):
        old, new = (float(text.replace(",", "")) for text in (there, here))
        slack = 0.15 if "." in there else 1.0
        assert math.isclose(old, new, rel_tol=0.1, abs_tol=slack), f"the page shows {there}, not {here}, in\n{got}"


class Reader:
    """A reader at a shell, who keeps a Python prompt beside it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder.parent / "shell.log"
        self._names: dict[str, Any] = {}
        commands = folder / ".venv" / "bin"
        commands.mkdir(parents=True)
        python = shlex.quote(sys.executable)
        self._command(commands / "python", f'exec {python} "$@"')
        self._command(commands / "callbeam", f'exec {python} -m callbeam.pipelines.cli "$@"')
        self._command(commands / "pip", "exit 0")  # the tests have everything
        self._command(folder / "run_local.sh", "exec .venv/bin/callbeam demo --output out")
        (folder / "examples").symlink_to(REPOSITORY / "examples")
        with self._log.open("wb") as log:
            self._shell = subprocess.Popen(
                ["bash", "--noprofile", "--norc"],
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1", "MPLBACKEND": "agg"},
                start_new_session=True,
            )
        self._type("set -em")  # stop at the first failure; jobs have numbers

    @staticmethod
    def _command(path: Path, line: str) -> None:
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)

    def follow(self, block: Block, port: int) -> None:
        """Do what a block says."""
        if block.title:
            self._type(f"cat > {block.title} <<'END'\n{block.code}END")
        elif block.language == "sh":
            assert_alike(
                block.answer, self._run(block.code.replace("9400", str(port)), block.answer).replace(str(port), "9400")
            )
        else:
            code = block.code if block.language == "python" else f"ask('''{block.code}''')"
            with redirect_stdout(io.StringIO()) as answer:
                exec(compile(code, "the page", "exec"), self._names)
            assert_alike(block.answer, answer.getvalue())

    def close(self) -> None:
        """Leave, and end what still runs."""
        self._type("set +e; kill $(jobs -p) 2>/dev/null; wait; exit")
        self._shell.wait(PATIENCE_S)

    def _type(self, text: str) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.write(f"{text}\n".encode())
        self._shell.stdin.flush()

    def _run(self, code: str, answer: str) -> str:
        """Type a block, and wait for its end; of what goes on in the background, for as many lines as are shown."""
        begin = self._log.stat().st_size
        background = code.rstrip().endswith("&")
        self._type(code + ("" if background else "echo '<''end>'"))
        deadline = time.monotonic() + PATIENCE_S
        while True:
            said = self._log.read_bytes()[begin:].decode()
            if (said.count("\n") >= answer.count("\n")) if background else said.endswith("<end>\n"):
                return said.removesuffix("<end>\n")
            assert self._shell.poll() is None, f"{code}\nfailed:\n{said}"
            assert time.monotonic() < deadline, f"{code}\ntakes too long:\n{said}"
            time.sleep(0.05)
