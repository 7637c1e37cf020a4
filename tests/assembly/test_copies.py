"""The same audio on several streams of a call counts once; what only looks alike counts as it is."""

from __future__ import annotations

import numpy as np
import pytest
from builders.channels import make_channel
from builders.jobs import make_leg, make_stream
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.assembly.copies import SPARE_MS, find_copies
from callbeam.assembly.joined_activity import JoinedVoice
from callbeam.assembly.joined_channels import ChannelPart, JoinedChannel
from callbeam.audio import channel_extent
from callbeam.audio.channel_summary import gaps
from callbeam.line import GAP, Mark
from callbeam.spans import as_spans
from callbeam.timeline import LegClock

START_MS = 1_772_413_200_000
STREAMS = [make_stream(f"s-{n}") for n in range(4)]
NOTHING = as_spans(())
PCM = np.random.default_rng(4).integers(-2000, 2000, (3, 60 * 8000), dtype=np.int16)
SILENCE = np.zeros(60 * 8000, np.int16)


def joined(
    stream: int,
    samples: np.ndarray,
    role: str | None = "CUSTOMER",
    *,
    start_ms: int = 0,
    missing: tuple[tuple[int, int], ...] = (),
    source: str = "connect",
) -> JoinedChannel:
    """Make a channel whose leg begins ``start_ms`` after the first, with gaps in ``missing`` (samples)."""
    leg = make_leg(START_MS + start_ms, source=source, stream=STREAMS[stream], first_number=1000)
    edges = [0, *(edge for gap in missing for edge in gap), len(samples)]
    channel = make_channel(
        samples,
        covered=np.array(edges).reshape(-1, 2),
        role=role,
        leg=leg,
        channel_id=f"{stream}-{role}",
        track_name=role or "",
        clock_start_ms=leg.start_server_ms,
    )
    marks = tuple(Mark(GAP, *(START_MS + start_ms + gap // 8).tolist()) for gap in gaps(channel))
    part = ChannelPart(
        leg, LegClock("producer", leg.start_server_ms, 50), channel.channel_id, channel.track_name, role,
        channel.role_source, channel.codec, 0, channel_extent(channel), None, None
    )  # fmt: skip
    voice = JoinedVoice(NOTHING, NOTHING, marks, echoed=False, columns={})
    return JoinedChannel(part, part.extent, {"digital_zero_ratio": float(np.mean(samples == 0))}, voice)


def kept(*channels: JoinedChannel) -> tuple[list[str], bool]:
    copies = find_copies(channels)
    return [channel.channel_id for channel in copies.kept], copies.found


def test_of_three_streams_one_counts_and_names_the_others() -> None:
    channels = [joined(n, PCM[i], role) for n in range(3) for i, role in enumerate(("CUSTOMER", "AGENT"))]
    copies = find_copies(channels)
    assert [channel.channel_id for channel in copies.kept] == ["0-CUSTOMER", "0-AGENT"]
    assert copies.streams == {name: [STREAMS[1].arn, STREAMS[2].arn] for name in ("0-CUSTOMER", "0-AGENT")}
    assert copies.legs == {(STREAMS[n].arn, 1000): "s-0" for n in (1, 2)}
    assert copies.found


@settings(max_examples=50, deadline=None)
@given(
    first=st.integers(0, 8 * SPARE_MS - 8000),
    last=st.integers(0, 8 * SPARE_MS - 8000),
    holes=st.lists(st.integers(2, 40), max_size=3, unique=True),
    skew_ms=st.integers(-400, 400),
)
def test_a_copy_may_begin_or_end_elsewhere_and_lack_fragments(
    first: int, last: int, holes: list[int], skew_ms: int
) -> None:
    first -= first % 8
    copy = PCM[0][first : len(PCM[0]) - last]
    missing = tuple((8000 * second, 8000 * second + 8000) for second in sorted(holes) if second + 1 not in holes)
    other = joined(1, copy, start_ms=first // 8 + skew_ms, missing=missing)
    names, found = kept(other, joined(0, PCM[0], missing=((160_000, 168_000),)))
    counts = (-other.extent.samples, other.begin_ms) < (8000 - len(PCM[0]), START_MS)
    assert (names, found) == ([other.channel_id] if counts else ["0-CUSTOMER"], True)


def test_what_is_said_twice_is_not_the_same_audio() -> None:
    assert kept(joined(0, PCM[0]), joined(1, PCM[1])) == (["0-CUSTOMER", "1-CUSTOMER"], False)
    assert kept(joined(0, PCM[0]), joined(1, PCM[0], start_ms=60_000)) == (["0-CUSTOMER", "1-CUSTOMER"], False)
    assert kept(joined(0, PCM[0]), joined(1, PCM[0], "AGENT")) == (["0-CUSTOMER", "1-AGENT"], False)
    assert kept(joined(0, PCM[0]), joined(0, PCM[0], "AGENT")) == (["0-CUSTOMER", "0-AGENT"], False)
    assert kept(joined(0, SILENCE), joined(1, SILENCE)) == (["0-CUSTOMER", "1-CUSTOMER"], False)


def test_silence_follows_the_other_channel_of_its_leg() -> None:
    channels = [joined(n, *sound) for n in range(2) for sound in ((PCM[0],), (SILENCE, "AGENT"))]
    assert kept(*channels) == (["0-CUSTOMER", "0-AGENT"], True)
    channels = [joined(0, PCM[0]), joined(0, PCM[1], "AGENT"), joined(1, PCM[0]), joined(1, SILENCE, "AGENT")]
    copies = find_copies(channels)
    assert [channel.channel_id for channel in copies.kept] == ["0-CUSTOMER", "0-AGENT", "1-AGENT"]
    assert copies.legs == {}


def test_a_quiet_channel_follows_the_other_channel_of_its_leg() -> None:
    """A line with a click here and there has no place to be cut at."""
    quiet = np.zeros(480_000, np.int16)
    quiet[40_000::90_000] = 300
    half = slice(0, 240_000)
    channels = [joined(0, PCM[0]), joined(0, quiet, "AGENT"), joined(1, PCM[0][half]), joined(1, quiet[half], "AGENT")]
    assert not len(channels[1].extent.chunks)
    assert kept(*channels) == (["0-CUSTOMER", "0-AGENT"], True)
    # What lies where the original has nothing is kept.
    channels[3] = joined(1, quiet[half], "AGENT", start_ms=50_000)
    assert kept(*channels) == (["0-CUSTOMER", "0-AGENT", "1-AGENT"], True)


@pytest.mark.parametrize("share", [0.6, 0.9])
def test_copies_in_part_are_told_of_and_kept(share: float) -> None:
    """What only one of them holds must not be lost."""
    count = int(share * 480_000)
    mixed = np.concatenate([PCM[0][:count], PCM[1][count:]])
    assert kept(joined(0, PCM[0]), joined(1, mixed)) == (["0-CUSTOMER", "1-CUSTOMER"], True)
    later = np.concatenate([PCM[0][-count:], PCM[1][count:]])
    begin_ms = 60_000 - count // 8
    assert kept(joined(0, PCM[0]), joined(1, later, start_ms=begin_ms)) == (["0-CUSTOMER", "1-CUSTOMER"], True)


def test_chime_legs_of_one_sound_are_a_mixture_unless_others_tell() -> None:
    def chime(stream: int, sound: int) -> JoinedChannel:
        return joined(stream, PCM[sound], None, source="chime")

    assert kept(chime(0, 0), chime(1, 0)) == (["0-None", "1-None"], False)
    assert kept(chime(0, 0), chime(1, 1), chime(2, 0), chime(3, 1)) == (["0-None", "1-None"], True)
