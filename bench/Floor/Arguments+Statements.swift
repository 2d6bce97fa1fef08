import Core
import Storage

// The same as StartRuns+Bind.swift and CommitDecisions+Bind.swift, as text.

extension Arguments {
    /// The arguments of `StartRuns`.
    init(starting new: [NewRun]) {
        self.init(prefix: "new")
        let definition = new[0].run.definition
        runIDs(times: 1)
        textArray(new.map(\.tenantID))
        textArray(new.map(\.run.definition.name))
        textArray(new.map(\.run.definition.version.description))
        textArray(new.map(\.run.status.rawValue))
        jsonArray(new.map(\.inputBytes))
        jsonArray(new.map(\.contextBytes))
        textArray(new.map(\.correlationID))
        textArray(new.map(\.traceparent))
        jsonArray(new.map { $0.run.output?.bytes })
        array(new.map { $0.run.definition.timeout?.microseconds })
        // No idempotency keys: key, hash, lifetime.
        for _ in 0..<3 { textArray(new.map { _ in nil }) }
        jsonArray(new.map { $0.run.error?.json.bytes })

        let steps = new.enumerated().flatMap { ordinal, new in
            definition.steps.map { (ordinal: ordinal + 1, definition: $0, step: new.run.steps[$0.index]) }
        }
        array(steps.map(\.ordinal))
        runIDs(times: definition.steps.count)
        array(steps.map(\.definition.index))
        textArray(steps.map(\.definition.id))
        textArray(steps.map(\.step.status.rawValue))
        array(steps.map { $0.step.nextAttemptAt != nil })

        let events = new.enumerated().flatMap { ordinal, new in
            new.events.enumerated().map { offset, event in
                (ordinal: ordinal + 1, sequence: offset + 1, row: EventRow(event, of: definition))
            }
        }
        array(events.map(\.ordinal))
        runIDs(times: new[0].events.count)
        array(events.map(\.sequence))
        textArray(events.map(\.row.kind.rawValue))
        array(events.map(\.row.stepIndex))
        textArray(events.map(\.row.stepID))
        textArray(events.map { _ in nil })
        jsonArray(events.map { $0.row.data?.bytes })
        array(new.map(\.run.lastSequence))
    }

    /// The arguments of `CommitDecisions`.
    init(committing commits: [RunCommit], engine: RunID) {
        self.init(prefix: "claimed")
        uuid(engine.description)
        runIDs(times: 1)
        array(commits.map(\.lease.epoch))
        array(commits.map(\.ends))
        array(commits.map(\.consumedInbox.count))
        array(commits.map { $0.releaseIn?.microseconds })
        array(commits.map(\.run.lastSequence))
        appendEvents(commits)
        appendSteps(commits)
        let changed = commits.enumerated().compactMap { ordinal, commit in
            commit.changedRun.map { (ordinal: ordinal + 1, run: commit.run, change: $0) }
        }
        array(changed.map(\.ordinal))
        runIDs(times: changed.count / commits.count)
        textArray(changed.map(\.run.status.rawValue))
        textArray(changed.map(\.run.cause?.rawValue))
        jsonArray(changed.map(\.change.output))
        jsonArray(changed.map(\.change.error))
        // Nothing of the inbox is consumed.
        for _ in 0..<3 { emptyArray() }
    }

    private mutating func appendEvents(_ commits: [RunCommit]) {
        let events = commits.enumerated().flatMap { ordinal, commit in
            commit.events.enumerated().map { offset, event in
                (ordinal: ordinal + 1, sequence: commit.firstSequence + offset, event: event)
            }
        }
        array(events.map(\.ordinal))
        runIDs(times: events.count / commits.count)
        array(events.map(\.sequence))
        textArray(events.map(\.event.row.kind.rawValue))
        array(events.map(\.event.row.stepIndex))
        textArray(events.map(\.event.row.stepID))
        textArray(events.map(\.event.row.action?.rawValue))
        array(events.map(\.event.row.attempt))
        textArray(events.map(\.event.row.outcome?.rawValue))
        array(events.map(\.event.row.httpStatus))
        array(events.map { $0.event.row.duration?.microseconds })
        array(events.map { $0.event.row.retryIn?.microseconds })
        jsonArray(events.map(\.event.error))
        jsonArray(events.map(\.event.data))
    }

    private mutating func appendSteps(_ commits: [RunCommit]) {
        let steps = commits.enumerated().flatMap { ordinal, commit in
            commit.steps.map { (ordinal: ordinal + 1, change: $0) }
        }
        array(steps.map(\.ordinal))
        runIDs(times: steps.count / commits.count)
        array(steps.map(\.change.index))
        textArray(steps.map(\.change.step.status.rawValue))
        array(steps.map(\.change.step.attempts))
        array(steps.map(\.change.step.isAmbiguous))
        textArray(steps.map(\.change.step.compensationStatus.rawValue))
        array(steps.map(\.change.step.compensationAttempts))
        array(steps.map(\.change.step.isCompensationAmbiguous))
        jsonArray(steps.map(\.change.output))
        jsonArray(steps.map(\.change.error))
        array(steps.map(\.change.starts))
        array(steps.map(\.change.completes))
        array(steps.map { $0.change.nextIn?.microseconds })
    }
}
