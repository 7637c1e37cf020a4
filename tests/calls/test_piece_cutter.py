"""Pieces of a leg: each fragment owned once, leads complete, and the state with which placing goes on exact."""

from __future__ import annotations

import math
from itertools import pairwise

from builders.made_streams import T0, Sent, media_document, run_of, stream
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.calls import CallIdentity, Leg
from callbeam.calls.piece_cutter import PieceCutter
from callbeam.kvs import HOUR_MS, FetchedFragment, ListedFragment, Unit
from callbeam.timeline import LEAD_MS, PIECE_MS, Placer

LEG = Leg(CallIdentity("a", "connect"), stream(), 1, T0)
UNIT = Unit(T0, T0 + HOUR_MS, 1, 1)


def fetch(sent: Sent, producer_ms: int | None = None) -> FetchedFragment:
    listed = ListedFragment(sent.number, sent.at_ms, sent.at_ms if producer_ms is None else producer_ms)
    return FetchedFragment(listed, media_document(sent))


def cut(fragments):
    cutter = PieceCutter(LEG, UNIT, fragments[0])
    pieces, held = [], 0
    for fragment in fragments:
        pieces += cutter.add(fragment)
        held = max(held, len(cutter._held))
    pieces += cutter.finish()
    assert cutter.emitted == len(pieces)
    return pieces, held


def check_pieces(pieces, fragments):
    owned = [f for p in pieces for f in p.fragments[p.first_owned : p.end_owned]]
    assert owned == list(fragments), "each fragment is owned once, in order"
    assert [p.last for p in pieces] == [False] * (len(pieces) - 1) + [True]
    assert sorted({p.index for p in pieces}) == [p.index for p in pieces]
    check_states(pieces, fragments)


def check_states(pieces, fragments):
    """Each piece, placed from its own state, gets from each fragment what the whole leg gets from it."""
    cutter = PieceCutter(LEG, UNIT, fragments[0])
    placer = Placer(cutter._placer.clock)
    at_ns = positions(pieces)
    whole = [
        (placer.clock, placer.anchors(), placer.place(fragment, at_ns[fragment.listed.number]))
        for fragment in fragments
    ]
    numbers = [fragment.listed.number for fragment in fragments]
    for piece in pieces:
        at = numbers.index(piece.fragments[0].listed.number)
        assert (piece.clock, piece.anchors) == whole[at][:2]
        again = Placer(piece.clock, piece.anchors)
        some = zip(piece.fragments, piece.positions, strict=True)
        for (fragment, begin_ns), (_, _, placement) in zip(some, whole[at:], strict=False):
            assert again.place(fragment, begin_ns) == placement


def positions(pieces):
    """Return where each fragment lies by what was decided; pieces that share one agree."""
    found = {}
    for piece in pieces:
        for fragment, begin_ns in zip(piece.fragments, piece.positions, strict=True):
            assert found.setdefault(fragment.listed.number, begin_ns) == begin_ns
    return found


def test_a_four_hour_leg():
    sent = run_of("a", T0, 4 * 360 + 30, first_number=1, step_ms=10_000, pcm_ms=20)  # 4 h 5 min
    fragments = [fetch(one) for one in sent]
    pieces, held = cut(fragments)
    check_pieces(pieces, fragments)
    assert [p.index for p in pieces] == list(range(9))
    assert held <= (PIECE_MS + 2 * LEAD_MS) // 10_000 + 5
    for piece in pieces:
        begin = T0 + piece.index * PIECE_MS
        times = [f.listed.server_ms for f in piece.fragments]
        assert times[0] == max(T0, begin - 50_000)  # nothing that reaches into the lead-in is missing
        assert times[-1] == (sent[-1].at_ms if piece.last else begin + PIECE_MS + LEAD_MS - 10_000)
        owned = times[piece.first_owned : piece.end_owned]
        assert (owned[0], owned[-1]) == (begin, sent[-1].at_ms if piece.last else begin + PIECE_MS - 10_000)


def test_a_leg_that_ends_within_the_lead_out_still_has_both_pieces():
    fragments = [fetch(one) for one in run_of("a", T0, 182, first_number=1, step_ms=10_000, pcm_ms=20)]
    pieces, _ = cut(fragments)
    check_pieces(pieces, fragments)
    assert [(p.index, p.first_owned, p.end_owned, len(p.fragments)) for p in pieces] == [(0, 0, 180, 182), (1, 5, 7, 7)]


