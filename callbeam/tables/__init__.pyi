from .abandoned import remove_abandoned as remove_abandoned
from .guards import refuse_overlap as refuse_overlap
from .guards import refuse_written as refuse_written
from .manifest import FileEntry as FileEntry
from .manifest import Manifest as Manifest
from .manifest import Outcome as Outcome
from .manifest import load_manifest as load_manifest
from .manifest import load_manifests as load_manifests
from .manifest import write_run as write_run
from .object_names import JOBS as JOBS
from .object_names import manifest_key as manifest_key
from .object_names import results_prefix as results_prefix
from .object_names import shard_in as shard_in
from .published import Output as Output
from .published import open_output as open_output
from .publishing import PublishConfig as PublishConfig
from .publishing import publish as publish
from .publishing import refuse_claimed as refuse_claimed
from .shards import shard_count as shard_count
from .shards import shard_of as shard_of
from .shards import table_bytes as table_bytes
from .staging import StagedFile as StagedFile
from .staging import StagedPieces as StagedPieces
from .staging import stage_piece as stage_piece
from .staging import stage_table as stage_table
from .table_file import TableFile as TableFile
from .tombstones import Tombstones as Tombstones
from .tombstones import add_tombstone as add_tombstone
from .tombstones import load_tombstones as load_tombstones
from .tombstones import names_in as names_in
from .tombstones import naming_columns as naming_columns
from .tombstones import without_erased as without_erased

__all__ = [
    "JOBS",
    "FileEntry",
    "Manifest",
    "Outcome",
    "Output",
    "PublishConfig",
    "StagedFile",
    "StagedPieces",
    "TableFile",
    "Tombstones",
    "add_tombstone",
    "load_manifest",
    "load_manifests",
    "load_tombstones",
    "manifest_key",
    "names_in",
    "naming_columns",
    "open_output",
    "publish",
    "refuse_claimed",
    "refuse_overlap",
    "refuse_written",
    "remove_abandoned",
    "results_prefix",
    "shard_count",
    "shard_in",
    "shard_of",
    "stage_piece",
    "stage_table",
    "table_bytes",
    "without_erased",
    "write_run",
]
