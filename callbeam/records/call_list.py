"""A list of calls that a user makes: CSV with a header, or objects of JSON with the same names.

The names of columns are those that their publishers give them: Connect's contact attributes and contact records, and
Chime's detail records. ``Track``, ``Role``, ``exclude_spans`` and ``include_spans`` are callbeam's own.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Final

from callbeam.errors import UsageError
from callbeam.records.addresses import Keeping, kept_attributes, subject_key
from callbeam.records.flow_events import streaming_attributes
from callbeam.records.leg_roles import AGENT, CUSTOMER
from callbeam.records.record_times import epoch_ms
from callbeam.records.record_values import Record, identifier, instance_of_arn, required_identifier
from callbeam.records.refusals import RecordError
from callbeam.records.statements import (
    CALL_LIST,
    CHIME,
    CONNECT,
    FROM_CUSTOMER,
    LEG,
    TO_CUSTOMER,
    ContactFacts,
    Statement,
    StreamingSession,
)
from callbeam.stream_arns import stream_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

IDENTITIES: Final = ("ContactId", "TransactionId", "CallId", "StreamARN")
"""Columns of which a row needs one."""

COLUMNS: Final = (
    *IDENTITIES,
    "StartFragmentNumber",
    "StartPosition",
    "FragmentStopNumber",
    "StartTimestamp",
    "StopTimestamp",
    "InstanceARN",
    "InitialContactId",
    "PreviousContactId",
    "NextContactId",
    "RelatedContactId",
    "VoiceConnectorId",
    "AgentId",
    "CustomerEndpoint",
    "Track",
    "Role",
    "exclude_spans",
    "include_spans",
)
"""All columns, but for attributes that the caller names."""

_TRACKS = {
    "": (),
    "FROMCUSTOMER": (FROM_CUSTOMER,),
    "TOCUSTOMER": (TO_CUSTOMER,),
    "BOTH": (FROM_CUSTOMER, TO_CUSTOMER),
    "LEG": (LEG,),
}
_LIKE_A_NAME = re.compile(r"[A-Za-z_][A-Za-z_ ]{0,40}", re.ASCII)
_PLAIN = re.compile(r"[^A-Za-z]+")


def check_columns(names: Iterable[str | None], keeping: Keeping, source: str) -> None:
    """Check the header of a list of calls.

    Parameters
    ----------
    names : iterable of str
        The header's, in order.
    keeping : Keeping
        The attributes that the caller names may be columns as well.
    source : str
        The file, for the message.

    Raises
    ------
    UsageError
        If a name is none of ``COLUMNS``, stands twice, or none of ``IDENTITIES`` is there.

    Examples
    --------
    >>> check_columns(["ContactId", "StreamArn"], Keeping(), "calls.csv")
    Traceback (most recent call last):
    callbeam.errors.UsageError: calls.csv: there is no column StreamArn; StreamARN?
    """
    known = (*COLUMNS, *sorted(keeping.attributes))
    seen = set()
    for at, name in enumerate(names, 1):
        if name not in known:
            raise UsageError(f"{source}: {_hint(name or '', f'the name of column {at} is not known', known)}")
        if name in seen:
            raise UsageError(f"{source}: column {name} is there twice")
        seen.add(name)
    if not seen & set(IDENTITIES):
        raise UsageError(f"{source}: a list of calls needs a column {', '.join(IDENTITIES[:-1])} or {IDENTITIES[-1]}")


def looks_like_columns(names: Iterable[str | None]) -> bool:
    """Tell whether a line of a file is meant as the header of a list of calls: a name is one of its, or nearly so."""
    return any(name is not None and _nearest(name, COLUMNS) is not None for name in names)


def read_call(record: Record, keeping: Keeping) -> tuple[Statement, ...]:
    """Read a row of a list of calls.

    Parameters
    ----------
    record : mapping
        Names of ``COLUMNS`` to text, or of JSON also to numbers and null; what is empty is not told. ``Track`` is
        ``FromCustomer``, ``ToCustomer``, ``Both`` or ``Leg``, ``Role`` is ``CUSTOMER`` or ``AGENT``. Spans are
        ``<begin>/<end>`` with ``;`` between them, or in JSON lists of pairs; begin and end are instants in any form
        that ``epoch_ms`` reads.
    keeping : Keeping
        What to keep of the columns of attributes, and of ``CustomerEndpoint``.

    Returns
    -------
    tuple of Statement
        One. A row with nothing but a stream and where to start is the call ``<stream>#<first fragment number>``.

    Raises
    ------
    RecordError
        If none of ``IDENTITIES`` is there, or a value is none of its column's.
    """
    unknown = next((name for name in record if name not in COLUMNS and name not in keeping.attributes), None)
    if unknown is not None:
        raise RecordError(_hint(unknown, "there is no column of that name", (*COLUMNS, *keeping.attributes)))
    session, forms = _session(record)
    call_id, system = _identity(record, session)
    aliases = {identifier(record.get(name)) for name in ("ContactId", "TransactionId", "CallId")} - {None, call_id}
    address = record.get("CustomerEndpoint")
    return (
        Statement(
            call_id=call_id,
            system=system,
            source=CALL_LIST,
            aliases=tuple(sorted(alias for alias in aliases if alias is not None)),
            facts=ContactFacts(
                instance_id=instance_of_arn(record.get("InstanceARN")),
                initial_contact_id=identifier(record.get("InitialContactId")),
                previous_contact_id=identifier(record.get("PreviousContactId")),
                next_contact_id=identifier(record.get("NextContactId")),
                related_contact_id=identifier(record.get("RelatedContactId")),
                voice_connector_id=identifier(record.get("VoiceConnectorId")),
                agent_id=identifier(record.get("AgentId")),
                initiation_ms=epoch_ms(record.get("StartTimestamp"), "StartTimestamp") if session is None else None,
                subject_key=subject_key(address, keeping.subject_secret),
            ),
            sessions=() if session is None else (session,),
            attributes=kept_attributes(dict(record), keeping, address),
            exclude_spans=_spans(record.get("exclude_spans"), "exclude_spans"),
            include_spans=_spans(record.get("include_spans"), "include_spans"),
            forms=forms,
        ),
    )


def _identity(record: Record, session: StreamingSession | None) -> tuple[str, str]:
    for name, system in (("ContactId", CONNECT), ("TransactionId", CHIME), ("CallId", CHIME)):
        if record.get(name) not in (None, ""):
            return required_identifier(record, name), system
    if session is None:
        raise RecordError(f"none of {', '.join(IDENTITIES)} is there")
    if session.first_fragment is None:
        raise RecordError("StreamARN alone names no call: StartFragmentNumber or ContactId is missing")
    return f"{stream_name(session.stream_arn)}#{session.first_fragment}", CONNECT


def _session(record: Record) -> tuple[StreamingSession | None, tuple[str, ...]]:
    track = record.get("Track") or ""
    tracks = _TRACKS.get(_PLAIN.sub("", track).upper()) if isinstance(track, str) else None
    if tracks is None:
        raise RecordError("Track is none of FromCustomer, ToCustomer, Both, Leg")
    role = record.get("Role") or None
    if role is not None and (not isinstance(role, str) or role.strip().upper() not in {CUSTOMER, AGENT}):
        raise RecordError(f"Role is neither {CUSTOMER} nor {AGENT}")
    if record.get("StreamARN") in (None, ""):
        return None, ("no StreamARN",)
    told, forms = streaming_attributes(record)
    return StreamingSession(
        stream_arn=told.stream_arn,
        first_fragment=told.first_fragment,
        last_fragment=told.last_fragment,
        start_ms=told.start_ms,
        stop_ms=told.stop_ms,
        tracks=tracks,
        role=role.strip().upper() if role is not None else None,
        role_source=CALL_LIST if role is not None else "unknown",
    ), forms


def _spans(value: object, field: str) -> tuple[tuple[int, int], ...]:
    if value is None or value == "":
        return ()
    pairs = [part.split("/") for part in value.split(";") if part.strip()] if isinstance(value, str) else value
    if not isinstance(pairs, list) or any(not isinstance(pair, list) or len(pair) != 2 for pair in pairs):
        raise RecordError(f"{field} is no list of begin/end, with ; between them")
    spans = []
    for pair in pairs:
        begin, end = (epoch_ms(each, field) for each in pair)
        if begin is None or end is None or begin >= end:
            raise RecordError(f"{field} has a span that does not end after it begins")
        spans.append((begin, end))
    return tuple(sorted(spans))


def _hint(name: str, unnamed: str, known: Sequence[str]) -> str:
    """Say that a name is no column's, with the one that was likely meant; without one it may be anybody's name."""
    nearest = _nearest(name, known) if _LIKE_A_NAME.fullmatch(name) else None
    return f"there is no column {name}; {nearest}?" if nearest else f"{unnamed}; columns are {', '.join(known)}"


def _nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that a name is, or is most likely meant to be."""
    plain = {_PLAIN.sub("", each).lower(): each for each in known}
    close = difflib.get_close_matches(_PLAIN.sub("", name).lower(), list(plain), n=1, cutoff=0.75)
    return plain[close[0]] if close else None
