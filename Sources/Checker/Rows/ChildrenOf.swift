internal import Audit
internal import Core
internal import Postgres
internal import Storage

/// The runs whose rows say that they are children of this one.
struct ChildrenOf: Statement {
    let runID: RunID

    typealias Row = FamilyAudit.Child

    init(_ runID: RunID) { self.runID = runID }

    static let sql = """
        SELECT run_id, status, CASE WHEN parent_step = '\(ParentLink.onEnd)' THEN input->'run'->>'status' END
        FROM workflow_runs WHERE parent_run_id = $1
        """

    func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        let (runID, status) = (try row.runID(), try row.text())
        // A status that only a newer version knows is none that anything is required of.
        return FamilyAudit.Child(
            runID: runID, status: RunStatus(rawValue: status) ?? .running, endedAs: try row.textOrNil())
    }
}
