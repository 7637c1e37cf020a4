#!/usr/bin/env bash
# Sets up, then runs the main job: without options over made-up calls on the emulator, planned from the records
# that their systems leave, into out/;
# with --demo connect, --demo chime or --demo lca over the calls of that system alone;
# with --demo contact-lens or --demo call-analytics over those of Connect or Chime, with what these systems say of them;
# with other options it is `callbeam backfill` (./run_local.sh --streams ... --start ... --end ... --output s3://...).
set -euo pipefail
cd "$(dirname "$0")"
source ./set_up.sh
set_up ""
if [ $# -eq 0 ]; then
  exec .venv/bin/callbeam demo --output out
elif [ "$1" = --demo ]; then
  exec .venv/bin/callbeam demo --records "${2:-}" --output "out-${2:-}"
fi
exec .venv/bin/callbeam backfill "$@"
