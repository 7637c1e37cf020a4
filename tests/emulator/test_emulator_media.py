"""boto3 against GetMediaForFragmentList and GetMedia."""

from __future__ import annotations

import threading
import time

import pytest
import requests
from botocore.exceptions import ClientError, ResponseStreamingError
from builders.fragments import START_MS, make_fragment

from callbeam.emulator.store import StreamGoneError, make_number
from callbeam.mkv import LIBAV, read_documents, strip_aws_tags

PREFIX = "AWS_KINESISVIDEO_"


def documents(response):
    with response["Payload"] as body:
        return list(read_documents(body.read()))


def tag(document, name):
    return dict(document.tags).get(PREFIX + name)


def numbers_in(found):
    return [int(tag(document, "FRAGMENT_NUMBER")) for document in found]


def ask(archived, numbers):
    return archived.get_media_for_fragment_list(StreamName="calls", Fragments=[str(number) for number in numbers])


def follow(media, kind, **more):
    return media.get_media(StreamName="calls", StartSelector={"StartSelectorType": kind, **more})


def test_fragments_come_as_asked_for_byte_for_byte_with_awss_tags(emulate):
    _, (_, archived, _), numbers = emulate(5)
    order = [numbers[3], numbers[0], numbers[4]]
    response = ask(archived, order)
    assert response["ContentType"] == "video/webm"
    found = documents(response)
    assert numbers_in(found) == order
    for document, index in zip(found, (3, 0, 4), strict=True):
        assert document.error is None
        media, removed = strip_aws_tags(bytes(document.data))
        assert media == make_fragment(index)
        assert removed == [
            (PREFIX + "FRAGMENT_NUMBER", str(numbers[index])),
            (PREFIX + "SERVER_TIMESTAMP", f"{START_MS // 1000 + index}.000"),
            (PREFIX + "PRODUCER_TIMESTAMP", f"{START_MS // 1000 + index}.126"),
        ]
        assert document.data.obj.find(b"FRAGMENT_NUMBER") < document.data.obj.find(bytes.fromhex("1f43b675"))


def test_the_documented_vocabulary_is_a_switch(emulate):
    _, (_, archived, _), numbers = emulate(1, tag_vocabulary="documented")
    sound, missing = documents(ask(archived, [numbers[0], numbers[0] + 1]))
    assert [name.removeprefix(PREFIX) for name, _ in sound.tags][:3] == [
        "FRAGMENT_NUMBER",
        "SERVER_SIDE_TIMESTAMP",
        "PRODUCER_SIDE_TIMESTAMP",
    ]
    assert dict(missing.tags) == {
        PREFIX + "EXCEPTION_MESSAGE": "FRAGMENT_NOT_FOUND",
        PREFIX + "EXCEPTION_ERROR_CODE": "3000",
        PREFIX + "FRAGMENT_NUMBER": str(numbers[0] + 1),
    }


def test_a_missing_fragment_is_a_document_without_a_cluster(emulate):
    _, (_, archived, _), numbers = emulate(3)
    missing = make_number("calls", 999, 1)
    found = documents(ask(archived, [numbers[0], missing, numbers[1]]))
    assert numbers_in(found) == [numbers[0], missing, numbers[1]]
    assert (found[1].clusters, tag(found[1], "ERROR_CODE"), tag(found[1], "ERROR_ID")) == (
        (),
        "FRAGMENT_NOT_FOUND",
        "3000",
    )


def test_a_number_of_another_stream_fails_the_call_unless_switched(emulate):
    for switch, outcome in (("invalid", None), ("not_found", "3000")):
        kvs, (_, archived, _), numbers = emulate(1, foreign_number=switch)
        kvs.add_stream("other")
        foreign = kvs.add_fragment("other", make_fragment(7), server_ms=5, producer_ms=5)
        if outcome is None:
            with pytest.raises(ClientError, match="Fragment numbers are invalid"):
                ask(archived, [numbers[0], foreign])
        else:
            assert tag(documents(ask(archived, [foreign]))[0], "ERROR_ID") == outcome


def test_an_unknown_number_can_fail_the_call(emulate):
    _, (_, archived, _), numbers = emulate(1, unknown_number="invalid")
    with pytest.raises(ClientError, match="Fragment numbers are invalid"):
        ask(archived, [numbers[0] + 1])


