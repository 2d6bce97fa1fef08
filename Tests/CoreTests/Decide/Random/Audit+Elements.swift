import Core
import Simulation

/// Steps with a list, as a person reads the rules.
extension Audit {
    /// The step that an element is of; of a step of the definition, that.
    func base(_ step: Int) -> Int { step < workflow.count ? step : bases[step - workflow.count] }

    func makesCall(_ step: Int) -> Bool {
        if step < workflow.count, workflow.lists[step] != nil { return false }
        return workflow.makesCall(base(step))
    }

    mutating func beginList(_ step: Int, _ count: Int, _ at: Instant) {
        pass(step, at)
        require(workflow.lists[step]?.count == count && elements[step] == nil, 22, "step \(step) begins with \(count)")
        let first = workflow.count + bases.count - count
        elements[step] = first..<first + count
        openLists.insert(step)
    }

    mutating func endList(_ step: Int) {
        let isDone = (elements[step] ?? 0..<0).allSatisfy { succeeded.contains($0) || skipped.contains($0) }
        require(openLists.remove(step) != nil && isDone && !hasLeftForward, 22, "step \(step) is done too early")
        succeeded.insert(step)
    }

    mutating func failList(_ step: Int) {
        let list = elements[step] ?? 0..<0
        require(
            openLists.remove(step) != nil && atWork(list).isEmpty && list.contains { failedElements.contains($0) }, 22,
            "step \(step) gives up too early")
        giveUp(step)
    }

    func isElementReady(_ step: Int) -> Bool {
        guard openLists.contains(base(step)), let list = elements[base(step)] else { return false }
        if begun.contains(step) { return true }
        return !list.contains { failedElements.contains($0) }
            && atWork(list).count < workflow.lists[base(step)]?.maxParallel ?? 0
    }

    /// What has to be undone before this step.
    func before(_ step: Int) -> Set<Int> {
        var before = workflow.descendants[base(step)]
        for dependent in before { before.formUnion(elements[dependent] ?? 0..<0) }
        if step != base(step), workflow.lists[base(step)]?.maxParallel == 1 {
            before.formUnion((elements[base(step)] ?? 0..<0).filter { $0 > step })
        }
        return before
    }

    mutating func requireRoomToUndo(_ step: Int) {
        guard step != base(step) else { return }
        let others = (elements[base(step)] ?? 0..<0).filter {
            $0 != step
                && (inFlight[$0]?.action == .compensate || children[$0]?.phase == .undoing
                    || (waiting[$0] != nil && attempts[$0][.compensate] ?? 0 > 0))
        }
        require(
            others.count < workflow.lists[base(step)]?.maxParallel ?? 0, 22,
            "step \(step) is undone beside \(others)")
    }

    private func atWork(_ list: Range<Int>) -> [Int] {
        list.filter {
            begun.contains($0) && !succeeded.contains($0) && !skipped.contains($0) && !failedElements.contains($0)
        }
    }
}
