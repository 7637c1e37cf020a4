"""One participant's speech: utterances, and what they sound like.

``utterance_spans`` cuts speech at pauses; ``acoustic_measures`` describes spans of a channel, ``egemaps_measures`` in
the manner of the extended Geneva parameter set.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
