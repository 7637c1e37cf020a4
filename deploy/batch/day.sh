#!/usr/bin/env bash
# One day of a backfill: the first one, and as many days later as the index of the AWS Batch array job says.
#   day.sh FIRST_DAY OPTIONS...     such as: day.sh 2026-03-01 --streams 'my-connect-*' --output s3://my-lake/calls
# An attempt that is killed is completed by the next one. Exit codes are those of `callbeam backfill`.
set -euo pipefail

# With 2, as what no other attempt can mend.
refuse() {
  echo "day.sh: error: $1" >&2
  exit 2
}

(($# > 0)) || refuse "the first day is missing, such as 2026-03-01"
first="$1"
shift
index="${AWS_BATCH_JOB_ARRAY_INDEX:-0}"
[[ "$first" =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]] && date --utc --date "$first" > /dev/null 2>&1 ||
  refuse "$first is no day such as 2026-03-01"
[[ "$index" =~ ^(0|[1-9][0-9]{0,4})$ ]] || refuse "AWS_BATCH_JOB_ARRAY_INDEX is $index, no index of an array job"
day="$(date --utc --date "$first + $index days" +%FT00:00:00Z)"
next="$(date --utc --date "$first + $((index + 1)) days" +%FT00:00:00Z)"
exec callbeam backfill --start "$day" --end "$next" "$@"
