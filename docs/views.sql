-- Views for DuckDB, written by `python -m callbeam.catalog.views docs`. They join what other systems say of calls,
-- which `callbeam enrich` writes, to the tables of calls.
SET TimeZone = 'UTC';
CREATE OR REPLACE VIEW calls AS
SELECT *, strptime(left(job_id, 8), '%Y%m%d')::DATE AS dt
FROM read_parquet('out/calls/**/*.parquet', union_by_name = true, hive_partitioning = false);
CREATE OR REPLACE VIEW utterances AS
SELECT *, strptime(left(job_id, 8), '%Y%m%d')::DATE AS dt
FROM read_parquet('out/utterances/**/*.parquet', union_by_name = true, hive_partitioning = false);
CREATE OR REPLACE VIEW sentiment_inputs AS
SELECT *, strptime(left(job_id, 8), '%Y%m%d')::DATE AS dt
FROM read_parquet('out/sentiment_inputs/**/*.parquet', union_by_name = true, hive_partitioning = false);
CREATE OR REPLACE VIEW segments AS
SELECT *, strptime(left(job_id, 8), '%Y%m%d')::DATE AS dt
FROM read_parquet('out/segments/**/*.parquet', union_by_name = true, hive_partitioning = false);
CREATE OR REPLACE VIEW utterance_texts AS
SELECT *, strptime(left(job_id, 8), '%Y%m%d')::DATE AS dt
FROM read_parquet('out/utterance_texts/**/*.parquet', union_by_name = true, hive_partitioning = false);
CREATE OR REPLACE VIEW labels AS
SELECT *, strptime(left(job_id, 8), '%Y%m%d')::DATE AS dt
FROM read_parquet('out/labels/**/*.parquet', union_by_name = true, hive_partitioning = false);
CREATE OR REPLACE VIEW messages AS
SELECT *, strptime(left(job_id, 8), '%Y%m%d')::DATE AS dt
FROM read_parquet('out/messages/**/*.parquet', union_by_name = true, hive_partitioning = false);

CREATE OR REPLACE VIEW utterances_said AS
-- Utterances, each with the best text that any source has for it: of words before segments, and one source of equals.
SELECT u.*, t.source AS text_source, t.text, t.text_status, t.word_count, t.words_per_minute
FROM utterances u
LEFT JOIN (
  SELECT *, row_number() OVER (
    PARTITION BY call_id, utterance_id
    ORDER BY CASE WHEN text IS NULL THEN 2 WHEN text_status = 'words' THEN 0 ELSE 1 END, source, job_id
  ) AS choice
  FROM utterance_texts
) t ON t.call_id = u.call_id AND t.utterance_id = u.utterance_id AND t.choice = 1;

CREATE OR REPLACE VIEW units_said AS
-- Units that a sentiment model may score, with the text of the utterances that they hold or cut, and of their context.
SELECT s.job_id, s.call_id, s.channel_id, s.participant_role, s.unit_id, s.unit_type, s.begin_ts, s.begin_offset_ms,
       s.end_offset_ms, s.duration_ms, s.phase, s.speaker_kind, s.speech_ms, s.speech_ratio, s.utterance_ids,
       s.eligible, s.ineligible_reason, s.overlap_ratio, s.echo_ratio, coalesce(earlier.context, s.context) AS
       context, s.level_mean_dbfs, s.level_sd_db, s.level_slope_db_s, s.f0_mean_st, s.f0_sd_st, s.f0_range_st,
       s.f0_slope_st_s, s.voiced_ratio, s.jitter_ratio, s.shimmer_db, s.hnr_mean_db, s.spectral_centroid_hz,
       s.alpha_ratio_db, s.hammarberg_index_db, s.syllable_rate_hz, s.articulation_rate_hz, s.snr_db,
       s.level_mean_dbfs_z, s.level_sd_db_z, s.level_slope_db_s_z, s.f0_mean_st_z, s.f0_sd_st_z, s.f0_range_st_z,
       s.f0_slope_st_s_z, s.voiced_ratio_z, s.jitter_ratio_z, s.shimmer_db_z, s.hnr_mean_db_z,
       s.spectral_centroid_hz_z, s.alpha_ratio_db_z, s.hammarberg_index_db_z, s.syllable_rate_hz_z,
       s.articulation_rate_hz_z, s.snr_db_z, s.prosody_text, s.scores, s.model_sha256, s.subject_key, s.split_group,
       s.split, s.dt,
       said.text
