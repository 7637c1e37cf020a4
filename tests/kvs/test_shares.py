"""Lanes are shared out so that all readers end at about the same time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from callbeam.kvs import Lane, Stream, Unit, shares_of


def lanes_of(sizes: list[int]) -> list[Lane]:
    streams = [
        Stream(f"arn:aws:kinesisvideo:us-east-1:111122223333:stream/calls-{i}/0", 0, 24) for i in range(len(sizes))
    ]
    return [
        Lane(stream, units=(Unit(0, 3_600_000, 10, size),), expires_ms=86_400_000)
        for stream, size in zip(streams, sizes, strict=True)
    ]


@given(st.lists(st.integers(0, 10**9), max_size=60), st.integers(1, 12))
def test_no_reader_has_more_than_a_third_too_much(sizes: list[int], slots: int) -> None:
    lanes = lanes_of(sizes)
    shares = shares_of(lanes, slots)
    assert sorted(lane.stream.arn for share in shares for lane in share) == sorted(lane.stream.arn for lane in lanes)
    assert len(shares) == min(slots, len(lanes))
    assert all(shares)
    for share in shares:
        assert list(share) == [lane for lane in lanes if lane in share]  # in the order given
        last = min(lane.bytes for lane in share)
        assert sum(lane.bytes for lane in share) - last <= sum(sizes) / slots


def test_what_one_lane_outweighs_goes_to_the_others() -> None:
    shares = shares_of(lanes_of([1, 1, 9, 1]), 2)
    assert sorted(sum(lane.bytes for lane in share) for share in shares) == [3, 9]


def test_lanes_whose_bytes_are_not_known_are_shared_out_by_their_number() -> None:
    assert [len(share) for share in shares_of(lanes_of([0] * 6), 3)] == [2, 2, 2]
