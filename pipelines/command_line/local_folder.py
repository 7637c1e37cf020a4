"""A folder on this machine that files for people go to, never among tables."""

from __future__ import annotations

from pathlib import Path

from callbeam.errors import UsageError

KEPT = ("_jobs", "_erased")
"""Of the names below an output that begin with an underscore, those that are its own."""


def folder_beside(tables: str, folder: str, option: str, example: str) -> Path:
    """Return a folder's path, unless it lies among tables, whose readers would take its files for rows.

    Parameters
    ----------
    tables : str
        The output of a backfill: a folder or ``s3://bucket/prefix``.
    folder : str
        As it was given.
    option : str
        By which.
    example : str
        A name that begins with an underscore, which engines and readers of datasets pass over.

    Raises
    ------
    UsageError
        If it lies there.

    Examples
    --------
    >>> folder_beside("out", "out/_labels", "--output", "_export").name
    '_labels'
    """
    path = Path(folder).expanduser().resolve()
    place = Path(tables).expanduser().resolve()
    if not tables.startswith("s3://") and (path == place or place in path.parents):
        top = path.relative_to(place).parts[:1]
        if not top or not top[0].startswith("_") or top[0] in KEPT:
            raise UsageError(
                f"{option} {folder} lies among the tables; choose a folder outside of {tables}, or below it one whose "
                f"name begins with an underscore, such as {example}"
            )
    return path
