"""Whose voice a track or a leg carries: from the name of a track, or from what is known of a leg."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callbeam.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CUSTOMER = "CUSTOMER"
AGENT = "AGENT"

_ROLES = {"AUDIO_FROM_CUSTOMER": CUSTOMER, "AUDIO_TO_CUSTOMER": AGENT}

_STREAM = "@stream:"
_LEG = re.compile(r"@(?:caller|callee|label:\S+|stream:[a-zA-Z0-9_.-]*(?:[a-zA-Z0-9_.-]|\*))")

_CONNECT_DEFAULTS = frozenset({"", "Track_audio/L16"})
"""What Connect's only track is called where it streams, or once streamed, the customer alone."""


@dataclass(frozen=True, slots=True)
class LegRole:
    """Whose voice one leg of a call carries: ``CUSTOMER`` or ``AGENT``, and what told it."""

    call_id: str
    stream_arn: str
    role: str
    source: str


def parse_role_map(entries: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Read the entries of ``--role-map``.

    Parameters
    ----------
    entries : iterable of str
        ``NAME=ROLE``: a track's Name ("" for a track without one) and ``CUSTOMER`` or ``AGENT``, in any case. A track
        of several channels may be named with one of them, counted from 0: ``NAME:0=AGENT``. Names that begin with
        ``@`` are those of ``leg_role``.

    Returns
    -------
    tuple of (str, str)
        What stands before the last equals sign, blanks around it left out, and the role; sorted.

    Raises
    ------
    UsageError
        If an entry is anything else, or two contradict each other.
    """
    roles: dict[str, str] = {}
    for entry in entries:
        name, equals, role = entry.rpartition("=")
        if not equals or role.strip().upper() not in {CUSTOMER, AGENT}:
            raise UsageError(
                f"--role-map {entry!r} is not NAME=CUSTOMER or NAME=AGENT, with :0 or :1 after the NAME for one "
                "channel of a track that has several"
            )
        if name.strip().startswith("@") and not _LEG.fullmatch(name.strip()):
            raise UsageError(
                f"--role-map {entry!r}: a leg is @caller, @callee, @label:LABEL (of a SIPREC stream), @stream:NAME or "
                "@stream:PREFIX*"
            )
        if roles.setdefault(name.strip(), role.strip().upper()) != role.strip().upper():
            raise UsageError(f"--role-map gives {name.strip()!r} two roles")
    return tuple(sorted(roles.items()))


def leg_role(
    roles: Mapping[str, str], stream: str, *, is_caller: bool | None = None, label: str | None = None
) -> str | None:
    """Return the role that a map gives to a leg which has a stream to itself.

    Parameters
    ----------
    roles : mapping of str to str
        What ``parse_role_map`` returned, as a mapping.
    stream : str
        The stream's name: ``@stream:NAME``, or ``@stream:PREFIX*``, of which the longest counts.
    is_caller : bool, optional
        Chime's ``isCaller``, as records tell it: ``@caller``, ``@callee``.
    label : str, optional
        Chime's ``sdp.mediaLabel``, which stream of a SIPREC session it is: ``@label:LABEL``.

    Returns
    -------
    str or None
        By the stream, else by the label, else by the caller; None where the map has none of them.

    Examples
    --------
    >>> roles = dict(parse_role_map(["@callee=AGENT", "@label:2=CUSTOMER"]))
    >>> leg_role(roles, "s-1", is_caller=False), leg_role(roles, "s-2", is_caller=False, label="2")
    ('AGENT', 'CUSTOMER')
    """
    own = f"{_STREAM}{stream}"
    prefixes = [name for name in roles if name.endswith("*") and own.startswith(name[:-1])]
    names = [own, *sorted(prefixes, key=len, reverse=True)]
    names += [f"@label:{label}"] if label is not None else []
    names += [] if is_caller is None else ["@caller" if is_caller else "@callee"]
    return next((roles[name] for name in names if name in roles), None)


def participant_role(
    track_name: str,
    source: str,
    roles: Mapping[str, str] | None = None,
    track_channel: int | None = None,
    leg: LegRole | None = None,
) -> tuple[str | None, str]:
    """Tell a track's role.

    Parameters
    ----------
    track_name : str
        The track's Name, "" if it has none; never its number, whose order changes from fragment to fragment.
    source : str
        ``connect``, ``chime`` or ``untagged`` (``CallIdentity.source``).
    roles : mapping of str to str, optional
        What ``parse_role_map`` returned, as a mapping; it wins over what names mean.
    track_channel : int, optional
        Which channel of a track that has several: each a participant, so the track's name alone tells no role of it.
    leg : LegRole, optional
        What records or the map say of the leg, where it has one track of one channel.

    Returns
    -------
    (str or None, str)
        CUSTOMER (from the customer), AGENT (all that the customer hears) or None; and ``role_map``, ``track_name``,
        ``default`` or ``unknown``, or what told of the leg: ``siprec``, ``siprec_label``, ``is_caller``,
        ``other_leg``, ``call_list``.

    Notes
    -----
    A track of Connect without a name, or with the producer library's default name, is the customer's: Connect's own
    consumers read it so. A Chime stream carries one leg under no fixed name, and whose leg it is only its events and
    records tell.
    """
    roles = roles or {}
    for name in (track_name,) if track_channel is None else (f"{track_name}:{track_channel}", track_name):
        if name in roles:
            return roles[name], "role_map"
    if track_channel is not None:
        return None, "unknown"
    if track_name in _ROLES:
        return _ROLES[track_name], "track_name"
    if leg is not None:
        return leg.role, leg.source
    if source == "connect" and track_name in _CONNECT_DEFAULTS:
        return CUSTOMER, "default"
    return None, "unknown"
