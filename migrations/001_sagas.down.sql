DROP TABLE engines, admin_actions, idempotency_keys, run_inbox, outbox;
DROP VIEW step_attempts;
DROP TABLE run_events, run_steps, workflow_runs, participants, workflow_definitions;
