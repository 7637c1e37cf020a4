"""How numbers, instants, roles, events and warnings are put for people."""

from __future__ import annotations

from datetime import datetime, timezone

NONE = "\N{EN DASH}"
"""Stands for NULL: not computable."""

MINUS = "\N{MINUS SIGN}"

ROLES = {"CUSTOMER": "Customer", "AGENT": "Agent"}

EVENTS = {
    "interruption": "Interruption",
    "overlap": "Overlap",
    "terminal_overlap": "Terminal overlap",
    "backchannel": "Backchannel",
    "long_monologue": "Long monologue",
    "non_talk": "Non-talk",
    "digital_silence": "Digital silence",
    "gap": "Gap",
    "tone": "Tone",
    "clipping": "Clipping",
}

TONES = {
    "dtmf": "DTMF",
    "sit": "special information tone",
    "fax_cng": "calling fax",
    "fax_ced": "answering fax",
    "other": "other tone",
}

WARNINGS = {
    "fragments_lost": "Fragments of this call were lost: its audio has gaps.",
    "parts_of_fragments_lost": "Parts of fragments could not be decoded: some audio is missing.",
    "channel_silent": "A channel holds nothing but digital silence: whoever should be on it is not heard.",
    "leg_missing": "A stream that records name holds nothing of this call.",
    "streaming_failed": "An event says that the streaming of a leg failed.",
    "role_unknown": "Nothing tells who is on a channel, so figures by role leave it out.",
    "clocks_differ": "The legs' clocks may lie too far from each other: what compares both sides is not computed.",
    "several_legs_on_a_stream": "The call lies on a stream in several legs: it was interrupted and came back.",
    "prompts_counted_as_agent": "Nothing tells when an agent was on the line: recorded voices, queue music and third "
    "parties on the channel to the customer count as the agent's.",
    "one_participant_heard": "Only one participant is heard: what compares both is not computed.",
    "echo_leak": "One participant is heard on the other's channel: some speech may be counted for both.",
    "channels_identical": "Both channels carry the same sound: figures by role mean nothing.",
    "channels_may_be_swapped": "Tones lie on the wrong channels: customer and agent may be swapped.",
    "rate_from_timecodes": "A channel's sample rate is not the declared one: it follows from bytes and timecodes.",
    "encoding_from_samples": "A channel is not encoded as declared: what it is follows from its bytes.",
    "channels_from_samples": "A track holds two channels in turn where one is declared.",
    "implausible_samples": "A channel's samples cannot be sound: nothing is said of speech on it.",
    "resampled": "A channel's sample rate has no whole 10 ms frames: it was brought to the nearest that has.",
}

LAYOUTS = {
    "stereo": "a channel for each participant",
    "bleed": "one participant is heard on the other's channel",
    "dual_mono": "both channels are the same",
    "mono": "one channel",
}

SCOPES = {"agent_phase": "while an agent was on the line", "whole_call": "over the whole call"}

STATUSES = {"ok": "Complete", "partial": "Partial", "no_audio": "No audio"}


def warning(code: str) -> str:
    """Say a warning in words; one that is not known here reads as it is spelled."""
    return WARNINGS.get(code) or plain(code) + "."


def event(kind: str) -> str:
    """Name a kind of event."""
    return EVENTS.get(kind) or plain(kind)


def tone(kind: str) -> str:
    """Name a kind of tone.

    Examples
    --------
    >>> tone("sit"), tone("hold_music")
    ('special information tone', 'hold music')
    """
    return TONES.get(kind) or plain(kind).lower()


def role(name: str | None) -> str:
    """Name a role."""
    return ROLES.get(name, plain(name)) if name else "Unknown"


def plain(code: str) -> str:
    """Turn a code into words.

    Examples
    --------
    >>> plain("hold_music")
    'Hold music'
    """
    return (code[:1].upper() + code[1:]).replace("_", " ")


def clock(milliseconds: float, *, tenths: bool = False) -> str:
    r"""Write a length or an offset.

    Examples
    --------
    >>> clock(65_250), clock(65_250, tenths=True), clock(3_600_000), clock(-400, tenths=True)
    ('1:05', '1:05.3', '1:00:00', '\u22120:00.4')
    """
    unit = 100 if tenths else 1000
    steps = int(abs(milliseconds) / unit + 0.5)
    seconds, tenth = divmod(steps, 10) if tenths else (steps, 0)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    text = f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"
    return (MINUS if milliseconds < 0 and steps else "") + text + (f".{tenth}" if tenths else "")


def decimal(value: float, places: int = 0) -> str:
    r"""Write a number with a true minus sign and thousands apart.

    Examples
    --------
    >>> decimal(-1234.56, 1), decimal(-0.01, 1)
    ('\u22121,234.6', '0.0')
    """
    rounded = round(value, places) + 0.0
    return f"{rounded:,.{places}f}".replace("-", MINUS)


def percent(share: float, places: int = 1) -> str:
    r"""Write a share: of 10 % and more without decimals; what is not 0 never reads as 0.

    Examples
    --------
    >>> percent(0), percent(0.0004), percent(0.0992), percent(0.0998), percent(0.54)
    ('0 %', '<0.1 %', '9.9 %', '10 %', '54 %')
    """
    least = 10**-places
    if 0 < 100 * share < least / 2:
        return f"<{least:.{places}f} %"
    return f"{decimal(100 * share, 0 if share == 0 or round(100 * share, places) >= 10 else places)} %"


def instant(when: datetime) -> str:
    """Write an instant in UTC, to the second; the zone is left to what stands above it."""
    return when.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def counted(count: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> counted(1, "call"), counted(1200, "call")
    ('1 call', '1,200 calls')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"
