"""What others said of made-up calls, as the tables have it, beside the truth of who said it when."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.dataset as ds

from callbeam.callmaker import load_truth, made_turns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from callbeam.callmaker import MadeTurn

    Row = Mapping[str, Any]
    Link = tuple[str, ...]

SLACK_MS = 150
"""How far a word's middle may lie beside an utterance that it belongs to: speech begins and ends softly."""

MOST_NAMED = 5


def right_links(turn: MadeTurn, utterances: Iterable[Row]) -> set[str]:
    """Return the utterances that hold a word of a turn, by the truth's times: each word lies in one of them.

    Parameters
    ----------
    turn : MadeTurn
        On the call's clock.
    utterances : iterable of mapping
        Rows of ``utterances`` of its call.
    """
    own = [one for one in utterances if one["participant_role"] == turn.role]
    found = set()
    for begin, end, _ in turn.words:
        middle = (begin + end) / 2
        apart = [(max(one["begin_offset_ms"] - middle, middle - one["end_offset_ms"], 0), one) for one in own]
        nearest = min(apart, key=itemgetter(0), default=None)
        if nearest is not None and nearest[0] <= SLACK_MS:
            found.add(nearest[1]["utterance_id"])
    return found


def f1(found: set[Link], right: set[Link]) -> float:
    """Return the F1 score of found against right links.

    Examples
    --------
    >>> f1({("a", "1"), ("b", "2")}, {("a", "1")})
    0.6666666666666666
    """
    return 2 * len(found & right) / (len(found) + len(right)) if found or right else 1.0


@dataclass(frozen=True, slots=True)
class SaidComparison:
    """What others said of made-up calls, beside the truth.

    Attributes
    ----------
    calls : int
        Calls that something was said of.
    segments, linked : int
        All segments, and those whose text is in an utterance.
    found, right : set of tuple of str
        Links: call, source, segment, utterance.
    shifted_ms : tuple of int
        How far segments begin from where they do by the truth, once brought to the call's clock.
    labels, messages : Counter of str
        By name and kind.
    """

    calls: int
    segments: int
    linked: int
    found: set[Link]
    right: set[Link]
    shifted_ms: tuple[int, ...]
    labels: Counter[str]
    messages: Counter[str]

    def lines(self) -> list[str]:
        """Return what a person wants to see."""
        share = f"{f1(self.found, self.right):.1%} (F1 of {len(self.right):,} between segments and utterances)"
        off = np.abs(self.shifted_ms) if self.shifted_ms else np.zeros(1)
        clocks = f"off by {np.median(off):.0f} ms in the median, {off.max():.0f} at most"
        return [
            f"said of calls         {self.calls}",
            f"segments linked       {self.linked:,} of {self.segments:,}",
            f"right links           {share}",
            f"clocks of segments    {clocks}",
            f"labels                {_counted(self.labels)}",
            *([f"messages              {_counted(self.messages)}"] if self.messages else []),
        ]


def compare_said_with_truth(output: Path, truth: Path, *, source: str) -> SaidComparison:
    """Compare what others said, as the tables have it, with the turns that it was made from.

    Parameters
    ----------
    output : Path
        The local folder of the tables.
    truth : Path
        A folder of ``<call_id>.json`` files.
    source : str
        Only calls of this system count: ``connect`` or ``chime``.
    """
    calls = [call for call in map(load_truth, sorted(truth.glob("*.json"))) if call.source == source]
    turns = {(call.call_id, turn.turn_id): turn for call in calls for turn in made_turns(call)}
    utterances: dict[str, list[Row]] = defaultdict(list)
    for row in _rows(output, "utterances"):
        utterances[row["call_id"]].append(row)
    segments = [row for row in _rows(output, "segments") if (row["call_id"], row["source_segment_id"]) in turns]
    found: set[Link] = set()
    right: set[Link] = set()
    shifted = []
    for row in segments:
        turn = turns[row["call_id"], row["source_segment_id"]]
        key = (row["call_id"], row["source"], row["source_segment_id"])
        found |= {(*key, name) for name in row["utterance_ids"]}
        right |= {(*key, name) for name in right_links(turn, utterances[row["call_id"]])}
        if row["begin_offset_ms"] is not None:
            shifted.append(row["begin_offset_ms"] - turn.begin_ms)
    return SaidComparison(
        calls=len({row["call_id"] for row in segments}),
        segments=len(segments),
        linked=sum(row["text_status"] == "linked" for row in segments),
        found=found,
        right=right,
        shifted_ms=tuple(shifted),
        labels=Counter(row["name"] for row in _rows(output, "labels")),
        messages=Counter(row["kind"] for row in _rows(output, "messages")),
    )


def _counted(counts: Counter[str]) -> str:
    """Return a total and the most frequent names."""
    named = ", ".join(f"{count:,} {name}" for name, count in counts.most_common(MOST_NAMED))
    more = ", ..." if len(counts) > MOST_NAMED else ""
    return f"{counts.total():,}" + (f": {named}{more}" if named else "")


def _rows(output: Path, table: str) -> list[dict[str, Any]]:
    if not (output / table).is_dir():
        return []  # Contact Lens publishes no messages
    rows: list[dict[str, Any]] = ds.dataset(output / table, format="parquet").to_table().to_pylist()
    return rows
