"""Java clients, built once with Maven into a folder that git ignores."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
BUILT = REPOSITORY / ".callbeam" / "java"
# a short run is over before the optimising compiler pays; one collector thread suits two cores
JAVA = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-jar"]
ENVIRONMENT = {"AWS_JAVA_V1_DISABLE_DEPRECATION_ANNOUNCEMENT": "true"}


def build(source: Path, jar: str) -> Path:
    """Copy a Maven project and build it, unless this very source was built before; return its jar."""
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (Java 11+ and Maven are needed)")
    files = [path for path in sorted(source.rglob("*")) if path.is_file() and "target" not in path.parts]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    BUILT.mkdir(parents=True, exist_ok=True)
    folder = BUILT / source.name
    with (BUILT / f"{source.name}.lock").open("w") as lock:  # test processes run side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / "built"
        if not stamp.exists() or stamp.read_text() != digest:
            shutil.rmtree(folder, ignore_errors=True)
            for path in files:
                copy = folder / path.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
            run = subprocess.run(
                ["mvn", "-q", "-B", "package"], cwd=folder, capture_output=True, text=True, check=False
            )
            if "Could not transfer" in run.stdout or "Could not resolve" in run.stdout:
                pytest.skip(f"Maven Central cannot be reached: {run.stdout.strip().splitlines()[0]}")
            assert run.returncode == 0, run.stdout
            stamp.write_text(digest)
    return folder / "target" / jar


def run_java(jar: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run a jar and return what it said."""
    return subprocess.run(
        [*JAVA, str(jar), *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **ENVIRONMENT},
    )


@pytest.fixture(scope="session")
def java_reader():
    """AWS's own SDK and parser library, reading: call it with options, get exit status and lines."""
    source = REPOSITORY.parent / "shared" / "tools" / "kvs-java-client"
    if not source.is_dir():
        pytest.skip(f"the Java client of {source} is absent")
    jar = build(source, "kvs-java-client.jar")

    def read(url: str, stream: str, **options: object) -> tuple[int, list[dict]]:
        words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        run = run_java(jar, f"--endpoint={url}", f"--stream={stream}", *words)
        assert run.returncode in {0, 1}, run.stderr
        return run.returncode, [json.loads(line) for line in run.stdout.splitlines()]

    return read


@pytest.fixture(scope="session")
def java_producer():
    """AWS's own PutMedia client: call it with a file, get exit status and acknowledgements."""
    jar = build(Path(__file__).parent / "put_media", "client.jar")

    def put(url: str, stream: str, file: Path, timecodes: str, start_ms: int) -> tuple[int, list[list[str]]]:
        run = run_java(jar, url, stream, file, timecodes, start_ms)
        assert run.returncode in {0, 1}, run.stderr
        return run.returncode, [line.split("\t") for line in run.stdout.splitlines()]

    return put
