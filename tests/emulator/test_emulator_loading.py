"""Captures taken in as KVS would hold them."""

from __future__ import annotations

import gzip
from itertools import pairwise

import pytest
from builders.fragments import DIALECTS, make_fragment

from callbeam.emulator import Emulator, EmulatorConfig
from callbeam.emulator.store import counter_of, make_number, server_ms_of, well_formed
from callbeam.errors import UsageError
from callbeam.mkv import error_document, insert_aws_tags, read_documents, strip_aws_tags

PREFIX = "AWS_KINESISVIDEO_"
NUMBER, SERVER, PRODUCER = PREFIX + "FRAGMENT_NUMBER", PREFIX + "SERVER_TIMESTAMP", PREFIX + "PRODUCER_TIMESTAMP"
BEHIND, TOKEN = PREFIX + "MILLIS_BEHIND_NOW", PREFIX + "CONTINUATION_TOKEN"


@pytest.fixture
def load(tmp_path, emulate):
    """Write documents to a file, load it, return the emulator and the stored fragments."""

    def run(*documents: bytes, stream: str = "loaded"):
        path = tmp_path / "capture.mkv"
        path.write_bytes(b"".join(documents))
        kvs, clients, _ = emulate()
        kvs.load(stream, path)
        return kvs, clients, kvs.store.find(stream, None).in_order()

    return run


def captured(media: bytes, number: int, server: str, producer: str) -> bytes:
    return insert_aws_tags(
        media,
        [(NUMBER, str(number)), (SERVER, server), (PRODUCER, producer)],
        [(BEHIND, "1234"), (TOKEN, str(number))],
    )


def get_media(clients, stream="loaded"):
    start = {"StartSelectorType": "EARLIEST"}
    return clients.media.get_media(StreamName=stream, StartSelector=start)["Payload"].read()


def test_sound_tags_are_remembered_and_written_again(load):
    numbers = [make_number("x", counter, 1_511_852_109_126 + counter) for counter in (5, 6, 1001)]
    documents = [captured(make_fragment(i), n, f"1511852109.{126 + i}", f"{i}.000") for i, n in enumerate(numbers)]
    _, clients, stored = load(*documents)
    assert [f.number for f in stored] == numbers
    assert [f.server_ms for f in stored] == [1_511_852_109_126 + i for i in range(3)]
    assert [f.producer_ms for f in stored] == [0, 1000, 2000]
    assert [f.size for f in stored] == [len(make_fragment(i)) for i in range(3)]
    for served, original in zip(read_documents(get_media(clients)), documents, strict=True):
        without = [tag for tag in served.tags if tag[0] != BEHIND]
        assert without == [tag for document in read_documents(original) for tag in document.tags if tag[0] != BEHIND]
        assert strip_aws_tags(bytes(served.data))[0] == strip_aws_tags(original)[0]


def test_what_is_missing_is_made_up_in_order_and_always_the_same(load):
    labels = [insert_aws_tags(make_fragment(i), [(NUMBER, f"label-{i}"), (PRODUCER, "soon")], []) for i in range(4)]
    _, _, first = load(*labels)
    _, _, second = load(*labels)
    assert [f.number for f in first] == [f.number for f in second]
    assert all(well_formed(f.number) and len(str(f.number)) == 47 for f in first)
    assert [counter_of(f.number) for f in first] == [1, 2, 3, 4]
    assert [server_ms_of(f.number) for f in first] == [f.server_ms for f in first]
    starts = [f.server_ms for f in first]
    assert [b - a for a, b in pairwise(starts)] == [1000] * 3, "as the timecodes step"


def test_a_gap_in_the_numbers_is_filled_between_its_neighbours(load):
    given = [make_number("x", counter, 1_511_852_109_126) for counter in (41, 43)]
    _, _, stored = load(
        captured(make_fragment(0), given[0], "1511852109.126", "0.000"),
        make_fragment(1),
        captured(make_fragment(2), given[1], "1511852111.126", "2.000"),
    )
    assert [f.size for f in stored] == [len(make_fragment(i)) for i in range(3)]
    assert (stored[0].number, stored[2].number) == (given[0], given[1])
    assert counter_of(stored[1].number) == 42
    assert stored[1].producer_ms == 1000


def test_no_server_time_is_made_up_in_the_future(load):
    later = insert_aws_tags(make_fragment(0), [(PRODUCER, "5000000000.000")], [])
    _, _, (stored,) = load(later)
    assert stored.producer_ms == 5_000_000_000_000
    assert stored.server_ms < 1_700_000_000_000


