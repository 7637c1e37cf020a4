"""Timecodes that do not go on as a fragment's audio does: what is new goes on, what repeats it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from builders.stepping_legs import T0, SteppingLeg, hear
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.mkv import Block, Document
from callbeam.payload import AudioFormat, packets_as_samples
from callbeam.timeline.straightening import straightened

if TYPE_CHECKING:
    from collections.abc import Callable

    from callbeam.kvs import FetchedFragment

BYTES = 320  # 20 ms


def document(timecodes: list[int], payloads: list[bytes]) -> Document:
    blocks = [Block(1, at, BYTES * k, BYTES * (k + 1)) for k, at in enumerate(timecodes)]
    return Document(0, 0, memoryview(b"".join(payloads)), clusters=(0,), blocks=blocks)


def straight(timecodes: list[int], payloads: list[bytes] | None = None) -> list[int]:
    rng = np.random.default_rng(0)
    made = document(timecodes, payloads or [rng.bytes(BYTES) for _ in timecodes])
    return [block.timecode for block in straightened(made.blocks, AudioFormat(8000), 8000, made)[0]]


@pytest.mark.parametrize(
    ("timecodes", "expected"),
    [
        ([0, 20, 40, 60], [0, 20, 40, 60]),
        ([0, 35, 25, 60, 80], [0, 35, 25, 60, 80]),  # within a seam, which placing takes out
        ([0, 45, 25, 60, 80], [0, 20, 40, 60, 80]),  # jitter
        ([0, 0, 0, 0, 80, 80, 80, 80], [0, 20, 40, 60, 80, 100, 120, 140]),  # bursts
        ([60, 60, 60, 60, 140, 140, 140], [60, 80, 100, 120, 140, 160, 180]),
        ([0, 20, 20, 20, 40, 60, 80], [0, 20, 40, 60, 80, 100, 120]),  # samples that come faster than timecodes say
        ([0, 50, 25, 60, 500, 550, 525, 560], [0, 20, 40, 60, 485, 505, 525, 545]),  # jitter, and a gap
        ([0, 50, 25, 60, 80, 130], [0, 20, 40, 60, 80, 100]),  # jitter that no block after it takes back
        ([0, 20, -1980, -1960, -1940], [0, 20, 40, 60, 80]),  # set back by 2 s
        ([0, 20, -1980, -1960, -3960, -3940], [0, 20, 40, 60, 80, 100]),  # twice
        ([0, 20, -1980, -1930, -1955, -1920], [0, 20, 40, 60, 80, 100]),  # and jitter
        ([0, 45, 25, 60, 30_000], [0, 20, 40, 60, 30_000]),  # beyond what a fragment reaches
    ],
)
def test_new_bytes_go_on(timecodes: list[int], expected: list[int]) -> None:
    assert straight(timecodes) == expected


def test_bytes_that_lie_there_and_silence_stay_where_they_claim_to_be() -> None:
    rng = np.random.default_rng(1)
    one, two = rng.bytes(BYTES), rng.bytes(BYTES)
    assert straight([0, 20, 0, 20], [one, two, one, two]) == [0, 20, 0, 20]
    assert straight([0, 20, 0, 20], [one, two, bytes(BYTES), bytes(BYTES)]) == [0, 20, 0, 20]
    assert straight([0, 0, 0, 0], [bytes(BYTES)] * 4) == [0, 0, 0, 0]


def test_what_repeats_audio_comes_last() -> None:
    payloads = [np.random.default_rng(n).bytes(BYTES) for n in range(4)]
    again = [*payloads[:2], payloads[0], *payloads[2:]]
    assert straight([0, 0, 0, 0, 80], again) == [0, 20, 40, 60, 0]


def test_bursts_of_packets_go_on() -> None:
    packets = [np.random.default_rng(n).bytes(100 + n) for n in range(8)]
    ends = np.cumsum([len(packet) for packet in packets]).tolist()
    places = [*zip([0, *ends[:-1]], ends, strict=True)]
    form = AudioFormat(16_000, "aac")  # a packet of 1024 samples lasts 64 ms

    def straight_packets(laced: bool) -> list[int]:
        # the document's bytes between blocks are their headers; frames of a lace adjoin
        apart = 0 if laced else 1
        blocks = [Block(1, n // 4 * 256, a + apart * n, b + apart * n) for n, (a, b) in enumerate(places)]
        data = (b"" if laced else b"h").join(packets)
        made = Document(0, 0, memoryview(data), clusters=(0,), blocks=blocks, laced=laced)
        straight, counted = straightened(blocks, form, 16_000, made)
        assert counted == packets_as_samples(form, straight, made)
        return [block.timecode for block in straight]

    assert straight_packets(laced=False) == [0, 64, 128, 192, 256, 320, 384, 448]
    assert straight_packets(laced=True) == [0, 0, 0, 0, 256, 256, 256, 256]


def stamped(leg: SteppingLeg, stamp: Callable[[int], int], *, early: bool = False) -> list[FetchedFragment]:
    """Return a leg's fragments whose blocks claim other times; an upload of a block again claims the same.

    Before their Cluster's time only if they may be ``early``.
    """
    made = []
    for one in leg.fragments():
        document = one.document
        assert document is not None
        first = 0 if early else document.clusters[0]
        blocks = [block._replace(timecode=max(first, T0 + stamp(block.timecode - T0))) for block in document.blocks]
        made.append(replace(one, document=replace(document, blocks=blocks)))
    return made


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 100), st.sampled_from([1, 2]), st.sampled_from([0, 5_120]))
def test_blocks_that_are_stamped_when_they_come_lose_nothing(seed: int, jitter: int, burst: int, pause: int) -> None:
    late = np.random.default_rng(seed).integers(0, jitter + 1, 1_000)
    leg = SteppingLeg(seed).talk(5).pause(pause).talk(5)
    heard = hear(leg, stamped(leg, lambda at: (at // 64 // burst + 1) * burst * 64 - 64 + int(late[at // 64])))
    truth = sorted((np.concatenate([one.pcm[track] for one in leg.written]) for track in (0, 1)), key=bytes)
    for samples, true in zip(sorted(heard.samples, key=bytes), truth, strict=True):
        np.testing.assert_array_equal(samples, true)
    assert pause - 500 <= sum(length for _, length in heard.gaps) <= pause + 500


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 60))
def test_blocks_that_claim_times_before_their_cluster_lose_nothing(seed: int, jitter: int) -> None:
    off = np.random.default_rng(seed).integers(-jitter, jitter + 1, 1_000)
    leg = SteppingLeg(seed).talk(10)
    heard = hear(leg, stamped(leg, lambda at: at + int(off[at // 64]), early=True))
    truth = sorted((np.concatenate([one.pcm[track] for one in leg.written]) for track in (0, 1)), key=bytes)
    for samples, true in zip(sorted(heard.samples, key=bytes), truth, strict=True):
        np.testing.assert_array_equal(samples, true)


def test_what_is_uploaded_again_from_just_before_the_end_counts_once() -> None:
    leg = SteppingLeg(1).talk(8).resend(1, first_block=14).talk(8)
    heard = hear(leg, stamped(leg, lambda at: at, early=True))
    assert [len(samples) for samples in heard.samples] == [16 * 1024 * 8] * 2
    assert heard.gaps == []


def test_bursts_that_are_uploaded_again_count_once() -> None:
    leg = SteppingLeg(1).talk(8).resend(3).talk(8)
    heard = hear(leg, stamped(leg, lambda at: at // 256 * 256))
    assert [len(samples) for samples in heard.samples] == [16 * 1024 * 8] * 2
    assert (heard.statuses.count("duplicate"), heard.gaps) == (3, [])
