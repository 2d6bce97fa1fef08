-- What repeatable/ makes of these tables goes with them.
DROP VIEW IF EXISTS step_attempts, run_events, run_steps, run_partitions;
DROP FUNCTION IF EXISTS grant_reader, drop_run_partition, create_run_partition, run_partition_options, partitioned_tables, snapshot_time,
    first_run_id, run_id_time;
DROP FUNCTION audit_hash;
DROP TABLE run_minutes, tenants, held_starts, workflow_pauses, engines, signing_keys, console_sessions, api_keys, callback_keys, audit_trail, audit_heads, idempotency_keys, run_inbox, outbox;
DROP TABLE run_journal, workflow_runs, call_shares, participants, workflow_definitions, reader_tenants;
DROP FUNCTION audit_retain, audit_move, audit_remove, audit_refuse, audit_append, audit_field;
