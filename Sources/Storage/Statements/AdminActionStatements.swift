import Core
package import Postgres

// Who changed what. Nobody inserts here by itself: each statement that makes an admin's change writes its row along, so
// that there is no change without its row and no row without its change.

/// What admins did, latest first.
package struct ListAdminActions: Statement {
    /// Nil for all.
    package let subject: String?
    /// Only those before this one: the last of the page before; nil for the first page.
    package let before: Int64?
    package let limit: Int

    package typealias Row = StoredAdminAction

    package init(subject: String? = nil, before: Int64? = nil, limit: Int) {
        self.subject = subject
        self.before = before
        self.limit = limit
    }

    package static let sql = """
        SELECT action_id, at, admin_name, action, subject, detail FROM admin_actions
        WHERE ($1::text IS NULL OR subject = $1) AND ($2::int8 IS NULL OR action_id < $2)
        ORDER BY action_id DESC LIMIT $3
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(subject)
        parameters.int64(before)
        parameters.int64(Int64(limit))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> StoredAdminAction {
        StoredAdminAction(
            actionID: try row.int64(), at: try row.instant(), adminName: try row.text(), action: try row.text(),
            subject: try row.text(), detail: try row.jsonValue())
    }
}
