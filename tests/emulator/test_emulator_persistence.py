"""Streams outlive the emulator that holds them."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from builders.emulated import make_clients
from builders.fragments import make_fragment

from callbeam.emulator import Emulator, EmulatorConfig
from callbeam.errors import CallbeamError, UsageError


def fill(kvs, n, name="kept"):
    return [
        kvs.add_fragment(name, make_fragment(i), server_ms=1000 * i, producer_ms=None if i == 1 else i)
        for i in range(n)
    ]


def test_streams_and_fragments_come_back(tmp_path):
    with Emulator(data=tmp_path) as kvs:
        kvs.add_stream("kept", created_ms=5)
        make_clients(kvs.endpoint_url).control.create_stream(StreamName="made", DataRetentionInHours=3, MediaType="a/b")
        numbers = fill(kvs, 4)
        described = make_clients(kvs.endpoint_url).control.list_streams()["StreamInfoList"]
        rows = kvs.store.find("kept", None).in_order()
    with Emulator(data=tmp_path) as kvs:
        assert make_clients(kvs.endpoint_url).control.list_streams()["StreamInfoList"] == described
        stream = kvs.store.find("kept", None)
        assert [f.number for f in stream.in_order()] == numbers
        assert [f.producer_ms for f in stream.in_order()] == [0, None, 2, 3]
        assert [stream.media(f) for f in stream.in_order()] == [make_fragment(i) for i in range(4)]
        assert [(f.offset, f.tags_at, f.length_ms) for f in stream.in_order()] == [
            (f.offset, f.tags_at, f.length_ms) for f in rows
        ]
        later = kvs.add_fragment("kept", make_fragment(9), server_ms=9000, producer_ms=9)
        assert later > numbers[-1]
        kvs.store.delete(stream)
    with Emulator(data=tmp_path) as kvs:
        assert [stream.info.name for stream in kvs.store.all()] == ["made"]


@pytest.mark.parametrize("torn", [1, 20, 60])
def test_a_row_that_a_killed_process_left_unfinished_is_dropped(tmp_path, torn):
    with Emulator(data=tmp_path) as kvs:
        kvs.add_stream("kept")
        numbers = fill(kvs, 3)
    (rows,) = tmp_path.glob("streams/*/fragments.jsonl")
    rows.write_bytes(rows.read_bytes()[:-torn])
    with Emulator(data=tmp_path) as kvs:
        stream = kvs.store.find("kept", None)
        assert [f.number for f in stream.in_order()] == numbers[:2]
        again = kvs.add_fragment("kept", make_fragment(2), server_ms=2000, producer_ms=2)
        assert stream.media(stream.get(again)) == make_fragment(2)
    with Emulator(data=tmp_path) as kvs:
        assert [f.number for f in kvs.store.find("kept", None).in_order()] == numbers


def test_a_folder_has_one_emulator(tmp_path):
    with Emulator(data=tmp_path), pytest.raises(UsageError, match="another emulator uses"):
        Emulator(data=tmp_path)
    Emulator(data=tmp_path).stop()


def test_names_never_leave_the_folder(tmp_path):
    with Emulator(data=tmp_path / "data") as kvs:
        control = make_clients(kvs.endpoint_url).control
        names = ["..", ".", "a" * 256, "A" * 256]
        for name in names:
            control.create_stream(StreamName=name)
        assert {path.name for path in tmp_path.iterdir()} == {"data"}
        assert len(list((tmp_path / "data" / "streams").iterdir())) == 4
    with Emulator(data=tmp_path / "data") as kvs:
        assert {stream.info.name for stream in kvs.store.all()} == set(names)


def test_what_cannot_be_done_is_said():
    with Emulator() as kvs:
        kvs.add_stream("one")
        number = kvs.add_fragment("one", make_fragment(0), server_ms=1, producer_ms=1)
        with pytest.raises(CallbeamError, match="already has fragment"):
            kvs.add_fragment("one", make_fragment(0), server_ms=1, producer_ms=1, number=number)
        with pytest.raises(UsageError, match="there is a stream one"):
            kvs.add_stream("one")
        with pytest.raises(UsageError, match="there is no stream"):
            kvs.add_fragment("none", make_fragment(0), server_ms=1, producer_ms=1)
        with pytest.raises(UsageError, match="cannot listen"):
            Emulator(port=kvs.port).start()
    with pytest.raises(UsageError, match="choose one of"):
        EmulatorConfig(listing_order="sorted")


@pytest.mark.parametrize("torn_media", [True, False])
def test_what_a_full_disk_refuses_spoils_nothing_that_follows(tmp_path, torn_media):
    first, second, third = (make_fragment(i) for i in range(3))
    with Emulator(data=tmp_path) as kvs:
        kvs.add_stream("kept")
        for i in range(1 if torn_media else 200):  # many short fragments have longer rows than media
            data = first if torn_media else b"x"
            kvs.add_fragment("kept", data, server_ms=i, producer_ms=i)
        (folder,) = tmp_path.glob("streams/*")
        grown = folder / ("media.bin" if torn_media else "fragments.jsonl")
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (grown.stat().st_size + 100, limits[1]))
        try:
            with pytest.raises(OSError, match="File too large"):
                kvs.add_fragment("kept", second if torn_media else b"y", server_ms=1000, producer_ms=1000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        stream = kvs.store.find("kept", None)
        before = len(stream)
        numbers = [
            kvs.add_fragment("kept", data, server_ms=2000 + i, producer_ms=2000)
            for i, data in enumerate((third, second))
        ]
        assert [stream.media(stream.get(number)) for number in numbers] == [third, second]
    with Emulator(data=tmp_path) as kvs:
        stream = kvs.store.find("kept", None)
        assert len(stream) == before + 2
        assert [stream.media(stream.get(number)) for number in numbers] == [third, second]


def test_there_may_be_more_streams_than_open_files(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Emulator(data=tmp_path) as kvs:
        resource.setrlimit(resource.RLIMIT_NOFILE, (len(list(Path("/proc/self/fd").iterdir())) + 40, limits[1]))
        try:
            for i in range(60):
                kvs.add_stream(f"s-{i}")
                kvs.add_fragment(f"s-{i}", make_fragment(i), server_ms=i, producer_ms=i)
            assert len(make_clients(kvs.endpoint_url).control.list_streams()["StreamInfoList"]) == 60
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_what_is_not_an_emulators_stays_in_the_folder(tmp_path):
    Emulator(data=tmp_path).stop()
    strangers = [tmp_path / "streams" / "mine" / "notes.txt", tmp_path / "streams" / "a@b" / "notes.txt"]
    half = tmp_path / "streams" / "us-east-1@half" / "media.bin"
    for path in (*strangers, half):
        path.parent.mkdir(parents=True)
        path.write_text("text")
    (tmp_path / "streams" / ".DS_Store").touch()
    (tmp_path / "streams" / "me@there").touch()
    with Emulator(data=tmp_path) as kvs:
        assert kvs.store.all() == []
    assert all(path.read_text() == "text" for path in strangers)
    assert not half.parent.exists()


def test_a_stream_that_cannot_be_read_is_named_and_the_folder_given_free(tmp_path):
    with Emulator(data=tmp_path) as kvs:
        kvs.add_stream("kept")
    (description,) = tmp_path.glob("streams/*/stream.json")
    good = description.read_text()
    for text in ("{}", "[1", "[]"):
        description.write_text(text)
        with pytest.raises(UsageError, match="us-east-1@kept cannot be read as a stream"):
            Emulator(data=tmp_path)
    description.write_text(good)
    with Emulator(data=tmp_path) as kvs:
        assert [stream.info.name for stream in kvs.store.all()] == ["kept"]
