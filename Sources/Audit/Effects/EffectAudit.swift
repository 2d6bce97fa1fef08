internal import Core

/// Compares a run's history with what participants wrote down of it: invariants 4 to 10, from the outside.
struct EffectAudit {
    private let findings: Findings
    private let history: HistoryAudit
    private let events: [StoredEvent]
    private let entries: [LedgerEntry]
    private let ledgers: Set<String>
    /// Entries by step, in the order of time.
    private let byStep: [String: [LedgerEntry]]

    init(
        _ history: HistoryAudit, _ events: [StoredEvent], _ entries: [LedgerEntry], _ ledgers: Set<String>,
        _ findings: Findings
    ) {
        self.findings = findings
        self.history = history
        self.events = events
        self.entries = entries
        self.ledgers = ledgers
        byStep = Dictionary(grouping: entries.sorted { $0.at < $1.at }, by: \.stepID)
    }

    private func require(_ holds: Bool, _ invariant: Int, _ text: @autoclosure () -> String) {
        findings.require(holds, invariant, text())
    }

    /// - Parameter isOver: the run had ended before the ledgers were read, so they tell all of it (late arrivals change
    ///   nothing, or they are violations themselves).
    func judge(isOver: Bool) {
        for stepID in byStep.keys where history.run.number(of: stepID).map({ history.isListed($0) }) ?? true {
            require(false, 8, "a ledger knows a step \(stepID) that makes calls, the definition does not")
        }
        checkIntents()
        for number in history.run.steps.indices {
            let step = CalledStep(history.run, number)
            let entries = byStep[step.id] ?? []
            checkKeys(step, entries)
            checkBarrier(step, entries)
            checkOrder(step, entries)
            if isOver, isCovered(step) { checkNetEffect(step, entries) }
        }
    }

    private func isCovered(_ step: CalledStep) -> Bool {
        ledgers.isSuperset(of: step.action.call?.participant.names ?? [])
            && (step.compensation.map { ledgers.isSuperset(of: $0.participant.names) } ?? true)
    }

    /// Invariant 8: each call that arrived was intended before it was sent.
    private func checkIntents() {
        struct Intent: Hashable {
            let step: String
            let action: CallAction
            let attempt: Int
        }
        var intents: [Intent: Instant] = [:]
        for event in events where event.row.kind == .attemptStarted {
            guard let step = event.row.stepID, let action = event.row.action, let attempt = event.row.attempt
            else { continue }
            let intent = Intent(step: step, action: action, attempt: attempt)
            intents[intent] = min(intents[intent] ?? event.at, event.at)
        }
        for entry in entries where entry.kind == .received {
            let intent = intents[Intent(step: entry.stepID, action: entry.action, attempt: entry.attempt)]
            require(
                intent.map { $0 <= entry.at } ?? false, 8,
                "\(entry.stepID):\(entry.action.rawValue), attempt \(entry.attempt), arrived at \(entry.at), "
                    + "intended at "
                    + (intent?.description ?? "no time at all"))
        }
    }

    /// Invariant 9: one key, one body, one participant.
    private func checkKeys(_ step: CalledStep, _ entries: [LedgerEntry]) {
        for action in CallAction.allCases {
            let calls = entries.filter { $0.action == action && $0.kind == .received }
            let bodies = Set(calls.map(\.bodyHash)).count
            let participants = Set(calls.map(\.participant)).count
            require(bodies <= 1, 9, "\(step.id):\(action.rawValue) was sent with \(bodies) different bodies")
            require(participants <= 1, 9, "\(step.id):\(action.rawValue) was sent to \(participants) participants")
        }
        let conflicts = entries.filter { $0.kind == .conflict }.count
        require(conflicts == 0, 9, "a participant saw \(conflicts) conflicts of \(step.id)")
    }

    /// Invariant 7: after its compensation an action has no effect any more; and no effect twice.
    private func checkBarrier(_ step: CalledStep, _ entries: [LedgerEntry]) {
        let compensatedAt = entries.first { $0.kind == .undo || $0.kind == .nullCompensation }?.at
        for entry in entries where entry.action == .execute && entry.effect != 0 {
            require(
                compensatedAt.map { entry.at < $0 } ?? true, 7, "\(step.id) had an effect after its compensation")
        }
        let made = entries.filter { $0.effect > 0 }.count
        let undone = entries.filter { $0.effect < 0 }.count
        require(made <= 1, 4, "\(step.id) had its effect \(made) times")
        require(undone <= made, 4, "\(step.id) was undone \(undone) times, but made \(made) times")
    }

