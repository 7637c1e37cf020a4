"""Finding streams, and reaching KVS: endpoints, variables, regions, credentials."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import SigV4Auth
from builders.kvs_reading import GMFFL, LIST, START_MS, apis, client_for
from builders.stores import aws_server

from callbeam.emulator import AWS_QUOTAS, Emulator, EmulatorConfig, Fault
from callbeam.errors import UsageError
from callbeam.estimate import summarise
from callbeam.kvs import HOUR_MS, KvsClient, KvsConfig, KvsError, Stream, plan_jobs, plan_lanes, selectors

if TYPE_CHECKING:
    from collections.abc import Iterator


# Finding streams


@pytest.fixture(scope="module")
def many() -> Iterator[Emulator]:
    with Emulator(config=EmulatorConfig(regional=True)) as emulator:
        for name in ("calls-a", "calls-b", "calls-c", "Calls-d", "support-1", "support-2"):
            emulator.add_stream(name, retention_hours=48, created_ms=1_700_000_000_123)
        yield emulator


def names(streams: list[Stream]) -> list[str]:
    return [stream.name for stream in streams]


def test_names_arns_and_prefixes(many: Emulator, clock: Any) -> None:
    client = client_for(many, clock)
    [b] = client.resolve_streams(["calls-b"])
    assert (b.created_ms, b.retention_hours, b.region, b.account) == (
        1_700_000_000_123,
        48,
        "us-east-1",
        "111122223333",
    )
    assert client.resolve_streams([b.arn]) == [b]
    assert names(client.resolve_streams(["support-2", "calls-*", b.arn, "calls-a"])) == [
        "calls-a",
        "calls-b",
        "calls-c",
        "support-2",
    ]
    assert len(client.resolve_streams(["*"])) == 6


def test_all_pages_of_streams_are_read(many: Emulator, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "_LIST_PAGE", 2)
    assert names(client_for(many, clock).resolve_streams(["calls-*"])) == ["calls-a", "calls-b", "calls-c"]


@pytest.mark.parametrize(
    ("selector", "match"),
    [
        ("call-b", r"^no stream call-b in region us-east-1; did you mean [^?]*calls-b[^?]*\?$"),
        ("zzzzzz", r"^no stream zzzzzz in region us-east-1; check the name and the region$"),
        (
            "arn:aws:kinesisvideo:eu-west-1:111122223333:stream/calls-b/1",
            r"^no stream arn.* in region eu-west-1; the region",
        ),
        ("cals-*", r"^no stream begins with 'cals-' in region us-east-1; did you mean"),
        ("calls*b", "is no stream: give a name"),
        ("calls b", "is no stream: give a name"),
        ("", "is no stream: give a name"),
        ("arn:aws:s3:::calls", "is no stream: give a name"),
    ],
)
def test_a_selector_that_means_no_stream_is_one_line(many: Emulator, clock: Any, selector: str, match: str) -> None:
    with pytest.raises(UsageError, match=match) as told:
        client_for(many, clock).resolve_streams([selector])
    assert "\n" not in str(told.value)


def test_no_selector_is_an_error(many: Emulator, clock: Any) -> None:
    with pytest.raises(UsageError, match="no streams given"):
        client_for(many, clock).resolve_streams([])


def test_a_wrong_region_is_one_line(many: Emulator, clock: Any) -> None:
    with pytest.raises(UsageError, match="no stream calls-a in region eu-west-1; the region holds no stream"):
        client_for(many, clock, region="eu-west-1").resolve_streams(["calls-a"])


@pytest.mark.parametrize("selector", ["calls-a", "calls-*"])
def test_a_refusal_is_one_line(many: Emulator, clock: Any, selector: str) -> None:
    many.faults.add(Fault("*", "error", code="AccessDeniedException", message="User x is not authorized", times=None))
    try:
        with pytest.raises(UsageError, match=r"AccessDeniedException: User x is not authorized; check the credentials"):
            client_for(many, clock).resolve_streams([selector])
    finally:
        many.faults.clear()


def test_throttling_while_streams_are_found_is_waited_out(many: Emulator, clock: Any) -> None:
    many.faults.add(Fault("DescribeStream", "error", times=3))
    assert names(client_for(many, clock).resolve_streams(["calls-a"])) == ["calls-a"]
    many.faults.clear()


@pytest.mark.parametrize(("selector", "api"), [("calls-1", "DescribeStream"), ("calls-*", "ListStreams")])
def test_throttling_without_end_keeps_nobody_waiting(calls: Any, clock: Any, selector: str, api: str) -> None:
    calls.emulator.faults.add(Fault(api, "error", code="ClientLimitExceededException", times=None))
    with pytest.raises(UsageError, match=rf"^{api} of .*other callers use up the quota: run it again later$"):
        client_for(calls.emulator, clock).resolve_streams([selector])
    assert 20 <= sum(clock.slept) < 40


@pytest.mark.parametrize(
    ("api", "way_out"),
    [
        (LIST, "other callers use up the quota: run it again later"),
        ("GetDataEndpoint", "other callers use up the quota: run it again later"),
        (GMFFL, "other readers use up the quota: lower --fragments-per-second, or run it again later"),
    ],
)
def test_a_slower_pace_is_advised_where_it_helps(calls: Any, clock: Any, api: str, way_out: str) -> None:
    client = client_for(calls.emulator, clock, throttle_give_up_after_s=5.0)
    source = client.source(client.resolve_streams(["calls-1"])[0])
    calls.emulator.faults.add(Fault(api, "error", code="ClientLimitExceededException", times=None))
    with pytest.raises(KvsError, match=f"; {way_out}$"):
        list(source.read(source.list(START_MS, START_MS + HOUR_MS)))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_an_endpoint_that_nobody_answers_at_is_one_line_within_seconds(clock: Any) -> None:
    client = KvsClient(KvsConfig(endpoint_url=f"http://127.0.0.1:{free_port()}"), clock.timing)
    with pytest.raises(UsageError, match=r"DescribeStream of stream a: Could not connect .*check the region, the endp"):
        client.resolve_streams(["a"])
    assert sum(clock.slept) < 60


def test_what_is_no_endpoint_is_one_line(clock: Any) -> None:
    with pytest.raises(UsageError, match="Invalid endpoint"):
        KvsClient(KvsConfig(endpoint_url="nonsense"), clock.timing).resolve_streams(["a"])


def test_what_is_no_region_is_one_line(many: Emulator, clock: Any) -> None:
    with pytest.raises(UsageError, match="region"):
        client_for(many, clock, region="not a region!").resolve_streams(["a"])


def test_no_region_is_one_line(many: Emulator, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    [stream] = client_for(many, clock).resolve_streams(["calls-a"])
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(UsageError, match="no AWS region: set AWS_DEFAULT_REGION, or give streams by their ARNs"):
        client_for(many, clock).resolve_streams(["calls-a"])
    assert client_for(many, clock).resolve_streams([stream.arn]) == [stream]
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert client_for(many, clock).resolve_streams(["calls-a"]) == [stream]


def test_no_credentials_is_one_line(many: Emulator, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(UsageError, match="no AWS credentials found"):
        client_for(many, clock).resolve_streams(["calls-a"])


def test_a_role_is_assumed(calls: Any, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with aws_server() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        client = client_for(calls.emulator, clock, role_arn="arn:aws:iam::123456789012:role/kvs-reader")
        assert names(client.resolve_streams(["calls-1"])) == ["calls-1"]
    with pytest.raises(UsageError, match="not a role's ARN"):
        client_for(calls.emulator, clock, role_arn="kvs-reader").resolve_streams(["calls-1"])


# Where KVS is reached


def read_some(client: KvsClient) -> int:
    source = client.source(client.resolve_streams(["calls-1"])[0])
    return sum(f.document is not None for f in source.read(source.list(START_MS, START_MS + HOUR_MS)))


@pytest.mark.parametrize("variables", [["AWS_ENDPOINT_URL"], ["AWS_ENDPOINT_URL_KINESIS_VIDEO"]])
def test_variables_say_where_to_ask(
    calls: Any, clock: Any, monkeypatch: pytest.MonkeyPatch, variables: list[str]
) -> None:
    for variable in variables:
        monkeypatch.setenv(variable, calls.emulator.endpoint_url)
    assert read_some(KvsClient(KvsConfig(), clock.timing)) == 40
    assert apis(calls.emulator).count("GetDataEndpoint") == 2


def test_the_variable_for_archived_media_is_used_without_asking(
    calls: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", calls.emulator.endpoint_url)
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS_VIDEO_ARCHIVED_MEDIA", calls.emulator.endpoint_url)
    assert read_some(KvsClient(KvsConfig(), clock.timing)) == 40
    assert "GetDataEndpoint" not in apis(calls.emulator)


def test_an_explicit_endpoint_wins_over_every_variable(calls: Any, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    for name in ("", "_KINESIS_VIDEO", "_KINESIS_VIDEO_MEDIA", "_KINESIS_VIDEO_ARCHIVED_MEDIA"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL{name}", nobody)
    assert read_some(client_for(calls.emulator, clock)) == 40


def test_variables_can_be_switched_off(calls: Any, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS_VIDEO_ARCHIVED_MEDIA", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert read_some(client_for(calls.emulator, clock)) == 40


def test_endpoints_are_asked_for_once_and_again_after_a_refusal(calls: Any, clock: Any) -> None:
    client = client_for(calls.emulator, clock)
    source = client.source(client.resolve_streams(["calls-1"])[0])
    for _ in range(3):
        source.list(START_MS, START_MS + HOUR_MS)
    assert apis(calls.emulator).count("GetDataEndpoint") == 1
    calls.emulator.faults.add(Fault(LIST, "error", code="NotAuthorizedException"))
    source.list(START_MS, START_MS + HOUR_MS)
    assert apis(calls.emulator).count("GetDataEndpoint") == 2
    clock.now_s += 46 * 60
    source.list(START_MS, START_MS + HOUR_MS)
    assert apis(calls.emulator).count("GetDataEndpoint") == 3


def test_a_refusal_reads_credentials_anew(calls: Any, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    client = client_for(calls.emulator, clock)
    source = client.source(client.resolve_streams(["calls-1"])[0])
    source.list(START_MS, START_MS + HOUR_MS)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "renewed")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "renewed")
    signed_with: list[str] = []
    sign = SigV4Auth.add_auth

    def noted(auth: SigV4Auth, request: Any) -> None:
        signed_with.append(auth.credentials.access_key)
        sign(auth, request)

    monkeypatch.setattr(SigV4Auth, "add_auth", noted)
    calls.emulator.faults.add(Fault(LIST, "error", code="ExpiredTokenException"))
    source.list(START_MS, START_MS + HOUR_MS)
    assert signed_with == ["testing", "renewed", "renewed"]  # refused; GetDataEndpoint; listed


def test_a_closed_client_opens_again(calls: Any, clock: Any) -> None:
    client = client_for(calls.emulator, clock)
    assert read_some(client) == 40
    client.close()
    assert read_some(client) == 40


# Planning and reading as a job does, under AWS's own quotas


def test_a_job_is_planned_and_read_within_quotas() -> None:
    with Emulator(config=EmulatorConfig(quotas=AWS_QUOTAS)) as emulator:
        for name in ("calls-a", "calls-b", "calls-empty"):
            emulator.add_stream(name)
        for i in range(300):
            emulator.add_fragment("calls-a", b"x" * 50, server_ms=START_MS + i * 60_000, producer_ms=None)
        emulator.add_fragment("calls-b", b"x" * 90, server_ms=START_MS + 24 * HOUR_MS + 1, producer_ms=None)
        client = KvsClient(KvsConfig(endpoint_url=emulator.endpoint_url))
        now_ms = START_MS + 30 * HOUR_MS
        [job] = plan_jobs(client, ["calls-*"], START_MS, START_MS + 24 * HOUR_MS, now_ms)
        lanes = plan_lanes(client, job)
        assert [(lane.stream.name, len(lane.units)) for lane in lanes] == [("calls-a", 5), ("calls-b", 0)]
        assert [unit.count for unit in lanes[0].units] == [60] * 5
        assert summarise(lanes).fragments == 300
        source = client.source(lanes[0].stream)
        assert [len(source.list(unit.start_ms, unit.end_ms)) for unit in lanes[0].units] == [60] * 5
