extension Decision {
    /// Undoes every step whose dependents are undone; ends the run when nothing is left to do.
    ///
    /// A step whose compensation failed blocks what it depended on: undoing a reservation's payment while the reservation
    /// may still stand would break the order the participants rely on.
    mutating func advanceBackward() {
        if !isHeld { beginUndoing() }
        let isWorking = run.steps.hasActive {
            $0.compensationStatus == .compensating
                || ($0.compensationStatus == .pending && ($0.nextAttemptAt != nil || run.isPaused))
        }
        if isWorking { return }
        if !isPlanted(.failedUndoingIsDone),
            let failed = run.steps.firstIndex(where: { $0.compensationStatus == .failed })
        {
            finish(.runFailed(standing(failed)))
        } else {
            finish(run.cause == .cancelRequested ? .runCancelled : .runCompensated)
        }
    }

    private var isHeld: Bool { run.isPaused && !isPlanted(.pausedUndoingGoesOn) }

    /// Why the run is FAILED, with what is known of the call that gave up.
    private func standing(_ index: Int) -> Failure {
        let (step, cause) = (run.stepID(index), run.steps[index].error)
        return Failure(
            kind: Failure.compensationKind,
            message:
                "The compensation of \(step) gave up, \(Failure.mayStand)\(cause?.message ?? "no reason is known.")",
            httpStatus: cause?.httpStatus, stepID: step, response: cause?.response, pointer: cause?.pointer)
    }

    /// Begins the first attempt of every compensation whose turn it is.
    mutating func beginUndoing() {
        guard run.steps.hasActive(where: { $0.compensationStatus == .pending }) else { return }
        while true {
            var ready = run.definition.steps.indices.filter {
                let step = run.steps[$0]
                return step.compensationStatus == .pending && step.nextAttemptAt == nil && areDependentsUndone($0)
            }
            for list in run.lists where areDependentsUndone(list.step) { ready += undoableElements(of: list) }
            for index in ready { beginUndoing(index) }
            // That a child can't be undone is known at once, and leaves room for another.
            guard ready.contains(where: { run.steps[$0].compensationStatus == .failed }) else { return }
        }
    }

    private func areDependentsUndone(_ index: Int) -> Bool {
        run.definition.steps[index].descendants.allSatisfy { run.isUndone($0) || isPlanted(.dependentsUndoneLast) }
    }
}
