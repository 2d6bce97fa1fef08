// What a decision leads to in other runs: children that it starts, and what it asks of children or tells its parent. All of it
// is written with the decision, or none.

/// A run that is to be started with the decision.
package struct ChildStart: Sendable {
    /// The step that starts it.
    package let step: Int
    /// That step's place in the definition, or that of the step whose list it belongs to.
    package let place: Int
    package let runID: RunID
    package let workflow: String
    /// Nil for the highest release that is not deprecated.
    package let version: String?
    package let values: ChildInput
    package let link: ParentLink
}

/// What is written into the inbox of another run.
package struct RunMessage: Sendable {
    package let runID: RunID
    package let request: InboxRequest
    /// The run has COMPLETED, and lives again by this.
    package let takesUp: Bool

    package init(runID: RunID, request: InboxRequest, takesUp: Bool) {
        self.runID = runID
        self.request = request
        self.takesUp = takesUp
    }
}

extension SessionCommit {
    /// Other runs are written with it.
    package var concernsOthers: Bool {
        if after.hasMarks, let parent = after.parent, !parent.isDetached, let last = events.last?.kind, last.isTerminal
        {
            return true
        }
        return events.contains {
            switch $0 {
            case .childStarted, .childCancelRequested, .childUndoRequested, .endCallsStarted: true
            default: false
            }
        }
    }

    /// The runs it starts.
    package var childStarts: [ChildStart] {
        events.compactMap { event in
            guard case .childStarted(let step, let child, _) = event,
                case .run(let definition) = after.stepDefinition(step).action,
                let values = try? definition.request(of: after, step: step)
            else { return nil }
            let link = ParentLink(
                runID: after.id, stepID: after.stepID(step), depth: (after.parent?.depth ?? 0) + 1,
                isDetached: definition.isDetached)
            return ChildStart(
                step: step, place: after.base(of: step), runID: child.runID, workflow: definition.workflow,
                version: definition.version,
                values: values, link: link)
        }
    }

    /// The runs that make the calls which follow the ends in it, mostly one: a run that FAILED may be taken up by the same decision.
    package var endCalls: [(run: Run, link: ParentLink)] {
        guard after.definition.onEnd != nil else { return [] }
        var calls: [(run: Run, link: ParentLink)] = []
        var ended = before
        var announced: RunID?
        for event in events {
            ended.evolve(event, at: decidedAt)
            // They start nobody, so they are no deeper than the run.
            if let id = announced,
                let run = (isPlanted(.endCallsTellBefore) ? before : ended).endCalls(id, at: decidedAt)
            {
                let link = ParentLink(
                    runID: after.id, stepID: ParentLink.onEnd, depth: max(1, after.parent?.depth ?? 1), isDetached: true
                )
                calls.append((run, link))
            }
            announced = nil
            if case .endCallsStarted(let id) = event { announced = id }
        }
        return calls
    }

    /// What other runs are asked and told.
    package var messages: [RunMessage] {
        var messages: [RunMessage] = []
        let sender = "run \(after.id)"
        for event in events {
            switch event {
            case .childCancelRequested(let step, let failure):
                guard let child = after.steps[step].child else { continue }
                let reason = failure?.message ?? "Its parent run turns back."
                messages.append(
                    RunMessage(
                        runID: child.runID, request: InboxRequest(.cancel(reason: reason), sentBy: sender),
                        takesUp: false))
            case .childUndoRequested(let step):
                guard let child = after.steps[step].child, !isPlanted(.childUndoLost) else { continue }
                messages.append(
                    RunMessage(
                        runID: child.runID,
                        request: InboxRequest(.undo(reason: "Its parent run is undone."), sentBy: sender), takesUp: true
                    ))
            default: continue
            }
        }
        if let end = after.endOfChild, let parent = after.parent, events.last?.kind.isTerminal ?? false,
            !isPlanted(.childEndLost)
        {
            messages.append(
                RunMessage(
                    runID: parent.runID,
                    request: InboxRequest(.childEnded(stepID: parent.stepID, end), sentBy: sender), takesUp: false))
        }
        return messages
    }
}

extension Run {
    /// What its parent is told of its end; nil for a run that has none who waits for it, and for one that is FAILED: that is no
    /// end, but waits for a person.
    package var endOfChild: ChildEnd? {
        guard let parent, !parent.isDetached else { return nil }
        switch status {
        case .completed:
            let output = output ?? .null
            // What is nested deeper than answers may be nobody could read in an inbox.
            let isTooLong =
                output.isLonger(than: ChildDefinition.maxOutput) || !output.isWithin(levels: ChildDefinition.maxLevels)
            return ChildEnd(
                runID: id, status: status, output: isTooLong ? nil : output, isFinal: isPastPivot,
                outputBytes: isTooLong ? output.bytes.count : nil)
        case .compensated, .cancelled:
            var error = error
            error?.response = nil
            return ChildEnd(runID: id, status: status, error: error)
        case .pending, .running, .compensating, .failed: return nil
        }
    }
}
