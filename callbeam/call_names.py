"""What calls are called: UUIDs are the same in capitals, in which databases and spreadsheets write them."""

from __future__ import annotations

import re

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def canonical(name: str) -> str:
    """Return the name of a call as AWS writes it: a UUID in small letters (RFC 9562, 4), anything else as it is.

    Examples
    --------
    >>> canonical("0F1E2D3C-0000-4000-8000-00000000000A"), canonical("Call-7")
    ('0f1e2d3c-0000-4000-8000-00000000000a', 'Call-7')
    """
    return name.lower() if _UUID.fullmatch(name) else name


def uuids_in(text: str) -> list[str]:
    """Return the UUIDs within a text, such as a file's name, in small letters.

    Examples
    --------
    >>> uuids_in("0F1E2D3C-0000-4000-8000-00000000000A_analysis.json")
    ['0f1e2d3c-0000-4000-8000-00000000000a']
    """
    return [found.lower() for found in _UUID.findall(text)]
