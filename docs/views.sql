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
-- Units that a sentiment model may score, with the text of the utterances that they hold or cut.
SELECT s.*, said.text
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
) said ON said.call_id = s.call_id AND said.job_id = s.job_id AND said.unit_id = s.unit_id;

CREATE OR REPLACE VIEW unit_labels AS
-- Labels of units: those that name the unit or an utterance of it, and those of its role that lie over most of it.
SELECT s.call_id, s.job_id AS unit_job_id, s.unit_id, s.participant_role, s.split, s.split_group,
       l.source, l.annotator, l.name, l.value, l.score, l.scale, l.label_id
FROM sentiment_inputs s
JOIN labels l ON l.call_id = s.call_id
WHERE l.unit_id = s.unit_id
   OR list_contains(s.utterance_ids, l.unit_id)
   OR (
     l.unit_id IS NULL
     AND l.begin_offset_ms IS NOT NULL
     AND l.participant_role = s.participant_role
     AND 2 * (least(l.end_offset_ms, s.end_offset_ms) - greatest(l.begin_offset_ms, s.begin_offset_ms)) > s.duration_ms
   );

CREATE OR REPLACE VIEW comparison AS
-- A source's totals of a call beside ours; docs/definitions.md says how the definitions differ.
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
