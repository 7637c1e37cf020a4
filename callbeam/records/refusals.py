"""What is not read: a record that is broken, why, and a sample of it that tells nobody's number or name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callbeam.errors import CallbeamError

if TYPE_CHECKING:
    from collections.abc import Mapping

SAMPLE_CHARS = 160
"""Longest sample of a bad record."""

PUBLISHED_NAMES = frozenset(
    re.findall(
        r"\w+",
        """Address Agent AgentARN AgentEvent AgentInfo Attributes Audio AWSAccountId AWSContactTraceRecordFormatVersion
        CallId Channel Configuration ConnectedToAgentTimestamp ConnectedToSystemTimestamp ContactData
        ContactFlowEvent ContactId Contacts CurrentAgentSnapshot Customer CustomerEndpoint DequeueTimestamp Details
        Direction DisconnectTimestamp EndTimeEpochSeconds EnqueueTimestamp EventTimestamp EventType
        FragmentStartNumber FragmentStopNumber InitialContactId InitiationMethod InitiationTimestamp InstanceARN
        LastUpdateTimestamp Location MediaStreams Name NextContactId PreviousContactId Queue Recording Recordings
        Records Role RoutingProfile StartFragmentNumber StartPosition StartTimeEpochSeconds StartTimestamp State
        StateStartTimestamp StopTimestamp StorageType StreamARN SystemEndpoint TransactionId VoiceConnectorId
        agentInfo body callId contactId detail eventType instanceArn isCaller queueInfo siprecMetadata
        startFragmentNumber startTime streamArn streamingStatus transactionId voiceConnectorId""",
    )
)
"""Words of a record that a sample may show as they are: its publisher's names of fields."""

_WORDS = re.compile(r"[^\W\d_]+|\d+")


class RecordError(CallbeamError):
    """A record cannot be read; the message names the field, and never holds a value."""


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A part of a file that is no record, or one that cannot be read.

    Attributes
    ----------
    source : str
        The file, as its reader was told.
    place : str
        Where in it: ``line 7`` or ``line 7, record 3``, counted from 1; ``file`` for all of it.
    reason : str
        For people; it names fields, never their values.
    sample : str
        How it begins, at most 160 characters: digits as ``0``, letters as ``x``, but for names of published fields.
    """

    source: str
    place: str
    reason: str
    sample: str = ""


def why_unread(record: Mapping[str, object]) -> str:
    """Say why an object is not read that no reader knows; of those that many have, what to give instead.

    Examples
    --------
    >>> why_unread({"hello": "world"})
    'a record of no publisher that is read'
    """
    if "ContactFlowModuleType" in record:
        return (
            "an entry of a flow's log: it tells of blocks and what customers entered, and none is read; give contact "
            "records, which tell queues, agents and streams"
        )
    return "a record of no publisher that is read"


def masked_sample(text: str) -> str:
    """Return the shape of a text: what stands where, and nothing of what it says.

    Examples
    --------
    >>> masked_sample('{"ContactId": "c-1", "CustomerEndpoint": {"Address": "+12065550100"}')
    '{"ContactId": "x-0", "CustomerEndpoint": {"Address": "+00000000000"}'
    """
    return _WORDS.sub(_masked, text[:SAMPLE_CHARS].encode("utf-8", "replace").decode())


def _masked(found: re.Match[str]) -> str:
    word = found.group()
    if word in PUBLISHED_NAMES:
        return word
    return ("0" if word[0].isdigit() else "x") * len(word)
