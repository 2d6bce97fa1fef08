package import Core

/// How a run stands, as far as its graph shows it.
package struct GraphRun: Sendable {
    package let status: RunStatus
    /// Why it left the forward path; nil while it has not.
    package let cause: RunCause?
    /// The step for which it did; nil where it was not for a step.
    package let turnedBy: String?
    package let isPaused: Bool
    /// In the order of the definition, and the elements of lists behind.
    package let steps: [StepRow]
    /// How the runs stand that its steps have started, as far as that is known.
    package let children: [RunID: String]

    package init(
        status: RunStatus, cause: RunCause?, turnedBy: String?, isPaused: Bool, steps: [StepRow],
        children: [RunID: String] = [:]
    ) {
        self.status = status
        self.cause = cause
        self.turnedBy = turnedBy
        self.isPaused = isPaused
        self.steps = steps
        self.children = children
    }

    package init(_ run: Run, children: [RunID: String] = [:]) {
        self.init(
            status: run.status, cause: run.cause, turnedBy: (run.turnedBackBy ?? run.error)?.stepID,
            isPaused: run.isPaused, steps: run.stepRows, children: children)
    }

    /// Whether it is, or was, on its way back. One that could not be processed has not turned.
    package var hasTurned: Bool {
        switch cause {
        case .stepFailed, .cancelRequested, .deadlineExceeded, .undoRequested: true
        case .quarantined: steps.contains { $0.step.compensationStatus != .notRequired }
        case nil: false
        }
    }

    /// Why it turned, in two or three words.
    var turnWords: String {
        switch cause {
        case .stepFailed: "turned back"
        case .cancelRequested: "cancelled"
        case .deadlineExceeded: "deadline passed"
        case .undoRequested: "undo asked for"
        case .quarantined, nil: "set aside"
        }
    }
}
