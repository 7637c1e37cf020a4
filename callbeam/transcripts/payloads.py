"""A record as JSON that may be kept: without numbers, addresses and names, and without text that may not be read."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from callbeam.records import masked_sample
from callbeam.transcripts.text_policy import TextPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_LEVELS = 32


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


NOBODYS: Final = _names(
    """account actionName alternatives callevent-type callId CallId Channel channelId ChannelId ContactId CreatedAt
    detail-subtype detail-type detailStatus direction EndTime endTime EventType ExpiresAfter id InstanceId itemType
    ItemType LanguageCode mediaInsightsPipelineId ParticipantRole participantRole region ResultId ruleName SegmentId
    Sentiment service-type source StartTime startFragmentNumber startTime statusMessage streamArn sourceArn taskId
    time transactionId TransactionId Type UpdatedAt UtteranceId version voiceConnectorId voiceToneLabel"""
)
"""Fields whose text is a service's own word or identifier. All other text may be a person's."""

PERSONS: Final = _names(
    """fromNumber toNumber CustomerPhoneNumber SystemPhoneNumber inviteHeaders sipHeaders siprecMetadata
    siprecMetadataJson voiceProfileId s3RecordingUrl s3RecordingUrlRedacted"""
)
"""Fields that are never kept, whatever the policy: numbers, SIP's addresses, what a voice is recognised by."""

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def kept_payload(record: Mapping[str, Any], policy: TextPolicy) -> str:
    """Return a record as JSON.

    Parameters
    ----------
    record : mapping
    policy : TextPolicy
        ``RAW`` keeps all text but that of ``PERSONS``; else text of fields that are nobody's is kept, and the shape of
        other text.

    Examples
    --------
    >>> kept_payload({"detail-type": "Transcribe", "Transcript": "Hello Ray"}, TextPolicy.REDACTED)
    '{"Transcript": "xxxxx xxx", "detail-type": "Transcribe"}'
    >>> kept_payload({"Transcript": "Hello Ray", "fromNumber": "+12065550100"}, TextPolicy.RAW)
    '{"Transcript": "Hello Ray"}'
    """
    kept = _kept(dict(record), "", policy is TextPolicy.RAW, MOST_LEVELS)
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def _kept(value: Any, name: str, raw: bool, levels: int) -> Any:
    if levels == 0:
        return None
    if isinstance(value, dict):
        return {key: _kept(each, key, raw, levels - 1) for key, each in value.items() if key not in PERSONS}
    if isinstance(value, list):
        return [_kept(each, name, raw, levels - 1) for each in value]
    if not isinstance(value, str):
        return value
    opened = _opened(value)
    if opened is not None:
        return _kept(opened, name, raw, levels - 1)
    return value if raw or name in NOBODYS or (_NUMBER.fullmatch(value) and len(value) < 7) else masked_sample(value)


def _opened(value: str) -> dict[str, Any] | None:
    """Return the object that a text is in JSON: metadata come so, one within the other."""
    if not value.startswith("{"):
        return None
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
