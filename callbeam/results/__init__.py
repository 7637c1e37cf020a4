"""What attempts at a job leave for the next one: results of pieces and legs, so that no media is read twice.

``PieceKeeper`` and ``LaneMemory`` keep and recall them while a lane is read. All of them lie below a job's staging
(``callbeam.tables.results_prefix``): publishing a job removes them, ``remove_abandoned`` those of a job given up.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
