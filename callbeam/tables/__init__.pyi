from .guards import refuse_overlap as refuse_overlap
from .guards import refuse_written as refuse_written
from .manifest import Manifest as Manifest
from .manifest import Outcome as Outcome
from .manifest import load_manifest as load_manifest
from .manifest import load_manifests as load_manifests
from .manifest import write_run as write_run
from .object_names import manifest_key as manifest_key
from .object_names import shard_in as shard_in
from .published import Output as Output
from .published import open_output as open_output
from .publishing import PublishConfig as PublishConfig
from .publishing import publish as publish
from .publishing import refuse_claimed as refuse_claimed
from .shards import shard_count as shard_count
from .shards import shard_of as shard_of
from .staging import StagedFile as StagedFile
from .staging import stage_piece as stage_piece
from .staging import stage_table as stage_table

__all__ = [
    "Manifest",
    "Outcome",
    "Output",
    "PublishConfig",
    "StagedFile",
    "load_manifest",
    "load_manifests",
    "manifest_key",
    "open_output",
    "publish",
    "refuse_claimed",
    "refuse_overlap",
    "refuse_written",
    "shard_count",
    "shard_in",
    "shard_of",
    "stage_piece",
    "stage_table",
    "write_run",
]
