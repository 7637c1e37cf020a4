"""``callbeam inspect``: its lines, its table, its exit codes."""

import base64
import gzip
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from callbeam.mkv import CONNECT, BlockSpec, TrackSpec, error_document, insert_aws_tags, write_fragment
from callbeam.pipelines.inspect_capture import main

KEYS = [
    "index", "offset", "bytes", "fragment_number", "server_timestamp", "producer_timestamp",
    "tags", "tracks", "clusters", "blocks", "complete", "error",
]  # fmt: skip


def fragment(number):
    producer = write_fragment(
        dialect=CONNECT,
        tracks=[
            TrackSpec(1, "AUDIO_TO_CUSTOMER", "A_AAC", b"\x11\x90"),
            TrackSpec(2, None, "A_PCM/INT/LIT", sample_rate_hz=8000.0, channels=1),
        ],
        blocks=[BlockSpec(1, 0, b"one"), BlockSpec(2, 0, b"two"), BlockSpec(1, 64, b"three")],
        timecode_ms=1_700_000_000_000,
        tags_after=[("ContactId", "c\N{LATIN SMALL LETTER E WITH ACUTE}")],
    )
    tags = [("AWS_KINESISVIDEO_FRAGMENT_NUMBER", number), ("AWS_KINESISVIDEO_SERVER_SIDE_TIMESTAMP", "1700000000.500")]
    return insert_aws_tags(producer, tags, [])


@pytest.fixture
def capture(tmp_path):
    def write(name, *parts):
        path = tmp_path / name
        path.write_bytes(b"".join(parts))
        return str(path)

    return write


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_document_is_a_json_line(capture, capsys):
    first, second = fragment("71"), fragment("not a number")
    assert main([capture("a.mkv", first, second), "--json"]) == 0
    one, two = lines(capsys)
    assert list(one) == KEYS
    assert one == {
        "index": 0,
        "offset": 0,
        "bytes": len(first),
        "fragment_number": "71",
        "server_timestamp": "1700000000.500",
        "producer_timestamp": None,
        "tags": [
            ["AWS_KINESISVIDEO_FRAGMENT_NUMBER", "71"],
            ["AWS_KINESISVIDEO_SERVER_SIDE_TIMESTAMP", "1700000000.500"],
            ["ContactId", "c\u00e9"],
        ],
        "tracks": [
            {
                "number": 1,
                "name": "AUDIO_TO_CUSTOMER",
                "codec_id": "A_AAC",
                "sample_rate_hz": None,
                "channels": None,
                "codec_private": "1190",
                "bits": None,
                "blocks_rate_hz": None,
                "seconds": 8 / 2 / 8000,
                "decoded": True,
                "read_as": {"encoding": "s16le", "sample_rate_hz": 8000, "channels": 1},
                "reason": None,
                "warnings": [],
            },
            {
                "number": 2,
                "name": None,
                "codec_id": "A_PCM/INT/LIT",
                "sample_rate_hz": 8000.0,
                "channels": 1,
                "codec_private": "",
                "bits": None,
                "blocks_rate_hz": None,
                "seconds": 3 / 2 / 8000,
                "decoded": True,
                "read_as": {"encoding": "s16le", "sample_rate_hz": 8000, "channels": 1},
                "reason": None,
                "warnings": [],
            },
        ],
        "clusters": [1_700_000_000_000],
        "blocks": {
            "1": {"count": 2, "bytes": 8, "sha256": hashlib.sha256(b"onethree").hexdigest()},
            "2": {"count": 1, "bytes": 3, "sha256": hashlib.sha256(b"two").hexdigest()},
        },
        "complete": True,
        "error": None,
    }
    assert (two["index"], two["offset"], two["fragment_number"]) == (1, len(first), "not a number")


def test_damaged_documents_are_told_and_sound_ones_are_still_printed(capture, capsys):
    path = capture("cut.mkv", fragment("1"), fragment("2")[:-40], fragment("3"))
    assert main(["--json", path]) == 1
    found = lines(capsys)
    assert [line["fragment_number"] for line in found] == ["1", "2", "3"]
    assert [line["complete"] for line in found] == [True, False, True]
    assert found[1]["error"]
    assert main([path]) == 1
    table = capsys.readouterr().out
    assert "damaged: " in table
    assert "3 documents, 1 damaged" in table


def test_several_files_are_counted_one_by_one(capture, capsys):
    paths = [capture("a.mkv", fragment("1")), capture("b.mkv", fragment("2"), b"junk"), capture("c.mkv", fragment("3"))]
    assert main([*paths, "--json"]) == 1
    assert [(line["index"], line["fragment_number"]) for line in lines(capsys)] == [(0, "1"), (0, "2"), (0, "3")]
    assert main(paths) == 1
    table = capsys.readouterr().out
    assert all(path in table for path in paths)
    assert "AUDIO_TO_CUSTOMER 2, track 2 1" in table


