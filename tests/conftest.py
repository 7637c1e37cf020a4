"""What tests of several parts share."""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from callbeam.payload import formats

pytest_plugins = ["builders.stores", "builders.made_output"]

SHARED_BY_MODULES = {"demo_output"}
"""Fixtures of a session that take minutes."""


@pytest.fixture
def aws_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give the SDK keys that open nothing, and nothing else that it finds on this machine."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")


@pytest.fixture(scope="module")
def low_rates() -> Iterator[None]:
    """Let a track have a sample a millisecond, which no analysis takes but every position can be read from."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(formats, "LOWEST_RATE_HZ", 1_000)
        formats._declared_format.cache_clear()
        yield
    formats._declared_format.cache_clear()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Start half as many workers again as there are cores: tests wait for servers and processes that they start."""
    return (os.cpu_count() or 1) * 3 // 2


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests that share something costly to one worker, so that it is made once and not by every worker."""
    for item in items:
        if isinstance(item, pytest.Function) and item.get_closest_marker("xdist_group") is None:
            group = _what_it_shares(item)
            if group is not None:
                item.add_marker(pytest.mark.xdist_group(group))


def pytest_collection_finish() -> None:
    """Keep what is loaded by now out of every later collection of garbage, as the command line does.

    A job begins with a full one, which would look at all tests and all that they import.
    """
    gc.collect()
    gc.freeze()


def _what_it_shares(item: pytest.Function) -> str | None:
    fixtures = item._fixtureinfo.name2fixturedefs
    for name in SHARED_BY_MODULES & set(fixtures):
        return name
    if any(made[-1].scope == "module" for made in fixtures.values()):
        return item.path.stem
    return None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Close with how many tests were skipped, and why: a reason names what would let them run."""
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    )
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count} skipped: {reason}")
