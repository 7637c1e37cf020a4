"""What a track's payload is: what its header declares, believed only as far as its bytes agree.

``survey`` looks at a leg's first fragments and decides for each track; ``docs/formats.md`` says by what.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
