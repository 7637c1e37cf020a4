"""Whose call a fragment is and which track is which, from the names that Connect and Chime put into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callbeam.call_names import canonical
from callbeam.calls.pieces import CallIdentity
from callbeam.mkv import PADDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.kvs import FetchedFragment


def identify(tags: Sequence[tuple[str, str]]) -> CallIdentity | None:
    """Tell whose call a fragment is.

    ``ContactId`` makes it Amazon Connect's, ``TransactionId`` Chime Voice Connector's; a contact goes first where both
    stand. Names of tags are compared exactly, and both names and values come with padding in the wild. Where a name
    stands more than once, as before and after the Cluster, the first value that is not empty counts.

    Parameters
    ----------
    tags : sequence of (str, str)
        The fragment's tags in file order, ``Document.tags``.

    Returns
    -------
    CallIdentity or None
        None for a fragment that names no call: tagless, or with only some of the usual tags.

    Examples
    --------
    >>> identify([("MimeType", "audio/L16"), ("ContactId", "c-1")]).call_id
    'c-1'
    >>> identify([("InstanceId", "i-1"), ("ContactId", "")]) is None
    True
    """
    values: dict[str, str] = {}
    for padded_name, padded_value in tags:
        name, value = padded_name.strip(PADDING), padded_value.strip(PADDING)
        if value and name not in values:
            values[name] = value
    if contact_id := values.get("ContactId"):
        return CallIdentity(canonical(contact_id), "connect", instance_id=values.get("InstanceId"))
    if transaction_id := values.get("TransactionId"):
        call_id = values.get("CallId")
        return CallIdentity(
            canonical(transaction_id),
            "chime",
            chime_call_id=None if call_id is None else canonical(call_id),
            voice_connector_id=values.get("VoiceConnectorId"),
        )
    return None


def identity_of(fetched: FetchedFragment) -> CallIdentity | None:
    """Tell whose call a fragment is by its own tags; None, too, where its media is lost."""
    return identify(fetched.document.tags) if fetched.document is not None else None
