"""What sentiment models get and give: units, whether they may be scored, context, splits, clips, scores.

``docs/sentiment.md`` is for who trains or runs models.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
