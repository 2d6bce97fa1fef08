import Core
package import Postgres

/// Removes the oldest rows of one tenant's chain that are past their time, and leaves number and hash of the last of them as its
/// anchor. No row comes back when nothing is past its time.
///
/// One tenant at a time: with it the head of its chain is locked.
package struct RetainAudit: Statement {
    /// How long rows are kept.
    package let age: Duration
    /// Rows at most.
    package let limit: Int

    /// How many were removed.
    package typealias Row = Int

    package init(age: Duration, limit: Int) {
        self.age = age
        self.limit = limit
    }

    package static let sql = """
        SELECT audit_retain(due.tenant_id, $1 * interval '1 microsecond', $2) FROM (
            SELECT h.tenant_id FROM audit_heads h JOIN audit_trail t
                ON t.tenant_id = h.tenant_id AND t.number = h.anchor_number + 1
            WHERE t.at < now() - $1 * interval '1 microsecond' ORDER BY h.tenant_id LIMIT 1
        ) due
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.int64(age.microseconds)
        parameters.int32(Int32(limit))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { Int(try row.int32()) }
}
