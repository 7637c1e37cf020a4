"""What a job's rows depend on beside its input: options and versions."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from callbeam.calls.verdict import codecs_installed

LIBRARIES = ("callbeam", "apache-beam", "av", "numpy", "onnxruntime", "pyarrow", "scipy", "soundfile", "soxr")
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
    """Return the versions that results rest on."""
    return {name: version(name) for name in LIBRARIES if name != "av" or codecs_installed()}
