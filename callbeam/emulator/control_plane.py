"""The control plane: making, describing, listing and deleting streams, their retention, and where their data is."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from callbeam.emulator.error_responses import ServiceError, invalid_argument
from callbeam.emulator.fields import STREAM_ARN, STREAM_NAME
from callbeam.emulator.store import StreamInfo

if TYPE_CHECKING:
    from callbeam.emulator.service import Call

MAX_RETENTION_HOURS = 87_600
MAX_STREAMS_PER_PAGE = 10_000
DATA_APIS = (
    "PUT_MEDIA",
    "GET_MEDIA",
    "LIST_FRAGMENTS",
    "GET_MEDIA_FOR_FRAGMENT_LIST",
    "GET_HLS_STREAMING_SESSION_URL",
    "GET_DASH_STREAMING_SESSION_URL",
    "GET_CLIP",
    "GET_IMAGES",
)

_DEVICE_NAME = re.compile(r"[a-zA-Z0-9_.-]+")
_MEDIA_TYPE = re.compile(r"[\w\-.+]+/[\w\-.+]+(,[\w\-.+]+/[\w\-.+]+)*")
_VERSION = re.compile(r"[a-zA-Z0-9]+")
_TOKEN = re.compile(r"[a-zA-Z0-9+/=]*")

Answer = dict[str, Any]


async def create_stream(call: Call) -> Answer:
    """CreateStream: the stream is active at once."""
    fields = call.fields
    fields.required("StreamName")
    name = str(fields.text("StreamName", 256, STREAM_NAME))
    info = StreamInfo(
        name=name,
        region=call.region,
        account_id=call.service.config.account_id,
        created_ms=call.service.config.now_ms(),
        retention_hours=fields.integer("DataRetentionInHours", 0, MAX_RETENTION_HOURS, 0),
        device_name=fields.text("DeviceName", 128, _DEVICE_NAME),
        media_type=fields.text("MediaType", 128, _MEDIA_TYPE),
        kms_key_id=fields.text("KmsKeyId", 2048),
    )
    call.log(None)
    await call.faults(None)
    if call.service.store.find(name, call.region) is not None:
        raise ServiceError("ResourceInUseException", f"The stream {name} already exists")
    return {"StreamARN": call.service.store.create(info).info.arn}


async def describe_stream(call: Call) -> Answer:
    """DescribeStream."""
    stream = call.stream()
    call.log(stream)
    call.service.quotas.take("DescribeStream", stream.info.name, 1, call.service.config.quotas.describe_per_s)
    await call.faults(stream)
    return {"StreamInfo": _described(stream.info)}


async def list_streams(call: Call) -> Answer:
    """ListStreams: by name; the only condition is a name's beginning."""
    most = call.fields.integer("MaxResults", 1, MAX_STREAMS_PER_PAGE, MAX_STREAMS_PER_PAGE)
    condition = call.fields.part("StreamNameCondition")
    prefix = ""
    if condition is not None:
        condition.choice("ComparisonOperator", ("BEGINS_WITH",))
        prefix = condition.text("ComparisonValue", 256, STREAM_NAME) or ""
    after = _streams_token(call.fields.text("NextToken", 1024, _TOKEN))
    call.log(None, most)
    await call.faults(None)
    found = [
        stream.info
        for stream in call.service.store.all()
        if stream.info.name.startswith(prefix)
        and (not call.service.config.regional or stream.info.region == call.region)
        and [stream.info.name, stream.info.region] > after
    ]
    answer: Answer = {"StreamInfoList": [_described(info) for info in found[:most]]}
    if len(found) > most:
        last = found[most - 1]
        answer["NextToken"] = base64.b64encode(f"{last.name}\n{last.region}".encode()).decode()
    return answer


async def delete_stream(call: Call) -> Answer:
    """DeleteStream: the data is inaccessible at once."""
    call.fields.required("StreamARN")
    call.fields.text("StreamARN", 1024, STREAM_ARN)
    stream = call.stream()
    call.log(stream)
    await call.faults(stream)
    _check_version(call, stream.info, required=False)
    call.service.store.delete(stream)
    return {}


async def update_data_retention(call: Call) -> Answer:
    """UpdateDataRetention: a lower one removes at once, a higher one brings nothing back."""
    for name in ("CurrentVersion", "Operation", "DataRetentionChangeInHours"):
        call.fields.required(name)
    operation = call.fields.choice("Operation", ("INCREASE_DATA_RETENTION", "DECREASE_DATA_RETENTION"))
    change = call.fields.integer("DataRetentionChangeInHours", 1, MAX_RETENTION_HOURS, 0)
    stream = call.stream()
    call.log(stream)
    await call.faults(stream)
    _check_version(call, stream.info, required=True)
    hours = stream.info.retention_hours + (change if operation == "INCREASE_DATA_RETENTION" else -change)
    if not 0 <= hours <= MAX_RETENTION_HOURS:
        raise invalid_argument(f"A retention of {hours} hours is not between 0 and {MAX_RETENTION_HOURS}")
    stream.change_retention(hours, call.service.config.now_ms())
    return {}


async def get_data_endpoint(call: Call) -> Answer:
    """GetDataEndpoint: this very server, by the name that the client knows it by."""
    call.fields.required("APIName")
    api = call.fields.choice("APIName", DATA_APIS)
    stream = call.stream()
    call.log(stream)
    call.service.quotas.take("GetDataEndpoint", stream.info.name, 1, call.service.config.quotas.endpoint_per_s)
    await call.faults(stream)
    host = call.request.host
    port = call.service.ports.get("media" if api in {"PUT_MEDIA", "GET_MEDIA"} else "archived")
    if port is not None:
        host = f"{host.rpartition(':')[0] or host}:{port}"
    return {"DataEndpoint": f"{call.request.scheme}://{host}"}


def _described(info: StreamInfo) -> Answer:
    described = {
        "DeviceName": info.device_name,
        "StreamName": info.name,
        "StreamARN": info.arn,
        "MediaType": info.media_type,
        "KmsKeyId": info.kms_key_id or f"arn:aws:kms:{info.region}:{info.account_id}:alias/aws/kinesisvideo",
        "Version": info.version_text,
        "Status": "ACTIVE",
        "CreationTime": info.created_ms / 1000,
        "DataRetentionInHours": info.retention_hours,
    }
    return {name: value for name, value in described.items() if value is not None}


def _check_version(call: Call, info: StreamInfo, *, required: bool) -> None:
    version = call.fields.text("CurrentVersion", 64, _VERSION)
    if (required or version is not None) and version != info.version_text:
        raise ServiceError(
            "VersionMismatchException", f"The stream's version is {info.version_text}, not {version}: describe it again"
        )


def _streams_token(token: str | None) -> list[str]:
    if not token:
        return []
    try:
        after = base64.b64decode(token, validate=True).decode().split("\n")
    except (binascii.Error, UnicodeDecodeError):
        after = []
    if len(after) != 2:
        raise invalid_argument("The NextToken is not one that this API gave")
    return after
