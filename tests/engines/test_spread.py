"""Lanes of very different sizes keep all slots of a Flink job busy to the end."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from builders.engine_runs import flink

from callbeam.kvs import Lane, Stream, Unit, shares_of
from callbeam.transforms.plan_reads import SpreadShares
from callbeam.transforms.read_fragments import LANE_UNITS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apache_beam.io.iobase import RestrictionTracker

LANES, SLOTS = 1000, 8


class Reading(beam.DoFn):
    """Stands for ReadLane, with its restrictions: notes which slot gets what."""

    def __init__(self, notes: Path) -> None:
        self._notes = notes

    def start_bundle(self) -> None:
        """Flink gives a slot all of a stage in one bundle."""
        self._slot = uuid.uuid4().hex

    def process(
        self, lane: Lane, tracker: RestrictionTracker = beam.DoFn.RestrictionParam(LANE_UNITS)
    ) -> Iterator[int]:
        """Emit what is read."""
        tracker.try_claim(0)
        with self._notes.open("a") as file:
            file.write(f"{self._slot} {lane.bytes}\n")
        yield lane.bytes


def lane_of(number: int, size: int) -> Lane:
    stream = Stream(f"arn:aws:kinesisvideo:us-east-1:111122223333:stream/calls-{number}/0", 0, 24)
    return Lane(stream, units=(Unit(0, 3_600_000, 10, size),), expires_ms=86_400_000)


@pytest.mark.xdist_group("engines")
@pytest.mark.timeout(400)
@pytest.mark.parametrize("longest", [0.8, 2.0])
def test_the_last_slot_ends_with_the_others(tmp_path: Path, longest: float) -> None:
    drawn = random.Random(3)  # few streams have most of the calls
    sizes = [int(drawn.paretovariate(1.3) * 1e6) for _ in range(LANES)]
    sizes[17] += int(longest * sum(sizes) / SLOTS)
    lanes = [lane_of(number, size) for number, size in enumerate(sizes)]
    words = flink("--flink_master=[local]", "--environment_type=LOOPBACK", f"--parallelism={SLOTS}")
    notes = tmp_path / "notes"
    with beam.Pipeline(options=PipelineOptions(words)) as pipeline:
        shares = (
            pipeline
            | beam.Create([0])
            | beam.FlatMap(lambda _: shares_of(lanes, SLOTS)).with_output_types(tuple[Lane, ...])
        )
        _ = shares | SpreadShares() | beam.ParDo(Reading(notes))
    loads: Counter[str] = Counter()
    for line in notes.read_text().splitlines():
        slot, size = line.split()
        loads[slot] += int(size)
    assert sum(loads.values()) == sum(sizes)
    assert len(loads) == SLOTS
    assert max(loads.values()) <= max(1.25 * sum(sizes) / SLOTS, *sizes)
