from . import call_parts as call_parts
from .analysed_parts import PieceParts as PieceParts
from .analysed_parts import parts_of_analysis as parts_of_analysis
from .assemble import CallTables as CallTables
from .assemble import assemble_call as assemble_call
from .assemble import is_erased as is_erased
from .call_parts import ChannelFile as ChannelFile
from .call_parts import Keyed as Keyed
from .call_parts import key_of as key_of
from .call_parts import row_key as row_key
from .config import AssemblyConfig as AssemblyConfig
from .job_publishing import publish_job as publish_job
from .joined_channels import channel_part as channel_part
from .ledger import LedgerBuffer as LedgerBuffer
from .ledger import bad_record_letters as bad_record_letters
from .ledger import dead_letter_batch as dead_letter_batch
from .ledger import keyed_dead_letters as keyed_dead_letters
from .ledger import keyed_ledger as keyed_ledger
from .packing import complete as complete
from .packing import gather as gather
from .packing import pack as pack
from .packing import pack_rows as pack_rows
from .packing import scatter as scatter
from .packing import unpack as unpack
from .packing import unpack_all as unpack_all
from .packing import unpack_rows as unpack_rows
from .tally import Tally as Tally
from .tally import lost_ratio as lost_ratio
from .tally import tally_of as tally_of
from .window_rows import ChannelKey as ChannelKey
from .window_rows import Pane as Pane
from .window_rows import WindowConfig as WindowConfig
from .window_rows import WindowSummary as WindowSummary
from .window_rows import channel_windows as channel_windows
from .window_rows import covered_ms as covered_ms
from .window_rows import panes_of as panes_of
from .window_rows import summarise as summarise
from .window_rows import summary_row as summary_row

__all__ = [
    "AssemblyConfig",
    "CallTables",
    "ChannelFile",
    "ChannelKey",
    "Keyed",
    "LedgerBuffer",
    "Pane",
    "PieceParts",
    "Tally",
    "WindowConfig",
    "WindowSummary",
    "assemble_call",
    "bad_record_letters",
    "call_parts",
    "channel_part",
    "channel_windows",
    "complete",
    "covered_ms",
    "dead_letter_batch",
    "is_erased",
    "key_of",
    "keyed_dead_letters",
    "keyed_ledger",
    "lost_ratio",
    "pack",
    "pack_rows",
    "panes_of",
    "parts_of_analysis",
    "publish_job",
    "row_key",
    "scatter",
    "summarise",
    "summary_row",
    "tally_of",
    "unpack",
    "unpack_all",
    "unpack_rows",
]
