package import Core
package import Postgres

/// Asks the lease holder of a live run for something, and wakes the run if it waits.
///
/// No row comes back when the run has no outbox row, that is, when it is terminal or does not exist. The outbox row's
/// lock orders this against the run's last commit: whoever is second learns of the first.
package struct SendToRun: Statement {
    /// The run.
    package let runID: RunID
    /// What is asked.
    package let request: InboxRequest

    /// The id of the inbox row.
    package typealias Row = Int64

    package static let sql = """
        WITH woken AS (
            UPDATE outbox SET inbox_count = inbox_count + 1,
                available_at = CASE WHEN lease_owner IS NULL THEN least(available_at, now()) ELSE available_at END
            WHERE run_id = $1 RETURNING run_id
        )
        INSERT INTO run_inbox (run_id, kind, payload, sent_by)
        SELECT run_id, $2, $3, $4 FROM woken RETURNING inbox_id
        """
}

/// The same for a FAILED run: its outbox row is made anew, under an epoch no smaller than any before.
package struct SendToFailedRun: Statement {
    /// The run.
    package let runID: RunID
    /// What is asked.
    package let request: InboxRequest

    /// The id of the inbox row.
    package typealias Row = Int64

    package static let sql = """
        WITH woken AS (
            INSERT INTO outbox AS o (run_id, available_at, epoch, inbox_count, last_seq)
            SELECT r.run_id, now(), max(e.epoch), 1, max(e.seq)
            FROM workflow_runs r JOIN run_events e ON e.run_id = r.run_id
            WHERE r.run_id = $1 AND r.status = 'FAILED' GROUP BY r.run_id
            ON CONFLICT (run_id) DO UPDATE SET inbox_count = o.inbox_count + 1
            RETURNING run_id
        )
        INSERT INTO run_inbox (run_id, kind, payload, sent_by)
        SELECT run_id, $2, $3, $4 FROM woken RETURNING inbox_id
        """
}

/// What waits in a run's inbox, oldest first.
package struct ReadInbox: Statement {
    /// The run.
    package let runID: RunID

    package typealias Row = InboxRow

    package static let sql = """
        SELECT inbox_id, kind, payload, sent_by FROM run_inbox WHERE run_id = $1 ORDER BY inbox_id LIMIT 100
        """
}

extension SendToRun {
    package func bind(_ parameters: inout Parameters) { bindRequest(runID, request, &parameters) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.int64() }
}

extension SendToFailedRun {
    package func bind(_ parameters: inout Parameters) { bindRequest(runID, request, &parameters) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.int64() }
}

private func bindRequest(_ runID: RunID, _ request: InboxRequest, _ parameters: inout Parameters) {
    parameters.uuid(runID.uuid)
    parameters.text(request.name)
    parameters.json(request.payload.bytes)
    parameters.text(request.sentBy)
}

extension ReadInbox {
    package func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> InboxRow {
        InboxRow(
            inboxID: try row.int64(),
            request: InboxRequest(name: try row.text(), payload: try row.jsonValue(), sentBy: try row.text()))
    }
}
