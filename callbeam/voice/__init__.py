"""Who speaks and how: voice activity, noise under the speech, glottal cycles, formants, syllables, voice quality.

``SileroDetector`` gives probabilities of speech, ``speech_spans`` decides; another detector needs only the interface
``VoiceActivityDetector``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
