"""Results of pieces and legs in a folder and on S3: the first is believed, what is not all there is made anew."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from builders.jobs import make_leg
from builders.stores import make_seconds

from callbeam.assembly import ChannelFile, Keyed, PieceParts, call_parts
from callbeam.calls import KeptLeg
from callbeam.calls.ownership import LegState
from callbeam.kvs import Job, Lane, Sought
from callbeam.results import LaneMemory, PieceKeeper
from callbeam.results.result_store import ResultStore
from callbeam.schemas import TABLES
from callbeam.storage import ObjectStore
from callbeam.tables import StagedFile, results_prefix, stage_piece

LEG = make_leg(first_number=700)
LANE = Lane(LEG.stream, (), 0)


def piece_of(digest: str, *values: object) -> PieceParts:
    return PieceParts(digest, LANE.stream.arn, tuple(Keyed("c-1", call_parts.FILES, value) for value in values), 10)


def leg_of(first_number: int, *digests: str) -> KeptLeg:
    leg = replace(LEG, first_number=first_number)
    return KeptLeg(leg, leg.identity, LegState(leg.identity, 5, None), 3, "ab", None, digests)


@pytest.fixture
def results(store: ObjectStore, job: Job) -> ResultStore:
    return ResultStore(store, job.job_id, "key")


def staged(store: ObjectStore, job: Job) -> StagedFile:
    return stage_piece(store, job, "frames", "channel-00000", TABLES["frames"].schema.empty_table())


def test_the_first_result_of_a_piece_is_believed(results: ResultStore) -> None:
    assert results.put_piece(piece_of("d", 1)) == piece_of("d", 1)
    assert results.put_piece(piece_of("d", 2)) == piece_of("d", 1)
    assert results.get_piece(LANE.stream.arn, "d") == piece_of("d", 1)
    assert results.get_piece(LANE.stream.arn, "e") is None


def test_of_attempts_that_race_all_emit_the_same(results: ResultStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        for digest in "abcd":
            given = list(pool.map(lambda value, name=digest: results.put_piece(piece_of(name, value)), range(8)))
            assert len(set(given)) == 1


def test_two_attempts_side_by_side_emit_one_anothers_pieces(results: ResultStore) -> None:
    keepers = PieceKeeper(results), PieceKeeper(results)
    emitted: list[list[PieceParts]] = [[], []]
    for digest in range(40):
        for attempt, keeper in enumerate(keepers):
            emitted[attempt] += keeper.keep(piece_of(f"{digest}", attempt))
    for attempt, keeper in enumerate(keepers):
        emitted[attempt] += keeper.finish()
    assert emitted[0] == emitted[1]
    assert [piece.digest for piece in emitted[0]] == [str(digest) for digest in range(40)]


def test_a_damaged_result_is_replaced(results: ResultStore, store: ObjectStore, job: Job) -> None:
    results.put_piece(piece_of("d", 1))
    (info,) = store.list(results_prefix(job.job_id))
    store.put(info.key, b"torn")
    assert results.put_piece(piece_of("d", 2)) == piece_of("d", 2)
    assert results.get_piece(LANE.stream.arn, "d") == piece_of("d", 2)
    store.put(info.key, b"torn")
    assert results.get_piece(LANE.stream.arn, "d") is None


def test_a_result_whose_file_is_gone_counts_as_gone(store: ObjectStore, job: Job) -> None:
    file = staged(store, job)
    piece = piece_of("d", ChannelFile("channel", file))
    ResultStore(store, job.job_id, "key").put_piece(piece)
    assert ResultStore(store, job.job_id, "key").get_piece(LANE.stream.arn, "d") == piece
    store.delete([file.key])
    later = ResultStore(store, job.job_id, "key")
    assert later.get_piece(LANE.stream.arn, "d") is None
    again = piece_of("d", 2)
    assert later.put_piece(again) == again


def test_a_file_staged_after_they_were_listed_is_seen(store: ObjectStore, job: Job) -> None:
    results = ResultStore(store, job.job_id, "key")
    first = piece_of("d", ChannelFile("channel", staged(store, job)))
    results.put_piece(first)
    assert results.get_piece(LANE.stream.arn, "d") == first
    other = stage_piece(store, job, "seconds", "channel-00001", make_seconds(3))
    results.put_piece(piece_of("e", ChannelFile("channel", other)))
    assert results.get_piece(LANE.stream.arn, "e") is not None


def test_results_under_another_key_are_not_looked_at(store: ObjectStore, job: Job) -> None:
    ResultStore(store, job.job_id, "key").put_piece(piece_of("d", 1))
    ResultStore(store, job.job_id, "key").put_leg(LANE, leg_of(700, "d"))
    other = ResultStore(store, job.job_id, "other")
    assert other.get_piece(LANE.stream.arn, "d") is None
    assert other.legs_of(LANE) == []


def test_legs_of_other_lanes_and_under_other_records_are_not_looked_at(results: ResultStore) -> None:
    results.put_leg(LANE, leg_of(700))
    assert results.legs_of(LANE) == [700]
    assert results.legs_of(replace(LANE, stream=replace(LANE.stream, arn="arn:other"))) == []
    sought = Sought(LANE.stream.arn, "c-1", "connect", 0, 60)
    assert results.legs_of(replace(LANE, sought=(sought,))) == []
    assert results.get_leg(replace(LANE, sought=(sought,)), 700) is None


def test_a_lane_is_remembered(results: ResultStore) -> None:
    memory = LaneMemory(results, LANE)
    for number in range(100, 200):
        assert not memory.begins(number)
        results.put_piece(piece_of(f"d{number}", number))
        memory.keep(leg_of(number, f"d{number}"))
    memory.keep(leg_of(300, "d100", "gone"))
    memory.finish()
    memory = LaneMemory(results, LANE)
    assert memory.recall(300) is None
    assert memory.recalled == []
    for number in (*range(100, 120), 150, 199, 120):
        assert memory.begins(number)
        assert memory.recall(number) == leg_of(number, f"d{number}")
        assert memory.recalled == [piece_of(f"d{number}", number)]
    memory.finish()
