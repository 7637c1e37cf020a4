"""S3 as a store: whole objects by boto3, with retries of our own."""

from __future__ import annotations

import hashlib
import itertools
import logging
import random
import time
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import pyarrow as pa
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from callbeam.aws import boto_session
from callbeam.storage.interface import MissingObjectError, ObjectInfo, StorageError, UnreachableError, check_key
from callbeam.storage.object_settings import ObjectSettings
from callbeam.storage.s3_errors import PASSING_CODES, code_of, explain, is_missing, is_passing
from callbeam.storage.s3_file import TAIL_BYTES, ObjectPart, RangedFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import boto3

T = TypeVar("T")

LOGGER = logging.getLogger(__name__)

PATIENCE_S = 180.0
"""How long a server that does not answer as it should is tried again: reading the audio again would cost more."""

INTERACTIVE_PATIENCE_S = 30.0
"""The same for what a command asks first: somebody watches, and may have named another endpoint than was meant."""

DELAYS_S = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Waits between attempts, each shortened by up to half at random; the last one again and again."""

TOLD_AFTER_S = 2.0
"""Shorter waits are nobody's business."""

CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 10.0, 30.0
"""Until a connection stands; between two bytes of an answer."""

SINGLE_REQUEST_BYTES = 5 * 1024**3
"""Most that S3 takes in one PutObject or CopyObject; files here are two orders smaller, so parts are not supported."""

DELETE_BATCH = 1000
"""Most keys that DeleteObjects takes."""

REPLACED_CODES = {"PreconditionFailed", "412", "NoSuchKey", "404"}
"""What S3 answers where an object is no longer what it was."""

AWS_HOST = ".amazonaws.com"


