"""Whose voice a track carries, from its name: what both producers' tracks are called."""

from __future__ import annotations

CUSTOMER = "CUSTOMER"
AGENT = "AGENT"

_ROLES = {
    "AUDIO_FROM_CUSTOMER": CUSTOMER,
    "AUDIO_TO_CUSTOMER": AGENT,
    "Track_audio/L16": CUSTOMER,  # Connect's only track before it streamed both directions
}


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
        CUSTOMER (from the customer), AGENT (all that the customer hears) or None, and ``track_name`` or ``unknown``.

    Notes
    -----
    An unnamed track of Connect is the customer's: its own consumers read it so. A Chime stream carries one leg under no
    fixed name, and whose leg it is only its events and records tell.
    """
    role = _ROLES.get(track_name)
    if role is None and source == "connect" and not track_name:
        role = CUSTOMER
    return role, "unknown" if role is None else "track_name"
