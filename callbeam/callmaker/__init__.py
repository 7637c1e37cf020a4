"""Made-up calls with known truth: who speaks when, how it sounds, and how producers write it.

``make_call`` gives the sound of a ``CallSpec``, ``varied_call`` draws specifications as calls come, and the dialects
write them as Amazon Connect and Chime do. ``docs/truth.md`` describes what is known of each call.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
