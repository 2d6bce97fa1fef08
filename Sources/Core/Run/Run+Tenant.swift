extension Run {
    /// Whose it is: `workflow_runs.tenant_id`.
    ///
    /// Whoever makes a run writes its tenant into its context (the gate of a tenant's key, a restart, a parent's child), and no
    /// step can change that; a run that names none is of the tenant `default`.
    package var tenantID: String { context["tenantId"]?.string ?? "default" }
}
