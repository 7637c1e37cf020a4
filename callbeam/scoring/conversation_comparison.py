"""Talk share, interruptions, response latency and non-talk time of each call beside the call maker's truth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from callbeam.callmaker import AGENT, AGENT_PHASE, CUSTOMER, TalkFigures, talk_figures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from callbeam.callmaker import CallTruth

CALL_COLUMNS = (
    "call_id",
    "recordings",
    "metrics_scope",
    "agent_talk_ratio",
    "interruptions_total_count",
    "response_latency_agent_p50_ms",
    "response_latency_customer_p50_ms",
    "non_talk_time_total_ms",
)
"""What is read of table ``calls``."""

AGENT_FROM = "agent_from_ms"
"""Beside these in a row: where table ``phases`` lets the agent's first phase begin."""

SHORTEST_ID = 8


@dataclass(frozen=True, slots=True)
class TalkMatch:
    """A call's figures beside their truth; ``ours`` is None where the tables have no such call."""

    call_id: str
    scope: str | None
    ours: TalkFigures | None
    truth: TalkFigures


def match_talk(truths: Sequence[CallTruth], rows: Iterable[Mapping[str, Any]]) -> tuple[TalkMatch, ...]:
    """Put each made-up call beside its row.

    Parameters
    ----------
    truths : sequence of CallTruth
    rows : iterable of mapping
        Rows of table ``calls``, with ``CALL_COLUMNS`` and, where records tell of an agent, ``AGENT_FROM``.

    Returns
    -------
    tuple of TalkMatch
        One for each of ``truths``, in order. The truth is taken over the row's own ``metrics_scope``.
    """
    by_call = {row["call_id"]: row for row in rows}
    matches = []
    for call in truths:
        row = by_call.get(call.call_id)
        scope = row["metrics_scope"] if row else None
        ours = _figures(row) if row else None
        matches.append(TalkMatch(call.call_id, scope, ours, talk_figures(call, scope)))
    return tuple(matches)


def talk_lines(matches: Sequence[TalkMatch]) -> list[str]:
    """Return a table for people: a call a line, ours and the truth side by side.

    Examples
    --------
    >>> ours = TalkFigures(6_000, 0.521, 2, {AGENT: 310.0, CUSTOMER: 290.0}, 12_400)
    >>> truth = TalkFigures(6_240, 0.518, 2, {AGENT: 300.0, CUSTOMER: 280.0}, 12_100)
    >>> for line in talk_lines([TalkMatch("5f3b2c1d-0000-4000-8000-00000000c0de", AGENT_PHASE, ours, truth)]):
    ...     print(line)
              agent from    agent's talk    interruptions   agent responds    customer responds   non-talk
    call       ours  truth    ours   truth    ours   truth     ours    truth      ours     truth    ours   truth
    5f3b2c1d  6.0 s  6.2 s   52.1%   51.8%       2       2   310 ms   300 ms    290 ms    280 ms  12.4 s  12.1 s
    """
    ids = _short([match.call_id for match in matches])
    columns = [
        [("ours", "truth"), *((_cell(match.ours, show), _cell(match.truth, show)) for match in matches)]
        for show in SHOWN.values()
    ]
    first = max(map(len, ["call", *ids]))
    lines = [f"{name:{first}}" for name in ("", "call", *ids)]
    for heading, pairs in zip(SHOWN, columns, strict=True):
        width = max(len(heading) // 2, *(len(text) for pair in pairs for text in pair))
        block = [f"{heading:{2 * width + 2}}", *(f"{ours:>{width}}  {truth:>{width}}" for ours, truth in pairs)]
        lines = [f"{line}  {more}" for line, more in zip(lines, block, strict=True)]
    if any(match.ours is not None and match.scope != AGENT_PHASE for match in matches):
        lines += [
            "where no record says from when on an agent was on the line, figures are of whole calls: what recorded",
            "voices say to the customer counts as the agent's, in the truth as well",
        ]
    if any(match.ours is not None and match.ours.agent_talk_ratio is None for match in matches):
        lines.append("-: not computable; nothing tells the roles of a Chime call's legs until records do")
    return [line.rstrip() for line in lines]


def _figures(row: Mapping[str, Any]) -> TalkFigures:
    return TalkFigures(
        agent_from_ms=row.get(AGENT_FROM),
        agent_talk_ratio=row["agent_talk_ratio"],
        interruptions=row["interruptions_total_count"],
        latency_ms={
            AGENT: row["response_latency_agent_p50_ms"],
            CUSTOMER: row["response_latency_customer_p50_ms"],
        },
        non_talk_ms=row["non_talk_time_total_ms"],
    )


def _cell(figures: TalkFigures | None, show: Callable[[TalkFigures], str | None]) -> str:
    return (figures and show(figures)) or "-"


def _agent_from(figures: TalkFigures) -> str | None:
    return None if figures.agent_from_ms is None else f"{figures.agent_from_ms / 1000:.1f} s"


def _share(figures: TalkFigures) -> str | None:
    return None if figures.agent_talk_ratio is None else f"{figures.agent_talk_ratio:.1%}"


def _interruptions(figures: TalkFigures) -> str | None:
    return None if figures.interruptions is None else str(figures.interruptions)


def _latency(figures: TalkFigures, role: str) -> str | None:
    latency = figures.latency_ms[role]
    return None if latency is None else f"{latency:.0f} ms"


def _non_talk(figures: TalkFigures) -> str | None:
    return None if figures.non_talk_ms is None else f"{figures.non_talk_ms / 1000:.1f} s"


SHOWN: dict[str, Callable[[TalkFigures], str | None]] = {
    "agent from": _agent_from,
    "agent's talk": _share,
    "interruptions": _interruptions,
    "agent responds": partial(_latency, role=AGENT),
    "customer responds": partial(_latency, role=CUSTOMER),
    "non-talk": _non_talk,
}
"""What a person sees of a call's figures, under which heading."""


def _short(call_ids: Sequence[str]) -> list[str]:
    """Cut ids to the shortest beginnings that still tell them apart."""
    longest = max(map(len, call_ids), default=SHORTEST_ID)
    for size in range(SHORTEST_ID, longest):
        if len({call_id[:size] for call_id in call_ids}) == len(set(call_ids)):
            return [call_id[:size] for call_id in call_ids]
    return list(call_ids)
