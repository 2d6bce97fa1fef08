// What must never happen to a run (docs/reliability.md), judged from values alone: `saga check` reads them from a database and
// from participants, whoever keeps runs in memory hands over its own. The history is judged by its events (History/), the
// effects by what participants wrote down (Effects/), and no rule is taken from the decider. The one thing shared with it is
// `evolve`, because "folding the events gives the rows" is one of the invariants.

package import Core

/// Judges one run by invariants 2, 4 to 14 and 17 to 23.
package struct RunAudit: Sendable {
    private let row: RunRow
    private let snapshot: RunSnapshot
    private let definition: WorkflowDefinition
    private let events: [StoredEvent]
    private let entries: [LedgerEntry]
    private let ledgers: Set<String>
    private let allowsLiveRuns: Bool
    private let isOver: Bool

    /// - Parameters:
    ///   - row: the run as it is stored.
    ///   - snapshot: its steps as they are stored.
    ///   - definition: the version it was started with.
    ///   - events: the whole history, oldest first.
    ///   - entries: what participants wrote down of it, in any order; by the same clock as the events.
    ///   - ledgers: the participants that were asked. Effects of steps at others are not judged.
    ///   - allowsLiveRuns: a run that is not terminal is no violation: the system is still at work.
    ///   - isOver: it had ended before the ledgers were read, so they tell all of it (late arrivals change nothing, or they
    ///     are violations themselves).
    package init(
        row: RunRow, snapshot: RunSnapshot, definition: WorkflowDefinition, events: [StoredEvent],
        entries: [LedgerEntry],
        ledgers: Set<String>, allowsLiveRuns: Bool, isOver: Bool
    ) {
        self.row = row
        self.snapshot = snapshot
        self.definition = definition
        self.events = events
        self.entries = entries
        self.ledgers = ledgers
        self.allowsLiveRuns = allowsLiveRuns
        self.isOver = isOver
    }

    /// Everything that is wrong with it; of a run with an event of a newer version, what is wrong before that.
    package func violations() -> [Violation] {
        let findings = Findings(row.runID)
        var history = HistoryAudit(row, definition, findings)
        history.read(events)
        if history.unknownKind != nil { return findings.violations }
        compareSnapshot(with: history, findings)
        if !row.status.isTerminal && !allowsLiveRuns {
            let next = history.run.wakeAt.map { "next look at \($0)" } ?? "with nothing to wait for"
            findings.require(false, 2, "it is still \(row.status.rawValue), \(next)")
        }
        EffectAudit(history, events, entries, ledgers, findings).judge(isOver: isOver)
        return findings.violations
    }

    /// Invariant 12: the row and the steps in it are the history as far as they have seen it. A run that can't be processed is
    /// set aside without its steps being looked at, so its row alone has seen that.
    private func compareSnapshot(with history: HistoryAudit, _ findings: Findings) {
        let seen = events.prefix { $0.sequence <= snapshot.sequence }
        let rest = events.dropFirst(seen.count)
        let isSetAside = row.isQuarantined && rest.last?.row.kind == .runQuarantined
        if row.status.isTerminal, !isSetAside {
            findings.require(
                rest.isEmpty, 12, "it is over, and its snapshot has not seen its last \(rest.count) events")
        }
        findings.require(
            events.last.map { snapshot.sequence <= $0.sequence } ?? false, 12,
            "its snapshot has seen event \(snapshot.sequence), which is not there")
        let fresh = Run(
            id: row.runID, definition: definition, input: row.input, context: row.context, createdAt: row.createdAt)
        var run = fresh
        for stored in seen { if let event = stored.row.event(of: run.numbering) { run.evolve(event, at: stored.at) } }
        let steps = snapshot.steps ?? run.stepRows
        if snapshot.steps == nil {
            findings.require(
                seen.count == 1 && seen.first?.row.kind == .runStarted, 12,
                "it has no snapshot, but more has happened than its start")
        }
        // Of its row, what has happened since then is compared with the whole history: it is written whenever that changes.
        var whole = history.run
        if !isSetAside, row.status == .pending || row.status == .running {
            (whole.status, whole.updatedAt) = (run.status, run.updatedAt)
        }
        whole.steps = run.steps
        for sentence in HistoryFold.differences(whole, row: row, steps: steps) { findings.require(false, 12, sentence) }
    }
}

/// A run's steps as they are stored.
package struct RunSnapshot: Sendable {
    /// In the order of the definition; nil for a run that is as its start left it.
    package let steps: [StepRow]?
    /// The last event that they have seen.
    package let sequence: Int

    package init(steps: [StepRow]?, sequence: Int) {
        self.steps = steps
        self.sequence = sequence
    }
}
