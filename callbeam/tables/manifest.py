"""The manifest: what a job has published. It lands last, and holds nothing that only a clock knows."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from callbeam.errors import UsageError
from callbeam.storage import StorageError
from callbeam.tables.object_names import jobs_with, manifest_key, run_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from callbeam.kvs import Job
    from callbeam.storage import ObjectStore

FORMAT = 1
"""Rises when older versions could no longer read a manifest rightly."""

COMPACTION = ("compaction:",)
"""The sources of a compaction: the tables themselves, of a month."""

LOADERS = 16
"""Manifests read at a time: a lake of a year's jobs has hundreds, each a request."""


class ManifestError(StorageError, UsageError):
    """A manifest is there and cannot be read: the same again would not do better, so commands exit with 2."""


class BrokenManifestError(ValueError):
    """What should be a manifest is none of any version: it is cut, empty, or something else."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A published file.

    Attributes
    ----------
    key : str
        Below the output.
    sha256 : str
        Hex digest of its bytes.
    """

    key: str
    table: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a job, beside its files.

    Attributes
    ----------
    by_status : mapping of str to int
        Rows of the ledger by status.
    call_count : int
        Calls written.
    call_ms : int
        Length of the calls written, added up.
    open_calls : tuple of str
        Calls that were still going on: not written; running the job again completes them.
    """

    by_status: Mapping[str, int] = field(default_factory=dict)
    call_count: int = 0
    call_ms: int = 0
    open_calls: tuple[str, ...] = ()

    @property
    def decoded(self) -> int:
        """Fragments decoded."""
        return self.by_status.get("decoded", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a job has published.

    Attributes
    ----------
    sources : tuple of str
        The stream selectors as written.
    streams : tuple of str
        ARNs that they resolved to, sorted.
    start_ms, end_ms : int
        Half-open range of server time, UTC milliseconds.
    options_sha256 : str
        Hash of the options that change rows.
    versions : mapping of str to str
        callbeam and the libraries that results rest on.
    files : tuple of FileEntry
        Sorted by key.
    compacted : str
        The compaction whose files hold the rest of its rows; empty if there is none. It alone decides that: rows of a
        job that does not say so are not to be read from a compaction's files.
    jobs : tuple of str
        Of a compaction, the jobs of which its files hold rows; empty for others.
    leaving : tuple of str
        Of a compaction, jobs whose rows were taken out of its files, while earlier files may still be there or in a
        catalog: until that is mended, by such a job's publication or by the next compaction.
    """

    job_id: str
    sources: tuple[str, ...]
    streams: tuple[str, ...]
    account: str
    region: str
    start_ms: int
    end_ms: int
    options_sha256: str
    versions: Mapping[str, str]
    outcome: Outcome
    files: tuple[FileEntry, ...]
    compacted: str = ""
    jobs: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()

    def to_json(self) -> bytes:
        """Encode: the same bytes for the same manifest."""
        text = json.dumps({"format": FORMAT, **asdict(self)}, sort_keys=True, indent=1, ensure_ascii=False)
        return text.encode() + b"\n"

    @classmethod
    def from_json(cls, content: bytes) -> Manifest:
        """Decode.

        Raises
        ------
        BrokenManifestError
            If that is not a manifest of any version.
        ValueError
            If that is not a manifest which this version reads.
        """
        try:
            values: dict[str, Any] = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise BrokenManifestError(str(error)) from error
        if not isinstance(values, dict) or "format" not in values:
            raise BrokenManifestError("it does not say its format")
        if values.pop("format") != FORMAT:
            raise ValueError(f"it is not a manifest of format {FORMAT}")
        try:
            outcome = values.pop("outcome")
            outcome["open_calls"] = tuple(outcome["open_calls"])
            values["files"] = tuple(FileEntry(**entry) for entry in values["files"])
            values["sources"] = tuple(values["sources"])
            values["streams"] = tuple(values["streams"])
            values |= {name: tuple(values.get(name, ())) for name in ("jobs", "leaving")}
            return cls(outcome=Outcome(**outcome), **values)
        except (KeyError, TypeError) as error:
            raise ValueError(f"a field is missing or unknown: {error}") from error


def manifest_of(
    job: Job,
    *,
    outcome: Outcome,
    files: Iterable[FileEntry],
    options_sha256: str,
    versions: Mapping[str, str],
    jobs: Iterable[str] = (),
    leaving: Iterable[str] = (),
) -> Manifest:
    """Put a job's manifest together.

    Parameters
    ----------
    job : Job
    outcome : Outcome
    files : iterable of FileEntry
        In any order.
    options_sha256 : str
    versions : mapping of str to str
    jobs, leaving : iterable of str
        Of a compaction, whose rows the files hold, and whose were taken out.
    """
    return Manifest(
        job_id=job.job_id,
        sources=job.sources,
        streams=tuple(sorted(stream.arn for stream in job.streams)),
        account=job.account,
        region=job.region,
        start_ms=job.start_ms,
        end_ms=job.end_ms,
        options_sha256=options_sha256,
        versions=dict(versions),
        outcome=outcome,
        files=tuple(sorted(files, key=lambda entry: entry.key)),
        jobs=tuple(sorted(jobs)),
        leaving=tuple(sorted(leaving)),
    )


def load_manifest(store: ObjectStore, job_id: str) -> Manifest | None:
    """Read a job's manifest; None if it has published nothing.

    Raises
    ------
    ManifestError
        If it is broken, or of a version that this one does not read.
    StorageError
        If storage gave up.
    """
    key = manifest_key(job_id)
    content = store.get(key)
    if content is None:
        return None
    try:
        return Manifest.from_json(content)
    except BrokenManifestError as error:
        raise ManifestError(
            f"{store.describe(key)} is broken: {error}; put it back from a backup, or delete it and run the job again "
            "at once, as long as KVS holds its audio (docs/production.md says how, and what that cannot bring back)"
        ) from error
    except ValueError as error:
        raise ManifestError(
            f"{store.describe(key)} cannot be read: {error}; use the version of callbeam that wrote it"
        ) from error


def load_manifests(store: ObjectStore) -> list[Manifest]:
    """Read the manifests of all jobs, sorted by start and job_id; compactions are none.

    Raises
    ------
    ManifestError, StorageError
        As ``load_manifest``.
    """
    job_ids = jobs_with(store, manifest_key)
    with ThreadPoolExecutor(LOADERS) as pool:
        found = [manifest for manifest in pool.map(lambda job_id: load_manifest(store, job_id), job_ids) if manifest]
    return sorted(
        (manifest for manifest in found if manifest.sources != COMPACTION),
        key=lambda manifest: (manifest.start_ms, manifest.job_id),
    )


def write_run(store: ObjectStore, job_id: str, facts: Mapping[str, object]) -> None:
    """Write what the wall clock knows of a job's run: the one file that differs from run to run.

    Parameters
    ----------
    store : ObjectStore
    job_id : str
    facts : mapping
        Anything that JSON holds: begin, end, attempt, times real time, host.
    """
    text = json.dumps(dict(facts), sort_keys=True, indent=1, ensure_ascii=False)
    store.put(run_key(job_id), text.encode() + b"\n")
