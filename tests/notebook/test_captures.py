"""A capture in a notebook, and the same capture as a stream: what becomes of its fragments is told alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from callbeam import Emulator, decode_capture
from callbeam.callmaker import connect_fragments_from_pcm
from callbeam.calls import DeadLetter, LedgerRow, Piece, read_lane
from callbeam.decoding import decode_piece
from callbeam.errors import UsageError
from callbeam.kvs import DAY_MS, KvsClient, KvsConfig, plan_jobs, plan_lanes
from callbeam.mkv import (
    ERROR_CODE,
    ERROR_ID,
    FRAGMENT_NUMBER,
    PRODUCER_TIMESTAMP,
    SERVER_TIMESTAMP,
    error_document,
    insert_aws_tags,
)
from callbeam.notebook import DecodedCapture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Documents = list[bytes]

DAY = 1_772_409_600_000
"""2026-03-02T00:00:00Z."""

FIRST_NUMBER = 91_343_852_333_181_432_392_682_062_000_000_000_000_000_000_000


def whole(documents: Documents) -> Documents:
    return documents


def cut(documents: Documents) -> Documents:
    return [*documents[:5], documents[5][: len(documents[5]) * 2 // 3]]


def cut_in_its_header(documents: Documents) -> Documents:
    return [*documents[:5], documents[5][:200]]


def overwritten(documents: Documents) -> Documents:
    hurt = documents[3]
    middle = len(hurt) // 2
    return [*documents[:3], hurt[:middle] + b"\xff" * 700 + hurt[middle + 700 :], *documents[4:]]


def with_an_error_in_band(documents: Documents) -> Documents:
    tags = [(ERROR_CODE, "FRAGMENT_NOT_FOUND"), (ERROR_ID, "3000"), (FRAGMENT_NUMBER, str(FIRST_NUMBER + 4))]
    return [*documents[:4], error_document(tags), *documents[5:]]


@pytest.fixture(scope="module")
def documents() -> Documents:
    """Write a call of nine fragments, as GetMedia sends them."""
    sound = np.random.default_rng(1).integers(-3000, 3000, (2, 9 * 8192), dtype=np.int16)
    made = connect_fragments_from_pcm(*sound, contact_id="c-1", start_ms=DAY + 36_000_000)
    return [
        insert_aws_tags(
            one.data,
            [
                (FRAGMENT_NUMBER, str(FIRST_NUMBER + index)),
                (SERVER_TIMESTAMP, f"{one.server_ms / 1000:.3f}"),
                (PRODUCER_TIMESTAMP, f"{one.producer_ms / 1000:.3f}"),
            ],
            [],
        )
        for index, one in enumerate(made)
    ]


def from_a_stream(path: Path) -> DecodedCapture:
    """Read a capture as a backfill reads a stream: from a service that holds it."""
    with Emulator() as emulator:
        emulator.load("calls", path)
        client = KvsClient(KvsConfig(endpoint_url=emulator.endpoint_url, region="us-east-1", fragments_per_second=0))
        [job] = plan_jobs(client, ["calls"], DAY, DAY + DAY_MS, now_ms=DAY + 2 * DAY_MS)
        [lane] = plan_lanes(client, job)
        events = list(read_lane(lane, job, client.source(lane.stream)))
    pieces = tuple(decode_piece(event) for event in events if isinstance(event, Piece))
    ledger = [event for event in events if isinstance(event, LedgerRow)]
    letters = [event for event in events if isinstance(event, DeadLetter)]
    ledger += [row for piece in pieces for row in piece.ledger]
    letters += [letter for piece in pieces for letter in piece.dead_letters]
    return DecodedCapture(pieces, tuple(sorted(ledger, key=lambda row: row.number)), tuple(letters))


@pytest.mark.usefixtures("aws_credentials")
@pytest.mark.parametrize(
    ("damage", "statuses"),
    [
        (whole, ["decoded"] * 9),
        (cut, ["decoded"] * 5 + ["damaged"]),
        (cut_in_its_header, ["decoded"] * 5 + ["damaged"]),
        (overwritten, ["decoded"] * 3 + ["damaged"] + ["decoded"] * 5),
        (with_an_error_in_band, ["decoded"] * 4 + ["not_found"] + ["decoded"] * 4),
    ],
)
def test_a_file_comes_to_what_a_stream_of_it_does(
    documents: Documents, damage: Callable[[Documents], Documents], statuses: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "capture.mkv"
    path.write_bytes(b"".join(damage(documents)))
    file, stream = decode_capture(path), from_a_stream(path)
    assert [row.status for row in file.ledger] == statuses
    assert [(row.status, row.reason) for row in file.ledger] == [(row.status, row.reason) for row in stream.ledger]
    assert [(one.reason, one.detail) for one in file.dead_letters] == [
        (one.reason, one.detail) for one in stream.dead_letters
    ]
    heard, expected = (
        [(channel.participant_role, channel.samples.tobytes()) for piece in one.pieces for channel in piece.channels]
        for one in (file, stream)
    )
    assert len(heard) == 2
    assert heard == expected


def test_no_capture_at_all_is_told() -> None:
    with pytest.raises(UsageError, match="no capture is named"):
        decode_capture()
