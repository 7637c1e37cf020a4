"""Made-up calls, to be heard: from a specification and a seed to sound."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from callbeam.callmaker.call_sound import ChannelSound, draw_voices, render
from callbeam.callmaker.script import AGENT, CUSTOMER, ConversationSpec, Script, converse
from callbeam.callmaker.telephone_line import LineConditions

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class CallSpec:
    """What call to make.

    Attributes
    ----------
    call_id : str
        ContactId or TransactionId.
    start_ms : int
        Producer time of the first sample, UTC milliseconds.
    conversation : ConversationSpec
        What happens.
    customer_line, agent_line : LineConditions
        How each direction sounds.
    sample_rate_hz : int
        8000, 16000, 44100 or 48000.
    voices : tuple of str
        Kinds that the voices are drawn from (``voice_kinds``).
    """

    call_id: str
    start_ms: int
    conversation: ConversationSpec = field(default_factory=ConversationSpec)
    customer_line: LineConditions = field(default_factory=LineConditions)
    agent_line: LineConditions = field(default_factory=LineConditions)
    sample_rate_hz: int = 8000
    voices: tuple[str, ...] = ("modal",)


@dataclass(frozen=True, slots=True)
class MadeCall:
    """A call that can be heard but lies on no stream yet.

    Attributes
    ----------
    spec : CallSpec
    script : Script
        Who was to speak when.
    channels : dict of str to ChannelSound
        By role: ``CUSTOMER`` (from the customer) and ``AGENT`` (to the customer), of the same length.
    """

    spec: CallSpec
    script: Script
    channels: dict[str, ChannelSound]

    @property
    def pcm(self) -> dict[str, npt.NDArray[np.int16]]:
        """Each role's samples."""
        return {role: channel.pcm for role, channel in self.channels.items()}


def make_call(spec: CallSpec, seed: int) -> MadeCall:
    """Make a call up.

    Parameters
    ----------
    spec : CallSpec
    seed : int
        The same specification and seed make the same samples (on one type of CPU); another seed another conversation.

    Examples
    --------
    >>> call = make_call(CallSpec("c-1", start_ms=0, conversation=ConversationSpec(duration_ms=20_000)), seed=1)
    >>> {role: len(samples) for role, samples in call.pcm.items()}
    {'CUSTOMER': 160000, 'AGENT': 160000}
    """
    plan, cast, sound = (np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(3))
    script = converse(spec.conversation, plan)
    channels = render(
        script,
        draw_voices(cast, spec.voices),
        {CUSTOMER: spec.customer_line, AGENT: spec.agent_line},
        duration_ms=spec.conversation.duration_ms,
        sample_rate_hz=spec.sample_rate_hz,
        rng=sound,
    )
    return MadeCall(spec, script, channels)
