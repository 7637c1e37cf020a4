"""A real S3 server on this machine: versitygw over a folder, which can be killed and started again."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3

from builders.engines import engine, free_port

ACCESS_KEY, SECRET_KEY = "AKIDLAKEOWNER", "the-owners-secret"
REGION = "us-east-1"

READY_S, PATIENCE_S = 60.0, 10.0


class S3Server:
    """A server that keeps its port and its folder from one start to the next; its owner may do everything.

    The test skips where versitygw is absent.

    Parameters
    ----------
    folder : pathlib.Path
        Of its own; buckets are folders below it.
    region : str, optional
    users : bool, optional
        Whether there may be users beside its owner.

    Attributes
    ----------
    port : int
    url : str
        Of the endpoint.
    process : subprocess.Popen or None
        While it runs.
    """

    def __init__(self, folder: Path, region: str = REGION, *, users: bool = True) -> None:
        self._program = engine("versitygw-1.8.0/versitygw")
        self._folder = folder
        self._region = region
        self._users = users
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        for name in ("buckets", "users", "sidecar"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> S3Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [str(self._program), "--quiet", "--region", self._region, "--port", f"127.0.0.1:{self.port}"]
        command += ["--keep-alive"]
        if self._users:
            command += ["--iam-dir", str(self._folder / "users"), "--iam-cache-disable"]
        command += ["posix"]
        if not _has_attributes(self._folder):
            command += ["--sidecar", str(self._folder / "sidecar")]
        keys = {"ROOT_ACCESS_KEY": ACCESS_KEY, "ROOT_SECRET_KEY": SECRET_KEY}
        with (self._folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, str(self._folder / "buckets")], stdout=log, stderr=log, env=os.environ | keys
            )
        end = time.monotonic() + READY_S
        while time.monotonic() < end and self.process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        self.kill()
        raise TimeoutError(f"the S3 server did not start:\n{(self._folder / 'log').read_text()[-2000:]}")

    def stop(self) -> None:
        """End it, if it runs."""
        if self.process is not None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(PATIENCE_S)
        self.kill()

    def kill(self) -> None:
        """Kill it where it stands, if it runs; ``start`` brings it back."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def environment(self, access_key: str = ACCESS_KEY, secret_key: str = SECRET_KEY) -> dict[str, str]:
        """Return the variables by which the SDK reaches it: its owner's, or those of a user."""
        keys = {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret_key}
        return {**keys, "AWS_DEFAULT_REGION": self._region, "AWS_ENDPOINT_URL_S3": self.url}

    def client(self) -> Any:
        """Open a boto3 client of its owner."""
        keys = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}
        return boto3.client("s3", endpoint_url=self.url, region_name=self._region, **keys)

    def add_user(self, access_key: str, secret_key: str) -> None:
        """Add a user who may do what buckets' policies allow (``allow``), and nothing else."""
        command = [str(self._program), "admin", "--allow-insecure", "--access", ACCESS_KEY, "--secret", SECRET_KEY]
        command += ["--endpoint-url", self.url, "create-user"]
        command += ["--access", access_key, "--secret", secret_key, "--role", "user"]
        subprocess.run(command, check=True, capture_output=True, timeout=READY_S)

    def allow(self, access_key: str, bucket: str, *actions: str, below: str = "") -> None:
        """Allow a user so much in a bucket, below a prefix, and nothing else."""
        resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/{below}*"]
        statement = {"Effect": "Allow", "Principal": {"AWS": access_key}, "Action": actions, "Resource": resources}
        self.client().put_bucket_policy(
            Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        )


def _has_attributes(folder: Path) -> bool:
    """Tell whether files there can have extended attributes, in which it keeps metadata."""
    try:
        os.setxattr(folder, "user.callbeam", b"1")
    except OSError:
        return False
    return True
