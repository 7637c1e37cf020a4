"""What attempts at a job leave for the next one: results of pieces and legs, so that no media is read twice.

``PieceKeeper`` and ``LaneMemory`` keep and recall them while a lane is read; ``remove_expired`` clears what a job that
was given up has left. Publishing a job removes its own.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
