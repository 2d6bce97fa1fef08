import Core
package import Postgres

/// The same for batches in which no decision consumes inbox rows, gives its lease back or makes its run much heavier, as
/// nearly all are.
///
/// What the other statement has for them is not looked at then, but Postgres sets all of it up for every batch.
package struct CommitResults: Statement {
    private let decisions: CommitDecisions

    package typealias Row = CommitDecisions.Row

    /// Nil when the batch needs more.
    package init?(_ decisions: CommitDecisions) {
        guard decisions.commits.allSatisfy({ $0.consumedInbox.isEmpty && $0.releaseIn == nil && $0.weight == nil })
        else { return nil }
        self.decisions = decisions
    }

    // The parameters are those of the other statement; those about inbox and lease are sent empty and not used.
    package static let sql = """
        WITH guard AS MATERIALIZED (
            SELECT array_agg(CASE WHEN o.run_id IS NULL THEN \(CommitDecisions.lostOrLocked)
                    WHEN u.ends AND o.inbox_count > 0 THEN 2
                    ELSE 1 END::int2 ORDER BY u.ord) AS verdicts,
                array_agg(o.inbox_count ORDER BY u.ord) AS unread
            FROM unnest($2::uuid[], $3::int8[], $4::bool[]) WITH ORDINALITY AS u (run_id, epoch, ends, ord)
            LEFT JOIN LATERAL (
                SELECT run_id, inbox_count FROM outbox
                WHERE run_id = u.run_id AND epoch = u.epoch AND lease_owner = $1 FOR UPDATE SKIP LOCKED
            ) o ON true
        \(CommitDecisions.changes)
        SELECT verdicts, unread, now() FROM guard
        """

    package func bind(_ parameters: inout Parameters) { decisions.bindAll(&parameters) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        try CommitDecisions.decode(&row)
    }
}
