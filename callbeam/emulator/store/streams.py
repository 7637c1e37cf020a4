"""The streams that the emulator holds, in one folder that one emulator uses at a time."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from callbeam.emulator.store.stream import StoredStream, StreamInfo
from callbeam.emulator.store.stream_folder import StreamFolder, remove_undescribed
from callbeam.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


class StreamStore:
    """All streams, by region and name.

    Parameters
    ----------
    folder : Path or None
        Where they persist; None for a temporary folder that goes with the store.

    Raises
    ------
    UsageError
        Another emulator uses the folder, it cannot be made, or what lies in it is no stream.
    """

    def __init__(self, folder: Path | None) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="callbeam-kvs-") if folder is None else None
        self.folder = Path(self._temporary.name) if self._temporary else Path(folder or ".")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"streams cannot be kept in {self.folder}: {error.strerror}; name another folder"
            ) from error
        self._lock = threading.RLock()
        self._owner: int | None = _claim(self.folder)
        self._streams: dict[tuple[str, str], StoredStream] = {}
        try:
            for path in sorted((self.folder / "streams").glob("*@*")):
                self._open(path)
        except BaseException:
            self.close()
            raise

    def create(self, info: StreamInfo) -> StoredStream:
        """Make a stream; the caller has seen that there is none of its name."""
        with self._lock:
            stream = StoredStream(info, StreamFolder(self._path(info.region, info.name)))
            stream.save_info()
            self._streams[info.region, info.name] = stream
            return stream

    def find(self, name: str, region: str | None) -> StoredStream | None:
        """Return the stream of this name in a region; with no region, in any."""
        with self._lock:
            if region is not None:
                return self._streams.get((region, name))
            return next((stream for stream in self.all() if stream.info.name == name), None)

    def find_near(self, name: str, region: str) -> StoredStream | None:
        """Return the stream of this name in a region; where there is none, in any."""
        with self._lock:
            found = self.find(name, region)
            return self.find(name, None) if found is None else found

    def all(self) -> list[StoredStream]:
        """Return the streams by name, then region."""
        with self._lock:
            return sorted(self._streams.values(), key=lambda stream: (stream.info.name, stream.info.region))

    def delete(self, stream: StoredStream) -> None:
        """Remove a stream and its media.

        Raises
        ------
        StreamGoneError
            Somebody else removed it.
        """
        with self._lock:
            stream.check_open()
            del self._streams[stream.info.region, stream.info.name]
            stream.remove()

    def any_has(self, number: int) -> bool:
        """Tell whether any stream has a fragment of this number."""
        return self.first(lambda stream: stream.get(number) is not None) is not None

    def first(self, matches: Callable[[StoredStream], bool]) -> StoredStream | None:
        """Return the first stream that matches."""
        return next((stream for stream in self.all() if matches(stream)), None)

    def close(self) -> None:
        """Close all files and give the folder free; a second time does nothing."""
        with self._lock:
            if self._owner is None:
                return
            for stream in self._streams.values():
                stream.close()
            self._streams.clear()
            os.close(self._owner)
            self._owner = None
            if self._temporary:
                self._temporary.cleanup()

    def _path(self, region: str, name: str) -> Path:
        # 256 characters are a legal name but, with the region, no legal file name
        short = name if len(name) <= 150 else f"{name[:150]}~{hashlib.sha256(name.encode()).hexdigest()[:16]}"
        return self.folder / "streams" / f"{region}@{short}"

    def _open(self, path: Path) -> None:
        if not (path / "stream.json").exists():
            remove_undescribed(path)
            return
        try:
            folder = StreamFolder(path)
            stream = StoredStream(StreamInfo(**folder.read_info()), folder)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise UsageError(
                f"{path} cannot be read as a stream: {error}; move it away, or name another folder"
            ) from error
        self._streams[stream.info.region, stream.info.name] = stream


def _claim(folder: Path) -> int:
    owner = os.open(folder / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(owner)
        raise UsageError(f"another emulator uses {folder}; stop it or choose another --data folder") from error
    return owner
