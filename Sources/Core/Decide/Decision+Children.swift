// A step that starts a run waits for its end, and its end is the step's. A run that turns back asks its live children to do so
// first, and waits until each has ended; children that COMPLETED are undone in their turn. What is asked of a child, and what
// it tells, are requests in inboxes, written with the decision that they follow from (`SessionCommit.messages`).

extension Decision {
    /// Starts a child, unless the store has refused it.
    mutating func begin(_ child: ChildDefinition, _ index: Int) {
        if let refusal = refusedChildren[index] { return append(.stepFailed(step: index, refusal)) }
        let depth = (run.parent?.depth ?? 0) + 1
        guard depth <= ChildDefinition.maxDepth else {
            let failure = Failure(
                kind: Failure.rejectedKind,
                message:
                    "The child run was refused: this run is the child of a child already, \(ChildDefinition.maxDepth) deep, and no "
                    + "deeper than that may runs start each other.",
                pointer: JSONPointer(["steps", String(run.base(of: index)), "run"]).description)
            return append(.stepFailed(step: index, failure))
        }
        do throws(Failure) { _ = try child.request(of: run, step: index) } catch {
            return append(.stepFailed(step: index, error))
        }
        if run.isElement(index) { portion.children -= 1 }
        let runID = RunID.child(of: run.id, step: index, sequence: run.lastSequence + 1, at: now)
        let started = ChildRun(
            runID: runID, workflow: child.workflow, phase: child.isDetached ? .detached : .live)
        append(.childStarted(step: index, started, until: child.isDetached ? nil : child.timeout.map { now + $0 }))
        if child.isDetached {
            append(.stepSucceeded(step: index, output: ["runId": .string(runID.description)]))
        }
    }

    /// A child tells its end.
    mutating func receive(_ end: ChildEnd, _ index: Int) throws(IllegalHappening) {
        guard run.steps.indices.contains(index), let child = run.steps[index].child, child.runID == end.runID,
            run.steps[index].awaitsChild
        else { throw IllegalHappening(run, .childEnded(step: index, end)) }
        var end = end
        if child.phase == .undoing {
            (end.output, end.error) = (nil, nil)
            return append(.childEnded(step: index, end))
        }
        end.error = failure(of: index, end)
        if end.error != nil { end.output = nil }
        append(.childEnded(step: index, end))
        if end.error != nil { undoAtOnce(index) }
    }

    /// What the step has failed for; nil when it has not.
    private func failure(of index: Int, _ end: ChildEnd) -> Failure? {
        let name = "Its child run, \(end.runID),"
        guard end.status != .completed else {
            if let bytes = end.outputBytes {
                return Failure(
                    kind: Failure.rejectedKind,
                    message:
                        "\(name) has an output of \(bytes) bytes; a step takes \(ChildDefinition.maxOutput >> 10) KiB.")
            }
            guard let output = end.output, output.footprint > JSON.compactFrom,
                run.weight + output.footprint > Run.maxWeight
            else { return nil }
            return Failure(
                kind: Failure.rejectedKind,
                message: "With the output of its child run the payloads of the run would take more than "
                    + "\(Run.maxWeight >> 20) MiB.")
        }
        if let failure = run.steps[index].error, failure.kind == Failure.timeoutKind { return failure }
        if run.cause != nil {
            return Failure(
                kind: Failure.abandonedKind, message: "The run turned back, and with it its child run, \(end.runID).")
        }
        let reason = end.error.map { ": \($0.message)" } ?? "."
        return Failure(
            kind: Failure.rejectedKind, message: "\(name) ended \(end.status.rawValue)\(reason)",
            response: end.error?.json)
    }

    /// The child is asked to turn back because it took too long. Its step goes on when it has.
    mutating func timeOut(_ child: ChildDefinition, _ index: Int) {
        let time = child.timeout.map { DurationText.format($0) } ?? "its time"
        append(
            .childCancelRequested(
                step: index, Failure(kind: Failure.timeoutKind, message: "Its child run did not end within \(time).")))
    }

    /// A run that turns back takes its live children with it.
    mutating func cancelChildren() {
        if isPlanted(.childCancelForgotten) { return }
        let live = run.steps.indices.filter { run.steps[$0].child?.phase == .live }
        for index in live.prefix(ChildDefinition.mostAtOnce) { append(.childCancelRequested(step: index, nil)) }
    }

    /// Undoes what a step did, by its compensation, or, where it has none of its own, by undoing its child.
    mutating func beginUndoing(_ index: Int) {
        guard run.undoesChild(index) else {
            return append(.attemptStarted(step: index, action: .compensate, attempt: 1))
        }
        guard run.steps[index].child?.phase == .final else {
            // What is left follows when one of these has ended.
            if childrenToUndo == 0 { return }
            childrenToUndo -= 1
            return append(.childUndoRequested(step: index))
        }
        append(
            .childUndoFailed(
                step: index,
                Failure(
                    kind: Failure.rejectedKind,
                    message: "Its child run can't be undone: it has passed its pivot, from where no run turns back.")))
    }
}

extension Run {
    /// A child has not ended that may still do so well.
    var hasLiveChild: Bool { steps.hasActive { $0.child != nil && $0.hasLiveChild } }

    mutating func start(_ child: ChildRun, _ index: Int, until: Instant?, _ at: Instant) {
        steps[index].status = .waiting
        steps[index].nextAttemptAt = until
        steps[index].child = child
        steps[index].error = nil
    }

    mutating func cancelChild(_ index: Int, _ failure: Failure?) {
        steps[index].nextAttemptAt = nil
        steps[index].child = steps[index].child?.becoming(.cancelling)
        if let failure { steps[index].error = failure }
    }

    /// True when the step has failed by it.
    mutating func endChild(_ index: Int, _ end: ChildEnd, _ at: Instant) -> Bool {
        let child = steps[index].child
        if child?.phase == .undoing {
            // It was set aside with what it was asked, taken up, and went forward once more: it is asked again.
            let stands = end.status == .completed
            steps[index].child = child?.becoming(!stands ? .over : end.isFinal ? .final : .completed)
            steps[index].compensationStatus = stands ? .pending : .compensated
            return false
        }
        steps[index].nextAttemptAt = nil
        steps[index].child = child?.becoming(end.status != .completed ? .over : end.isFinal ? .final : .completed)
        steps[index].error = end.error
        if end.error != nil { return true }
        steps[index].status = .succeeded
        steps[index].output = end.output ?? .null
        steps[index].outputSequence = lastSequence
        steps[index].completedAt = at
        return false
    }

    mutating func undoChild(_ index: Int) {
        steps[index].compensationStatus = .compensating
        steps[index].child = steps[index].child?.becoming(.undoing)
    }

    mutating func failToUndoChild(_ index: Int, _ failure: Failure) {
        if steps[index].status == .failed, steps[index].actionError == nil {
            steps[index].actionError = steps[index].error
        }
        steps[index].error = failure
        steps[index].compensationStatus = .failed
    }
}