@pytest.mark.parametrize("number", ["abc", "12345678901234567890123456789012345678", "-5", "1" * 129, "٣"])
def test_malformed_numbers_fail_the_call(emulate, number):
    _, (_, archived, _), numbers = emulate(1)
    with pytest.raises(ClientError, match="Fragment numbers are invalid") as caught:
        ask(archived, [numbers[0], number])
    assert caught.value.response["Error"]["Code"] == "InvalidArgumentException"


def test_none_or_too_many_fragments_are_refused(emulate):
    kvs, (_, archived, _), numbers = emulate(1)
    with pytest.raises(ClientError) as caught:
        ask(archived, numbers * 1001)
    assert caught.value.response["Error"]["Code"] == "FragmentLimitExceeded"
    for body in ({"StreamName": "calls"}, {"StreamName": "calls", "Fragments": []}):
        assert requests.post(f"{kvs.endpoint_url}/getMediaForFragmentList", json=body, timeout=9).status_code == 400
    assert len(documents(ask(archived, numbers * 1000))) == 1000


def test_order_and_repeats_are_switches(emulate):
    _, (_, archived, _), numbers = emulate(20, media_order="shuffled", media_repeats=False)
    found = numbers_in(documents(ask(archived, numbers + numbers)))
    assert found != numbers
    assert sorted(found) == numbers


@pytest.mark.parametrize("switch", ["not_found", "invalid"])
def test_an_expired_fragment_is_not_given(emulate, switch):
    now = [START_MS / 1000 + 10]
    kvs, (_, archived, _), _ = emulate(apply_retention=True, expired_number=switch, clock=lambda: now[0])
    kvs.add_stream("short", retention_hours=1, created_ms=START_MS)
    number = kvs.add_fragment("short", b"\x1a\x45\xdf\xa3\x80", server_ms=START_MS, producer_ms=None)
    asked = {"StreamName": "short", "Fragments": [str(number)]}
    assert len(documents(archived.get_media_for_fragment_list(**asked))) == 1
    now[0] += 3600
    if switch == "invalid":
        with pytest.raises(ClientError, match="Fragment numbers are invalid"):
            archived.get_media_for_fragment_list(**asked)
    else:
        (document,) = documents(archived.get_media_for_fragment_list(**asked))
        assert tag(document, "ERROR_ID") == "3000"


def test_another_dialects_fragments_keep_their_bytes(emulate):
    kvs, (_, archived, media), _ = emulate()
    data = make_fragment(3, dialect=LIBAV)
    number = kvs.add_fragment("calls", data, server_ms=1, producer_ms=1)
    for response in (ask(archived, [number]), follow(media, "EARLIEST")):
        (document,) = documents(response)
        assert strip_aws_tags(bytes(document.data))[0] == data


def test_get_media_gives_all_in_order_with_tags_behind_the_cluster(emulate):
    _, (_, _, media), numbers = emulate(7)
    found = documents(follow(media, "EARLIEST"))
    assert numbers_in(found) == numbers
    for index, document in enumerate(found):
        assert [name.removeprefix(PREFIX) for name, _ in document.tags[-2:]] == [
            "MILLIS_BEHIND_NOW",
            "CONTINUATION_TOKEN",
        ]
        assert tag(document, "CONTINUATION_TOKEN") == str(numbers[index])
        assert int(tag(document, "MILLIS_BEHIND_NOW")) > 0
        assert strip_aws_tags(bytes(document.data))[0] == make_fragment(index)


def test_each_selector_starts_where_it_says(emulate):
    _, (_, _, media), numbers = emulate(6)

    def first(kind, **more):
        return numbers_in(documents(follow(media, kind, **more)))

    assert first("NOW") == numbers[5:]
    assert first("FRAGMENT_NUMBER", AfterFragmentNumber=str(numbers[2])) == numbers[3:]
    assert first("CONTINUATION_TOKEN", ContinuationToken=str(numbers[2])) == numbers[3:]
    assert first("SERVER_TIMESTAMP", StartTimestamp=START_MS / 1000 + 2) == numbers[2:]
    # 0.1 s into fragment 2, whose blocks span 192 ms: the fragment that contains it
    assert first("SERVER_TIMESTAMP", StartTimestamp=START_MS / 1000 + 2.1) == numbers[2:]
    assert first("SERVER_TIMESTAMP", StartTimestamp=START_MS / 1000 + 2.5) == numbers[3:]
    assert first("PRODUCER_TIMESTAMP", StartTimestamp=START_MS / 1000 + 2.2) == numbers[2:]
    assert first("SERVER_TIMESTAMP", StartTimestamp=START_MS / 1000 + 100) == []
    assert first("FRAGMENT_NUMBER", AfterFragmentNumber=str(numbers[5])) == []