def test_a_core_within_a_long_pause_has_no_piece():
    start = run_of("a", T0, 3, first_number=1, pcm_ms=20)
    rest = run_of("a", T0 + 62 * 60_000, 3, first_number=9, pcm_ms=20)
    fragments = [fetch(one) for one in start + rest]
    pieces, _ = cut(fragments)
    check_pieces(pieces, fragments)
    assert [(p.index, len(p.fragments)) for p in pieces] == [(0, 3), (2, 3)]


def test_audio_that_runs_over_into_a_pause_gets_the_piece_it_runs_into():
    start = run_of("a", T0 + 5_000 - 10_000, 181, first_number=1, step_ms=10_000, pcm_ms=10_000)
    rest = run_of("a", T0 + 100 * 60_000, 3, first_number=900, pcm_ms=20)
    fragments = [fetch(one) for one in start + rest]
    pieces, _ = cut(fragments)
    check_pieces(pieces, fragments)
    assert [(p.index, p.end_owned - p.first_owned) for p in pieces] == [(0, 180), (1, 1), (3, 3)]


def test_stragglers_are_the_current_pieces():
    sent = run_of("a", T0, 200, first_number=1, step_ms=10_000, pcm_ms=20)
    late = fetch(Sent(500, sent[-1].at_ms + 10, "a", pcm_ms=20), producer_ms=sent[-1].at_ms - 290_000)
    fragments = [*(fetch(one) for one in sent), late]
    pieces, _ = cut(fragments)
    check_pieces(pieces, fragments)
    assert [p.index for p in pieces] == [0, 1]
    assert pieces[1].fragments[-1] is late


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([1_000, 10_000, 60_000, 100_000, 600_000, 1_795_000, 3_600_000]),
            st.sampled_from([0, 0, 0, 0, 40_000, -40_000, 250_000, -290_000]),
            st.sampled_from([20, 20, 10_000]),
        ),
        min_size=1,
        max_size=80,
    )
)
def test_any_leg_is_cut_whole(steps):
    at_ms, fragments = T0, []
    for number, (step_ms, shift_ms, pcm_ms) in enumerate(steps):
        at_ms += step_ms
        fragments.append(
            fetch(Sent(number, at_ms, "a", pcm_ms=pcm_ms), producer_ms=at_ms + (shift_ms if number else 0))
        )
    pieces, _ = cut(fragments)
    check_pieces(pieces, fragments)
    check_audio(pieces, fragments)


def check_audio(pieces, fragments):
    """A piece places in its core and leads what the whole leg, as far as it had come, places there."""
    start = PieceCutter(LEG, UNIT, fragments[0])._placer.clock
    at_ns = positions(pieces)
    placed = place_all(Placer(start), fragments, [at_ns[fragment.listed.number] for fragment in fragments])
    whole = [(fragment, placed_runs(placement)) for fragment, placement in placed]
    cores = set()
    for piece in pieces:
        again = place_all(Placer(piece.clock, piece.anchors), piece.fragments, piece.positions)
        core = (piece.index * PIECE_MS * 8, math.inf if piece.last else (piece.index + 1) * PIECE_MS * 8)
        cores |= {part for _, placement in again for part in clipped(placed_runs(placement), *core)}
        leads = (core[0] - LEAD_MS * 8, core[1] + LEAD_MS * 8)
        seen = fragments[: fragments.index(piece.fragments[-1]) + 1]
        expected = sorted(part for _, runs in whole[: len(seen)] for part in clipped(runs, *leads))
        assert sorted(part for _, placed in again for part in clipped(placed_runs(placed), *leads)) == expected
    borders = [index * PIECE_MS * 8 for index in range(200)]
    parts = {part for _, runs in whole for a, b in pairwise(borders) for part in clipped(runs, a, b)}
    assert joined(cores) == joined(parts), "each sample of the leg lies in one core"


def place_all(placer, fragments, at_ns):
    return [(fragment, placer.place(fragment, begin_ns)) for fragment, begin_ns in zip(fragments, at_ns, strict=True)]


def placed_runs(placement):
    return [(run.start, run.end) for track in placement.tracks for run in track.runs]


def clipped(runs, low, high):
    return [(max(a, low), min(b, high)) for a, b in runs if max(a, low) < min(b, high)]


def joined(runs):
    """Merge runs that touch; overlapping ones would be samples given twice."""
    merged = []
    for first, end in sorted(runs):
        assert not merged or first >= merged[-1][1]
        if merged and merged[-1][1] == first:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((first, end))
    return merged
