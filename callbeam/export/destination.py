"""The folder that files go to: each appears in it whole, under its own name, or not at all."""

from __future__ import annotations

import itertools
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile

from callbeam.errors import JobError, UsageError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from types import TracebackType

SCRATCH = ".callbeam-"
"""What the name of the folder of unfinished files begins with. It goes with the run, unless that is killed."""


class Destination:
    """A local folder, made if need be, and a scratch folder in it for as long as the ``with`` block lasts.

    A folder that was made for nothing is removed again.

    Parameters
    ----------
    folder : path-like

    Attributes
    ----------
    folder : pathlib.Path

    Raises
    ------
    UsageError
        On entering, if the folder cannot be made or written to.

    Examples
    --------
    >>> with Destination("export") as to:
    ...     with to.writing("calls/one.txt") as path:
    ...         _ = path.write_text("whole")
    >>> Path("export/calls/one.txt").read_text()
    'whole'
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._made = False
        self._names = itertools.count()

    def __enter__(self) -> Destination:
        try:
            self._made = not self.folder.exists()
            self.folder.mkdir(parents=True, exist_ok=True)
            self._scratch = tempfile.TemporaryDirectory(prefix=SCRATCH, dir=self.folder)
        except OSError as error:
            raise UsageError(
                f"{self.folder} cannot be written to: {error.strerror or error}; choose another --output"
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._scratch is not None:
            self._scratch.cleanup()
        if self._made and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def scratch(self) -> Path:
        """Return a path for an unfinished file, which no other has; use it in the ``with`` block."""
        if self._scratch is None:
            raise ValueError("a destination is written to in its with block")
        return Path(self._scratch.name, f"{next(self._names)}")

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """Give a path to write a file to, which then appears as ``name``, in place of what was there.

        Parameters
        ----------
        name : str
            Relative to the folder; folders in it are made.

        Raises
        ------
        JobError
            If it cannot be written.
        """
        unfinished = self.scratch()
        with told(self.folder / name):
            try:
                yield unfinished
                self.take(unfinished, name)
            finally:
                unfinished.unlink(missing_ok=True)

    def take(self, finished: Path, name: str) -> Path:
        """Make a finished file appear as ``name``; return where it is now."""
        target = self.folder / name
        with told(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            finished.replace(target)
        return target


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what the file system or the sound library says into one line about a file."""
    try:
        yield
    except OSError as error:
        raise JobError(f"{path} cannot be written: {error.strerror or error}; check the disk") from error
    except soundfile.LibsndfileError as error:
        raise JobError(f"{path} cannot be written: {str(error.error_string).rstrip('.')}; check the disk") from error
