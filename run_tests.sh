#!/usr/bin/env bash
# Sets up, then passes every test, on all cores; options go to pytest (-n 0 for one process).
# With --engines first, it gets what tests/engines runs callbeam on beside the local runner; tests of what is absent skip.
set -euo pipefail
cd "$(dirname "$0")"
source ./set_up.sh
set_up "[dev]"
if [ "${1:-}" = --engines ]; then
  shift
  PYTHON=.venv/bin/python tests/engines/get_engines.sh || echo "tests of engines that are absent will skip" >&2
fi
exec .venv/bin/python -m pytest -n auto --dist loadgroup "$@"