class S3Store:
    """Objects below a prefix of a bucket.

    Parameters
    ----------
    bucket : str
    prefix : str
        Without slashes at its ends; empty for the whole bucket.
    endpoint_url : str or None
        Endpoint other than the SDK's own choice.
    role_arn, external_id : str or None
        Role to assume, and what its trust policy asks for.
    requester_pays : bool
        Whether the caller pays where the bucket's owner asks for that.
    settings : ObjectSettings
        Of every object that is written.
    patience_s : float
        How long a server that does not answer as it should is tried again; one attempt more may begin by then.

    Raises
    ------
    UsageError
        If credentials are missing, or the role cannot be assumed.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        endpoint_url: str | None = None,
        role_arn: str | None = None,
        external_id: str | None = None,
        requester_pays: bool = False,
        settings: ObjectSettings | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._payer = {"RequestPayer": "requester"} if requester_pays else {}
        self._settings = settings or ObjectSettings()
        self._patience_s = patience_s
        self._client = _client(boto_session(role_arn, external_id=external_id), endpoint_url)

    def describe(self, key: str = "") -> str:
        """Spell where a key is, for people."""
        return f"s3://{self._bucket}/{self._prefix}{key}"

    def put(self, key: str, data: bytes | memoryview, *, if_absent: bool = False) -> bool:
        """Write an object whole; with ``if_absent`` return False, unwritten, where one exists."""
        if len(data) > SINGLE_REQUEST_BYTES:
            raise StorageError(f"{self.describe(key)} would have {len(data)} bytes, more than S3 takes at once (5 GiB)")
        sha256 = hashlib.sha256(data).hexdigest()
        condition = {"IfNoneMatch": "*"} if if_absent else {}
        attempts = 0

        def send() -> bool:
            nonlocal attempts
            attempts += 1
            try:
                self._client.put_object(
                    **self._at(key),
                    **self._payer,
                    **self._settings.of_put(),
                    **condition,
                    Body=pa.BufferReader(data),
                    Metadata={"sha256": sha256},
                )
            except ClientError as error:
                if code_of(error) != "PreconditionFailed":
                    raise
                # After a lost response, what stands in the way may be what this very call has written.
                return attempts > 1 and self._digest(key) == sha256
            return True

        return self._persist("written", key, send)

    def get(self, key: str) -> bytes | None:
        """Read an object; None if there is none."""

        def receive() -> bytes | None:
            try:
                return _content(self._client.get_object(**self._at(key), **self._payer))
            except ClientError as error:
                if is_missing(error):
                    return None
                raise

        return self._persist("read", key, receive)

    def open(self, key: str) -> RangedFile | None:
        """Open an object to be read by ranges, all of what it held when it was opened; None if there is none."""
        fetch = partial(self._range, key)
        tail = self._persist("read", key, lambda: self._tail(key))
        return None if tail is None else RangedFile(tail, fetch)

    def sha256(self, key: str) -> str | None:
        """Return the hex digest of an object's bytes; from its metadata, which copies keep. None if there is none."""
        return self._persist("read", key, partial(self._digest, key))

    def copy(self, source: str, target: str) -> None:
        """Copy an object on the server, whole or not at all; MissingObjectError if there is no source."""
        origin = self._at(source)

        def send() -> None:
            try:
                self._client.copy_object(
                    **self._at(target), **self._payer, **self._settings.of_copy(), CopySource=origin
                )
            except ClientError as error:
                if is_missing(error):
                    raise MissingObjectError(f"{self.describe(source)} is not there to be copied") from error
                raise

        self._persist("written", target, send)

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; missing ones are no error."""
        for first in range(0, len(keys), DELETE_BATCH):
            self._delete_batch(keys[first : first + DELETE_BATCH])

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """List the objects whose key begins with ``prefix``, sorted by key."""
        found: list[ObjectInfo] = []
        token: dict[str, str] = {}
        while True:
            page = self._persist("listed", prefix, partial(self._page, prefix, token))
            items = page.get("Contents", ())
            found.extend(self._info(item) for item in items)
            if not page.get("IsTruncated"):
                break
            token = {"ContinuationToken": page["NextContinuationToken"]}
        yield from sorted(found, key=lambda info: info.key)

    def _info(self, item: dict[str, Any]) -> ObjectInfo:
        return ObjectInfo(
            item["Key"][len(self._prefix) :], int(item["Size"]), round(item["LastModified"].timestamp() * 1000)
        )

    def _page(self, prefix: str, token: dict[str, str]) -> dict[str, Any]:
        page: dict[str, Any] = self._client.list_objects_v2(
            Bucket=self._bucket, Prefix=self._prefix + prefix, **self._payer, **token
        )
        return page

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + check_key(key)}

    def _delete_batch(self, keys: Sequence[str]) -> None:
        """Delete up to a thousand objects; S3 answers 200 even where it refuses some, so each key's answer counts."""
        left = [self._at(key)["Key"] for key in keys]

        def send() -> None:
            answer = self._client.delete_objects(
                Bucket=self._bucket, **self._payer, Delete={"Objects": [{"Key": key} for key in left], "Quiet": True}
            )
            errors = [error for error in answer.get("Errors", ()) if error.get("Code") != "NoSuchKey"]
            left[:] = [error["Key"] for error in errors]
            if errors:
                # The worst first: one that does not pass by itself ends the attempts.
                worst = min(errors, key=lambda error: error.get("Code") in PASSING_CODES)
                raise ClientError({"Error": worst}, "DeleteObjects")

        self._persist("deleted", keys[0], send)

    def _tail(self, key: str) -> ObjectPart | None:
        try:
            return self._part(key, Range=f"bytes=-{TAIL_BYTES}")
        except ClientError as error:
            if is_missing(error):
                return None
            if code_of(error) == "InvalidRange":  # an empty object has no last bytes
                return ObjectPart(0, b"", 0, "")
            raise

    def _range(self, key: str, wanted: str, version: str) -> ObjectPart:
        try:
            return self._persist("read", key, lambda: self._part(key, Range=f"bytes={wanted}", IfMatch=version))
        except StorageError as error:
            if isinstance(error.__cause__, ClientError) and code_of(error.__cause__) in REPLACED_CODES:
                raise StorageError(f"{self.describe(key)} was replaced while it was read: try again") from error
            raise

    def _part(self, key: str, **wanted: str) -> ObjectPart:
        response = self._client.get_object(**self._at(key), **self._payer, **wanted)
        content = _content(response)
        # "bytes 100-199/1000"; absent where a server gives the whole in place of a range.
        begin, _, size = response.get("ContentRange", f"bytes 0-/{len(content)}").removeprefix("bytes ").partition("-")
        return ObjectPart(int(begin), content, int(size.partition("/")[2]), response["ETag"])

    def _digest(self, key: str) -> str | None:
        try:
            head = self._client.head_object(**self._at(key), **self._payer)
            if "sha256" in head["Metadata"]:
                return str(head["Metadata"]["sha256"])
            # Written by something else, or through a server that keeps no metadata.
            return hashlib.sha256(_content(self._client.get_object(**self._at(key), **self._payer))).hexdigest()
        except ClientError as error:
            if is_missing(error):
                return None
            raise

    def _persist(self, done: str, key: str, request: Callable[[], T]) -> T:
        """Send a request until it succeeds, fails for good, or patience ends."""
        give_up = time.monotonic() + self._patience_s
        delays = itertools.chain(DELAYS_S, itertools.repeat(DELAYS_S[-1]))
        with self._telling(done, key):
            while True:
                met: list[Exception] = []
                with _passing(met):
                    return request()
                left_s = give_up - time.monotonic()
                if left_s <= 0:
                    raise met[0]
                if self._patience_s - left_s >= TOLD_AFTER_S:
                    cause = explain(met[0], done)
                    LOGGER.warning(
                        "%s is not %s yet, tried for %.0f s more: %s", self.describe(key), done, left_s, cause
                    )
                wait_s = next(delays) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, nothing secret
                time.sleep(min(wait_s, left_s))

    @contextmanager
    def _telling(self, done: str, key: str) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            what, why = f"{self.describe(key)} cannot be {done}", explain(error, done)
            if is_passing(error):
                raise UnreachableError(f"{what}, given up after {self._patience_s:.0f} s: {why}") from error
            raise StorageError(f"{what}: {why}") from error


def _content(response: Mapping[str, Any]) -> bytes:
    """Read an answer to its end; the body as a context manager would leave out botocore's own errors and checks."""
    with closing(response["Body"]) as body:
        content: bytes = body.read()
    return content


@contextmanager
def _passing(met: list[Exception]) -> Iterator[None]:
    """Keep an error that may pass by itself."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        if not is_passing(error):
            raise
        met.append(error)


def _client(session: boto3.session.Session, endpoint_url: str | None) -> Any:
    """Open a client that never retries by itself: a retry unseen here could take its own write for another's."""

    def build(addressing_style: Literal["auto", "path"]) -> Any:
        config = Config(
            retries={"mode": "standard", "total_max_attempts": 1},
            s3={"addressing_style": addressing_style},
            signature_version="s3v4",
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            max_pool_connections=32,
            tcp_keepalive=True,
        )
        return session.client("s3", endpoint_url=endpoint_url, config=config)

    if endpoint_url is None and AWS_HOST in (client := build("auto")).meta.endpoint_url:
        return client
    return build("path")  # elsewhere than at AWS a bucket is seldom a host name
