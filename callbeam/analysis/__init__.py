"""A piece's channels in, rows out: the one way through all that single channels tell.

``analyse_piece`` takes a piece's channels together, for echo is found by comparing them, and gives rows of
``seconds``, ``frames``, ``utterances`` and candidate units, and what is known of who speaks when. It needs no stream:
channels of samples at hand (``callbeam.audio.channel_of_pcm``) will do.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
