#!/usr/bin/env bash
# Sets up, then passes every test, on all cores; options go to pytest (-n 0 for one process).
set -euo pipefail
cd "$(dirname "$0")"
source ./set_up.sh
set_up "[dev]"
exec .venv/bin/python -m pytest -n auto "$@"
