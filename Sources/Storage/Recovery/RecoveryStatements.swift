package import Core
package import Postgres

/// Live runs without an event for a while, the quietest first, and all that may explain it.
///
/// For people: it reads the last event of every live run. The row's `xmax` is the transaction that holds its lock, if it is
/// still at work; locks younger than a second are the traffic of engines.
package struct FindQuietRuns: Statement {
    /// How long nothing has happened.
    package let quietFor: Duration
    package let limit: Int

    package typealias Row = QuietRow

    package static let sql = QuietSQL.select(
        quiet: "last.at <= now() - $1 * interval '1 microsecond' ORDER BY last.at LIMIT $2",
        locks: """
            SELECT l.transactionid, l.pid, a.application_name, a.state, a.xact_start
            FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
            WHERE l.locktype = 'transactionid' AND l.granted AND l.pid <> pg_backend_pid()
                AND coalesce(a.xact_start < clock_timestamp() - interval '1 second', true)
            """)
}

/// The same of these runs, as far as they live, however long ago something happened. Locks are not looked at: that is for
/// people who look for the cause of a standstill.
package struct FindLiveRuns: Statement {
    package let runIDs: [RunID]

    package typealias Row = QuietRow

    package static let sql = QuietSQL.select(
        quiet: "o.run_id = ANY ($1::uuid[])",
        locks: """
            SELECT NULL::xid AS transactionid, NULL::int4 AS pid, NULL::text AS application_name, NULL::text AS state,
                NULL::timestamptz AS xact_start
            WHERE false
            """)
}

private enum QuietSQL {
    /// - Parameters:
    ///   - quiet: which rows of the outbox, `o`, with their last events, `last`.
    ///   - locks: the transactions that may hold the lock of one.
    static func select(quiet: String, locks: String) -> String {
        """
        WITH quiet AS MATERIALIZED (
            SELECT o.run_id, o.available_at, o.lease_owner, o.epoch, o.inbox_count, o.xmax AS locker, last.at, last.seq
            FROM outbox o
            CROSS JOIN LATERAL (
                SELECT at, seq + event_count - 1 AS seq FROM run_journal j WHERE j.run_id = o.run_id ORDER BY j.seq DESC LIMIT 1
            ) last
            WHERE \(quiet)
        ), locks AS MATERIALIZED (
            \(locks)
        ), alive AS MATERIALIZED (
            SELECT count(*) AS engines FROM engines WHERE heartbeat_at > now() - interval '15 seconds'
        )
        SELECT q.run_id, q.epoch, q.seq, q.available_at, q.lease_owner, q.at, now(), e.host, e.heartbeat_at, alive.engines,
            k.transactionid IS NOT NULL, k.pid, k.application_name, k.state, k.xact_start,
            q.inbox_count > 0 AND EXISTS (
                SELECT 1 FROM run_inbox i WHERE i.run_id = q.run_id AND i.kind = 'cancel'
            ),
            \(RunHead.columns), \(SnapshotSQL.heads), r.snapshot_seq, r.snapshot_at, r.due,
            journal.seqs, journal.ats, journal.later
        FROM quiet q
        JOIN workflow_runs r ON r.run_id = q.run_id
        CROSS JOIN alive
        LEFT JOIN engines e ON e.engine_id = q.lease_owner
        LEFT JOIN locks k ON k.transactionid = q.locker
        CROSS JOIN LATERAL (
            SELECT array_agg(j.seq ORDER BY j.seq) AS seqs, array_agg(j.at ORDER BY j.seq) AS ats,
                array_agg(CASE WHEN j.seq > r.snapshot_seq THEN \(EventSQL.heads("j.events")) END ORDER BY j.seq) AS later
            FROM run_journal j WHERE j.run_id = q.run_id
        ) journal
        ORDER BY q.at
        """
    }
}

/// Runs that ended FAILED a while ago and wait for a person, the oldest first: a walk of the index of unhappy runs.
package struct FindForsakenRuns: Statement {
    /// How long ago they ended at least.
    package let quietFor: Duration
    package let limit: Int

    package typealias Row = ForsakenRun

    package static let sql = """
        SELECT run_id, workflow_name, error, completed_at, now() FROM workflow_runs
        WHERE cause IS NOT NULL AND status = 'FAILED' AND completed_at <= now() - $1 * interval '1 microsecond'
        ORDER BY run_id LIMIT $2
        """
}

/// Takes runs from whoever holds them: due now, under an epoch no holder has.
///
/// A row counts only while it has the epoch that was seen, no event came since, and nobody has it locked. The owner stays
/// noted: calls may be in flight, so the next claim is an ordinary takeover, which records them as lost and repeats
/// them under their keys. It does not count as a lost engine.
package struct FreeRuns: Statement {
    /// Sorted by run id, each once.
    package let seen: [(lease: Lease, sequence: Int)]

    /// A run that was freed.
    package typealias Row = RunID

    package static let sql = """
        WITH held AS MATERIALIZED (
            SELECT o.run_id FROM outbox o
            JOIN unnest($1::uuid[], $2::int8[], $3::int4[]) AS u (run_id, epoch, seq) USING (run_id)
            WHERE o.epoch = u.epoch
                AND NOT EXISTS (SELECT FROM run_journal j WHERE j.run_id = u.run_id AND j.seq > u.seq)
            ORDER BY o.run_id FOR UPDATE OF o SKIP LOCKED
        )
        UPDATE outbox o SET epoch = o.epoch + 1, available_at = now(),
            failures = CASE WHEN o.lease_owner IS NULL THEN o.failures ELSE o.failures - 1 END
        FROM held WHERE o.run_id = held.run_id
        RETURNING o.run_id
        """
}

extension FindQuietRuns {
    package func bind(_ parameters: inout Parameters) {
        parameters.int64(quietFor.microseconds)
        parameters.int64(Int64(limit))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> QuietRow { try QuietRow(&row) }
}

extension FindLiveRuns {
    package func bind(_ parameters: inout Parameters) { parameters.uuidArray(runIDs.map(\.uuid)) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> QuietRow { try QuietRow(&row) }
}

extension FindForsakenRuns {
    package func bind(_ parameters: inout Parameters) {
        parameters.int64(quietFor.microseconds)
        parameters.int64(Int64(limit))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> ForsakenRun {
        ForsakenRun(
            runID: try row.runID(), workflowName: try row.text(),
            error: try row.jsonValueOrNil().flatMap { Failure($0) }, failedAt: try row.instantOrNil(),
            now: try row.instant())
    }
}

extension FreeRuns {
    package func bind(_ parameters: inout Parameters) {
        parameters.uuidArray(seen.lazy.map(\.lease.runID.uuid))
        parameters.int64Array(seen.lazy.map(\.lease.epoch))
        parameters.int32Array(seen.lazy.map { Int32($0.sequence) })
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunID { try row.runID() }
}
