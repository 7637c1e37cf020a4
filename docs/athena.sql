-- The tables for Amazon Athena, written from schemas/ by `python -m callbeam.catalog.athena docs/athena.sql`.
--
-- They lie below s3://BUCKET/PREFIX, the job's --output, in the database callbeam. Both can be given:
-- `python -m callbeam.catalog.athena athena.sql --location s3://my-bucket/calls --database my_calls`.
-- Move 2020-01-01 in 'projection.dt.range' to your first day: Athena lists each day that a query does not leave out.
-- Athena runs one statement at a time; the tables hold no data of their own, dropping one deletes no file.
--
-- Partitions are projected: there is nothing to load or repair after a job. dt is the UTC date of the job's range, as a
-- string; name it in WHERE (dt >= '2026-03-01'), and Athena reads only those days. Timestamps are UTC.

CREATE DATABASE IF NOT EXISTS `callbeam`;

CREATE EXTERNAL TABLE IF NOT EXISTS `callbeam`.`calls` (
  `job_id` string COMMENT 'The job that wrote the row; part of its file\'s name.',
  `call_id` string COMMENT 'ContactId, TransactionId, or <stream>#<first fragment number> for untagged audio.',
  `source` string COMMENT 'connect, chime, or untagged.',
  `instance_id` string COMMENT 'Connect\'s InstanceId.',
  `chime_call_id` string COMMENT 'Chime\'s CallId.',
  `voice_connector_id` string COMMENT 'Chime\'s VoiceConnectorId.',
  `contact_id` string COMMENT 'Connect\'s ContactId; NULL of other calls.',
  `initial_contact_id` string COMMENT 'The first contact of the chain that transfers make.',
  `previous_contact_id` string COMMENT 'The contact that was transferred to this one.',
  `next_contact_id` string COMMENT 'The contact that this one was transferred to.',
  `related_contact_id` string COMMENT 'Connect\'s RelatedContactId, of a callback for example.',
  `aliases` array<string> COMMENT 'Other names that records know the call by, sorted.',
  `initiation_method` string COMMENT 'Connect\'s InitiationMethod.',
  `initiation_ts` timestamp COMMENT 'When the contact began.',
  `connected_to_agent_ts` timestamp COMMENT 'When an agent was connected to the customer.',
  `disconnect_ts` timestamp COMMENT 'When the contact ended.',
  `queue_id` string COMMENT 'The queue, by the end of its ARN.',
  `routing_profile_id` string COMMENT 'The agent\'s routing profile, by the end of its ARN.',
  `agent_id` string COMMENT 'The agent who had the contact last, by the end of the ARN.',
  `attributes` array<struct<name:string,value:string>> COMMENT 'Contact attributes that were asked for with --attributes, by name.',
  `record_sources` array<string> COMMENT 'Kinds of records that speak of the call.',
  `stream_arns` array<string> COMMENT 'The streams that the call\'s legs lie on, sorted.',
  `recordings` array<string> COMMENT 'Places of the recordings that the call was read from, sorted; NULL of a call that was read from streams.',
  `call_start_ts` timestamp COMMENT 'The call\'s clock zero: the earliest fragment of any leg; offsets count from it.',
  `duration_ms` int COMMENT 'From call_start_ts to the end of the last audio of any channel.',
  `status` string COMMENT 'ok; partial if fragments or tracks were lost, or samples are no sound; no_audio if none could be decoded; missing if records name the call and no fragment is tagged with it.',
  `missing_reason` string COMMENT 'Why it is missing; NULL else.',
  `leg_count` int COMMENT 'Legs of the call, copies of the same audio on other streams included.',
  `channel_count` int COMMENT 'Channels with audio.',
  `fragment_count` int COMMENT 'Fragments of the call that its units listed.',
  `lost_fragment_count` int COMMENT 'Of these, lost: not found, expired, damaged, unsupported, without timestamp, service error.',
  `clock_source` string COMMENT 'producer, server, or mixed where the legs differ; of recordings record or file_name, what told their start.',
  `clock_uncertainty_ms` int COMMENT 'How far the legs\' clocks may lie from each other and from the truth; NULL without audio.',
  `metrics_scope` string COMMENT 'What the totals were taken over: agent_phase, or whole_call (the channel to the customer then carries prompts and queue music, too); NULL without totals.',
  `total_conversation_duration_ms` bigint COMMENT 'From the scope\'s begin to the end of the last utterance; NULL if nobody speaks.',
  `talk_time_total_ms` bigint COMMENT 'Sum of all participants\' talk times: overlap counts twice, as in Connect; NULL if only one is heard.',
  `talk_time_agent_ms` bigint COMMENT 'Sum of the durations of the agent\'s utterances.',
  `talk_time_customer_ms` bigint COMMENT 'Sum of the durations of the customer\'s utterances.',
  `non_talk_time_total_ms` bigint COMMENT 'Time in which nobody speaks for at least 3 s; hold, begin and end of the call, and short gaps inside silence included.',
  `interruptions_total_count` bigint COMMENT 'Interruptions, by anyone.',
  `interruptions_agent_count` bigint COMMENT 'Interruptions by the agent.',
  `interruptions_customer_count` bigint COMMENT 'Interruptions by the customer.',
  `interruptions_time_total_ms` bigint COMMENT 'Time of overlap_ms that lies in interruptions.',
  `interruptions_time_agent_ms` bigint COMMENT 'In those by the agent.',
  `interruptions_time_customer_ms` bigint COMMENT 'In those by the customer.',
  `speech_union_ms` int COMMENT 'Time in which anyone speaks: overlap counts once.',
  `overlap_ms` int COMMENT 'Time in which more than one participant speaks.',
  `overlap_ratio` float COMMENT 'overlap_ms as a share of speech_union_ms.',
  `dead_air_ms` int COMMENT 'non_talk_time_total_ms without the hold phases.',
  `hold_ms` int COMMENT 'Length of the hold phases; NULL without a channel to the customer.',
  `longest_non_talk_ms` int COMMENT 'The longest stretch of non-talk; 0 if there is none.',
  `non_talk_count` int COMMENT 'Stretches of non-talk.',
  `masked_ms` int COMMENT 'Time in which no channel can be heard: masked, or not there.',
  `agent_talk_ratio` float COMMENT 'The agent\'s share of both talk times.',
  `agent_talk_share` float COMMENT 'The agent\'s talk time as a share of the conversation.',
  `turn_count` int COMMENT 'Utterances of all participants.',
  `backchannel_count` int COMMENT 'Of these, backchannels.',
  `longest_turn_agent_ms` int COMMENT 'The agent\'s longest turn: utterances in a row, less than 3 s apart, backchannels of the other not counted.',
  `longest_turn_customer_ms` int COMMENT 'The customer\'s longest turn.',
  `first_speech_agent_ms` int COMMENT 'Offset of the agent\'s first utterance.',
  `agent_greeting_ms` int COMMENT 'From the agent\'s connect, as records tell it, to the agent\'s first utterance; known to a second where only contact records tell the connect. NULL without records, or if audio to the customer begins later.',
  `first_speech_customer_ms` int COMMENT 'Offset of the customer\'s first utterance.',
  `response_latency_agent_p50_ms` float COMMENT 'Median of the agent\'s response latencies, as in utterances.',
  `response_latency_agent_p90_ms` float COMMENT '90th percentile of the same, interpolated.',
  `response_latency_customer_p50_ms` float COMMENT 'Median of the customer\'s response latencies, as in utterances.',
  `response_latency_customer_p90_ms` float COMMENT '90th percentile of the same, interpolated.',
  `speaker_switches_per_min` float COMMENT 'Changes of speaker per minute of the conversation, backchannels not counted.',
  `syllable_rate_agent_hz` float COMMENT 'Syllable nuclei per second of the agent\'s utterances.',
  `syllable_rate_customer_hz` float COMMENT 'Syllable nuclei per second of the customer\'s utterances.',
  `channel_layout` string COMMENT 'stereo: a channel for each participant; bleed: one is heard on the other\'s; dual_mono: both are the same; mono: one channel; NULL without audio.',
  `channel_correlation` float COMMENT 'Largest correlation between the two channels\' samples, 0 to 1; NULL if never compared, as those of legs on different streams.',
  `warnings` array<string> COMMENT 'What a reader of the row should know, sorted.'
)
COMMENT 'A row is a call.'
PARTITIONED BY (`dt` string COMMENT 'UTC date of the range of the job that wrote the row.')
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/calls/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2020-01-01,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://BUCKET/PREFIX/calls/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `callbeam`.`channels` (
  `job_id` string COMMENT 'The job that wrote the row; part of its file\'s name.',
  `call_id` string COMMENT 'ContactId, TransactionId, or <stream>#<first fragment number> for untagged audio.',
  `channel_id` string COMMENT 'Names the channel in every table: a hash of stream, the leg\'s first fragment and track name.',
  `participant_role` string COMMENT 'CUSTOMER (from the customer), AGENT (all that the customer hears), NULL where nothing tells.',
  `role_source` string COMMENT 'Where the role comes from: track_name, role_map (the option), default (Connect\'s unnamed), a record, the convention of who made the recording (connect_recording, lca_recording, lca_chime_recording, chime_recording), or unknown.',
  `role_confidence` float COMMENT 'How sure the role is, 0 to 1; NULL where it is unknown.',
  `stream_arn` string COMMENT 'The stream that the leg lies on; of a recording, its place.',
  `leg_first_fragment` string COMMENT 'The leg\'s first fragment number; 0 of a recording.',
  `track_name` string COMMENT 'The Matroska track\'s Name, empty if it has none; recording, of one.',
  `codec` string COMMENT 'Codec as declared; Connect declares A_AAC over PCM.',
  `sample_rate_hz` int COMMENT 'Sample rate that the samples are analysed at.',
  `start_ts` timestamp COMMENT 'The leg\'s clock zero, from which the channel\'s frames and seconds are counted.',
  `begin_offset_ms` int COMMENT 'First sample, from the call\'s start.',
  `end_offset_ms` int COMMENT 'End of the last sample, from the call\'s start.',
  `samples` bigint COMMENT 'Samples decoded, gaps left out.',
  `pcm_sha256` string COMMENT 'SHA-256 of the decoded s16le samples without gaps; of the pieces\' hex digests where there are several.',
  `gap_count` int COMMENT 'Gaps between the first and the last sample.',
  `gap_ms` int COMMENT 'Their total length.',
  `level_dbfs` float COMMENT 'RMS level of all samples; 0 is a full-scale square wave, the floor is -100.',
  `peak_dbfs` float COMMENT 'Largest absolute sample; the floor is -100.',
  `clipping_ratio` float COMMENT 'Share of samples at the limits of 16-bit PCM or of G.711.',
  `digital_zero_ratio` float COMMENT 'Share of samples that are exactly 0.',
  `dc_offset` float COMMENT 'Mean sample, as a share of full scale.',
  `speech_ms` int COMMENT 'Time that is decided to be speech, pauses left out.',
  `active_level_dbfs` float COMMENT 'RMS level of the speech frames.',
  `noise_floor_dbfs` float COMMENT 'Level of the noise around the speech; without speech, the 20th percentile of the frames that sound.',
  `snr_db` float COMMENT 'active_level_dbfs less noise_floor_dbfs, the noise under the speech taken off.',
  `f0_median_hz` float COMMENT 'Median F0 of the voiced speech frames, to 1 %.',
  `echo_leak_db` float COMMENT 'Level of the other channel on this one, relative to its own level; NULL if it is not heard.',
  `echo_delay_ms` float COMMENT 'How much later it is heard; from another stream, what the legs\' clocks differ by is part of it.',
  `peaks` array<tinyint> COMMENT 'Largest absolute sample of each 50 ms from start_ts on, 0 to 127; NULL items have no audio.',
  `declared_rate_hz` int COMMENT 'Sample rate as track or tags declare it; NULL if they do not. Where it differs from sample_rate_hz, the call\'s warnings say why: rate_from_timecodes, resampled, encoding_from_samples.',
  `track_channel` int COMMENT 'Which of the track\'s channels this is, from 0 on; NULL where the track has one.',
  `copy_stream_arns` array<string> COMMENT 'Other streams of the call that hold the same audio at the same time: it counts here alone, and no table has rows of the copies; NULL without such.',
  `clock_steps_ms` array<bigint> COMMENT 'Steps of the producer\'s clock within the leg, in order: by how much it was set forward, below 0 back. The leg\'s own clock goes on across them; NULL without such.',
  `clock_step_offsets_ms` array<int> COMMENT 'Where these lie, from the call\'s start: at the first fragment after each.'
)
COMMENT 'A row is a channel: one participant\'s audio of one leg.'
PARTITIONED BY (`dt` string COMMENT 'UTC date of the range of the job that wrote the row.')
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/channels/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2020-01-01,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://BUCKET/PREFIX/channels/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `callbeam`.`utterances` (
  `job_id` string COMMENT 'The job that wrote the row; part of its file\'s name.',
  `call_id` string COMMENT 'ContactId, TransactionId, or <stream>#<first fragment number> for untagged audio.',
  `channel_id` string COMMENT 'Names the channel in every table: a hash of stream, the leg\'s first fragment and track name.',
  `participant_role` string COMMENT 'CUSTOMER (from the customer), AGENT (all that the customer hears), NULL where nothing tells.',
  `utterance_id` string COMMENT 'Names the utterance: its channel, and where it begins on the leg\'s clock.',
  `begin_ts` timestamp COMMENT 'Where it begins, by voice activity without padding.',
  `begin_offset_ms` int COMMENT 'The same, from the call\'s start.',
  `end_offset_ms` int COMMENT 'Where it ends, from the call\'s start.',
  `duration_ms` int COMMENT 'From begin to end.',
  `phase` string COMMENT 'The phase in which it begins, as in phases.',
  `speaker_kind` string COMMENT 'customer, agent, system (prompts, bots and queues, on the track to the customer) or unknown, where no record tells when an agent was on the line.',
  `speech_ms` int COMMENT 'Of these, speech.',
  `pause_count` int COMMENT 'Pauses within.',
  `pause_ms` int COMMENT 'Their total length.',
  `speech_probability` float COMMENT 'Mean of the detector\'s probability over the speech.',
  `turn_index` int COMMENT 'Place among all utterances of the call, in order of begin, from 0.',
  `quarter` int COMMENT 'Quarter of the conversation (total_conversation_duration_ms) in which it begins, 1 to 4.',
  `previous_utterance_id` string COMMENT 'The utterance before in this order, of any participant.',
  `response_latency_ms` int COMMENT 'From the end of the other\'s turn to this one\'s begin, negative where they overlap; NULL for backchannels, where the same participant spoke last (backchannels not counted), where the other went on after it, and where a hold or masked audio lies between.',
  `overlap_ms` int COMMENT 'Time of it in which another participant speaks, too; NULL if only one is heard, or if channels cannot be compared (warnings clocks_differ, channels_identical).',
  `is_interruption` boolean COMMENT 'It is an interruption of the other, as in events.',
  `is_backchannel` boolean COMMENT 'It is a backchannel, as in events.',
  `loudness_scores` array<float> COMMENT 'loudness_score of each second from its begin, as in seconds; the last may be shorter.',
  `level_mean_dbfs` float COMMENT 'RMS level of the speech.',
  `level_sd_db` float COMMENT 'Standard deviation of the speech frames\' levels; NULL, as all of its kind, for a single frame.',
  `level_p20_dbfs` float COMMENT '20th percentile of the speech frames\' levels.',
  `level_median_dbfs` float COMMENT 'Median of the speech frames\' levels.',
  `level_p80_dbfs` float COMMENT '80th percentile of the speech frames\' levels.',
  `level_slope_db_s` float COMMENT 'Least-squares slope of the speech frames\' levels over time, in dB per second; NULL for fewer than 10 frames.',
  `f0_mean_st` float COMMENT 'Mean F0 of the voiced frames, in semitones above 27.5 Hz.',
  `f0_sd_st` float COMMENT 'Standard deviation of the same.',
  `f0_p20_st` float COMMENT '20th percentile of the same.',
  `f0_median_st` float COMMENT 'Median of the same.',
  `f0_p80_st` float COMMENT '80th percentile of the same.',
  `f0_range_st` float COMMENT '80th less 20th percentile of the same.',
  `f0_slope_st_s` float COMMENT 'Least-squares slope of the same over time, in semitones per second; NULL for fewer than 10 voiced frames.',
  `f0_mean_hz` float COMMENT 'Mean F0 of the voiced frames.',
  `f0_sd_hz` float COMMENT 'Standard deviation of the same.',
  `f0_median_hz` float COMMENT 'Median of the same.',
  `voiced_ratio` float COMMENT 'Share of the speech frames that are voiced.',
  `jitter_ratio` float COMMENT 'Mean difference of neighbouring glottal periods, relative to the mean period (local jitter).',
  `shimmer_db` float COMMENT 'Mean difference of neighbouring glottal pulses\' amplitudes, in dB (local shimmer).',
  `hnr_mean_db` float COMMENT 'Mean harmonics-to-noise ratio of the voiced frames.',
  `hnr_sd_db` float COMMENT 'Standard deviation of the same.',
  `spectral_centroid_hz` float COMMENT 'Mean spectral centroid of the speech frames.',
  `spectral_flux` float COMMENT 'Mean spectral flux of the speech frames.',
  `spectral_slope_0_500_db_khz` float COMMENT 'Mean slope of the spectrum between 0 and 500 Hz.',
  `spectral_slope_500_1500_db_khz` float COMMENT 'Mean slope of the spectrum between 500 and 1500 Hz.',
  `alpha_ratio_db` float COMMENT 'Mean alpha ratio of the speech frames.',
  `hammarberg_index_db` float COMMENT 'Mean Hammarberg index of the speech frames.',
  `mfcc_1_mean` float COMMENT 'Mean MFCC 1 of the speech frames.',
  `mfcc_2_mean` float COMMENT 'Mean MFCC 2 of the speech frames.',
  `mfcc_3_mean` float COMMENT 'Mean MFCC 3 of the speech frames.',
  `mfcc_4_mean` float COMMENT 'Mean MFCC 4 of the speech frames.',
  `mfcc_5_mean` float COMMENT 'Mean MFCC 5 of the speech frames.',
  `mfcc_6_mean` float COMMENT 'Mean MFCC 6 of the speech frames.',
  `mfcc_7_mean` float COMMENT 'Mean MFCC 7 of the speech frames.',
  `mfcc_8_mean` float COMMENT 'Mean MFCC 8 of the speech frames.',
  `mfcc_9_mean` float COMMENT 'Mean MFCC 9 of the speech frames.',
  `mfcc_10_mean` float COMMENT 'Mean MFCC 10 of the speech frames.',
  `mfcc_11_mean` float COMMENT 'Mean MFCC 11 of the speech frames.',
  `mfcc_12_mean` float COMMENT 'Mean MFCC 12 of the speech frames.',
  `mfcc_1_sd` float COMMENT 'Standard deviation of MFCC 1 over the speech frames.',
  `mfcc_2_sd` float COMMENT 'Standard deviation of MFCC 2 over the speech frames.',
  `mfcc_3_sd` float COMMENT 'Standard deviation of MFCC 3 over the speech frames.',
  `mfcc_4_sd` float COMMENT 'Standard deviation of MFCC 4 over the speech frames.',
  `mfcc_5_sd` float COMMENT 'Standard deviation of MFCC 5 over the speech frames.',
  `mfcc_6_sd` float COMMENT 'Standard deviation of MFCC 6 over the speech frames.',
  `mfcc_7_sd` float COMMENT 'Standard deviation of MFCC 7 over the speech frames.',
  `mfcc_8_sd` float COMMENT 'Standard deviation of MFCC 8 over the speech frames.',
  `mfcc_9_sd` float COMMENT 'Standard deviation of MFCC 9 over the speech frames.',
  `mfcc_10_sd` float COMMENT 'Standard deviation of MFCC 10 over the speech frames.',
  `mfcc_11_sd` float COMMENT 'Standard deviation of MFCC 11 over the speech frames.',
  `mfcc_12_sd` float COMMENT 'Standard deviation of MFCC 12 over the speech frames.',
  `syllable_rate_hz` float COMMENT 'Syllable nuclei per second from begin to end without masked audio (de Jong and Wempe); NULL for less than 250 ms of speech.',
  `articulation_rate_hz` float COMMENT 'Syllable nuclei per second of speech, pauses left out; NULL for less than 250 ms of speech.',
  `snr_db` float COMMENT 'Power of the speech, the noise under it taken off, over that of the noise within 10 s around; at least -10.',
  `clipping_ratio` float COMMENT 'Share of the speech frames\' samples at the format\'s limits.',
  `level_mean_dbfs_z` float COMMENT 'level_mean_dbfs, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `level_sd_db_z` float COMMENT 'level_sd_db, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `level_p20_dbfs_z` float COMMENT 'level_p20_dbfs, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `level_median_dbfs_z` float COMMENT 'level_median_dbfs, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `level_p80_dbfs_z` float COMMENT 'level_p80_dbfs, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `level_slope_db_s_z` float COMMENT 'level_slope_db_s, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `f0_mean_st_z` float COMMENT 'f0_mean_st, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `f0_sd_st_z` float COMMENT 'f0_sd_st, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `f0_p20_st_z` float COMMENT 'f0_p20_st, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `f0_median_st_z` float COMMENT 'f0_median_st, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `f0_p80_st_z` float COMMENT 'f0_p80_st, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `f0_range_st_z` float COMMENT 'f0_range_st, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `f0_slope_st_s_z` float COMMENT 'f0_slope_st_s, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `f0_mean_hz_z` float COMMENT 'f0_mean_hz, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `f0_sd_hz_z` float COMMENT 'f0_sd_hz, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `f0_median_hz_z` float COMMENT 'f0_median_hz, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `voiced_ratio_z` float COMMENT 'voiced_ratio, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `jitter_ratio_z` float COMMENT 'jitter_ratio, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `shimmer_db_z` float COMMENT 'shimmer_db, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `hnr_mean_db_z` float COMMENT 'hnr_mean_db, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `hnr_sd_db_z` float COMMENT 'hnr_sd_db, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `spectral_centroid_hz_z` float COMMENT 'spectral_centroid_hz, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `spectral_flux_z` float COMMENT 'spectral_flux, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `spectral_slope_0_500_db_khz_z` float COMMENT 'spectral_slope_0_500_db_khz, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `spectral_slope_500_1500_db_khz_z` float COMMENT 'spectral_slope_500_1500_db_khz, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `alpha_ratio_db_z` float COMMENT 'alpha_ratio_db, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `hammarberg_index_db_z` float COMMENT 'hammarberg_index_db, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_1_mean_z` float COMMENT 'mfcc_1_mean, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_2_mean_z` float COMMENT 'mfcc_2_mean, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_3_mean_z` float COMMENT 'mfcc_3_mean, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_4_mean_z` float COMMENT 'mfcc_4_mean, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_5_mean_z` float COMMENT 'mfcc_5_mean, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_6_mean_z` float COMMENT 'mfcc_6_mean, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_7_mean_z` float COMMENT 'mfcc_7_mean, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_8_mean_z` float COMMENT 'mfcc_8_mean, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_9_mean_z` float COMMENT 'mfcc_9_mean, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_10_mean_z` float COMMENT 'mfcc_10_mean, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_11_mean_z` float COMMENT 'mfcc_11_mean, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_12_mean_z` float COMMENT 'mfcc_12_mean, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_1_sd_z` float COMMENT 'mfcc_1_sd, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_2_sd_z` float COMMENT 'mfcc_2_sd, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_3_sd_z` float COMMENT 'mfcc_3_sd, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_4_sd_z` float COMMENT 'mfcc_4_sd, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_5_sd_z` float COMMENT 'mfcc_5_sd, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_6_sd_z` float COMMENT 'mfcc_6_sd, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_7_sd_z` float COMMENT 'mfcc_7_sd, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_8_sd_z` float COMMENT 'mfcc_8_sd, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_9_sd_z` float COMMENT 'mfcc_9_sd, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_10_sd_z` float COMMENT 'mfcc_10_sd, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_11_sd_z` float COMMENT 'mfcc_11_sd, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `mfcc_12_sd_z` float COMMENT 'mfcc_12_sd, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `syllable_rate_hz_z` float COMMENT 'syllable_rate_hz, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `articulation_rate_hz_z` float COMMENT 'articulation_rate_hz, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `snr_db_z` float COMMENT 'snr_db, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `clipping_ratio_z` float COMMENT 'clipping_ratio, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `egemaps_f0_mean_st` float COMMENT 'Mean F0 in semitones above 27.5 Hz.',
  `egemaps_f0_cv` float COMMENT 'Standard deviation of the F0 in semitones above 27.5 Hz, divided by its mean.',
  `egemaps_f0_p20_st` float COMMENT '20th percentile of the F0 in semitones above 27.5 Hz.',
  `egemaps_f0_p50_st` float COMMENT '50th percentile of the F0 in semitones above 27.5 Hz.',
  `egemaps_f0_p80_st` float COMMENT '80th percentile of the F0 in semitones above 27.5 Hz.',
  `egemaps_f0_range_st` float COMMENT '80th less 20th percentile of the F0 in semitones above 27.5 Hz.',
  `egemaps_f0_rising_slope_mean_st_s` float COMMENT 'Mean of the slopes of the rising parts of the F0 in semitones above 27.5 Hz.',
  `egemaps_f0_rising_slope_sd_st_s` float COMMENT 'Standard deviation of the slopes of the rising parts of the F0 in semitones above 27.5 Hz.',
  `egemaps_f0_falling_slope_mean_st_s` float COMMENT 'Mean of the slopes of the falling parts of the F0 in semitones above 27.5 Hz.',
  `egemaps_f0_falling_slope_sd_st_s` float COMMENT 'Standard deviation of the slopes of the falling parts of the F0 in semitones above 27.5 Hz.',
  `egemaps_loudness_mean` float COMMENT 'Mean perceived loudness.',
  `egemaps_loudness_cv` float COMMENT 'Standard deviation of the perceived loudness, divided by its mean.',
  `egemaps_loudness_p20` float COMMENT '20th percentile of the perceived loudness.',
  `egemaps_loudness_p50` float COMMENT '50th percentile of the perceived loudness.',
  `egemaps_loudness_p80` float COMMENT '80th percentile of the perceived loudness.',
  `egemaps_loudness_range` float COMMENT '80th less 20th percentile of the perceived loudness.',
  `egemaps_loudness_rising_slope_mean_per_s` float COMMENT 'Mean of the slopes of the rising parts of the perceived loudness.',
  `egemaps_loudness_rising_slope_sd_per_s` float COMMENT 'Standard deviation of the slopes of the rising parts of the perceived loudness.',
  `egemaps_loudness_falling_slope_mean_per_s` float COMMENT 'Mean of the slopes of the falling parts of the perceived loudness.',
  `egemaps_loudness_falling_slope_sd_per_s` float COMMENT 'Standard deviation of the slopes of the falling parts of the perceived loudness.',
  `egemaps_jitter_mean` float COMMENT 'Mean jitter of the voiced frames.',
  `egemaps_jitter_cv` float COMMENT 'Standard deviation of the jitter of the voiced frames, divided by its mean.',
  `egemaps_shimmer_mean_db` float COMMENT 'Mean shimmer of the voiced frames.',
  `egemaps_shimmer_cv` float COMMENT 'Standard deviation of the shimmer of the voiced frames, divided by its mean.',
  `egemaps_hnr_mean_db` float COMMENT 'Mean harmonics-to-noise ratio of the voiced frames.',
  `egemaps_hnr_cv` float COMMENT 'Standard deviation of the harmonics-to-noise ratio of the voiced frames, divided by its mean.',
  `egemaps_f1_frequency_mean_hz` float COMMENT 'Mean frequency of formant 1 in voiced frames.',
  `egemaps_f1_frequency_cv` float COMMENT 'Standard deviation of the frequency of formant 1 in voiced frames, divided by its mean.',
  `egemaps_f1_bandwidth_mean_hz` float COMMENT 'Mean bandwidth of formant 1 in voiced frames.',
  `egemaps_f1_bandwidth_cv` float COMMENT 'Standard deviation of the bandwidth of formant 1 in voiced frames, divided by its mean.',
  `egemaps_f1_level_mean_db` float COMMENT 'Mean level over the frame\'s mean power density of formant 1 in voiced frames.',
  `egemaps_f1_level_cv` float COMMENT 'Standard deviation of the level over the frame\'s mean power density of formant 1 in voiced frames, divided by its mean.',
  `egemaps_f2_frequency_mean_hz` float COMMENT 'Mean frequency of formant 2 in voiced frames.',
  `egemaps_f2_frequency_cv` float COMMENT 'Standard deviation of the frequency of formant 2 in voiced frames, divided by its mean.',
  `egemaps_f2_bandwidth_mean_hz` float COMMENT 'Mean bandwidth of formant 2 in voiced frames.',
  `egemaps_f2_bandwidth_cv` float COMMENT 'Standard deviation of the bandwidth of formant 2 in voiced frames, divided by its mean.',
  `egemaps_f2_level_mean_db` float COMMENT 'Mean level over the frame\'s mean power density of formant 2 in voiced frames.',
  `egemaps_f2_level_cv` float COMMENT 'Standard deviation of the level over the frame\'s mean power density of formant 2 in voiced frames, divided by its mean.',
  `egemaps_voiced_alpha_ratio_mean_db` float COMMENT 'Mean alpha ratio of the voiced frames.',
  `egemaps_voiced_alpha_ratio_cv` float COMMENT 'Standard deviation of the alpha ratio of the voiced frames, divided by its mean.',
  `egemaps_voiced_hammarberg_index_mean_db` float COMMENT 'Mean Hammarberg index of the voiced frames.',
  `egemaps_voiced_hammarberg_index_cv` float COMMENT 'Standard deviation of the Hammarberg index of the voiced frames, divided by its mean.',
  `egemaps_voiced_slope_0_500_mean_db_khz` float COMMENT 'Mean spectral slope between 0 and 500 Hz of the voiced frames.',
  `egemaps_voiced_slope_0_500_cv` float COMMENT 'Standard deviation of the spectral slope between 0 and 500 Hz of the voiced frames, divided by its mean.',
  `egemaps_voiced_slope_500_1500_mean_db_khz` float COMMENT 'Mean spectral slope between 500 and 1500 Hz of the voiced frames.',
  `egemaps_voiced_slope_500_1500_cv` float COMMENT 'Standard deviation of the spectral slope between 500 and 1500 Hz of the voiced frames, divided by its mean.',
  `egemaps_unvoiced_alpha_ratio_mean_db` float COMMENT 'Mean alpha ratio of the unvoiced frames.',
  `egemaps_unvoiced_hammarberg_index_mean_db` float COMMENT 'Mean Hammarberg index of the unvoiced frames.',
  `egemaps_unvoiced_slope_0_500_mean_db_khz` float COMMENT 'Mean spectral slope between 0 and 500 Hz of the unvoiced frames.',
  `egemaps_unvoiced_slope_500_1500_mean_db_khz` float COMMENT 'Mean spectral slope between 500 and 1500 Hz of the unvoiced frames.',
  `egemaps_flux_mean` float COMMENT 'Mean spectral flux of the frames.',
  `egemaps_flux_cv` float COMMENT 'Standard deviation of the spectral flux of the frames, divided by its mean.',
  `egemaps_mfcc_1_mean` float COMMENT 'Mean MFCC 1 of the frames.',
  `egemaps_mfcc_1_cv` float COMMENT 'Standard deviation of the MFCC 1 of the frames, divided by its mean.',
  `egemaps_mfcc_2_mean` float COMMENT 'Mean MFCC 2 of the frames.',
  `egemaps_mfcc_2_cv` float COMMENT 'Standard deviation of the MFCC 2 of the frames, divided by its mean.',
  `egemaps_mfcc_3_mean` float COMMENT 'Mean MFCC 3 of the frames.',
  `egemaps_mfcc_3_cv` float COMMENT 'Standard deviation of the MFCC 3 of the frames, divided by its mean.',
  `egemaps_mfcc_4_mean` float COMMENT 'Mean MFCC 4 of the frames.',
  `egemaps_mfcc_4_cv` float COMMENT 'Standard deviation of the MFCC 4 of the frames, divided by its mean.',
  `egemaps_voiced_flux_mean` float COMMENT 'Mean spectral flux of the voiced frames.',
  `egemaps_voiced_flux_cv` float COMMENT 'Standard deviation of the spectral flux of the voiced frames, divided by its mean.',
  `egemaps_voiced_mfcc_1_mean` float COMMENT 'Mean MFCC 1 of the voiced frames.',
  `egemaps_voiced_mfcc_1_cv` float COMMENT 'Standard deviation of the MFCC 1 of the voiced frames, divided by its mean.',
  `egemaps_voiced_mfcc_2_mean` float COMMENT 'Mean MFCC 2 of the voiced frames.',
  `egemaps_voiced_mfcc_2_cv` float COMMENT 'Standard deviation of the MFCC 2 of the voiced frames, divided by its mean.',
  `egemaps_voiced_mfcc_3_mean` float COMMENT 'Mean MFCC 3 of the voiced frames.',
  `egemaps_voiced_mfcc_3_cv` float COMMENT 'Standard deviation of the MFCC 3 of the voiced frames, divided by its mean.',
  `egemaps_voiced_mfcc_4_mean` float COMMENT 'Mean MFCC 4 of the voiced frames.',
  `egemaps_voiced_mfcc_4_cv` float COMMENT 'Standard deviation of the MFCC 4 of the voiced frames, divided by its mean.',
  `egemaps_unvoiced_flux_mean` float COMMENT 'Mean spectral flux of the unvoiced frames.',
  `egemaps_loudness_peaks_hz` float COMMENT 'Peaks of the loudness per second.',
  `egemaps_voiced_segments_hz` float COMMENT 'Runs of voiced frames per second: a pseudo syllable rate.',
  `egemaps_voiced_segment_mean_ms` float COMMENT 'Mean of the lengths of runs of voiced frames.',
  `egemaps_voiced_segment_sd_ms` float COMMENT 'Standard deviation of the lengths of runs of voiced frames.',
  `egemaps_unvoiced_segment_mean_ms` float COMMENT 'Mean of the lengths of runs of unvoiced frames.',
  `egemaps_unvoiced_segment_sd_ms` float COMMENT 'Standard deviation of the lengths of runs of unvoiced frames.',
  `egemaps_equivalent_level_dbfs` float COMMENT 'Mean power of the frames, in dB: the equivalent sound level.'
)
COMMENT 'A row is an utterance: one participant\'s speech between pauses of at least 500 ms, in its place in the conversation.'
PARTITIONED BY (`dt` string COMMENT 'UTC date of the range of the job that wrote the row.')
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/utterances/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2020-01-01,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://BUCKET/PREFIX/utterances/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `callbeam`.`events` (
  `job_id` string COMMENT 'The job that wrote the row; part of its file\'s name.',
  `call_id` string COMMENT 'ContactId, TransactionId, or <stream>#<first fragment number> for untagged audio.',
  `event_id` string COMMENT 'Names the event within the call: type, channel and begin; numbered where they coincide.',
  `event_type` string COMMENT 'non_talk, overlap, terminal_overlap, interruption, backchannel, long_monologue, digital_silence, gap, clipping or tone.',
  `begin_offset_ms` int COMMENT 'Where it begins, from the call\'s start.',
  `end_offset_ms` int COMMENT 'Where it ends.',
  `duration_ms` int COMMENT 'From begin to end.',
  `by_role` string COMMENT 'Who did it, or on whose channel it is; NULL for what is nobody\'s.',
  `channel_id` string COMMENT 'That channel.',
  `utterance_id` string COMMENT 'The utterance that did it, or began it.',
  `other_utterance_id` string COMMENT 'The utterance that it fell into.',
  `overlap_ms` int COMMENT 'Time in which both speak, pauses under 500 ms included.',
  `prior_speech_ms` int COMMENT 'How long the other had spoken when it began.',
  `stopped_after_ms` int COMMENT 'How long after its begin the other stopped; NULL if the other went on after its end, or is unheard.',
  `went_on_ms` int COMMENT 'How long it went on after the other\'s stop; NULL where stopped_after_ms is.',
  `other_went_on_ms` int COMMENT 'How long the other went on after its end; NULL if the other stopped by then, or it is unheard.',
  `tone_kind` string COMMENT 'dtmf, ringback, busy, reorder, dial, sit, call_waiting, recording_beep, voicemail_beep, fax_cng, fax_ced, modem, hold_tone, hold_music or other, of a tone.',
  `dtmf_digit` string COMMENT 'The key of a DTMF tone.',
  `frequency_hz` float COMMENT 'The strongest frequency of a tone.',
  `level_dbfs` float COMMENT 'RMS level of a tone.',
  `clipped_samples` int COMMENT 'Samples at the format\'s limits.',
  `masked_ms` int COMMENT 'How much of a non_talk cannot be heard on every channel.'
)
COMMENT 'A row is something that happened in a call; docs/definitions.md says what makes it one.'
PARTITIONED BY (`dt` string COMMENT 'UTC date of the range of the job that wrote the row.')
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/events/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2020-01-01,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://BUCKET/PREFIX/events/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `callbeam`.`phases` (
  `job_id` string COMMENT 'The job that wrote the row; part of its file\'s name.',
  `call_id` string COMMENT 'ContactId, TransactionId, or <stream>#<first fragment number> for untagged audio.',
  `phase` string COMMENT 'ivr, queue, ringing, agent, hold or unknown.',
  `begin_offset_ms` int COMMENT 'Where it begins, from the call\'s start.',
  `end_offset_ms` int COMMENT 'Where it ends.',
  `duration_ms` int COMMENT 'From begin to end.',
  `source` string COMMENT 'audio where sound alone tells, records where they do, none for unknown.'
)
COMMENT 'A row is a stretch of a call; the phases of a call follow each other without gaps.'
PARTITIONED BY (`dt` string COMMENT 'UTC date of the range of the job that wrote the row.')
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/phases/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2020-01-01,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://BUCKET/PREFIX/phases/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `callbeam`.`sentiment_inputs` (
  `job_id` string COMMENT 'The job that wrote the row; part of its file\'s name.',
  `call_id` string COMMENT 'ContactId, TransactionId, or <stream>#<first fragment number> for untagged audio.',
  `channel_id` string COMMENT 'Names the channel in every table: a hash of stream, the leg\'s first fragment and track name.',
  `participant_role` string COMMENT 'CUSTOMER (from the customer), AGENT (all that the customer hears), NULL where nothing tells.',
  `unit_id` string COMMENT 'Names the unit: <channel_id>-u<begin> or -w<begin>, in ms on the leg\'s clock; joins clips.',
  `unit_type` string COMMENT 'utterance (short neighbours joined, long ones split) or window (on a grid of 30 s).',
  `begin_ts` timestamp COMMENT 'Where it begins.',
  `begin_offset_ms` int COMMENT 'The same, from the call\'s start.',
  `end_offset_ms` int COMMENT 'Where it ends, from the call\'s start.',
  `duration_ms` int COMMENT 'From begin to end.',
  `phase` string COMMENT 'The phase in which it begins, as in phases.',
  `speaker_kind` string COMMENT 'customer, agent, system (prompts, bots and queues, on the track to the customer) or unknown, where no record tells when an agent was on the line.',
  `speech_ms` int COMMENT 'Of these, speech.',
  `speech_ratio` float COMMENT 'The same as a share.',
  `utterance_ids` array<string> COMMENT 'The utterances that it holds or cuts, in order.',
  `eligible` boolean COMMENT 'A model may score it.',
  `ineligible_reason` string COMMENT 'Why not, the first that holds of: agent_policy, system_voice, no_speech, too_short, masked, hold, crosstalk, echo_leak, overlap, low_snr.',
  `overlap_ratio` float COMMENT 'Share of its speech over which another participant speaks; NULL if only one is heard, or if channels cannot be compared (warnings clocks_differ, channels_identical).',
  `echo_ratio` float COMMENT 'Share of what sounds like speech in it that is another leg\'s echo and was taken out; NULL where no leg on another stream was compared.',
  `context` array<struct<utterance_id:string,participant_role:string,begin_offset_ms:int,end_offset_ms:int,text:string>> COMMENT 'The three turns of any participant that begin before it and are no part of it, oldest first; of its own channel alone if channels cannot be compared. text is NULL here, for what was said comes later: units_said has it.',
  `level_mean_dbfs` float COMMENT 'RMS level of the speech.',
  `level_sd_db` float COMMENT 'Standard deviation of the speech frames\' levels; NULL, as all of its kind, for a single frame.',
  `level_slope_db_s` float COMMENT 'Least-squares slope of the speech frames\' levels over time, in dB per second; NULL for fewer than 10 frames.',
  `f0_mean_st` float COMMENT 'Mean F0 of the voiced frames, in semitones above 27.5 Hz.',
  `f0_sd_st` float COMMENT 'Standard deviation of the same.',
  `f0_range_st` float COMMENT '80th less 20th percentile of the same.',
  `f0_slope_st_s` float COMMENT 'Least-squares slope of the same over time, in semitones per second; NULL for fewer than 10 voiced frames.',
  `voiced_ratio` float COMMENT 'Share of the speech frames that are voiced.',
  `jitter_ratio` float COMMENT 'Mean difference of neighbouring glottal periods, relative to the mean period (local jitter).',
  `shimmer_db` float COMMENT 'Mean difference of neighbouring glottal pulses\' amplitudes, in dB (local shimmer).',
  `hnr_mean_db` float COMMENT 'Mean harmonics-to-noise ratio of the voiced frames.',
  `spectral_centroid_hz` float COMMENT 'Mean spectral centroid of the speech frames.',
  `alpha_ratio_db` float COMMENT 'Mean alpha ratio of the speech frames.',
  `hammarberg_index_db` float COMMENT 'Mean Hammarberg index of the speech frames.',
  `syllable_rate_hz` float COMMENT 'Syllable nuclei per second from begin to end without masked audio (de Jong and Wempe); NULL for less than 250 ms of speech.',
  `articulation_rate_hz` float COMMENT 'Syllable nuclei per second of speech, pauses left out; NULL for less than 250 ms of speech.',
  `snr_db` float COMMENT 'Power of the speech, the noise under it taken off, over that of the noise within 10 s around; at least -10.',
  `level_mean_dbfs_z` float COMMENT 'level_mean_dbfs, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `level_sd_db_z` float COMMENT 'level_sd_db, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `level_slope_db_s_z` float COMMENT 'level_slope_db_s, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `f0_mean_st_z` float COMMENT 'f0_mean_st, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `f0_sd_st_z` float COMMENT 'f0_sd_st, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `f0_range_st_z` float COMMENT 'f0_range_st, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `f0_slope_st_s_z` float COMMENT 'f0_slope_st_s, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `voiced_ratio_z` float COMMENT 'voiced_ratio, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `jitter_ratio_z` float COMMENT 'jitter_ratio, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `shimmer_db_z` float COMMENT 'shimmer_db, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `hnr_mean_db_z` float COMMENT 'hnr_mean_db, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `spectral_centroid_hz_z` float COMMENT 'spectral_centroid_hz, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `alpha_ratio_db_z` float COMMENT 'alpha_ratio_db, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `hammarberg_index_db_z` float COMMENT 'hammarberg_index_db, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `syllable_rate_hz_z` float COMMENT 'syllable_rate_hz, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `articulation_rate_hz_z` float COMMENT 'articulation_rate_hz, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `snr_db_z` float COMMENT 'snr_db, less this speaker\'s mean over the call\'s utterances, in standard deviations of the same.',
  `prosody_text` string COMMENT 'What it sounds like against its speaker\'s usual, in words; NULL unless asked for, if not eligible, or if there is nothing to compare with.',
  `scores` array<struct<name:string,value:float>> COMMENT 'What the given model says, by label; NULL unless one is given, if not eligible, or if a feature that it takes is not computable.',
  `model_sha256` string COMMENT 'SHA-256 of that model\'s file; NULL where scores are.',
  `subject_key` string COMMENT 'Names the person, pseudonymously, where records tell.',
  `split_group` string COMMENT 'What must not lie in two splits: subject key, else first contact of a chain, else call.',
  `split` string COMMENT 'train (80 %), validation or test (10 % each), by a salted hash of split_group.'
)
COMMENT 'A row is a unit that a sentiment model may score: an utterance of 1 to 15 s, or a window of 30 s, of one channel.'
PARTITIONED BY (`dt` string COMMENT 'UTC date of the range of the job that wrote the row.')
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/sentiment_inputs/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2020-01-01,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://BUCKET/PREFIX/sentiment_inputs/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `callbeam`.`clips` (
  `job_id` string COMMENT 'The job that wrote the row; part of its file\'s name.',
  `call_id` string COMMENT 'ContactId, TransactionId, or <stream>#<first fragment number> for untagged audio.',
  `channel_id` string COMMENT 'Names the channel in every table: a hash of stream, the leg\'s first fragment and track name.',
  `participant_role` string COMMENT 'CUSTOMER (from the customer), AGENT (all that the customer hears), NULL where nothing tells.',
  `unit_id` string COMMENT 'The unit\'s, in sentiment_inputs.',
  `begin_ts` timestamp COMMENT 'Where the clip begins: the unit\'s begin less its padding, or where the audio does.',
  `duration_ms` int COMMENT 'Length of the clip, padding included, rounded down.',
  `audio` struct<bytes:binary,path:string> COMMENT 'FLAC, 8 kHz, mono, 16 bits, in bytes, masked audio as zeros; <unit_id>.flac in path. Never NULL: the column may be so because Hugging Face datasets knows Audio by a nullable field alone.'
)
COMMENT 'A row is the audio of a candidate unit of sentiment_inputs. Written only when asked for.'
PARTITIONED BY (`dt` string COMMENT 'UTC date of the range of the job that wrote the row.')
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/clips/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2020-01-01,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://BUCKET/PREFIX/clips/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `callbeam`.`seconds` (
  `job_id` string COMMENT 'The job that wrote the row; part of its file\'s name.',
  `call_id` string COMMENT 'ContactId, TransactionId, or <stream>#<first fragment number> for untagged audio.',
  `channel_id` string COMMENT 'Names the channel in every table: a hash of stream, the leg\'s first fragment and track name.',
  `participant_role` string COMMENT 'CUSTOMER (from the customer), AGENT (all that the customer hears), NULL where nothing tells.',
  `start_ts` timestamp COMMENT 'Where the second begins.',
  `begin_offset_ms` int COMMENT 'The same, from the call\'s start.',
  `covered_ms` int COMMENT 'Audio in the second; the rest is gap or lies outside the channel. Measures are over covered frames. Those further than half a second from a frame that reaches the least level of speech are not heard.',
  `speech_ms` int COMMENT 'Time in the second that is decided to be speech.',
  `level_dbfs` float COMMENT 'RMS level of the second\'s audio; 0 is a full-scale square wave, the floor is -100.',
  `loudness_score` float COMMENT 'clip(level_dbfs + 100, 0, 100), on the scale of the incumbents\' scores, uncalibrated.',
  `zero_crossing_rate` float COMMENT 'Mean share of neighbouring samples that differ in sign, in the frames heard.',
  `spectral_centroid_hz` float COMMENT 'Mean spectral centroid of the frames heard; those of digital silence have no spectrum and do not count.',
  `spectral_bandwidth_hz` float COMMENT 'Mean spectral bandwidth (second order) of the frames heard.',
  `spectral_rolloff_hz` float COMMENT 'Mean frequency below which 85 % of the magnitude lies, in the frames heard.',
  `spectral_flatness` float COMMENT 'Mean spectral flatness of the power spectrum of the frames heard.',
  `spectral_flux` float COMMENT 'Mean L2 distance of the L1-normalised magnitude spectra of the frames heard to those of the frames before.',
  `spectral_slope_0_500_db_khz` float COMMENT 'Mean slope of the power spectrum in dB per kHz between 0 and 500 Hz, of the frames heard.',
  `spectral_slope_500_1500_db_khz` float COMMENT 'The same between 500 and 1500 Hz.',
  `alpha_ratio_db` float COMMENT 'Mean ratio of energy in 50-1000 Hz to energy in 1000 Hz to the band\'s end (at most 5 kHz), of the frames heard.',
  `hammarberg_index_db` float COMMENT 'Mean ratio of the strongest peak in 0-2 kHz to the strongest in 2 kHz to the band\'s end (at most 5 kHz), of the frames heard.',
  `f0_median_hz` float COMMENT 'Median F0 of the voiced frames.',
  `voiced_ratio` float COMMENT 'Share of frames that are voiced; none is that is too faint to be speech.',
  `voicing` float COMMENT 'Mean voicing strength, the normalised autocorrelation peak, 0 to 1, of frames that are not too faint to be speech.',
  `hnr_db` float COMMENT 'Mean harmonics-to-noise ratio of the voiced frames.'
)
COMMENT 'A row is a second of a channel, counted from the leg\'s clock zero.'
PARTITIONED BY (`dt` string COMMENT 'UTC date of the range of the job that wrote the row.')
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/seconds/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2020-01-01,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://BUCKET/PREFIX/seconds/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `callbeam`.`windows` (
  `job_id` string COMMENT 'The job that wrote the row; part of its file\'s name.',
  `call_id` string COMMENT 'ContactId, TransactionId, or <stream>#<first fragment number> for untagged audio.',
  `channel_id` string COMMENT 'Names the channel in every table: a hash of stream, the leg\'s first fragment and track name.',
  `participant_role` string COMMENT 'CUSTOMER (from the customer), AGENT (all that the customer hears), NULL where nothing tells.',
  `window_start_ts` timestamp COMMENT 'Where the window begins; windows of all channels share their borders.',
  `window_ms` int COMMENT 'Length of the window.',
  `begin_offset_ms` int COMMENT 'Where it begins, from the call\'s start; negative for a window that begins before the call.',
  `covered_ms` int COMMENT 'Audio of the seconds in the window.',
  `second_count` int COMMENT 'Seconds that begin in the window and hold audio.',
  `speech_ms` int COMMENT 'Time in them that is decided to be speech.',
  `speech_ratio` float COMMENT 'The same, as a share of covered_ms.',
  `level_dbfs_mean` float COMMENT 'mean over the window\'s seconds of: RMS level of the second\'s audio; 0 is a full-scale square wave, the floor is -100.',
  `level_dbfs_sd` float COMMENT 'sd over the window\'s seconds of: RMS level of the second\'s audio; 0 is a full-scale square wave, the floor is -100.',
  `level_dbfs_p20` float COMMENT 'p20 over the window\'s seconds of: RMS level of the second\'s audio; 0 is a full-scale square wave, the floor is -100.',
  `level_dbfs_p50` float COMMENT 'p50 over the window\'s seconds of: RMS level of the second\'s audio; 0 is a full-scale square wave, the floor is -100.',
  `level_dbfs_p80` float COMMENT 'p80 over the window\'s seconds of: RMS level of the second\'s audio; 0 is a full-scale square wave, the floor is -100.',
  `loudness_score_mean` float COMMENT 'mean over the window\'s seconds of: clip(level_dbfs + 100, 0, 100), on the scale of the incumbents\' scores, uncalibrated.',
  `loudness_score_sd` float COMMENT 'sd over the window\'s seconds of: clip(level_dbfs + 100, 0, 100), on the scale of the incumbents\' scores, uncalibrated.',
  `loudness_score_p20` float COMMENT 'p20 over the window\'s seconds of: clip(level_dbfs + 100, 0, 100), on the scale of the incumbents\' scores, uncalibrated.',
  `loudness_score_p50` float COMMENT 'p50 over the window\'s seconds of: clip(level_dbfs + 100, 0, 100), on the scale of the incumbents\' scores, uncalibrated.',
  `loudness_score_p80` float COMMENT 'p80 over the window\'s seconds of: clip(level_dbfs + 100, 0, 100), on the scale of the incumbents\' scores, uncalibrated.',
  `zero_crossing_rate_mean` float COMMENT 'mean over the window\'s seconds of: Mean share of neighbouring samples that differ in sign, in the frames heard.',
  `zero_crossing_rate_sd` float COMMENT 'sd over the window\'s seconds of: Mean share of neighbouring samples that differ in sign, in the frames heard.',
  `zero_crossing_rate_p20` float COMMENT 'p20 over the window\'s seconds of: Mean share of neighbouring samples that differ in sign, in the frames heard.',
  `zero_crossing_rate_p50` float COMMENT 'p50 over the window\'s seconds of: Mean share of neighbouring samples that differ in sign, in the frames heard.',
  `zero_crossing_rate_p80` float COMMENT 'p80 over the window\'s seconds of: Mean share of neighbouring samples that differ in sign, in the frames heard.',
  `spectral_centroid_hz_mean` float COMMENT 'mean over the window\'s seconds of: Mean spectral centroid of the frames heard; those of digital silence have no spectrum and do not count.',
  `spectral_centroid_hz_sd` float COMMENT 'sd over the window\'s seconds of: Mean spectral centroid of the frames heard; those of digital silence have no spectrum and do not count.',
  `spectral_centroid_hz_p20` float COMMENT 'p20 over the window\'s seconds of: Mean spectral centroid of the frames heard; those of digital silence have no spectrum and do not count.',
  `spectral_centroid_hz_p50` float COMMENT 'p50 over the window\'s seconds of: Mean spectral centroid of the frames heard; those of digital silence have no spectrum and do not count.',
  `spectral_centroid_hz_p80` float COMMENT 'p80 over the window\'s seconds of: Mean spectral centroid of the frames heard; those of digital silence have no spectrum and do not count.',
  `spectral_bandwidth_hz_mean` float COMMENT 'mean over the window\'s seconds of: Mean spectral bandwidth (second order) of the frames heard.',
  `spectral_bandwidth_hz_sd` float COMMENT 'sd over the window\'s seconds of: Mean spectral bandwidth (second order) of the frames heard.',
  `spectral_bandwidth_hz_p20` float COMMENT 'p20 over the window\'s seconds of: Mean spectral bandwidth (second order) of the frames heard.',
  `spectral_bandwidth_hz_p50` float COMMENT 'p50 over the window\'s seconds of: Mean spectral bandwidth (second order) of the frames heard.',
  `spectral_bandwidth_hz_p80` float COMMENT 'p80 over the window\'s seconds of: Mean spectral bandwidth (second order) of the frames heard.',
  `spectral_rolloff_hz_mean` float COMMENT 'mean over the window\'s seconds of: Mean frequency below which 85 % of the magnitude lies, in the frames heard.',
  `spectral_rolloff_hz_sd` float COMMENT 'sd over the window\'s seconds of: Mean frequency below which 85 % of the magnitude lies, in the frames heard.',
  `spectral_rolloff_hz_p20` float COMMENT 'p20 over the window\'s seconds of: Mean frequency below which 85 % of the magnitude lies, in the frames heard.',
  `spectral_rolloff_hz_p50` float COMMENT 'p50 over the window\'s seconds of: Mean frequency below which 85 % of the magnitude lies, in the frames heard.',
  `spectral_rolloff_hz_p80` float COMMENT 'p80 over the window\'s seconds of: Mean frequency below which 85 % of the magnitude lies, in the frames heard.',
  `spectral_flatness_mean` float COMMENT 'mean over the window\'s seconds of: Mean spectral flatness of the power spectrum of the frames heard.',
  `spectral_flatness_sd` float COMMENT 'sd over the window\'s seconds of: Mean spectral flatness of the power spectrum of the frames heard.',
  `spectral_flatness_p20` float COMMENT 'p20 over the window\'s seconds of: Mean spectral flatness of the power spectrum of the frames heard.',
  `spectral_flatness_p50` float COMMENT 'p50 over the window\'s seconds of: Mean spectral flatness of the power spectrum of the frames heard.',
  `spectral_flatness_p80` float COMMENT 'p80 over the window\'s seconds of: Mean spectral flatness of the power spectrum of the frames heard.',
  `spectral_flux_mean` float COMMENT 'mean over the window\'s seconds of: Mean L2 distance of the L1-normalised magnitude spectra of the frames heard to those of the frames before.',
  `spectral_flux_sd` float COMMENT 'sd over the window\'s seconds of: Mean L2 distance of the L1-normalised magnitude spectra of the frames heard to those of the frames before.',
  `spectral_flux_p20` float COMMENT 'p20 over the window\'s seconds of: Mean L2 distance of the L1-normalised magnitude spectra of the frames heard to those of the frames before.',
  `spectral_flux_p50` float COMMENT 'p50 over the window\'s seconds of: Mean L2 distance of the L1-normalised magnitude spectra of the frames heard to those of the frames before.',
  `spectral_flux_p80` float COMMENT 'p80 over the window\'s seconds of: Mean L2 distance of the L1-normalised magnitude spectra of the frames heard to those of the frames before.',
  `spectral_slope_0_500_db_khz_mean` float COMMENT 'mean over the window\'s seconds of: Mean slope of the power spectrum in dB per kHz between 0 and 500 Hz, of the frames heard.',
  `spectral_slope_0_500_db_khz_sd` float COMMENT 'sd over the window\'s seconds of: Mean slope of the power spectrum in dB per kHz between 0 and 500 Hz, of the frames heard.',
  `spectral_slope_0_500_db_khz_p20` float COMMENT 'p20 over the window\'s seconds of: Mean slope of the power spectrum in dB per kHz between 0 and 500 Hz, of the frames heard.',
  `spectral_slope_0_500_db_khz_p50` float COMMENT 'p50 over the window\'s seconds of: Mean slope of the power spectrum in dB per kHz between 0 and 500 Hz, of the frames heard.',
  `spectral_slope_0_500_db_khz_p80` float COMMENT 'p80 over the window\'s seconds of: Mean slope of the power spectrum in dB per kHz between 0 and 500 Hz, of the frames heard.',
  `spectral_slope_500_1500_db_khz_mean` float COMMENT 'mean over the window\'s seconds of: The same between 500 and 1500 Hz.',
  `spectral_slope_500_1500_db_khz_sd` float COMMENT 'sd over the window\'s seconds of: The same between 500 and 1500 Hz.',
  `spectral_slope_500_1500_db_khz_p20` float COMMENT 'p20 over the window\'s seconds of: The same between 500 and 1500 Hz.',
  `spectral_slope_500_1500_db_khz_p50` float COMMENT 'p50 over the window\'s seconds of: The same between 500 and 1500 Hz.',
  `spectral_slope_500_1500_db_khz_p80` float COMMENT 'p80 over the window\'s seconds of: The same between 500 and 1500 Hz.',
  `alpha_ratio_db_mean` float COMMENT 'mean over the window\'s seconds of: Mean ratio of energy in 50-1000 Hz to energy in 1000 Hz to the band\'s end (at most 5 kHz), of the frames heard.',
  `alpha_ratio_db_sd` float COMMENT 'sd over the window\'s seconds of: Mean ratio of energy in 50-1000 Hz to energy in 1000 Hz to the band\'s end (at most 5 kHz), of the frames heard.',
  `alpha_ratio_db_p20` float COMMENT 'p20 over the window\'s seconds of: Mean ratio of energy in 50-1000 Hz to energy in 1000 Hz to the band\'s end (at most 5 kHz), of the frames heard.',
  `alpha_ratio_db_p50` float COMMENT 'p50 over the window\'s seconds of: Mean ratio of energy in 50-1000 Hz to energy in 1000 Hz to the band\'s end (at most 5 kHz), of the frames heard.',
  `alpha_ratio_db_p80` float COMMENT 'p80 over the window\'s seconds of: Mean ratio of energy in 50-1000 Hz to energy in 1000 Hz to the band\'s end (at most 5 kHz), of the frames heard.',
  `hammarberg_index_db_mean` float COMMENT 'mean over the window\'s seconds of: Mean ratio of the strongest peak in 0-2 kHz to the strongest in 2 kHz to the band\'s end (at most 5 kHz), of the frames heard.',
  `hammarberg_index_db_sd` float COMMENT 'sd over the window\'s seconds of: Mean ratio of the strongest peak in 0-2 kHz to the strongest in 2 kHz to the band\'s end (at most 5 kHz), of the frames heard.',
  `hammarberg_index_db_p20` float COMMENT 'p20 over the window\'s seconds of: Mean ratio of the strongest peak in 0-2 kHz to the strongest in 2 kHz to the band\'s end (at most 5 kHz), of the frames heard.',
  `hammarberg_index_db_p50` float COMMENT 'p50 over the window\'s seconds of: Mean ratio of the strongest peak in 0-2 kHz to the strongest in 2 kHz to the band\'s end (at most 5 kHz), of the frames heard.',
  `hammarberg_index_db_p80` float COMMENT 'p80 over the window\'s seconds of: Mean ratio of the strongest peak in 0-2 kHz to the strongest in 2 kHz to the band\'s end (at most 5 kHz), of the frames heard.',
  `f0_median_hz_mean` float COMMENT 'mean over the window\'s seconds of: Median F0 of the voiced frames.',
  `f0_median_hz_sd` float COMMENT 'sd over the window\'s seconds of: Median F0 of the voiced frames.',
  `f0_median_hz_p20` float COMMENT 'p20 over the window\'s seconds of: Median F0 of the voiced frames.',
  `f0_median_hz_p50` float COMMENT 'p50 over the window\'s seconds of: Median F0 of the voiced frames.',
  `f0_median_hz_p80` float COMMENT 'p80 over the window\'s seconds of: Median F0 of the voiced frames.',
  `voiced_ratio_mean` float COMMENT 'mean over the window\'s seconds of: Share of frames that are voiced; none is that is too faint to be speech.',
  `voiced_ratio_sd` float COMMENT 'sd over the window\'s seconds of: Share of frames that are voiced; none is that is too faint to be speech.',
  `voiced_ratio_p20` float COMMENT 'p20 over the window\'s seconds of: Share of frames that are voiced; none is that is too faint to be speech.',
  `voiced_ratio_p50` float COMMENT 'p50 over the window\'s seconds of: Share of frames that are voiced; none is that is too faint to be speech.',
  `voiced_ratio_p80` float COMMENT 'p80 over the window\'s seconds of: Share of frames that are voiced; none is that is too faint to be speech.',
  `voicing_mean` float COMMENT 'mean over the window\'s seconds of: Mean voicing strength, the normalised autocorrelation peak, 0 to 1, of frames that are not too faint to be speech.',
  `voicing_sd` float COMMENT 'sd over the window\'s seconds of: Mean voicing strength, the normalised autocorrelation peak, 0 to 1, of frames that are not too faint to be speech.',
  `voicing_p20` float COMMENT 'p20 over the window\'s seconds of: Mean voicing strength, the normalised autocorrelation peak, 0 to 1, of frames that are not too faint to be speech.',
  `voicing_p50` float COMMENT 'p50 over the window\'s seconds of: Mean voicing strength, the normalised autocorrelation peak, 0 to 1, of frames that are not too faint to be speech.',
  `voicing_p80` float COMMENT 'p80 over the window\'s seconds of: Mean voicing strength, the normalised autocorrelation peak, 0 to 1, of frames that are not too faint to be speech.',
  `hnr_db_mean` float COMMENT 'mean over the window\'s seconds of: Mean harmonics-to-noise ratio of the voiced frames.',
  `hnr_db_sd` float COMMENT 'sd over the window\'s seconds of: Mean harmonics-to-noise ratio of the voiced frames.',
  `hnr_db_p20` float COMMENT 'p20 over the window\'s seconds of: Mean harmonics-to-noise ratio of the voiced frames.',
  `hnr_db_p50` float COMMENT 'p50 over the window\'s seconds of: Mean harmonics-to-noise ratio of the voiced frames.',
  `hnr_db_p80` float COMMENT 'p80 over the window\'s seconds of: Mean harmonics-to-noise ratio of the voiced frames.'
)
COMMENT 'A row is a sliding window of a channel, on the wall clock.'
PARTITIONED BY (`dt` string COMMENT 'UTC date of the range of the job that wrote the row.')
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/windows/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2020-01-01,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://BUCKET/PREFIX/windows/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `callbeam`.`frames` (
  `job_id` string COMMENT 'The job that wrote the row; part of its file\'s name.',
  `call_id` string COMMENT 'ContactId, TransactionId, or <stream>#<first fragment number> for untagged audio.',
  `channel_id` string COMMENT 'Names the channel in every table: a hash of stream, the leg\'s first fragment and track name.',
  `participant_role` string COMMENT 'CUSTOMER (from the customer), AGENT (all that the customer hears), NULL where nothing tells.',
  `ts` timestamp COMMENT 'Where the 10 ms hop begins, on the leg\'s clock.',
  `level_dbfs` float COMMENT 'RMS level of the 25 ms frame; the floor is -100.',
  `zero_crossing_rate` float COMMENT 'Share of neighbouring samples that differ in sign.',
  `spectral_centroid_hz` float COMMENT 'Spectral centroid; NULL, like all that describes the spectrum\'s shape, in digital silence.',
  `spectral_bandwidth_hz` float COMMENT 'Spectral bandwidth, second order.',
  `spectral_rolloff_hz` float COMMENT 'Frequency below which 85 % of the magnitude lies.',
  `spectral_flatness` float COMMENT 'Spectral flatness of the power spectrum.',
  `spectral_flux` float COMMENT 'L2 distance to the frame before, between L1-normalised magnitude spectra.',
  `spectral_slope_0_500_db_khz` float COMMENT 'Slope of the power spectrum in dB per kHz between 0 and 500 Hz.',
  `spectral_slope_500_1500_db_khz` float COMMENT 'The same between 500 and 1500 Hz.',
  `alpha_ratio_db` float COMMENT 'Energy in 50-1000 Hz over energy in 1000 Hz to the band\'s end (at most 5 kHz).',
  `hammarberg_index_db` float COMMENT 'Strongest peak in 0-2 kHz over the strongest in 2 kHz to the band\'s end (at most 5 kHz).',
  `f0_hz` float COMMENT 'Fundamental frequency, 65 to 500 Hz; NULL where unvoiced, and where it is too faint to be speech.',
  `voicing` float COMMENT 'Voicing strength: the normalised autocorrelation peak, 0 to 1; NULL in digital silence, and where it is too faint to be speech.',
  `hnr_db` float COMMENT 'Harmonics-to-noise ratio; NULL where unvoiced.',
  `speech_probability` float COMMENT 'The voice activity detector\'s, 0 to 1; 0 where nothing within half a second reaches the least level of speech, and where an echo of the other explains the frame, as far as the piece tells: what legs on different streams tell of each other comes later.',
  `logmel_db` array<float> COMMENT '64 mel bands from 100 to 3800 Hz, power in dB.',
  `mfcc` array<float> COMMENT '13 MFCC of the log-mel bands (DCT-II, orthonormal).'
)
COMMENT 'A row is 10 ms of a channel; floats are rounded to 10 mantissa bits. Written only when asked for.'
PARTITIONED BY (`dt` string COMMENT 'UTC date of the range of the job that wrote the row.')
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/frames/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2020-01-01,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://BUCKET/PREFIX/frames/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `callbeam`.`fragments` (
  `job_id` string COMMENT 'The job that wrote the row; part of its file\'s name.',
  `call_id` string COMMENT 'The call, where it is known.',
  `stream_arn` string COMMENT 'The stream; of a recording, its place.',
  `unit_start_ts` timestamp COMMENT 'The unit that listed it; a unit also lists its legs\' fragments beyond its own hour.',
  `fragment_number` string COMMENT 'KVS\'s number, 47 digits; 0 of a recording.',
  `server_ts` timestamp COMMENT 'When KVS began to receive it.',
  `producer_ts` timestamp COMMENT 'What the producer said.',
  `bytes` bigint COMMENT 'Size as listed.',
  `status` string COMMENT 'decoded, duplicate, other_unit, not_found, expired, damaged, unsupported_codec, no_timestamp, no_audio, service_error, open, or not_asked. A duplicate\'s bytes are had already, from its stream or another.',
  `reason` string COMMENT 'Why, for people; NULL where the status says all.'
)
COMMENT 'A row is a fragment that a unit listed, or a recording, and what became of it.'
PARTITIONED BY (`dt` string COMMENT 'UTC date of the range of the job that wrote the row.')
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/fragments/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2020-01-01,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://BUCKET/PREFIX/fragments/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `callbeam`.`dead_letters` (
  `job_id` string COMMENT 'The job that wrote the row; part of its file\'s name.',
  `call_id` string COMMENT 'The call, where it is known.',
  `step` string COMMENT 'The step that gave it up.',
  `reason` string COMMENT 'The status of the ledger that it ended with.',
  `detail` string COMMENT 'What was seen, for people.',
  `stream_arn` string COMMENT 'The stream; the place of a recording or record; or the contact.',
  `fragment_number` string COMMENT 'The fragment.',
  `unit_start_ts` timestamp COMMENT 'The unit.',
  `sample` binary COMMENT 'How what came begins, at most 64 bytes: media as they are, of a record its shape, letters as x and digits as 0.'
)
COMMENT 'A row is something that failed.'
PARTITIONED BY (`dt` string COMMENT 'UTC date of the range of the job that wrote the row.')
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/dead_letters/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2020-01-01,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://BUCKET/PREFIX/dead_letters/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `callbeam`.`jobs` (
  `job_id` string COMMENT 'The job that wrote the row; part of its file\'s name.',
  `sources` array<string> COMMENT 'The stream selectors as written, or places of records (records:) and of recordings (recordings:) with their whole path.',
  `account` string COMMENT 'The AWS account of the streams.',
  `region` string COMMENT 'Their region.',
  `start_ts` timestamp COMMENT 'Start of the job\'s range of server time.',
  `end_ts` timestamp COMMENT 'Its end, exclusive.',
  `options_sha256` string COMMENT 'Hash of the options that change rows.',
  `versions` map<string,string> COMMENT 'callbeam and the libraries that results rest on.',
  `models` map<string,string> COMMENT 'SHA-256 of the model files that results rest on, by name.',
  `stream_count` int COMMENT 'Streams that the selectors resolved to.',
  `call_count` int COMMENT 'Calls written.',
  `channel_hours` double COMMENT 'Hours of audio in the channels written.',
  `listed` bigint COMMENT 'Rows of the ledger.',
  `by_status` map<string,bigint> COMMENT 'Of these, by status.',
  `lost_ratio` double COMMENT 'Lost, as a share of listed less other_unit and not_asked; NULL if none is left.'
)
COMMENT 'A row is a job.'
PARTITIONED BY (`dt` string COMMENT 'UTC date of the range of the job that wrote the row.')
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/jobs/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2020-01-01,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://BUCKET/PREFIX/jobs/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `callbeam`.`segments` (
  `job_id` string COMMENT 'The job that wrote the row; part of its file\'s name.',
  `call_id` string COMMENT 'ContactId, TransactionId, or <stream>#<first fragment number> for untagged audio.',
  `call_known` boolean COMMENT 'A job has written the call; if not, call_id is the source\'s own name of it.',
  `source` string COMMENT 'Who says it: contact_lens, contact_lens_ivr, contact_lens_realtime, contact_lens_rules, transcribe, transcribe_streaming, transcribe_call_analytics, post_call_analytics, chime_call_analytics, live_call_analytics or people.',
  `source_segment_id` string COMMENT 'The source\'s own name of it.',
  `participant_role` string COMMENT 'Whom it is about: CUSTOMER, AGENT, or SYSTEM (prompts); NULL where nothing tells.',
  `source_speaker` string COMMENT 'What the source calls who speaks, or the channel, where it tells no role: ch_0, spk_1. participant_role is then found by whose utterances the speech agrees with, and NULL where it agrees with nobody\'s.',
  `channel_id` string COMMENT 'The channel whose speech it is; NULL if none is.',
  `begin_offset_ms` int COMMENT 'Where it begins, from the call\'s start; NULL if it is about all of the call, if the call is not known, or if the source\'s clock cannot be brought to the call\'s.',
  `end_offset_ms` int COMMENT 'Where it ends, likewise.',
  `source_begin_ms` bigint COMMENT 'Where it begins on the source\'s clock.',
  `source_end_ms` bigint COMMENT 'Where it ends on the source\'s clock.',
  `clock_shift_ms` bigint COMMENT 'What was added to the source\'s clock; NULL if that is not known.',
  `clock_confidence` float COMMENT 'How well the source\'s speech and the call\'s agree at that shift: their correlation over frames of 20 ms, 0 to 1; below 0.4 no text is given to utterances.',
  `language` string COMMENT 'As the source writes it.',
  `text` string COMMENT 'What was said; NULL where the text policy withholds it.',
  `words` array<struct<begin_offset_ms:int,end_offset_ms:int,text:string,confidence:float,utterance_id:string>> COMMENT 'Its words and the utterances that they lie in; one without times is joined to the one before it. NULL without words.',
  `text_status` string COMMENT 'linked: in utterance_texts; no_utterance: nobody of its role is heard there; no_channel: the call has no channel of its role; no_role: nothing tells who speaks; unaligned: its clock cannot be brought to the call\'s; unknown_call.',
  `utterance_ids` array<string> COMMENT 'The utterances that it lies in, in order.',
  `is_partial` boolean COMMENT 'The source\'s final word on it never came.',
  `redacted` boolean COMMENT 'The source says that personal data were taken out.',
  `record_count` int COMMENT 'Records that say the same: partial ones and repetitions included.',
  `place` string COMMENT 'The first of them: its file, and where in it.'
)
COMMENT 'A row is a stretch of speech that another system transcribed. Written by callbeam enrich.'
PARTITIONED BY (`dt` string COMMENT 'UTC date of the range of the job that wrote the row.')
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/segments/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2020-01-01,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://BUCKET/PREFIX/segments/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `callbeam`.`utterance_texts` (
  `job_id` string COMMENT 'The job that wrote the row; part of its file\'s name.',
  `call_id` string COMMENT 'ContactId, TransactionId, or <stream>#<first fragment number> for untagged audio.',
  `channel_id` string COMMENT 'Names the channel in every table: a hash of stream, the leg\'s first fragment and track name.',
  `participant_role` string COMMENT 'CUSTOMER (from the customer), AGENT (all that the customer hears), NULL where nothing tells.',
  `utterance_id` string COMMENT 'Joins utterances.',
  `source` string COMMENT 'Who says it, as in segments.',
  `begin_offset_ms` int COMMENT 'Where the utterance begins, from the call\'s start.',
  `end_offset_ms` int COMMENT 'Where it ends.',
  `text` string COMMENT 'What was said; NULL if withheld, or in a neighbour\'s text.',
  `text_status` string COMMENT 'words: the words that were said in it, by their times; segment: of segments without times of words, those that lie in it most; in_neighbour: it holds part of such a segment, whose text the utterance has in which most of it lies; withheld: the text...',
  `word_count` int COMMENT 'Words of text; NULL without.',
  `words_per_minute` float COMMENT 'word_count by the utterance\'s duration; NULL unless text_status is words.',
  `source_segment_ids` array<string> COMMENT 'The segments that it holds some of, in order.'
)
COMMENT 'A row is what one source has for an utterance. Written by callbeam enrich.'
PARTITIONED BY (`dt` string COMMENT 'UTC date of the range of the job that wrote the row.')
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/utterance_texts/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2020-01-01,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://BUCKET/PREFIX/utterance_texts/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `callbeam`.`labels` (
  `job_id` string COMMENT 'The job that wrote the row; part of its file\'s name.',
  `call_id` string COMMENT 'ContactId, TransactionId, or <stream>#<first fragment number> for untagged audio.',
  `call_known` boolean COMMENT 'A job has written the call; if not, call_id is the source\'s own name of it.',
  `source` string COMMENT 'Who says it: contact_lens, contact_lens_ivr, contact_lens_realtime, contact_lens_rules, transcribe, transcribe_streaming, transcribe_call_analytics, post_call_analytics, chime_call_analytics, live_call_analytics or people.',
  `label_id` string COMMENT 'Names the label: a hash of what it says.',
  `name` string COMMENT 'What is judged: sentiment, sentiment_overall, sentiment_quarter, voice_tone, voice_tone_score, loudness, category, issue, outcome, action_item, summary, interruption, non_talk, redaction, agent, talk_speed, a column of calls that the source has a...',
  `value` string COMMENT 'The class or text; NULL without one, or where the text policy withholds it.',
  `score` float COMMENT 'The figure, on scale.',
  `scale` string COMMENT 'Range or unit of the score: -5..5, 0..1, ms, count.',
  `annotator` string COMMENT 'Who judged, where that is a person.',
  `participant_role` string COMMENT 'Whom it is about: CUSTOMER, AGENT, or SYSTEM (prompts); NULL where nothing tells.',
  `begin_offset_ms` int COMMENT 'Where it begins, from the call\'s start; NULL if it is about all of the call, if the call is not known, or if the source\'s clock cannot be brought to the call\'s.',
  `end_offset_ms` int COMMENT 'Where it ends, likewise.',
  `source_segment_id` string COMMENT 'The segment that it is about.',
  `unit_id` string COMMENT 'The unit of sentiment_inputs, or the utterance, that it is about.',
  `record_count` int COMMENT 'Records that say the same: partial ones and repetitions included.',
  `place` string COMMENT 'The first of them: its file, and where in it.'
)
COMMENT 'A row is a judgement by another system or a person: about a call, a stretch of it, a segment or a unit. Written by callbeam enrich.'
PARTITIONED BY (`dt` string COMMENT 'UTC date of the range of the job that wrote the row.')
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/labels/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2020-01-01,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://BUCKET/PREFIX/labels/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS `callbeam`.`messages` (
  `job_id` string COMMENT 'The job that wrote the row; part of its file\'s name.',
  `call_id` string COMMENT 'ContactId, TransactionId, or <stream>#<first fragment number> for untagged audio.',
  `call_known` boolean COMMENT 'A job has written the call; if not, call_id is the source\'s own name of it.',
  `source` string COMMENT 'Who says it: contact_lens, contact_lens_ivr, contact_lens_realtime, contact_lens_rules, transcribe, transcribe_streaming, transcribe_call_analytics, post_call_analytics, chime_call_analytics, live_call_analytics or people.',
  `message_id` string COMMENT 'Names the message: a hash of what it says.',
  `said_ts` timestamp COMMENT 'When it was published.',
  `offset_ms` int COMMENT 'The same, from the call\'s start.',
  `kind` string COMMENT 'Its detail-type or EventType, known or not.',
  `status` string COMMENT 'Its own word of what happened.',
  `participant_role` string COMMENT 'Whom it is about: CUSTOMER, AGENT, or SYSTEM (prompts); NULL where nothing tells.',
  `text` string COMMENT 'What was said, where it tells and the text policy allows.',
  `is_partial` boolean COMMENT 'A later message of the same segment replaces the text.',
  `payload` string COMMENT 'The record as JSON; without numbers and addresses, and of text that the policy withholds the shape alone.',
  `record_count` int COMMENT 'Records that say the same: partial ones and repetitions included.',
  `place` string COMMENT 'The first of them: its file, and where in it.'
)
COMMENT 'A row is a record of a stream of call analytics. Written by callbeam enrich.'
PARTITIONED BY (`dt` string COMMENT 'UTC date of the range of the job that wrote the row.')
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/messages/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2020-01-01,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://BUCKET/PREFIX/messages/dt=${dt}/'
);
