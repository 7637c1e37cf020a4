"""A place that files are read from: a file, a folder, or a prefix on S3."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from callbeam.errors import UsageError
from callbeam.storage import INTERACTIVE_PATIENCE_S, StorageConfig, StorageError, open_store, resolve_config


@dataclass(frozen=True, slots=True)
class InputPlace:
    """Files that an option names.

    Attributes
    ----------
    option : str
        For messages.
    text : str
        As the user wrote it, for messages.
    config : StorageConfig
        The store that holds them.
    file : str
        The key of the only file, where a file was named.
    """

    option: str
    text: str
    config: StorageConfig
    file: str = ""

    @property
    def folder(self) -> str:
        """What the keys lie below, however it was written."""
        return self.config.output

    @property
    def place(self) -> str:
        """The file or folder itself, however it was written: what jobs are named after, and what tables show."""
        return f"{self.folder.rstrip('/')}/{self.file}" if self.file else self.folder

    def files(self) -> list[tuple[str, int]]:
        """Return keys and sizes of the files, by key; an empty object that stands for a folder on S3 is none.

        Raises
        ------
        UsageError
            If the place cannot be listed.
        """
        try:
            listed = open_store(self.config, patience_s=INTERACTIVE_PATIENCE_S).list(self.file)
            files = [info for info in listed if info.key and not info.key.endswith("/")]
            return [(info.key, info.size) for info in files if self.file in {"", info.key}]
        except StorageError as error:
            raise UsageError(f"{self.option} {self.text}: {error}") from error

    def contents(self, is_wanted: Callable[[str], bool] = lambda _: True) -> Iterator[tuple[str, bytes | BinaryIO]]:
        """Yield the key of each file, and its content: of a local one the open file, of which not all need be read.

        Files whose name begins with a dot, or which lie below such a folder, are none: services leave some to see
        whether they may write.

        Parameters
        ----------
        is_wanted : callable
            Whether a file of this key is to be opened; it is asked once for each.

        Raises
        ------
        UsageError
            If there are none, or one cannot be read.
        """
        found = False
        try:
            store = open_store(self.config, patience_s=INTERACTIVE_PATIENCE_S) if self._is_on_s3 else None
            for key in self._keys():
                found = True
                if not is_wanted(key):
                    continue
                if store is None:
                    with (Path(self.folder) / key).open("rb") as file:
                        yield key, file
                elif (content := store.get(key)) is not None:
                    yield key, content
        except (StorageError, OSError) as error:
            raise UsageError(f"{self.option} {self.text}: {error}") from error
        if not found:
            nothing = "there is no object below it" if self._is_on_s3 else "the folder holds no file"
            raise UsageError(f"{self.option} {self.text}: {nothing}")

    @property
    def _is_on_s3(self) -> bool:
        return self.text.startswith("s3://")

    def _keys(self) -> Iterator[str]:
        if self.file:
            yield self.file
            return
        folder = Path(self.folder)
        keys = (
            (key for key, _ in self.files())
            if self._is_on_s3
            else (each.relative_to(folder).as_posix() for each in sorted(folder.rglob("*")) if each.is_file())
        )
        for key in keys:
            if not any(part.startswith(".") for part in key.split("/")):
                yield key


def input_place(option: str, text: str, s3: StorageConfig | None) -> InputPlace:
    """Find what an option names.

    Parameters
    ----------
    option : str
    text : str
        A file, a folder, or ``s3://bucket/prefix``. Folders of one name are two places, and one folder is one place
        from wherever it is named: links, ``..`` and the folder that the process runs in are resolved.
    s3 : StorageConfig, optional
        How S3 is reached; its output does not matter.

    Raises
    ------
    UsageError
        If there is no such file or folder.
    """
    s3 = s3 or StorageConfig(text)
    if text.startswith("s3://"):
        return InputPlace(option, text, resolve_config(replace(s3, output=text)))
    path = Path(text).expanduser()
    if not (path.is_dir() or path.is_file()):
        raise UsageError(f"{option} {text}: there is no such file or folder")
    file = "" if path.is_dir() else path.name  # not that of what it links to: names of recordings tell whose they are
    folder = (path.parent if file else path).resolve()
    return InputPlace(option, text, resolve_config(replace(s3, output=str(folder))), file)
