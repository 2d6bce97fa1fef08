package import Core

/// What an admin did, as `admin_actions` names it. The row is written by the statement that makes the change.
package enum AdminAction: String, Sendable, Hashable, CaseIterable {
    case registerWorkflow = "register_workflow"
    case deprecateWorkflow = "deprecate_workflow"
    case restoreWorkflow = "restore_workflow"
    case putParticipant = "put_participant"
    case deleteParticipant = "delete_participant"
    case retryRun = "retry_run"
    case resolveStep = "resolve_step"
}

/// A row of `admin_actions`.
package struct StoredAdminAction: Sendable, Hashable {
    package let actionID: Int64
    package let at: Instant
    /// The admin token's name.
    package let adminName: String
    /// The raw value of an `AdminAction`; a newer release may know more of them.
    package let action: String
    /// `workflows/NAME/VERSION`, `participants/NAME` or `runs/ID`.
    package let subject: String
    /// What else there is to say; never a secret.
    package let detail: JSON
}
