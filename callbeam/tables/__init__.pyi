from .abandoned import remove_abandoned as remove_abandoned
from .claims import check_claim as check_claim
from .claims import claim as claim
from .claims import claimed_jobs as claimed_jobs
from .claims import holder as holder
from .claims import refuse_claimed as refuse_claimed
from .claims import release as release
from .claims import take as take
from .compacted import as_staged as as_staged
from .compacted import compaction_of as compaction_of
from .compacted import entries_of as entries_of
from .compacted import load_compactions as load_compactions
from .compacted import rows_of_job as rows_of_job
from .compacted import stage_month as stage_month
from .guards import refuse_overlap as refuse_overlap
from .guards import refuse_written as refuse_written
from .iceberg_output import kept_catalog as kept_catalog
from .manifest import FileEntry as FileEntry
from .manifest import Manifest as Manifest
from .manifest import Outcome as Outcome
from .manifest import load_manifest as load_manifest
from .manifest import load_manifests as load_manifests
from .manifest import write_run as write_run
from .object_names import JOBS as JOBS
from .object_names import is_final as is_final
from .object_names import job_in as job_in
from .object_names import manifest_key as manifest_key
from .object_names import results_prefix as results_prefix
from .object_names import shard_in as shard_in
from .published import Output as Output
from .published import open_output as open_output
from .publishing import Publication as Publication
from .publishing import PublishConfig as PublishConfig
from .publishing import publish as publish
from .publishing import publish_together as publish_together
from .said_clocks import clock_zeros as clock_zeros
from .said_clocks import job_date as job_date
from .shards import FILE_BYTES as FILE_BYTES
from .shards import shard_count as shard_count
from .shards import shard_of as shard_of
from .shards import table_bytes as table_bytes
from .staging import StagedFile as StagedFile
from .staging import StagedPieces as StagedPieces
from .staging import stage_piece as stage_piece
from .staging import stage_table as stage_table
from .table_file import TableFile as TableFile
from .table_file import schema_of as schema_of
from .tombstones import Tombstones as Tombstones
from .tombstones import add_tombstone as add_tombstone
from .tombstones import load_tombstones as load_tombstones
from .tombstones import names_in as names_in
from .tombstones import naming_columns as naming_columns
from .tombstones import without_erased as without_erased

__all__ = [
    "FILE_BYTES",
    "JOBS",
    "FileEntry",
    "Manifest",
    "Outcome",
    "Output",
    "Publication",
    "PublishConfig",
    "StagedFile",
    "StagedPieces",
    "TableFile",
    "Tombstones",
    "add_tombstone",
    "as_staged",
    "check_claim",
    "claim",
    "claimed_jobs",
    "clock_zeros",
    "compaction_of",
    "entries_of",
    "holder",
    "is_final",
    "job_in",
    "kept_catalog",
    "load_compactions",
    "load_manifest",
    "load_manifests",
    "load_tombstones",
    "manifest_key",
    "names_in",
    "naming_columns",
    "open_output",
    "publish",
    "publish_together",
    "refuse_claimed",
    "refuse_overlap",
    "refuse_written",
    "release",
    "remove_abandoned",
    "results_prefix",
    "rows_of_job",
    "schema_of",
    "shard_count",
    "shard_in",
    "shard_of",
    "stage_month",
    "stage_piece",
    "stage_table",
    "table_bytes",
    "take",
    "without_erased",
    "write_run",
]
