"""How long the customer waits for the agent's first word, once the agent is connected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callbeam.conversation.record_phases import TOLD_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.conversation.speaker_activity import ChannelTalk


def greeting_ms(agent: Sequence[ChannelTalk], connected_ms: int | None) -> int | None:
    """Return how long after an agent's connect the agent first speaks.

    What begins before the connect is a prompt. Contact Lens has the same for chats, as ``greeting_time_agent_ms``
    (Amazon Connect administrator guide, *Contact Lens conversational analytics* of the analytics data lake).

    Parameters
    ----------
    agent : sequence of ChannelTalk
        The channels to the customer.
    connected_ms : int or None
        Milliseconds from the call's start.

    Returns
    -------
    int or None
        None without a connect or an utterance behind it, and where it cannot be heard whether the agent spoke before:
        the audio to the customer begins more than a second after the connect.
    """
    if connected_ms is None or min((channel.begin_ms for channel in agent), default=0) > connected_ms + TOLD_MS:
        return None
    begins = [one.begin_ms for channel in agent for one in channel.utterances if one.begin_ms >= connected_ms]
    return min(begins) - connected_ms if begins else None
