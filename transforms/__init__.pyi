from .analyse_channels import AnalyseChannels as AnalyseChannels
from .assemble_calls import AssembleCalls as AssembleCalls
from .decode_tracks import DecodeTracks as DecodeTracks
from .memory import give_back as give_back
from .plan_reads import PlanReads as PlanReads
from .progress import NAMESPACE as NAMESPACE
from .progress import PROGRESS_FILE as PROGRESS_FILE
from .progress import figures_in as figures_in
from .publish_tables import PublishTables as PublishTables
from .read_fragments import ReadFragments as ReadFragments
from .read_from_kinesis_video import ReadFromKinesisVideo as ReadFromKinesisVideo
from .read_recordings import PlanRecordings as PlanRecordings
from .read_recordings import ReadRecordings as ReadRecordings
from .score_units import open_model as open_model
from .window_features import WindowFeatures as WindowFeatures
from .worker_memory import MB as MB
from .worker_memory import MemoryNeed as MemoryNeed
from .worker_memory import memory_limit as memory_limit
from .write_tables import WriteTables as WriteTables

__all__ = [
    "MB",
    "NAMESPACE",
    "PROGRESS_FILE",
    "AnalyseChannels",
    "AssembleCalls",
    "DecodeTracks",
    "MemoryNeed",
    "PlanReads",
    "PlanRecordings",
    "PublishTables",
    "ReadFragments",
    "ReadFromKinesisVideo",
    "ReadRecordings",
    "WindowFeatures",
    "WriteTables",
    "figures_in",
    "give_back",
    "memory_limit",
    "open_model",
]
