"""What others charge, in US dollars, us-east-1, on demand; other regions differ. Each with its date and source."""

from __future__ import annotations

from typing import Final

KVS_CONSUMED_GB: Final = 0.0085
"""Data consumed by GetMediaForFragmentList, hot and warm tier alike; each read again is paid again.

AWS's blog on KVS's tiers, 4 January 2026; examples of https://aws.amazon.com/kinesis/video-streams/pricing/ of October
2026 agree. No price of a call of ListFragments is known.
"""

VCPU_HOUR: Final = 0.04048
"""A vCPU of AWS Fargate, Linux on x86, June 2026: https://aws.amazon.com/fargate/pricing/."""

MEMORY_GB_HOUR: Final = 0.004445
"""A GB of its memory, from the same."""

WORKER_GB: Final = 2
"""The least that Fargate gives a vCPU, from the same."""

S3_PUT: Final = 0.005 / 1000
"""PUT, COPY and LIST of S3 Standard, 2026: https://aws.amazon.com/s3/pricing/."""

S3_GB_MONTH: Final = 0.023
"""A GB kept for a month in S3 Standard, the first 50 TB, from the same."""
