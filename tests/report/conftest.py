"""Fixtures of the report's tests; this folder's helper modules are importable."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from made_output import MadeOutput


@pytest.fixture
def made(tmp_path: Path) -> MadeOutput:
    """Give an output without rows."""
    return MadeOutput(tmp_path / "out")
