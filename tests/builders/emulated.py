"""boto3's clients for an emulator."""

from __future__ import annotations

from typing import Any, NamedTuple

import boto3
from botocore.config import Config


class Clients(NamedTuple):
    """One of each kind."""

    control: Any
    archived: Any
    media: Any


def make_clients(url: str, region: str = "us-east-1", **config: Any) -> Clients:
    """Open clients that wait little and try once; ``config`` is botocore's."""
    settings = {
        "endpoint_url": url,
        "region_name": region,
        "aws_access_key_id": "AKIDEXAMPLE",
        "aws_secret_access_key": "secret",
        "config": Config(retries={"max_attempts": 0}, read_timeout=10, **config),
    }
    names = ("kinesisvideo", "kinesis-video-archived-media", "kinesis-video-media")
    return Clients(*(boto3.client(name, **settings) for name in names))