FROM sentiment_inputs s
LEFT JOIN (
  SELECT held.call_id, held.job_id, held.unit_id, string_agg(u.text, ' ' ORDER BY u.begin_offset_ms) AS text
  FROM (
    SELECT call_id, job_id, unit_id, utterance_id
    FROM sentiment_inputs
    CROSS JOIN UNNEST(utterance_ids) AS held(utterance_id)
  ) held
  JOIN utterances_said u
    ON u.call_id = held.call_id AND u.job_id = held.job_id AND u.utterance_id = held.utterance_id
  WHERE u.text IS NOT NULL
  GROUP BY held.call_id, held.job_id, held.unit_id
) said ON said.call_id = s.call_id AND said.job_id = s.job_id AND said.unit_id = s.unit_id
LEFT JOIN (
  SELECT turns.call_id, turns.job_id, turns.unit_id, array_agg(
    CAST(
      ROW(turns.utterance_id, turns.participant_role, turns.begin_offset_ms, turns.end_offset_ms, u.text)
      AS STRUCT(utterance_id VARCHAR, participant_role VARCHAR, begin_offset_ms INTEGER, end_offset_ms INTEGER, text VARCHAR)
    )
    ORDER BY turns.begin_offset_ms, turns.end_offset_ms DESC, turns.utterance_id
  ) AS context
  FROM (
    SELECT call_id, job_id, unit_id, turn.utterance_id, turn.participant_role, turn.begin_offset_ms, turn.end_offset_ms
    FROM sentiment_inputs
    CROSS JOIN UNNEST(context) AS held(turn)
  ) turns
  LEFT JOIN utterances_said u
    ON u.call_id = turns.call_id AND u.job_id = turns.job_id AND u.utterance_id = turns.utterance_id
  GROUP BY turns.call_id, turns.job_id, turns.unit_id
) earlier ON earlier.call_id = s.call_id AND earlier.job_id = s.job_id AND earlier.unit_id = s.unit_id;

CREATE OR REPLACE VIEW unit_labels AS
-- Labels of units: those that name the unit or an utterance of it, and those of its role that lie over most of it.
-- Offsets of labels are on the clock of the first job of their date; others may hold a part of the call on their own.
SELECT s.call_id, s.job_id AS unit_job_id, s.unit_id, s.participant_role, s.split, s.split_group,
       l.source, l.annotator, l.name, l.value, l.score, l.scale, l.label_id
FROM sentiment_inputs s
JOIN labels l ON l.call_id = s.call_id
LEFT JOIN (
  SELECT call_id, dt, min_by(call_start_ts, job_id) AS zero_ts
  FROM calls
  GROUP BY call_id, dt
) clock ON clock.call_id = l.call_id AND clock.dt = l.dt
WHERE l.unit_id = s.unit_id
   OR list_contains(s.utterance_ids, l.unit_id)
   OR (
     l.unit_id IS NULL
     AND l.begin_offset_ms IS NOT NULL
     AND clock.zero_ts IS NOT NULL
     AND l.participant_role = s.participant_role
     AND 2 * (
       least(l.end_offset_ms, date_diff('millisecond', clock.zero_ts, s.begin_ts) + s.duration_ms)
       - greatest(l.begin_offset_ms, date_diff('millisecond', clock.zero_ts, s.begin_ts))
     ) > s.duration_ms
   );

CREATE OR REPLACE VIEW comparison AS
-- A source's totals of a call beside ours. They are defined otherwise: talk time by a transcript's turns, not voices,
-- interruptions as long as a turn, not as both speak. docs/definitions.md, "Their figures beside ours", has all of it.
SELECT call_id, job_id, source, name, theirs, ours, theirs - ours AS difference
FROM (
  SELECT c.call_id, c.job_id, l.source, l.name, l.score AS theirs, CASE l.name
    WHEN 'total_conversation_duration_ms' THEN c.total_conversation_duration_ms
    WHEN 'talk_time_total_ms' THEN c.talk_time_total_ms
    WHEN 'talk_time_agent_ms' THEN c.talk_time_agent_ms
    WHEN 'talk_time_customer_ms' THEN c.talk_time_customer_ms
    WHEN 'non_talk_time_total_ms' THEN c.non_talk_time_total_ms
    WHEN 'interruptions_total_count' THEN c.interruptions_total_count
    WHEN 'interruptions_agent_count' THEN c.interruptions_agent_count
    WHEN 'interruptions_customer_count' THEN c.interruptions_customer_count
    WHEN 'interruptions_time_total_ms' THEN c.interruptions_time_total_ms
    WHEN 'interruptions_time_agent_ms' THEN c.interruptions_time_agent_ms
    WHEN 'interruptions_time_customer_ms' THEN c.interruptions_time_customer_ms
  END AS ours
  FROM labels l
  JOIN calls c ON c.call_id = l.call_id
)
WHERE ours IS NOT NULL;
