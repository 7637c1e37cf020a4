"""What jobs take: by hand, beside what was measured, and on the page."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from builders.demo import load_demo
from builders.jobs import make_stream

from callbeam.emulator import Emulator
from callbeam.estimate import estimate, figures, measured
from callbeam.estimate.estimating import TABLES_WRITTEN, _Work
from callbeam.estimate.scale_page import renewed
from callbeam.kvs import HOUR_MS, KvsConfig, Lane, Unit
from callbeam.pipelines import plan
from callbeam.tables import table_bytes
from callbeam.tables.shards import CHANNEL_HOUR_BYTES
from callbeam.transforms import MemoryNeed

ROOT = Path(__file__).parents[2]
MEASURED = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
COUNT, BYTES = 3_600, 120_000_000


def lane(name: str, hours: int) -> Lane:
    """Return a lane of an hour of fragments of 1 s after the other."""
    units = tuple(Unit(at * HOUR_MS, (at + 1) * HOUR_MS, COUNT, BYTES, HOUR_MS) for at in range(hours))
    return Lane(make_stream(name), units, 0)


def test_a_day_by_hand() -> None:
    found = estimate([[lane("a", 6), lane("b", 2), lane("c", 2), lane("d", 2)]], 24 * 3600)
    hour_s = 3600 / measured.TIMES_REAL_TIME
    listing_s = 12 * COUNT / measured.LISTED_A_SECOND
    assert found.workers == 1
    assert found.elapsed_s == pytest.approx(measured.START_S + listing_s + 12 * hour_s)
    assert (found.lanes, found.longest_s) == (4, pytest.approx(6 * hour_s))
    assert found.plan.dollars == pytest.approx(12 * 0.12 * 0.0085)
    assert found.compute_dollars == pytest.approx(found.elapsed_s / 3600 * (0.04048 + 2 * 0.004445))
    assert found.puts_dollars == pytest.approx((3 * 10 + 2 * 12 * 12) * 0.005 / 1000)
    assert (found.files, found.local_mb) == (10, 400 + 12 * 12)
    assert (found.media_share, found.bandwidth_share) == (0.8, pytest.approx(400 * BYTES / COUNT / 25e6))
    assert found.control_s == pytest.approx(8 / 300)
    assert found.pages_s == 6 * (2 * 4 + 2) / 10


def test_the_fewest_workers_that_are_in_time_and_no_more_than_have_work() -> None:
    lanes = [lane(f"s{number:02d}", 1 + number % 7) for number in range(30)]
    for finish_s in (30, 250, 300, 600, 2_000, 1e6):
        found = estimate([lanes, lanes[:5]], finish_s)
        assert 1 <= found.workers <= 30
        works = [_Work(some, KvsConfig()) for some in (lanes, lanes[:5])]
        assert found.elapsed_s == pytest.approx(sum(work.elapsed_s(found.workers) for work in works))
        if found.workers > 1:  # with one less it would be later than asked for, and than it can be at best
            at_best_s = sum(work.elapsed_s(30) for work in works)
            assert sum(work.elapsed_s(found.workers - 1) for work in works) > max(finish_s, at_best_s)
        told = dict(figures(found))
        (said,) = (how_much for what, how_much in told.items() if what.startswith("workers of one core"))
        assert ("no more would be in time" in said) == (found.elapsed_s > finish_s)
    in_time = [estimate([lanes], finish_s) for finish_s in (250, 400, 800)]
    assert [one.workers for one in in_time] == sorted((one.workers for one in in_time), reverse=True)
    assert all(one.elapsed_s <= one.finish_s for one in in_time)


def test_many_streams_are_listed_by_many_workers() -> None:
    lanes = [lane(f"s{number:04d}", 1) for number in range(1_000)]
    alone, together = (estimate([lanes], finish_s) for finish_s in (1e9, 0))
    assert alone.listing_s == pytest.approx(1_000 * COUNT / measured.LISTED_A_SECOND)
    assert together.workers > 4
    assert together.listing_s == pytest.approx(alone.listing_s / 4)


def test_where_the_pace_is_slower_than_a_core_it_counts() -> None:
    slow = estimate([[lane("a", 1)]], 3600, KvsConfig(fragments_per_second=10))
    assert slow.longest_s == COUNT / 10
    unpaced = estimate([[lane("a", 1)]], 3600, KvsConfig(fragments_per_second=0))
    assert unpaced.media_share == 1.0
    assert unpaced.longest_s == pytest.approx(3600 / measured.TIMES_REAL_TIME)


def test_nothing_takes_next_to_nothing() -> None:
    found = estimate([[]], 3600)
    assert (found.workers, found.lanes, found.longest_s, found.shuffled_bytes) == (1, 0, 0, 0)
    assert estimate([], 3600).elapsed_s == 0


def test_the_page_is_current() -> None:
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    assert renewed(page) == page, "run: python -m callbeam.estimate.scale_page docs/scale.md"


def row(begin: str) -> list[str]:
    """Return the cells of a row of the benchmarks' page, by its begin."""
    (found,) = re.findall(rf"^\| {re.escape(begin)}(.*) \|$", MEASURED, re.MULTILINE)
    return [cell.strip() for cell in found.strip("| ").split("|")]


