"""KVS's fragment numbers: 2^156 + (counter << 92) + (server milliseconds << 28) + 28 bits, as seen in captures.

AWS does not document the layout; a reader must not rely on it. The emulator writes it so that its numbers look and sort
like KVS's: 47 digits, rising with ingestion.
"""

from __future__ import annotations

import hashlib
import re

BASE = 1 << 156
COUNTER_SHIFT = 92
TIME_SHIFT = 28
SESSION_BLOCK = 1000
"""Each PutMedia session begins its counters in the next block of this many."""

_DECIMAL = re.compile(r"[0-9]{1,128}")


def parse_number(text: str) -> int | None:
    """Read a fragment number; None where the text is not 1 to 128 decimal digits."""
    return int(text) if _DECIMAL.fullmatch(text) and text.isascii() else None


def well_formed(number: int) -> bool:
    """Tell whether KVS could have given this number."""
    return BASE <= number < 2 * BASE


def counter_of(number: int) -> int:
    """Return the ingestion counter in a well-formed number.

    Examples
    --------
    >>> counter_of(91343852333181531502161607852955530730504675150)
    20016
    """
    return (number - BASE) >> COUNTER_SHIFT


def server_ms_of(number: int) -> int:
    """Return the server timestamp in a well-formed number.

    Examples
    --------
    >>> server_ms_of(91343852333181531502161607852955530730504675150)
    1726677687758
    """
    return (number >> TIME_SHIFT) & ((1 << (COUNTER_SHIFT - TIME_SHIFT)) - 1)


def make_number(stream: str, counter: int, server_ms: int) -> int:
    """Make the number of a stream's fragment; the same arguments always make the same.

    Parameters
    ----------
    stream : str
        Name of the stream: two streams do not share numbers.
    counter : int
        Rises by one from fragment to fragment of a session.
    server_ms : int
        Server timestamp in milliseconds since the epoch.
    """
    salt = hashlib.sha256(f"{stream}/{counter}/{server_ms}".encode()).digest()
    return (
        BASE
        + (counter << COUNTER_SHIFT)
        + (server_ms << TIME_SHIFT)
        + (int.from_bytes(salt[:4], "big") >> (32 - TIME_SHIFT))
    )


def next_session_counter(last_counter: int | None) -> int:
    """Return the first counter of a stream's next PutMedia session: 1, or the start of the next block of 1000."""
    return 1 if last_counter is None else (last_counter // SESSION_BLOCK + 1) * SESSION_BLOCK + 1
