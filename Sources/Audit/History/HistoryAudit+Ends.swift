internal import Core

/// How a run turns back, and how it ends.
extension HistoryAudit {
    mutating func beginUndoing(_ steps: [Int], _ others: [Int]) {
        let isFirst = undoing == nil
        // What a step undoes for itself, and its participant has accepted, goes on.
        let open = inFlight.keys.filter { accepted[$0] == nil || inFlight[$0]?.action == .execute }
        let (hasReason, busy) = (hasLeftForward, open.sorted().map(id).joined(separator: ", "))
        require(isFirst && hasReason, 11, "it compensates for no reason, or again")
        requireNoLiveChild("it compensates")
        require(busy.isEmpty, 7, "it compensates while calls are in flight: \(busy)")
        let standing = mayHaveEffect.subtracting(resolved).subtracting(undoneAtOnce)
        let undoable = standing.filter { isUndoable($0) }
        let rest = standing.subtracting(undoable)
        let (said, meant) = (names(Set(steps)), names(undoable))
        require(said == meant, 5, "it undoes \(said), but what may have had an effect is \(meant)")
        let (named, due) = (names(Set(others)), names(rest))
        require(named == due, 5, "it names \(named) as not compensated, but that is \(due)")
        awaitingPerson = []
        undoing = Set(steps)
        uncompensated = Set(others)
    }

    mutating func complete() {
        let open = definition.steps.filter { !isDone($0.index) }
        requireNoLiveChild("it completed")
        let (isOver, isBack, isCancelled) = (open.isEmpty && inFlight.isEmpty, hasLeftForward, isCancelled)
        require(isOver, 4, "it completed with steps open")
        require(!isCancelled, 17, "it completed after a cancel was accepted")
        require(!isBack || isCancelled, 11, "it completed after forward progress had ended")
    }

    mutating func endUndone(_ kind: RunEventKind) {
        let left = (undoing ?? []).union(undoneAtOnce).subtracting(undone)
        let (began, isIdle, isCancelled) = (undoing != nil, inFlight.isEmpty, isCancelled)
        require(
            began && left.isEmpty && isIdle, 4, "\(kind.rawValue) came before \(names(left)) was undone")
        require(
            isCancelled == (kind == .runCancelled), 17,
            "\(kind.rawValue), but a cancel was\(isCancelled ? "" : " not") accepted")
    }

    /// What a person says was undone by hand: what the run gave up on, or of a quarantined one what may have had an
    /// effect.
    mutating func resolve(_ step: Int) {
        let id = id(step)
        let mayStand = mayHaveEffect.contains(step) || inFlight[step]?.action == .execute
        let isResolvable = gaveUpUndoing.contains(step) || (isSetAside && mayStand)
        let isNew = !undone.contains(step)
        require(isResolvable && isNew, 11, "\(id) was resolved though nothing was left of it")
        if inFlight[step]?.action == .compensate {
            inFlight[step] = nil
            accepted[step] = nil
            looks[step] = nil
            callbacks[step] = nil
        }
        if undoing?.contains(step) ?? false { waiting[step] = nil }
        children[step]?.phase = .over
        gaveUpUndoing.remove(step)
        undone.insert(step)
        resolved.insert(step)
        // Past the pivot a live run waited for nothing else, and goes on.
        if isSetAside || !isPastPivot || undoing != nil { hasLeftForward = true }
    }

    /// Calls follow each end that an engine decides, if any is wanted, and nothing else.
    mutating func judgeEndCalls(_ event: RunEvent, at: Instant) {
        let isAnnounced = announcesEnd
        announcesEnd = event.kind == .endCallsStarted
        switch event {
        case .runCompleted, .runCompensated, .runCancelled, .runFailed:
            let areWanted = definition.onEnd != nil && run.endCalls(after: event, at: at) != nil
            require(
                isAnnounced == areWanted, 25,
                "calls \(areWanted ? "should" : "should not") follow its end, \(event.kind.rawValue)")
        default: require(!isAnnounced, 25, "calls follow an end that did not come, but \(event.kind.rawValue)")
        }
    }

    private func names(_ steps: Set<Int>) -> String { "[" + steps.sorted().map(id).joined(separator: ", ") + "]" }
}
