"""Faults and quotas, as boto3 sees them."""

from __future__ import annotations

import json
import time

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError, ResponseStreamingError

from callbeam.emulator import Fault, Quotas, read_fault_plan
from callbeam.emulator.faults import APIS, FaultPlan
from callbeam.emulator.server import JSON_APIS, STREAMING_APIS
from callbeam.errors import UsageError
from callbeam.mkv import read_documents

LIST = "GetMediaForFragmentList"


def ask(archived, numbers):
    return archived.get_media_for_fragment_list(StreamName="calls", Fragments=[str(number) for number in numbers])


def read_pieces(body, pieces):
    while piece := body.read(64):
        pieces.append(piece)


def tags_of(document):
    return {name.removeprefix("AWS_KINESISVIDEO_"): value for name, value in document.tags}


def numbers_of(data):
    return [int(tags_of(document)["FRAGMENT_NUMBER"]) for document in read_documents(data)]


def outcome_of(call, *arguments):
    """None, or the code and status of the error."""
    try:
        call(*arguments)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    return None


def code_of(call, *arguments):
    outcome = outcome_of(call, *arguments)
    assert outcome is not None, "no error came"
    return outcome


@pytest.mark.parametrize(
    ("code", "status"),
    [("ClientLimitExceededException", 400), ("ConnectionLimitExceededException", 400), ("ServiceUnavailable", 503)],
)
def test_errors_strike_as_often_as_planned(emulate, code, status):
    fault = Fault("GET_MEDIA_FOR_FRAGMENT_LIST", "error", code=code, after=1, times=2)
    kvs, (_, archived, _), numbers = emulate(2, faults=[fault])
    outcomes = [outcome_of(ask, archived, numbers) for _ in range(5)]
    assert outcomes == [None, (code, status), (code, status), None, None]
    assert kvs.faults.strikes() == 2


def test_every_other_listing_fails(emulate):
    _, (_, archived, _), _ = emulate(
        1, faults=[Fault("ListFragments", "error", code="InternalFailure", every=2, times=None)]
    )
    span = {"StartTimestamp": 0, "EndTimestamp": 4_000_000_000}
    selector = {"FragmentSelectorType": "SERVER_TIMESTAMP", "TimestampRange": span}
    outcomes = [
        outcome_of(lambda: archived.list_fragments(StreamName="calls", FragmentSelector=selector)) for _ in range(6)
    ]
    assert outcomes == [("InternalFailure", 500), None] * 3


@pytest.mark.parametrize("place", ["before", "block", "block_border"])
def test_a_cut_keeps_what_came_before(emulate, place):
    _, (_, archived, _), numbers = emulate(4, faults=[Fault(LIST, "cut", document=2, place=place)])
    body = ask(archived, numbers)["Payload"]
    whole = ask(archived, numbers)["Payload"].read()
    pieces = []
    with pytest.raises(ResponseStreamingError):
        read_pieces(body, pieces)
    received = b"".join(pieces)
    assert whole.startswith(received)
    assert numbers_of(received)[:2] == numbers[:2]
    assert len(received) < len(whole)


def test_an_early_end_is_no_http_error(emulate):
    _, (_, archived, _), numbers = emulate(4)
    whole = ask(archived, numbers)["Payload"].read()
    cases = {"before": 3, "block": 4, "block_border": 4, "after": 4}
    for place, count in cases.items():
        _, (_, archived, _), numbers = emulate(4, faults=[Fault(LIST, "end", document=-1, place=place)])
        data = ask(archived, numbers)["Payload"].read()
        assert whole.startswith(data)
        found = list(read_documents(data))
        assert len(found) == count
        # at a block's border nothing is missing structurally: a Cluster of unknown size ends wherever it ends
        assert [document.complete for document in found] == [True] * 3 + [place != "block"] * (count - 3)
        assert (len(found[-1].blocks) == 8) is (place in {"before", "after"})


def test_a_cut_at_a_byte(emulate):
    _, (_, archived, _), numbers = emulate(4, faults=[Fault(LIST, "end", at_byte=3000)])
    assert len(ask(archived, numbers)["Payload"].read()) == 3000


