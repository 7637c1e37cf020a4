"""Which streams a user means: names, ARNs and ``prefix*``."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from callbeam.errors import UsageError
from callbeam.kvs.lanes import Stream
from callbeam.kvs.listing import milliseconds
from callbeam.kvs.service_errors import KvsError
from callbeam.stream_arns import stream_name, stream_region

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callbeam.kvs.operations import KvsService

_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,256}")
_ARN = re.compile(r"arn:[a-z\d-]+:kinesisvideo:[a-z0-9-]+:[0-9]+:stream/[a-zA-Z0-9_.-]+/[0-9]+")
_PREFIX = re.compile(r"[a-zA-Z0-9_.-]{0,255}\*")
_LIST_PAGE = 1000


class NoStreamError(UsageError):
    """KVS answered, and has no such stream."""


def resolve(service: KvsService, selectors: Sequence[str]) -> list[Stream]:
    """Find the streams that selectors mean, each once, sorted by ARN.

    Parameters
    ----------
    selectors : sequence of str
        Stream names, stream ARNs, or ``prefix*`` for every stream whose name begins so.

    Raises
    ------
    NoStreamError
        If a name, ARN or prefix means no stream.
    UsageError
        If a selector is malformed, or KVS cannot be asked: one line that says why.
    """
    if not selectors:
        raise UsageError("no streams given: name at least one stream, ARN or prefix*")
    found: dict[str, Stream] = {}
    for selector in selectors:
        try:
            streams = _resolve_one(service, selector)
        except KvsError as error:
            raise UsageError(str(error)) from error
        found.update((stream.arn, stream) for stream in streams)
    return [found[arn] for arn in sorted(found)]


def _resolve_one(service: KvsService, selector: str) -> list[Stream]:
    if _ARN.fullmatch(selector):
        return [_described(service, stream_region(selector), selector, {"StreamARN": selector})]
    if _NAME.fullmatch(selector):
        return [_described(service, service.clients.default_region(), selector, {"StreamName": selector})]
    if _PREFIX.fullmatch(selector):
        return _beginning_with(service, selector.removesuffix("*"))
    raise UsageError(
        f"{selector!r} is no stream: give a name (letters, digits, '_', '.', '-'), a stream's ARN, or a prefix "
        "that ends in '*'"
    )


def _described(service: KvsService, region: str, selector: str, which: dict[str, str]) -> Stream:
    try:
        info = service.control(region, "DescribeStream", f"stream {selector}", **which)["StreamInfo"]
    except KvsError as error:
        if not error.missing:
            raise
        meant = _did_you_mean(service, region, stream_name(selector))
        raise NoStreamError(f"no stream {selector} in region {region}{meant}") from error
    if info.get("Status") in {"CREATING", "DELETING"}:
        raise UsageError(f"stream {selector} cannot be read: it is {info['Status'].lower()}")
    return _stream(info)


def _beginning_with(service: KvsService, prefix: str) -> list[Stream]:
    region = service.clients.default_region()
    condition: dict[str, Any] = {}
    if prefix:
        condition = {"StreamNameCondition": {"ComparisonOperator": "BEGINS_WITH", "ComparisonValue": prefix}}
    streams = [
        _stream(info)
        for info in _all_streams(service, region, f"streams {prefix}*", condition)
        if str(info["StreamName"]).startswith(prefix) and info.get("Status") not in {"CREATING", "DELETING"}
    ]
    if not streams:
        raise NoStreamError(
            f"no stream begins with {prefix!r} in region {region}{_did_you_mean(service, region, prefix)}"
        )
    return streams


def _all_streams(service: KvsService, region: str, what: str, condition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    asked = dict(condition)
    while True:
        page = service.control(region, "ListStreams", what, MaxResults=_LIST_PAGE, **asked)
        yield from page.get("StreamInfoList") or ()
        token = page.get("NextToken")
        if not token or token == asked.get("NextToken"):
            return
        asked = condition | {"NextToken": token}


def _did_you_mean(service: KvsService, region: str, name: str) -> str:
    """Suggest streams whose names are near, from one page of the region's streams; nothing if that is not allowed."""
    try:
        page = service.control(region, "ListStreams", "streams", MaxResults=_LIST_PAGE)
    except KvsError:
        return "; check the name and the region"
    names = [str(info["StreamName"]) for info in page.get("StreamInfoList") or ()]
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return f"; did you mean {' or '.join(near)}?"
    return "; check the name and the region" if names else "; the region holds no stream: check the region"


def _stream(info: dict[str, Any]) -> Stream:
    return Stream(
        arn=str(info["StreamARN"]),
        created_ms=milliseconds(info.get("CreationTime")) or 0,
        retention_hours=int(info.get("DataRetentionInHours") or 0),
    )
