/// Where the forward action of a step stands.
package enum StepStatus: String, Sendable, Hashable, CaseIterable {
    /// Not started, or waiting for its next attempt. Next: `executing`, `waiting`, `succeeded`, `skipped`, `failed`.
    case pending = "PENDING"
    /// It waits for its time to come. Next: `succeeded`, `pending` (the run turned back meanwhile).
    case waiting = "WAITING"
    /// A call is in flight, or was when its engine died. Next: `succeeded`, `failed`, `pending` (to be retried).
    case executing = "EXECUTING"
    /// The participant said yes. Final.
    case succeeded = "SUCCEEDED"
    /// It gave up. Final.
    case failed = "FAILED"
    /// Its `when` was false. Final; counts as done.
    case skipped = "SKIPPED"

    /// Dependents of a done step may go, whatever the step is; see `Run.isDone`.
    package var isDone: Bool {
        switch self {
        case .succeeded, .skipped: true
        case .pending, .waiting, .executing, .failed: false
        }
    }
}

/// Where the compensation of a step stands.
package enum CompensationStatus: String, Sendable, Hashable, CaseIterable {
    /// Nothing to undo (so far). Next: `pending`, `compensated` (by hand, while the run is quarantined).
    case notRequired = "NOT_REQUIRED"
    /// To be undone, when its dependents are, or waiting for its next attempt. Next: `compensating`, `compensated` (as
    /// above).
    case pending = "PENDING"
    /// A call is in flight, or was when its engine died. Next: `compensated`, `failed`, `pending`.
    case compensating = "COMPENSATING"
    /// Undone, by its participant or by hand. Final.
    case compensated = "COMPENSATED"
    /// It gave up. Final, except that an operator's retry leads back to `pending`, and that an operator who undid it by
    /// hand makes it `compensated`.
    case failed = "FAILED"
}
