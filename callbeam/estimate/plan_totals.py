"""What a plan comes to: hours, bytes, API calls, dollars for the media."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callbeam.estimate.prices import KVS_CONSUMED_GB
from callbeam.kvs import PAGE_FRAGMENTS, KvsConfig

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.kvs import Lane

GB = 1e9
LOOK_BACK_LISTINGS = 2
"""Listings of a unit beyond its own pages: what ran into it, and what runs on past it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What reading takes.

    Attributes
    ----------
    streams, units, fragments, bytes : int
        As listed. ``streams`` are those with media in the range.
    hours : float
        Stream time; a two-party call's hour counts once where both tracks lie on one stream.
    api_calls : dict of str to int
        About how many calls of each operation the job makes, planning included.
    dollars : float
        For the media, at ``prices.KVS_CONSUMED_GB``; calls themselves have no price. Customer-managed KMS keys and
        traffic out of the region come on top.
    """

    streams: int
    units: int
    fragments: int
    bytes: int
    hours: float
    api_calls: dict[str, int]
    dollars: float


def summarise(lanes: Sequence[Lane], config: KvsConfig | None = None) -> Plan:
    """Sum up lanes of one job or of many.

    Parameters
    ----------
    lanes : sequence of Lane
    config : KvsConfig or None
        Whose batches are counted; the default one's if None.
    """
    config = config or KvsConfig()
    units = [unit for lane in lanes for unit in lane.units]
    size = sum(unit.bytes for unit in units)
    streams = len({lane.stream.arn for lane in lanes if lane.units})
    pages = sum(_ceil(unit.count, PAGE_FRAGMENTS) for unit in units)
    batches = sum(
        max(_ceil(unit.bytes, config.batch_bytes), _ceil(unit.count, config.batch_fragments)) for unit in units
    )
    return Plan(
        streams=streams,
        units=len(units),
        fragments=sum(unit.count for unit in units),
        bytes=size,
        hours=sum(unit.length_ms for unit in units) / 3_600_000,
        api_calls={
            "DescribeStream": len({lane.stream.arn for lane in lanes}),
            "GetDataEndpoint": len({lane.stream.arn for lane in lanes}) + streams,
            "ListFragments": 2 * pages + LOOK_BACK_LISTINGS * len(units),
            "GetMediaForFragmentList": batches,
        },
        dollars=size / GB * KVS_CONSUMED_GB,
    )


def _ceil(amount: int, by: int) -> int:
    return -(-amount // by)
