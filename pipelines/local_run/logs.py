"""Logging of the command: warnings to standard error, without what an import says of parts that are not used."""

from __future__ import annotations

import logging

CHATTER = (
    "apitools not found",  # wherever the extra for Google Cloud is not installed
    "Resource module is not available",  # or torch
    "Really starting service",  # the job server, as a warning
    "Really destroying service",
    "Waiting for grpc channel to be ready",  # of the same
    "If direct_num_workers is not equal to 1",  # local worker processes are started by an environment of our own
)
"""What Beam warns of in vain."""


class _Wanted(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith(CHATTER)


def configure_logging() -> None:
    """Send warnings to standard error; to be called before Beam is imported, which would configure logging itself."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)  # whatever level a worker's start-up gives the root logger
    handler.addFilter(_Wanted())
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("callbeam").setLevel(logging.WARNING)  # so that its own warnings pass there, too
    # A failing step is told of in one line by whoever runs the pipeline; Beam logs the whole way that it took, too.
    # So does botocore where credentials cannot be renewed.
    for name in ("apache_beam.runners.common", "apache_beam.runners.worker.sdk_worker", "botocore"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
