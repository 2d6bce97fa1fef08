-- The model, in one page.
--
-- A client starts a run of a workflow definition. The API writes, in one transaction, the run (workflow_runs), the first
-- events of its history (run_journal) and one row in the outbox. That outbox row is the run's pulse: exactly one while the
-- run lives, none once it is terminal.
--
-- Engines claim outbox rows whose available_at has passed. A claim moves available_at into the future (it is now the
-- lease's deadline), notes the owner and adds one to the epoch. Whoever holds the lease is the only writer of the run:
-- each of its commits names its epoch, and a commit under an old epoch changes nothing. If the holder dies, available_at
-- passes again and the next claim takes the run over. A run that waits (for its backoff, for its deadline) has no owner
-- and an available_at in the future. One column, one index: due, leased and waiting are the same question.
--
-- run_journal is the truth, append-only: one row for each commit, with the events that were decided together, numbered
-- without gaps per run. The row in workflow_runs is their projection, as of the event snapshot_seq; its snapshot tells
-- where each step stands. It is written when the run comes to rest or ends, and when it turns back; what a live run has done
-- since then stands in the journal alone. So a run is its snapshot, with the events after it applied. An attempt's beginning
-- (attempt_started) is committed before the participant is called; of a run that rests, what its next claim begins is stored
-- beforehand (`due`), and the claim appends it.
--
-- What others want of a run (cancel it, retry a step, take one as undone by hand) goes into run_inbox and wakes the outbox
-- row, or makes it anew for a FAILED run; the lease holder reads it in its next commit. Nobody else touches the run.
--
-- A run's id begins with the time it was made. The two tables that grow are cut by it into partitions, which are dropped
-- whole when they are old; see repeatable/10_partitions.sql. For people there are views of what stands in the journal and in
-- the snapshots: run_events, run_steps and step_attempts; see repeatable/20_views.sql.
--
-- Payloads are json, not jsonb: an idempotency key must always come with the same bytes, numbers are kept as written, and
-- members in their order. There are no foreign keys on the hot path: each would take a row lock on one shared
-- definition or run for every insert, and retention drops runs before their journal. Nor does the hot path have
-- CHECK constraints: they took a fifth of all that Postgres does for a run. Every statement of the hot path finds the rows of
-- its runs by run_id and touches no others, so the tables could be spread over servers by it.
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

-- Workflows whose starts somebody has paused, all versions of the name together. The row stays when the workflow is resumed:
-- it tells who did that to the runs that waited.
CREATE TABLE workflow_pauses (
    tenant_id     text        NOT NULL DEFAULT 'default',
    workflow_name text        NOT NULL,
    -- What becomes of starts meanwhile: they wait, or are refused.
    starts        text        NOT NULL CHECK (starts IN ('wait', 'refuse')),
    paused_at     timestamptz NOT NULL DEFAULT now(),
    paused_by     text        NOT NULL,
    pause_reason  text        NOT NULL,
    -- Null while it is paused.
    resumed_at    timestamptz,
    resumed_by    text,
    resume_reason text,
    PRIMARY KEY (tenant_id, workflow_name),
    CHECK ((resumed_at IS NULL) = (resumed_by IS NULL))
);

-- Runs that were started while their workflow was paused, and wait for its resume: each is a paused run until then.
CREATE TABLE held_starts (
    tenant_id     text        NOT NULL DEFAULT 'default',
    workflow_name text        NOT NULL,
    run_id        uuid        NOT NULL,
    PRIMARY KEY (tenant_id, workflow_name, run_id)
);

CREATE TABLE participants (
    participant_name text        PRIMARY KEY,
    url              text        NOT NULL,
    -- Calls in flight to it, per engine; null = no limit of its own.
    max_concurrent   int         CHECK (max_concurrent > 0),
    -- Texts, which may name secrets of the engines, or {sealed}: encrypted with secrets_key. Never shown, never logged.
    headers          json        NOT NULL DEFAULT '{}',
    -- {failureThreshold, successThreshold, openFor} of the circuit breaker; null = the default, false = none.
    breaker          json,
    -- The names of the secrets that sign its calls, in the order of their signatures; the secrets are the engines'.
    sign_with        text[]      NOT NULL DEFAULT '{}',
    -- {certificate, key, ca}: names of the engines' files with which connections to it are made; null for none.
    tls              json,
    -- {oauth2: {tokenUrl, clientId, clientSecret, scope, audience}}; clientSecret as a header's value. Null for none.
    auth             json,
    -- The id of the engines' key with which values of headers and auth are encrypted; null when none is.
    secrets_key      text,
    updated_at       timestamptz NOT NULL DEFAULT now(),
    updated_by       text        NOT NULL,
    -- While these are set no calls are sent to it.
    paused_at        timestamptz,
    paused_by        text,
    pause_reason     text,
    CHECK ((paused_at IS NULL) = (paused_by IS NULL))
);

-- The public halves of the keys with which engines sign calls, for those who verify them.
CREATE TABLE signing_keys (
    key_id           text        PRIMARY KEY,
    -- 32 bytes of Ed25519 in base64url.
    public_key       text        NOT NULL,
    first_seen_at    timestamptz NOT NULL DEFAULT now(),
    -- An engine that could sign with it says so once a minute.
    last_seen_at     timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE workflow_runs (
    run_id           uuid        PRIMARY KEY,
    tenant_id        text        NOT NULL,
    workflow_name    text        NOT NULL,
    workflow_version text        NOT NULL,
    -- PENDING, RUNNING, COMPLETED, COMPENSATING, COMPENSATED, CANCELLED or FAILED. A run that is PENDING here and held by an
    -- engine has begun: that it is RUNNING is written when it comes to rest.
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
    deadline_at      timestamptz,
    -- Where its steps stand after the event snapshot_seq, as of snapshot_at; null for a run that is as its start left it.
    -- The form is described in Sources/Core/Rows/Snapshot.swift.
    snapshot         json,
    snapshot_seq     int         NOT NULL,
    snapshot_at      timestamptz NOT NULL,
    -- Events with outputs that the snapshot refers to, because they are too large for it.
    snapshot_refs    int[],
    -- Of a run that rests: the events with which its next claim begins, unless something else comes first, and how many; null
    -- for none.
    due              json,
    due_count        int,
    -- Not before, and from when on no more.
    due_at           timestamptz,
    due_before       timestamptz,
    -- Of a child: the run that started it, and in which step.
    parent_run_id    uuid,
    parent_step      text
) PARTITION BY RANGE (run_id);

-- Runs that left the forward path, for lists by status: the happy path never changes `cause`, so its updates stay
-- heap-only (an index on `status` would be written twice per run).
CREATE INDEX workflow_runs_unhappy ON workflow_runs (run_id) WHERE cause IS NOT NULL;
-- For the maintenance alone: which runs of an old partition were started by a clock that was behind. Costs a start next to
-- nothing.
CREATE INDEX workflow_runs_created ON workflow_runs USING brin (created_at);
CREATE INDEX workflow_runs_correlation ON workflow_runs (correlation_id, run_id) WHERE correlation_id IS NOT NULL;

-- The children of a run. Of runs that are nobody's it has nothing.
CREATE INDEX workflow_runs_parent ON workflow_runs (parent_run_id, run_id) WHERE parent_run_id IS NOT NULL;

CREATE TABLE run_journal (
    run_id      uuid        NOT NULL,
    -- The number of the first event: from 1, without gaps.
    seq         int         NOT NULL,
    -- So many events were decided together.
    event_count int         NOT NULL,
    at          timestamptz NOT NULL,
    epoch       bigint      NOT NULL,
    -- Who wrote it: an engine's id; null for the API.
    engine_id   uuid,
    -- An array of events; their form is described in Sources/Core/Rows/EventRow+JSON.swift.
    events      json        NOT NULL,
    PRIMARY KEY (run_id, seq)
) PARTITION BY RANGE (run_id);

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
    weight       int         NOT NULL DEFAULT 0,
    -- What the run waits for since it was given back last, a bit for each kind (Sources/Core/Run/WaitKinds.swift); null when
    -- it is to go on at once. Not looked at while somebody holds it.
    waits_for    smallint
) WITH (
    fillfactor = 70,
    -- Small, hot and queue-like: dead rows here are what claims stumble over.
    autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000,
    autovacuum_analyze_scale_factor = 0.0, autovacuum_analyze_threshold = 50000,
    autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX outbox_available ON outbox (available_at);
-- For lists of what waits. Runs that go on at once, or are held, are not in it, and cost nothing.
CREATE INDEX outbox_waiting ON outbox (waits_for, run_id) WHERE waits_for IS NOT NULL AND lease_owner IS NULL;
-- Nearly always empty.
CREATE INDEX outbox_suspects ON outbox (available_at) WHERE failures >= 2;

CREATE TABLE run_inbox (
    run_id     uuid        NOT NULL,
    inbox_id   bigint      GENERATED ALWAYS AS IDENTITY,
    -- cancel, retry, resolve and others, or child_ended, by which a child tells its end; what a version does not know it leaves unread for one that does.
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
    -- The token's name, or key:NAME.
    admin_name text        NOT NULL,
    action     text        NOT NULL,
    -- workflows/NAME, workflows/NAME/VERSION, participants/NAME, runs/ID or keys/ID.
    subject    text        NOT NULL,
    detail     json        NOT NULL DEFAULT '{}'
);
CREATE INDEX admin_actions_subject ON admin_actions (subject, action_id);

-- Keys with which the API is called. The secret is nowhere, only its digest: it has 256 random bits, so that is as good.
CREATE TABLE api_keys (
    key_id       text        PRIMARY KEY,
    key_name     text        NOT NULL,
    -- Whose runs are all it sees; * for everybody's.
    tenant_id    text        NOT NULL,
    secret_hash  bytea       NOT NULL CHECK (length(secret_hash) = 32),
    -- Names of roles and of single permissions.
    roles        text[]      NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    created_by   text        NOT NULL,
    expires_at   timestamptz,
    -- Within a minute.
    last_used_at timestamptz,
    revoked_at   timestamptz,
    revoked_by   text,
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE INDEX api_keys_created ON api_keys (created_at, key_id);

-- What the URLs are signed with at which participants tell the end of accepted calls: the newest signs, all are taken.
CREATE TABLE callback_keys (
    key_id     int         GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    secret     bytea       NOT NULL DEFAULT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
    created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO callback_keys DEFAULT VALUES;

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
