"""What a job was submitted with, told to its workers: steps that one version has pickled, another may misread."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions

from callbeam import __version__
from callbeam.errors import UsageError

OPTION = "client_versions"


class ClientVersions(PipelineOptions):
    """Makes Beam carry the versions to the workers, among the options of the job."""

    @classmethod
    def _add_argparse_args(cls, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(f"--{OPTION}", default=None, help=argparse.SUPPRESS)


def own_versions() -> str:
    """Return the versions that both sides must have alike: Python's without its last number, Beam's and callbeam's."""
    python = ".".join(platform.python_version_tuple()[:2])
    return f"Python {python}, apache-beam {version('apache-beam')}, callbeam {__version__}"


def check_client(options: Mapping[str, Any]) -> None:
    """Refuse to work for a job that was submitted with other versions.

    Parameters
    ----------
    options : mapping
        The job's, as a runner's provisioning gives them; a job that tells no versions is taken as it is.

    Raises
    ------
    UsageError
        With both versions.
    """
    client = options.get(f"beam:option:{OPTION}:v1")
    if client is not None and client != own_versions():
        raise UsageError(
            f"the job was submitted with {client}, and the worker has {own_versions()}: install the same on both sides"
        )
