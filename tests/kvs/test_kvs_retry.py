"""Which failure is waited out and which ends the effort; the clock is the test's own."""

from __future__ import annotations

import itertools
import pickle
from typing import Any

import pytest
from botocore import exceptions as sdk

from callbeam.kvs import KvsConfig
from callbeam.kvs.endpoints import DataEndpoints
from callbeam.kvs.pace import Pace
from callbeam.kvs.retry import Patience
from callbeam.kvs.service_errors import KvsError, Trouble, error_code, trouble_of
from callbeam.kvs.timing import Timing


def client_error(code: str, status: int = 400, message: str = "said so", **headers: str) -> sdk.ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers},
    }
    return sdk.ClientError(answer, "ListFragments")


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (client_error("ClientLimitExceededException"), Trouble.THROTTLED),
        (client_error("ConnectionLimitExceededException"), Trouble.THROTTLED),
        (client_error("FragmentLimitExceeded"), Trouble.TOO_MANY_FRAGMENTS),
        (client_error("400", 400, **{"x-amz-errortype": "ClientLimitExceededException:http://x"}), Trouble.THROTTLED),
        (client_error("", 429), Trouble.THROTTLED),
        (client_error("InternalFailure", 500), Trouble.UNAVAILABLE),
        (client_error("SomethingNew", 502), Trouble.UNAVAILABLE),
        (client_error("InvalidEndpointException"), Trouble.WRONG_ENDPOINT),
        (client_error("404", 404), Trouble.WRONG_ENDPOINT),
        (client_error("NotAuthorizedException", 401), Trouble.DENIED),
        (client_error("ResourceNotFoundException", 404), Trouble.MISSING),
        (client_error("InvalidArgumentException"), Trouble.INVALID),
        (client_error("SomethingNew", 400), Trouble.OTHER),
        (sdk.ReadTimeoutError(endpoint_url="http://x"), Trouble.UNAVAILABLE),
        (sdk.EndpointConnectionError(endpoint_url="http://x"), Trouble.UNREACHABLE),
        (sdk.NoCredentialsError(), Trouble.NO_CREDENTIALS),
        (ConnectionResetError("reset"), Trouble.UNREACHABLE),
        (sdk.ParamValidationError(report="bad"), Trouble.OTHER),
    ],
)
def test_codes_are_told_by_their_text(error: Exception, trouble: Trouble) -> None:
    assert trouble_of(error) is trouble


def test_the_code_of_the_older_header_is_read() -> None:
    assert error_code(client_error("400", **{"x-amz-errortype": "NotAuthorizedException"})) == "NotAuthorizedException"
    assert error_code(client_error("400")) == "400"


def gives_up(patience: Patience, trouble: Trouble) -> bool:
    try:
        patience.bear(trouble, client_error("Whatever"))
    except KvsError:
        return True
    return False


def bear_until_it_ends(patience: Patience, trouble: Trouble) -> int:
    return next(attempt for attempt in range(1, 10_000) if gives_up(patience, trouble))


@pytest.mark.parametrize(("trouble", "limit_s"), [(Trouble.THROTTLED, 3600), (Trouble.UNAVAILABLE, 900)])
def test_what_passes_is_waited_out_for_its_time(clock: Any, trouble: Trouble, limit_s: float) -> None:
    bear_until_it_ends(Patience("x", KvsConfig(), clock.timing), trouble)
    assert limit_s <= sum(clock.slept) < limit_s + 20


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("failure", [Trouble.UNAVAILABLE, Trouble.UNREACHABLE])
def test_throttling_takes_nothing_from_the_time_for_failures(clock: Any, failure: Trouble, before: int) -> None:
    patience = Patience("x", KvsConfig(), clock.timing)
    for _ in range(before):
        patience.bear(failure, client_error("x"))
    while sum(clock.slept) < 1200:
        patience.bear(Trouble.THROTTLED, client_error("x"))
    throttled_s = sum(clock.slept)
    bear_until_it_ends(patience, failure)
    assert 900 <= sum(clock.slept) - throttled_s + before * clock.slept[0] < 920


