package import Core
package import Postgres

/// Whose run it is, and of which workflow. That never changes.
package struct FindRunOwner: Statement {
    package let runID: RunID

    package typealias Row = RunOwner

    package init(_ runID: RunID) { self.runID = runID }

    package static let sql = "SELECT tenant_id, workflow_name FROM workflow_runs WHERE run_id = $1"

    package func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunOwner {
        RunOwner(tenantID: try row.text(), workflowName: try row.text())
    }
}

/// SQL for what a `WorkflowScope` lets through.
enum ScopeSQL {
    /// A condition on a run. The calls after the end are made by runs of their workflow, whose name they have before the colon.
    ///
    /// - Parameters:
    ///   - run: its alias.
    ///   - patterns: a parameter, `text[]`; null for all workflows.
    static func sees(_ run: String, _ patterns: String) -> String {
        "(\(patterns)::text[] IS NULL OR split_part(\(run).workflow_name, ':', 1) LIKE ANY (\(patterns)::text[]))"
    }
}

extension WorkflowScope {
    /// What `ScopeSQL` is given; nil for all.
    var likes: [String]? { patterns.map { $0.map(\.like) } }
}
