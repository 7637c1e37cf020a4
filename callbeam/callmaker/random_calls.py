"""Draws calls as they come: lines good and bad, with prompts, keys, holds, and what goes wrong on the wire."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from callbeam.callmaker.dialects import BLOCK_MS, BLOCKS_PER_FRAGMENT, FRAGMENT_MS, Hole, WireDefects
from callbeam.callmaker.made_call import CallSpec
from callbeam.callmaker.music import MUSIC_KINDS
from callbeam.callmaker.script import BEEPS_MS, BEFORE_THE_AGENT, ConversationSpec
from callbeam.callmaker.telephone_line import LineConditions
from callbeam.callmaker.tone_plans import PLANS

if TYPE_CHECKING:
    from collections.abc import Sequence

SNR_DB = (10.0, 40.0)
ECHO_DB = (-35.0, -20.0)
PACKET_LOSS = (0.01, 0.03)
TONES_OF_NETWORKS = frozenset(kind for plan in PLANS.values() for kind in plan)
HOLD_SOUNDS = ("tone", "music", "silence")
HOLD_MUSIC_DBFS = (-34.0, -20.0)


def varied_call(
    call_id: str,
    start_ms: int,
    seed: int,
    *,
    chime: bool = False,
    duration_ms: tuple[int, int] = (40_000, 240_000),
    snr_db: float | None = None,
    voices: tuple[str, ...] = ("modal",),
    music: Sequence[str] = tuple(MUSIC_KINDS),
    tones: bool = False,
) -> CallSpec:
    """Draw a call.

    Parameters
    ----------
    call_id : str
    start_ms : int
        Producer time of the first sample, UTC milliseconds.
    seed : int
        Draws; the same seed draws the same call.
    chime : bool
        No prompt, keys and ringback: a Chime leg to the agent begins when it is called, at most 20 s later.
    duration_ms : (int, int)
        Shortest and longest.
    snr_db : float, optional
        Of both directions; by default each is drawn from 10 to 40 dB.
    voices : tuple of str, optional
        Kinds that the voices are drawn from.
    music : sequence of str
        Kinds of hold music to draw from.
    tones : bool
        Also some of the tones of ``ConversationSpec.tones``, of any network; all else stays as it is without.
    """
    rng, taste = (np.random.default_rng([seed, purpose]) for purpose in (1, 3))
    length = int(rng.integers(duration_ms[0], duration_ms[1] + 1))
    conversation = ConversationSpec(
        duration_ms=length,
        agent_joins_ms=int(rng.integers(1_000, min(20_000, length // 4))) if chime else 0,
        prompt=not chime and bool(rng.random() < 0.6),
        dtmf_digits=0 if chime or rng.random() < 0.5 else int(rng.integers(1, 5)),
        ringback_ms=0 if chime or rng.random() < 0.4 else int(rng.integers(2_000, 9_000)),
        hold_ms=int(rng.integers(8_000, 18_000)) if length > 60_000 and rng.random() < 0.4 else 0,
        hold_sound=HOLD_SOUNDS[rng.integers(3)],
        hold_music_kind=music[int(taste.integers(len(music)))],
        hold_music_dbfs=float(taste.uniform(*HOLD_MUSIC_DBFS)),
        interruptions=float(rng.uniform(0.2, 0.5)),
        overlaps=0.08,
        backchannels=0.3,
        terminal_overlaps=0.12,
        long_pauses=0.06,
    )
    if tones:
        conversation = replace(conversation, **_tones(seed, chime=chime))
    lines = _line(rng, length, snr_db), _line(rng, length, snr_db)
    return CallSpec(call_id, start_ms, conversation, *lines, voices=voices)


def _tones(seed: int, *, chime: bool) -> dict[str, Any]:
    """Draw a network and up to two kinds of its tones; a Chime leg begins when the agent is called."""
    rng = np.random.default_rng([seed, 4])
    plan = str(rng.choice(sorted(PLANS)))
    alone = [kind for kind in BEFORE_THE_AGENT if kind not in TONES_OF_NETWORKS or kind in PLANS[plan]]
    through = [kind for kind in BEEPS_MS if kind not in TONES_OF_NETWORKS or kind in PLANS[plan]]
    drawn = ([] if chime else [str(rng.choice(alone))]) + ([str(rng.choice(through))] if rng.random() < 0.5 else [])
    return {"tone_plan": plan, "tones": tuple(drawn)}


def _line(rng: np.random.Generator, duration_ms: int, snr_db: float | None) -> LineConditions:
    steps = [(int(rng.integers(duration_ms // 4, duration_ms)), float(rng.uniform(-6, 6))) for _ in range(2)]
    return LineConditions(
        level_dbfs=float(rng.uniform(-30, -20)),
        snr_db=float(rng.uniform(*SNR_DB)) if snr_db is None else snr_db,
        hum=float(rng.choice([0.0, 0.0, 0.3])),
        echo_db=float(rng.uniform(*ECHO_DB)) if rng.random() < 0.5 else None,
        echo_delay_ms=float(rng.uniform(40, 180)),
        gain_steps=tuple(sorted(steps[: rng.integers(3)])),
        packet_loss=float(rng.uniform(*PACKET_LOSS)) if rng.random() < 0.6 else 0.0,
        concealment="repeat" if rng.random() < 0.7 else "zeros",
    )


def varied_defects(duration_ms: int, tracks: Sequence[str], seed: int) -> WireDefects:
    """Draw how a leg falls short on the wire; about every other leg does not.

    Parameters
    ----------
    duration_ms : int
        Length of the leg; legs of fewer than 20 fragments stay sound.
    tracks : sequence of str
        The tracks' names.
    seed : int
        Draws.
    """
    rng = np.random.default_rng([seed, 2])
    count = -(-duration_ms // FRAGMENT_MS)
    if count < 20 or rng.random() < 0.4:
        return WireDefects()

    def some(most: int) -> list[int]:
        # neither the first fragments, which give a leg its clock, nor the last
        return sorted(rng.choice(np.arange(3, count - 4), size=int(rng.integers(most + 1)), replace=False).tolist())

    replayed = [(last - int(rng.integers(3)), last) for last in some(1)]
    holes = [
        Hole(begin_ms, begin_ms + BLOCK_MS * int(rng.integers(1, 6)), str(rng.choice([*tracks, ""])) or None)
        for begin_ms in (fragment * FRAGMENT_MS + BLOCK_MS * int(rng.integers(4, 9)) for fragment in some(2))
    ]
    short = [(str(rng.choice(tracks)), fragment * BLOCKS_PER_FRAGMENT + 2) for fragment in some(2)]
    tail = range(count - int(rng.integers(1, 4)), count) if rng.random() < 0.4 else ()
    return WireDefects(
        missing=frozenset(some(3)),
        tagless=frozenset([*some(2), *tail]),
        partly_tagged=frozenset(some(1)),
        holes=tuple(holes),
        short_blocks=tuple(short),
        replayed=tuple(replayed),
    )
