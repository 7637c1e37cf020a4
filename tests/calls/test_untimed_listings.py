"""Fragments without a server time in the listing: their own tags tell it."""

from __future__ import annotations

from dataclasses import replace

from builders.lane_readings import JOB, Reading
from builders.made_streams import MINUTE_MS, MemorySource, run_of

from callbeam.kvs import HOUR_MS
from callbeam.mkv import CONNECT, BlockSpec, TrackSpec, insert_aws_tags, read_documents, write_fragment

START, END = JOB.start_ms, JOB.end_ms


class TimeInTags(MemorySource):
    """Lists no times; says them in the fragments' own tags, but for some."""

    silent: frozenset[int] = frozenset()
    producer_only: frozenset[int] = frozenset()

    def read(self, listed):
        for one, fetched in zip(listed, super().read(listed), strict=True):
            assert one.server_ms is None
            sent = self._by_number[one.number]
            if fetched.document is None:
                yield fetched
                continue
            seconds = f"{sent.at_ms / 1000:.3f}"
            tags = [("AWS_KINESISVIDEO_PRODUCER_TIMESTAMP", seconds), ("AWS_KINESISVIDEO_SERVER_TIMESTAMP", seconds)]
            kept = [] if one.number in self.silent else tags[:1] if one.number in self.producer_only else tags
            body = write_fragment(
                dialect=CONNECT,
                tracks=[TrackSpec(1, "AUDIO_FROM_CUSTOMER", "A_AAC", b"\x11\x90")],
                blocks=[BlockSpec(1, 0, bytes(160))],
                timecode_ms=sent.at_ms,
                tags_after=[("ContactId", sent.call)] if sent.call else [],
            )
            (document,) = read_documents(insert_aws_tags(body, kept, []))
            yield replace(fetched, document=document)


def test_times_from_tags_where_the_listing_has_none():
    sent = run_of("x", START - 10 * MINUTE_MS, 60, first_number=1, step_ms=20_000, listed_at=False)
    sent += run_of("a", START + 11 * MINUTE_MS, 60, first_number=100, step_ms=MINUTE_MS, listed_at=False)
    sent += run_of("b", END - MINUTE_MS, 30, first_number=200, step_ms=20_000, listed_at=False)
    sent += run_of("c", END + 20 * MINUTE_MS, 30, first_number=300, step_ms=20_000, listed_at=False)
    reading = Reading(sent, source=TimeInTags(sent))
    assert reading.legs() == [("a", 100, 60), ("b", 200, 30)]
    assert [end.leg.start_server_ms for end in reading.ends] == [START + 11 * MINUTE_MS, END - MINUTE_MS]
    assert reading.statuses(START) == dict.fromkeys(range(31, 61), "other_unit")
    assert reading.statuses(START + HOUR_MS) == dict.fromkeys(range(149, 160), "other_unit")
    piece = reading.pieces[0]
    assert [f.listed.server_ms for f in piece.fragments] == [one.at_ms for one in sent if one.call == "a"][
        : len(piece.fragments)
    ]


def test_a_fragment_without_any_time_is_given_up():
    sent = run_of("a", START + MINUTE_MS, 20, first_number=1, listed_at=False)
    source = TimeInTags(sent)
    source.silent = frozenset({5})
    source.producer_only = frozenset({9})
    reading = Reading(sent, source=source)
    assert reading.legs() == [("a", 1, 19)]
    (row,) = reading.rows
    assert (row.number, row.status, row.server_ms, row.call_id) == (5, "no_timestamp", None, "a")
    (letter,) = reading.letters
    assert letter.reason == "no_timestamp"
    assert letter.sample[:4] == b"\x1a\x45\xdf\xa3"
