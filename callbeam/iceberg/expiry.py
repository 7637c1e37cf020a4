"""Expiry of many snapshots in a commit that has other changes, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyiceberg.table.update.snapshot import ExpireSnapshots

if TYPE_CHECKING:
    from collections.abc import Iterable


class Expiry(ExpireSnapshots):
    """pyiceberg's own, but for what it looks up before it takes a snapshot: twice for each, all that is changed so far.

    Four seconds for a hundred snapshots. Those that a tag or a branch names are left out of a commit anyway.
    """

    def by_ids(self, snapshot_ids: Iterable[int]) -> Expiry:
        """Expire these, too."""
        self._snapshot_ids_to_expire.update(snapshot_ids)
        return self
