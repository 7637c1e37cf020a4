"""Who a source's speakers and channels are, where it tells no roles: found by whose speech theirs agrees with."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

from callbeam.enrichment.clock_shift import LEAST_LEAD, Shift, Window, find_shift
from callbeam.spans import as_spans, intersect, length

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from callbeam.spans import SpanArray

MOST_SPEAKERS: Final = 4
"""Of more speakers, no roles are looked for: telling voices apart has failed by then."""

NEAR_MS: Final = 200
"""How far apart the shifts of two ways to give roles may be that are to be the same."""

LEAST_WITHIN: Final = 0.6
"""Share of what a speaker said that must lie where the role is heard."""

LEAST_MORE: Final = 0.3
"""How much more of it must lie there than where the other role is heard."""


def find_roles(
    heard: Mapping[str, SpanArray], said: Mapping[str, SpanArray], window: Window | None = None
) -> tuple[dict[str, str], Shift]:
    """Find the roles of speakers, and the shift between both clocks.

    Parameters
    ----------
    heard : mapping of str to SpanArray
        Milliseconds in which each role is heard, on the call's clock.
    said : mapping of str to SpanArray
        Milliseconds in which each speaker or channel speaks, on the source's clock.
    window : Window, optional
        As for ``find_shift``.

    Returns
    -------
    (dict of str to str, Shift)
        Roles by speaker, as far as all ways to give them that fit about as well agree; of a speaker whose speech lies
        where nobody is heard, or where both are, none. The shift is uncertain where there are no roles.

    Examples
    --------
    >>> heard = {"AGENT": as_spans([(0, 2_000), (9_000, 9_500)]), "CUSTOMER": as_spans([(3_000, 8_000)])}
    >>> said = {"ch_0": as_spans([(4_000, 9_000)]), "ch_1": as_spans([(1_000, 3_000), (10_000, 10_500)])}
    >>> find_roles(heard, said)[0]
    {'ch_0': 'CUSTOMER', 'ch_1': 'AGENT'}
    """
    spoken = {role: spans for role, spans in heard.items() if len(spans)}
    ways = _ways(sorted(said), sorted(spoken))
    fits = [(find_shift(spoken, _by_role(said, roles), window), roles) for roles in ways]
    if not fits:
        return {}, Shift(0, 0.0, certain=False)
    shift, roles = max(fits, key=lambda fit: fit[0].confidence)
    near = [(other, ways) for other, ways in fits if other.confidence > shift.confidence - LEAST_LEAD]
    found = {
        name: role
        for name, role in roles.items()
        if all(ways[name] == role for _, ways in near) and _is_heard_as(said[name] + shift.ms, role, spoken)
    }
    certain = shift.certain and all(abs(other.ms - shift.ms) <= NEAR_MS for other, _ in near) and bool(found)
    return found if certain else {}, Shift(shift.ms, shift.confidence, certain=certain)


def _ways(speakers: Sequence[str], roles: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield the ways in which speakers may have roles: each has one, and as many roles as can be are somebody's."""
    if not roles or len(speakers) > MOST_SPEAKERS:
        return
    for chosen in product(roles, repeat=len(speakers)):
        if len(set(chosen)) == min(len(speakers), len(roles)):
            yield dict(zip(speakers, chosen, strict=True))


def _by_role(said: Mapping[str, SpanArray], roles: Mapping[str, str]) -> dict[str, SpanArray]:
    return {
        role: as_spans([span for name, spans in said.items() if roles[name] == role for span in spans.tolist()])
        for role in set(roles.values())
    }


def _is_heard_as(spans: SpanArray, role: str, heard: Mapping[str, SpanArray]) -> bool:
    """Tell whether a speaker's speech lies where a role is heard, and little of it where others are."""
    shares = {name: length(intersect(spans, theirs)) / max(1, length(spans)) for name, theirs in heard.items()}
    others = max((share for name, share in shares.items() if name != role), default=0.0)
    return shares[role] >= LEAST_WITHIN and shares[role] - others >= LEAST_MORE
