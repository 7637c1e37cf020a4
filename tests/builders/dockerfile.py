"""A Dockerfile's steps, read and done in a folder: no engine for images is needed, and no image comes of it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class Step:
    """An instruction: its name, its options, and the rest as it stands."""

    name: str
    options: dict[str, str]
    rest: str


@dataclass
class Stage:
    """A stage: what it begins from, and what it does."""

    base: str
    name: str | None
    steps: list[Step] = field(default_factory=list)

    def of(self, name: str) -> list[Step]:
        return [step for step in self.steps if step.name == name]


def read_dockerfile(path: Path) -> list[Stage]:
    """Read the stages of a Dockerfile."""
    stages: list[Stage] = []
    lines = [line for line in path.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        name, rest = line.split(None, 1)
        options: dict[str, str] = {}
        while option := re.match(r"--([\w-]+)=(\S+)\s+", rest):
            options[option[1]], rest = option[2], rest[option.end() :]
        if name == "FROM":
            base, _, alias = re.sub(r"\s+(?i:as)\s+", " ", rest).partition(" ")
            stages.append(Stage(base, alias or None))
        elif stages:
            stages[-1].steps.append(Step(name, options, rest))
    return stages


def let_through(root: Path) -> Iterator[str]:
    """Yield what a context's ``.dockerignore`` lets through."""
    for line in (root / ".dockerignore").read_text().splitlines():
        if line.startswith("!"):
            yield line[1:]


@dataclass
class Replay:
    """Does a Dockerfile's steps below a folder, with the Python of an environment made for it.

    ``COPY`` copies, ``RUN`` runs with the image's absolute paths moved below the folder; what makes users is left out,
    since it would change this machine, and so is what comes from another image.

    Attributes
    ----------
    context : Path
        Where the sources lie.
    root : Path
        Stands for the image's root.
    python : Path
        Stands for the image's Python.
    """

    context: Path
    root: Path
    python: Path
    done: list[str] = field(default_factory=list)
    from_images: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    def do(self, stages: list[Stage]) -> None:
        folders = {stage.name or str(at): self.root / str(at) for at, stage in enumerate(stages)}
        for at, stage in enumerate(stages):
            folder = self.root / str(at)
            folder.mkdir(parents=True)
            inside = Path("/")
            for step in stage.steps:
                if step.name == "WORKDIR":
                    inside = Path(step.rest)
                    (folder / step.rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
                elif step.name == "COPY":
                    self._copy(step, folder, inside, folders)
                elif step.name == "ENV":
                    self.environment.update(word.split("=", 1) for word in shlex.split(step.rest))
                elif step.name == "RUN" and not step.rest.startswith("useradd"):
                    self._run(step.rest, folder, inside)

    @property
    def image(self) -> Path:
        """Where the last stage lies."""
        return max(self.root.iterdir(), key=lambda path: int(path.name))

    def _copy(self, step: Step, folder: Path, inside: Path, folders: Mapping[str, Path]) -> None:
        *sources, target = step.rest.split()
        source_root = self.context
        if (other := step.options.get("from")) is not None:
            if other not in folders:
                self.from_images.append(f"{other}:{sources[0]}")
                return
            source_root = folders[other]
        elif missing := [one for one in sources if Path(one).parts[0] not in set(let_through(self.context))]:
            raise AssertionError(f".dockerignore keeps {missing} from the image")
        to = folder / str(inside / target).lstrip("/")
        for source in sources:
            came_from = source_root / source.lstrip("/")
            if came_from.is_dir():
                # As Docker does it: the folder's contents, links as links.
                shutil.copytree(came_from, to, symlinks=True, dirs_exist_ok=True,
                                ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
                continue
            goal = to / came_from.name if target.endswith("/") else to
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(came_from, goal)
            goal.chmod(int(step.options.get("chmod", "644"), 8))

    def _run(self, command: str, folder: Path, inside: Path) -> None:
        moved = re.sub(r"(?<![\w.])/(?=(opt|wheels|source|usr|home)\b)", f"{folder}/", command)
        # Of what pip installs, Python compiles what is used. (pip reads this option the wrong way round.)
        environment = {"PATH": f"{self.python.parent}:/usr/bin:/bin", "PIP_NO_COMPILE": "no", **self.environment}
        run = subprocess.run(moved, shell=True, cwd=folder / str(inside).lstrip("/"), env=environment,
                             capture_output=True, text=True, check=False)  # fmt: skip
        if run.returncode:
            raise AssertionError(f"{command} failed:\n{run.stdout[-2000:]}\n{run.stderr[-2000:]}")
        self.done.append(command)


def exec_form(step: Step) -> list[str]:
    """Return the words of an instruction in its exec form."""
    words: list[str] = json.loads(step.rest)
    return words
