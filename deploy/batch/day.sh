#!/usr/bin/env bash
# One day of a backfill: the first one, and as many days later as the index of the AWS Batch array job says.
#   day.sh FIRST_DAY OPTIONS...     such as: day.sh 2026-03-01 --streams 'my-connect-*' --output s3://my-lake/calls
# An attempt that is killed is completed by the next one. Exit codes are those of `callbeam backfill`.
set -euo pipefail
first="$1"
shift
index="${AWS_BATCH_JOB_ARRAY_INDEX:-0}"
if [[ ! "$first" =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]]; then
  echo "day.sh: error: $first is no day such as 2026-03-01" >&2
  exit 2
fi
day="$(date --utc --date "$first + $index days" +%FT00:00:00Z)"
next="$(date --utc --date "$first + $((index + 1)) days" +%FT00:00:00Z)"
exec callbeam backfill --start "$day" --end "$next" "$@"
