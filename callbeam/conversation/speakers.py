"""Who speaks, beside whose track it is on: the track to the customer is not the agent while a prompt plays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callbeam.conversation.phases import AGENT, AGENT_ON_LINE, FROM_NOTHING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.conversation.phases import Phase

CUSTOMER = "CUSTOMER"

SPEAKS = {AGENT_ON_LINE: "agent", "ivr": "system", "queue": "system", "hold": "system", "ringing": "system"}
"""Who is on the track to the customer, by phase."""


def speaker_kinds(
    begins_ms: Sequence[int], roles: Sequence[str | None], phases: Sequence[Phase]
) -> tuple[list[str | None], list[str]]:
    """Tell in which phase speech begins, and who speaks.

    Parameters
    ----------
    begins_ms : sequence of int
        Offsets from the call's start.
    roles : sequence of (str or None)
        Of the same: CUSTOMER, AGENT or None.
    phases : sequence of Phase
        Of the call, without gaps.

    Returns
    -------
    list of (str or None)
        The phase; None before or behind all of them.
    list of str
        ``customer``, ``agent``, ``system`` (prompts, bots, queue music) or ``unknown``: nothing tells when an agent was
        on the line.
    """
    found = [next((one for one in phases if one.begin_offset_ms <= at < one.end_offset_ms), None) for at in begins_ms]
    kinds = [_kind(role, phase) for role, phase in zip(roles, found, strict=True)]
    return [None if phase is None else phase.phase for phase in found], kinds


def _kind(role: str | None, phase: Phase | None) -> str:
    if role == CUSTOMER:
        return "customer"
    if role != AGENT or phase is None or phase.source == FROM_NOTHING:
        return "unknown"
    return SPEAKS.get(phase.phase, "unknown")
