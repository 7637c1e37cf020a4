r"""Labels that people gave: a CSV with a row for each.

Columns: ``call_id`` and ``name`` (what is judged, such as ``sentiment``), ``value`` or ``score``, and where they apply
``scale``, ``annotator``, ``participant_role``, ``unit_id`` (of sentiment_inputs), ``utterance_id``, ``begin_offset_ms``
with ``end_offset_ms``, as the tables have them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from callbeam.call_names import canonical
from callbeam.errors import UsageError
from callbeam.records import RecordError
from callbeam.transcripts.said import PEOPLE, CallName, Clock, Label
from callbeam.transcripts.transcript_fields import figure, role, short_name, span_ms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

COLUMNS: Final = (
    "call_id",
    "name",
    "value",
    "score",
    "scale",
    "annotator",
    "participant_role",
    "unit_id",
    "utterance_id",
    "begin_offset_ms",
    "end_offset_ms",
)
_NEEDED: Final = frozenset({"call_id", "name"})


def is_label_header(names: Sequence[str], source: str) -> bool:
    """Tell whether the first line of a CSV is that of a list of labels.

    Raises
    ------
    UsageError
        If it is, but for a column that is none, or for one that is missing.
    """
    if not set(names) >= _NEEDED:
        small = {name.lower() for name in names}
        if "call_id" in small and small & {*COLUMNS} - {"call_id"}:
            missing = min(_NEEDED - set(names))
            raise UsageError(f"{source}: a list of labels has a column {missing!r}, and this one does not")
        return False
    if unknown := [name for name in names if name not in COLUMNS]:
        raise UsageError(f"{source}: a list of labels has no column {unknown[0]!r}; there are {', '.join(COLUMNS)}")
    return True


def read_label_row(row: Mapping[str, Any], place: str) -> Iterator[Label]:
    """Read a row.

    Parameters
    ----------
    row : mapping of str to str
    place : str
        File and line, for people.

    Yields
    ------
    Label
        One.

    Raises
    ------
    RecordError
        If it names no call or nothing that is judged, has neither value nor score, a score that is no number, a role
        that is none, or half a stretch.
    """
    call_id, name = short_name(row.get("call_id")), short_name(row.get("name"))
    if call_id is None or name is None:
        raise RecordError(f"{'call_id' if call_id is None else 'name'} is missing")
    value, score = short_name(row.get("value")), figure(row.get("score"))
    if row.get("score") and score is None:
        raise RecordError("score is no number")
    if value is None and score is None:
        raise RecordError("both value and score are missing")
    speaker = role(row.get("participant_role"))
    if row.get("participant_role") and speaker is None:
        raise RecordError("participant_role is neither CUSTOMER nor AGENT")
    span = (None, None)
    if row.get("begin_offset_ms") or row.get("end_offset_ms"):
        span = span_ms(row, names=("begin_offset_ms", "end_offset_ms"))  # type: ignore[assignment]
    yield Label(
        CallName(PEOPLE, (canonical(call_id),), place),
        name,
        value,
        score,
        short_name(row.get("scale")),
        speaker,
        unit_id=short_name(row.get("unit_id")) or short_name(row.get("utterance_id")),
        begin_ms=span[0],
        end_ms=span[1],
        clock=Clock(is_calls=True),
        annotator=short_name(row.get("annotator")),
    )
