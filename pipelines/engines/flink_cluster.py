"""Whether a Flink cluster is there, and of the version that a job is made for: asked before anything is submitted."""

from __future__ import annotations

import argparse
import json
from contextlib import suppress
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from callbeam.errors import UsageError
from callbeam.pipelines.engines.flink_options import FLINK_RUNNERS

TIMEOUT_S = 10.0


def cluster_url(master: str) -> str | None:
    """Return the URL of a cluster's REST interface; None where Beam's option names no cluster.

    Examples
    --------
    >>> cluster_url("jobmanager:8081")
    'http://jobmanager:8081'
    >>> cluster_url("[local]")
    """
    if master.startswith("["):
        return None
    return master.rstrip("/") if "://" in master else f"http://{master}"


def ask(url: str, path: str) -> dict[str, Any]:
    """Ask a cluster.

    Raises
    ------
    OSError, ValueError
        If it cannot be reached, or answers something else than JSON.
    """
    with urlopen(url + path, timeout=TIMEOUT_S) as answer:  # noqa: S310  (the address that the user gave)
        found: dict[str, Any] = json.load(answer)
    return found


class ClusterJob:
    """A job that is about to be submitted, as a cluster tells of it.

    Jobs of its name that the cluster knows by now are others: the same day may be run again.

    Parameters
    ----------
    url : str
        Of the cluster's REST interface.
    name : str
        As the job is submitted.
    """

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self._name = name
        self._others: set[str] = set()
        with suppress(OSError, ValueError, KeyError):
            self._others = {str(job["jid"]) for job in self._of_that_name()}

    def find(self) -> dict[str, Any] | None:
        """Return what the cluster's overview says of it; None while the cluster has not got it.

        Raises
        ------
        OSError, ValueError, KeyError
            If the cluster does not tell.
        """
        jobs = [job for job in self._of_that_name() if job["jid"] not in self._others]
        return max(jobs, key=lambda job: int(job["start-time"]), default=None)

    def ask(self, path: str = "") -> dict[str, Any] | None:
        """Return what the cluster answers below ``/jobs/ID``; None while the cluster has not got it.

        Raises
        ------
        OSError, ValueError, KeyError
            If the cluster does not tell.
        """
        job = self.find()
        return None if job is None else ask(self.url, f"/jobs/{job['jid']}{path}")

    def _of_that_name(self) -> list[dict[str, Any]]:
        return [job for job in ask(self.url, "/jobs/overview")["jobs"] if job["name"] == self._name]


def check_cluster(options: argparse.Namespace) -> None:
    """Refuse a cluster that is not there, or not of the version that the job server is for.

    Parameters
    ----------
    options : argparse.Namespace
        Beam's options, parsed.

    Raises
    ------
    UsageError
        With the address, and what is wrong with it.
    """
    flink = {name.lower() for name in FLINK_RUNNERS}
    url = cluster_url(options.flink_master) if (options.runner or "").lower() in flink else None
    if url is None:
        return
    try:
        version = str(ask(url, "/config")["flink-version"])
    except (OSError, ValueError, KeyError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise UsageError(f"--flink_master {options.flink_master}: no Flink cluster answers there ({reason})") from error
    chosen = options.flink_job_server_jar or options.job_endpoint  # of whatever version these are
    if not chosen and version.rsplit(".", 1)[0] != options.flink_version:
        raise UsageError(
            f"the cluster at {options.flink_master} runs Flink {version}, and the job server would be for "
            f"{options.flink_version}: give --flink_version={version.rsplit('.', 1)[0]}"
        )