def test_costs_are_those_that_were_measured() -> None:
    assert int(row("backfill (FnApiRunner) |")[1]) == measured.TIMES_REAL_TIME
    listed = int(row("10,000,000 | 10,000 |")[2].replace(",", ""))
    assert 0.9 * listed < measured.LISTED_A_SECOND <= listed
    shuffled, tables = (float(cell) * 1e6 for cell in row("24 | 1.03 |"))
    assert pytest.approx(shuffled, rel=0.05) == measured.SHUFFLED_BYTES
    assert sum(table_bytes(name, 2 * CHANNEL_HOUR_BYTES) for name in TABLES_WRITTEN) == pytest.approx(tables, rel=0.1)
    assert MemoryNeed().megabytes() == measured.WORKER_MB
    base, hourly = measured.LOCAL_MB
    assert int(row("8 hours of calls |")[1]) == base + 8 * hourly


def test_the_plan_tells(aws_credentials: None, capsys: pytest.CaptureFixture[str]) -> None:
    with Emulator() as kvs:
        load_demo(kvs, 3)
        words = ["--streams", "*", "--start", "2026-03-02T00:00:00Z", "--end", "2026-03-04T00:00:00Z"]
        words += ["--region", "us-east-1", "--kvs-endpoint-url", kvs.endpoint_url]
        assert plan.main([*words, "--estimate", "0.5"]) == 0
        told = capsys.readouterr().out
        assert plan.main(words) == 0
        assert told.startswith(capsys.readouterr().out)
    lines = dict(re.findall(r"^  (.*?)  +(.*)$", told, re.MULTILINE))
    assert lines["lanes"] == "3"
    assert lines["workers of one core, to be done in 30 min"] == "1"
    (listed,) = re.findall(r"in all, 2 jobs: .* ([\d,]+) fragments", told)
    assert lines["fragments"] == listed
    assert lines["KVS charges for reading"] == "less than a cent"


def test_planning_many_streams_stays_small() -> None:
    """The benchmark's world, a hundredth of it: all pages are taken, and memory does not grow with fragments."""
    script = (
        "import re, sys; sys.path.insert(0, sys.argv[1]); import bench_listing; "
        "code = bench_listing.plan(100_000, 100); "
        "print(re.search('VmHWM:[^0-9]*([0-9]+) kB', open('/proc/self/status').read())[1]); sys.exit(code)"
    )
    command = [sys.executable, "-c", script, str(ROOT / "benchmarks")]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    assert "in all, 1 job: 75 streams, 28.44 h, 100,000 fragments" in told
    assert int(told.splitlines()[-1]) < 200_000
