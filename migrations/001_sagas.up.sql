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

-- Definitions of owner * are shared by all tenants. Where a tenant has any version of a name, its own versions are all it starts
-- of that name. A run keeps to the definition it was started with.
CREATE TABLE workflow_definitions (
    -- Whose it is: a tenant's, or * of all.
    tenant_id     text        NOT NULL DEFAULT '*',
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
    -- By name first: what is asked is whose versions of it there are.
    PRIMARY KEY (workflow_name, tenant_id, version),
    CHECK ((deprecated_at IS NULL) = (deprecated_by IS NULL))
);

-- Workflows whose starts somebody has paused, all versions of the name and owner together. The row stays when the workflow is resumed:
-- it tells who did that to the runs that waited.
CREATE TABLE workflow_pauses (
    -- The definitions' owner: a pause of the shared ones holds nothing of whoever has its own.
    tenant_id     text        NOT NULL DEFAULT '*',
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
    -- The definitions' owner, not the run's.
    tenant_id     text        NOT NULL DEFAULT '*',
    workflow_name text        NOT NULL,
    run_id        uuid        NOT NULL,
    PRIMARY KEY (tenant_id, workflow_name, run_id)
);

-- '*' owns what is shared. A call goes to the participant of its run's tenant, where that has one of the name, else to the shared one.
CREATE TABLE participants (
    tenant_id        text        NOT NULL DEFAULT '*',
    participant_name text        NOT NULL,
    url              text        NOT NULL,
    -- Calls in flight to it, over all engines; null = no limit.
    max_concurrent   int         CHECK (max_concurrent > 0),
    -- {perSecond, burst}: how its calls may begin, over all engines; null = no limit.
    rate             json,
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
    PRIMARY KEY (tenant_id, participant_name),
    CHECK ((paused_at IS NULL) = (paused_by IS NULL))
);

-- What each engine has taken of max_concurrent and rate (in thousandths), and could use; never more than the limit together.
-- There are rows only of engines that have called the participant lately; one that is older than 15 s counts for nothing.
CREATE TABLE call_shares (
    tenant_id        text        NOT NULL DEFAULT '*',
    participant_name text        NOT NULL,
    engine_id        uuid        NOT NULL,
    calls_wanted     bigint      NOT NULL,
    calls_taken      bigint      NOT NULL,
    rate_wanted      bigint      NOT NULL,
    rate_taken       bigint      NOT NULL,
    seen_at          timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, participant_name, engine_id),
    FOREIGN KEY (tenant_id, participant_name) REFERENCES participants ON DELETE CASCADE
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
    parent_step      text,
    -- Where it stands among runs that are due: see outbox.lane. Kept here for a run that is taken up again after its end.
    lane             int,
    -- Whose the definition is that it was started with; null for one that all tenants share.
    definition_owner text
) PARTITION BY RANGE (run_id);

-- Runs that left the forward path, for lists by status: the happy path never changes `cause`, so its updates stay
-- heap-only (an index on `status` would be written twice per run).
CREATE INDEX workflow_runs_unhappy ON workflow_runs (run_id) WHERE cause IS NOT NULL;
-- Those of them that are FAILED, told by why: of `error` the happy path changes nothing either.
CREATE INDEX workflow_runs_failed ON workflow_runs (run_id) WHERE error->>'kind' IN ('compensation', 'quarantined');
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
    waits_for    smallint,
    -- Its tenant's number times 16, and how far its priority is from the highest (Sources/Core/Values/Lane.swift); null where
    -- nobody has made a tenant nor asked for a priority, and all that is due is one queue.
    lane         int
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
-- For engines that can't keep up, which go round the tenants. Empty where there are no lanes.
CREATE INDEX outbox_lanes ON outbox (lane, available_at) WHERE lane IS NOT NULL;
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

