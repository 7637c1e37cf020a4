#!/usr/bin/env bash
# Sets up, then runs the main job: without options over made-up calls on the emulator, into out/;
# with options it is `callbeam backfill` (./run_local.sh --streams ... --start ... --end ... --output s3://...).
set -euo pipefail
cd "$(dirname "$0")"
source ./set_up.sh
set_up ""
if [ $# -eq 0 ]; then
  exec .venv/bin/callbeam demo --output out
fi
exec .venv/bin/callbeam backfill "$@"
