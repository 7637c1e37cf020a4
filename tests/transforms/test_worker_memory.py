"""A worker with too little memory says so before it reads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from callbeam.errors import UsageError
from callbeam.pipelines.engines import memory_need
from callbeam.pipelines.options import beam_parser, check_beam_words
from callbeam.transforms import MemoryNeed
from callbeam.transforms.decode_tracks import DecodePiece
from callbeam.transforms.worker_memory import MB, memory_limit

MACHINE = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
V1_UNLIMITED = "9223372036854771712\n"


def system(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({}, MACHINE),
        # In a container of version 2 the group's files lie at the top.
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "2000000000\n"}, 2_000_000_000),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, MACHINE),
        # Seen from outside, the least of the groups that lie in each other counts.
        ({"proc/self/cgroup": "0::/pods.slice/pod7/c1\n", "sys/fs/cgroup/pods.slice/memory.max": "max\n",
          "sys/fs/cgroup/pods.slice/pod7/memory.max": "900000000\n",
          "sys/fs/cgroup/pods.slice/pod7/c1/memory.max": "max\n"}, 900_000_000),
        ({"proc/self/cgroup": "7:cpu,cpuacct:/docker/c1\n4:memory:/docker/c1\n",
          "sys/fs/cgroup/memory/memory.limit_in_bytes": V1_UNLIMITED,
          "sys/fs/cgroup/memory/docker/c1/memory.limit_in_bytes": "700000000\n"}, 700_000_000),
        # In a container of version 1 the path is the host's, and the group's files lie at the top.
        ({"proc/self/cgroup": "4:memory:/docker/c1\n",
          "sys/fs/cgroup/memory/memory.limit_in_bytes": "600000000\n"}, 600_000_000),
        ({"proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": V1_UNLIMITED}, MACHINE),
    ],
)  # fmt: skip
def test_the_least_limit_counts(tmp_path: Path, files: dict[str, str], limit: int) -> None:
    assert memory_limit(system(tmp_path, files)) == limit


def container(root: Path, megabytes: int) -> Path:
    files = {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": f"{megabytes * MB}\n"}
    return system(root, files)


def test_one_piece_at_a_time_fits_into_2_gb(tmp_path: Path) -> None:
    MemoryNeed().check(container(tmp_path, 2000))
    MemoryNeed(threads=2).check(container(tmp_path, 1024))


def test_too_little_names_both_figures_and_the_way_out(tmp_path: Path) -> None:
    need = MemoryNeed(threads=12, way_out="give fewer threads")
    with pytest.raises(UsageError) as refused:
        need.check(container(tmp_path, 2000))
    assert str(refused.value) == (
        "there are 2000 MB of memory, and 1 worker process of 12 pieces at a time may need 3250 MB: give fewer threads"
    )


def test_the_step_that_holds_pieces_checks_when_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    step = DecodePiece(None, MemoryNeed(threads=10_000_000))
    with pytest.raises(UsageError, match="10000000 pieces at a time may need"):
        step.setup()


def need_of(*words: str, local_workers: int | None = None) -> MemoryNeed:
    options = check_beam_words(beam_parser(), words)
    on_dataflow = "--runner=DataflowRunner" in words
    return memory_need(options, on_dataflow=on_dataflow, local_workers=local_workers)


def test_each_runner_needs_what_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert need_of(local_workers=1).megabytes() == 500
    assert need_of(local_workers=8).megabytes() == 250 + 8 * 500
    assert need_of("--runner=FlinkRunner").megabytes() == 500
    assert need_of("--runner=DataflowRunner").megabytes() == 1000 + 4 * 750
    many = need_of("--runner=DataflowRunner", "--number_of_worker_harness_threads=12")
    assert many.megabytes() == 1000 + 4 * 3250


def test_dataflow_names_its_own_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    n1_standard_1 = container(tmp_path, 3600)
    need_of("--runner=DataflowRunner").check(n1_standard_1)
    with pytest.raises(UsageError, match="smaller --number_of_worker_harness_threads, or a --worker_machine_type"):
        need_of("--runner=DataflowRunner", "--number_of_worker_harness_threads=12").check(n1_standard_1)


def test_too_many_local_workers_are_refused_before_they_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from callbeam.pipelines import backfill

    words = ["--streams", "*", "--start", "2026-03-02T00:00:00Z", "--end", "2026-03-03T00:00:00Z"]
    assert backfill.main([*words, "--output", str(tmp_path / "out"), "--workers", "100000"]) == 2
    error = capsys.readouterr().err
    assert "100000 worker processes of 1 piece at a time may need 50000250 MB: take fewer --workers" in error
