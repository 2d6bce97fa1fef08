package import Core
package import Postgres

extension RunRow {
    static let columns = """
        r.run_id, r.tenant_id, r.workflow_name, r.workflow_version, r.status, r.cause, r.error, r.input, r.output,
        r.context, r.correlation_id, r.created_at, r.updated_at, r.completed_at, r.deadline_at,
        r.definition_owner
        """

    init(_ row: inout RowReader) throws(PostgresError) {
        self.init(
            runID: try row.runID(), tenantID: try row.text(), workflowName: try row.text(),
            workflowVersion: try row.text(), status: try Self.status(try row.text()),
            cause: try row.textOrNil().flatMap { RunCause(rawValue: $0) }, error: try row.jsonValueOrNil(),
            input: try row.jsonValue(), output: try row.jsonValueOrNil(), context: try row.jsonValue(),
            correlationID: try row.textOrNil(), createdAt: try row.instant(), updatedAt: try row.instant(),
            completedAt: try row.instantOrNil(), deadlineAt: try row.instantOrNil(),
            definitionOwner: try row.definitionOwner())
    }

    private static func status(_ text: String) throws(PostgresError) -> RunStatus {
        guard let status = RunStatus(rawValue: text) else { throw .decoding("no run status: \(text)") }
        return status
    }
}

/// One run.
package struct FindRun: Statement {
    package let runID: RunID

    package typealias Row = RunRow

    package init(_ runID: RunID) { self.runID = runID }

    package static let sql = "SELECT \(RunRow.columns) FROM workflow_runs r WHERE r.run_id = $1"

    package func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunRow { try RunRow(&row) }
}

/// Where the steps of one run stood when its row was written last.
package struct FindSnapshot: Statement {
    package let runID: RunID

    package typealias Row = SnapshotRow

    package init(_ runID: RunID) { self.runID = runID }

    package static let sql = "SELECT \(SnapshotRow.columns) FROM workflow_runs r WHERE r.run_id = $1"

    package func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> SnapshotRow { try SnapshotRow(&row) }
}

/// The status of one run: for waiting on its end.
package struct FindRunStatus: Statement {
    package let runID: RunID

    package typealias Row = String

    package init(_ runID: RunID) { self.runID = runID }

    package static let sql = "SELECT \(RunStatusSQL.shown) FROM workflow_runs r WHERE r.run_id = $1"

    package func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.text() }
}
