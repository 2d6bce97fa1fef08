extension EventRow {
    /// The columns as they were read; nothing is checked yet.
    package init(
        kind: RunEventKind?, stepIndex: Int?, stepID: String?, action: CallAction?, attempt: Int?, outcome: Outcome?,
        httpStatus: Int?, duration: Duration?, retryIn: Duration?, error: JSON?, data: JSON?
    ) {
        self.kind = kind
        self.stepIndex = stepIndex
        self.stepID = stepID
        self.action = action
        self.attempt = attempt
        self.outcome = outcome
        self.httpStatus = httpStatus
        self.duration = duration
        self.retryIn = retryIn
        self.error = error
        self.data = data
    }

    /// The event these columns tell of; nil when they tell of none.
    package func event(of numbering: StepNumbering) -> RunEvent? {
        switch kind {
        case nil: nil
        case .runStarted: indices("due", numbering).map { .runStarted(due: $0) }
        case .attemptStarted, .attemptSucceeded, .attemptFailed: attemptEvent
        case .attemptAccepted: acceptedEvent
        case .attemptLooked:
            stepIndex.flatMap { step in
                action.map { .attemptLooked(step: step, action: $0, failure, lookIn: retryIn) }
            }
        case .callbackReceived: callbackEvent
        case .attemptHeartbeat:
            stepIndex.flatMap { step in action.map { .attemptHeartbeat(step: step, action: $0) } }
        case .stepSkipped: stepIndex.map { .stepSkipped(step: $0) }
        case .waitStarted: waitEvent
        case .awaitStarted:
            stepIndex.map { .awaitStarted(step: $0, until: data?["until"]?.string.flatMap { Instant($0) }) }
        case .signalReceived: signalEvent
        case .signalTaken:
            stepIndex.flatMap { step in data?["signal"]?.int.map { .signalTaken(step: step, signal: $0) } }
        case .elementsStarted:
            stepIndex.flatMap { step in
                data?["count"]?.int.map {
                    .elementsStarted(step: step, count: $0, items: data?["output"] ?? .null)
                }
            }
        case .elementsEnded: stepIndex.map { .elementsEnded(step: $0) }
        case .parentLinked: ParentLink(data?["parent"]).map { .parentLinked($0) }
        case .childStarted: childEvent
        case .childCancelRequested: stepIndex.map { .childCancelRequested(step: $0, failure) }
        case .childEnded: childEndEvent
        case .childUndoRequested: stepIndex.map { .childUndoRequested(step: $0) }
        case .childUndoFailed: stepIndex.flatMap { step in failure.map { .childUndoFailed(step: step, $0) } }
        case .endCallsStarted:
            data?["runId"]?.string.flatMap { RunID($0) }.map { .endCallsStarted(run: $0) }
        case .stepSucceeded:
            stepIndex.flatMap { step in data?["output"].map { .stepSucceeded(step: step, output: $0) } }
        case .stepFailed: stepIndex.flatMap { step in failure.map { .stepFailed(step: step, $0) } }
        case .stepUndoing: stepIndex.map { .stepUndoing(step: $0) }
        case .stepAbandoned: stepIndex.map { .stepAbandoned(step: $0) }
        case .cancelRequested:
            data?["by"]?.string.map { .cancelRequested(by: $0, reason: data?["reason"]?.string) }
        case .cancelRefused:
            data?["by"]?.string.map { .cancelRefused(by: $0, reason: data?["reason"]?.string) }
        case .deadlineExceeded: .deadlineExceeded
        case .runCompensating: compensatingEvent(numbering)
        case .runCompleted: data?["output"].map { .runCompleted(output: $0, failure: failure) }
        case .runCompensated: .runCompensated
        case .runCancelled: .runCancelled
        case .runFailed: failure.map { .runFailed($0) }
        case .retryRequested:
            data?["by"]?.string.map { .retryRequested(step: stepIndex, by: $0, reason: data?["reason"]?.string) }
        case .stepResolved: resolvedEvent
        case .stepSettled: settledEvent
        case .runDelayed: data?["until"]?.string.flatMap { Instant($0) }.map { .runDelayed(until: $0) }
        case .runPaused: pausedEvent
        case .runResumed: resumedEvent
        case .undoRequested: undoEvent
        case .deadlineMissed: .deadlineMissed
        case .runQuarantined: failure.map { .runQuarantined($0) }
        case .restartedFrom: restartedFromEvent(numbering)
        case .stepKept: keptEvent
        case .restartedAs: restartedAsEvent(numbering)
        }
    }

    private var otherRun: RunID? { data?["runId"]?.string.flatMap { RunID($0) } }

    private func restartedFromEvent(_ numbering: StepNumbering) -> RunEvent? {
        guard let run = otherRun, let by = data?["by"]?.string, let reason = data?["reason"]?.string else { return nil }
        let fromStep = data?["fromStep"]?.string
        let step = fromStep.flatMap { numbering.number(of: $0) }
        if fromStep != nil, step == nil { return nil }
        return .restartedFrom(run: run, step: step, by: by, reason: reason)
    }

    private var keptEvent: RunEvent? {
        guard let stepIndex, let output = data?["output"] else { return nil }
        let effectOf = data?["effectOf"]?.string
        let run = effectOf.flatMap { RunID($0) }
        if effectOf != nil, run == nil { return nil }
        return .stepKept(
            KeptStep(step: stepIndex, output: output, answer: StepAnswer(data?["answer"]), effectOf: run))
    }

    private func restartedAsEvent(_ numbering: StepNumbering) -> RunEvent? {
        guard let run = otherRun, let by = data?["by"]?.string, let reason = data?["reason"]?.string,
            let steps = indices("steps", numbering)
        else { return nil }
        return .restartedAs(run: run, steps: steps, by: by, reason: reason)
    }

    private var waitEvent: RunEvent? {
        guard let stepIndex, let until = data?["until"]?.string.flatMap({ Instant($0) }) else { return nil }
        return .waitStarted(step: stepIndex, until: until)
    }

    private var acceptedEvent: RunEvent? {
        guard let stepIndex, let action, let attempt, let outcome, let duration, let timeout = data?["timeoutUs"]?.int
        else { return nil }
        var poll: PollStart?
        if let path = data?["path"]?.string, let first = data?["lookInUs"]?.int {
            poll = PollStart(path: path, firstLook: .microseconds(first))
        }
        return .attemptAccepted(
            step: stepIndex, action: action, attempt: attempt,
            CallReport(outcome: outcome, httpStatus: httpStatus, duration: duration), timeout: .microseconds(timeout),
            heartbeat: data?["heartbeatUs"]?.int.map { .microseconds($0) }, poll: poll)
    }

    private var callbackEvent: RunEvent? {
        guard let stepIndex, let action, let digest = data?["digest"]?.string,
            let outcome = data?["outcome"]?.string.flatMap({ Callback.Outcome(rawValue: $0) })
        else { return nil }
        let callback = Callback(outcome: outcome, output: data?["output"], error: data?["error"], digest: digest)
        return .callbackReceived(step: stepIndex, action: action, callback)
    }

    private var signalEvent: RunEvent? {
        guard let name = data?["name"]?.string, let by = data?["by"]?.string, let payload = data?["output"] else {
            return nil
        }
        return .signalReceived(ReceivedSignal(name: name, payload: payload, by: by, key: data?["key"]?.string))
    }

    private var childEvent: RunEvent? {
        guard let stepIndex, let runID = data?["runId"]?.string.flatMap({ RunID($0) }),
            let workflow = data?["workflow"]?.string
        else { return nil }
        let isDetached = data?["detached"]?.bool ?? false
        return .childStarted(
            step: stepIndex, ChildRun(runID: runID, workflow: workflow, phase: isDetached ? .detached : .live),
            until: data?["until"]?.string.flatMap { Instant($0) })
    }

    private var childEndEvent: RunEvent? {
        guard let stepIndex, let runID = data?["runId"]?.string.flatMap({ RunID($0) }),
            let status = data?["status"]?.string.flatMap({ RunStatus(rawValue: $0) })
        else { return nil }
        return .childEnded(
            step: stepIndex,
            ChildEnd(
                runID: runID, status: status, output: data?["output"], error: failure,
                isFinal: data?["pastPivot"]?.bool ?? false))
    }

    private var failure: Failure? { error.flatMap { Failure($0) } }

    private var resolvedEvent: RunEvent? {
        guard let stepIndex, let by = data?["by"]?.string, let reason = data?["reason"]?.string else { return nil }
        return .stepResolved(step: stepIndex, by: by, reason: reason)
    }

    private var settledEvent: RunEvent? {
        guard let stepIndex, let settlement = data?["as"]?.string.flatMap({ Settlement(rawValue: $0) }),
            let by = data?["by"]?.string, let reason = data?["reason"]?.string
        else { return nil }
        return .stepSettled(step: stepIndex, settlement, output: data?["output"], by: by, reason: reason)
    }

    private var pausedEvent: RunEvent? {
        guard let by = data?["by"]?.string, let holds = data?["holdDeadline"]?.bool else { return nil }
        return .runPaused(by: by, reason: data?["reason"]?.string, holdsDeadline: holds)
    }

    private var resumedEvent: RunEvent? {
        guard let by = data?["by"]?.string, let held = data?["heldUs"]?.int else { return nil }
        return .runResumed(by: by, reason: data?["reason"]?.string, held: .microseconds(held))
    }

    private var undoEvent: RunEvent? {
        guard let by = data?["by"]?.string, let reason = data?["reason"]?.string else { return nil }
        return .undoRequested(by: by, reason: reason)
    }

    private var attemptEvent: RunEvent? {
        guard let stepIndex, let action, let attempt else { return nil }
        if kind == .attemptStarted { return .attemptStarted(step: stepIndex, action: action, attempt: attempt) }
        guard let outcome, let duration else { return nil }
        var report = CallReport(outcome: outcome, httpStatus: httpStatus, duration: duration)
        if kind == .attemptSucceeded {
            for (name, value) in data?["headers"]?.object?.members ?? [] { report.headers[name] = value.string }
            guard let output = data?["output"] else { return nil }
            return .attemptSucceeded(step: stepIndex, action: action, attempt: attempt, report, output: output)
        }
        guard let failure else { return nil }
        return .attemptFailed(
            step: stepIndex, action: action, attempt: attempt, report, failure, retryIn: retryIn)
    }

    private func compensatingEvent(_ numbering: StepNumbering) -> RunEvent? {
        guard let steps = indices("steps", numbering), let uncompensated = indices("uncompensated", numbering)
        else { return nil }
        return .runCompensating(steps: steps, uncompensated: uncompensated)
    }

    private func indices(_ key: String, _ numbering: StepNumbering) -> [Int]? {
        guard let ids = data?[key]?.array else { return nil }
        var indices: [Int] = []
        for id in ids {
            guard let step = id.string.flatMap({ numbering.number(of: $0) }) else { return nil }
            indices.append(step)
        }
        return indices
    }
}
