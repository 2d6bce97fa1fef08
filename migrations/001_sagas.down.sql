DROP FUNCTION drop_run_partition, create_run_partition, run_partition_options;
DROP VIEW run_partitions;
DROP FUNCTION first_run_id, run_id_time;
DROP TABLE engines, admin_actions, idempotency_keys, run_inbox, outbox;
DROP VIEW step_attempts;
DROP TABLE run_events, run_steps, workflow_runs, participants, workflow_definitions;
