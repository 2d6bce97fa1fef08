-- The model, in one page.
--
-- A client starts a run of a workflow definition. The API writes, in one transaction, the run (workflow_runs), one row
-- per step (run_steps), the first events of its history (run_events) and one row in the outbox. That outbox row is the
-- run's pulse: exactly one while the run lives, none once it is terminal.
--
-- Engines claim outbox rows whose available_at has passed. A claim moves available_at into the future (it is now the
-- lease's deadline), notes the owner and adds one to the epoch. Whoever holds the lease is the only writer of the run:
-- each of its commits names its epoch, and a commit under an old epoch changes nothing. If the holder dies, available_at
-- passes again and the next claim takes the run over. A run that waits (for its backoff, for its deadline) has no owner
-- and an available_at in the future. One column, one index: due, leased and waiting are the same question.
--
-- run_events is the truth, append-only, numbered without gaps per run. workflow_runs and run_steps are its projection:
-- folding the events of a run gives exactly its rows. An attempt's row (attempt_started) is committed before the
-- participant is called.
--
-- What others want of a run (cancel it, retry a step, take one as undone by hand) goes into run_inbox and wakes the outbox
-- row, or makes it anew for a FAILED run; the lease holder reads it in its next commit. Nobody else touches the run.
--
-- A run's id begins with the time it was made. The three tables that grow are cut by it into partitions, which are dropped
-- whole when they are old; see the end of this file.
--
-- Payloads are json, not jsonb: an idempotency key must always come with the same bytes, numbers are kept as written, and
-- members in their order. There are no foreign keys on the hot path: each would take a row lock on one shared
-- definition or run for every insert, and retention drops runs before their steps and events. Nor does the hot path have
-- CHECK constraints: they took a fifth of all that Postgres does for a run.
--
-- All times are the database's clock. Swift decides, SQL guards.

CREATE TABLE workflow_definitions (
    tenant_id     text        NOT NULL DEFAULT 'default',
    workflow_name text        NOT NULL,
    version       text        NOT NULL,
    spec          json        NOT NULL,
    -- SHA-256 of the canonical form: the same content again is a no-op, other content under the same version is refused.
    spec_hash     bytea       NOT NULL CHECK (length(spec_hash) = 32),
    created_at    timestamptz NOT NULL DEFAULT now(),
    created_by    text        NOT NULL,
    -- A deprecated version is what a start without a version no longer takes. Nothing else changes.
    deprecated_at timestamptz,
    deprecated_by text,
    deprecation_reason text,
    PRIMARY KEY (tenant_id, workflow_name, version),
    CHECK ((deprecated_at IS NULL) = (deprecated_by IS NULL))
);

CREATE TABLE participants (
    participant_name text        PRIMARY KEY,
    url              text        NOT NULL,
    -- Calls in flight to it, per engine; null = no limit of its own.
    max_concurrent   int         CHECK (max_concurrent > 0),
    -- May hold secrets: never shown, never logged.
    headers          json        NOT NULL DEFAULT '{}',
    -- {failureThreshold, successThreshold, openFor} of the circuit breaker; null = the default, false = none.
    breaker          json,
    updated_at       timestamptz NOT NULL DEFAULT now(),
    updated_by       text        NOT NULL
);

CREATE TABLE workflow_runs (
    run_id           uuid        PRIMARY KEY,
    tenant_id        text        NOT NULL,
    workflow_name    text        NOT NULL,
    workflow_version text        NOT NULL,
    -- PENDING, RUNNING, COMPLETED, COMPENSATING, COMPENSATED, CANCELLED or FAILED.
    status           text        NOT NULL,
    -- Why it left the forward path: STEP_FAILED, CANCEL_REQUESTED, DEADLINE_EXCEEDED or QUARANTINED; null while it has not.
    cause            text,
    input            json        NOT NULL,
    context          json        NOT NULL,
    output           json,
    error            json,
    correlation_id   text,
    traceparent      text,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    completed_at     timestamptz,
    deadline_at      timestamptz
) PARTITION BY RANGE (run_id);

-- Runs that left the forward path, for lists by status: the happy path never changes `cause`, so its updates stay
-- heap-only (an index on `status` would be written three times per run).
CREATE INDEX workflow_runs_unhappy ON workflow_runs (run_id) WHERE cause IS NOT NULL;
-- For the maintenance alone: which runs of an old partition were started by a clock that was behind. Costs a start next to
-- nothing.
CREATE INDEX workflow_runs_created ON workflow_runs USING brin (created_at);
CREATE INDEX workflow_runs_correlation ON workflow_runs (correlation_id, run_id) WHERE correlation_id IS NOT NULL;

CREATE TABLE run_steps (
    run_id                  uuid     NOT NULL,
    step_index              smallint NOT NULL,
    step_id                 text     NOT NULL,
    -- PENDING, EXECUTING, SUCCEEDED, FAILED or SKIPPED.
    status                  text     NOT NULL,
    attempts                smallint NOT NULL DEFAULT 0,
    -- An attempt ended without a usable answer: the effect may exist although nobody said so.
    is_ambiguous            boolean  NOT NULL DEFAULT false,
    -- NOT_REQUIRED, PENDING, COMPENSATING, COMPENSATED or FAILED.
    compensation_status     text     NOT NULL DEFAULT 'NOT_REQUIRED',
    compensation_attempts   smallint NOT NULL DEFAULT 0,
    is_compensation_ambiguous boolean NOT NULL DEFAULT false,
    output                  json,
    error                   json,
    started_at              timestamptz,
    completed_at            timestamptz,
    -- When the next attempt is due; null when none waits.
    next_attempt_at         timestamptz,
    PRIMARY KEY (run_id, step_index)
) PARTITION BY RANGE (run_id);

CREATE TABLE run_events (
    run_id      uuid        NOT NULL,
    -- From 1, without gaps.
    seq         int         NOT NULL,
    at          timestamptz NOT NULL,
    kind        text        NOT NULL,
    step_index  smallint,
    step_id     text,
    -- execute or compensate.
    action      text,
    attempt     smallint,
    -- succeeded, rejected, busy, unknown or notSent.
    outcome     text,
    http_status smallint,
    duration_us bigint,
    -- When the attempt will be repeated, from `at`; null on a failed attempt means that the action gave up.
    retry_in_us bigint,
    error       json,
    -- Who wrote it: an engine's id; null for the API.
    engine_id   uuid,
    epoch       bigint      NOT NULL,
    trace_id    text,
    data        json,
    PRIMARY KEY (run_id, seq)
) PARTITION BY RANGE (run_id);

-- One row per attempt that ended or is under way.
CREATE VIEW step_attempts AS
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

CREATE TABLE outbox (
    run_id       uuid        PRIMARY KEY,
    -- Due from then on. While a lease is held: the lease's deadline.
    available_at timestamptz NOT NULL,
    -- The engine that holds the lease; null when nobody does.
    lease_owner  uuid,
    -- The fencing token: one more with every claim.
    epoch        bigint      NOT NULL DEFAULT 0,
    -- Rows in run_inbox the lease holder has not consumed. A count, so that nobody needs to see anybody's snapshot.
    inbox_count  int         NOT NULL DEFAULT 0,
    -- Takeovers in a row that found no event written since the claim before: the sign of a run that kills its engines.
    -- From 2 on it is a suspect, which engines claim alone: only what happens to it then is evidence.
    failures     smallint    NOT NULL DEFAULT 0,
    -- The run's last seq when this row was last written; exact while nobody holds the lease.
    last_seq     int         NOT NULL DEFAULT 0,
    -- Bytes of an engine's memory that the run's payloads take, about, when this row was last written; 0 for few.
    weight       int         NOT NULL DEFAULT 0
) WITH (
    fillfactor = 70,
    -- Small, hot and queue-like: dead rows here are what claims stumble over.
    autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000,
    autovacuum_analyze_scale_factor = 0.0, autovacuum_analyze_threshold = 50000,
    autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX outbox_available ON outbox (available_at);
-- Nearly always empty.
CREATE INDEX outbox_suspects ON outbox (available_at) WHERE failures >= 2;

CREATE TABLE run_inbox (
    run_id     uuid        NOT NULL,
    inbox_id   bigint      GENERATED ALWAYS AS IDENTITY,
    -- cancel, retry or resolve; what a version does not know it leaves unread for one that does.
    kind       text        NOT NULL,
    payload    json        NOT NULL DEFAULT '{}',
    -- Who asked.
    sent_by    text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, inbox_id)
);

CREATE TABLE idempotency_keys (
    tenant_id       text        NOT NULL,
    idempotency_key text        NOT NULL,
    -- SHA-256 of the request: the same key with another body is refused.
    request_hash    bytea       NOT NULL,
    run_id          uuid        NOT NULL,
    expires_at      timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, idempotency_key)
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

-- What admins did, append-only; each row is written by the statement that makes the change. Never a secret in it.
CREATE TABLE admin_actions (
    action_id  bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    -- The token's name.
    admin_name text        NOT NULL,
    action     text        NOT NULL,
    -- workflows/NAME/VERSION, participants/NAME or runs/ID.
    subject    text        NOT NULL,
    detail     json        NOT NULL DEFAULT '{}'
);
CREATE INDEX admin_actions_subject ON admin_actions (subject, action_id);

-- For the cluster view only: never used to decide who owns what.
CREATE TABLE engines (
    engine_id    uuid        PRIMARY KEY,
    host         text        NOT NULL,
    version      text        NOT NULL,
    started_at   timestamptz NOT NULL,
    heartbeat_at timestamptz NOT NULL,
    in_flight    int         NOT NULL,
    -- What it tells about itself, for people: see EngineReport.
    report       json        NOT NULL DEFAULT '{}'
);

-- Partitions.
--
-- Run ids are UUIDv7: they begin with the milliseconds since 1970 at which they were made, so a range of ids is a range of
-- time. workflow_runs, run_steps and run_events are cut alike; engines create what comes next well ahead, and drop what is
-- older than RETENTION (docs/operations.md). A default partition takes whatever no other takes: runs that are live or
-- FAILED when their partition is dropped, runs with a date far off, and all of them if nobody creates partitions. So a start
-- never fails for want of a partition.
--
-- One table at a time, each in a transaction of its own: a statement of an engine locks all three in an order of its own,
-- and whoever held one while waiting for another could wait for ever.

-- The first id of a time.
CREATE FUNCTION first_run_id(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT rpad(lpad(to_hex(floor(extract(epoch FROM at) * 1000)::int8), 12, '0'), 32, '0')::uuid
$$;

-- The time of an id, to the millisecond.
CREATE FUNCTION run_id_time(id uuid) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
    SELECT to_timestamp(('x' || substr(replace(id::text, '-', ''), 1, 12))::bit(48)::int8 / 1000.0)
$$;

-- How a partition is stored; all that is to be set for one stands here.
CREATE FUNCTION run_partition_options(parent regclass) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE (SELECT relname FROM pg_class WHERE oid = parent)
        -- Room on the page for new versions: no index holds a column that changes, so they stay there (heap-only) and are
        -- pruned there. A run is updated twice, a step at least twice and while both versions are young.
        WHEN 'workflow_runs' THEN 'fillfactor = 80'
        WHEN 'run_steps' THEN 'fillfactor = 50'
        ELSE 'fillfactor = 100'
        END
        || CASE (SELECT relname FROM pg_class WHERE oid = parent)
            -- Written once and never again: what is vacuumed is frozen in the same pass, so no later one (the forced one
            -- against wraparound included) has anything left to do.
            WHEN 'run_events' THEN ', autovacuum_freeze_min_age = 0'
            -- Versions that found no room leave entries in the index; a twentieth of a week is soon enough to clear them.
            ELSE ', autovacuum_vacuum_scale_factor = 0.05, autovacuum_freeze_min_age = 1000000'
        END
$$;

-- Makes the partition of a table for ids from `lower` to before `upper`; false when it is there already.
--
-- Attaching locks the default partition alone, and reads it. Rows there that belong into the new one are moved; with more
-- than 10,000 of them that would take too long under a lock, so it fails.
CREATE FUNCTION create_run_partition(parent regclass, lower timestamptz, upper timestamptz) RETURNS boolean
LANGUAGE plpgsql SET lock_timeout = '250ms' AS $$
DECLARE
    parent_name name := (SELECT relname FROM pg_class WHERE oid = parent);
    spare name := parent_name || '_default';
    partition name := parent_name || to_char(lower AT TIME ZONE 'UTC', '"_p"YYYYMMDD"t"HH24MI');
    low uuid := first_run_id(lower);
    high uuid := first_run_id(upper);
    misplaced int8;
BEGIN
    IF to_regclass(quote_ident(partition)) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE %s INCLUDING ALL) WITH (%s)', partition, parent,
        run_partition_options(parent));
    -- As ATTACH locks it, or the two lock the other way round.
    EXECUTE format('LOCK TABLE ONLY %s IN SHARE UPDATE EXCLUSIVE MODE', parent);
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', spare);
    EXECUTE format('SELECT count(*) FROM (SELECT FROM %I WHERE run_id >= $1 AND run_id < $2 LIMIT 10001) m', spare)
        INTO misplaced USING low, high;
    IF misplaced > 10000 THEN
        RAISE EXCEPTION 'more than 10000 rows of % belong into %: they stay where they are', spare, partition
            USING ERRCODE = 'object_not_in_prerequisite_state';
    ELSIF misplaced > 0 THEN
        EXECUTE format('WITH moved AS (DELETE FROM %I WHERE run_id >= $1 AND run_id < $2 RETURNING *)
            INSERT INTO %I SELECT * FROM moved', spare, partition) USING low, high;
    END IF;
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, partition, low, high);
    RETURN true;
