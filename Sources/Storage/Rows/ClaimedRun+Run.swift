package import Core

/// A claimed run that can't be read: it is quarantined, or left to a newer version, and the engine goes on.
package struct UnreadableRun: Error, Sendable, CustomStringConvertible {
    /// One sentence saying what is wrong with it.
    package let description: String
    /// It is in a state that this version does not know: a newer one may have written it.
    package let mayBeNewer: Bool

    package init(_ description: String, mayBeNewer: Bool = false) {
        self.description = description
        self.mayBeNewer = mayBeNewer
    }
}

extension ClaimedRun {
    /// The run after the claim: its snapshot, with everything applied that came after it.
    ///
    /// - Throws: `UnreadableRun` when rows and definition do not fit together.
    package func run(of definition: WorkflowDefinition) throws(UnreadableRun) -> Run {
        guard let status = RunStatus(rawValue: status) else {
            throw UnreadableRun("its status, \(self.status), is not known", mayBeNewer: true)
        }
        let cause = cause.flatMap { RunCause(rawValue: $0) }
        if cause == nil, let unknown = self.cause {
            throw UnreadableRun("its cause, \(unknown), is not known", mayBeNewer: true)
        }
        guard let steps else { throw UnreadableRun("its steps were read before") }
        var run = Run(
            id: lease.runID, definition: definition, input: try parsed(input), context: try parsed(context),
            createdAt: createdAt)
        run.status = status
        run.cause = cause
        run.updatedAt = updatedAt
        if let error {
            let error = try parsed(error)
            run.error = Failure(error)
            run.turnedBackBy = error["before"].flatMap { Failure($0) }
        }
        try steps.snapshot.restore(&run) { sequence throws(UnreadableRun) in try steps.output(sequence) }
        for (at, events) in steps.later { try run.apply(try parsed(events), at: at) }
        // Of a run that was given back, its row knows best.
        guard run.lastSequence == lastSequence || (run.lastSequence > lastSequence && !isTakeover && !beganDueSteps)
        else {
            throw UnreadableRun("its journal ends with event \(run.lastSequence) and not with \(lastSequence)")
        }
        if beganDueSteps, let due = steps.snapshot.due { try run.apply(try parsed(due), at: now) }
        return run
    }
}

extension ClaimedRun.StoredSteps {
    fileprivate func output(_ sequence: Int) throws(UnreadableRun) -> JSON? {
        guard let event = references.first(where: { $0.sequence == sequence })?.event else { return nil }
        return try parsed(event)["data"]?["output"]
    }
}
