"""Legs of a call that lie on different streams, side by side: what one hears of the other, told from small rows.

``track_of`` keeps of a piece's channel what may cross a shuffle, ``join_tracks`` puts a leg's pieces together,
``compare_tracks`` looks for leaks between two legs, and ``take_out_leaks`` takes out of a channel's speech what they
explain.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
