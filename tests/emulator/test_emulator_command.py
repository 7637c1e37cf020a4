"""``callbeam emulator`` as a process: its line, its signals, its options, and boto3 through the environment."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time

import boto3
import pytest
from builders.emulated import make_clients
from builders.fragments import make_fragment

from callbeam.mkv import read_documents


class Process:
    def __init__(self, *words):
        command = [sys.executable, "-m", "callbeam.pipelines.cli", "emulator", *map(str, words)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def url(self):
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, line + self.process.stderr.read()
        return found.group()

    def stop(self, number=signal.SIGTERM):
        begun = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(timeout=20)
        out, err = self.process.communicate()
        return code, time.monotonic() - begun, out, err


@pytest.fixture
def run():
    started = []

    def start(*words):
        started.append(Process(*words))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        one.process.stdout.close()
        one.process.stderr.close()


def test_load_serve_and_stop_with_an_open_response(run, tmp_path):
    capture = tmp_path / "capture.mkv"
    capture.write_bytes(make_fragment(0) + make_fragment(1))
    emulator = run("--data", tmp_path / "data", "--load", f"calls={capture}", "--getmedia-idle", 60, "--quotas")
    url = emulator.url()
    media = make_clients(url).media
    body = media.get_media(StreamName="calls", StartSelector={"StartSelectorType": "EARLIEST"})["Payload"]
    assert body.read(100)
    code, seconds, out, err = emulator.stop()
    assert (code, out, err) == (0, "", "")
    assert seconds < 5
    body.close()
    again = run("--data", tmp_path / "data", "--tag-vocabulary", "documented", "--switch", "listing_omits_empty=true")
    assert make_clients(again.url()).control.list_streams()["StreamInfoList"][0]["StreamName"] == "calls"
    assert again.stop(signal.SIGINT)[0] == 0


def test_boto3_finds_it_through_the_environment(emulate, monkeypatch):
    kvs, _, numbers = emulate(3)
    for name in ("KINESIS_VIDEO", "KINESIS_VIDEO_MEDIA", "KINESIS_VIDEO_ARCHIVED_MEDIA"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{name}", kvs.endpoint_url)
    for name, value in (("ACCESS_KEY_ID", "a"), ("SECRET_ACCESS_KEY", "b"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    session = boto3.session.Session()
    assert session.client("kinesisvideo").describe_stream(StreamName="calls")["StreamInfo"]["StreamName"] == "calls"
    archived = session.client("kinesis-video-archived-media")
    media = session.client("kinesis-video-media")
    start = {"StartSelectorType": "EARLIEST"}
    for payload in (
        archived.get_media_for_fragment_list(StreamName="calls", Fragments=[str(n) for n in numbers])["Payload"],
        media.get_media(StreamName="calls", StartSelector=start)["Payload"],
    ):
        assert len(list(read_documents(payload.read()))) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--loda", "x=y"], "did you mean --load"),
        (["--load", "nothing"], "write STREAM=FILE"),
        (["--load", "a=/nowhere.mkv"], "cannot read /nowhere.mkv"),
        (["--switch", "listing_lag=1"], "did you mean listing_lag_s"),
        (["--switch", "listing_lag_s=soon"], "needs a number"),
        (["--switch", "regional=yes"], "true or false"),
        (["--switch", "missing_selector=x"], "choose one of"),
        (["--listing-order", "sorted"], "invalid choice"),
        (["--faults", "/nowhere.json"], "cannot be read"),
        (["--port", "high"], "no whole number"),
        (["--port", "99999"], "from 0 to 65535"),
    ],
)
def test_what_is_misspelt_is_one_line_and_exit_2(capsys, words, said):
    from callbeam.pipelines.run_emulator import main

    assert main(words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_signal_while_loading_stops_it(run, tmp_path):
    emulator = run("--data", tmp_path / "data", "--demo-calls", 500)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list(tmp_path.glob("data/demo.json")):
        time.sleep(0.05)
    code, seconds, out, err = emulator.stop()
    assert (code, out, err) == (0, "", "")
    assert seconds < 5
    assert (tmp_path / "data" / "demo.json").exists()
