"""``callbeam-flink-worker``: a Python worker as a Flink task manager starts it (``--environment_type=PROCESS``).

Flink gives a worker its id and where the rest can be asked for; Beam's containers have a compiled ``boot`` for that,
and where callbeam is installed without them this stands in its place. (Provisioning: ``beam_provision_api.proto`` of
Beam's model.)
"""

from __future__ import annotations

import argparse
import os
import sys

import grpc
from apache_beam.portability.api import beam_provision_api_pb2, beam_provision_api_pb2_grpc
from apache_beam.runners.worker.worker_id_interceptor import WorkerIdInterceptor
from google.protobuf import json_format, text_format

TIMEOUT_S = 60.0


def main() -> None:
    """Ask what to do, and become Beam's worker."""
    parser = argparse.ArgumentParser(prog="callbeam-flink-worker", description=__doc__)
    parser.add_argument("--id", required=True)
    parser.add_argument("--provision_endpoint", required=True)
    flags, _ = parser.parse_known_args()  # newer task managers may give more
    channel = grpc.intercept_channel(grpc.insecure_channel(flags.provision_endpoint), WorkerIdInterceptor(flags.id))
    service = beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
    info = service.GetProvisionInfo(beam_provision_api_pb2.GetProvisionInfoRequest(), timeout=TIMEOUT_S).info
    channel.close()
    os.environ.update(
        WORKER_ID=flags.id,
        PIPELINE_OPTIONS=json_format.MessageToJson(info.pipeline_options),
        LOGGING_API_SERVICE_DESCRIPTOR=text_format.MessageToString(info.logging_endpoint),
        CONTROL_API_SERVICE_DESCRIPTOR=text_format.MessageToString(info.control_endpoint),
        RUNNER_CAPABILITIES=" ".join(info.runner_capabilities),
    )
    worker = [sys.executable, "-m", "apache_beam.runners.worker.sdk_worker_main"]
    os.execv(sys.executable, worker)  # noqa: S606  (the task manager ends the process that it started)
