"""Whose call is it: identity, legs, ownership, and following calls through a stream's fragments.

``read_lane`` reads a job's part of one stream and gives pieces of calls with their media, and an account of every
fragment that never became one. ``decide_call`` says which job writes a call.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
