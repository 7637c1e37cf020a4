"""Parts of calls put together: whose call it is, its clock, and its rows in every table.

Pieces give parts, small values keyed by call that may cross a shuffle. ``assemble_call`` takes all parts of one call
and gives its rows, or says that the call is open, or another job's.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
