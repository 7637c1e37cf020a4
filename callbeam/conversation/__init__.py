"""What a call's channels tell together: turns, overlaps, interruptions, events, phases, totals.

``converse`` takes each channel's utterances and what else is known of it, and gives what ``docs/definitions.md``
defines.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
