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
    /// What goes into `admin_actions` when it is written; nil for what is not listed there.
    package let action: AdminAction?

    /// 1, if the run lives.
    package typealias Row = Int64

    package init(runID: RunID, request: InboxRequest, action: AdminAction? = nil) {
        self.runID = runID
        self.request = request
        self.action = action
    }

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
        ), audit AS (
            INSERT INTO admin_actions (admin_name, action, subject, detail)
            SELECT $4, $5, 'runs/' || run_id, $3 FROM woken WHERE NOT is_known AND $5::text IS NOT NULL
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
        parameters.text(action?.rawValue)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.int64() }
}

extension ReadInbox {
    package func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> InboxRow {
        let (inboxID, name, bytes, sentBy) = (try row.int64(), try row.text(), try row.json(), try row.text())
        // What can't be read even as JSON is not understood either.
        guard let payload = try? RowReader.parse(bytes) else { return InboxRow(inboxID: inboxID, request: nil) }
        return InboxRow(inboxID: inboxID, request: InboxRequest(name: name, payload: payload, sentBy: sentBy))
    }
}

/// Puts right a count of inbox rows that promises more than there are: with it a run could neither end nor rest.
///
/// The count and the rows are compared as they were at one moment, and only the difference is taken away, so what is sent
/// meanwhile is counted all the same. The holder alone consumes rows, so nobody else mends it at the same time.
package struct RecountInbox: Statement {
    /// The holder.
    package let engine: EngineID
    /// Its lease.
    package let lease: Lease

    /// How many rows too many were counted. Nothing comes back when the count was right, or the lease is lost.
    package typealias Row = Int

    package static let sql = """
        WITH seen AS MATERIALIZED (
            SELECT inbox_count - (SELECT count(*)::int4 FROM run_inbox WHERE run_id = $2) AS excess
            FROM outbox WHERE run_id = $2 AND epoch = $3 AND lease_owner = $1
        )
        UPDATE outbox o SET inbox_count = greatest(0, o.inbox_count - seen.excess) FROM seen
        WHERE o.run_id = $2 AND o.epoch = $3 AND o.lease_owner = $1 AND seen.excess > 0
        RETURNING seen.excess
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(engine.uuid)
        parameters.uuid(lease.runID.uuid)
        parameters.int64(lease.epoch)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { Int(try row.int32()) }
}
