package import Core
import Postgres

/// Claims due runs for one engine, and begins their due steps in the same statement.
///
/// Due, waiting and leased are one question (`available_at <= now()`), so this is claim and takeover in one. Rows another
/// claimer is just locking are skipped. A former holder may still be at work: its commits fail on the epoch, and
/// participants must honour the idempotency key.
///
/// What a claim begins was decided when the run came to rest, and stored with it (`DueAttempts`). When nothing else is to be
/// decided first it goes into the journal as it is, so that the intent is committed with the claim.
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
    // the primary key of run_journal: nothing is written, and the run is given back.
    //
    // The outbox is joined by the place of its rows, which costs least and can't be planned wrongly: a statement prepared
    // while the table is empty would take it for one row and read it whole for every claim (see `oneRow`).
    //
    // The journal is only read where there may be something that the snapshot does not tell: in a takeover, and for outputs
    // that were too large for it. A status that this version does not know is a newer one's, and so is what is due then. Nothing is locked but rows of the outbox, and of those none that somebody else has.
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

    /// - Parameters:
    ///   - due: the rows to claim, locked.
    ///   - also: one more column of `due`, which comes back as the last one.
    static func statement(due: String, also: String? = nil) -> String {
        let (dueColumn, column) = also.map { (", due.\($0)", ", c.\($0)") } ?? ("", "")
        return """
            WITH due AS MATERIALIZED (
                \(due)
            ), fitting AS (
                SELECT *, sum(weight) OVER (ROWS UNBOUNDED PRECEDING) - weight AS before FROM due
            ), claim AS MATERIALIZED (
                SELECT due.tid, due.run_id, due.available_at, due.epoch + 1 AS epoch, due.inbox_count, due.weight,
                    due.lease_owner IS NOT NULL AS is_takeover,
                    CASE WHEN due.lease_owner IS NULL THEN due.last_seq ELSE COALESCE(seen.seq, due.last_seq) END AS last_seq,
                    CASE WHEN due.lease_owner IS NULL OR seen.seq > due.last_seq THEN 0 ELSE due.failures + 1 END AS failures,
                    CASE WHEN due.lease_owner IS NULL AND due.inbox_count = 0 AND r.snapshot_seq = due.last_seq
                        AND r.due_at <= now() AND (r.due_before IS NULL OR r.due_before > now())
                        AND r.status IN ('PENDING', 'RUNNING', 'COMPENSATING') THEN r.due_count END AS begun,
                    r.workflow_name, r.workflow_version, r.status, r.cause, r.error, r.input, r.context, r.correlation_id,
                    r.traceparent, r.created_at, r.updated_at, r.snapshot, r.snapshot_seq, r.snapshot_at, r.snapshot_refs, r.due,
                    r.definition_owner\(dueColumn)
                FROM fitting due JOIN outbox seen_too ON seen_too.ctid = due.tid AND seen_too.epoch = due.epoch
                    AND seen_too.last_seq = due.last_seq AND seen_too.lease_owner IS NOT DISTINCT FROM due.lease_owner
                JOIN workflow_runs r ON r.run_id = due.run_id
                LEFT JOIN LATERAL (
                    SELECT j.seq + j.event_count - 1 AS seq FROM run_journal j
                    WHERE due.lease_owner IS NOT NULL AND j.run_id = due.run_id ORDER BY j.seq DESC LIMIT 1
                ) seen ON true
                WHERE due.before < $5
            ), event AS (
                INSERT INTO run_journal (run_id, seq, event_count, at, epoch, engine_id, events)
                SELECT c.run_id, c.last_seq + 1, c.begun, now(), c.epoch, $1, c.due
                FROM claim c WHERE c.begun IS NOT NULL
            ), leased AS (
                UPDATE outbox o
                SET available_at = now() + $3 * interval '1 microsecond', lease_owner = $1, epoch = c.epoch,
                    failures = c.failures, last_seq = c.last_seq + COALESCE(c.begun, 0)
                FROM claim c WHERE o.ctid = c.tid
            )
            SELECT c.run_id, c.epoch, c.inbox_count, c.is_takeover, c.last_seq, c.failures, c.begun IS NOT NULL, c.workflow_name,
                c.workflow_version, c.status, c.cause, c.error, c.input, c.context, c.correlation_id, c.traceparent,
                c.created_at, c.updated_at, c.available_at, now(), c.weight, c.definition_owner,
                c.snapshot, c.snapshot_seq, c.snapshot_at, c.due, referred.seqs, referred.events, later.at, later.events\(column)
            FROM claim c
            LEFT JOIN LATERAL (
                SELECT array_agg(e.seq ORDER BY e.seq) AS seqs, array_agg(e.event ORDER BY e.seq) AS events
                FROM (\(EventSQL.referred(by: "c", "e.event"))) e
            ) referred ON c.snapshot_refs IS NOT NULL
            LEFT JOIN LATERAL (
                SELECT array_agg(at ORDER BY seq) AS at, array_agg(events ORDER BY seq) AS events
                FROM run_journal WHERE run_id = c.run_id AND seq > c.snapshot_seq
            ) later ON c.last_seq > c.snapshot_seq
            """
    }
}
