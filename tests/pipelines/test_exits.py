"""What is told of a failure, however a runner wraps it."""

from __future__ import annotations

import pytest

from callbeam.pipelines.exits import root_cause
from callbeam.storage import StorageError

OF_A_WORKER = """Traceback (most recent call last):
  File "s3.py", line 1, in send
    self._client.put_object(
botocore.errorfactory.AccessDenied: An error occurred (AccessDenied)

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "common.py", line 1, in process
    yield stage_table(rows)
          ^^^^^^^^^^^^^^^^^
{} [while running 'WriteTables/WriteShard']

"""


@pytest.mark.parametrize(
    ("last", "told"),
    [
        ("callbeam.storage.interface.StorageError: x cannot be written: no", "x cannot be written: no"),
        ("ZeroDivisionError: division by zero", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_workers_traceback_is_told_by_its_last_error(last: str, told: str) -> None:
    assert root_cause(RuntimeError(OF_A_WORKER.format(last))) == told


def test_an_error_raised_on_purpose_speaks_for_itself() -> None:
    wrapped = RuntimeError("x")
    wrapped.__cause__ = StorageError("x cannot be written [while running 'Publish']")
    wrapped.__cause__.__cause__ = OSError("No space left on device")
    assert root_cause(wrapped) == "x cannot be written"


def test_of_other_errors_the_first_tells() -> None:
    wrapped = RuntimeError("failed\nat length")
    wrapped.__cause__ = KeyError("no such key")
    assert root_cause(wrapped) == "'no such key'"
    assert root_cause(ValueError()) == "ValueError"
