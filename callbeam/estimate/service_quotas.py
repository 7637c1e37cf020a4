"""What Kinesis Video Streams allows, all of it hard limits but for the bandwidth.

Source: *Kinesis Video Streams service quotas*,
https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/limits.html, as of October 2026.
"""

from __future__ import annotations

from typing import Final

CONTROL_CALLS_S: Final = 300
"""DescribeStream, and likewise GetDataEndpoint, a second and account."""

MEDIA_FRAGMENTS_S: Final = 500
"""Fragments of GetMediaForFragmentList a second and stream, of all readers together."""

METADATA_FRAGMENTS_S: Final = 10_000
"""Fragments asked for by ListFragments a second and stream: ten pages."""

STREAM_BYTES_S: Final = 25_000_000
"""Bytes of media a second and stream."""
