internal import Core

/// What people do with a run, and the point of no return.
extension HistoryAudit {
    /// There is no way back any more.
    var isPastPivot: Bool { definition.pivot.map { succeeded.contains($0) } ?? false }

    /// The pivot has succeeded, or nobody knows whether it has.
    private var mustGoOn: Bool {
        guard let pivot = definition.pivot else { return false }
        if succeeded.contains(pivot) || inFlight[pivot]?.action == .execute { return true }
        return mayHaveEffect.contains(pivot) && waiting[pivot] != nil
    }

    /// An attempt that fails is repeated however often: there is nowhere to turn to.
    func isEndless(_ step: Int, _ action: CallAction) -> Bool {
        guard let pivot = definition.pivot, action == .execute, !hasLeftForward else { return false }
        if step == pivot { return run.stepDefinition(step).compensation == nil && mayHaveEffect.contains(step) }
        return isPastPivot && !run.stepDefinition(step).continuesOnFailure
    }

    /// A cancel, or the deadline.
    mutating func turnBack(_ kind: RunEventKind) {
        let (isFirst, mustGoOn) = (!hasLeftForward, mustGoOn)
        if isFirst { require(!mustGoOn, 18, "\(kind.rawValue), but there was no way back") }
        hasLeftForward = true
    }

    mutating func refuse() {
        let (isForward, mustGoOn) = (!hasLeftForward, mustGoOn)
        require(isForward && mustGoOn, 18, "a cancel was refused though there was a way back")
    }

    /// Something begins.
    func requireTurn(_ step: Int, _ at: Instant) {
        let (id, isPaused, notBefore) = (id(step), isPaused, notBefore)
        require(!isPaused, 19, "\(id) began while the run was paused")
        if let notBefore { require(at >= notBefore, 19, "\(id) began before \(notBefore)") }
    }

    mutating func pause(_ begins: Bool) {
        let isPaused = isPaused
        require(isPaused != begins, 11, "it was \(begins ? "paused" : "resumed") though it was so already")
        self.isPaused = begins
    }

    /// A person ends a step that waits.
    mutating func settle(_ step: Int, _ settlement: Settlement, _ at: Instant) {
        let isOpen = children[step]?.isOpen ?? false
        let waits = !isOpen && (awaiting.contains(step) || (waiting[step] != nil && !undoneAtOnce.contains(step)))
        let isAwaited = awaitingPerson.contains(step)
        let isAccepted = accepted.removeValue(forKey: step) != nil
        if isAccepted {
            inFlight[step] = nil
            looks[step] = nil
            callbacks[step] = nil
            mayHaveEffect.insert(step)
        }
        let (id, isForward, isIdle) = (id(step), !hasLeftForward && undoing == nil, inFlight[step] == nil)
        require(waits || isAwaited || isAccepted, 11, "\(id) was ended by a person though it did not wait")
        require(isForward, 7, "\(id) was ended by a person after forward progress had ended")
        require(isIdle, 11, "\(id) was ended by a person while a call was in flight")
        waiting[step] = nil
        awaiting.remove(step)
        awaitingPerson.remove(step)
        settled.insert(step)
        switch settlement {
        case .complete:
            succeeded.insert(step)
            doneAt[step] = at
            // What was tried without success, and then done by hand, is undone as if it had succeeded.
            if attempts[step]?[.execute] ?? 0 > 0 { mayHaveEffect.insert(step) }
        case .skip:
            skipped.insert(step)
            doneAt[step] = at
        case .fail: giveUp(step, at)
        }
    }
}
