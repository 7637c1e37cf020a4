"""Turns of a made-up call, as a service cuts them: words are made up, and lie where the truth has somebody speak."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from callbeam.callmaker.script import AGENT, CUSTOMER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callbeam.callmaker.truth import CallTruth

TURN_PAUSE_MS = 900
"""A service goes on with a turn after shorter pauses."""

WORD_MS = 330

_SPOKEN = (
    "so the account was charged twice last week and I would like to know why you can see that order here it is on the "
    "way now thank you for waiting let me check this with our team please hold on a moment that sounds good to me then "
    "we will send it again tomorrow morning could you tell your number once more no I do not have one yet"
)
_WORDS = tuple(_SPOKEN.split())
_SENTIMENTS = ("NEUTRAL", "NEUTRAL", "POSITIVE", "NEGATIVE", "MIXED")


@dataclass(frozen=True, slots=True)
class MadeTurn:
    """A stretch of speech of one participant, as a service cuts it.

    Attributes
    ----------
    turn_id : str
    role : str
    begin_ms, end_ms : int
        From the call's start.
    words : tuple of (int, int, str)
    sentiment : str
    """

    turn_id: str
    role: str
    begin_ms: int
    end_ms: int
    words: tuple[tuple[int, int, str], ...]
    sentiment: str

    @property
    def text(self) -> str:
        """All of its words."""
        return " ".join(word for _, _, word in self.words)

    def moved(self, by_ms: int) -> MadeTurn:
        """Return it on another clock."""
        words = tuple((begin + by_ms, end + by_ms, word) for begin, end, word in self.words)
        return replace(self, begin_ms=self.begin_ms + by_ms, end_ms=self.end_ms + by_ms, words=words)


def made_turns(call: CallTruth, *, seed: int = 0) -> tuple[MadeTurn, ...]:
    """Return what was said in a call, in order of begin.

    Parameters
    ----------
    call : CallTruth
    seed : int
        Of the words.
    """
    digest = hashlib.sha256(f"{seed}:{call.call_id}".encode()).digest()
    random = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    turns = []
    for role in (CUSTOMER, AGENT):
        channel = call.channels.get(role)
        for number, phrases in enumerate(_turns(channel.speech_raw if channel is not None else [])):
            words = [word for begin, end in phrases for word in _words(begin, end, random)]
            sentiment = _SENTIMENTS[int(random.integers(len(_SENTIMENTS)))]
            turn_id = f"{call.call_id[:8]}-{role.lower()}-{number}"
            turns.append(MadeTurn(turn_id, role, phrases[0][0], phrases[-1][1], tuple(words), sentiment))
    return tuple(sorted(turns, key=lambda turn: (turn.begin_ms, turn.turn_id)))


def _turns(phrases: Sequence[Sequence[int]]) -> Iterator[list[tuple[int, int]]]:
    turn: list[tuple[int, int]] = []
    for begin, end in phrases:
        if begin < 0:
            continue
        if turn and begin - turn[-1][1] > TURN_PAUSE_MS:
            yield turn
            turn = []
        turn.append((begin, end))
    if turn:
        yield turn


def _words(begin: int, end: int, random: np.random.Generator) -> Iterator[tuple[int, int, str]]:
    count = max(1, round((end - begin) / WORD_MS))
    edges = np.linspace(begin, end, count + 1).round().astype(int).tolist()
    for at, until in pairwise(edges):
        yield at, until, _WORDS[int(random.integers(len(_WORDS)))]
