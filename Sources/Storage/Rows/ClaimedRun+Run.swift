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
    /// The run after the claim.
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
        var run = Run(
            id: lease.runID, definition: definition, input: try Self.parse(input), context: try Self.parse(context),
            createdAt: createdAt)
        if let steps {
            run.status = status
            run.cause = cause
            try restore(&run, steps)
        } else {
            for event in start(run, now: createdAt) { run.evolve(event, at: createdAt) }
            guard run.lastSequence == lastSequence else {
                throw UnreadableRun("its first events do not follow from its definition")
            }
        }
        // The claim statement did the same.
        if beganDueSteps { for event in run.dueAttempts(at: now) { run.evolve(event, at: now) } }
        return run
    }

    private func restore(_ run: inout Run, _ columns: StepColumns) throws(UnreadableRun) {
        guard columns.status.count == run.steps.count else {
            throw UnreadableRun("it has \(columns.status.count) steps, its definition \(run.steps.count)")
        }
        let error = try error.map(Self.parse)
        run.error = error.flatMap { Failure($0) }
        run.turnedBackBy = error?["before"].flatMap { Failure($0) }
        run.updatedAt = updatedAt
        run.lastSequence = lastSequence
        for index in run.steps.indices { run.steps[index] = try columns.step(index) }
    }

    fileprivate static func parse(_ bytes: [UInt8]) throws(UnreadableRun) -> JSON {
        do { return try JSON(parsing: bytes, limits: .stored) } catch {
            throw UnreadableRun("a json column holds what sagaflow did not write: \(error)")
        }
    }
}

extension ClaimedRun.StepColumns {
    fileprivate func step(_ index: Int) throws(UnreadableRun) -> Step {
        let statuses = "\(status[index]) and \(compensationStatus[index])"
        guard let status = StepStatus(rawValue: status[index]),
            let compensationStatus = CompensationStatus(rawValue: compensationStatus[index])
        else {
            throw UnreadableRun("what its step \(index) is, \(statuses), is not known", mayBeNewer: true)
        }
        var step = Step()
        step.status = status
        step.attempts = Int(attempts[index])
        step.isAmbiguous = isAmbiguous[index]
        step.compensationStatus = compensationStatus
        step.compensationAttempts = Int(compensationAttempts[index])
        step.isCompensationAmbiguous = isCompensationAmbiguous[index]
        step.output = try output[index].map(ClaimedRun.parse)
        step.error = try error[index].map(ClaimedRun.parse).flatMap { Failure($0) }
        step.startedAt = startedAt[index].map { Instant(microseconds: $0) }
        step.completedAt = completedAt[index].map { Instant(microseconds: $0) }
        step.nextAttemptAt = nextAttemptAt[index].map { Instant(microseconds: $0) }
        return step
    }
}