@pytest.mark.parametrize("cut", [None, -100])
def test_a_file_of_several_clusters_is_cut_into_fragments_as_by_put_media(load, cut):
    names = ["several clusters", "several sized clusters"]
    for dialect in (DIALECTS[name] for name in names):
        whole = make_fragment(0, dialect=dialect, blocks=12)[:cut]
        (document,) = read_documents(whole)
        _, clients, stored = load(whole)
        assert [f.producer_ms for f in stored] == list(document.clusters)
        parts = list(read_documents(get_media(clients)))
        assert [(p.complete, p.error is None) for p in parts[:-1]] == [(True, True)] * (len(document.clusters) - 1)
        assert (parts[-1].error is None) == (cut is None)
        blocks = [(b.track, b.timecode, bytes(d.payload(b))) for d in parts for b in d.blocks]
        assert blocks == [(b.track, b.timecode, bytes(document.payload(b))) for b in document.blocks]


def test_a_fragment_of_several_clusters_is_one(load):
    one = captured(make_fragment(0, dialect=DIALECTS["several clusters"]), make_number("x", 1, 5000), "5.000", "5.000")
    _, _, stored = load(one, make_fragment(1))
    assert len(stored) == 2


def test_a_number_that_comes_twice_gets_another(load):
    number = make_number("x", 5, 1_511_852_109_126)
    _, _, stored = load(*(captured(make_fragment(i), number, "1511852109.126", f"{i}.000") for i in range(2)))
    assert stored[0].number == number
    assert counter_of(stored[1].number) == 6
    assert [f.producer_ms for f in stored] == [0, 1000]


def test_error_documents_keep_their_error(load):
    number = make_number("x", 7, 1_511_852_109_126)
    error = [(PREFIX + "ERROR_CODE", "FRAGMENT_NOT_FOUND"), (PREFIX + "ERROR_ID", "3000"), (NUMBER, str(number))]
    _, clients, (stored,) = load(error_document(error))
    assert stored.number == number
    (served,) = read_documents(get_media(clients))
    assert set(error) <= set(served.tags)
    assert served.clusters == ()


@pytest.mark.parametrize("cut", [40, 400, -1, -300])
def test_a_damaged_document_is_served_as_it_is(load, cut):
    whole = captured(make_fragment(0), make_number("x", 1, 5000), "5.000", "5.000")
    kvs, clients, stored = load(make_fragment(1)[:cut], whole)
    (damaged,) = (f for f in stored if f.size != len(make_fragment(0)))
    stream = kvs.store.find("loaded", None)
    assert stream.media(damaged) == make_fragment(1)[:cut]
    body = get_media(clients)
    assert len(stored) == 2
    documents = list(read_documents(body))
    assert (
        strip_aws_tags(bytes(documents[[f.number for f in stored].index(damaged.number)].data))[0]
        == (make_fragment(1)[:cut])
    )


def test_bytes_that_are_no_document_are_served_as_they_are(load):
    _, clients, _ = load(b"\x00this is no Matroska\xff")
    assert get_media(clients) == b"\x00this is no Matroska\xff"


def test_a_stream_is_older_than_its_first_fragment(load):
    _, clients, stored = load(captured(make_fragment(0), 5, "1511852109.126", "0.000"))
    info = clients.control.describe_stream(StreamName="loaded")["StreamInfo"]
    assert info["CreationTime"].timestamp() < stored[0].server_ms / 1000
    assert info["StreamARN"].endswith(f"/{round(info['CreationTime'].timestamp() * 1000)}")


def test_loading_again_adds_nothing_and_earlier_media_makes_the_stream_older(tmp_path):
    late, early = tmp_path / "late.mkv", tmp_path / "early.mkv"
    late.write_bytes(captured(make_fragment(0), make_number("x", 2000, 1_600_000_000_000), "1600000000.000", "0.000"))
    early.write_bytes(captured(make_fragment(1), make_number("x", 5, 1_500_000_000_000), "1500000000.000", "0.000"))
    with Emulator(data=tmp_path / "data") as kvs:
        kvs.load("s", late)
    with Emulator(data=tmp_path / "data") as kvs:
        kvs.load("s", late)
        assert len(kvs.store.find("s", None)) == 1
        kvs.load("s", early, late)
        assert len(kvs.store.find("s", None)) == 2
        assert kvs.store.find("s", None).info.created_ms < 1_500_000_000_000


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (gzip.compress(make_fragment(0)), "gzip; unpack it first"),
        (b"RIFF\0\0\0\0WAVEfmt ", "--load-call STREAM=FILE"),
        (b"this is text, and no Matroska at all", "text, not media"),
        (b'{"__type": "ResourceNotFoundException"}', "ResourceNotFoundException"),
    ],
    ids=["empty", "gzip", "sound", "text", "error"],  # that every worker gives the same
)
def test_what_is_no_capture_is_refused_as_what_it_is(load, content, said):
    with pytest.raises(UsageError, match="is no Matroska capture") as refused:
        load(content)
    assert said in str(refused.value)


def test_what_cannot_be_read_is_said(tmp_path):
    with Emulator(config=EmulatorConfig()) as kvs:
        for path in (tmp_path / "none.mkv", tmp_path):
            with pytest.raises(UsageError, match="cannot read"):
                kvs.load("s", path)
        assert kvs.store.all() == []
