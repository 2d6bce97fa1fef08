/// A row of `workflow_runs`, as it is shown.
package struct RunRow: Sendable {
    package let runID: RunID
    package let tenantID: String
    package let workflowName: String
    package let workflowVersion: String
    package private(set) var status: RunStatus
    package let cause: RunCause?
    package let error: JSON?
    package let input: JSON
    package let output: JSON?
    package let context: JSON
    package let correlationID: String?
    package let createdAt: Instant
    package private(set) var updatedAt: Instant
    package let completedAt: Instant?
    package let deadlineAt: Instant?
    /// Whose the definition is that it was started with.
    package let definitionOwner: Owner

    /// The definition it was started with.
    package var definitionID: DefinitionID {
        DefinitionID(owner: definitionOwner, name: workflowName, version: workflowVersion)
    }

    /// It is FAILED because it could not be processed; see `Run.isQuarantined`.
    package var isQuarantined: Bool {
        status == .failed && error?["kind"]?.string == Failure.quarantinedKind
    }

    /// The columns as they were read.
    package init(
        runID: RunID, tenantID: String, workflowName: String, workflowVersion: String, status: RunStatus,
        cause: RunCause?, error: JSON?, input: JSON, output: JSON?, context: JSON, correlationID: String?,
        createdAt: Instant, updatedAt: Instant, completedAt: Instant?, deadlineAt: Instant?, definitionOwner: Owner
    ) {
        self.runID = runID
        self.tenantID = tenantID
        self.workflowName = workflowName
        self.workflowVersion = workflowVersion
        self.status = status
        self.cause = cause
        self.error = error
        self.input = input
        self.output = output
        self.context = context
        self.correlationID = correlationID
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.completedAt = completedAt
        self.deadlineAt = deadlineAt
        self.definitionOwner = definitionOwner
    }

    /// The same as a run stands whose journal was read along: what it has done since it rested last is not in its row.
    package func following(_ run: Run) -> RunRow {
        var copy = self
        copy.status = run.status
        copy.updatedAt = run.updatedAt
        return copy
    }

    /// The row that a run is stored as.
    package init(_ run: Run, tenantID: String = "default", correlationID: String? = nil) {
        self.init(
            runID: run.id, tenantID: tenantID, workflowName: run.definition.name,
            workflowVersion: run.definition.version.description, status: run.status, cause: run.cause,
            error: run.errorJSON, input: run.input, output: run.output, context: run.context,
            correlationID: correlationID, createdAt: run.createdAt, updatedAt: run.updatedAt,
            completedAt: run.completedAt, deadlineAt: run.deadlineAt,
            definitionOwner: run.definition.owner)
    }
}
