"""What a dead letter shows of what failed: of media the first bytes, of a record how its shape begins."""

from __future__ import annotations

from typing import Final

SAMPLE_BYTES: Final = 64
"""Most bytes of a sample, of whatever it is."""


def letter_sample(begin: bytes | memoryview | str) -> bytes:
    """Return the sample of what begins so; a text is cut between two characters, in UTF-8.

    Examples
    --------
    >>> len(letter_sample(bytes(100))), letter_sample("x" * 63 + "é") == b"x" * 63
    (64, True)
    """
    if isinstance(begin, str):
        return begin.encode()[:SAMPLE_BYTES].decode(errors="ignore").encode()
    return bytes(begin[:SAMPLE_BYTES])
