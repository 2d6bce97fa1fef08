import Core
import Simulation

/// Children, as a person reads the rules: the end of a child is that of its step, and what turns back takes its children with it.
extension Audit {
    /// The end of its child is waited for.
    func isOpen(_ step: Int) -> Bool {
        switch children[step]?.phase {
        case .live, .cancelling, .undoing: true
        default: false
        }
    }

    /// Something undoes what it has done.
    func isUndoable(_ step: Int) -> Bool {
        workflow.isCompensable[base(step)] || (workflow.undoesChild(base(step)) && children[step] != nil)
    }

    var openChildren: [Int] { children.keys.filter { isOpen($0) }.sorted() }

    mutating func startChild(_ step: Int, _ child: ChildRun, _ until: Instant?, _ at: Instant) {
        pass(step, at)
        guard case .child(let workflow, let milliseconds, let isDetached) = workflow.kinds[base(step)] else {
            return require(false, 24, "step \(step) starts no run")
        }
        require(
            child.workflow == workflow && (child.phase == .detached) == isDetached, 24, "step \(step) starts \(child)")
        require(children.values.allSatisfy { $0.runID != child.runID }, 24, "step \(step) starts a run twice")
        require(
            until == (isDetached ? nil : milliseconds.map { at + .milliseconds($0) }), 14,
            "step \(step) waits until \(String(describing: until))")
        children[step] = (child.runID, child.phase)
        waiting[step] = until
    }

    mutating func cancelChild(_ step: Int, _ failure: Failure?, _ at: Instant) {
        require(children[step]?.phase == .live, 24, "the child of step \(step) is not at work")
        let due = waiting.removeValue(forKey: step)
        if failure != nil {
            require(due.map { $0 <= at } ?? false && !hasLeftForward, 14, "step \(step) gives up too early")
        } else {
            require(hasLeftForward, 24, "the child of step \(step) is to turn back for no reason")
        }
        children[step]?.phase = .cancelling
    }

    mutating func endChild(_ step: Int, _ end: ChildEnd) {
        require(isOpen(step) && children[step]?.runID == end.runID, 24, "step \(step) takes the end of another run")
        waiting[step] = nil
        guard children[step]?.phase != .undoing else {
            if end.status == .completed {
                children[step]?.phase = end.isFinal ? .final : .completed
                return
            }
            children[step]?.phase = .over
            undone.insert(step)
            return
        }
        require(end.status == .completed || end.error != nil, 24, "step \(step) is done without its child")
        children[step]?.phase = end.status != .completed ? .over : end.isFinal ? .final : .completed
        if end.status == .completed { mayHaveEffect.insert(step) }
        if end.error != nil { giveUp(step) } else { succeeded.insert(step) }
    }

    mutating func undoChild(_ step: Int, _ at: Instant) {
        requireTurn(step, at)
        requireUndoing(step)
        require(children[step]?.phase == .completed, 24, "the child of step \(step) has not COMPLETED")
        children[step]?.phase = .undoing
    }

    mutating func failToUndoChild(_ step: Int) {
        requireUndoing(step)
        require(children[step]?.phase == .final, 24, "the child of step \(step) could have been undone")
        gaveUpUndoing.insert(step)
        if !isPastPivot { hasLeftForward = true }
    }

    mutating func requireNoLiveChild(_ what: String) {
        let live = children.keys.filter { children[$0]?.phase == .live || children[$0]?.phase == .cancelling }
        require(live.isEmpty, 24, "\(what) while the children of \(live.sorted()) are at work")
    }
}