END
$$;

-- All partitions but the default ones.
CREATE VIEW run_partitions AS
SELECT parent_table, partition_table, bounds[1]::uuid AS lower_id, bounds[2]::uuid AS upper_id,
    run_id_time(bounds[1]::uuid) AS lower_at, run_id_time(bounds[2]::uuid) AS upper_at
FROM (
    SELECT i.inhparent::regclass AS parent_table, c.oid::regclass AS partition_table,
        regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''(.*)''\) TO \(''(.*)''\)') AS bounds
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent IN ('workflow_runs'::regclass, 'run_steps'::regclass, 'run_events'::regclass)
        AND NOT i.inhdetachpending
) p
WHERE bounds IS NOT NULL;

-- Drops a partition of a table. Runs of it that live, or that are FAILED and so wait for a person, or that are younger than
-- their ids say (`created_before` tells), are kept: their rows move into the default partition. workflow_runs goes first; of
-- the others those rows are kept whose run is.
--
-- Answers how many rows were kept. Fails when more than 10,000 runs would be: moving them takes too long under a lock.
CREATE FUNCTION drop_run_partition(parent regclass, partition regclass, created_before timestamptz) RETURNS int8
LANGUAGE plpgsql
SET lock_timeout = '250ms'
-- Through indexes whatever the statistics say: nothing may be read from one end to the other under a lock.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    is_of_runs boolean := parent = 'workflow_runs'::regclass;
    low uuid;
    high uuid;
    keep uuid[];
    kept int8;
