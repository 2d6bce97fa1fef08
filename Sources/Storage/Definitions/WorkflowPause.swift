package import Core
package import Postgres

/// Why runs of a workflow, whatever its version, do not begin for the time being.
package struct WorkflowPause: Sendable, Hashable {
    /// What becomes of a start meanwhile.
    package enum Starts: String, Sendable, Hashable, CaseIterable {
        /// It is accepted, and its run begins when the workflow is resumed.
        case wait
        /// It is refused.
        case refuse
    }

    package let since: Instant
    /// The admin token's name.
    package let by: String
    package let reason: String
    package let starts: Starts

    static let columns = "paused_at, paused_by, pause_reason, starts"

    /// The next four columns; nil when the workflow is not paused.
    ///
    /// What a newer version may do with starts is not known here: they are refused, which can be made up for.
    static func read(_ row: inout RowReader) throws(PostgresError) -> WorkflowPause? {
        let (since, by, reason) = (try row.instantOrNil(), try row.textOrNil(), try row.textOrNil())
        let starts = try row.textOrNil()
        guard let since, let by, let reason, let starts else { return nil }
        return WorkflowPause(since: since, by: by, reason: reason, starts: Starts(rawValue: starts) ?? .refuse)
    }

    /// How a run that waits for the resume says why.
    var reasonOfRun: String { "The workflow is paused: \(reason)" }
}

/// Pauses a workflow of one owner; no row comes back when there is none of that name.
///
/// Done again it keeps its time, and takes what is new.
package struct PauseWorkflow: Statement {
    package let name: String
    package let owner: Owner
    package let by: String
    package let reason: String
    package let starts: WorkflowPause.Starts
    package let origin: CallOrigin

    package typealias Row = WorkflowPause

    package init(
        name: String, of owner: Owner, by: String, reason: String, starts: WorkflowPause.Starts,
        origin: CallOrigin = .unknown
    ) {
        self.origin = origin
        self.name = name
        self.owner = owner
        self.by = by
        self.reason = reason
        self.starts = starts
    }

    package static let sql = """
        WITH changed AS (
            INSERT INTO workflow_pauses AS p (workflow_name, starts, paused_by, pause_reason, tenant_id)
            SELECT $1, $4, $2, $3, $6 WHERE EXISTS (
                SELECT FROM workflow_definitions WHERE workflow_name = $1 AND tenant_id = $6)
            ON CONFLICT (tenant_id, workflow_name) DO UPDATE SET
                paused_at = CASE WHEN p.resumed_at IS NULL THEN p.paused_at ELSE excluded.paused_at END,
                starts = excluded.starts, paused_by = excluded.paused_by, pause_reason = excluded.pause_reason,
                resumed_at = NULL, resumed_by = NULL, resume_reason = NULL
            RETURNING \(WorkflowPause.columns)
        ), audit AS (
            \(AuditSQL.insert(
                tenant: "$6", by: "$2", origin: "$5", action: "'pause_workflow'",
                subject: "'workflows/' || $1", detail: "json_build_object('reason', $3::text, 'starts', $4::text)",
                from: "changed"))
        )
        SELECT \(WorkflowPause.columns) FROM changed
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(name)
        parameters.text(by)
        parameters.text(reason)
        parameters.text(starts.rawValue)
        parameters.origin(origin)
        parameters.text(owner.name)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> WorkflowPause {
        guard let pause = try WorkflowPause.read(&row) else { throw .decoding("a pause without its time") }
        return pause
    }
}

/// Takes the pause of a workflow of one owner back; no row comes back when there is none of that name. The runs that wait are for
/// `WakeHeldStarts`.
package struct ResumeWorkflow: Statement {
    package let name: String
    package let owner: Owner
    package let by: String
    package let reason: String?
    package let origin: CallOrigin

    /// Whether it was paused.
    package typealias Row = Bool

    package init(name: String, of owner: Owner, by: String, reason: String?, origin: CallOrigin = .unknown) {
        self.origin = origin
        self.name = name
        self.owner = owner
        self.by = by
        self.reason = reason
    }

    // `paused` locks the row, so that of two who resume at once one finds nothing to do.
    package static let sql = """
        WITH paused AS MATERIALIZED (
            SELECT workflow_name FROM workflow_pauses
            WHERE tenant_id = $5 AND workflow_name = $1 AND resumed_at IS NULL FOR UPDATE
        ), changed AS (
            UPDATE workflow_pauses SET resumed_at = now(), resumed_by = $2, resume_reason = $3
            WHERE tenant_id = $5 AND workflow_name = $1 AND EXISTS (SELECT FROM paused)
        ), audit AS (
            \(AuditSQL.insert(
                tenant: "$5", by: "$2", origin: "$4", action: "'resume_workflow'",
                subject: "'workflows/' || $1", detail: "json_build_object('reason', $3::text)", from: "paused"))
        )
        SELECT EXISTS (SELECT FROM paused) FROM workflow_definitions
        WHERE workflow_name = $1 AND tenant_id = $5 LIMIT 1
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(name)
        parameters.text(by)
        parameters.text(reason)
        parameters.origin(origin)
        parameters.text(owner.name)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}
