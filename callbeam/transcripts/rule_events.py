"""Events that Amazon Connect sends to EventBridge when a rule of Contact Lens matches a call.

Source: Amazon Connect administrator guide, *Create a rule in Contact Lens that generates an EventBridge event*. The
rule's name is the category that it assigns, the action's name what its author calls the event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from callbeam.records import RecordError, child, end_of_arn, epoch_ms
from callbeam.transcripts.payloads import kept_payload
from callbeam.transcripts.said import CONTACT_LENS_RULES, CallName, Label, Message
from callbeam.transcripts.transcript_fields import short_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from callbeam.transcripts.said import Said
    from callbeam.transcripts.text_policy import TextPolicy

    Record = Mapping[str, Any]

OF_CALLS: Final = frozenset(
    f"Contact Lens {when} Rules Matched" for when in ("Post Call", "Realtime", "After Call Work")
)
"""``detail-type`` of events about calls; others are about chats, mails and evaluations."""


def is_rule_event(record: Record) -> bool:
    """Tell whether an object is such an event, about a call or not."""
    kind = record.get("detail-type")
    return isinstance(kind, str) and kind.startswith("Contact Lens ") and kind.endswith(" Rules Matched")


def read_rule_event(record: Record, source: str, place: str, policy: TextPolicy) -> Iterator[Said]:  # noqa: ARG001 - as all
    """Read one.

    Parameters
    ----------
    record : mapping
    source : str
        Unused: the event names its contact.
    place : str
        File and line, for people.
    policy : TextPolicy

    Yields
    ------
    Message or Label
        The event with its time and its action's name, and the category, of all of the call: an event does not tell
        what in it the rule was matched by.

    Raises
    ------
    RecordError
        If it is not about a call, or names no contact or rule.
    """
    kind, detail = str(record["detail-type"]), child(record, "detail")
    if kind not in OF_CALLS:
        raise RecordError("detail-type is not of calls: rules of chats, mails and evaluations are not")
    contact, rule = end_of_arn(detail.get("contactArn"), "contact"), short_name(detail.get("ruleName"))
    if contact is None or rule is None:
        raise RecordError(f"{'ruleName' if contact else 'contactArn'} is missing or names none")
    call = CallName(CONTACT_LENS_RULES, (contact,), place)
    yield Message(
        call,
        epoch_ms(record.get("time"), "time"),
        kind,
        short_name(detail.get("actionName")),
        role=None,
        text=None,
        is_partial=False,
        payload=kept_payload(record, policy),
    )
    yield Label(call, "category", rule)
