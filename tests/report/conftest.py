"""Fixtures of the report's tests; this folder's helper modules are importable."""

from pathlib import Path

import pytest
from builders.made_output import MadeOutput


@pytest.fixture
def made(tmp_path: Path) -> MadeOutput:
    """Give an output without rows."""
    return MadeOutput(tmp_path / "out")
