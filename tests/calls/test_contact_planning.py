"""Jobs planned from contacts: none is looked for in the wrong place, and no failure is taken for an absence."""

from __future__ import annotations

import pytest

from callbeam.calls import ContactPlan, place_contacts, plan_contacts
from callbeam.emulator import Emulator, Fault
from callbeam.errors import UsageError
from callbeam.kvs import KvsClient, KvsConfig
from callbeam.records import Contact, StreamingSession

DAY_MS = 86_400_000
MIDNIGHT_MS = 1_772_496_000_000  # 2026-03-03T00:00:00Z
NOW_MS = MIDNIGHT_MS + 30 * DAY_MS


def contact(name: str, arn: str, start_ms: int) -> Contact:
    return Contact(call_id=name, system="connect", sessions=(StreamingSession(stream_arn=arn, start_ms=start_ms),))


@pytest.fixture
def kvs(aws_credentials: None) -> Emulator:
    with Emulator() as emulator:
        yield emulator


def client_of(kvs: Emulator) -> KvsClient:
    return KvsClient(KvsConfig(region="us-east-1", endpoint_url=kvs.endpoint_url))


def plan_of(kvs: Emulator, contacts: list[Contact], source: str, now_ms: int) -> ContactPlan:
    return plan_contacts(place_contacts(client_of(kvs), contacts), source, now_ms)


@pytest.mark.parametrize(
    ("start_ms", "days"),
    [
        (MIDNIGHT_MS - 1_000, [MIDNIGHT_MS - DAY_MS, MIDNIGHT_MS]),
        (MIDNIGHT_MS + 1_000, [MIDNIGHT_MS - DAY_MS, MIDNIGHT_MS]),
        (MIDNIGHT_MS + 3_600_000, [MIDNIGHT_MS]),
    ],
)
def test_a_contact_near_midnight_is_looked_for_on_both_days(kvs: Emulator, start_ms: int, days: list[int]) -> None:
    """Which day it is of, the server's time of its first fragment decides, which records do not tell."""
    plan = plan_of(kvs, [contact("c-1", kvs.add_stream("s-1"), start_ms)], "records", NOW_MS)
    assert [planned.job.start_ms for planned in plan.jobs] == days
    assert all([one.call_id for one in planned.contacts] == ["c-1"] for planned in plan.jobs)


def test_a_day_that_has_not_begun_is_left_to_a_later_run(kvs: Emulator) -> None:
    arn = kvs.add_stream("s-1")
    plan = plan_of(kvs, [contact("c-1", arn, MIDNIGHT_MS - 130_000)], "r", MIDNIGHT_MS - 5_000)
    assert [planned.job.start_ms for planned in plan.jobs] == [MIDNIGHT_MS - DAY_MS]
    assert plan.jobs[0].job.end_ms == MIDNIGHT_MS - 125_000


def test_a_stream_that_is_gone_costs_its_contacts_alone(kvs: Emulator) -> None:
    arn = kvs.add_stream("s-1")
    gone = arn.replace("s-1", "s-2")
    some = [contact("c-1", arn, MIDNIGHT_MS + 3_600_000), contact("c-2", gone, MIDNIGHT_MS + 3_600_000)]
    (planned,) = plan_of(kvs, some, "records", NOW_MS).jobs
    assert [stream.arn for stream in planned.job.streams] == [arn]
    assert [one.call_id for one in planned.contacts] == ["c-1", "c-2"]


def test_a_refusal_is_not_taken_for_a_stream_that_is_gone(kvs: Emulator) -> None:
    arn = kvs.add_stream("s-1")
    kvs.faults.add(Fault(api="DescribeStream", action="error", code="NotAuthorizedException", times=None))
    with pytest.raises(UsageError, match="NotAuthorized"):
        plan_of(kvs, [contact("c-1", arn, MIDNIGHT_MS + 3_600_000)], "records", NOW_MS)


def test_records_that_name_nothing_readable_are_refused(kvs: Emulator) -> None:
    arn = kvs.add_stream("s-1")
    with pytest.raises(UsageError, match="names no contact that can be read: no record tells when it began"):
        plan_of(kvs, [Contact(call_id="c", system="connect")], "records", NOW_MS)
    with pytest.raises(UsageError, match="names no contact"):
        plan_of(kvs, [contact("c-1", arn.replace("s-1", "s-2"), MIDNIGHT_MS)], "records", NOW_MS)
