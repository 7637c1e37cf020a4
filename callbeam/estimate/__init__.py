"""What a backfill takes: calls, bytes, time, workers, memory and dollars, from a plan and from measured costs.

``python -m callbeam.estimate.scale_page docs/scale.md`` renews the tables of that page.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
