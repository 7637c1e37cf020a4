"""Which of a job's files of a table hold some calls, found without fetching the others."""

from __future__ import annotations

from bisect import bisect_left
from functools import cache
from typing import TYPE_CHECKING

from callbeam.tables.object_names import shard_in
from callbeam.tables.shards import shard_of
from callbeam.tables.table_file import TableFile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from callbeam.storage import ObjectStore


def shards_with(store: ObjectStore, keys: Collection[str], call_ids: Collection[str]) -> Iterator[TableFile]:
    """Find the shards that hold rows of some calls.

    A call's rows of a table lie in one shard, named by a hash of its id modulo the number of shards. That number is
    not written anywhere, and a shard without rows has no file: so the last file's number is only a guess, which the
    ids in the file confirm. Where they do not, the other files' ids are looked at.

    Parameters
    ----------
    store : ObjectStore
    keys : collection of str
        A job's files of a table.
    call_ids : collection of str

    Yields
    ------
    TableFile

    Raises
    ------
    StorageError
        If a file is missing or cannot be read.
    """
    shards = 1 + max(map(shard_in, keys), default=0)
    likely = {shard_of(call_id, shards) for call_id in call_ids}
    missing = set(call_ids)
    for key in sorted(keys, key=lambda key: (shard_in(key) not in likely, key)):
        if not missing:
            return
        file = TableFile(store, key)
        if held := file.held(missing):
            missing -= held
            yield file


def pieces_with(store: ObjectStore, keys: Sequence[str], channel_ids: Collection[str]) -> Iterator[TableFile]:
    """Find the files of a heavy table, one for each piece of a channel, that hold rows of some channels.

    They are numbered in order of ``channel_id``, of which a file's statistics tell: so a search in halves finds them.

    Parameters
    ----------
    store : ObjectStore
    keys : sequence of str
        A job's files of a table.
    channel_ids : collection of str

    Yields
    ------
    TableFile
        In order of channel and piece.

    Raises
    ------
    StorageError
        If a file is missing or cannot be read.
    """
    ordered = sorted(keys, key=shard_in)

    @cache
    def at(place: int) -> TableFile:
        return TableFile(store, ordered[place])

    found: set[int] = set()
    for channel_id in channel_ids:
        place = bisect_left(range(len(ordered)), channel_id, key=lambda place: at(place).channels[1])
        while place < len(ordered) and at(place).channels[0] <= channel_id:
            found.add(place)
            place += 1
    yield from map(at, sorted(found))
