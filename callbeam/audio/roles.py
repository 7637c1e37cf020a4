"""Whose voice a track carries, from its name: what both producers' tracks are called."""

from __future__ import annotations

CUSTOMER = "CUSTOMER"
AGENT = "AGENT"

_ROLES = {"AUDIO_FROM_CUSTOMER": CUSTOMER, "AUDIO_TO_CUSTOMER": AGENT}

_CONNECT_DEFAULTS = frozenset({"", "Track_audio/L16"})
"""What Connect's only track is called where it streams, or once streamed, the customer alone."""


def participant_role(track_name: str, source: str) -> tuple[str | None, str]:
    """Tell a track's role.

    Parameters
    ----------
    track_name : str
        The track's Name, "" if it has none; never its number, whose order changes from fragment to fragment.
    source : str
        ``connect``, ``chime`` or ``untagged`` (``CallIdentity.source``).

    Returns
    -------
    (str or None, str)
        CUSTOMER (from the customer), AGENT (all that the customer hears) or None; and ``track_name``, ``default`` or
        ``unknown``.

    Notes
    -----
    A track of Connect without a name, or with the producer library's default name, is the customer's: Connect's own
    consumers read it so. A Chime stream carries one leg under no fixed name, and whose leg it is only its events and
    records tell.
    """
    if track_name in _ROLES:
        return _ROLES[track_name], "track_name"
    if source == "connect" and track_name in _CONNECT_DEFAULTS:
        return CUSTOMER, "default"
    return None, "unknown"