def test_a_stall_outlasts_a_read_timeout_or_only_delays(emulate):
    kvs, (_, archived, _), numbers = emulate(3, faults=[Fault(LIST, "stall", document=1, seconds=1.5)])
    kvs.faults.add(Fault(LIST, "stall", document=1, place="block", seconds=0.3, after=1))
    begun = time.monotonic()
    body = ask(archived, numbers)["Payload"]
    body.set_socket_timeout(0.5)
    with pytest.raises(ReadTimeoutError):
        body.read()
    assert time.monotonic() - begun < 1.4
    body.close()
    begun = time.monotonic()
    assert numbers_of(ask(archived, numbers)["Payload"].read()) == numbers
    assert time.monotonic() - begun > 0.25


def test_a_fragment_is_found_at_the_third_try(emulate):
    kvs, (_, archived, _), numbers = emulate(3)
    kvs.faults.add(Fault(LIST, "not_found", fragments=(numbers[1],), times=2))
    errors = []
    for _ in range(3):
        found = list(read_documents(ask(archived, numbers)["Payload"].read()))
        errors.append([tags_of(document).get("ERROR_ID") for document in found])
    assert errors == [[None, "3000", None], [None, "3000", None], [None, None, None]]


@pytest.mark.parametrize(("then", "count"), [("continue", 4), ("stop", 2)])
def test_an_in_band_error_then_the_rest_or_nothing(emulate, then, count):
    kvs, (_, archived, media), numbers = emulate(4)
    for api in (LIST, "GetMedia"):
        kvs.faults.add(Fault(api, "in_band", fragments=(numbers[1],), error_id=4500, then=then))
    start = {"StartSelectorType": "EARLIEST"}
    for response in (ask(archived, numbers), media.get_media(StreamName="calls", StartSelector=start)):
        found = list(read_documents(response["Payload"].read()))
        assert len(found) == count
        assert (tags_of(found[1])["ERROR_ID"], tags_of(found[1])["ERROR_CODE"]) == ("4500", "KMS_KEY_ACCESS_DENIED")


def test_a_fragment_without_timestamps(emulate):
    kvs, (_, archived, _), numbers = emulate(2)
    kvs.faults.add(Fault("*", "no_timestamps", fragments=(numbers[0],), times=None))
    first, second = read_documents(ask(archived, numbers)["Payload"].read())
    assert "SERVER_TIMESTAMP" not in tags_of(first)
    assert "SERVER_TIMESTAMP" in tags_of(second)


def test_a_control_call_can_lose_its_connection(emulate):
    _, (control, _, _), _ = emulate(faults=[Fault("DescribeStream", "cut")])
    with pytest.raises(ConnectionClosedError):
        control.describe_stream(StreamName="calls")
    assert control.describe_stream(StreamName="calls")["StreamInfo"]["StreamName"] == "calls"


def test_a_plan_is_read_from_json(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps([{"api": LIST, "action": "not_found", "fragments": ["7"], "times": None}]))
    (fault,) = read_fault_plan(path)
    assert fault == Fault(LIST, "not_found", fragments=(7,), times=None)
    plan = FaultPlan([fault])
    assert all(plan.for_fragment(LIST, "any", 7) for _ in range(5))
    assert plan.for_fragment(LIST, "any", 8) is None
    for bad in ([{"api": LIST}], [{"api": LIST, "action": "explode"}], [{"api": "x", "action": "cut", "wen": 1}], {}):
        path.write_text(json.dumps(bad))
        with pytest.raises(UsageError):
            read_fault_plan(path)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"api": "ListFragmets"}, "api='ListFragmets': choose one of CreateStream"),
        ({"api": 3}, "choose one of"),
        ({"times": "often"}, "times='often': a number is meant"),
        ({"seconds": None}, "seconds=None: a number is meant"),
        ({"fragments": ["x"]}, "list of fragment numbers"),
        ({"fragments": 5}, "list of fragment numbers"),
        ({"fragments": "91343852333181432462006704877680044239578249186"}, "list of fragment numbers"),
        ({"fragments": [1.5]}, "list of fragment numbers"),
        ({"code": 5}, "code=5: text is meant"),
        ({"code": "Two words"}, "letters and digits"),
        ({"stream": 5}, "stream=5: text is meant"),
        ({"api": "ListFragments", "action": "not_found"}, "choose GetMediaForFragmentList or GetMedia"),
        ({"api": "PUT_MEDIA", "action": "no_timestamps"}, "choose ListFragments or GetMediaForFragmentList"),
    ],
)
def test_a_fault_that_could_never_strike_is_refused(tmp_path, wrong, complaint):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps([{"api": LIST, "action": "error", **wrong}]))
    with pytest.raises(UsageError, match=complaint):
        read_fault_plan(path)


