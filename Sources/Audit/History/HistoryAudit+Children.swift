internal import Core

/// Children: runs that steps start, wait for, and undo.
extension HistoryAudit {
    mutating func startChild(_ step: Int, _ child: ChildRun, until: Instant?, _ at: Instant) {
        pass(step, at)
        let (id, hasOther) = (id(step), children[step].map { $0.isOpen } ?? false)
        guard case .run(let definition) = run.stepDefinition(step).action else {
            return require(false, 24, "\(id) starts no run, but started one")
        }
        require(!hasOther, 24, "\(id) started a run while it waited for another")
        require(
            (child.phase == .detached) == definition.isDetached && child.workflow == definition.workflow, 24,
            "\(id) started another run than its definition says")
        children[step] = KnownChild(child.runID, definition.isDetached ? .detached : .live)
        waiting[step] = until
    }

    mutating func cancelChild(_ step: Int, _ failure: Failure?, _ at: Instant) {
        let (id, isLive, hasLeft) = (id(step), children[step]?.phase == .live, hasLeftForward)
        require(isLive, 24, "the child of \(id) was asked to turn back though it was not at work")
        let due = waiting.removeValue(forKey: step)
        if failure == nil {
            require(hasLeft, 24, "the child of \(id) was asked to turn back for no reason")
        } else {
            require(due.map { $0 <= at } ?? false, 14, "\(id) gave its child up before its time")
        }
        children[step]?.phase = .cancelling
    }

    mutating func endChild(_ step: Int, _ end: ChildEnd, _ at: Instant) {
        let (id, child) = (id(step), children[step])
        require(
            child?.runID == end.runID && child?.isOpen ?? false, 24,
            "\(id) was told the end of a run it did not wait for")
        waiting[step] = nil
        guard child?.phase != .undoing else {
            // Set aside with what it was asked, it may have gone forward once more.
            guard end.status != .completed else {
                children[step]?.phase = end.isFinal ? .final : .completed
                return
            }
            children[step]?.phase = .over
            undone.insert(step)
            if undoneAtOnce.contains(step) { doneAt[step] = at }
            return
        }
        require(end.status == .completed || end.error != nil, 24, "\(id) took the end of a child that came to nothing")
        children[step]?.phase = end.status != .completed ? .over : end.isFinal ? .final : .completed
        if end.status == .completed { mayHaveEffect.insert(step) }
        guard end.error == nil else { return giveUp(step, at) }
        succeeded.insert(step)
        doneAt[step] = at
    }

    mutating func undoChild(_ step: Int, _ at: Instant) {
        requireTurn(step, at)
        requireUndoing(step)
        let (id, phase) = (id(step), children[step]?.phase)
        require(phase == .completed, 24, "the child of \(id) is undone, but it has not COMPLETED")
        children[step]?.phase = .undoing
    }

    mutating func failToUndoChild(_ step: Int) {
        requireUndoing(step)
        let (id, phase) = (id(step), children[step]?.phase)
        require(phase == .final, 24, "the child of \(id) was not undone, but it could have been")
        gaveUpUndoing.insert(step)
        if !isPastPivot { hasLeftForward = true }
    }

    /// Nothing turns back beside a child that goes on.
    func requireNoLiveChild(_ what: String) {
        let live = children.filter { $0.value.phase == .live || $0.value.phase == .cancelling }.keys.sorted()
        let names = live.map { id($0) }.joined(separator: ", ")
        require(live.isEmpty, 24, "\(what) while children are at work: \(names)")
    }

    /// To undo the step is to undo its child.
    func undoesChild(_ step: Int) -> Bool { children[step] != nil && run.stepDefinition(step).undoesChild }

    func isUndoable(_ step: Int) -> Bool { run.stepDefinition(step).compensation != nil || undoesChild(step) }

    /// It is to be undone, and in its turn.
    func requireUndoing(_ step: Int) {
        let (id, undoing) = (id(step), undoing ?? [])
        let dependents = run.stepDefinition(step).descendants.flatMap { [$0] + Array(elements[$0] ?? 0..<0) }
        let open = (dependents + laterElements(than: step)).filter {
            (undoing.contains($0) || undoneAtOnce.contains($0)) && !undone.contains($0)
        }
        requireRoomToUndo(step)
        let names = open.map { run.stepID($0) }.joined(separator: ", ")
        let (isMeant, isNew) = (undoing.contains(step) || undoneAtOnce.contains(step), !undone.contains(step))
        require(isMeant, 5, "\(id) is undone though the run never said so")
        require(isNew, 5, "\(id) is undone twice")
        require(open.isEmpty, 6, "\(id) is undone before \(names)")
    }
}

/// A child, as the events of its parent tell of it.
struct KnownChild {
    let runID: RunID
    var phase: ChildRun.Phase

    init(_ runID: RunID, _ phase: ChildRun.Phase) {
        self.runID = runID
        self.phase = phase
    }

    /// Its end is waited for.
    var isOpen: Bool { phase == .live || phase == .cancelling || phase == .undoing }
}
