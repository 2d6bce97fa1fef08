-- What repeatable/ makes of these tables goes with them.
DROP VIEW IF EXISTS step_attempts, run_events, run_steps, run_partitions;
DROP FUNCTION IF EXISTS drop_run_partition, create_run_partition, run_partition_options, partitioned_tables, snapshot_time,
    first_run_id, run_id_time;
DROP TABLE held_starts, workflow_pauses, engines, signing_keys, api_keys, callback_keys, admin_actions, idempotency_keys, run_inbox, outbox;
DROP TABLE run_journal, workflow_runs, participants, workflow_definitions;
