"""What the ARN of a stream says: its name, its region and its account."""

from __future__ import annotations


def stream_name(arn: str) -> str:
    """Return a stream's name; what is no stream's ARN is called as it is.

    Examples
    --------
    >>> stream_name("arn:aws:kinesisvideo:us-east-1:111122223333:stream/calls-1/1700000000000")
    'calls-1'
    >>> stream_name("recordings/c-1.wav")
    'recordings/c-1.wav'
    """
    return arn.partition(":stream/")[2].split("/")[0] or arn


def stream_region(arn: str) -> str:
    """Return a stream's region.

    Examples
    --------
    >>> stream_region("arn:aws:kinesisvideo:us-east-1:111122223333:stream/calls-1/1700000000000")
    'us-east-1'
    """
    return arn.split(":")[3]


def stream_account(arn: str) -> str:
    """Return the account that a stream belongs to.

    Examples
    --------
    >>> stream_account("arn:aws:kinesisvideo:us-east-1:111122223333:stream/calls-1/1700000000000")
    '111122223333'
    """
    return arn.split(":")[4]
