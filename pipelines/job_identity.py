"""What a job's rows depend on beside its input: options and versions."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import callbeam
from callbeam import __version__
from callbeam.decoding import DecodeConfig
from callbeam.errors import UsageError
from callbeam.payload import codecs_installed
from callbeam.tables import PublishConfig

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


def results_key(publish: PublishConfig, decode: DecodeConfig) -> str:
    """Hash what a piece's results rest on beside its media: options, versions, models, records, and the code itself.

    Parameters
    ----------
    publish : PublishConfig
    decode : DecodeConfig
        With what records say of the job's calls.
    """
    rests_on = publish.options_sha256, dict(publish.versions), dict(publish.models), asdict(decode), _code_sha256()
    return hashlib.sha256(json.dumps(rests_on, sort_keys=True).encode()).hexdigest()[:16]


@cache
def _code_sha256() -> str:
    """Hash callbeam's own source: an edited one has the same version."""
    package = Path(callbeam.__file__).parent
    walked = os.walk(package, followlinks=True)  # some of its folders are links where it is not installed
    sources = (Path(folder) / name for folder, _, names in walked for name in names if name.endswith(".py"))
    digest = hashlib.sha256()
    for path in sorted(sources):
        digest.update(f"{path.relative_to(package)}\0".encode() + path.read_bytes())
    return digest.hexdigest()
