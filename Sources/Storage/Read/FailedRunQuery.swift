import Core

/// What a list of FAILED runs is filtered by. All given filters must match; newest first.
package struct FailedRunQuery: Sendable, Hashable {
    /// Why a run is FAILED: `error.kind` of the run.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A compensation gave up.
        case compensation
        /// It could not be processed.
        case quarantined
    }

    /// Workflow, time and page; status, tenant and correlation id are not looked at.
    package var runs: RunQuery
    /// Only runs in which this step's compensation gave up.
    package var stepID: String?
    package var kind: Kind?
    /// Whether the errors of steps are wanted; without them a page has `limit` runs however long their errors are.
    package var showsErrors = true

    package init(limit: Int = 50) { runs = RunQuery(limit: limit) }
}