-- The audit trail: who changed what, or was refused, row after row. A change and its row are written by one statement. Never a
-- secret in it, and no payload of a run.
--
-- Each tenant has a chain of its own, * one for what belongs to all: its rows are numbered from 1 without gaps, and each carries
-- the hash of the one before. The head says how far the chain goes, and the anchor after which row it begins since retention has
-- removed what was older. Whoever inserts says who, what and of what; number, time and hashes are the trigger's, which locks the
-- head: writers of one tenant wait for each other, so what takes other locks takes them before, and who writes rows of several
-- tenants orders them by tenant.
--
-- Nothing here keeps the tables' owner from anything; it keeps everybody from doing it unnoticed. A chain that was written anew
-- from its beginning is whole: only a head that was noted elsewhere tells (`saga audit verify --expect`).
CREATE TABLE audit_heads (
    tenant_id     text        PRIMARY KEY,
    last_number   bigint      NOT NULL DEFAULT 0,
    last_hash     bytea       NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    last_at       timestamptz NOT NULL DEFAULT now(),
    -- The last row that retention has removed.
    anchor_number bigint      NOT NULL DEFAULT 0,
    anchor_hash   bytea       NOT NULL DEFAULT decode(repeat('00', 32), 'hex')
) WITH (fillfactor = 50);

CREATE TABLE audit_trail (
    -- Whose what was changed is; of a refusal, whose the caller is.
    tenant_id      text        NOT NULL,
    number         bigint      NOT NULL,
    -- Never before that of the row before.
    at             timestamptz NOT NULL,
    -- The admin token's name, key:NAME/ID, or client for nobody in particular.
    actor          text        NOT NULL,
    -- What was done; of a refusal, the method and path that were asked for.
    action         text        NOT NULL,
    -- workflows/NAME, workflows/NAME/VERSION, participants/NAME, runs/ID or keys/ID; null for nothing in particular.
    subject        text,
    outcome        text        NOT NULL DEFAULT 'done' CHECK (outcome IN ('done', 'refused')),
    -- Why it was refused.
    reason         text        CHECK ((outcome = 'refused') = (reason IS NOT NULL)),
    client_address text,
    request_id     text,
    trace_id       text,
    detail         json        NOT NULL DEFAULT '{}',
    previous_hash  bytea       NOT NULL,
    hash           bytea       NOT NULL,
    PRIMARY KEY (tenant_id, number)
);
CREATE INDEX audit_trail_at ON audit_trail (at, tenant_id, number);
CREATE INDEX audit_trail_tenant ON audit_trail (tenant_id, at, number);
CREATE INDEX audit_trail_actor ON audit_trail (actor, at);
CREATE INDEX audit_trail_subject ON audit_trail (subject, at);
CREATE INDEX audit_trail_request ON audit_trail (request_id) WHERE request_id IS NOT NULL;

-- A value as it is hashed: its bytes behind their number, as in 5:hello, so that no two rows look alike. Null is -,
CREATE FUNCTION audit_field(value text) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN value IS NULL THEN convert_to('-,', 'UTF8')
        ELSE convert_to(octet_length(convert_to(value, 'UTF8')) || ':' || value || ',', 'UTF8') END
$$;

-- The hash of a row: SHA-256 of the hash of the one before and these values. Sources/Core/AuditTrail computes the same.
CREATE FUNCTION audit_hash(entry audit_trail) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(entry.previous_hash || audit_field('sagaflow-audit-1') || audit_field(entry.tenant_id)
        || audit_field(entry.number::text) || audit_field((extract(epoch FROM entry.at) * 1000000)::bigint::text)
        || audit_field(entry.actor) || audit_field(entry.action) || audit_field(entry.subject)
        || audit_field(entry.outcome) || audit_field(entry.reason) || audit_field(entry.client_address)
        || audit_field(entry.request_id) || audit_field(entry.trace_id) || audit_field(entry.detail::text))
$$;

CREATE FUNCTION audit_append() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head audit_heads;
BEGIN
    LOOP
        SELECT * INTO head FROM audit_heads WHERE tenant_id = NEW.tenant_id FOR UPDATE;
        EXIT WHEN FOUND;
        INSERT INTO audit_heads (tenant_id) VALUES (NEW.tenant_id) ON CONFLICT DO NOTHING;
    END LOOP;
    NEW.number := head.last_number + 1;
    NEW.at := greatest(clock_timestamp(), head.last_at);
    NEW.previous_hash := head.last_hash;
    NEW.hash := audit_hash(NEW);
    UPDATE audit_heads SET last_number = NEW.number, last_hash = NEW.hash, last_at = NEW.at
        WHERE tenant_id = NEW.tenant_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_append BEFORE INSERT ON audit_trail FOR EACH ROW EXECUTE FUNCTION audit_append();

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only: no % of %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_no_change BEFORE UPDATE OR TRUNCATE ON audit_trail FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_no_change BEFORE DELETE OR TRUNCATE ON audit_heads FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

