// Who changed what. Nobody inserts here by itself: each statement that makes an admin's change writes its row along, so
// that there is no change without its row and no row without its change.

package import Core
package import Postgres

/// What an admin did, as `admin_actions` names it. The row is written by the statement that makes the change.
package enum AdminAction: String, Sendable, Hashable, CaseIterable {
    case registerWorkflow = "register_workflow"
    case deprecateWorkflow = "deprecate_workflow"
    case restoreWorkflow = "restore_workflow"
    case pauseWorkflow = "pause_workflow"
    case resumeWorkflow = "resume_workflow"
    case putParticipant = "put_participant"
    case deleteParticipant = "delete_participant"
    case pauseParticipant = "pause_participant"
    case resumeParticipant = "resume_participant"
    case rotateSecrets = "rotate_secrets"
    case retryRun = "retry_run"
    case resolveStep = "resolve_step"
    case settleStep = "settle_step"
    case pauseRun = "pause_run"
    case resumeRun = "resume_run"
    case undoRun = "undo_run"
    case restartRun = "restart_run"
    case createKey = "create_key"
    case revokeKey = "revoke_key"
}

/// A row of `admin_actions`.
package struct StoredAdminAction: Sendable, Hashable {
    package let actionID: Int64
    package let at: Instant
    /// The admin token's name.
    package let adminName: String
    /// The raw value of an `AdminAction`; a newer release may know more of them.
    package let action: String
    /// `workflows/NAME`, `workflows/NAME/VERSION`, `participants/NAME` or `runs/ID`.
    package let subject: String
    /// What else there is to say; never a secret.
    package let detail: JSON
}

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
