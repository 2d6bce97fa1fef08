package import Core
package import Postgres

/// Asks the lease holder of a live run for something, and wakes the run if it waits.
///
/// What waits there already is not written again: a client that repeats itself fills nothing.
///
/// No row comes back when the run has no outbox row, that is, when it is terminal or does not exist. The outbox row's
/// lock orders this against the run's last commit: whoever is second learns of the first.
package struct SendToRun: Statement {
    /// The run.
    package let runID: RunID
    /// What is asked.
    package let request: InboxRequest

    /// 1, if the run lives.
    package typealias Row = Int64

    package static let sql = """
        WITH known AS MATERIALIZED (
            SELECT count(*) > 0 AS is_known FROM run_inbox
            WHERE run_id = $1 AND kind = $2 AND ($2 = 'cancel' OR payload::text = $3::text)
        ), woken AS (
            UPDATE outbox SET inbox_count = inbox_count + CASE WHEN is_known THEN 0 ELSE 1 END,
                available_at = CASE WHEN lease_owner IS NULL THEN least(available_at, now()) ELSE available_at END
            FROM known WHERE run_id = $1 RETURNING run_id, is_known
        ), sent AS (
            INSERT INTO run_inbox (run_id, kind, payload, sent_by)
            SELECT run_id, $2, $3, $4 FROM woken WHERE NOT is_known
        )
        SELECT 1::int8 FROM woken
        """
}

/// What waits in a run's inbox, oldest first. All of it: a decision that ends the run must have read everything.
package struct ReadInbox: Statement {
    /// The run.
    package let runID: RunID

    package typealias Row = InboxRow

    package static let sql = """
        SELECT inbox_id, kind, payload, sent_by FROM run_inbox WHERE run_id = $1 ORDER BY inbox_id
        """
}

extension SendToRun {
    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(runID.uuid)
        parameters.text(request.name)
        parameters.json(request.payload.bytes)
        parameters.text(request.sentBy)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.int64() }
}

extension ReadInbox {
    package func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> InboxRow {
        InboxRow(
            inboxID: try row.int64(),
            request: InboxRequest(name: try row.text(), payload: try row.jsonValue(), sentBy: try row.text()))
    }
}
