/// Which runs somebody may see: those of some tenants, and of some workflows. Whatever lists or looks up runs for a caller is asked
/// with one.
package struct RunScope: Sendable, Hashable {
    package let tenants: TenantScope
    package let workflows: WorkflowScope

    package init(tenants: TenantScope, workflows: WorkflowScope) {
        self.tenants = tenants
        self.workflows = workflows
    }

    package static let all = RunScope(tenants: .all, workflows: .all)

    /// Whether a run is there at all, as far as the caller can tell.
    package func sees(_ run: RunOwner) -> Bool { tenants.sees(run.tenantID) && workflows.sees(run.workflowName) }
}

/// Whose a run is, and of which workflow. That never changes.
package struct RunOwner: Sendable, Hashable {
    package let tenantID: String
    package let workflowName: String

    package init(tenantID: String, workflowName: String) {
        self.tenantID = tenantID
        self.workflowName = workflowName
    }
}
