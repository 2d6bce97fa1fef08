extension Decision {
    /// Undoes every step whose dependents are undone; ends the run when nothing is left to do.
    ///
    /// A step whose compensation failed blocks what it depended on: undoing a reservation's payment while the reservation
    /// may still stand would break the order the participants rely on.
    mutating func advanceBackward() {
        for index in run.steps.indices where !isHeld && isReadyToCompensate(index) {
            append(.attemptStarted(step: index, action: .compensate, attempt: 1))
        }
        let isWorking = run.steps.contains {
            $0.compensationStatus == .compensating
                || ($0.compensationStatus == .pending && ($0.nextAttemptAt != nil || run.isPaused))
        }
        if isWorking { return }
        if !isPlanted(.failedUndoingIsDone),
            let failed = run.steps.firstIndex(where: { $0.compensationStatus == .failed })
        {
            append(.runFailed(standing(failed)))
        } else {
            append(run.cause == .cancelRequested ? .runCancelled : .runCompensated)
        }
    }

    private var isHeld: Bool { run.isPaused && !isPlanted(.pausedUndoingGoesOn) }

    /// Why the run is FAILED, with what is known of the call that gave up.
    private func standing(_ index: Int) -> Failure {
        let (step, cause) = (run.stepID(index), run.steps[index].error)
        return Failure(
            kind: Failure.compensationKind,
            message:
                "The compensation of \(step) gave up, its effect may still stand: \(cause?.message ?? "no reason is known.")",
            httpStatus: cause?.httpStatus, stepID: step, response: cause?.response, pointer: cause?.pointer)
    }

    private func isReadyToCompensate(_ index: Int) -> Bool {
        let step = run.steps[index]
        guard step.compensationStatus == .pending, step.nextAttemptAt == nil else { return false }
        return run.stepDefinition(index).descendants.allSatisfy {
            switch run.steps[$0].compensationStatus {
            case .notRequired, .compensated: true
            case .failed: isPlanted(.failedUndoingIsDone)
            case .pending, .compensating: isPlanted(.dependentsUndoneLast)
            }
        }
    }
}