-- What the anchor stands behind may go.
CREATE FUNCTION audit_remove() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM audit_heads WHERE tenant_id = OLD.tenant_id AND anchor_number >= OLD.number;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the audit trail is append-only: no DELETE of row % of %', OLD.number, OLD.tenant_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER audit_remove BEFORE DELETE ON audit_trail FOR EACH ROW EXECUTE FUNCTION audit_remove();

-- A head goes forward by a row, or its anchor to a row that is there.
CREATE FUNCTION audit_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.tenant_id = OLD.tenant_id AND NEW.last_number = OLD.last_number + 1
        AND (NEW.anchor_number, NEW.anchor_hash) = (OLD.anchor_number, OLD.anchor_hash) THEN
        RETURN NEW;
    END IF;
    IF (NEW.tenant_id, NEW.last_number, NEW.last_hash, NEW.last_at)
            = (OLD.tenant_id, OLD.last_number, OLD.last_hash, OLD.last_at) AND NEW.anchor_number > OLD.anchor_number
        AND EXISTS (SELECT FROM audit_trail t WHERE t.tenant_id = NEW.tenant_id AND t.number = NEW.anchor_number
            AND t.hash = NEW.anchor_hash) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit trail is append-only: no such UPDATE of the head of %', OLD.tenant_id
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_move BEFORE UPDATE ON audit_heads FOR EACH ROW EXECUTE FUNCTION audit_move();

