// A signal is kept, in the order in which signals came, until a step that waits for its name and holds its `where` true takes
// it. What a `where` names never changes while its step waits, so each signal is looked at once by each step: when it comes,
// or when the step begins to wait.

extension Decision {
    /// Notes a signal, and lets a step take it that waits for it. The same again, by its key, is nothing.
    mutating func receive(_ signal: ReceivedSignal) {
        guard note(signal), run.takesSignals, let kept = run.marks.signals.last else { return }
        for index in run.steps.indices where run.steps[index].status == .waiting {
            if take(kept, index) || effort.isSpent { return }
        }
    }

    /// Notes a signal, before anything else is decided; false when it is known.
    @discardableResult
    mutating func note(_ signal: ReceivedSignal) -> Bool {
        if let key = signal.key, run.hasMarks, run.marks.signalKeys.contains(key), !isPlanted(.signalKeyIgnored) {
            return false
        }
        append(.signalReceived(signal))
        return true
    }

    /// Begins to wait for a signal, or takes one that came before.
    mutating func begin(_ awaited: AwaitDefinition, _ index: Int) {
        append(.awaitStarted(step: index, until: awaited.timeout.map { now + $0 }))
        if !isPlanted(.earlySignalMissed) { takeKept(index) }
    }

    /// The steps that wait take what was kept meanwhile.
    mutating func takeSignals() {
        guard run.hasMarks, !run.marks.signals.isEmpty, run.takesSignals else { return }
        for index in run.steps.indices where run.steps[index].status == .waiting {
            takeKept(index)
            if effort.isSpent { return }
        }
    }

    private mutating func takeKept(_ index: Int) {
        guard run.hasMarks, run.takesSignals else { return }
        for kept in run.marks.signals where take(kept, index) || effort.isSpent { return }
    }

    private mutating func take(_ kept: KeptSignal, _ index: Int) -> Bool {
        guard case .signal(let awaited) = run.stepDefinition(index).action, awaited.signal == kept.name else {
            return false
        }
        if let condition = awaited.condition, !isPlanted(.signalConditionIgnored) {
            // What can't be told of a signal is not true of it: nobody can fail a run by sending it something.
            guard
                condition.verdict(SignalScope(step: StepScope(run: run, step: index), payload: kept.payload), &effort)
                    == .yes
            else { return false }
        }
        append(.signalTaken(step: index, signal: kept.sequence))
        return true
    }
}

extension Run {
    /// It goes forward, and nobody has paused it.
    fileprivate var takesSignals: Bool {
        cause == nil && (status == .pending || status == .running) && (!isPaused || isPlanted(.pausedRunTakesSignal))
    }
}

extension AwaitDefinition {
    /// Why its step has failed when nothing came.
    var timedOut: Failure {
        let time = timeout.map { DurationText.format($0) } ?? "its time"
        return Failure(kind: Failure.timeoutKind, message: "No signal \(signal) that it takes came within \(time).")
    }
}

/// What can be named where a signal is looked at.
private struct SignalScope: Scope {
    let step: StepScope
    let payload: JSON

    func value(_ root: Reference.Root) -> JSON? {
        if case .payload = root { return payload }
        return step.value(root)
    }
}
