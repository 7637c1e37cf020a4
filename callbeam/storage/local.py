"""A local folder as a store: temporary file, fsync, rename."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import threading
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from callbeam.storage.interface import MissingObjectError, ObjectInfo, StorageError, check_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from io import RawIOBase
    from typing import BinaryIO

TEMPORARY = ".callbeam-tmp"
"""Folder below the root where files are written before they get their name; a name with a dot is never a key."""

NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
"""What file systems without hard links, or with too many of them, answer."""

CHECK_THE_FOLDER = "check the folder's permissions and the disk, or choose another output"

WAYS_OUT = {
    errno.ENOSPC: "free some space there, or choose another output",
    errno.EDQUOT: "free some of the quota, or choose another output",
    errno.EFBIG: "raise the limit on a file's size (ulimit -f), or choose another output",
    errno.EROFS: "mount it writable, or choose another output",
}
"""What to do about what is told apart from a matter of permissions."""

HASH_BLOCK_BYTES = 1024**2

RACE_ATTEMPTS = 20
"""Another process may remove a folder that has just become empty between its making and its use."""


class LocalStore:
    """Objects as files below a folder.

    Parameters
    ----------
    root : pathlib.Path
        Absolute; made when the first object is written.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._swept = False
        self._sweep_lock = threading.Lock()

    def describe(self, key: str = "") -> str:
        """Spell where a key is, for people."""
        return str(self._root / key)

    def put(self, key: str, data: bytes | memoryview, *, if_absent: bool = False) -> bool:
        """Write an object whole; with ``if_absent`` return False, unwritten, where one exists."""
        target = self._path(key)
        with self._telling("written", key):
            for _ in range(RACE_ATTEMPTS):
                with suppress(FileNotFoundError), self._temporary() as temporary, _written(temporary, data):
                    self._make_folders(target.parent)
                    if if_absent and not _name_if_absent(temporary, target, data):
                        return False
                    if not if_absent:
                        temporary.replace(target)
                    _fsync_folder(target.parent)
                    return True
        raise self._error("written", key, "its folder keeps vanishing; does another process clear it?")

    def get(self, key: str) -> bytes | None:
        """Read an object; None if there is none."""
        with self._telling("read", key):
            try:
                return self._path(key).read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return None

    def open(self, key: str) -> RawIOBase | None:
        """Open an object to be read by ranges, all of what it held when it was opened; None if there is none."""
        with self._telling("read", key):
            try:
                return self._path(key).open("rb", buffering=0)
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return None

    def sha256(self, key: str) -> str | None:
        """Return the hex digest of an object's bytes; None if there is none."""
        with self._telling("read", key):
            try:
                with self._path(key).open("rb") as file:
                    return _digest(file)
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return None

    def copy(self, source: str, target: str) -> None:
        """Copy an object by a second name for its bytes: files here are replaced, never changed."""
        origin, destination = self._path(source), self._path(target)
        with self._telling("written", target):
            for _ in range(RACE_ATTEMPTS):
                if not origin.is_file():
                    raise MissingObjectError(f"{self.describe(source)} is not there to be copied")
                with suppress(FileNotFoundError), self._temporary() as temporary:
                    _link_or_copy(origin, temporary)
                    self._make_folders(destination.parent)
                    temporary.replace(destination)
                    _fsync_folder(destination.parent)
                    return
        raise self._error("written", target, "its folder keeps vanishing; does another process clear it?")

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects, and the folders that they leave empty; missing ones are no error."""
        for key in keys:
            path = self._path(key)
            with self._telling("deleted", key):
                with suppress(FileNotFoundError, NotADirectoryError):
                    path.unlink()
                    _fsync_folder(path.parent)
                self._prune(path.parent)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """List the objects whose key begins with ``prefix``, sorted by key."""
        found = []
        with self._telling("listed", prefix):
            top = self._root / prefix.rpartition("/")[0]
            for folder, folders, files in os.walk(top, onerror=_raise_unless_gone, followlinks=True):
                folders[:] = [name for name in folders if not name.startswith(".")]
                below = Path(folder).relative_to(self._root).as_posix()
                for name in files:
                    key = name if below == "." else f"{below}/{name}"
                    if key.startswith(prefix) and not name.startswith("."):
                        with suppress(FileNotFoundError):
                            stat = (Path(folder) / name).stat()
                            found.append(ObjectInfo(key, stat.st_size, stat.st_mtime_ns // 1_000_000))
        yield from sorted(found, key=lambda info: info.key)

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)

    @contextmanager
    def _temporary(self) -> Iterator[Path]:
        """Name a file that is gone at the end, unless it was renamed."""
        folder = self._root / TEMPORARY
        _make_folder(folder, parents=True)
        self._sweep(folder)
        temporary = folder / uuid.uuid4().hex
        try:
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)

    def _sweep(self, folder: Path) -> None:
        """Remove, once, what killed writers left: files that nobody holds a lock on.

        One that is not locked yet, or a copy's, which never is, may be taken for such; its writer then starts over.
        """
        with self._sweep_lock:
            if self._swept:
                return
            self._swept = True
            for leftover in folder.iterdir():
                with suppress(FileNotFoundError, BlockingIOError), leftover.open("rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    leftover.unlink()

    def _make_folders(self, folder: Path) -> None:
        """Make the folders down to this one, and their names durable."""
        if folder.is_dir():
            return
        self._make_folders(folder.parent)
        _make_folder(folder)
        _fsync_folder(folder.parent)

    def _prune(self, folder: Path) -> None:
        while folder != self._root and self._root in folder.parents:
            try:
                folder.rmdir()
            except FileNotFoundError:
                pass
            except OSError:  # not empty, or not ours to remove
                return
            folder = folder.parent

    @contextmanager
    def _telling(self, done: str, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            way_out = WAYS_OUT.get(error.errno or 0, CHECK_THE_FOLDER)
            raise self._error(done, key, error.strerror or str(error), way_out) from error

    def _error(self, done: str, key: str, cause: str, way_out: str = CHECK_THE_FOLDER) -> StorageError:
        return StorageError(f"{self.describe(key)} cannot be {done}: {cause}; {way_out}")


@contextmanager
def _written(temporary: Path, data: bytes | memoryview) -> Iterator[None]:
    """Write a file durably and hold its lock, so that others see that its writer lives."""
    with temporary.open("xb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        yield


def _name_if_absent(temporary: Path, target: Path, data: bytes | memoryview) -> bool:
    """Give a written file its name unless that is taken; True if it was given."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        return _create(target, data)
    return True


def _create(target: Path, data: bytes | memoryview) -> bool:
    """Claim a name where there are no hard links: one winner still, though it may be seen before its bytes are."""
    try:
        with target.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        return False
    return True


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(HASH_BLOCK_BYTES):
        digest.update(block)
    return digest.hexdigest()


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        shutil.copyfile(source, target)
        with target.open("rb+") as file:
            os.fsync(file.fileno())


def _make_folder(folder: Path, *, parents: bool = False) -> None:
    """Make a folder; one that another process removes while it is found to exist counts as missing."""
    try:
        folder.mkdir(parents=parents, exist_ok=True)
    except FileExistsError as error:
        if folder.exists():
            raise
        raise FileNotFoundError(str(folder)) from error


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _raise_unless_gone(error: OSError) -> None:
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise error
