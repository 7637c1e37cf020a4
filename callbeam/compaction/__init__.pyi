from .output_compaction import CompactedMonth as CompactedMonth
from .output_compaction import compact as compact

__all__ = ["CompactedMonth", "compact"]
