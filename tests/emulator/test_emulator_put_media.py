"""PutMedia: uploads split at Clusters, acknowledged while they flow."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from itertools import pairwise

import pytest
from builders.fragments import START_MS, make_fragment
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.emulator import AWS_QUOTAS
from callbeam.emulator.put_media import parse_start
from callbeam.emulator.segment_splitter import FragmentBegun, FragmentReady, SegmentSplitter
from callbeam.emulator.store import counter_of, server_ms_of
from callbeam.mkv import CONNECT, LIBAV, MkvError, element_id_bytes, ids, read_documents

CLUSTER = element_id_bytes(ids.CLUSTER)


def upload_of(fragments: list[bytes]) -> bytes:
    """Join fragments as a producer sends them: one header, then Cluster after Cluster with what follows each."""
    header = fragments[0][: fragments[0].index(CLUSTER)]
    return header + b"".join(data[data.index(CLUSTER) :] for data in fragments)


class Upload:
    """A PutMedia connection, written and read by hand: botocore has no PutMedia."""

    def __init__(self, kvs, stream="calls", kind="ABSOLUTE", **headers):
        self.connection = http.client.HTTPConnection("127.0.0.1", kvs.port, timeout=10)
        self.connection.putrequest("POST", "/putMedia")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {
            "x-amzn-stream-name": stream,
            "x-amzn-fragment-timecode-type": kind,
            "x-amzn-fragment-acknowledgment-required": "1",
            "Transfer-Encoding": "chunked",
            **named,
        }.items():
            self.connection.putheader(name, value)
        self.connection.endheaders()

    def send(self, data: bytes):
        self.connection.send(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self):
        self.connection.send(b"0\r\n\r\n")

    def response(self):
        self.answer = self.connection.getresponse()
        return self.answer

    def acks(self):
        return [json.loads(line) for line in self.response().read().splitlines()]


def put(kvs, data, piece=1000, **more):
    upload = Upload(kvs, **more)
    for at in range(0, len(data), piece):
        upload.send(data[at : at + piece])
    upload.end()
    return upload.acks()


@pytest.mark.parametrize("dialect", [CONNECT, LIBAV])
def test_each_cluster_becomes_a_fragment_with_the_headers(emulate, dialect):
    kvs, (_, archived, _), _ = emulate()
    fragments = [make_fragment(i, dialect=dialect) for i in range(4)]
    acks = put(kvs, upload_of(fragments))
    # a fragment is known to be whole when the next one begins
    assert [ack["EventType"] for ack in acks] == ["BUFFERING", "RECEIVED", "PERSISTED"] * 4
    numbers = [ack["FragmentNumber"] for ack in acks if ack["EventType"] == "PERSISTED"]
    assert [counter_of(int(number)) for number in numbers] == [1, 2, 3, 4]
    payload = archived.get_media_for_fragment_list(StreamName="calls", Fragments=numbers)["Payload"].read()
    for document, sent in zip(read_documents(payload), fragments, strict=True):
        (original,) = read_documents(sent)
        assert document.error is None
        assert document.clusters == original.clusters
        assert [bytes(document.payload(b)) for b in document.blocks] == [
            bytes(original.payload(b)) for b in original.blocks
        ]
        assert document.tracks == original.tracks
        assert set(original.tags) <= set(document.tags)


def test_timecodes_are_absolute_or_relative(emulate):
    kvs, _, _ = emulate()
    put(kvs, make_fragment(0))
    put(kvs, make_fragment(2, start_ms=0), kind="RELATIVE", x_amzn_producer_start_timestamp="1600000000.5")
    stored = kvs.store.find("calls", None).in_order()
    assert [f.producer_ms for f in stored] == [START_MS, 1_600_000_002_500]
    assert [counter_of(f.number) for f in stored] == [1, 1001], "a session's counters begin in the next block of 1000"
    assert [server_ms_of(f.number) for f in stored] == [f.server_ms for f in stored]


def test_acknowledgements_flow_while_the_upload_does(emulate):
    kvs, (_, _, media), _ = emulate(getmedia_idle_s=5.0)
    upload = Upload(kvs)
    data = upload_of([make_fragment(i) for i in range(3)])
    second = data.index(CLUSTER, data.index(CLUSTER) + 4)
    upload.send(data[: second + 30])
    lines = upload.response()
    begun = json.loads(lines.readline())
    assert (begun["EventType"], begun["FragmentTimecode"]) == ("BUFFERING", 1_772_443_800_000)
    assert [json.loads(lines.readline())["EventType"] for _ in range(2)] == ["RECEIVED", "PERSISTED"]
    live = media.get_media(StreamName="calls", StartSelector={"StartSelectorType": "EARLIEST"})["Payload"]
    assert live.read(10), "the first fragment can be read before the upload ends"
    live.close()
    upload.send(data[second + 30 :])
    upload.end()
    rest = [json.loads(line)["EventType"] for line in lines.read().splitlines()]
    assert rest.count("PERSISTED") == 2


def test_without_retention_nothing_is_persisted(emulate):
    kvs, (control, _, _), _ = emulate()
    control.create_stream(StreamName="live")
    assert [ack["EventType"] for ack in put(kvs, make_fragment(0), stream="live")] == ["BUFFERING", "RECEIVED"]


def bad(kind):
    good = make_fragment(5)
    if kind == "less":
        return upload_of([good, make_fragment(4)]), 4004, 1
    if kind == "cut":
        return upload_of([good, make_fragment(6)])[:-300], 4006, 1
    if kind == "garbage":
        return good + b"\x00" * 50, 4006, 0
    if kind == "frames":
        return make_fragment(5, blocks=1), 4011, 0
    if kind == "aws":
        return good.replace(b"ContactId", b"AWSontact"), 4009, 0
    long = upload_of([good])
    return long.replace(b"\xe7\x88", b"\xe8\x88", 1), 4006, 0


@pytest.mark.parametrize("kind", ["less", "cut", "garbage", "frames", "aws", "no timecode"])
def test_what_kvs_refuses_is_refused_with_its_number(emulate, kind):
    kvs, _, _ = emulate()
    data, error_id, stored = bad(kind)
    acks = put(kvs, data)
    assert (acks[-1]["EventType"], acks[-1]["ErrorId"]) == ("ERROR", error_id)
    assert acks[-1]["ErrorCode"]
    assert len(kvs.store.find("calls", None)) == stored


def test_an_upload_to_a_stream_that_is_deleted_meanwhile_is_refused(emulate):
    kvs, (control, _, _), _ = emulate()
    upload = Upload(kvs)
    data = upload_of([make_fragment(0), make_fragment(1)])
    upload.send(data[:-700])
    lines = upload.response()
    assert [json.loads(lines.readline())["EventType"] for _ in range(3)][-1] == "PERSISTED"
    control.delete_stream(StreamARN=control.describe_stream(StreamName="calls")["StreamInfo"]["StreamARN"])
    upload.send(data[-700:])
    upload.end()
    assert [json.loads(line).get("ErrorId") for line in lines.read().splitlines()][-1] == 4008


def test_uploads_at_one_time_are_followed_without_loss(emulate):
    kvs, (_, _, media), _ = emulate(getmedia_idle_s=0.5)
    uploads = [(Upload(kvs), [make_fragment(10 * n + i) for i in range(5)]) for n in range(2)]
    live = media.get_media(StreamName="calls", StartSelector={"StartSelectorType": "EARLIEST"})["Payload"]
    stream = kvs.store.find("calls", None)
    for i in range(5):  # a fragment of the one, a fragment of the other; each is whole when its producer's next begins
        for upload, fragments in uploads:
            stored = len(stream)
            upload.send(fragments[i] if i == 0 else fragments[i][fragments[i].index(CLUSTER) :])
            while i and len(stream) == stored:
                time.sleep(0.01)
            time.sleep(0.05)
    for upload, _ in uploads:
        upload.end()
    acks = [ack for upload, _ in uploads for ack in upload.acks()]
    persisted = {ack["FragmentNumber"] for ack in acks if ack["EventType"] == "PERSISTED"}
    assert len(persisted) == 10
    followed = [dict(document.tags)["AWS_KINESISVIDEO_FRAGMENT_NUMBER"] for document in read_documents(live.read())]
    assert set(followed) == persisted
    assert [f.server_ms for f in stream.in_order()] == sorted(f.server_ms for f in stream.in_order())


@pytest.mark.parametrize("start", ["1e12", "-1", "0001-01-01T00:00:00Z"])
def test_a_producers_time_that_no_sdk_reads_is_refused(emulate, start):
    kvs, (_, archived, _), _ = emulate()
    acks = put(kvs, make_fragment(0, start_ms=0), kind="RELATIVE", x_amzn_producer_start_timestamp=start)
    assert (acks[-1]["EventType"], acks[-1]["ErrorId"]) == ("ERROR", 4007)
    span = {"StartTimestamp": 0, "EndTimestamp": 4_000_000_000}
    selector = {"FragmentSelectorType": "SERVER_TIMESTAMP", "TimestampRange": span}
    assert archived.list_fragments(StreamName="calls", FragmentSelector=selector)["Fragments"] == []


def test_of_two_uploads_the_quotas_reject_the_latest(emulate):
    kvs, _, _ = emulate(quotas=AWS_QUOTAS)
    first = Upload(kvs)
    first.send(make_fragment(0))
    json.loads(first.response().readline())
    second = Upload(kvs)
    second.end()
    assert second.response().getheader("x-amzn-ErrorType") == "ConnectionLimitExceededException"
    first.end()
    assert [json.loads(line)["EventType"] for line in first.answer.read().splitlines()] == ["RECEIVED", "PERSISTED"]
    outcomes = set()
    for _ in range(30):
        again = Upload(kvs)
        again.end()
        outcomes.add(again.response().getheader("x-amzn-ErrorType"))
    assert {None, "ClientLimitExceededException"} <= outcomes, "its place is free again, for five a second"


def test_checks_are_a_switch(emulate):
    kvs, _, _ = emulate(put_media_checks=False)
    put(kvs, upload_of([make_fragment(5), make_fragment(4, blocks=1)]))
    assert len(kvs.store.find("calls", None)) == 2


@pytest.mark.parametrize("keeps", [False, True])
def test_what_a_broken_upload_leaves_is_kept_only_with_a_switch(emulate, keeps):
    kvs, _, _ = emulate(put_media_keeps_partial=keeps)
    data = upload_of([make_fragment(0), make_fragment(1)])
    upload = Upload(kvs)
    upload.send(data[:-700])
    lines = upload.response()
    for _ in range(4):
        lines.readline()
    lines.close()
    upload.connection.close()
    stream = kvs.store.find("calls", None)
    deadline = time.monotonic() + (5 if keeps else 0.5)
    while time.monotonic() < deadline and len(stream) < 2:
        time.sleep(0.02)
    assert [f.sound for f in stream.in_order()] == ([True, False] if keeps else [True])


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"stream": "none"}, "ResourceNotFoundException"),
        ({"kind": "OTHER"}, "InvalidArgumentException"),
        ({"kind": "RELATIVE", "x_amzn_producer_start_timestamp": "yesterday"}, "InvalidArgumentException"),
        ({"kind": "RELATIVE", "x_amzn_producer_start_timestamp": "1e999999"}, "InvalidArgumentException"),
        ({"kind": "RELATIVE", "x_amzn_producer_start_timestamp": "NaN"}, "InvalidArgumentException"),
    ],
)
def test_a_request_that_breaks_a_rule_is_refused(emulate, headers, code):
    kvs, _, _ = emulate()
    upload = Upload(kvs, **headers)
    upload.end()
    assert upload.response().getheader("x-amzn-ErrorType") == code


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [(None, 0), ("1600000000.126", 1_600_000_000_126), ("2020-09-13T12:26:40.126Z", 1_600_000_000_126)],
)
def test_start_timestamps(text, milliseconds):
    assert parse_start(text) == milliseconds


@settings(deadline=None, max_examples=60)
@given(cuts=st.lists(st.integers(0, 5000), max_size=12), known=st.booleans())
def test_the_pieces_of_an_upload_do_not_matter(cuts, known):
    from callbeam.mkv import BlockSpec, TrackSpec, write_fragment

    fragments = [
        write_fragment(
            dialect=LIBAV if known else CONNECT,
            tracks=[TrackSpec(1, "x", "A_AAC")],
            blocks=[BlockSpec(1, 64 * i, bytes([n, i]) * 50) for i in range(6)],
            timecode_ms=n * 1000,
        )
        for n in range(3)
    ]
    data = upload_of(fragments)
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    splitter = SegmentSplitter()
    events = [e for a, b in pairwise(places) for e in splitter.feed(data[a:b])]
    splitter.check()
    events += splitter.finish()
    ready = [event for event in events if isinstance(event, FragmentReady)]
    assert [event.timecode_ms for event in events if isinstance(event, FragmentBegun)] == [0, 1000, 2000]
    assert [event.timecode_ms for event in ready] == [0, 1000, 2000]
    header = data[: data.index(CLUSTER)]
    assert b"".join(event.data[len(header) :] for event in ready) == data[len(header) :]
    assert all(event.data.startswith(header) for event in ready)


@settings(deadline=None, max_examples=150)
@given(data=st.binary(max_size=400), at=st.integers(0, 400), whole=st.booleans())
def test_any_bytes_give_fragments_or_the_readers_error(data, at, whole):
    splitter = SegmentSplitter()
    prefix = bytes.fromhex("1a45dfa38018538067ff1f43b675ffe78105") if whole else b""
    with contextlib.suppress(MkvError):  # any other exception fails the test
        for piece in (prefix, data[:at], data[at:]):
            splitter.feed(piece)
            splitter.check()
        splitter.finish()
