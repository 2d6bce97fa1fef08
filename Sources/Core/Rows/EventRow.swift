/// An event taken apart, as `run_journal` keeps it and the view `run_events` shows it, and back.
package struct EventRow: Sendable {
    /// Nil for one that only a newer version knows.
    package var kind: RunEventKind?
    package var stepIndex: Int?
    package var stepID: String?
    package var action: CallAction?
    package var attempt: Int?
    package var outcome: Outcome?
    package var httpStatus: Int?
    package var duration: Duration?
    package var retryIn: Duration?
    package var error: JSON?
    package var data: JSON?

    /// The columns of an event of a run with these steps.
    package init(_ event: RunEvent, of numbering: StepNumbering) {
        kind = event.kind
        switch event {
        case .runStarted(let due):
            data = ["due": Self.ids(due, numbering)]
        case .attemptStarted(let step, let action, let attempt):
            set(step, numbering, action, attempt)
        case .attemptSucceeded(let step, let action, let attempt, let report, let output):
            set(step, numbering, action, attempt, report)
            data = ["output": output]
            if !report.headers.isEmpty {
                let members = report.headers.sorted { $0.key < $1.key }.map {
                    (key: $0.key, value: JSON.string($0.value))
                }
                data = ["output": output, "headers": .object(JSONObject(members))]
            }
        case .attemptFailed(let step, let action, let attempt, let report, let failure, let retryIn):
            set(step, numbering, action, attempt, report)
            error = failure.json
            self.retryIn = retryIn
        case .attemptAccepted(let step, let action, let attempt, let report, let timeout, let heartbeat, let poll):
            set(step, numbering, action, attempt, report)
            var members: JSONObject = ["timeoutUs": JSON(Int(timeout.microseconds))]
            if let heartbeat { members["heartbeatUs"] = JSON(Int(heartbeat.microseconds)) }
            if let poll {
                members["path"] = .string(poll.path)
                members["lookInUs"] = JSON(Int(poll.firstLook.microseconds))
            }
            data = .object(members)
        case .attemptLooked(let step, let action, let failure, let lookIn):
            set(step, numbering, action)
            error = failure?.json
            retryIn = lookIn
        case .callbackReceived(let step, let action, let callback):
            set(step, numbering, action)
            var members: JSONObject = ["outcome": .string(callback.outcome.rawValue)]
            if let output = callback.output { members["output"] = output }
            if let error = callback.error { members["error"] = error }
            members["digest"] = .string(callback.digest)
            data = .object(members)
        case .attemptHeartbeat(let step, let action):
            set(step, numbering, action)
        case .stepSkipped(let step), .stepAbandoned(let step), .stepUndoing(let step):
            set(step, numbering)
        case .waitStarted(let step, let until):
            set(step, numbering)
            data = ["until": .string(until.description)]
        case .awaitStarted(let step, let until):
            set(step, numbering)
            var members: JSONObject = [:]
            if case .signal(let awaited) = numbering.stepDefinition(step).action {
                members["signal"] = .string(awaited.signal)
            }
            if let until { members["until"] = .string(until.description) }
            data = .object(members)
        case .signalReceived(let signal):
            var members: JSONObject = ["name": .string(signal.name), "by": .string(signal.by)]
            if let key = signal.key { members["key"] = .string(key) }
            // Called as outputs are, because it becomes one.
            members["output"] = signal.payload
            data = .object(members)
        case .signalTaken(let step, let signal):
            set(step, numbering)
            data = ["signal": JSON(signal)]
        case .elementsStarted(let step, let count, let items):
            set(step, numbering)
            // Called as outputs are, because what it takes is theirs.
            data = ["count": JSON(count), "output": items]
        case .elementsEnded(let step):
            set(step, numbering)
        case .parentLinked(let parent):
            data = ["parent": parent.json]
        case .childStarted(let step, let child, let until):
            set(step, numbering)
            var members: JSONObject = [
                "runId": .string(child.runID.description), "workflow": .string(child.workflow),
            ]
            if child.phase == .detached { members["detached"] = true }
            if let until { members["until"] = .string(until.description) }
            data = .object(members)
        case .childCancelRequested(let step, let failure):
            set(step, numbering)
            error = failure?.json
        case .childEnded(let step, let end):
            set(step, numbering)
            var members: JSONObject = [
                "runId": .string(end.runID.description), "status": .string(end.status.rawValue),
            ]
            if end.isFinal { members["pastPivot"] = true }
            if let output = end.output { members["output"] = output }
            data = .object(members)
            error = end.error?.json
        case .childUndoRequested(let step):
            set(step, numbering)
        case .childUndoFailed(let step, let failure):
            set(step, numbering)
            error = failure.json
        case .endCallsStarted(let run):
            data = ["runId": .string(run.description)]
        case .stepSucceeded(let step, let output):
            set(step, numbering)
            data = ["output": output]
        case .stepFailed(let step, let failure):
            set(step, numbering)
            error = failure.json
        case .cancelRequested(let by, let reason), .cancelRefused(let by, let reason):
            data = ["by": .string(by), "reason": JSON(reason)]
        case .runCompensating(let steps, let uncompensated):
            data = ["steps": Self.ids(steps, numbering), "uncompensated": Self.ids(uncompensated, numbering)]
        case .runCompleted(let output, let failure):
            data = ["output": output]
            error = failure?.json
        case .runFailed(let failure), .runQuarantined(let failure):
            error = failure.json
        case .retryRequested(let step, let by, let reason):
            if let step { set(step, numbering) }
            data = reason.map { ["by": .string(by), "reason": .string($0)] } ?? ["by": .string(by)]
        case .stepResolved(let step, let by, let reason):
            // The action makes it the end of an attempt that was in flight, for whoever reads attempts.
            set(step, numbering, .compensate)
            data = ["by": .string(by), "reason": .string(reason)]
        case .stepSettled(let step, let settlement, let output, let by, let reason):
            set(step, numbering)
            var members: JSONObject = [
                "as": .string(settlement.rawValue), "by": .string(by), "reason": .string(reason),
            ]
            if let output { members["output"] = output }
            data = .object(members)
        case .runDelayed(let until): data = ["until": .string(until.description)]
        case .runPaused(let by, let reason, let holdsDeadline):
            data = ["by": .string(by), "reason": JSON(reason), "holdDeadline": .bool(holdsDeadline)]
        case .runResumed(let by, let reason, let held):
            data = ["by": .string(by), "reason": JSON(reason), "heldUs": JSON(Int(held.microseconds))]
        case .undoRequested(let by, let reason):
            data = ["by": .string(by), "reason": .string(reason)]
        case .restartedFrom(let run, let step, let by, let reason):
            var members: JSONObject = ["runId": .string(run.description)]
            if let step { members["fromStep"] = .string(numbering.stepID(step)) }
            (members["by"], members["reason"]) = (.string(by), .string(reason))
            data = .object(members)
        case .stepKept(let kept):
            set(kept.step, numbering)
            var members: JSONObject = ["output": kept.output]
            if let answer = kept.answer { members["answer"] = answer.json }
            if let run = kept.effectOf { members["effectOf"] = .string(run.description) }
            data = .object(members)
        case .restartedAs(let run, let steps, let by, let reason):
            data = [
                "runId": .string(run.description), "steps": Self.ids(steps, numbering), "by": .string(by),
                "reason": .string(reason),
            ]
        case .deadlineExceeded, .deadlineMissed, .runCompensated, .runCancelled:
            break
        }
    }

    private mutating func set(
        _ step: Int, _ numbering: StepNumbering, _ action: CallAction? = nil, _ attempt: Int? = nil,
        _ report: CallReport? = nil
    ) {
        stepIndex = step
        stepID = numbering.stepID(step)
        self.action = action
        self.attempt = attempt
        outcome = report?.outcome
        httpStatus = report?.httpStatus
        duration = report?.duration
    }

    private static func ids(_ indices: [Int], _ numbering: StepNumbering) -> JSON {
        .array(indices.map { .string(numbering.stepID($0)) })
    }
}
