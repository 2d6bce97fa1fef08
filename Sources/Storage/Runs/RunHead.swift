package import Core
import Postgres

/// A row of `workflow_runs` without its payloads, as lists show it: of bounded size, whatever clients and participants sent.
package struct RunHead: Sendable {
    package let runID: RunID
    package let tenantID: String
    package let workflowName: String
    package let workflowVersion: String
    /// As it is stored, which may be a word of a later version.
    package private(set) var statusText: String
    /// As it stands in the row, which does not tell that a run has begun until it rests.
    let storedStatusText: String
    package let causeText: String?
    /// `{kind, message, httpStatus?, stepId?, before?}`: what participants answered is left out.
    let error: StoredError?
    package let correlationID: String?
    package let createdAt: Instant
    package private(set) var updatedAt: Instant
    package let completedAt: Instant?
    package let deadlineAt: Instant?
    /// The run that started it, and in which step; nil for one that is nobody's.
    package let parent: (runID: RunID, stepID: String)?
    /// Where it stands among runs that are due; nil where all of them are one queue.
    package let lane: Lane?
    /// Whose the definition is that it was started with.
    package let definitionOwner: Owner

    /// The definition it was started with.
    package var definitionID: DefinitionID {
        DefinitionID(owner: definitionOwner, name: workflowName, version: workflowVersion)
    }

    /// Nil for a status this version does not know.
    package var status: RunStatus? { RunStatus(rawValue: statusText) }
    /// It is FAILED because it could not be processed; see `Run.isQuarantined`.
    package var isQuarantined: Bool { status == .failed && error?.kind == Failure.quarantinedKind }

    static let columns = """
        r.run_id, r.tenant_id, r.workflow_name, r.workflow_version, \(RunStatusSQL.shown), r.status, r.cause,
        \(ErrorText.short("r.error", before: true)), r.correlation_id, r.created_at, r.updated_at, r.completed_at, r.deadline_at,
        r.parent_run_id, r.parent_step, r.lane, r.definition_owner
        """

    init(_ row: inout RowReader) throws(PostgresError) {
        runID = try row.runID()
        tenantID = try row.text()
        workflowName = try row.text()
        workflowVersion = try row.text()
        statusText = try row.text()
        storedStatusText = try row.text()
        causeText = try row.textOrNil()
        error = try row.jsonValueOrNil().map { StoredError($0) }
        correlationID = try row.textOrNil()
        createdAt = try row.instant()
        updatedAt = try row.instant()
        completedAt = try row.instantOrNil()
        deadlineAt = try row.instantOrNil()
        let (parentID, stepID) = (try row.uuidOrNil(), try row.textOrNil())
        parent = parentID.map { (RunID($0), stepID ?? "") }
        lane = try row.int32OrNil().map { Lane(stored: $0) }
        definitionOwner = try row.definitionOwner()
    }
}

extension RunHead {
    /// The same as a run stands whose journal was read along: that it has begun is not in its row until it rests.
    func following(_ run: Run) -> RunHead {
        var copy = self
        copy.statusText = run.status.rawValue
        copy.updatedAt = run.updatedAt
        return copy
    }
}

extension RowReader {
    /// `workflow_runs.definition_owner`.
    mutating func definitionOwner() throws(PostgresError) -> Owner { try textOrNil().map { .tenant($0) } ?? .shared }
}

extension Owner {
    /// As `workflow_runs.definition_owner` has it: most runs need no word for it.
    var stored: String? { tenantID }
}

/// SQL for the status of a run, `r`.
enum RunStatusSQL {
    /// As it is shown: a run in whose journal more stands than its row has seen has begun, though its row does not tell until it
    /// rests.
    static let shown = """
        CASE WHEN r.status = 'PENDING' AND EXISTS (
            SELECT FROM run_journal j WHERE j.run_id = r.run_id AND j.seq > r.snapshot_seq
        ) THEN 'RUNNING' ELSE r.status END
        """
}

/// SQL for errors in lists.
enum ErrorText {
    /// A stored error without what a participant answered, and with a message of bounded length.
    ///
    /// - Parameters:
    ///   - column: of type json, or an expression.
    ///   - before: whether what went wrong before is told as well.
    static func short(_ column: String, before: Bool) -> String {
        let first = "(\(column))->'before'"
        let nested = before ? ", 'before', CASE WHEN \(first) IS NOT NULL THEN \(members(first, nested: "")) END" : ""
        return "CASE WHEN \(column) IS NOT NULL THEN json_strip_nulls(\(members(column, nested: nested))) END"
    }

    private static func members(_ json: String, nested: String) -> String {
        """
        json_build_object('kind', (\(json))->'kind', 'message', left((\(json))->>'message', 1000),
            'httpStatus', (\(json))->'httpStatus', 'stepId', (\(json))->'stepId'\(nested))
        """
    }
}