def test_an_error_that_kvs_sent_is_sound_and_shown(capture, capsys):
    tags = [("AWS_KINESISVIDEO_ERROR_CODE", "FRAGMENT_NOT_FOUND"), ("AWS_KINESISVIDEO_ERROR_ID", "3000\x1b[2J")]
    assert main([capture("e.mkv", error_document(tags))]) == 0
    table = capsys.readouterr().out
    assert "sound; says error 3000\ufffd[2J FRAGMENT_NOT_FOUND" in table


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (gzip.compress(fragment("1")), "gzip; unpack it first"),
        (base64.b64encode(fragment("1")), "base64 of Matroska"),
        (b'{"__type": "AccessDeniedException", "message": "not for you\x1b[2J"}', "AccessDeniedException: not for you"),
    ],
    ids=["empty", "gzip", "base64", "error"],  # what gzip makes differs from run to run
)
def test_what_is_no_capture_is_told_in_one_line(capture, capsys, content, told):
    paths = [capture("a.mkv", fragment("1")), capture("other.mkv", content)]
    for options in ([], ["--json"]):
        assert main([*paths, *options]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.count("\n") == 1
        assert told in err
        assert "other.mkv" in err
        assert "\x1b" not in err


def test_a_file_that_is_not_there_is_one_clear_line(capture, capsys, tmp_path):
    for missing in (tmp_path / "missing.mkv", tmp_path):
        assert main([capture("a.mkv", fragment("1")), str(missing)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.count("\n") == 1
        assert str(missing) in err


def test_the_command_reads_a_pipe():
    code = "import sys; from callbeam.pipelines.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "inspect", "--json", "/dev/stdin"]
    if not Path("/dev/stdin").exists():
        pytest.skip("this system has no /dev/stdin")
    done = subprocess.run(command, input=fragment("5"), capture_output=True, check=True)
    assert json.loads(done.stdout)["fragment_number"] == "5"


def call(
    number, contact, payload, *, tags=(), codec="A_AAC", private=b"\x11\x90", rate_hz=None, channels=None, bits=None
):
    """Write 1.024 s of one track in blocks of 64 ms."""
    step = len(payload) // 16
    producer = write_fragment(
        dialect=CONNECT,
        tracks=[TrackSpec(1, "AUDIO_FROM_CUSTOMER", codec, private, rate_hz, channels, bits)],
        blocks=[BlockSpec(1, 64 * k, payload[at : at + step]) for k, at in enumerate(range(0, len(payload), step))],
        timecode_ms=1_700_000_000_000 + 1024 * number,
        tags_after=[("ContactId", contact), *tags],
    )
    return insert_aws_tags(producer, [("AWS_KINESISVIDEO_FRAGMENT_NUMBER", str(number))], [])


def tone(rate_hz):
    return (8000 * np.sin(2 * np.pi * 440 * np.arange(int(1.024 * rate_hz)) / rate_hz)).astype("<i2").tobytes()


def test_each_legs_tracks_say_what_a_backfill_makes_of_them(capture, capsys):
    l16 = [("MimeType", "audio/L16;rate=8000;channels=1;")]
    path = capture(
        "calls.mkv",
        *(call(number, "c-1", tone(8000), tags=l16) for number in range(3)),
        *(call(number, "c-2", tone(16_000), tags=l16) for number in range(3, 6)),
        *(call(number, "c-3", tone(8000), codec="A_VORBIS", private=b"\x02") for number in range(6, 8)),
    )
    assert main([path]) == 0
    table = capsys.readouterr().out.split("8 documents, 0 damaged")[1]
    honest, faster, other = table.split("tracks of documents ")[1:]
    assert honest.startswith("0 to 2 (call c-1)")
    assert re.search(r"A_AAC +8000 +1 +16 +8000 +3\.07 +3  decoded as s16le, 8000 Hz\n", honest)
    assert re.search(
        r"A_AAC +8000 +1 +16 +16000 +3\.07 +3  decoded as s16le, 16000 Hz \(rate_from_timecodes\)\n", faster
    )
    assert re.search(r"A_VORBIS .* 2  not decoded: codec A_VORBIS", other)
    assert main([path, "--json"]) == 0
    tracks = [line["tracks"][0] for line in lines(capsys)]
    assert [track["decoded"] for track in tracks] == [True] * 6 + [False] * 2
    assert [track["read_as"] and track["read_as"]["sample_rate_hz"] for track in tracks[::3]] == [8000, 16_000, None]
    assert [track["warnings"] for track in tracks[::3]] == [[], ["rate_from_timecodes"], []]
    assert tracks[-1]["codec_private"] == "02"
    assert "A_VORBIS" in tracks[-1]["reason"]
