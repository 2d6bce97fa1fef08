// What must never happen to a run (docs/reliability.md), judged from values alone: `saga check` reads them from a database and
// from participants, whoever keeps runs in memory hands over its own. The history is judged by its events (History/), the
// effects by what participants wrote down (Effects/), and no rule is taken from the decider. The one thing shared with it is
// `evolve`, because "folding the events gives the rows" is one of the invariants.

package import Core

/// Judges one run by invariants 2, 4 to 14 and 17.
package struct RunAudit: Sendable {
    private let row: RunRow
    private let steps: [StepRow]
    private let definition: WorkflowDefinition
    private let events: [StoredEvent]
    private let entries: [LedgerEntry]
    private let ledgers: Set<String>
    private let allowsLiveRuns: Bool
    private let isOver: Bool

    /// - Parameters:
    ///   - row: the run as it is stored, and its steps in the order of the definition.
    ///   - definition: the version it was started with.
    ///   - events: the whole history, oldest first.
    ///   - entries: what participants wrote down of it, in any order; by the same clock as the events.
    ///   - ledgers: the participants that were asked. Effects of steps at others are not judged.
    ///   - allowsLiveRuns: a run that is not terminal is no violation: the system is still at work.
    ///   - isOver: it had ended before the ledgers were read, so they tell all of it (late arrivals change nothing, or they
    ///     are violations themselves).
    package init(
        row: RunRow, steps: [StepRow], definition: WorkflowDefinition, events: [StoredEvent], entries: [LedgerEntry],
        ledgers: Set<String>, allowsLiveRuns: Bool, isOver: Bool
    ) {
        self.row = row
        self.steps = steps
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
        for sentence in HistoryFold.differences(history.run, row: row, steps: steps) {
            findings.require(false, 12, sentence)
        }
        if !row.status.isTerminal && !allowsLiveRuns {
            let next = history.run.wakeAt.map { "next look at \($0)" } ?? "with nothing to wait for"
            findings.require(false, 2, "it is still \(row.status.rawValue), \(next)")
        }
        EffectAudit(history, events, entries, ledgers, findings).judge(isOver: isOver)
        return findings.violations
    }
}
