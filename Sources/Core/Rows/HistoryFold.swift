/// The history of a run folded into the run, and how it differs from the stored rows.
///
/// `run_journal` is the truth; the row in `workflow_runs` and the snapshot in it are its projection as of `snapshot_seq`.
/// Whoever wants to know that they agree folds and compares.
package enum HistoryFold {
    /// Applies all events of a run in order.
    ///
    /// - Parameters:
    ///   - events: the whole history, oldest first.
    ///   - row: gives what no event carries: input, context and the time of creation.
    ///   - definition: the version the run was started with.
    /// - Throws: `UnreadableHistory` when a sequence number is missing or an event can't be read.
    package static func fold(
        _ events: [StoredEvent], of row: RunRow, definition: WorkflowDefinition
    ) throws(UnreadableHistory) -> Run {
        var run = Run(
            id: row.runID, definition: definition, input: row.input, context: row.context, createdAt: row.createdAt)
        for (position, stored) in events.enumerated() {
            guard stored.sequence == position + 1 else {
                throw UnreadableHistory("its event \(position + 1) is missing, \(stored.sequence) comes instead")
            }
            guard let event = stored.row.event(of: run.numbering) else {
                throw UnreadableHistory("its event \(stored.sequence), \(stored.kind), can't be read")
            }
            run.evolve(event, at: stored.at)
        }
        return run
    }

    /// What the stored rows say otherwise than the folded history, one sentence each; empty when they agree.
    package static func differences(_ run: Run, row: RunRow, steps: [StepRow]) -> [String] {
        var found = Differences()
        found.compare("run status", run.status, row.status)
        found.compare("run cause", run.cause, row.cause)
        found.compare("run error", run.errorJSON, row.error)
        found.compare("run output", run.output, row.output)
        found.compare("run updated_at", run.updatedAt, row.updatedAt)
        found.compare("run completed_at", run.completedAt, row.completedAt)
        found.compare("run deadline_at", run.deadlineAt, row.deadlineAt)
        found.compare("number of steps", run.steps.count, steps.count)
        for (folded, stored) in zip(run.steps.enumerated(), steps) {
            found.compare("index of step \(stored.stepID)", folded.offset, stored.index)
            found.compare("id of step \(folded.offset)", run.stepID(folded.offset), stored.stepID)
            var (step, storedStep) = (folded.element, stored.step)
            // What a step with a list has put out is stored with its elements.
            if run.list(of: folded.offset) != nil { (step.output, storedStep.output) = (nil, nil) }
            found.compare(step, storedStep, of: stored.stepID)
        }
        return found.sentences
    }
}

/// A history that does not tell what became of its run.
package struct UnreadableHistory: Error, Sendable, CustomStringConvertible {
    /// One sentence saying what is wrong with it.
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Collects what differs.
private struct Differences {
    var sentences: [String] = []

    mutating func compare<Value: Equatable>(_ what: String, _ folded: Value, _ stored: Value) {
        guard folded != stored else { return }
        sentences.append("\(what): the history says \(folded), the row \(stored)")
    }

    mutating func compare(_ folded: Step, _ stored: Step, of id: String) {
        compare("\(id) status", folded.status, stored.status)
        compare("\(id) attempts", folded.attempts, stored.attempts)
        compare("\(id) is_ambiguous", folded.isAmbiguous, stored.isAmbiguous)
        compare("\(id) compensation_status", folded.compensationStatus, stored.compensationStatus)
        compare("\(id) compensation_attempts", folded.compensationAttempts, stored.compensationAttempts)
        compare("\(id) is_compensation_ambiguous", folded.isCompensationAmbiguous, stored.isCompensationAmbiguous)
        compare("\(id) output", folded.output, stored.output)
        compare("\(id) error", folded.error, stored.error)
        compare("\(id) started_at", folded.startedAt, stored.startedAt)
        compare("\(id) completed_at", folded.completedAt, stored.completedAt)
        compare("\(id) next_attempt_at", folded.nextAttemptAt, stored.nextAttemptAt)
        compare("\(id) child", folded.child?.json, stored.child?.json)
        compare("\(id) last attempt", folded.attemptSequence, stored.attemptSequence)
    }
}
