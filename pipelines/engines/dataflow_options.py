"""What Dataflow needs to be told, checked before anything is planned or submitted."""

from __future__ import annotations

import argparse
import importlib.util
import re
from collections.abc import Sequence

from callbeam.errors import UsageError

THREADS = 2
"""Of a worker process: one reads while the other analyses. Left alone, Dataflow starts a dozen, each with a piece."""

AWS_REGION = r"(us|eu|ap|sa|ca|me|af|il|mx|cn)(-[a-z]+)+-\d"
CLOUD_STORAGE_PLACE = r"gs://[a-z0-9][-_.a-z0-9]+[a-z0-9](/.*)?"


def dataflow_words(words: Sequence[str], options: argparse.Namespace) -> list[str]:
    """Complete Beam's options for Dataflow: the threads of a process, where nothing is said of them.

    Parameters
    ----------
    words : sequence of str
        As the user gave them.
    options : argparse.Namespace
        What they come to.
    """
    if options.number_of_worker_harness_threads:
        return list(words)
    return [*words, f"--number_of_worker_harness_threads={THREADS}"]


def check_dataflow(options: argparse.Namespace, *, output: str) -> None:
    """Refuse what Dataflow would refuse after minutes, or run into the ground.

    Parameters
    ----------
    options : argparse.Namespace
        Beam's options, parsed.
    output : str
        Where tables go.

    Raises
    ------
    UsageError
        With what is missing or wrong, and what to give instead.
    """
    _check_region(options.region)
    if not options.project:
        raise UsageError("Dataflow needs --project, the Google Cloud project that runs and pays for the job")
    for name in ("temp_location", "staging_location"):
        place = getattr(options, name)
        if place and not re.fullmatch(CLOUD_STORAGE_PLACE, place):
            raise UsageError(f"--{name} {place} is no place on Cloud Storage such as gs://my-bucket/callbeam")
    if not (options.temp_location or options.staging_location):
        raise UsageError("Dataflow needs --temp_location=gs://BUCKET/PATH, where it puts the job and its programs")
    if not (options.sdk_container_image or options.setup_file or options.extra_packages):
        raise UsageError(
            "Dataflow's workers do not have callbeam: give --sdk_container_image, an image that holds it "
            "(deploy/Dockerfile), or --setup_file=./setup.py of its sources"
        )
    if not output.startswith("s3://"):
        raise UsageError(f"--output {output}: Dataflow's workers vanish with their disks; give s3://BUCKET/PREFIX")
    if importlib.util.find_spec("google.cloud") is None or importlib.util.find_spec("google.cloud.dataflow") is None:
        raise UsageError("--runner=DataflowRunner needs Google's libraries: pip install 'callbeam[dataflow]'")
    _check_credentials(options)


def _check_region(region: str | None) -> None:
    if not region:
        raise UsageError("Dataflow needs --region, one of Google's such as europe-west4 (AWS's is --aws-region)")
    if re.fullmatch(AWS_REGION, region):
        raise UsageError(
            f"--region {region} is AWS's: on Dataflow --region is one of Google's such as europe-west4, and "
            f"AWS's is given as --aws-region={region}"
        )


def _check_credentials(options: argparse.Namespace) -> None:
    """Look for Google's credentials: Beam would look four times, a minute long, and go on without."""
    if options.no_auth or options.dry_run:
        return
    import google.auth  # noqa: PLC0415  (there with the extra alone)
    from google.auth.exceptions import DefaultCredentialsError  # noqa: PLC0415

    try:
        google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
    except DefaultCredentialsError as error:
        raise UsageError(
            "no Google credentials were found: run `gcloud auth application-default login`, or name a service "
            f"account's file in GOOGLE_APPLICATION_CREDENTIALS ({str(error).partition('. ')[0]})"
        ) from error
