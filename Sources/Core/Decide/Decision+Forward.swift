extension Decision {
    /// Starts every step that can start; completes the run when all are done.
    mutating func advanceForward() {
        skipAndCollect()
        for index in readySteps {
            append(.attemptStarted(step: index, action: .execute, attempt: 1))
        }
        if run.isForwardDone { complete() }
    }

    /// Steps that can start now, in the order of the definition.
    var readySteps: [Int] {
        run.definition.steps.lazy.map(\.index).filter { isReady($0) }
    }

    /// Skips, until no more follow, the ready steps whose `when` is false.
    mutating func skipAndCollect() {
        var changed = true
        while changed {
            changed = false
            for step in run.definition.steps {
                guard let condition = step.condition, isReady(step.index) else { continue }
                if condition.evaluate(run) { continue }
                append(.stepSkipped(step: step.index))
                changed = true
            }
        }
    }

    /// Never started, not due yet, and nothing it depends on is missing.
    private func isReady(_ index: Int) -> Bool {
        let step = run.steps[index]
        guard step.status == .pending, step.attempts == 0, step.nextAttemptAt == nil else { return false }
        return run.definition.steps[index].dependencies.allSatisfy { run.steps[$0].status.isDone }
    }

    private mutating func complete() {
        guard let template = run.definition.output else {
            append(.runCompleted(output: run.steps.last?.output ?? .null, failure: nil))
            return
        }
        do {
            append(.runCompleted(output: try template.render(run), failure: nil))
        } catch {
            // All effects are there and wanted; undoing them because a label can't be printed would be worse.
            let failure = Failure(kind: "template", message: "The run's output can't be built: \(error)")
            append(.runCompleted(output: .null, failure: failure))
        }
    }

    /// After a failure, a cancel or the deadline: nothing new starts, calls in flight finish, and then effects are
    /// undone, except those that a person has undone already.
    mutating func drain() {
        for (index, step) in run.steps.enumerated() where step.nextAttemptAt != nil {
            append(.stepAbandoned(step: index))
        }
        if run.hasCallInFlight { return }
        let withEffect = run.steps.indices.filter {
            run.steps[$0].mayHaveEffect && run.steps[$0].compensationStatus != .compensated
        }
        append(
            .runCompensating(
                steps: withEffect.filter { run.definition.steps[$0].compensation != nil },
                uncompensated: withEffect.filter { run.definition.steps[$0].compensation == nil }))
    }
}
