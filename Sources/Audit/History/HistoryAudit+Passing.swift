internal import Core

/// Steps that make no call, and steps that give up in a run that goes on.
extension HistoryAudit {
    /// What depends on it may go.
    func isDone(_ step: Int) -> Bool {
        if succeeded.contains(step) || skipped.contains(step) { return true }
        guard leftBehind.contains(step) else { return false }
        return ([step] + Array(elements[step] ?? 0..<0)).allSatisfy {
            !(isUndoable($0) && mayHaveEffect.contains($0)) || undone.contains($0)
        }
    }

    /// It begins, and is no call.
    mutating func pass(_ step: Int, _ at: Instant) {
        requireTurn(step, at)
        let (id, isNew) = (
            id(step),
            !isDone(step) && waiting[step] == nil && !awaiting.contains(step) && children[step]?.isOpen != true
        )
        requireReady(step)
        if run.isElement(step) { begunElements.insert(step) }
        require(
            run.stepDefinition(step).action.call == nil || isListed(step), 8,
            "\(id) makes calls, but went on without one")
        require(!hasLeftForward && undoing == nil, 7, "\(id) began after forward progress had ended")
        require(isNew, 11, "\(id) began again")
    }

    mutating func succeed(_ step: Int, _ at: Instant) {
        let id = id(step)
        switch run.stepDefinition(step).action {
        case .call: require(false, 8, "\(id) makes calls, but succeeded without one")
        case .wait:
            let due = waiting.removeValue(forKey: step)
            require(
                due.map { $0 <= at } ?? false, 14,
                "\(id) was over before its time, \(due?.description ?? "or not begun")")
            require(!hasLeftForward, 7, "\(id) went on after forward progress had ended")
        case .signal: require(false, 20, "\(id) went on without a signal")
        case .run:
            let isDetached = children[step]?.phase == .detached
            require(isDetached, 24, "\(id) went on without the end of its child")
            mayHaveEffect.insert(step)
        case .end(let end):
            pass(step, at)
            require(end.result == .completed, 11, "\(id) completes a run that it should fail")
            isEnding = true
        }
        succeeded.insert(step)
        doneAt[step] = at
    }

    /// Its action is over for good.
    mutating func giveUp(_ step: Int, _ at: Instant) {
        guard run.stepDefinition(step).continuesOnFailure else {
            if isPastPivot, !hasLeftForward { awaitingPerson.insert(step) } else { hasLeftForward = true }
            if run.isElement(step) { closeList(of: step) }
            return
        }
        if run.isElement(step) {
            failedElements.insert(step)
            return
        }
        leftBehind.insert(step)
        doneAt[step] = at
    }

    mutating func undoAtOnce(_ step: Int) {
        let gaveUp = leftBehind.contains(run.base(of: step))
        let (isMeant, isNew) = (gaveUp && mayHaveEffect.contains(step), !undoneAtOnce.contains(step))
        require(isMeant && isNew && !hasLeftForward, 5, "\(id(step)) is undone though the run goes on without that")
        undoneAtOnce.insert(step)
    }
}
