internal import Core

/// Steps with a list, and their elements: invariant 22, and what others say of steps.
extension HistoryAudit {
    /// It is done for each entry of a list, and has nothing to do itself.
    func isListed(_ step: Int) -> Bool { !run.isElement(step) && definition.steps[step].forEach != nil }

    mutating func beginList(_ step: Int, _ count: Int, _ at: Instant) {
        pass(step, at)
        let (id, isNew, isListed) = (id(step), elements[step] == nil, isListed(step))
        require(isListed && isNew, 22, "\(id) began with a list that it has not, or once more")
        require(count <= ForEachDefinition.maxElements, 22, "\(id) has \(count) elements")
        let first = elements.values.map(\.upperBound).max() ?? definition.steps.count
        elements[step] = first..<first + count
        openLists.insert(step)
    }

    mutating func endList(_ step: Int, _ at: Instant) {
        let (id, wasOpen, open) = (
            id(step), openLists.remove(step) != nil, (elements[step] ?? 0..<0).filter { !isElementDone($0) }
        )
        require(wasOpen && open.isEmpty, 22, "\(id) is done, but of its elements \(open.count) are not")
        require(!hasLeftForward, 7, "\(id) went on after forward progress had ended")
        succeeded.insert(step)
        doneAt[step] = at
    }

    /// One of its elements gave up, and the run goes on.
    mutating func failList(_ step: Int, _ at: Instant) {
        let list = elements[step] ?? 0..<0
        let (id, hasFailed, atWork) = (id(step), list.contains { failedElements.contains($0) }, atWork(in: list))
        require(
            hasFailed && atWork == 0, 22, "\(id) gave up, but of its elements \(atWork) are at work, or none gave up")
        openLists.remove(step)
        giveUp(step, at)
    }

    /// With this element the run has turned back, unless it waits for a person.
    mutating func closeList(of element: Int) {
        if hasLeftForward { openLists.remove(run.base(of: element)) }
    }

    /// It is at work already, or may begin.
    func isElementReady(_ element: Int) -> Bool {
        let step = run.base(of: element)
        guard openLists.contains(step), let list = elements[step] else { return false }
        if begunElements.contains(element) { return true }
        guard !list.contains(where: { failedElements.contains($0) }) else { return false }
        return atWork(in: list) < definition.steps[step].forEach?.maxParallel ?? 0
    }

    /// Elements of the same list that are undone before this one: where they were done one after the other.
    func laterElements(than step: Int) -> [Int] {
        guard run.isElement(step), let list = elements[run.base(of: step)],
            run.stepDefinition(step).forEach?.maxParallel == 1
        else { return [] }
        return list.filter { $0 > step }
    }

    /// No more of them are undone at a time than were at work.
    func requireRoomToUndo(_ step: Int) {
        guard run.isElement(step), let list = elements[run.base(of: step)] else { return }
        let undoing = list.filter {
            inFlight[$0]?.action == .compensate || children[$0]?.phase == .undoing || (undoesLater($0) && $0 != step)
        }.count
        let (id, limit) = (id(step), definition.steps[run.base(of: step)].forEach?.maxParallel ?? 0)
        require(undoing < limit, 22, "\(id) is undone beside \(undoing) others, and \(limit) are allowed")
    }

    private func undoesLater(_ step: Int) -> Bool {
        waiting[step] != nil && attempts[step]?[.compensate] ?? 0 > 0 && !undone.contains(step)
    }

    private func atWork(in list: Range<Int>) -> Int {
        list.filter { begunElements.contains($0) && !isElementDone($0) && !failedElements.contains($0) }.count
    }

    private func isElementDone(_ element: Int) -> Bool { succeeded.contains(element) || skipped.contains(element) }
}
