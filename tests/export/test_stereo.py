"""Channels on a common clock: gaps are silence, offsets are kept, nobody's audio is heard on another's side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from callbeam.audio import channel_of_pcm
from callbeam.errors import JobError
from callbeam.export import Destination
from callbeam.export.spooled_channel import BLOCK, SpooledChannel
from callbeam.export.stereo import StereoMix, choose_sides
from callbeam.kvs import Stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from callbeam.audio import Channel


@pytest.fixture
def to(tmp_path: Path) -> Iterator[Destination]:
    with Destination(tmp_path) as destination:
        yield destination


def noise(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(1, 3000, count, dtype=np.int16)


def channel(
    samples: np.ndarray, role: str | None = "CUSTOMER", *, stream: str = "s", rate: int = 8000, **more: Any
) -> Channel:
    made = channel_of_pcm(samples, rate, participant_role=role)
    leg = replace(made.leg, stream=Stream(f"arn:aws:kinesisvideo:us-east-1:111122223333:stream/{stream}/1", 0, 24))
    return replace(made, leg=leg, track_name=role or "Track_1", **more)


def spool(to: Destination, *pieces: Channel) -> SpooledChannel:
    spooled = SpooledChannel(to.scratch(), pieces[0])
    for piece in pieces:
        spooled.add(piece)
    return spooled


def mixed(to: Destination, *channels: SpooledChannel, start_ms: int = 0) -> tuple[np.ndarray, StereoMix]:
    mix = StereoMix(choose_sides(channels), start_ms, to)
    return np.concatenate(list(mix.blocks())), mix


def test_a_gap_is_silence_and_offsets_are_kept(to: Destination) -> None:
    customer = noise(8000)
    customer[2000:3000] = 0
    covered = np.array([[0, 2000], [3000, 8000]])
    left = spool(to, channel(customer, covered=covered))
    agent = noise(4000, 2)
    right = spool(to, channel(agent, "AGENT", clock_start_ms=750))
    stereo, mix = mixed(to, left, right)
    assert left.samples == 7000
    assert mix.samples == 10_000
    assert np.array_equal(stereo[:8000, 0], customer)
    assert np.array_equal(stereo[6000:, 1], agent)
    assert not stereo[8000:, 0].any()
    assert not stereo[:6000, 1].any()
    assert mix.notes == []


def test_pieces_are_appended_and_leads_left_out(to: Destination) -> None:
    sound = noise(3 * BLOCK)
    pieces = []
    for begin, end in ((1000, BLOCK), (BLOCK, BLOCK + 1), (2 * BLOCK, 3 * BLOCK)):
        first, last = max(begin - 500, 1000), min(end + 500, 3 * BLOCK)
        spans = np.array([[first, last]])
        part = channel(sound[first:last], first_sample=first, covered=spans, core_start=begin, core_end=end)
        pieces.append(replace(part, core_start=0) if begin == 1000 else part)
    spooled = spool(to, *pieces)
    expected = sound[1000:].copy()
    expected[BLOCK + 1 - 1000 : 2 * BLOCK - 1000] = 0
    assert np.array_equal(np.concatenate(list(spooled.blocks())), expected)
    assert spooled.covered.tolist() == [[1000, BLOCK + 1], [2 * BLOCK, 3 * BLOCK]]


def test_a_long_call_is_mixed_block_by_block(to: Destination) -> None:
    sound = noise(2 * BLOCK + 77)
    stereo, _ = mixed(to, spool(to, channel(sound)), spool(to, channel(sound[:5], "AGENT", clock_start_ms=200_000)))
    assert np.array_equal(stereo[:, 0], sound)
    assert np.array_equal(stereo[1_600_000:1_600_005, 1], sound[:5])


def test_the_same_audio_twice_is_heard_once(to: Destination) -> None:
    sound = noise(8000)
    copy = spool(to, channel(sound[:4000], stream="other"))
    rest = spool(to, channel(noise(3000, 4), stream="third", clock_start_ms=1000))
    stereo, mix = mixed(to, copy, spool(to, channel(sound)), rest)
    assert np.array_equal(stereo[:8000, 0], sound)
    assert np.array_equal(stereo[8000:, 0], noise(3000, 4))
    assert mix.notes == ["several channels lie at the same time on the left: the longest is heard"]


def test_channels_of_other_rates_are_resampled(to: Destination) -> None:
    tone = (3000 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 8000)).astype(np.int16)
    fast = spool(to, channel(noise(16_000), rate=16_000))
    stereo, mix = mixed(to, fast, spool(to, channel(tone, "AGENT", clock_start_ms=100)))
    assert mix.sample_rate_hz == 16_000
    assert np.array_equal(stereo[:16_000, 0], noise(16_000))
    right = stereo[1600:33_600, 1]
    expected = 3000 * np.sin(2 * np.pi * 440 * np.arange(32_000) / 16_000)
    assert np.abs(right - expected)[500:-500].max() < 30


def test_who_is_not_known_takes_the_side_that_is_free(to: Destination) -> None:
    customer = spool(to, channel(noise(10), clock_start_ms=5))
    nobody = spool(to, channel(noise(10), None, stream="b"))
    again = spool(to, channel(noise(10), None, stream="b", clock_start_ms=9000))
    third = spool(to, channel(noise(10), None, stream="c"))
    sides = choose_sides([third, customer, again, nobody])
    assert (sides.left, sides.right, sides.left_out) == ((customer,), (nobody, again), (third,))
    assert list(sides.notes()) == [
        "nothing tells the role of track 'Track_1' of stream b: it is on the right",
        "track 'Track_1' of stream c is not in the stereo file, whose sides are taken",
    ]


def test_a_track_that_changes_its_rate_is_refused(to: Destination) -> None:
    spooled = spool(to, channel(noise(10)))
    with pytest.raises(JobError, match="changes from 8000 to 16000 Hz"):
        spooled.add(channel(noise(10), rate=16_000))