    /// Invariants 6 and 10, by the clock: calls went out only after what had to be stored or undone before was.
    private func checkOrder(_ step: CalledStep, _ entries: [LedgerEntry]) {
        if let sent = entries.first(where: { $0.kind == .received && $0.action == .execute })?.at {
            for dependency in step.dependencies where !history.skipped.contains(dependency) {
                let id = history.run.stepID(dependency)
                let doneAt = history.doneAt[dependency]
                require(doneAt.map { $0 <= sent } ?? false, 10, "\(step.id) was called before \(id) was stored as done")
            }
        }
        // What a step undid for itself came before those that depend on it began.
        guard !history.undoneAtOnce.contains(step.number),
            let sent = entries.first(where: { $0.kind == .received && $0.action == .compensate })?.at
        else { return }
        let descendants = step.descendants.flatMap { [$0] + Array(history.elements[$0] ?? 0..<0) }
        for descendant in descendants
        where (history.undoing?.contains(descendant) ?? false) && !history.resolved.contains(descendant) {
            let dependent = CalledStep(history.run, descendant)
            guard let compensation = dependent.compensation, ledgers.isSuperset(of: compensation.participant.names)
            else {
                continue
            }
            let undoneAt = byStep[dependent.id]?.first { $0.kind == .undo || $0.kind == .nullCompensation }?.at
            require(
                undoneAt.map { $0 <= sent } ?? false, 6,
                "the compensation of \(step.id) was sent before that of \(dependent.id) was done")
        }
    }

    /// Invariants 4 and 5: what stands at the end.
    private func checkNetEffect(_ step: CalledStep, _ entries: [LedgerEntry]) {
        // What was undone by hand may still stand here: a person said that it does not matter.
        if history.resolved.contains(step.number) { return }
        // What a child did is judged there.
        if history.undoesChild(step.number) { return }
        // And of what was done, or not, by hand while the run went forward, that it is as it should be.
        if history.settled.contains(step.number), history.run.status == .completed { return }
        let net = entries.reduce(0) { $0 + $1.effect }
        let made = entries.filter { $0.kind == .effect }
        if history.inherited[step.number] != nil, history.run.status == .completed {
            // Whether anything was to be done was the other run's business; nothing of it is undone.
            let all = made.reduce(0) { $0 + $1.effect }
            require(net == all, 23, "\(step.id) was taken over, and is undone, in a COMPLETED run")
            return
        }
        switch history.run.status {
        case .completed:
            if history.skipped.contains(step.number) || step.action.call == nil || history.isListed(step.number) {
                require(made.isEmpty, 4, "\(step.id) was skipped, but had an effect")
            } else if history.leftBehind.contains(history.run.base(of: step.number)) {
                guard step.compensation != nil else { return }
                require(net == 0, 4, "\(step.id) gave up with net effect \(net), and the run went on")
                checkWasUndone(step, entries, hadEffect: made.contains { $0.effect != 0 })
            } else {
                // A read has no effect, and says so: what counts is that it was done, once.
                require(
                    made.count == 1 && net == made[0].effect, 4,
                    "\(step.id) of a COMPLETED run was done \(made.count) times, net effect \(net)")
            }
        case .compensated, .cancelled:
            if history.uncompensated.contains(step.number) { return }
            require(net == 0, 4, "\(step.id) has net effect \(net) after the run was undone")
            checkWasUndone(step, entries, hadEffect: made.contains { $0.effect != 0 })
        case .failed:
            guard history.undone.contains(step.number) else { return }
            require(net == 0, 4, "\(step.id) has net effect \(net) after its compensation")
            checkWasUndone(step, entries, hadEffect: made.contains { $0.effect != 0 })
        case .pending, .running, .compensating: return
        }
    }

    private func checkWasUndone(_ step: CalledStep, _ entries: [LedgerEntry], hadEffect: Bool) {
        let isUndoing = history.undoing?.contains(step.number) == true || history.undoneAtOnce.contains(step.number)
        let wasUndone = entries.contains { $0.kind == .undo || $0.kind == .nullCompensation }
        require(isUndoing || !hadEffect, 5, "\(step.id) had an effect, but the run did not undo it")
        require(!isUndoing || wasUndone, 5, "\(step.id) is called undone, but its participant never did it")
    }
}

/// A step of the definition or an element, as participants know it.
private struct CalledStep {
    let number: Int
    let id: String
    private let definition: StepDefinition

    var action: StepAction { definition.action }
    var compensation: CallDefinition? { definition.compensation }
    /// Of the step that it is an element of, too.
    var dependencies: [Int] { definition.dependencies }
    var descendants: [Int] { definition.descendants }

    init(_ run: Run, _ number: Int) {
        self.number = number
        id = run.stepID(number)
        definition = run.stepDefinition(number)
    }
}
