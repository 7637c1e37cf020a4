"""``callbeam plan``: what a backfill would read, take and cost. It lists, and reads no media.

Of records it may read the fragments that they name, to learn when and whose they are where nothing else tells.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from callbeam.estimate import Plan, estimate, figures, summarise
from callbeam.kvs import KvsClient, KvsConfig, Lane, plan_lanes
from callbeam.pipelines.command_line import StrictParser, add_s3_arguments, number, parse, s3_config, show_instant
from callbeam.pipelines.exits import command
from callbeam.pipelines.options import (
    add_recordings_argument,
    add_source_arguments,
    check_source,
    kvs_config,
)
from callbeam.pipelines.source_plan import planned_jobs, resting_collector
from callbeam.report import counted


@command("callbeam plan")
def main(argv: Sequence[str]) -> int:
    """Print the plan of a backfill.

    Parameters
    ----------
    argv : sequence of str
        The command line.

    Returns
    -------
    int
        0 planned, 2 cannot be done.
    """
    parser = StrictParser(prog="callbeam plan", description=__doc__)
    add_source_arguments(parser)
    add_recordings_argument(parser)
    parser.add_argument(
        "--estimate",
        type=number(0.01, 8760),
        nargs="?",
        const=1.0,
        metavar="HOURS",
        help="also estimate workers, memory, bytes and dollars of a backfill done in so many hours (1 by default)",
    )
    add_s3_arguments(parser.add_argument_group("records").add_argument, "reading records and recordings from")
    options, _ = parse(parser, argv)
    config = kvs_config(options)
    client = KvsClient(config)
    check_source(options, recordings=options.recordings)
    with resting_collector():
        return _print_plan(client, options, config)


def _print_plan(client: KvsClient, options: argparse.Namespace, config: KvsConfig) -> int:
    """List what jobs would read, and print what that comes to."""
    jobs, _ = planned_jobs(client, options, s3=s3_config(options, ""), recordings=options.recordings)
    listed: list[list[Lane]] = []
    for planned in jobs:
        job = planned.job
        lanes = plan_lanes(client, job)
        listed.append(lanes)
        days = f"{show_instant(job.start_ms)} to {show_instant(job.end_ms)}"
        print(f"{days}: {_line(summarise(lanes, config), len(planned.recorded))}")
    every = [lane for lanes in listed for lane in lanes]
    plan = summarise(every, config)
    recordings = sum(len(planned.recorded) for planned in jobs)
    print(f"in all, {counted(len(jobs), 'job')}: {_line(plan, recordings)}")
    calls = ", ".join(f"{count:,} {name}" for name, count in plan.api_calls.items())
    print(f"API calls, about: {calls}")
    dollars = f"${plan.dollars:,.2f}" if plan.dollars >= 0.01 else "less than a cent"
    print(f"cost of reading the media once: {dollars} (us-east-1)")
    if any(planned.job.only.words() for planned in jobs):
        print("that is at most: of calls that were not asked for, a backfill reads a fragment every few minutes")
    if config.fragments_per_second:
        longest = max((sum(unit.count for unit in lane.units) for lane in every), default=0)
        print(f"the busiest stream takes at least {longest / config.fragments_per_second:,.0f} s at its pace")
    if options.estimate is not None:
        print("estimate, from measured costs and prices of us-east-1 (docs/scale.md):")
        for what, how_much in figures(estimate(listed, options.estimate * 3600, config)):
            print(f"  {what:<54} {how_much}")
        if recordings:
            print("  recordings are not in it: they cost no call of KVS, and as much work as calls on streams")
    return 0


def _line(plan: Plan, recordings: int) -> str:
    size = f"{plan.bytes / 1e9:.2f} GB" if plan.bytes >= 1e8 else f"{plan.bytes / 1e6:.2f} MB"
    files = f", {counted(recordings, 'recording')}" if recordings else ""
    return (
        f"{counted(plan.streams, 'stream')}, {plan.hours:.2f} h, {counted(plan.fragments, 'fragment')}, {size}{files}"
    )
