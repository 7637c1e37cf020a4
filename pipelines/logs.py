"""Logging of the command: warnings to standard error, without what an import says of parts that are not used."""

from __future__ import annotations

import logging

UNUSED_PARTS = ("apitools not found", "Resource module is not available")
"""Beam says so wherever the extra for Google Cloud, or torch, is not installed."""


class _Wanted(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith(UNUSED_PARTS)


def configure_logging() -> None:
    """Send warnings to standard error; to be called before Beam is imported, which would configure logging itself."""
    handler = logging.StreamHandler()
    handler.addFilter(_Wanted())
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    # A failing step is told of in one line by whoever runs the pipeline; Beam logs the whole way that it took, too.
    logging.getLogger("apache_beam.runners.common").setLevel(logging.CRITICAL)
