"""What a job's rows depend on beside its input: options and versions."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from callbeam import __version__
from callbeam.errors import UsageError
from callbeam.payload import codecs_installed

LIBRARIES = ("apache-beam", "av", "numpy", "onnxruntime", "pyarrow", "scipy", "soundfile", "soxr")
"""Another version of one of these may give other bytes; av is there with the extra ``codecs``."""


def options_sha256(*configs: Any) -> str:
    """Hash the options that change rows.

    Parameters
    ----------
    *configs : dataclass instances
    """
    text = json.dumps([{type(config).__name__: asdict(config)} for config in configs], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def versions() -> dict[str, str]:
    """Return the versions that results rest on; callbeam's own from the source, which need not be installed.

    Raises
    ------
    UsageError
        If a library was put on the path without its metadata.
    """
    try:
        there = [name for name in LIBRARIES if name != "av" or codecs_installed()]
        return {"callbeam": __version__, **{name: version(name) for name in there}}
    except PackageNotFoundError as error:
        raise UsageError(
            f"the version of {error.name} cannot be told, and a job records what its rows rest on: install it with pip"
        ) from error
