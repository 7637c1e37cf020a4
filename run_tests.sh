#!/usr/bin/env bash
# Sets up, then passes every test; options go to pytest.
set -euo pipefail
cd "$(dirname "$0")"
source ./set_up.sh
set_up "[dev]"
exec .venv/bin/python -m pytest "$@"