@pytest.mark.parametrize("throttled_in_a_row", [1, 3, 10])
def test_throttling_and_failures_in_turn_end(clock: Any, throttled_in_a_row: int) -> None:
    patience = Patience("x", KvsConfig(), clock.timing)
    turns = itertools.cycle([*[Trouble.THROTTLED] * throttled_in_a_row, Trouble.UNAVAILABLE])
    assert any(gives_up(patience, trouble) for trouble in itertools.islice(turns, 10_000))
    assert 900 <= sum(clock.slept) < 3600 + 900 + 2 * 20


@pytest.mark.parametrize(
    ("trouble", "attempts"), [(Trouble.DENIED, 2), (Trouble.MISSING, 1), (Trouble.INVALID, 1), (Trouble.OTHER, 1)]
)
def test_what_does_not_pass_ends_at_once(clock: Any, trouble: Trouble, attempts: int) -> None:
    assert bear_until_it_ends(Patience("x", KvsConfig(), clock.timing), trouble) == attempts


def test_waits_double_up_to_a_bound_and_are_jittered(clock: Any) -> None:
    patience = Patience("x", KvsConfig(), clock.timing)
    for _ in range(8):
        patience.bear(Trouble.THROTTLED, client_error("x"))
    assert clock.slept == [0.5, 1, 2, 4, 8, 16, 20, 20]
    clock.chance = 0.25
    patience.bear(Trouble.THROTTLED, client_error("x"))
    assert clock.slept[-1] == 5


def test_an_answer_restores_patience(clock: Any) -> None:
    patience = Patience("x", KvsConfig(), clock.timing)
    patience.bear(Trouble.DENIED, client_error("x"))
    patience.refresh()
    patience.bear(Trouble.DENIED, client_error("x"))
    with pytest.raises(KvsError):
        patience.bear(Trouble.DENIED, client_error("x"))


def test_the_last_error_is_told_in_one_line_with_a_way_out(clock: Any) -> None:
    patience = Patience("ListFragments of stream calls-1", KvsConfig(), clock.timing)
    with pytest.raises(
        KvsError, match=r"^ListFragments of stream calls-1: ResourceNotFoundException: a b; check"
    ) as told:
        patience.bear(Trouble.MISSING, client_error("ResourceNotFoundException", 404, "a\nb"))
    assert told.value.missing


def test_pace_pays_off_what_was_asked_before(clock: Any) -> None:
    pace = Pace(400, clock.timing)
    began = clock.now_s
    for _ in range(9):
        pace.take(100)
    assert clock.now_s - began == pytest.approx(2.0)  # the ninth hundred starts when eight hundred are paid
    clock.now_s += 100
    pace.take(100)
    assert clock.now_s - began == pytest.approx(102.0)


def test_no_pace_never_sleeps(clock: Any) -> None:
    pace = Pace(0, clock.timing)
    for _ in range(100):
        pace.take(1000)
    assert clock.slept == []


def test_endpoints_are_kept_45_minutes_by_stream_and_api(clock: Any) -> None:
    asked: list[tuple[str, str]] = []

    def ask(stream: str, api: str) -> str:
        asked.append((stream, api))
        return f"https://{stream}.{api}.{len(asked)}"

    endpoints = DataEndpoints(ask, clock.timing)
    assert endpoints.get("a", "LIST") == endpoints.get("a", "LIST") == "https://a.LIST.1"
    assert endpoints.get("a", "GET") == "https://a.GET.2"
    assert endpoints.get("b", "LIST") == "https://b.LIST.3"
    clock.now_s += 45 * 60 - 1
    assert endpoints.get("a", "LIST") == "https://a.LIST.1"
    clock.now_s += 2
    assert endpoints.get("a", "LIST") == "https://a.LIST.4"
    endpoints.forget("a", "LIST")
    assert endpoints.get("a", "LIST") == "https://a.LIST.5"


def test_the_configuration_travels_and_holds_no_credentials() -> None:
    config = KvsConfig(region="eu-west-1", role_arn="arn:aws:iam::1:role/x")
    assert pickle.loads(pickle.dumps(config)) == config
    assert not [name for name in config.__slots__ if "key" in name or "secret" in name or "token" in name]


def test_system_clocks_run() -> None:
    timing = Timing()
    before_s, before_ms = timing.monotonic(), timing.wall_ms()
    timing.sleep(0.01)
    assert timing.monotonic() - before_s >= 0.01
    assert timing.wall_ms() - before_ms >= 9
    assert 0 <= timing.back_off(3) < 4
