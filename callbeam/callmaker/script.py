"""Who speaks when: the plan of a two-party call, before anything can be heard.

Everything that the definitions of conversation events rest on (how long someone had spoken, when they stopped) is
decided here with a margin, so that what is then made fits its name.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from callbeam.callmaker.music import PLAIN_MUSIC
from callbeam.callmaker.tone_plans import HOME, PLANS

if TYPE_CHECKING:
    import numpy as np

CUSTOMER, AGENT = "CUSTOMER", "AGENT"
ROLES = (CUSTOMER, AGENT)
"""CUSTOMER: from the customer. AGENT: to the customer, so prompts and tones, too."""

UPSET = "UPSET"
"""The voice of a customer who is upset."""

BEFORE_THE_AGENT = {
    "fax_cng": CUSTOMER,
    "fax_ced": CUSTOMER,
    "modem": CUSTOMER,
    "dial": AGENT,
    "busy": AGENT,
    "reorder": AGENT,
    "sit": AGENT,
}
BEFORE_THE_AGENT_MS = {
    "fax_cng": 11_000,
    "fax_ced": 3_000,
    "modem": 2_000,
    "dial": 4_000,
    "busy": 5_000,
    "reorder": 4_000,
    "sit": 990,
}
"""Tones that sound alone, before the agent answers: on whose channel, and for how long."""

BEEPS_MS = {"call_waiting": (CUSTOMER, 0), "recording_beep": (AGENT, 15_000)}
"""Tones that sound while people talk: on whose channel, and how often; 0 as its network has it."""

RECORDING_BEEP_MS = 400

BREATHING_SPACE_MS = 900
"""Least silence between two sayings of one participant: they stay two utterances."""


@dataclass(frozen=True, slots=True)
class ConversationSpec:
    """What happens in a call.

    Attributes
    ----------
    duration_ms : int
        Length of the call, at least 10 s.
    agent_joins_ms : int
        The agent does not speak before; 0: as soon as prompts and ringing are over.
    prompt : bool
        A recorded voice greets the customer.
    dtmf_digits : int
        Keys that the customer presses after the prompt.
    ringback_ms : int
        Ringback tone before the agent answers.
    hold_ms : int
        Length of a hold in the middle; 0 for none.
    hold_sound : str
        ``tone`` (beeps), ``music``, or ``silence``.
    hold_music_kind : str
        One of ``hold_music_kinds.MUSIC_KINDS``.
    hold_music_dbfs : float
        Its RMS level.
    interruptions, overlaps, backchannels, terminal_overlaps, long_pauses : float
        Share of turns in which it happens (where the turn is long enough).
    median_turn_ms : int
        Typical length of a turn.
    upset : float
        Share of the customer's turns that are said by somebody who is upset.
    tone_plan : str
        Whose network's tones sound (``callbeam.callmaker.tone_plans.PLANS``).
    tones : tuple of str
        Kinds that sound beside these: ``dial``, ``busy``, ``reorder``, ``sit`` on the channel to the customer before
        the agent answers; ``fax_cng``, ``fax_ced``, ``modem`` from the customer at the begin; ``voicemail_beep`` after
        the prompt; ``call_waiting`` from the customer and ``recording_beep`` to the customer, through the conversation.
    """

    duration_ms: int = 60_000
    agent_joins_ms: int = 0
    prompt: bool = False
    dtmf_digits: int = 0
    ringback_ms: int = 0
    hold_ms: int = 0
    hold_sound: str = "music"
    hold_music_kind: str = PLAIN_MUSIC
    hold_music_dbfs: float = -24.0
    interruptions: float = 0.12
    overlaps: float = 0.06
    backchannels: float = 0.3
    terminal_overlaps: float = 0.12
    long_pauses: float = 0.06
    median_turn_ms: int = 3_500
    upset: float = 0.0
    tone_plan: str = HOME
    tones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Saying:
    """One stretch of voice on one role's channel.

    Attributes
    ----------
    voice : str
        ``CUSTOMER``, ``UPSET`` (the customer's, too), ``AGENT`` or ``PROMPT``.
    kind : str
        ``turn``, ``prompt``, or what it does to the other's saying that it falls into: ``interruption``, ``overlap``,
        ``backchannel``, ``terminal_overlap``.
    over : int or None
        Index of that other saying.
    """

    role: str
    voice: str
    begin_ms: int
    end_ms: int
    kind: str = "turn"
    over: int | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """A sound that is not a voice.

    Attributes
    ----------
    kind : str
        ``dtmf`` (``detail`` is the key), ``hold_tone``, ``hold_music`` (``detail`` is its kind), ``hold`` (silence), or
        another tone kind of ``callbeam.schemas.events.TONE_KINDS``; ``detail`` of a network's tone is whose it is.
    level_dbfs : float, optional
        RMS level while it sounds; what is usual for its kind, by default.
    """

    role: str
    kind: str
    begin_ms: int
    end_ms: int
    detail: str = ""
    level_dbfs: float | None = None


@dataclass(slots=True)
class Script:
    """The plan of a call, in the order in which it was laid down."""

    sayings: list[Saying] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)
    agent_on_line_ms: int = 0

    def last_end_ms(self, role: str) -> int:
        """When a role's channel last fell silent."""
        return max((saying.end_ms for saying in self.sayings if saying.role == role), default=0)


def converse(spec: ConversationSpec, rng: np.random.Generator) -> Script:
    """Plan a conversation.

    Parameters
    ----------
    spec : ConversationSpec
        What is to happen.
    rng : numpy.random.Generator
        Chooses when.

    Returns
    -------
    Script
        Nothing in it lies beyond ``spec.duration_ms - 200``.
    """
    script = Script()
    now = _before_the_agent(script, spec, rng)
    now = max(now, spec.agent_joins_ms + 300)
    script.agent_on_line_ms = max(now - 300, 0)
    hold_after = spec.duration_ms * 0.45 if spec.hold_ms else float("inf")
    speaker = AGENT
    turn: int | None = None  # the saying that the floor is taken from
    _beep_through(script, spec, now)
    while True:
        if turn is not None and speaker == CUSTOMER and now > hold_after:
            now, hold_after, speaker, turn = _hold(script, spec, now), float("inf"), AGENT, None
        begin, kind = _next_start(script, spec, turn, speaker, now, rng)
        longest = spec.duration_ms - 300 - begin
        least = 2_900 if kind == "interruption" else 900
        if longest < max(least, 1_800):
            _upset(script, spec, rng)
            return script
        length = min(max(int(spec.median_turn_ms * rng.lognormal(0, 0.6)), least), 14_000, longest)
        over = turn if kind != "turn" else None
        if kind == "interruption" and turn is not None:
            _cut(script, turn, begin + int(rng.integers(780, 1_350)))
        script.sayings.append(Saying(speaker, speaker, begin, begin + length, kind, over))
        turn = len(script.sayings) - 1
        _listen(script, spec, turn, rng)
        now = begin + length
        speaker = speaker if rng.random() < 0.12 else _other(speaker)


def _upset(script: Script, spec: ConversationSpec, rng: np.random.Generator) -> None:
    """Choose the turns in which the customer is upset."""
    for at, saying in enumerate(script.sayings):
        # nothing is drawn where nobody is upset: the same seed makes the same call as without
        if spec.upset and saying.role == CUSTOMER and saying.kind in {"turn", "interruption"}:
            script.sayings[at] = replace(saying, voice=UPSET if rng.random() < spec.upset else CUSTOMER)


def _beep_through(script: Script, spec: ConversationSpec, now: int) -> None:
    """Lay down the tones that sound while people talk, from now to the call's end."""
    for kind in (kind for kind in spec.tones if kind in BEEPS_MS):
        role, period = BEEPS_MS[kind]
        length = RECORDING_BEEP_MS
        if kind == "call_waiting":
            _, cadence_ms = PLANS[spec.tone_plan][kind]
            period, length = sum(cadence_ms), sum(cadence_ms[:-1])
        for begin in range(now + 1_000, spec.duration_ms - 500 - length, period):
            script.signals.append(Signal(role, kind, begin, begin + length, _network(spec, kind)))


def _network(spec: ConversationSpec, kind: str) -> str:
    """Return whose network a tone is of, empty for those that are the same in all."""
    return spec.tone_plan if kind in PLANS[spec.tone_plan] else ""


def _other(role: str) -> str:
    return AGENT if role == CUSTOMER else CUSTOMER


def _before_the_agent(script: Script, spec: ConversationSpec, rng: np.random.Generator) -> int:
    """Lay down prompt, keys and ringback; return when they are over."""
    now = int(rng.integers(250, 700))
    if spec.prompt:
        end = now + int(rng.integers(3_500, 6_500))
        script.sayings.append(Saying(AGENT, "PROMPT", now, end, "prompt"))
        now = end + 400
        if "voicemail_beep" in spec.tones:
            script.signals.append(Signal(AGENT, "voicemail_beep", now, now + 400))
            now += 4_000
    for _ in range(spec.dtmf_digits):
        end = now + int(rng.integers(90, 180))
        script.signals.append(Signal(CUSTOMER, "dtmf", now, end, "0123456789*#"[int(rng.integers(12))]))
        now = end + int(rng.integers(150, 500))
    for kind in (kind for kind in spec.tones if kind in BEFORE_THE_AGENT_MS):
        begin, end = now + 300, now + 300 + BEFORE_THE_AGENT_MS[kind]
        script.signals.append(Signal(BEFORE_THE_AGENT[kind], kind, begin, end, _network(spec, kind)))
        now = end + 1_000
    if spec.ringback_ms:
        plan = spec.tone_plan if spec.tone_plan != HOME else ""
        script.signals.append(Signal(AGENT, "ringback", now + 300, now + 300 + spec.ringback_ms, plan))
        now += 300 + spec.ringback_ms
    return now + 300


def _hold(script: Script, spec: ConversationSpec, now: int) -> int:
    """Put the customer on hold; return when the hold is over (or leave it out if the call is too short for it)."""
    begin, end = now + 700, now + 700 + spec.hold_ms
    if end > spec.duration_ms - 4_000:
        return now
    kind = {"tone": "hold_tone", "music": "hold_music", "silence": "hold"}[spec.hold_sound]
    if kind == "hold_music":
        script.signals.append(Signal(AGENT, kind, begin, end, spec.hold_music_kind, spec.hold_music_dbfs))
    else:
        script.signals.append(Signal(AGENT, kind, begin, end))
    return end


def _next_start(
    script: Script, spec: ConversationSpec, turn: int | None, speaker: str, now: int, rng: np.random.Generator
) -> tuple[int, str]:
    """Decide when the next saying begins, and what it does to the turn that is under way."""
    pause = int(min(max(330 * rng.lognormal(0, 0.6), 80), 2_200))
    if rng.random() < spec.long_pauses:
        pause = int(rng.integers(3_400, 7_000))
    earliest = script.last_end_ms(speaker) + BREATHING_SPACE_MS if script.sayings else 0
    if turn is None or script.sayings[turn].role == speaker:
        return max(now + pause, earliest), "turn"
    length = script.sayings[turn].end_ms - script.sayings[turn].begin_ms
    drawn = float(rng.random())
    if drawn < spec.interruptions:
        if length > 4_000 and script.sayings[turn].kind != "interruption":
            begin = now - int(rng.integers(1_500, length - 2_000))
            if begin >= earliest and not _is_talked_over(script, turn, begin):
                return begin, "interruption"
    elif drawn < spec.interruptions + spec.terminal_overlaps and length > 2_000:
        begin = now - int(rng.integers(120, 400))
        if begin >= earliest:
            return begin, "terminal_overlap"
    return max(now + pause, earliest), "turn"


def _is_talked_over(script: Script, turn: int, begin_ms: int) -> bool:
    """Tell whether the listener also speaks in the turn after, or shortly before, an instant."""
    return any(saying.over == turn and saying.end_ms > begin_ms - BREATHING_SPACE_MS for saying in script.sayings)


def _cut(script: Script, turn: int, end_ms: int) -> None:
    """Let a speaker stop early."""
    cut = script.sayings[turn]
    script.sayings[turn] = Saying(cut.role, cut.voice, cut.begin_ms, min(end_ms, cut.end_ms), cut.kind, cut.over)


def _listen(script: Script, spec: ConversationSpec, turn: int, rng: np.random.Generator) -> None:
    """Let the listener murmur (a backchannel), or try to take the floor and give up (an overlap)."""
    said = script.sayings[turn]
    listener = _other(said.role)
    earliest = max(said.begin_ms + 1_600, script.last_end_ms(listener) + BREATHING_SPACE_MS)
    drawn = float(rng.random())
    if drawn < spec.backchannels:
        kind, length, after = "backchannel", int(rng.integers(350, 750)), 1_300
    elif drawn < spec.backchannels + spec.overlaps:
        kind, length, after = "overlap", int(rng.integers(1_100, 1_700)), 2_000
    else:
        return
    latest = said.end_ms - after - length
    if latest > earliest and said.kind != "terminal_overlap":
        begin = int(rng.integers(earliest, latest))
        script.sayings.append(Saying(listener, listener, begin, begin + length, kind, turn))
