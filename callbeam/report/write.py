"""Writes a report: the index, and the pages that were asked for."""

from __future__ import annotations

import difflib
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callbeam.errors import JobError, UsageError
from callbeam.report.call_page import call_page
from callbeam.report.call_rows import load_calls
from callbeam.report.fleet import Fleet, load_fleet
from callbeam.report.index_page import index_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from callbeam.tables import Output

PAGES = "pages"

DEFAULT_PAGES = 10
"""Pages where none are asked for, and outliers that the index names."""

CLIP_BYTES = 2_000_000
"""Audio in a page: about 5 min of FLAC; a third more as text."""

CALLS_AT_ONCE = 50
"""Calls whose rows are held at a time."""

MOST_COMPARED = 20_000
"""Call ids that a mistyped one is compared with; of more, only those that begin or end alike."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was written.

    Attributes
    ----------
    index : pathlib.Path
    pages : tuple of pathlib.Path
    calls : int
        Calls that the index is about.
    """

    index: Path
    pages: tuple[Path, ...]
    calls: int


def write_report(
    output: Output,
    folder: Path,
    *,
    call_ids: Sequence[str] = (),
    sample: int | None = None,
    clip_bytes: int = CLIP_BYTES,
) -> Report:
    """Write the pages.

    Parameters
    ----------
    output : Output
    folder : pathlib.Path
        Made if need be; pages of other calls that it holds stay, and the index links them, too.
    call_ids : sequence of str
        Calls that get a page.
    sample : int, optional
        How many more calls, drawn by a hash of their ids, get one. With neither, it is the 10 that stand out most,
        filled up from such a sample.
    clip_bytes : int
        Most bytes of FLAC in a page.

    Returns
    -------
    Report

    Raises
    ------
    UsageError
        If a call is unknown, or the folder cannot be written.
    StorageError
        If a table cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> from callbeam.storage import StorageConfig
    >>> from callbeam.tables import open_output
    >>> report = write_report(open_output(StorageConfig("out")), Path("report"))
    >>> report.calls, report.index.exists()
    (1, True)
    """
    fleet = load_fleet(output)
    outliers = fleet.outliers(DEFAULT_PAGES)
    chosen = _rows_of(fleet, call_ids)
    if sample is not None:
        chosen += fleet.sample(sample)
    elif not call_ids:
        chosen = [outlier.row for outlier in outliers]
        chosen += [row for row in fleet.sample(DEFAULT_PAGES) if row not in chosen][: DEFAULT_PAGES - len(chosen)]
    chosen = sorted(set(chosen))
    names = {row: f"{PAGES}/{page_name(call_id, job_id)}" for row, call_id, job_id in _keys(fleet)}
    _make(folder / PAGES)
    for begin in range(0, len(chosen), CALLS_AT_ONCE):
        part = chosen[begin : begin + CALLS_AT_ONCE]
        wanted = (fleet.calls.slice(row, 1).to_pylist()[0] for row in part)
        calls = load_calls(output, wanted, clips=clip_bytes > 0)
        for row, rows in zip(part, calls, strict=True):
            _write(folder / names[row], call_page(rows, fleet, row, clip_bytes=clip_bytes))
    there = {path.name for path in (folder / PAGES).iterdir()}
    pages = {row: name for row, name in names.items() if name.removeprefix(f"{PAGES}/") in there}
    _write(folder / "index.html", index_page(fleet, output.place, pages, outliers))
    return Report(folder / "index.html", tuple(folder / names[row] for row in chosen), fleet.count)


def page_name(call_id: str, job_id: str) -> str:
    """Return the file name of a call's page: readable where the id allows, and always its own.

    Examples
    --------
    >>> page_name("calls-1#9134", "1f")
    'calls-1-9134-0277f28e.html'
    """
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", call_id)[:60].strip("-.")
    digest = hashlib.sha256(f"{call_id}\0{job_id}".encode()).hexdigest()[:8]
    return f"{readable}-{digest}.html".lstrip("-")


def _keys(fleet: Fleet) -> Iterable[tuple[int, str, str]]:
    return zip(range(fleet.count), fleet.calls["call_id"].to_pylist(), fleet.calls["job_id"].to_pylist(), strict=True)


def _rows_of(fleet: Fleet, call_ids: Sequence[str]) -> list[int]:
    rows: dict[str, list[int]] = {}
    for row, call_id, _ in _keys(fleet):
        rows.setdefault(call_id, []).append(row)
    for call_id in call_ids:
        if call_id not in rows:
            raise UsageError(f"there is no call {call_id!r} in the tables{_nearest(call_id, list(rows))}")
    return [row for call_id in call_ids for row in rows[call_id]]


def _nearest(call_id: str, known: Sequence[str]) -> str:
    if len(known) > MOST_COMPARED:
        known = [each for each in known if each[:4] == call_id[:4] or each[-4:] == call_id[-4:]][:MOST_COMPARED]
    begins = [each for each in known if call_id and each.startswith(call_id)]
    near = begins[:1] or difflib.get_close_matches(call_id, known, n=1)
    return f"; did you mean {near[0]}?" if near else "; --sample 10 shows some that there are"


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be made: {error.strerror or error}; choose another --to") from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except PermissionError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}; choose another --to") from error
    except OSError as error:
        raise JobError(f"{path} cannot be written: {error.strerror or error}; check the disk") from error
