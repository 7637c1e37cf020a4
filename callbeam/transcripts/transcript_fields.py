"""Fields of published transcripts: offsets, figures, roles, words. What is none of these is refused or left out."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from callbeam.call_names import uuids_in
from callbeam.records import RecordError, child, children, identifier
from callbeam.transcripts.said import AGENT, CUSTOMER, SYSTEM, Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LATEST_OFFSET_MS = 7 * 86_400_000
"""An offset into a call beyond this is none: published samples have some of years."""

FINDINGS = {"IssuesDetected": "issue", "OutcomesDetected": "outcome", "ActionItemsDetected": "action_item"}
"""Lists of what a service found in a turn, and what it is a label of."""

_ROLES = {
    "CUSTOMER": CUSTOMER,
    "CALLER": CUSTOMER,
    "AGENT": AGENT,
    "SYSTEM": SYSTEM,
}
_LONGEST_NAME = 256


def offset_ms(record: Mapping[str, Any], name: str, *, per_unit: int = 1) -> int:
    """Return an offset, in milliseconds.

    Parameters
    ----------
    record : mapping
    name : str
    per_unit : int
        Milliseconds of the field's unit: 1, or 1000 for seconds. Seconds are published as numbers and as text.

    Raises
    ------
    RecordError
        If it is missing, no number, negative, or beyond a week.
    """
    found = figure(record.get(name))
    if found is None:
        raise RecordError(f"{name} is missing or no number")
    offset = round(found * per_unit)
    if not 0 <= offset <= LATEST_OFFSET_MS:
        raise RecordError(f"{name} is no offset into a call: 0 to a week is")
    return offset


def span_ms(
    record: Mapping[str, Any], *, names: tuple[str, str] = ("BeginOffsetMillis", "EndOffsetMillis"), per_unit: int = 1
) -> tuple[int, int]:
    """Return where a stretch begins and ends, in milliseconds.

    Raises
    ------
    RecordError
        If one of both is no offset, or it ends before it begins.
    """
    begin, end = (offset_ms(record, name, per_unit=per_unit) for name in names)
    if end < begin:
        raise RecordError(f"{names[1]} is before {names[0]}")
    return begin, end


def figure(value: object) -> float | None:
    """Return a number, however it is written; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def role(value: object) -> str | None:
    """Return CUSTOMER, AGENT or SYSTEM; LCA's CALLER is the customer.

    Examples
    --------
    >>> role("caller"), role("AGENT"), role("SUPERVISOR")
    ('CUSTOMER', 'AGENT', None)
    """
    return _ROLES.get(value.strip().upper()) if isinstance(value, str) else None


def text_of(value: object) -> str | None:
    """Return a text without blanks around it; None for what is none, or empty."""
    return (value.strip() or None) if isinstance(value, str) else None


def short_name(value: object) -> str | None:
    """Return a name that a user or a service gave to something, such as a category, of at most 256 characters."""
    found = text_of(value)
    return found if found is not None and len(found) <= _LONGEST_NAME else None


def words_of(
    items: Iterable[Mapping[str, Any]],
    *,
    text: str = "Content",
    begin: str = "BeginOffsetMillis",
    end: str = "EndOffsetMillis",
    per_unit: int = 1,
) -> tuple[Word, ...]:
    """Read a list of words and punctuation marks.

    A mark, and a word without times or with times that are no offsets into a call, is joined to the word before it:
    nothing tells more about where it was said. Words without times at the begin are joined to the first that has some;
    where none has, there are no words.
    """
    found: list[Word] = []
    waiting = ""
    for item in items:
        content = text_of(item.get(text))
        if content is None:
            continue
        begin_at, end_at = figure(item.get(begin)), figure(item.get(end))
        if (
            is_mark(item)
            or begin_at is None
            or end_at is None
            or not 0 <= begin_at <= end_at <= LATEST_OFFSET_MS / per_unit
        ):
            more = content if is_mark(item) else f" {content}"
            if found:
                found[-1] = replace(found[-1], text=found[-1].text + more)
            else:
                waiting += more
            continue
        spoken = f"{waiting} {content}".strip()
        waiting = ""
        found.append(Word(round(begin_at * per_unit), round(end_at * per_unit), spoken, figure(item.get("Confidence"))))
    return tuple(found)


def is_mark(item: Mapping[str, Any]) -> bool:
    """Tell whether an item of a transcript is a punctuation mark, and no word."""
    return str(item.get("ItemType") or item.get("Type") or "").upper().startswith("PUNCT")


def text_found(content: object, finding: Mapping[str, Any]) -> str | None:
    """Return the text that a finding names: its own, or what lies between two characters of the content.

    Examples
    --------
    >>> text_found("Hey, I lost my card.", {"CharacterOffsets": {"BeginOffsetChar": 5, "EndOffsetChar": 19}})
    'I lost my card'
    """
    own = text_of(finding.get("Text"))
    offsets = child(finding, "CharacterOffsets")
    begin = figure(offsets.get("Begin", offsets.get("BeginOffsetChar")))
    end = figure(offsets.get("End", offsets.get("EndOffsetChar")))
    if own is not None or not isinstance(content, str) or begin is None or end is None:
        return own
    return text_of(content[int(begin) : int(end)])


def summary_of(contact_summary: Mapping[str, Any]) -> str | None:
    """Return the text of a ``ContactSummary``, in the form of Contact Lens or that of Transcribe Call Analytics.

    Examples
    --------
    >>> summary_of({"AutoGenerated": {"OverallSummary": {"Content": "A card was lost."}}})
    'A card was lost.'
    """
    of_lens = child(contact_summary, "PostContactSummary")
    of_transcribe = child(child(contact_summary, "AutoGenerated"), "OverallSummary")
    return text_of(of_lens.get("Content")) or text_of(of_transcribe.get("Content"))


def names_in(place: str) -> tuple[str, ...]:
    """Return the identifiers that a file's name may hold: a service names its output by contact, job or recording.

    Examples
    --------
    >>> names_in("a/0f1e2d3c-0000-4000-8000-000000000000_analysis_2026-03-02T10_00_00Z.json")
    ('0f1e2d3c-0000-4000-8000-000000000000',)
    >>> names_in("parsedFiles/call-7.wav.json")
    ('call-7',)
    """
    name = place.rpartition("/")[2]
    found = uuids_in(name)
    stem = identifier(name.partition(".")[0].partition("_analysis")[0])
    return tuple(dict.fromkeys([*found, *([stem] if stem is not None and not found else [])]))


def participants(record: Mapping[str, Any]) -> dict[str, str]:
    """Return roles by ``ParticipantId``."""
    pairs = ((one.get("ParticipantId"), role(one.get("ParticipantRole"))) for one in children(record, "Participants"))
    return {name: known for name, known in pairs if isinstance(name, str) and known is not None}


def is_redacted(record: Mapping[str, Any]) -> bool | None:
    """Tell whether ``ContentMetadata`` says that personal data were taken out; None where it says nothing."""
    output = child(record, "ContentMetadata").get("Output")
    return output.strip().lower() == "redacted" if isinstance(output, str) else None
