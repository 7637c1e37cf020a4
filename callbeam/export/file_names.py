"""Names of folders and files: readable where a call's id allows, safe whatever it holds, and always the same."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timezone

LONGEST = 60


def call_folder(call_id: str) -> str:
    """Return the name of a call's folder.

    Examples
    --------
    >>> call_folder("calls-1#9134")
    'calls-1-9134-dad96946'
    >>> call_folder("../..")
    '0cfd1c96'
    """
    digest = hashlib.sha256(call_id.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{_readable(call_id)}-{digest}".lstrip("-")


def call_file(start_ms: int, what: str) -> str:
    """Return the name, without its suffix, of a file about a whole call that began at an instant.

    Examples
    --------
    >>> call_file(1_772_442_000_123, "stereo")
    '20260302T090000.123Z-stereo'
    """
    instant = datetime.fromtimestamp(start_ms // 1000, tz=timezone.utc)
    return f"{instant:%Y%m%dT%H%M%S}.{start_ms % 1000:03d}Z-{what}"


def channel_file(leg_start_ms: int, role: str | None, track_name: str, channel_id: str) -> str:
    """Return the name, without its suffix, of a file about a channel: when its leg began, who is on it, its id.

    Examples
    --------
    >>> channel_file(1_772_442_000_123, "CUSTOMER", "AUDIO_FROM_CUSTOMER", "3fa4c1d2e5b6")
    '20260302T090000.123Z-customer-3fa4c1d2e5b6'
    >>> channel_file(1_772_442_000_123, None, "Track/1", "3fa4c1d2e5b6")
    '20260302T090000.123Z-Track-1-3fa4c1d2e5b6'
    """
    who = role.lower() if role else _readable(track_name) or "track"
    return call_file(leg_start_ms, f"{_readable(who)}-{_readable(channel_id)}")


def _readable(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:LONGEST].strip("-.")
