package import Core
package import Postgres

/// A row of `run_inbox` as it is stored, for people.
package struct InboxEntry: Sendable {
    package let inboxID: Int64
    package let kind: String
    /// JSON text.
    package let payload: [UInt8]
    package let sentBy: String
    package let sentAt: Instant
}

/// What waits in a run's inbox, oldest first, page by page. Only to be shown: whoever holds the run reads all of it at once.
package struct ListInbox: Statement {
    package let runID: RunID
    /// The last of the page before; 0 for the first page.
    package let after: Int64
    package let limit: Int

    package typealias Row = InboxEntry

    package init(runID: RunID, after: Int64, limit: Int) {
        self.runID = runID
        self.after = after
        self.limit = limit
    }

    package static let sql = """
        SELECT inbox_id, kind, payload, sent_by, created_at FROM run_inbox
        WHERE run_id = $1 AND inbox_id > $2 ORDER BY inbox_id LIMIT $3
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(runID.uuid)
        parameters.int64(after)
        parameters.int64(Int64(limit))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> InboxEntry {
        InboxEntry(
            inboxID: try row.int64(), kind: try row.text(), payload: try row.json(), sentBy: try row.text(),
            sentAt: try row.instant())
    }
}