@pytest.mark.parametrize("switch", ["error", "next"])
def test_a_start_that_the_stream_never_had(emulate, switch):
    _, (_, _, media), numbers = emulate(3, getmedia_unknown_start=switch)
    found = documents(follow(media, "FRAGMENT_NUMBER", AfterFragmentNumber=str(numbers[0] + 1)))
    if switch == "error":
        assert [tag(document, "ERROR_ID") for document in found] == ["4000"]
    else:
        assert numbers_in(found) == numbers[1:]


@pytest.mark.parametrize(
    "selector",
    [
        None,
        {"StartSelectorType": "OTHER"},
        {"StartSelectorType": "FRAGMENT_NUMBER"},
        {"StartSelectorType": "FRAGMENT_NUMBER", "AfterFragmentNumber": "abc"},
        {"StartSelectorType": "SERVER_TIMESTAMP"},
        {"StartSelectorType": "CONTINUATION_TOKEN", "ContinuationToken": "a/b"},
    ],
)
def test_a_start_selector_that_breaks_a_rule_is_refused(emulate, selector):
    kvs, _, _ = emulate(1)
    body = {"StreamName": "calls", "StartSelector": selector}
    answer = requests.post(f"{kvs.endpoint_url}/getMedia", json=body, timeout=9)
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (400, "InvalidArgumentException")


def test_get_media_goes_on_with_what_arrives_and_ends_when_idle(emulate):
    kvs, (_, _, media), numbers = emulate(2, getmedia_idle_s=0.6)

    def arrive():
        for index in (2, 3):
            time.sleep(0.3)
            at = START_MS + 1000 * index
            numbers.append(kvs.add_fragment("calls", make_fragment(index), server_ms=at, producer_ms=at))

    producer = threading.Thread(target=arrive)
    producer.start()
    begun = time.monotonic()
    found = numbers_in(documents(follow(media, "EARLIEST")))
    producer.join()
    assert found == numbers
    assert len(found) == 4
    assert 1.1 < time.monotonic() - begun < 5


def test_an_empty_stream_answers_and_then_ends(emulate):
    _, (_, _, media), _ = emulate()
    response = follow(media, "EARLIEST")
    assert response["ContentType"] == "video/webm"
    assert response["Payload"].read() == b""


def test_a_session_ends_after_its_time(emulate):
    _, (_, _, media), numbers = emulate(2, getmedia_idle_s=30.0, getmedia_session_s=0.4)
    begun = time.monotonic()
    assert numbers_in(documents(follow(media, "EARLIEST"))) == numbers
    assert time.monotonic() - begun < 5


def test_without_retention_the_host_buffer_gives_five_minutes(emulate):
    now = [1_800_000_000.0]
    kvs, (control, _, media), _ = emulate(clock=lambda: now[0])
    control.create_stream(StreamName="live")
    number = kvs.add_fragment("live", make_fragment(1), server_ms=int(now[0] * 1000), producer_ms=None)
    start = {"StartSelectorType": "EARLIEST"}
    assert numbers_in(documents(media.get_media(StreamName="live", StartSelector=start))) == [number]
    now[0] += 301
    assert documents(media.get_media(StreamName="live", StartSelector=start)) == []


def test_a_stream_deleted_under_an_open_response_breaks_it_off(emulate):
    kvs, (control, _, media), _ = emulate(2, getmedia_idle_s=20.0)
    arn = control.describe_stream(StreamName="calls")["StreamInfo"]["StreamARN"]
    body = follow(media, "EARLIEST")["Payload"]
    first = body.read(500)
    stream = kvs.store.find("calls", None)
    control.delete_stream(StreamARN=arn)
    with pytest.raises(StreamGoneError):
        stream.media(stream.last())
    with pytest.raises(ResponseStreamingError):
        first += body.read()
    assert b"HTTP/1.1" not in first


def test_the_log_tells_the_calls(emulate):
    kvs, (_, archived, media), numbers = emulate(3)
    ask(archived, numbers)["Payload"].read()
    follow(media, "NOW")["Payload"].read()
    assert list(kvs.requests) == [("GetMediaForFragmentList", "calls", 3), ("GetMedia", "calls", 0)]
