"""``callbeam-flink-worker``: a Python worker as a Flink task manager starts it (``--environment_type=PROCESS``).

Flink gives a worker its id and where the rest can be asked for; Beam's containers have a compiled ``boot`` for that,
and where callbeam is installed without them this stands in its place, also for ``callbeam-worker-pool``. (Provisioning:
``beam_provision_api.proto`` of Beam's model.)
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
from contextlib import suppress

import grpc
from apache_beam.portability.api import beam_provision_api_pb2, beam_provision_api_pb2_grpc, endpoints_pb2
from apache_beam.runners.worker import sdk_worker_main
from apache_beam.runners.worker.log_handler import FnApiLogRecordHandler
from apache_beam.runners.worker.worker_id_interceptor import WorkerIdInterceptor
from google.protobuf import json_format, text_format

from callbeam.errors import CallbeamError
from callbeam.pipelines.engines.client_versions import check_client

TIMEOUT_S = 60.0
READY = "ready"
LOGGING = "LOGGING_API_SERVICE_DESCRIPTOR"


def main() -> None:
    """Ask what to do, and become Beam's worker."""
    parser = argparse.ArgumentParser(prog="callbeam-flink-worker", description=__doc__)
    parser.add_argument("--id", required=True)
    parser.add_argument("--provision_endpoint", required=True)
    parser.add_argument("--report_fd", type=int, help="where to write a line when ready, or why this will never be")
    flags, _ = parser.parse_known_args()  # newer task managers may give more
    try:
        info = _provisioned(flags.id, flags.provision_endpoint)
        os.environ.update(_environment(flags.id, info))
        check_client(json_format.MessageToDict(info.pipeline_options))
        # What steps need: told now if it cannot be had. The commands are left out, for they teach Beam options of the
        # job server, which comes back with values that are no such options'.
        importlib.import_module("callbeam.pipelines.job_pipeline")
    except Exception as error:  # noqa: BLE001  (whatever it is, whoever waits for this worker shall know)
        reason = str(error) if isinstance(error, CallbeamError) else f"{type(error).__name__}: {error}"
        _report(flags.report_fd, reason)
        _log(reason)
        sys.exit(f"callbeam-flink-worker: error: {reason}")
    _report(flags.report_fd, READY)
    sdk_worker_main.main(sys.argv)


def _provisioned(worker_id: str, provision_endpoint: str) -> beam_provision_api_pb2.ProvisionInfo:
    """Ask the task manager what a worker needs to know."""
    with grpc.insecure_channel(provision_endpoint) as channel:
        service = beam_provision_api_pb2_grpc.ProvisionServiceStub(
            grpc.intercept_channel(channel, WorkerIdInterceptor(worker_id))
        )
        return service.GetProvisionInfo(beam_provision_api_pb2.GetProvisionInfoRequest(), timeout=TIMEOUT_S).info


def _environment(worker_id: str, info: beam_provision_api_pb2.ProvisionInfo) -> dict[str, str]:
    """Return what Beam's worker looks for in its environment."""
    return {
        "WORKER_ID": worker_id,
        "PIPELINE_OPTIONS": json_format.MessageToJson(info.pipeline_options),
        LOGGING: text_format.MessageToString(info.logging_endpoint),
        "CONTROL_API_SERVICE_DESCRIPTOR": text_format.MessageToString(info.control_endpoint),
        "RUNNER_CAPABILITIES": " ".join(info.runner_capabilities),
    }


def _report(descriptor: int | None, text: str) -> None:
    if descriptor is not None:
        with suppress(BrokenPipeError), os.fdopen(descriptor, "w", encoding="utf-8") as pipe:
            pipe.write(" ".join(text.split()) + "\n")


def _log(reason: str) -> None:
    """Say it in the task manager's log: what its processes print goes nowhere."""
    if LOGGING not in os.environ:
        return
    service = text_format.Parse(os.environ[LOGGING], endpoints_pb2.ApiServiceDescriptor())
    handler = FnApiLogRecordHandler(service)
    logging.getLogger().addHandler(handler)
    logging.getLogger("callbeam-flink-worker").error(reason)
    handler.close()


if __name__ == "__main__":
    main()
