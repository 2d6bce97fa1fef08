package import Core
import Postgres

/// Claims due runs for one engine, and begins their due steps in the same statement.
///
/// Due, waiting and leased are one question (`available_at <= now()`), so this is claim and takeover in one. Rows another
/// claimer is just locking are skipped. A former holder may still be at work: its commits fail on the epoch, and
/// participants must honour the idempotency key.
///
/// When nothing else is to be decided first (no inbox, no lost calls, deadline not over) the due steps are flipped to
/// EXECUTING or COMPENSATING here and their `attempt_started` events written, so that the intent is committed with the
/// claim. What is returned is the state *before* those flips, with `beganDueSteps` saying that they were made; the engine
/// repeats them with `evolve`.
package struct ClaimRuns: Statement {
    /// The claiming engine.
    package let engine: EngineID
    /// How many at the most.
    package let limit: Int
    /// How long the lease lasts.
    package let lease: Duration
    /// Nothing that was due before is looked at; see `ClaimWindow`.
    package let since: Instant
    /// Bytes that the claimed runs may take. The first run that is beyond them is still claimed: so there is no run that
    /// is never claimed, and no need to look for one that fits.
    package let room: Int

    package typealias Row = ClaimedRun

    package init(
        engine: EngineID, limit: Int, lease: Duration, since: Instant = ClaimWindow.beginning, room: Int = .max
    ) {
        self.engine = engine
        self.limit = limit
        self.lease = lease
        self.since = since
        self.room = room
    }

    // `due` reads the columns of the row version it locks, everything else what the statement's snapshot sees. Where the
    // former holder of an expired lease gave the run back in between, the two differ, and the row is left for the next
    // claim (`seen_too`). Where it committed without touching the outbox row, the new holder's first commit runs into
    // the primary key of run_events: nothing is written, and the run is given back.
    //
    // The outbox is joined by the place of its rows, which costs least and can't be planned wrongly: a statement prepared
    // while the table is empty would take it for one row and read it whole for every claim (see `oneRow`).
    //
    // A step that waits for something else than an attempt is a newer version's and stays as it is: whoever reads it then
    // leaves the run alone.
    //
    // Steps of a run never claimed before are not read: the engine derives them from the definition.
    //
    // Suspects are for `ClaimSuspect`. The running sum is in the order in which `due` gives its rows; a row beyond the room
    // was locked in vain, and is free again when the statement ends.
    package static let sql: String = statement(
        due: """
            SELECT ctid AS tid, run_id, available_at, lease_owner, epoch, inbox_count, failures, last_seq, weight
            FROM outbox
            WHERE available_at >= $4 AND available_at <= now() AND failures < \(Suspicion.begins)
            ORDER BY available_at LIMIT $2 FOR UPDATE SKIP LOCKED
            """)

    /// - Parameter due: the rows to claim, locked.
    static func statement(due: String) -> String {
        """
        WITH due AS MATERIALIZED (
            \(due)
        ), fitting AS (
            SELECT *, sum(weight) OVER (ROWS UNBOUNDED PRECEDING) - weight AS before FROM due
        ), claim AS MATERIALIZED (
            SELECT due.tid, due.run_id, due.available_at, due.epoch + 1 AS epoch, due.inbox_count, due.epoch = 0 AS is_fresh,
                due.weight, due.lease_owner IS NOT NULL AS is_takeover,
                CASE WHEN due.lease_owner IS NULL THEN due.last_seq ELSE seen.seq END AS last_seq,
                CASE WHEN due.lease_owner IS NULL OR seen.progressed THEN 0 ELSE due.failures + 1 END AS failures,
                due.lease_owner IS NULL AND due.inbox_count = 0 AND (
                    r.status = 'COMPENSATING'
                    OR (r.cause IS NULL AND r.status IN ('PENDING', 'RUNNING')
                        AND (r.deadline_at IS NULL OR r.deadline_at > now()))) AS begins,
                r.workflow_name, r.workflow_version, r.status, r.cause, r.error, r.input, r.context, r.correlation_id,
                r.traceparent, r.created_at, r.updated_at
            FROM fitting due JOIN outbox seen_too ON seen_too.ctid = due.tid AND seen_too.epoch = due.epoch
                AND seen_too.last_seq = due.last_seq AND seen_too.lease_owner IS NOT DISTINCT FROM due.lease_owner
            JOIN workflow_runs r ON r.run_id = due.run_id
            LEFT JOIN LATERAL (
                SELECT max(e.seq) AS seq, bool_or(e.seq > due.last_seq AND e.kind <> 'attempt_started') AS progressed
                FROM run_events e WHERE e.run_id = due.run_id AND due.lease_owner IS NOT NULL
            ) seen ON true
            WHERE due.before < $5
        ), begun AS (
            UPDATE run_steps s
            SET status = CASE WHEN s.compensation_status = 'PENDING' THEN s.status ELSE 'EXECUTING' END,
                attempts = s.attempts + (s.compensation_status <> 'PENDING')::int,
                compensation_status = CASE WHEN s.compensation_status = 'PENDING' THEN 'COMPENSATING'
                    ELSE s.compensation_status END,
                compensation_attempts = s.compensation_attempts + (s.compensation_status = 'PENDING')::int,
                started_at = COALESCE(s.started_at, now()),
                next_attempt_at = NULL
            FROM claim c
            WHERE c.begins AND s.run_id = c.run_id AND s.next_attempt_at <= now()
                AND (s.status = 'PENDING' OR s.compensation_status = 'PENDING')
            RETURNING s.run_id, s.step_index, s.step_id, s.compensation_status = 'COMPENSATING' AS is_compensation,
                CASE WHEN s.compensation_status = 'COMPENSATING' THEN s.compensation_attempts ELSE s.attempts END
                    AS attempt,
                c.last_seq, c.epoch
        ), event AS (
            INSERT INTO run_events (run_id, seq, at, kind, step_index, step_id, action, attempt, engine_id, epoch)
            SELECT b.run_id, b.last_seq + row_number() OVER (PARTITION BY b.run_id ORDER BY b.step_index), now(),
                'attempt_started', b.step_index, b.step_id,
                CASE WHEN b.is_compensation THEN 'compensate' ELSE 'execute' END, b.attempt, $1, b.epoch
            FROM begun b
        ), run AS (
            UPDATE workflow_runs r SET status = 'RUNNING', updated_at = now()
            FROM claim c WHERE c.begins AND c.status = 'PENDING' AND r.run_id = c.run_id
        ), leased AS (
            UPDATE outbox o
            SET available_at = now() + $3 * interval '1 microsecond', lease_owner = $1, epoch = c.epoch,
                failures = c.failures, last_seq = c.last_seq
            FROM claim c WHERE o.ctid = c.tid
        )
        SELECT c.run_id, c.epoch, c.inbox_count, c.is_takeover, c.last_seq, c.failures, c.begins, c.workflow_name,
            c.workflow_version, c.status, c.cause, c.error, c.input, c.context, c.correlation_id, c.traceparent,
            c.created_at, c.updated_at, c.available_at, now(), c.weight,
            s.status, s.attempts, s.is_ambiguous, s.compensation_status, s.compensation_attempts,
            s.is_compensation_ambiguous, s.output, s.error, s.started_at, s.completed_at, s.next_attempt_at
        FROM claim c
        LEFT JOIN LATERAL (
            SELECT array_agg(status) AS status, array_agg(attempts) AS attempts,
                array_agg(is_ambiguous) AS is_ambiguous, array_agg(compensation_status) AS compensation_status,
                array_agg(compensation_attempts) AS compensation_attempts,
                array_agg(is_compensation_ambiguous) AS is_compensation_ambiguous, array_agg(output) AS output,
                array_agg(error) AS error, array_agg(started_at) AS started_at,
                array_agg(completed_at) AS completed_at, array_agg(next_attempt_at) AS next_attempt_at
            FROM (SELECT * FROM run_steps WHERE run_id = c.run_id AND NOT c.is_fresh ORDER BY step_index) ordered
        ) s ON true
        """
    }
}
