"""Enrichment: what other systems say of calls, brought to the calls' clocks, utterances and tables.

``enrich`` does all of it for an output; ``enrich_call`` one call, ``find_shift`` and ``link`` the two questions in it:
how far clocks are apart, and which utterance a word lies in.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
