// What an operator may ask of a run, as it stands.

extension Standing {
    /// An operator's retry of this step would change something: it waits for its backoff, or its compensation was
    /// exhausted, or the run was quarantined. Nil: of all that was exhausted, or of the quarantined run as a whole.
    ///
    /// An exhausted compensation can be retried while other branches are still at work: of two requests that met a FAILED
    /// run, the first has taken it up already when the second is read.
    package func canRetry(step index: Int?) -> Bool {
        let hasGivenUp = steps.contains { $0.compensationStatus == .failed }
        guard let index else { return status == .failed || (status == .compensating && hasGivenUp) }
        guard steps.indices.contains(index) else { return false }
        let step = steps[index]
        switch status {
        case .pending, .running, .compensating:
            let attempts = step.waitingAction == .execute ? step.attempts : step.compensationAttempts
            return (step.nextAttemptAt != nil && attempts > 0) || step.compensationStatus == .failed
                || (step.awaitsPerson && isGoingForward && step.error?.kind != Failure.conditionKind)
        case .failed:
            return step.compensationStatus == .failed || !hasGivenUp
        case .completed, .compensated, .cancelled:
            return false
        }
    }

    /// An operator who undid this step by hand may say so: its compensation was exhausted, or the run was quarantined
    /// and the step may have had an effect. As with `canRetry`, the run may have been taken up already.
    package func canResolve(step index: Int) -> Bool {
        guard steps.indices.contains(index) else { return false }
        switch status {
        case .compensating, .failed: return steps[index].isResolvable(inQuarantine: isQuarantined)
        // Past a pivot a run waits for a person whose step could not be undone at once.
        case .running: return steps[index].compensationStatus == .failed
        case .pending, .completed, .compensated, .cancelled: return false
        }
    }

    /// It COMPLETED, and may still be undone.
    package func canUndo(at now: Instant) -> Bool {
        guard status == .completed, !isPastPivot, !isHandedOver || isPlanted(.restartedIsUndone) else { return false }
        guard let undoWithin, let completedAt else { return true }
        return now < completedAt + undoWithin
    }

    /// A person may end this step: it waits, for its next attempt, for its time or for a person.
    package func canSettle(step index: Int, _ settlement: Settlement) -> Bool {
        guard status == .pending || status == .running, isGoingForward, steps.indices.contains(index) else {
            return false
        }
        let step = steps[index]
        if isPlanted(.settledInFlight), step.status == .executing { return true }
        // With nowhere to turn to it can't fail any more than it has.
        if step.awaitsPerson { return settlement != .fail }
        // What waits for its child ends as that does.
        return (step.status == .waiting && !step.awaitsChild) || (step.status == .executing && step.isAccepted)
            || (step.nextAttemptAt != nil && step.waitingAction == .execute && step.attempts > 0)
    }

    /// A participant may tell the end of this action: an attempt of it is open, or waits to be repeated.
    package func takesCallback(step index: Int, _ action: CallAction) -> Bool {
        guard steps.indices.contains(index), !status.isTerminal else { return false }
        let step = steps[index]
        if let open = step.openAttempt { return open.action == action }
        return step.nextAttemptAt != nil && step.waitingAction == action
            && (action == .execute ? step.attempts : step.compensationAttempts) > 0
    }

    /// `canResolve` of each of them; false for none, and for one that is named twice.
    package func canResolve(steps indices: [Int]) -> Bool {
        !indices.isEmpty && Set(indices).count == indices.count && indices.allSatisfy { canResolve(step: $0) }
    }
}
