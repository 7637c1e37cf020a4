"""Calls as files: audio from KVS for people and programs that take sound files, labels and manifests from the tables.

``export_job`` and ``export_fragment`` read streams and write raw samples, WAV, FLAC and stereo WAV. ``export_labels``
reads the tables and writes Audacity labels, Praat TextGrids, and manifests for NeMo and lhotse. None needs Beam.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
