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
-- Payloads are json, not jsonb: an idempotency key must always come with the same bytes, numbers are kept as written, and
-- members in their order. There are no foreign keys on the hot path: each would take a row lock on one shared
-- definition or run for every insert, and nothing here is ever deleted before what points to it.
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
    status           text        NOT NULL CHECK (status IN
        ('PENDING', 'RUNNING', 'COMPLETED', 'COMPENSATING', 'COMPENSATED', 'CANCELLED', 'FAILED')),
    -- Why it left the forward path; null while it has not.
    cause            text        CHECK (cause IN
        ('STEP_FAILED', 'CANCEL_REQUESTED', 'DEADLINE_EXCEEDED', 'QUARANTINED')),
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
) WITH (fillfactor = 80);

-- Runs that left the forward path, for lists by status: the happy path never changes `cause`, so its updates stay
-- heap-only (an index on `status` would be written three times per run).
CREATE INDEX workflow_runs_unhappy ON workflow_runs (run_id) WHERE cause IS NOT NULL;
CREATE INDEX workflow_runs_correlation ON workflow_runs (correlation_id, run_id) WHERE correlation_id IS NOT NULL;

CREATE TABLE run_steps (
    run_id                  uuid     NOT NULL,
    step_index              smallint NOT NULL,
    step_id                 text     NOT NULL,
    status                  text     NOT NULL CHECK (status IN
        ('PENDING', 'EXECUTING', 'SUCCEEDED', 'FAILED', 'SKIPPED')),
    attempts                smallint NOT NULL DEFAULT 0,
    -- An attempt ended without a usable answer: the effect may exist although nobody said so.
    is_ambiguous            boolean  NOT NULL DEFAULT false,
    compensation_status     text     NOT NULL DEFAULT 'NOT_REQUIRED' CHECK (compensation_status IN
        ('NOT_REQUIRED', 'PENDING', 'COMPENSATING', 'COMPENSATED', 'FAILED')),
    compensation_attempts   smallint NOT NULL DEFAULT 0,
    is_compensation_ambiguous boolean NOT NULL DEFAULT false,
    output                  json,
    error                   json,
    started_at              timestamptz,
    completed_at            timestamptz,
    -- When the next attempt is due; null when none waits.
    next_attempt_at         timestamptz,
    PRIMARY KEY (run_id, step_index)
) WITH (fillfactor = 50);
-- Half-empty pages: every step is updated at least twice, and no index holds a changing column, so the new versions stay
-- on the page (heap-only) and are pruned there.

CREATE TABLE run_events (
    run_id      uuid        NOT NULL,
    seq         int         NOT NULL CHECK (seq > 0),
    at          timestamptz NOT NULL,
    kind        text        NOT NULL,
    step_index  smallint,
    step_id     text,
    action      text        CHECK (action IN ('execute', 'compensate')),
    attempt     smallint,
    outcome     text        CHECK (outcome IN ('succeeded', 'rejected', 'busy', 'unknown', 'notSent')),
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
);

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
    failures     smallint    NOT NULL DEFAULT 0,
    -- The run's last seq when this row was last written; exact while nobody holds the lease.
    last_seq     int         NOT NULL DEFAULT 0
) WITH (
    fillfactor = 70,
    -- Small, hot and queue-like: dead rows here are what claims stumble over.
    autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000,
    autovacuum_analyze_scale_factor = 0.0, autovacuum_analyze_threshold = 50000,
    autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX outbox_available ON outbox (available_at);

CREATE TABLE run_inbox (
    run_id     uuid        NOT NULL,
    inbox_id   bigint      GENERATED ALWAYS AS IDENTITY,
    kind       text        NOT NULL CHECK (kind IN ('cancel', 'retry', 'resolve')),
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
    in_flight    int         NOT NULL
);
