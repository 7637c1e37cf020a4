"""The house: rooms use each other by their public pages alone, and a page costs nothing until it is used."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

import callbeam

PACKAGE = Path(callbeam.__file__).parent
LINKED = ("pipelines", "transforms", "schemas")
MOST_FILES = 20
HEAVY = ("apache_beam", "boto3", "numpy", "onnx", "onnxruntime", "pyarrow", "scipy")


def _rooms() -> dict[str, Path]:
    """Return every package below callbeam with its folder; links count once, as the folders that they are."""
    found = {"callbeam": PACKAGE}
    for init in [*PACKAGE.glob("*/__init__.py"), *PACKAGE.glob("*/*/__init__.py")]:
        found[".".join(("callbeam", *init.parent.relative_to(PACKAGE).parts))] = init.parent
    return found


ROOMS = _rooms()
MODULES = {
    name if path.stem == "__init__" else f"{name}.{path.stem}": path
    for name, folder in ROOMS.items()
    for path in sorted(folder.glob("*.py"))
}


def _room_of(module: str) -> str:
    return module if module in ROOMS else module.rpartition(".")[0]


@cache
def _page(room: str) -> frozenset[str]:
    """Return what a room's page names; ``pipelines``, which people run, has none."""
    return frozenset(getattr(importlib.import_module(room), "__all__", ()))


def _imports(path: Path) -> list[tuple[str, str]]:
    """Return what a file imports of callbeam, wherever it does: pairs of module and name."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    whole = [(alias.name, "") for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    single = [
        (node.module or "", alias.name) for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names
    ]
    return [(module, name) for module, name in [*whole, *single] if module.split(".")[0] == "callbeam"]


def _trespasses(module: str, path: Path) -> list[str]:
    """Return how a module uses other rooms otherwise than by their pages."""
    found = []
    for other, name in _imports(path):
        room = _room_of(other)
        if room in ("callbeam", _room_of(module)):
            continue  # modules of the package's top are pages of their own
        if other != room or name not in _page(room):
            found.append(f"{module}: {other} {name}")
    return found


def test_rooms_use_only_what_pages_name() -> None:
    assert len(MODULES) > 200
    assert [line for module, path in MODULES.items() for line in _trespasses(module, path)] == []


@pytest.mark.parametrize(
    ("line", "trespasses"),
    [
        ("from callbeam.audio import Channel", 0),
        ("from callbeam.line.layout import DUAL_MONO", 0),  # its own room
        ("from callbeam.errors import UsageError", 0),
        ("from callbeam.audio.channel import Channel", 1),
        ("from callbeam.audio import _private", 1),
        ("import callbeam.audio.channel", 1),
        ("def f():\n    from callbeam.audio.frames import HOP_MS", 1),
    ],
)
def test_a_trespass_is_seen(tmp_path: Path, line: str, trespasses: int) -> None:
    path = tmp_path / "module.py"
    path.write_text(line)
    assert len(_trespasses("callbeam.line.module", path)) == trespasses


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_what_a_page_names_is_there(room: str) -> None:
    page = importlib.import_module(room)
    assert page.__doc__
    for name in _page(room):
        assert getattr(page, name) is not None
    # Importing a module sets its name on its package, where it would hide what a page names.
    modules = {name for _, name, _ in pkgutil.iter_modules(page.__path__)}
    assert {name for name in _page(room) & modules if not isinstance(getattr(page, name), type(pkgutil))} == set()


def test_rooms_are_small_and_names_mean_one_thing() -> None:
    files = defaultdict(list)
    for module in MODULES:
        if module not in ROOMS:
            files[_room_of(module)].append(module.rpartition(".")[2])
    assert {room: len(names) for room, names in files.items() if len(names) > MOST_FILES} == {}
    owners = defaultdict(list)
    for room, names in files.items():
        for name in names:
            if room != "callbeam.schemas" and name != "config":  # tables are named as what they hold
                owners[name].append(room)
    assert {name: rooms for name, rooms in owners.items() if len(rooms) > 1} == {}


def _loaded(*lines: str) -> set[str]:
    """Return which of the heavy libraries are loaded after some lines of Python."""
    code = "; ".join(("import sys", *lines, "print(*sys.modules)"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(HEAVY) & set(done.stdout.split())


def test_pages_cost_nothing_to_import() -> None:
    assert _loaded(*(f"import {room}" for room in sorted(ROOMS))) == set()


@pytest.mark.parametrize(
    ("module", "spared"),
    [
        ("callbeam.pipelines.cli", set(HEAVY)),
        ("callbeam.pipelines.run_emulator", set(HEAVY)),
        ("callbeam.pipelines.inspect_capture", set(HEAVY) - {"numpy"}),
        ("callbeam.pipelines.report", {"apache_beam", "onnx", "onnxruntime", "scipy"}),
        ("callbeam.pipelines.plan", {"apache_beam", "onnx", "onnxruntime", "scipy"}),
        ("callbeam.pipelines.export", {"apache_beam", "onnx", "onnxruntime", "scipy"}),
    ],
)
def test_a_command_loads_only_what_it_uses(module: str, spared: set[str]) -> None:
    assert _loaded(f"import {module}") & spared == set()
