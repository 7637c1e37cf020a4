"""What the line adds to a channel: tones, keys, hold music, digital silence, clipping, leaks of another channel.

``find_detections`` finds all of these on a channel; ``compare_channels`` tells how one channel is heard on another.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
