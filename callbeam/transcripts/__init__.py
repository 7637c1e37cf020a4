"""Transcripts: what other systems say of a call, read from the records that they leave.

``read_transcripts`` reads files of any of the forms in ``FORMS``, one form a module, into segments of text, labels and
messages.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