def test_a_fault_for_each_api_is_not_spent_on_one_that_it_cannot_strike(emulate):
    kvs, (_, archived, _), (number,) = emulate(1, faults=[Fault("*", "not_found")])
    span = {"StartTimestamp": 0, "EndTimestamp": 4_000_000_000}
    selector = {"FragmentSelectorType": "SERVER_TIMESTAMP", "TimestampRange": span}
    assert archived.list_fragments(StreamName="calls", FragmentSelector=selector)["Fragments"]
    assert kvs.faults.strikes() == 0
    assert b"FRAGMENT_NOT_FOUND" in ask(archived, [number])["Payload"].read()


def test_a_number_as_an_sdk_gives_it_is_refused():
    with pytest.raises(UsageError, match="an SDK gives text"):
        Fault(LIST, "not_found", fragments=("91343852333181432462006704877680044239578249186",))


def test_faults_may_strike_whatever_is_served():
    assert set(APIS) == {*JSON_APIS, *STREAMING_APIS}


# quotas


def test_media_points_are_spent_and_flow_back(emulate):
    _, (_, archived, _), numbers = emulate(10, quotas=Quotas(media_points_per_s=20))
    for _ in range(2):
        ask(archived, numbers)["Payload"].read()
    assert code_of(ask, archived, numbers) == ("ClientLimitExceededException", 400)
    time.sleep(0.7)
    assert ask(archived, numbers)["Payload"].read()


@pytest.mark.parametrize("policy", ["debt", "reject"])
def test_a_call_dearer_than_a_second(emulate, policy):
    _, (_, archived, _), numbers = emulate(10, quotas=Quotas(media_points_per_s=5, oversize_call=policy))
    if policy == "debt":
        assert ask(archived, numbers)["Payload"].read()
    else:
        assert code_of(ask, archived, numbers) == ("ClientLimitExceededException", 400)
    if policy == "debt":
        assert code_of(ask, archived, numbers[:1]) == ("ClientLimitExceededException", 400)
    else:
        assert ask(archived, numbers[:5])["Payload"].read()


def test_a_listing_costs_its_max_results(emulate):
    _, (_, archived, _), _ = emulate(1, quotas=Quotas(metadata_points_per_s=1000))
    span = {"StartTimestamp": 0, "EndTimestamp": 4_000_000_000}
    selector = {"FragmentSelectorType": "SERVER_TIMESTAMP", "TimestampRange": span}
    archived.list_fragments(StreamName="calls", MaxResults=900, FragmentSelector=selector)
    with pytest.raises(ClientError, match="ClientLimitExceeded"):
        archived.list_fragments(StreamName="calls", MaxResults=900, FragmentSelector=selector)


def test_the_latest_connection_is_rejected_and_a_closed_one_is_free_again(emulate):
    quotas = Quotas(get_media_connections=2)
    _, (_, _, media), _ = emulate(1, getmedia_idle_s=20.0, quotas=quotas)

    def connect():
        return media.get_media(StreamName="calls", StartSelector={"StartSelectorType": "EARLIEST"})["Payload"]

    first, second = connect(), connect()
    assert code_of(connect) == ("ConnectionLimitExceededException", 400)
    first.close()
    deadline = time.monotonic() + 5
    while outcome_of(connect) is not None:
        assert time.monotonic() < deadline, "the closed connection still counts"
        time.sleep(0.05)
    second.close()


def test_get_media_hands_over_no_faster_than_its_quota(emulate):
    _, (_, _, media), numbers = emulate(4, quotas=Quotas(get_media_fragments_per_s=10, get_media_per_s=1))
    begun = time.monotonic()
    start = {"StartSelectorType": "EARLIEST"}
    assert numbers_of(media.get_media(StreamName="calls", StartSelector=start)["Payload"].read()) == numbers
    assert time.monotonic() - begun > 0.4


def test_endpoints_are_asked_for_five_times_a_second(emulate):
    _, (control, _, _), _ = emulate(quotas=Quotas(endpoint_per_s=2))
    for _ in range(2):
        control.get_data_endpoint(StreamName="calls", APIName="GET_MEDIA")
    with pytest.raises(ClientError, match="ClientLimitExceeded"):
        control.get_data_endpoint(StreamName="calls", APIName="GET_MEDIA")
