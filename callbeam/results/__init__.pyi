from .lane_memory import LaneMemory as LaneMemory
from .piece_keeper import PieceKeeper as PieceKeeper
from .result_store import ResultsConfig as ResultsConfig
from .result_store import open_results as open_results

__all__ = [
    "LaneMemory",
    "PieceKeeper",
    "ResultsConfig",
    "open_results",
]
