extension Decision {
    /// Starts every step that can start; completes the run when all are done.
    mutating func advanceForward() {
        skipAndCollect()
        if effort.isSpent { return }
        if run.cause != nil { return drain() }
        for index in readySteps {
            append(.attemptStarted(step: index, action: .execute, attempt: 1))
        }
        if run.isForwardDone { complete() }
    }

    /// Steps that can start now, in the order of the definition.
    var readySteps: [Int] {
        run.definition.steps.lazy.map(\.index).filter { isReady($0) }
    }

    /// Skips, until no more follow, the ready steps whose `when` is false. Ends early when the effort is spent, and with
    /// the first step whose `when` can't be evaluated: it has failed, and nothing new starts.
    mutating func skipAndCollect() {
        var changed = true
        // A condition looks at steps that are done only: what it has come to once it always comes to.
        var wanted: Set<Int> = []
        while changed {
            changed = false
            for step in run.definition.steps {
                guard let condition = step.condition, isReady(step.index), !wanted.contains(step.index) else {
                    continue
                }
                switch condition.verdict(run, &effort) {
                case .yes: wanted.insert(step.index)
                case .no:
                    append(.stepSkipped(step: step.index))
                    changed = true
                case .tooCostly:
                    if effort.isSpent { return }
                    return refuse(step.index, "it takes more than \(Condition.maxOperations) operations")
                case .tooDeep:
                    return refuse(step.index, "a value in it grows to more than \(Condition.maxLevels) levels")
                }
            }
        }
    }

    /// The first attempt fails before its call is made: whether the step is wanted is not known.
    private mutating func refuse(_ step: Int, _ reason: String) {
        let failure = Failure(
            kind: Failure.conditionKind,
            message: "The step's condition can't be evaluated for the values of this run: \(reason).",
            pointer: JSONPointer(["steps", String(step), "when"]).description)
        append(.attemptStarted(step: step, action: .execute, attempt: 1))
        append(
            .attemptFailed(
                step: step, action: .execute, attempt: 1,
                CallReport(outcome: .rejected, httpStatus: nil, duration: .zero), failure, retryIn: nil))
    }

    /// Never started, not due yet, and nothing it depends on is missing.
    private func isReady(_ index: Int) -> Bool {
        let step = run.steps[index]
        guard step.status == .pending, step.attempts == 0, step.nextAttemptAt == nil else { return false }
        let dependencies = run.definition.steps[index].dependencies
        if isPlanted(.joinAtFirstBranch), !dependencies.isEmpty {
            return dependencies.contains { run.steps[$0].status.isDone }
        }
        return dependencies.allSatisfy { run.steps[$0].status.isDone }
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
            let error = error.below(JSONPointer(["output"]))
            let failure = Failure(
                kind: Failure.templateKind, message: "The run's output can't be built: \(error)",
                pointer: error.pointer.description)
            append(.runCompleted(output: .null, failure: failure))
        }
    }

    /// After a failure, a cancel or the deadline: nothing new starts, calls in flight finish, and then effects are
    /// undone, except those that a person has undone already.
    mutating func drain() {
        for (index, step) in run.steps.enumerated() where step.nextAttemptAt != nil {
            append(.stepAbandoned(step: index))
        }
        if run.hasCallInFlight, !isPlanted(.undoneBesideForwardCall) { return }
        let withEffect = run.steps.indices.filter {
            let step = run.steps[$0]
            if isPlanted(.onlySucceededIsUndone), step.status != .succeeded { return false }
            return step.mayHaveEffect
                && (step.compensationStatus != .compensated || isPlanted(.resolvedUndoneAgain))
        }
        append(
            .runCompensating(
                steps: withEffect.filter { run.definition.steps[$0].compensation != nil },
                uncompensated: withEffect.filter { run.definition.steps[$0].compensation == nil }))
    }
}
