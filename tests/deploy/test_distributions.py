"""What is handed on holds what it should, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ("callbeam", "callbeam/pipelines", "callbeam/transforms", "callbeam/schemas")
NEEDED = {
    "callbeam/py.typed", "callbeam/__init__.pyi", "callbeam/report/assets/report.css",
    "callbeam/pipelines/engines/dataflow_options.py",
}  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both distributions, the wheel made from the source distribution, as a package index would have them."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def modules() -> set[str]:
    """Return every module and page of the package, linked folders included."""
    files = [path for folder in PACKAGE for path in (ROOT / folder).rglob("*.py*") if path.suffix in {".py", ".pyi"}]
    return {str(path.relative_to(ROOT)) for path in files}


def test_the_wheel_is_the_package_and_its_licence(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
        entry_points = file.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    assert modules() | NEEDED <= names
    others = {name for name in names if not name.startswith("callbeam/")}
    assert all(".dist-info/" in name for name in others)
    assert any(name.endswith("/LICENSE") for name in others)
    assert "callbeam = callbeam.pipelines.cli:main" in entry_points


def test_the_source_distribution_makes_it_and_brings_no_tests(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        names = {name.split("/", 1)[1] for name in file.getnames() if "/" in name}
    assert modules() | NEEDED | {"setup.py", "pyproject.toml", "LICENSE", "README.md"} <= names
    assert not [name for name in names if name.startswith(("tests", "benchmarks", "docs", "deploy"))]
