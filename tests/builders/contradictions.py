"""Queries for what must not be in a backfill's tables: one that contradicts another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from callbeam.schemas import TABLES

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = ("audio", "logmel_db", "mfcc", "peaks")

CHECKS = {
    "utterances of a channel are disjoint": (
        """
        SELECT * FROM utterances AS one JOIN utterances AS next USING (channel_id)
        WHERE one.begin_offset_ms < next.begin_offset_ms AND one.end_offset_ms > next.begin_offset_ms
        """,
        "UPDATE utterances SET end_offset_ms = end_offset_ms + 60000",
    ),
    "an utterance is speech and pauses": (
        """
        SELECT * FROM utterances
        WHERE speech_ms + pause_ms <> duration_ms OR (pause_count = 0) <> (pause_ms = 0)
        """,
        "UPDATE utterances SET pause_ms = pause_ms + 10",
    ),
    "speech is the same in utterances, seconds and channels": (
        """
        SELECT * FROM channels
        LEFT JOIN (SELECT channel_id, sum(speech_ms) AS ms FROM utterances GROUP BY ALL) AS said USING (channel_id)
        LEFT JOIN (SELECT channel_id, sum(speech_ms) AS ms FROM seconds GROUP BY ALL) AS heard USING (channel_id)
        WHERE coalesce(said.ms, 0) <> coalesce(heard.ms, 0) OR coalesce(heard.ms, 0) <> channels.speech_ms
        """,
        "UPDATE seconds SET speech_ms = speech_ms - 10 WHERE speech_ms > 990",
    ),
    "a second holds no more than a second, and no more speech than audio": (
        "SELECT * FROM seconds WHERE covered_ms NOT BETWEEN 0 AND 1000 OR speech_ms NOT BETWEEN 0 AND covered_ms",
        "UPDATE seconds SET speech_ms = covered_ms + 1",
    ),
    "samples and gaps fill a channel": (
        """
        SELECT * FROM channels
        WHERE abs(end_offset_ms - begin_offset_ms - gap_ms - samples * 1000 / sample_rate_hz) > 2
        """,
        "UPDATE channels SET gap_ms = gap_ms + 3",
    ),
    "gaps are events": (
        """
        SELECT channels.channel_id FROM channels
        LEFT JOIN events ON events.channel_id = channels.channel_id AND event_type = 'gap'
        GROUP BY channels.channel_id, gap_count, gap_ms
        HAVING count(event_id) <> gap_count OR abs(coalesce(sum(duration_ms), 0) - gap_ms) > gap_count
        """,
        "DELETE FROM events WHERE event_type = 'gap'",
    ),
    "a call has its channels and ends with the last": (
        """
        SELECT call_id FROM calls JOIN channels USING (call_id) GROUP BY call_id, duration_ms, channel_count
        HAVING max(end_offset_ms) <> duration_ms OR count(*) <> channel_count
        """,
        "UPDATE calls SET duration_ms = duration_ms + 1",
    ),
    "phases part a call": (
        """
        SELECT call_id FROM calls LEFT JOIN phases USING (call_id) GROUP BY call_id, calls.duration_ms
        HAVING min(begin_offset_ms) IS DISTINCT FROM 0 OR max(end_offset_ms) <> calls.duration_ms
            OR sum(phases.duration_ms) <> calls.duration_ms
        """,
        "DELETE FROM phases WHERE phase <> 'unknown'",
    ),
    "hold is that of the phases": (
        """
        SELECT call_id FROM calls LEFT JOIN phases USING (call_id) GROUP BY call_id, hold_ms
        HAVING coalesce(sum(phases.duration_ms) FILTER (phase = 'hold'), 0) <> hold_ms
        """,
        "UPDATE phases SET phase = 'unknown'",
    ),
    "a role talks as long as its utterances": (
        """
        SELECT call_id FROM calls LEFT JOIN utterances USING (call_id)
        GROUP BY call_id, talk_time_agent_ms, talk_time_customer_ms
        HAVING coalesce(sum(utterances.duration_ms) FILTER (participant_role = 'AGENT'), 0) <> talk_time_agent_ms
            OR coalesce(sum(utterances.duration_ms) FILTER (participant_role = 'CUSTOMER'), 0) <> talk_time_customer_ms
        """,
        "DELETE FROM utterances WHERE turn_index = 3",
    ),
    "turns are counted": (
        """
        SELECT call_id FROM calls JOIN utterances USING (call_id) GROUP BY call_id, turn_count
        HAVING (max(turn_index) + 1, count(DISTINCT turn_index), count(*)) <> (turn_count, turn_count, turn_count)
        """,
        "UPDATE utterances SET turn_index = 3 WHERE turn_index = 4",
    ),
    "turns follow each other": (
        """
        SELECT * FROM utterances AS one JOIN utterances AS next USING (call_id)
        WHERE next.turn_index = one.turn_index + 1
            AND (next.begin_offset_ms < one.begin_offset_ms OR next.quarter < one.quarter
                OR next.previous_utterance_id <> one.utterance_id)
        """,
        "UPDATE utterances SET turn_index = 3 - turn_index WHERE turn_index < 4",
    ),
    "median latencies are those of the turns": (
        """
        SELECT calls.call_id FROM calls
        LEFT JOIN utterances ON utterances.call_id = calls.call_id AND participant_role = 'CUSTOMER'
        GROUP BY calls.call_id, response_latency_customer_p50_ms
        HAVING quantile_cont(response_latency_ms, 0.5) IS DISTINCT FROM response_latency_customer_p50_ms
        """,
        "UPDATE utterances SET response_latency_ms = response_latency_ms + 1",
    ),
    "non-talk is that of the events": (
        """
        SELECT calls.call_id FROM calls
        LEFT JOIN events ON events.call_id = calls.call_id AND event_type = 'non_talk'
        GROUP BY calls.call_id, non_talk_time_total_ms, non_talk_count, longest_non_talk_ms, dead_air_ms, hold_ms
        HAVING (coalesce(sum(events.duration_ms), 0), count(event_id), coalesce(max(events.duration_ms), 0))
                <> (non_talk_time_total_ms, non_talk_count, longest_non_talk_ms)
            OR dead_air_ms NOT BETWEEN non_talk_time_total_ms - hold_ms AND non_talk_time_total_ms
        """,
        "DELETE FROM events WHERE event_type = 'non_talk'",
    ),
    "nobody talks in non-talk": (
        """
        SELECT * FROM events JOIN utterances AS said USING (call_id) WHERE event_type = 'non_talk'
            AND said.begin_offset_ms < events.end_offset_ms AND said.end_offset_ms > events.begin_offset_ms
        """,
        "UPDATE events SET end_offset_ms = end_offset_ms + 2000",
    ),
    "interruptions are those of the events": (
        """
        SELECT calls.call_id FROM calls
        LEFT JOIN events ON events.call_id = calls.call_id AND event_type = 'interruption'
        GROUP BY calls.call_id, interruptions_total_count, interruptions_agent_count, interruptions_time_total_ms
        HAVING (count(event_id), count(event_id) FILTER (by_role = 'AGENT'), coalesce(sum(events.overlap_ms), 0))
            <> (interruptions_total_count, coalesce(interruptions_agent_count, 0), interruptions_time_total_ms)
        """,
        "UPDATE events SET by_role = 'CUSTOMER' WHERE event_type = 'interruption'",
    ),
    "all speech is that of each less what overlaps, and silence is not spoken": (
        """
        SELECT * FROM calls WHERE speech_union_ms <> talk_time_total_ms - overlap_ms
            OR speech_union_ms + non_talk_time_total_ms + masked_ms > duration_ms
        """,
        "UPDATE calls SET overlap_ms = overlap_ms + 1",
    ),
    "an overlap's measures fit where it lies": (
        """
        SELECT * FROM events
        LEFT JOIN utterances AS own USING (utterance_id)
        LEFT JOIN utterances AS other ON other.utterance_id = other_utterance_id
        WHERE event_type IN ('overlap', 'terminal_overlap', 'interruption', 'backchannel') AND (
            own.begin_offset_ms IS DISTINCT FROM events.begin_offset_ms
            OR own.channel_id IS DISTINCT FROM events.channel_id
            OR coalesce(other.begin_offset_ms > events.begin_offset_ms, true)
            OR other.channel_id = own.channel_id
            OR events.overlap_ms IS DISTINCT FROM events.end_offset_ms - events.begin_offset_ms
            OR stopped_after_ms <> events.overlap_ms
            OR (stopped_after_ms IS NULL) <> (went_on_ms IS NULL)
            OR (stopped_after_ms IS NOT NULL AND other_went_on_ms IS NOT NULL))
        """,
        "UPDATE events SET begin_offset_ms = begin_offset_ms - 10 WHERE event_type = 'terminal_overlap'",
    ),
    "a unit holds utterances of its channel": (
        """
        SELECT * FROM (SELECT channel_id, unnest(utterance_ids) AS utterance_id FROM sentiment_inputs) AS held
        LEFT JOIN utterances USING (utterance_id) WHERE utterances.channel_id IS DISTINCT FROM held.channel_id
        """,
        "DELETE FROM utterances WHERE turn_index = 3",
    ),
    "a clip is that of a unit": (
        "SELECT * FROM clips ANTI JOIN sentiment_inputs USING (call_id, channel_id, unit_id)",
        "UPDATE clips SET unit_id = unit_id || '-'",
    ),
    "fragments are counted": (
        """
        SELECT calls.call_id FROM calls
        LEFT JOIN fragments ON fragments.call_id = calls.call_id AND fragments.status <> 'other_unit'
        GROUP BY calls.call_id, fragment_count HAVING count(fragment_number) <> fragment_count
        """,
        "DELETE FROM fragments WHERE fragment_number LIKE '%7'",
    ),
}
"""What must not be, as a query that finds it, and a change after which it is found."""


def load_tables(output: Path) -> duckdb.DuckDBPyConnection:
    """Load an output's tables, all but their heavy columns."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for name, table in TABLES.items():
        if (output / name).is_dir():
            columns = ", ".join(column for column in table.schema.names if column not in HEAVY)
            files = output / name / "**" / "*.parquet"
            connection.execute(f"CREATE TABLE {name} AS SELECT {columns} FROM read_parquet('{files}')")
    return connection
