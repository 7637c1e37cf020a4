"""What a recording's name tells: whose call it is, when it began, and who is on which channel."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone

from callbeam.call_names import canonical, uuids_in
from callbeam.calls import AGENT, CUSTOMER

MINUTE_MS = 60_000

_CONNECT = re.compile(r"(.+)_(\d{8}T\d{2}[:_]?\d{2})_UTC", re.IGNORECASE)
"""``<ContactId>_<YYYYMMDD>T<HH:MM>_UTC``; tools of other systems cannot keep the colon in a file's name."""

_IVR_FOLDER = "ivr"
"""Where Connect puts recordings of automated interactions: ``CallRecordings/ivr/<year>/<month>/<day>/``."""

_LCA_FOLDER = "lca-audio-recordings"
"""Where Live Call Analytics puts its recordings, unless its stack was told otherwise."""


@dataclass(frozen=True, slots=True)
class Convention:
    """How a publisher names recordings, and lays participants on their two channels.

    Attributes
    ----------
    name : str
        What ``channels.role_source`` says.
    roles : (str or None, str or None)
        Of the left and the right channel; None where nothing tells.
    precise_ms : int
        How far a start that records tell may lie from the recording's own.
    """

    name: str
    roles: tuple[str | None, str | None]
    precise_ms: int


CONVENTIONS = {
    convention.name: convention
    for convention in (
        # Contact records know whole seconds.
        Convention("connect_recording", (CUSTOMER, AGENT), 1_000),
        # Live Call Analytics begins with the newest fragment, 1 to 4 s after the event, as its users report.
        Convention("lca_recording", (CUSTOMER, AGENT), 5_000),
        Convention("lca_chime_recording", (AGENT, CUSTOMER), 5_000),
        Convention("chime_recording", (AGENT, CUSTOMER), 5_000),
        # Where in the call such a file begins nobody says.
        Convention("unknown", (None, None), MINUTE_MS),
    )
}
"""By name, the one that is believed most first.

Sources: Amazon Connect administrator guide, *Set up recording behavior* (incoming audio left, the agent's right);
aws-samples/amazon-transcribe-live-call-analytics, ``connect_kvs_consumer/index.js`` (caller, agent) and
``call_transcriber/index.js`` (agent, caller); Amazon Chime SDK developer guide, *Call analytics processor and output
destinations* (the Voice Connector's account leg is the agent's and first, the PSTN leg the customer's).
"""


@dataclass(frozen=True, slots=True)
class FileName:
    """What the name of a recording tells by itself.

    Attributes
    ----------
    contact_id : str or None
        Of Amazon Connect, where it is named as Connect does.
    start_ms : int or None
        The minute in which it began, UTC milliseconds: Connect's names tell it, though what stands before may be no
        ContactId.
    by_lca : bool
        It lies in the folder of Live Call Analytics.
    automated : bool
        It lies in the folder of Connect's automated interactions: it ends where an agent's begins.
    calls : tuple of str
        What may be the identifier of its call, the likeliest first.
    """

    contact_id: str | None
    start_ms: int | None
    by_lca: bool
    automated: bool
    calls: tuple[str, ...]

    def convention(self, system: str | None) -> Convention:
        """Return the convention that it follows, given the system whose records know its call, if any."""
        if self.contact_id is not None:
            return CONVENTIONS["connect_recording"]
        chime = system == "chime"
        if self.by_lca and system is not None:
            return CONVENTIONS["lca_chime_recording" if chime else "lca_recording"]
        return CONVENTIONS["chime_recording" if chime else "unknown"]


def read_file_name(place: str) -> FileName:
    """Read the name of a recording.

    Parameters
    ----------
    place : str
        The file, with its folders.

    Examples
    --------
    >>> place = "CallRecordings/2024/01/26/e81b7b4d-20ac-472d-8aad-0d848ce7c9b5_20240126T03:07_UTC.wav"
    >>> name = read_file_name(place)
    >>> name.contact_id, name.start_ms, name.convention(None).roles
    ('e81b7b4d-20ac-472d-8aad-0d848ce7c9b5', 1706238420000, ('CUSTOMER', 'AGENT'))
    """
    *folders, file = place.replace("\\", "/").split("/")
    stem = file.rpartition(".")[0] or file
    found = _CONNECT.fullmatch(stem)
    start_ms = _minute_ms(found[2]) if found is not None else None
    named = (canonical(found[1]),) if found is not None and start_ms is not None else ()
    contact_id = named[0] if named and uuids_in(named[0]) == [named[0]] else None
    calls = tuple(dict.fromkeys((*named, canonical(stem), *uuids_in(stem))))
    return FileName(contact_id, start_ms, _LCA_FOLDER in folders, _IVR_FOLDER in folders, calls)


def _minute_ms(text: str) -> int | None:
    digits = re.sub(r"\D", "", text)
    try:
        instant = datetime.strptime(digits, "%Y%m%d%H%M").replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    return round(instant.timestamp() * 1000)
