"""Stores to test on: a folder, an S3 server on this machine, and a proxy before it."""

from builders.made_output import made  # noqa: F401 - a fixture
from builders.stores import (  # noqa: F401 - fixtures
    bucket,
    config,
    credentials,
    job,
    make_job,
    make_seconds,
    owner,
    proxy,
    s3_endpoint,
    store,
)
