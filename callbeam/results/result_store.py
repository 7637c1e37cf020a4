"""Where results are kept: below a job's staging, by what they rest on; whoever comes first is believed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from callbeam.assembly import ChannelFile, PieceParts
from callbeam.calls import KeptLeg
from callbeam.results.result_packing import pack_result, unpack_result
from callbeam.storage import StorageConfig, open_store
from callbeam.tables import StagedPieces, results_prefix

if TYPE_CHECKING:
    from callbeam.kvs import Lane
    from callbeam.storage import ObjectStore

Result = TypeVar("Result", PieceParts, KeptLeg)


@dataclass(frozen=True, slots=True)
class ResultsConfig:
    """Which results a job may use.

    Attributes
    ----------
    storage : StorageConfig
        The job's output.
    job_id : str
    key : str
        Hash of all that results rest on beside the media: options, code, models, what records say. Results under
        another key are not looked at.
    """

    storage: StorageConfig
    job_id: str
    key: str


def open_results(config: ResultsConfig) -> ResultStore:
    """Open a job's results where the work is."""
    return ResultStore(open_store(config.storage), config.job_id, config.key)


class ResultStore:
    """A job's results, as objects ``<stream>/piece-<digest>`` and ``<stream>/leg-<first fragment>-<what is sought>``.

    Methods may be called from several threads.

    Parameters
    ----------
    store : ObjectStore
    job_id : str
    key : str
        As ``ResultsConfig`` has it.
    """

    def __init__(self, store: ObjectStore, job_id: str, key: str) -> None:
        self._store = store
        self._prefix = f"{results_prefix(job_id)}{key}/"
        self._staged = StagedPieces(store, job_id)

    def put_piece(self, piece: PieceParts) -> PieceParts:
        """Keep what a piece gave, unless another attempt has; return what is kept, which alone may be emitted."""
        key = self._piece_key(piece.stream_arn, piece.digest)
        packed = pack_result(piece)
        if self._store.put(key, packed, if_absent=True):
            return piece
        first = self._read(key, PieceParts)
        if first is None:  # it is damaged, or has vanished meanwhile
            self._store.put(key, packed)
            return piece
        return first

    def get_piece(self, stream_arn: str, digest: str) -> PieceParts | None:
        """Return what is kept of a piece; None if that is not all there: then it is removed, so that it can be anew."""
        key = self._piece_key(stream_arn, digest)
        piece = self._read(key, PieceParts)
        files = () if piece is None else (part.value for part in piece.parts if isinstance(part.value, ChannelFile))
        if all(self._staged.holds(one.file) for one in files):
            return piece
        self._store.delete([key])
        return None

    def put_leg(self, lane: Lane, leg: KeptLeg) -> None:
        """Keep a leg; a later attempt sees it the same, or saw what an earlier one had lost."""
        self._store.put(self._leg_key(lane, leg.leg.first_number), pack_result(leg))

    def get_leg(self, lane: Lane, first_number: int) -> KeptLeg | None:
        """Return the leg of a lane that begins with a fragment, if it is kept."""
        return self._read(self._leg_key(lane, first_number), KeptLeg)

    def legs_of(self, lane: Lane) -> list[int]:
        """Return the first fragments of the legs that are kept of a lane, in order."""
        folder, _, last = self._leg_key(lane, 0).rpartition("/")
        suffix = last.rpartition("-")[2]
        names = (info.key.rpartition("/")[2].split("-") for info in self._store.list(f"{folder}/leg-"))
        return sorted(int(number) for _, number, told in names if told == suffix)

    def _read(self, key: str, kind: type[Result]) -> Result | None:
        content = self._store.get(key)
        try:
            result = None if content is None else unpack_result(content)
        except ValueError:
            return None
        return result if isinstance(result, kind) else None

    def _piece_key(self, stream_arn: str, digest: str) -> str:
        return f"{self._prefix}{_short_hash(stream_arn)}/piece-{digest}"

    def _leg_key(self, lane: Lane, first_number: int) -> str:
        told = _short_hash(repr((lane.stretches, lane.sought)))
        return f"{self._prefix}{_short_hash(lane.stream.arn)}/leg-{first_number}-{told}"


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
