/// Where a run stands. The raw values are public: they appear in SQL, JSON and metrics.
package enum RunStatus: String, Sendable, Hashable, CaseIterable {
    /// Accepted, no engine has begun a step yet. Next: `running`, `compensating`, `completed`, `failed`.
    case pending = "PENDING"
    /// An engine has started at least one step. Next: `completed`, `compensating`, `failed`.
    case running = "RUNNING"
    /// Forward progress has ended; effects are being undone. Next: `compensated`, `cancelled`, `failed`.
    case compensating = "COMPENSATING"
    /// Every step succeeded or was skipped. Final, except that a person's undo leads to `compensating`.
    case completed = "COMPLETED"
    /// Every effect was undone. Final.
    case compensated = "COMPENSATED"
    /// Cancelled on request, and every effect was undone. Final.
    case cancelled = "CANCELLED"
    /// A compensation was exhausted or the run is poison: a person has to look.
    /// Final, except that an operator's retry leads back to `pending` (it had never begun), `running` or `compensating`, and
    /// a step resolved by hand to `compensating`.
    case failed = "FAILED"

    /// Nothing more happens without a person.
    package var isTerminal: Bool {
        switch self {
        case .pending, .running, .compensating: false
        case .completed, .compensated, .cancelled, .failed: true
        }
    }
}

/// Why a run left the forward path.
package enum RunCause: String, Sendable, Hashable, CaseIterable {
    /// A step gave up.
    case stepFailed = "STEP_FAILED"
    /// Somebody asked for it.
    case cancelRequested = "CANCEL_REQUESTED"
    /// The run's deadline passed before every step was done.
    case deadlineExceeded = "DEADLINE_EXCEEDED"
    /// It had completed, and somebody asked for it to be undone.
    case undoRequested = "UNDO_REQUESTED"
    /// The run could not be processed and was set aside.
    case quarantined = "QUARANTINED"
}