-- Removes the oldest rows of a tenant that are past their time, at most so many; how many.
CREATE FUNCTION audit_retain(tenant text, age interval, most int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    head audit_heads;
    last audit_trail;
    removed int;
BEGIN
    SELECT * INTO head FROM audit_heads WHERE tenant_id = tenant FOR UPDATE;
    SELECT * INTO last FROM (
        SELECT * FROM audit_trail WHERE tenant_id = tenant AND number > head.anchor_number ORDER BY number LIMIT most
    ) oldest WHERE at < now() - age ORDER BY number DESC LIMIT 1;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    UPDATE audit_heads SET anchor_number = last.number, anchor_hash = last.hash WHERE tenant_id = tenant;
    DELETE FROM audit_trail WHERE tenant_id = tenant AND number <= last.number;
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END
$$;

-- Keys with which the API is called. The secret is nowhere, only its digest: it has 256 random bits, so that is as good.
CREATE TABLE api_keys (
    key_id       text        PRIMARY KEY,
    key_name     text        NOT NULL,
    -- Whose runs are all it sees; * for everybody's.
    tenant_id    text        NOT NULL,
    -- Patterns of the names of the workflows it is for, with * for any characters; null for all.
    workflows    text[],
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

-- Who is logged in to the console. The browser's cookie alone holds what a row is found by and what its credential is sealed with.
CREATE TABLE console_sessions (
    -- Of what the cookie holds, a digest.
    session_id bytea       PRIMARY KEY,
    -- What histories call whoever it is, to end all of theirs.
    actor      text        NOT NULL,
    -- The credential, sealed with a key that follows from the cookie.
    sealed     bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX console_sessions_actor ON console_sessions (actor);
CREATE INDEX console_sessions_expiry ON console_sessions (expires_at);

-- Tenants that somebody has said something about. Others need no row: they share the lane of tenant 0, and have no limits.
CREATE TABLE tenants (
    tenant_id     text        PRIMARY KEY,
    -- In lanes. From 1; 0 stands for all tenants without a row.
    tenant_number int         GENERATED ALWAYS AS IDENTITY (MAXVALUE 10000) UNIQUE,
    -- Of a suspended one nothing new begins; of a closed one the keys are refused, too. What runs goes on.
    state         text        NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'closed')),
    -- Its share of what engines claim while they can't keep up.
    weight        int         NOT NULL DEFAULT 100 CHECK (weight BETWEEN 1 AND 10000),
    -- Their form is described in Sources/Core/Values/TenantLimits.swift.
    limits        json        NOT NULL DEFAULT '{}',
    -- Bytes that its runs take, by an estimate from a sample, and when that was made; null before the first.
    stored_bytes  bigint,
    measured_at   timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    updated_by    text        NOT NULL
);

-- How many runs began and ended in each minute, by tenant and workflow, for charts. Each process counts in memory and adds what it has
-- every few seconds: nothing of it is on the way of any run. What a process has counted and not added goes with it when it dies, and
-- rows of a day ago go, too.
CREATE TABLE run_minutes (
    minute_at     timestamptz NOT NULL,
    -- * for those of more tenants and workflows than a process keeps apart; then workflow_name is * as well.
    tenant_id     text        NOT NULL,
    workflow_name text        NOT NULL,
    started       bigint      NOT NULL,
    -- By how they ended; one that failed and was undone later has ended twice.
    completed     bigint      NOT NULL,
    compensated   bigint      NOT NULL,
    cancelled     bigint      NOT NULL,
    failed        bigint      NOT NULL,
    PRIMARY KEY (minute_at, tenant_id, workflow_name)
) WITH (fillfactor = 50);

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

-- Readers: roles of people and dashboards that see the rows of one tenant alone, whatever they ask for (docs/security.md). Which
-- tenant is written here by the tables' owner, for the role that has logged in: a setting or SET ROLE would be the reader's own to
-- change.
CREATE TABLE reader_tenants (
    role_name name PRIMARY KEY,
    tenant_id text NOT NULL
);

-- The tables' owner, who is API and engines, passes all of this by, and its plans are the same. For everybody else there is nothing
-- in a table without a policy, whatever was granted, and policies are for reading alone: there is none that lets write. Rights are
-- granted in repeatable/15_reader.sql, and partitions are shut where they are made.
--
-- The tables are named in the policies' expressions and not in a function: a function would look them up when it is called, and
-- find a temporary table of the reader's. A tenant is looked up once for each statement.
DO $$
DECLARE
    mine text := '(SELECT t.tenant_id FROM reader_tenants t WHERE t.role_name = session_user)';
    closed name;
    owned name;
BEGIN
    FOREACH closed IN ARRAY ARRAY['reader_tenants', 'workflow_definitions', 'workflow_pauses', 'held_starts', 'participants',
        'call_shares', 'signing_keys', 'workflow_runs', 'run_journal', 'outbox', 'run_inbox', 'idempotency_keys', 'audit_heads', 'audit_trail',
        'api_keys', 'console_sessions', 'tenants', 'run_minutes', 'callback_keys', 'engines'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', closed);
    END LOOP;
    CREATE POLICY reader ON reader_tenants FOR SELECT USING (role_name = session_user);
    FOREACH owned IN ARRAY ARRAY['workflow_runs', 'idempotency_keys', 'audit_heads', 'audit_trail', 'api_keys', 'tenants',
        'run_minutes'] LOOP
        EXECUTE format('CREATE POLICY reader ON %I FOR SELECT USING (tenant_id = %s)', owned, mine);
    END LOOP;
    -- Whose a run is stands in workflow_runs, whose own policy holds in here. held_starts has the workflow's owner.
    FOREACH owned IN ARRAY ARRAY['run_journal', 'outbox', 'run_inbox', 'held_starts'] LOOP
        EXECUTE format('CREATE POLICY reader ON %1$I FOR SELECT USING (
            EXISTS (SELECT FROM workflow_runs r WHERE r.run_id = %1$I.run_id))', owned);
    END LOOP;
    -- Its own definitions, and those that all share.
    EXECUTE format('CREATE POLICY reader ON workflow_definitions FOR SELECT USING (tenant_id = %1$s
        OR (tenant_id = ''*'' AND %1$s IS NOT NULL))', mine);
END
$$;