BEGIN
    SELECT lower_id, upper_id INTO STRICT low, high FROM run_partitions
        WHERE parent_table = parent AND partition_table = partition;
    IF is_of_runs THEN
        -- Before the lock: this reads every run that left the forward path, and what the last vacuum has not summarised.
        EXECUTE format('SELECT array_agg(run_id) FROM (SELECT run_id FROM %s
            WHERE cause IS NOT NULL AND status = ''FAILED'' LIMIT 10001) f', partition) INTO keep;
        EXECUTE format('SELECT $1 || array_agg(run_id) FROM (SELECT run_id FROM %s
            WHERE created_at >= $2 LIMIT 10001) y', partition) INTO keep USING keep, created_before;
        keep := COALESCE(keep, '{}') || ARRAY(
            SELECT run_id FROM outbox WHERE run_id >= low AND run_id < high LIMIT 10001);
        IF cardinality(keep) > 10000 THEN
            RAISE EXCEPTION 'more than 10000 runs of % are live, FAILED or younger than their ids', partition
                USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;
    ELSIF EXISTS (SELECT FROM run_partitions
            WHERE parent_table = 'workflow_runs'::regclass AND lower_id < high AND upper_id > low) THEN
        RAISE EXCEPTION 'the runs of % are to be dropped first', partition
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', parent, partition);
    IF is_of_runs THEN
        -- Who became live meanwhile was FAILED before, or was started by a clock that is behind: those are looked for again.
        keep := keep || ARRAY(SELECT run_id FROM outbox WHERE run_id >= low AND run_id < high);
        EXECUTE format('INSERT INTO workflow_runs SELECT * FROM %s WHERE run_id = ANY ($1)', partition) USING keep;
    ELSE
        EXECUTE format('INSERT INTO %s SELECT p.* FROM workflow_runs r JOIN %s p USING (run_id)
            WHERE r.run_id >= $1 AND r.run_id < $2', parent, partition) USING low, high;
    END IF;
    GET DIAGNOSTICS kept = ROW_COUNT;
    EXECUTE format('DROP TABLE %s', partition);
    RETURN kept;
END
$$;

DO $$
DECLARE
    parent text;
    week timestamptz := to_timestamp(floor(extract(epoch FROM now()) / 604800) * 604800);
BEGIN
    FOREACH parent IN ARRAY ARRAY['workflow_runs', 'run_steps', 'run_events'] LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT WITH (%s)', parent || '_default', parent,
            run_partition_options(parent));
        -- This week and the next: the engines see to what follows.
        PERFORM create_run_partition(parent, week, week + interval '7 days');
        PERFORM create_run_partition(parent, week + interval '7 days', week + interval '14 days');
    END LOOP;
END
$$;
