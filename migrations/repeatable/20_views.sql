-- For people with psql: what stands in the journal and in the snapshots, as tables. Programs read neither.
--
-- Of each, what is asked of one run touches the rows of that run alone.
--
-- security_invoker: else they would be read with the owner's rights, and show readers the runs of all tenants.

DROP VIEW IF EXISTS step_attempts, run_events, run_steps;

-- A time in a snapshot: microseconds since 1970, or since the snapshot was stored.
CREATE OR REPLACE FUNCTION snapshot_time(at timestamptz, absolute text, relative text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN absolute IS NOT NULL
        THEN timestamptz '1970-01-01 00:00:00+00' + absolute::bigint * interval '1 microsecond'
        ELSE at + relative::bigint * interval '1 microsecond' END
$$;

-- Every event, one by one.
CREATE VIEW run_events WITH (security_invoker = true) AS
SELECT j.run_id, j.seq + (e.ord - 1)::int AS seq, j.at, e.event->>'kind' AS kind,
    (e.event->>'step')::smallint AS step_index, e.event->>'stepId' AS step_id,
    -- execute or compensate. What nearly every attempt says is not written: execute, the attempt 1, and that a success succeeded.
    COALESCE(e.event->>'action', CASE WHEN e.event->>'kind' IN ('attempt_started', 'attempt_succeeded', 'attempt_failed',
        'attempt_accepted') THEN 'execute' END) AS action,
    COALESCE((e.event->>'attempt')::smallint, CASE WHEN e.event->>'kind'
        IN ('attempt_started', 'attempt_succeeded', 'attempt_failed', 'attempt_accepted') THEN 1::smallint END) AS attempt,
    -- succeeded, rejected, busy, unknown or notSent.
    COALESCE(e.event->>'outcome', CASE WHEN e.event->>'kind' = 'attempt_succeeded' THEN 'succeeded' END) AS outcome, (e.event->>'httpStatus')::smallint AS http_status,
    (e.event->>'durationUs')::bigint AS duration_us,
    -- When the attempt will be repeated, from `at`; null on a failed attempt means that the action gave up.
    (e.event->>'retryInUs')::bigint AS retry_in_us,
    e.event->'error' AS error, j.engine_id, j.epoch, e.event->>'traceId' AS trace_id,
    -- The output of a run stands in its row alone.
    CASE WHEN e.event->>'kind' = 'run_completed'
        THEN (SELECT json_build_object('output', r.output) FROM workflow_runs r WHERE r.run_id = j.run_id)
        ELSE e.event->'data' END AS data
FROM run_journal j CROSS JOIN LATERAL json_array_elements(j.events) WITH ORDINALITY AS e (event, ord);

-- The steps of every run as of its snapshot: exactly as they are when the run rests, waits or is over. While an engine holds
-- a run, or when it was quarantined while one did, they are as they were when it rested last; what has happened since stands in
-- run_events and step_attempts.
CREATE VIEW run_steps WITH (security_invoker = true) AS
SELECT r.run_id, (s.ord - 1)::smallint AS step_index, s.step->>'id' AS step_id,
    -- PENDING, EXECUTING, SUCCEEDED, FAILED or SKIPPED.
    s.step->>'status' AS status, COALESCE((s.step->>'attempts')::smallint, 0::smallint) AS attempts,
    -- An attempt ended without a usable answer: the effect may exist although nobody said so.
    COALESCE((s.step->>'ambiguous')::boolean, false) AS is_ambiguous,
    -- NOT_REQUIRED, PENDING, COMPENSATING, COMPENSATED or FAILED.
    COALESCE(s.step->>'compensation', 'NOT_REQUIRED') AS compensation_status,
    COALESCE((s.step->>'compensationAttempts')::smallint, 0::smallint) AS compensation_attempts,
    COALESCE((s.step->>'compensationAmbiguous')::boolean, false) AS is_compensation_ambiguous,
    CASE WHEN s.step->>'outputSeq' IS NULL THEN s.step->'output' ELSE (
        SELECT j.events->((s.step->>'outputSeq')::int - j.seq)->'data'->'output' FROM run_journal j
        WHERE j.run_id = r.run_id AND j.seq <= (s.step->>'outputSeq')::int ORDER BY j.seq DESC LIMIT 1
    ) END AS output,
    s.step->'error' AS error,
    snapshot_time(r.snapshot_at, s.step->>'startedAt', s.step->>'startedIn') AS started_at,
    snapshot_time(r.snapshot_at, s.step->>'completedAt', s.step->>'completedIn') AS completed_at,
    -- When the next attempt is due; null when none waits.
    snapshot_time(r.snapshot_at, s.step->>'nextAttemptAt', s.step->>'nextAttemptIn') AS next_attempt_at,
    -- The event with which the last attempt began.
    COALESCE((s.step->>'attemptSeq')::int, 0) AS attempt_seq
FROM workflow_runs r CROSS JOIN LATERAL json_array_elements(
    CASE json_typeof(r.snapshot) WHEN 'object' THEN r.snapshot->'steps' ELSE r.snapshot END) WITH ORDINALITY AS s (step, ord)
UNION ALL
-- A run that is as its start left it: nothing has happened but that its first steps are due.
SELECT r.run_id, (s.ord - 1)::smallint, s.step->>'id', 'PENDING', 0::smallint, false, 'NOT_REQUIRED', 0::smallint, false,
    NULL, NULL, NULL, NULL,
    CASE WHEN EXISTS (
        SELECT FROM json_array_elements(r.due) d WHERE (d.value->>'step')::int = s.ord - 1
    ) THEN r.created_at END, 0
FROM workflow_runs r
JOIN workflow_definitions w ON w.tenant_id = COALESCE(r.definition_owner, '*') AND w.workflow_name = r.workflow_name
    AND w.version = r.workflow_version
CROSS JOIN LATERAL json_array_elements(w.spec->'steps') WITH ORDINALITY AS s (step, ord)
WHERE r.snapshot IS NULL;

-- One row per attempt that ended or is under way.
CREATE VIEW step_attempts WITH (security_invoker = true) AS
SELECT started.run_id, started.step_id, started.action, started.attempt, started.at AS started_at,
       ended.at AS ended_at, ended.outcome, ended.http_status, ended.duration_us, ended.retry_in_us, ended.error,
       started.engine_id, started.epoch
FROM run_events started
LEFT JOIN LATERAL (
    SELECT * FROM run_events e
    WHERE e.run_id = started.run_id AND e.seq > started.seq AND e.step_index = started.step_index
      AND e.action = started.action AND e.kind IN ('attempt_succeeded', 'attempt_failed', 'step_resolved')
    ORDER BY e.seq LIMIT 1
) ended ON true
WHERE started.kind = 'attempt_started';

-- A view that was made anew has no grants.
SELECT grant_reader();
