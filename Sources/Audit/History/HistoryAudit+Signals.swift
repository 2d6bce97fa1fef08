internal import Core

/// Signals, and the steps that wait for them.
extension HistoryAudit {
    mutating func beginAwaiting(_ step: Int, until: Instant?, _ at: Instant) {
        pass(step, at)
        awaiting.insert(step)
        waiting[step] = until
    }

    mutating func receive(_ signal: ReceivedSignal) {
        if let key = signal.key {
            // As many as a run remembers.
            if signalKeys.count >= KeptSignal.maxKeys { signalKeys.removeFirst() }
            let isNew = !signalKeys.contains(key)
            require(isNew, 20, "the signal \(signal.name) was received twice under one key")
            signalKeys.append(key)
        }
        if !hasLeftForward { kept.append(KeptSignal(sequence: sequence, name: signal.name, payload: signal.payload)) }
    }

    mutating func take(_ step: Int, _ signal: Int, _ at: Instant) {
        requireTurn(step, at)
        let (id, waits) = (id(step), awaiting.remove(step) != nil)
        let first = kept.first { isWanted($0, by: step) }?.sequence
        require(waits && !hasLeftForward, 20, "\(id) took a signal that it did not wait for")
        require(
            first == signal, 20,
            "\(id) took the signal of event \(signal), not the first it waits for, of \(first ?? 0)")
        kept.removeAll { $0.sequence == signal }
        waiting[step] = nil
        succeeded.insert(step)
        doneAt[step] = at
    }

    /// A step that waited has failed: its time was over, and nothing that it takes had come.
    mutating func timeOut(_ step: Int, _ at: Instant) {
        requireTurn(step, at)
        let (id, due, hasSignal) = (
            id(step), waiting.removeValue(forKey: step), kept.contains { isWanted($0, by: step) }
        )
        require(due.map { $0 <= at } ?? false, 14, "\(id) gave up before its time")
        require(!hasLeftForward, 7, "\(id) went on after forward progress had ended")
        require(!hasSignal, 20, "\(id) gave up although its signal was there")
        awaiting.remove(step)
    }

    /// No step waits for what is there.
    func requireNoneOverlooked() {
        if isPaused || hasLeftForward || run.status.isTerminal { return }
        for step in awaiting.sorted() {
            let (id, isThere) = (id(step), kept.contains { isWanted($0, by: step) })
            require(!isThere, 20, "\(id) waits although its signal is there")
        }
    }

    private func isWanted(_ signal: KeptSignal, by step: Int) -> Bool {
        guard case .signal(let awaited) = run.stepDefinition(step).action, awaited.signal == signal.name else {
            return false
        }
        guard let condition = awaited.condition else { return true }
        var effort = Effort.full
        return condition.verdict(SignalView(step: StepScope(run: run, step: step), payload: signal.payload), &effort)
            == .yes
    }
}

private struct SignalView: Scope {
    let step: StepScope
    let payload: JSON

    func value(_ root: Reference.Root) -> JSON? { root == .payload ? payload : step.value(root) }
}
