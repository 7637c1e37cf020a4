"""boto3 against the control plane."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
import requests
from botocore.exceptions import ClientError
from builders.emulated import make_clients
from builders.fragments import START_MS, make_fragment

from callbeam.errors import UsageError


def code_of(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_stream_is_made_described_listed_and_deleted(emulate):
    kvs, _, _ = emulate()
    control = make_clients(kvs.endpoint_url, region="eu-west-1").control
    arn = control.create_stream(StreamName="new.one", DataRetentionInHours=24, MediaType="audio/L16")["StreamARN"]
    assert arn.startswith("arn:aws:kinesisvideo:eu-west-1:111122223333:stream/new.one/")
    info = control.describe_stream(StreamARN=arn)["StreamInfo"]
    assert (info["Status"], info["DataRetentionInHours"], info["MediaType"]) == ("ACTIVE", 24, "audio/L16")
    assert int(info["CreationTime"].timestamp() * 1000) == int(arn.rsplit("/", 1)[1])
    assert control.describe_stream(StreamName="new.one")["StreamInfo"] == info
    assert code_of(control.create_stream, StreamName="new.one") == ("ResourceInUseException", 400)
    control.delete_stream(StreamARN=arn, CurrentVersion=info["Version"])
    assert code_of(control.describe_stream, StreamName="new.one") == ("ResourceNotFoundException", 404)
    assert code_of(control.delete_stream, StreamARN=arn) == ("ResourceNotFoundException", 404)


def test_streams_are_listed_by_prefix_and_page(emulate):
    kvs, (control, _, _), _ = emulate()
    for index in range(5):
        kvs.add_stream(f"agent-{index}")
    condition = {"ComparisonOperator": "BEGINS_WITH", "ComparisonValue": "agent-"}
    first = control.list_streams(MaxResults=3, StreamNameCondition=condition)
    second = control.list_streams(MaxResults=3, StreamNameCondition=condition, NextToken=first["NextToken"])
    names = [info["StreamName"] for page in (first, second) for info in page["StreamInfoList"]]
    assert names == [f"agent-{index}" for index in range(5)]
    assert "NextToken" not in second
    none = {"ComparisonOperator": "BEGINS_WITH", "ComparisonValue": "zzz"}
    assert control.list_streams(StreamNameCondition=none)["StreamInfoList"] == []
    assert code_of(control.list_streams, NextToken="bm90IG91cnM=") == ("InvalidArgumentException", 400)


def test_retention_is_changed_with_the_right_version_only(emulate):
    _, (control, _, _), _ = emulate()
    control.create_stream(StreamName="kept", DataRetentionInHours=2)
    version = control.describe_stream(StreamName="kept")["StreamInfo"]["Version"]
    change = {"StreamName": "kept", "Operation": "INCREASE_DATA_RETENTION", "DataRetentionChangeInHours": 5}
    assert code_of(control.update_data_retention, CurrentVersion="other", **change)[0] == "VersionMismatchException"
    control.update_data_retention(CurrentVersion=version, **change)
    info = control.describe_stream(StreamName="kept")["StreamInfo"]
    assert info["DataRetentionInHours"] == 7
    assert info["Version"] != version
    change = {"StreamName": "kept", "Operation": "DECREASE_DATA_RETENTION", "DataRetentionChangeInHours": 8}
    assert code_of(control.update_data_retention, CurrentVersion=info["Version"], **change)[0] == (
        "InvalidArgumentException"
    )


def test_the_data_endpoint_is_this_server_by_the_name_the_client_used(emulate):
    kvs, _, _ = emulate()
    control = make_clients(f"http://localhost:{kvs.port}").control
    answer = control.get_data_endpoint(StreamName="calls", APIName="LIST_FRAGMENTS")
    assert answer["DataEndpoint"] == f"http://localhost:{kvs.port}"
    assert code_of(control.get_data_endpoint, StreamName="gone", APIName="GET_MEDIA")[0] == "ResourceNotFoundException"
    assert code_of(control.get_data_endpoint, StreamName="calls", APIName="NOPE") == ("InvalidArgumentException", 400)


def test_a_call_at_another_apis_endpoint_fails(emulate):
    kvs, (control, archived, media), _ = emulate(1, separate_endpoints=True)
    urls = {
        api: control.get_data_endpoint(StreamName="calls", APIName=api)["DataEndpoint"]
        for api in ("GET_MEDIA", "LIST_FRAGMENTS")
    }
    assert len({kvs.endpoint_url, *urls.values()}) == 3
    start = {"StartSelectorType": "EARLIEST"}
    assert code_of(media.get_media, StreamName="calls", StartSelector=start)[0] == "InvalidEndpointException"
    assert code_of(archived.get_media_for_fragment_list, StreamName="calls", Fragments=["1"])[1] == 403
    assert make_clients(urls["GET_MEDIA"]).media.get_media(StreamName="calls", StartSelector=start)["Payload"].read()


@pytest.mark.parametrize(
    ("path", "body", "code", "status"),
    [
        ("describeStream", "{}", "InvalidArgumentException", 400),
        ("describeStream", '{"StreamName":"bad name"}', "InvalidArgumentException", 400),
        ("describeStream", '{"StreamName":""}', "InvalidArgumentException", 400),
        ("describeStream", f'{{"StreamName":"{"x" * 257}"}}', "InvalidArgumentException", 400),
        ("describeStream", '{"StreamARN":"arn:aws:s3:::bucket"}', "InvalidArgumentException", 400),
        ("describeStream", '{"StreamName":7}', "InvalidArgumentException", 400),
        ("describeStream", '{"StreamName":', "SerializationException", 400),
        ("describeStream", "[1]", "SerializationException", 400),
        ("describeStream", '{"StreamName":"none"}', "ResourceNotFoundException", 404),
        ("createStream", '{"StreamName":"s","DataRetentionInHours":87601}', "InvalidArgumentException", 400),
        ("createStream", "{}", "InvalidArgumentException", 400),
        ("updateDataRetention", '{"StreamName":"calls"}', "InvalidArgumentException", 400),
        ("getClip", '{"StreamName":"calls"}', "UnknownOperationException", 404),
    ],
)
def test_errors_are_framed_as_aws_frames_them(emulate, path, body, code, status):
    kvs, _, _ = emulate()
    answer = requests.post(f"{kvs.endpoint_url}/{path}", data=body, timeout=10)
    assert answer.status_code == status
    assert answer.headers["x-amzn-ErrorType"] == answer.headers["x-amz-ErrorType"] == code
    assert answer.headers["x-amz-RequestId"]
    assert list(answer.json()) == ["Message"]


def test_a_stream_is_known_by_its_whole_arn(emulate):
    _, (control, _, _), _ = emulate()
    arn = control.describe_stream(StreamName="calls")["StreamInfo"]["StreamARN"]
    assert code_of(control.describe_stream, StreamARN=arn + "1")[0] == "ResourceNotFoundException"
    assert control.describe_stream(StreamARN=arn)["StreamInfo"]["StreamName"] == "calls"


@pytest.mark.parametrize(("regional", "found"), [(False, True), (True, False)])
def test_another_regions_client_finds_a_stream_only_without_the_switch(emulate, regional, found):
    kvs, _, _ = emulate(regional=regional)
    names = make_clients(kvs.endpoint_url, region="eu-west-1").control.list_streams()["StreamInfoList"]
    assert bool(names) is found


def test_of_two_regions_streams_of_one_name_each_client_finds_its_own(emulate):
    kvs, (control, _, _), _ = emulate()
    others = make_clients(kvs.endpoint_url, region="eu-west-1").control
    theirs = others.create_stream(StreamName="two")["StreamARN"]
    ours = control.create_stream(StreamName="two")["StreamARN"]
    for client, arn in ((control, ours), (others, theirs)):
        assert client.describe_stream(StreamName="two")["StreamInfo"]["StreamARN"] == arn
    for stream in (ours, "two"):
        kvs.add_fragment(stream, make_fragment(0), server_ms=START_MS, producer_ms=None)
    assert [len(kvs.store.find("two", region)) for region in ("us-east-1", "eu-west-1")] == [2, 0]
    with pytest.raises(UsageError, match="there is no stream"):
        kvs.add_fragment(ours + "1", make_fragment(0), server_ms=START_MS, producer_ms=None)


def test_an_api_that_is_not_served_is_answered_with_those_that_are(emulate):
    kvs, (control, _, _), _ = emulate()
    with pytest.raises(
        ClientError, match=r"serves no POST of /tagStream; it serves, by POST, CreateStream, .*, GetMedia, PutMedia"
    ):
        control.tag_stream(StreamName="calls", Tags={"a": "b"})
    answer = requests.get(f"{kvs.endpoint_url}/listStreams", timeout=10)
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (404, "UnknownOperationException")
    assert "serves no GET of /listStreams" in answer.json()["Message"]


@pytest.mark.parametrize("time_s", ["1e999999", "-1e5000", "1e17"])
def test_a_time_that_no_clock_tells_is_refused(emulate, time_s):
    kvs, _, _ = emulate()
    span = f'{{"StartTimestamp":{time_s},"EndTimestamp":{time_s}}}'
    selector = f'{{"FragmentSelectorType":"SERVER_TIMESTAMP","TimestampRange":{span}}}'
    body = f'{{"StreamName":"calls","FragmentSelector":{selector}}}'
    answer = requests.post(f"{kvs.endpoint_url}/listFragments", data=body, timeout=10)
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (400, "InvalidArgumentException")


def test_loaded_streams_say_that_they_keep_everything(emulate):
    _, (control, _, _), _ = emulate()
    info = control.describe_stream(StreamName="calls")["StreamInfo"]
    assert info["DataRetentionInHours"] == 87_600
    assert info["CreationTime"] <= datetime.fromtimestamp(START_MS / 1000, tz=timezone.utc)
