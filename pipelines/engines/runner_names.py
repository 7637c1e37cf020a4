"""Which runner a command line names: it decides what other words mean."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def named_runner(words: Sequence[str]) -> str | None:
    """Return the runner that is named last, as written; None where none is.

    Examples
    --------
    >>> named_runner(["--streams", "calls", "--runner=FlinkRunner"])
    'FlinkRunner'
    >>> named_runner(["--runner", "DataflowRunner"])
    'DataflowRunner'
    """
    found = None
    for word, following in pairwise([*words, ""]):
        option, given, value = word.partition("=")
        if option == "--runner":
            found = value if given else following
    return found


def is_dataflow(words: Sequence[str]) -> bool:
    """Tell whether a command line names Dataflow, whose ``--region`` is a region of Google's."""
    return (named_runner(words) or "").rpartition(".")[2].lower().startswith("dataflow")
