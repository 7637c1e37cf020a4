"""Engines that callbeam runs on in production, on this machine: as ``tests/engines/get_engines.sh`` gets them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar
from urllib.request import urlopen

import pytest
import yaml

from callbeam.pipelines.local_run import descendants

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
HOME = Path(os.environ.get("CALLBEAM_ENGINES", "~/.cache/callbeam/engines")).expanduser()
HOW = "tests/engines/get_engines.sh gets it"

READY_S, PATIENCE_S = 90.0, 5.0

OPENED = ("lang", "net", "io", "nio", "lang.reflect", "text", "time", "util", "util.concurrent")
"""Packages of Java that Flink reflects on, as its own scripts open them."""

MEMORY = {
    "framework.heap.size": "128m", "task.heap.size": "256m", "managed.size": "192m", "framework.off-heap.size": "128m",
    "task.off-heap.size": "64m", "network.min": "96m", "network.max": "96m", "jvm-metaspace.size": "256m",
    "jvm-overhead.min": "64m", "jvm-overhead.max": "64m",
}  # fmt: skip
"""A task manager's parts, which Flink's scripts would work out from its size: small, since two cores run everything."""


def engine(name: str) -> Path:
    """Return an engine's file or folder; skip the test where it is absent."""
    if not (HOME / name).exists():
        pytest.skip(f"{name.partition('/')[0]} is not in {HOME}: {HOW}")
    return HOME / name


def java() -> str:
    """Return Java; skip the test where there is none."""
    found = shutil.which("java")
    if found is None:
        pytest.skip("Flink and the REST catalog need Java 11 or newer")
    return found


class FlinkCluster:
    """A job manager and two task managers, processes of their own, with the configuration of ``deploy/flink``.

    A host called ``worker-pool`` is another address for each task manager, as if each had a machine of its own.

    Attributes
    ----------
    address : str
        Of its REST interface.
    task_managers : dict of str to subprocess.Popen
    """

    POOLS: ClassVar = {"a": "127.0.0.2", "b": "127.0.0.3"}

    def __init__(self, folder: Path, lib: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._lib = lib
        self._environment = environment
        self.address = f"127.0.0.1:{free_port()}"
        self.task_managers: dict[str, subprocess.Popen[bytes]] = {}
        self._stack = ExitStack()

    def __enter__(self) -> FlinkCluster:
        self._configure()
        self._job_manager = self._start("jobmanager", ["runtime.entrypoint.StandaloneSessionClusterEntrypoint"], "448m")
        for name in self.POOLS:
            self.start_task_manager(name)
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start_task_manager(self, name: str) -> None:
        memory = [word for part, size in MEMORY.items() for word in ("-D", f"taskmanager.memory.{part}={size}")]
        words = ["runtime.taskexecutor.TaskManagerRunner", "-D", f"taskmanager.resource-id={name}"]
        words += ["-D", "taskmanager.cpu.cores=1.0", *memory]
        hosts = self._folder / f"hosts-{name}"
        hosts.write_text(f"127.0.0.1 localhost {socket.gethostname()}\n{self.POOLS[name]} worker-pool\n")
        java_words = [f"-Djdk.net.hosts.file={hosts}"]
        self.task_managers[name] = self._start(f"taskmanager-{name}", words, "384m", java_words)

    def newest_job(self) -> dict[str, Any]:
        """Return what the overview says of the job that began last."""
        return max(self.get("/jobs/overview")["jobs"], key=lambda job: int(job["start-time"]))

    def workers(self, name: str | None = None) -> list[int]:
        """Return the Python workers that a task manager has started, or all."""
        managers = [one for key, one in self.task_managers.items() if name in (None, key)]
        return [
            process
            for manager in managers
            for process in descendants(manager.pid)
            if b"callbeam-flink-worker" in words_of(process)
        ]

    def get(self, path: str) -> Any:
        with urlopen(f"http://{self.address}{path}", timeout=10) as answer:
            return json.load(answer)

    def log(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-3000:] for path in sorted(self._folder.glob("*.log")))

    def _configure(self) -> None:
        config = yaml.safe_load((ROOT / "deploy/flink/config.yaml").read_text())
        host, port = self.address.split(":")
        config["jobmanager"]["rpc"] = {"address": host, "port": free_port()}
        config["rest"] = {"address": host, "bind-address": host, "port": int(port)}
        config["jobmanager"]["bind-host"] = host
        config["jobmanager"]["memory"]["process"]["size"] = "1024m"
        config["taskmanager"] |= {"bind-host": host, "host": host}
        config["restart-strategy"]["fixed-delay"]["delay"] = "1 s"
        config["heartbeat"] = {"interval": 2000, "timeout": 12000}
        config["io"] = {"tmp": {"dirs": str(self._folder / "tmp")}}
        conf = self._folder / "conf"
        conf.mkdir(parents=True)
        (conf / "config.yaml").write_text(yaml.safe_dump(config))
        (conf / "log4j.properties").write_text(
            "rootLogger.level=INFO\nrootLogger.appenderRef.c.ref=C\nappender.c.name=C\nappender.c.type=CONSOLE\n"
            "appender.c.layout.type=PatternLayout\nappender.c.layout.pattern=%d{HH:mm:ss,SSS} %-5p %c{1} - %m%n\n"
        )

    def _start(self, name: str, words: list[str], heap: str, java_words: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        conf = self._folder / "conf"
        main, *rest = words
        # Over before the optimising compiler pays; one collector thread suits two cores.
        short = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
        command = [
            java(),
            f"-Xmx{heap}",
            *short,
            *(f"--add-opens=java.base/java.{part}=ALL-UNNAMED" for part in OPENED),
        ]
        command += [
            "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
            f"-Dlog4j.configurationFile={conf}/log4j.properties",
            *java_words,
        ]
        command += ["-cp", f"{self._lib}/*", f"org.apache.flink.{main}", "--configDir", str(conf), *rest]
        log = self._stack.enter_context((self._folder / f"{name}.log").open("ab"))
        return self._stack.enter_context(running(command, log, log, self._environment))

    def wait(self) -> None:
        """Wait until every task manager is there, and idle."""
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            with suppress(OSError):
                if self.get("/overview")["slots-available"] >= len(self.POOLS):
                    return
            time.sleep(0.5)
        raise TimeoutError(f"the Flink cluster is not ready after {READY_S} s:\n{self.log()}")


@contextmanager
def running(
    command: list[str], out: IO[bytes], err: IO[bytes], environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process in a group of its own, in the project's folder; end the group with the block."""
    process = subprocess.Popen(command, stdout=out, stderr=err, env=environment, cwd=ROOT, start_new_session=True)
    try:
        yield process
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(process.pid, number)
                process.wait(PATIENCE_S)


def words_of(process: int) -> bytes:
    """Return a process's command line; none if it has ended meanwhile."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
