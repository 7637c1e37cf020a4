"""The HTTP side: routes, error answers, ports."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from aiohttp import web

from callbeam.emulator import archived_media, control_plane, media, put_media
from callbeam.emulator.error_responses import ServiceError, request_id, stream_not_found
from callbeam.emulator.fields import Fields, parse_body
from callbeam.emulator.service import Call
from callbeam.emulator.store import StreamGoneError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from callbeam.emulator.service import Service

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MAX_REQUEST_BYTES = 4 << 20
SHUTDOWN_S = 1.0
"""How long open responses may take to end by themselves when the server stops."""

JSON_APIS: dict[str, tuple[str, Callable[[Call], Awaitable[dict[str, Any]]]]] = {
    "CreateStream": ("control", control_plane.create_stream),
    "DescribeStream": ("control", control_plane.describe_stream),
    "ListStreams": ("control", control_plane.list_streams),
    "DeleteStream": ("control", control_plane.delete_stream),
    "UpdateDataRetention": ("control", control_plane.update_data_retention),
    "GetDataEndpoint": ("control", control_plane.get_data_endpoint),
    "ListFragments": ("archived", archived_media.list_fragments),
}
STREAMING_APIS: dict[str, tuple[str, Callable[[Call], Awaitable[web.StreamResponse]]]] = {
    "GetMediaForFragmentList": ("archived", archived_media.get_media_for_fragment_list),
    "GetMedia": ("media", media.get_media),
    "PutMedia": ("media", put_media.put_media),
}

log = logging.getLogger(__name__)


def make_application(service: Service) -> web.Application:
    """Make the web application that answers for a service."""
    application = web.Application(middlewares=[_errors], client_max_size=MAX_REQUEST_BYTES)
    for api, (endpoint, answer) in JSON_APIS.items():
        application.router.add_post(_path(api), _json_handler(service, api, endpoint, answer))
    for api, (endpoint, stream) in STREAMING_APIS.items():
        application.router.add_post(_path(api), _streaming_handler(service, api, endpoint, stream))
    return application


async def open_ports(runner: web.AppRunner, service: Service, host: str, port: int) -> int:
    """Listen; with separate endpoints, on three ports. Return the control plane's."""
    opened = await _listen(runner, host, port)
    if service.config.separate_endpoints:
        for endpoint in ("media", "archived"):
            service.ports[endpoint] = await _listen(runner, host, 0)
        service.ports["control"] = opened
    return opened


def _path(api: str) -> str:
    return f"/{api[0].lower()}{api[1:]}"


def _json_handler(
    service: Service, api: str, endpoint: str, answer: Callable[[Call], Awaitable[dict[str, Any]]]
) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        _check_port(service, request, endpoint)
        result = await answer(Call(api, request, parse_body(await request.read()), service))
        body = json.dumps(result).encode()
        return web.Response(body=body, content_type="application/json", headers=request_id())

    return handle


def _streaming_handler(
    service: Service, api: str, endpoint: str, stream: Callable[[Call], Awaitable[web.StreamResponse]]
) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        _check_port(service, request, endpoint)
        if api == "PutMedia":  # its body is the media; what other APIs say in JSON, it says in headers
            names = {"StreamName": "x-amzn-stream-name", "StreamARN": "x-amzn-stream-arn"}
            fields = Fields({field: request.headers.get(header) for field, header in names.items()})
        else:
            fields = parse_body(await request.read())
        call = Call(api, request, fields, service)
        try:
            return await stream(call)
        except Exception as error:
            if not call.started:
                raise
            if not isinstance(error, ConnectionError | StreamGoneError):
                log.exception("%s failed", request.path)
            if request.transport is not None:
                request.transport.abort()  # an error written into the body would be read as media
            return web.Response()

    return handle


def _check_port(service: Service, request: web.Request, endpoint: str) -> None:
    """Refuse a call at an endpoint that GetDataEndpoint did not name for it."""
    if not service.ports or request.transport is None:
        return
    if request.transport.get_extra_info("sockname")[1] == service.ports[endpoint]:
        return
    if endpoint == "media":
        raise ServiceError("InvalidEndpointException", "Call GetDataEndpoint for the endpoint of this stream")
    raise ServiceError("AccessDeniedException", "Unable to determine service/operation name to be authorized", 403)


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ConnectionError:
        return web.Response()  # the client is gone: nobody reads this, and it is no failure
    except Exception as error:  # noqa: BLE001 - every failure has an answer, unknown ones are logged
        return _service_error(request, error).response()


def _service_error(request: web.Request, error: Exception) -> ServiceError:
    if isinstance(error, ServiceError):
        return error
    if isinstance(error, StreamGoneError):
        return stream_not_found("it was deleted")
    if isinstance(error, web.HTTPNotFound | web.HTTPMethodNotAllowed):
        served = ", ".join((*JSON_APIS, *STREAMING_APIS))
        message = f"The emulator serves no {request.method} of {request.path}; it serves, by POST, {served}"
        return ServiceError("UnknownOperationException", message, 404)
    if isinstance(error, web.HTTPException):
        return ServiceError("SerializationException", error.reason, error.status)
    log.error("%s failed", request.path, exc_info=error)
    return ServiceError("InternalFailure", "The emulator failed; its log says how", 500)


async def _listen(runner: web.AppRunner, host: str, port: int) -> int:
    before = len(runner.addresses)
    await web.TCPSite(runner, host, port).start()
    return int(runner.addresses[before][1])
