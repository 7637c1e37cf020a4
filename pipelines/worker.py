"""A local worker process: Beam's own, which logs as the command does."""

from __future__ import annotations

import sys

from callbeam.pipelines.logs import configure_logging

if __name__ == "__main__":
    configure_logging()
    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main(sys.argv)
