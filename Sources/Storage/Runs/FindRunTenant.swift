package import Core
package import Postgres

/// Whose run it is. That never changes.
package struct FindRunTenant: Statement {
    package let runID: RunID

    package typealias Row = String

    package init(_ runID: RunID) { self.runID = runID }

    package static let sql = "SELECT tenant_id FROM workflow_runs WHERE run_id = $1"

    package func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.text() }
}
