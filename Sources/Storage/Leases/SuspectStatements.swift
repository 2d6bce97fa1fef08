package import Core
package import Postgres

/// When a run is suspected of killing its engines, and when that is certain enough to set it aside.
///
/// Whoever dies takes all runs with it that it holds, and most of them have done nothing. So after a few losses a run is a
/// suspect: engines claim it alone, and only if they are lost then, too, is it the run.
package enum Suspicion {
    /// `outbox.failures` from which on a due run is a suspect: it counts takeovers, so one more holder has been lost.
    package static let begins = 2
    /// `failures` of a claimed run that is set aside: it was lost three times among others, and three times alone.
    package static let isCertain = 6
}

/// Claims the suspect that has been due for longest, as `ClaimRuns` claims others. For an engine that holds nothing else.
package struct ClaimSuspect: Statement {
    private let claim: ClaimRuns

    package typealias Row = ClaimedRun

    package init(engine: EngineID, lease: Duration) { claim = ClaimRuns(engine: engine, limit: 1, lease: lease) }

    package static let sql: String = ClaimRuns.statement(
        due: """
            SELECT ctid AS tid, run_id, available_at, lease_owner, epoch, inbox_count, failures, last_seq, weight
            FROM outbox
            WHERE available_at >= $4 AND available_at <= now() AND failures >= \(Suspicion.begins)
            ORDER BY available_at LIMIT $2 FOR UPDATE SKIP LOCKED
            """)

    package func bind(_ parameters: inout Parameters) { claim.bind(&parameters) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> ClaimedRun {
        try ClaimRuns.decode(&row)
    }
}

/// Whether a suspect is due: a look at an index that is nearly always empty.
package struct IsSuspectDue: Statement {
    package typealias Row = Bool

    package init() {}

    package static let sql =
        "SELECT EXISTS (SELECT FROM outbox WHERE failures >= \(Suspicion.begins) AND available_at <= now())"

    package func bind(_ parameters: inout Parameters) {}

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}

/// Ends the suspicion against a run that is held: its engine has outlived it. What is left is the claim itself, which
/// `ReleaseLeases` takes back.
package struct ClearSuspect: Statement {
    /// The holder.
    package let engine: EngineID
    package let lease: Lease

    /// The run, if the lease was still held.
    package typealias Row = RunID

    package static let sql = """
        UPDATE outbox SET failures = 1 WHERE run_id = $2 AND epoch = $3 AND lease_owner = $1 RETURNING run_id
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(engine.uuid)
        parameters.uuid(lease.runID.uuid)
        parameters.int64(lease.epoch)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunID { try row.runID() }
}

/// Puts off due outbox rows that have no run, so that claims find those behind them.
///
/// There are none unless somebody has changed tables by hand. They are not deleted: a run may be restored.
package struct PutOffOrphans: Statement {
    /// For how long.
    package let delay: Duration
    /// How many due rows to look at.
    package let limit: Int

    /// A row that was put off.
    package typealias Row = RunID

    package static let sql = """
        WITH due AS MATERIALIZED (
            SELECT ctid AS tid, run_id FROM outbox WHERE available_at <= now()
            ORDER BY available_at LIMIT $2 FOR UPDATE SKIP LOCKED
        )
        UPDATE outbox o SET available_at = now() + $1 * interval '1 microsecond'
        FROM due WHERE o.ctid = due.tid AND NOT EXISTS (SELECT FROM workflow_runs r WHERE r.run_id = due.run_id)
        RETURNING o.run_id
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.int64(delay.microseconds)
        parameters.int64(Int64(limit))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunID { try row.runID() }
}
