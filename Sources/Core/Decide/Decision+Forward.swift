extension Decision {
    /// Starts every step that can start; completes the run when all are done.
    mutating func advanceForward() {
        while true {
            endLists()
            skipAndCollect()
            if effort.isSpent { return }
            if run.cause != nil { return drain() }
            let ready = readySteps
            // Behind a step that makes no call others may be ready at once.
            guard let passing = ready.first(where: { !run.isBegunByAttempt($0) }) else {
                for index in ready {
                    if run.isElement(index) { portion.calls -= 1 }
                    append(.attemptStarted(step: index, action: .execute, attempt: 1))
                }
                break
            }
            pass(passing)
            // Nothing but the next of them comes behind an element.
            guard run.isElement(passing) else { continue }
            var last = passing
            for element in ready where element > passing && run.base(of: element) == run.base(of: passing) {
                let hasFailed = run.steps[last].status == .failed && !run.steps[last].awaitsPerson
                if hasFailed || run.cause != nil || run.steps[run.base(of: element)].status != .executing { break }
                pass(element)
                last = element
            }
        }
        beginUndoing()
        if run.cause != nil { return drain() }
        if run.isForwardDone { complete() }
    }

    /// Begins a step that makes no call.
    private mutating func pass(_ index: Int) {
        if run.hasList(index), let forEach = run.stepDefinition(index).forEach { return begin(forEach, index) }
        switch run.stepDefinition(index).action {
        case .call: preconditionFailure("a call is begun by its attempt")
        case .wait(let wait): begin(wait, index)
        case .signal(let awaited): begin(awaited, index)
        case .run(let child): begin(child, index)
        case .end(let end): self.end(end, index)
        }
    }

    private mutating func begin(_ wait: WaitDefinition, _ index: Int) {
        do throws(Failure) {
            let until = try wait.end(of: run, step: index, now: now)
            append(.waitStarted(step: index, until: until))
            if until <= now { append(.stepSucceeded(step: index, output: .null)) }
        } catch {
            append(.stepFailed(step: index, error))
        }
    }

    /// What has begun goes on to its end, and what has not is skipped; or all of it is undone.
    private mutating func end(_ end: EndDefinition, _ index: Int) {
        guard end.result == .completed else {
            return append(.stepFailed(step: index, end.failure(of: run, step: index)))
        }
        append(.stepSucceeded(step: index, output: .null))
        for (other, step) in run.steps.enumerated() {
            switch step.status {
            case .waiting where !step.awaitsChild: append(.stepSkipped(step: other))
            case .pending where step.attempts == 0: append(.stepSkipped(step: other))
            case .pending, .waiting, .executing, .succeeded, .failed, .skipped: break
            }
        }
    }

    /// Steps that can start now, in the order of the definition.
    var readySteps: [Int] {
        var ready = run.definition.steps.indices.filter { isReady($0) }
        var left = portion
        for list in run.lists { ready += readyElements(of: list, within: &left) }
        return ready
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
                guard step.condition != nil || step.runsIfSucceeded, !wanted.contains(step.index), isReady(step.index)
                else { continue }
                if step.runsIfSucceeded, !step.dependencies.allSatisfy({ run.steps[$0].status == .succeeded }) {
                    append(.stepSkipped(step: step.index))
                    changed = true
                    continue
                }
                guard let condition = step.condition else {
                    wanted.insert(step.index)
                    continue
                }
                switch condition.verdict(run, &effort) {
                case .yes: wanted.insert(step.index)
                case .no:
                    append(.stepSkipped(step: step.index))
                    changed = true
                case .tooCostly:
                    if effort.isSpent { return }
                    refuse(step.index, "it takes more than \(Condition.maxOperations) operations")
                    changed = true
                case .tooDeep:
                    refuse(step.index, "a value in it grows to more than \(Condition.maxLevels) levels")
                    changed = true
                }
                // Where the run goes on without it, the conditions of the others are looked at all the same.
                if run.cause != nil { return }
            }
        }
    }

    /// The first attempt fails before its call is made: whether the step is wanted is not known.
    private mutating func refuse(_ step: Int, _ reason: String) {
        let failure = Failure(
            kind: Failure.conditionKind,
            message: "The step's condition can't be evaluated for the values of this run: \(reason).",
            pointer: run.pointer(of: step).appending("when").description)
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
        let dependencies = run.stepDefinition(index).dependencies
        if isPlanted(.joinAtFirstBranch), !dependencies.isEmpty {
            return dependencies.contains { run.isDone($0) }
        }
        return dependencies.allSatisfy { run.isDone($0) }
    }

    private mutating func complete() {
        var (template, place) = (run.definition.output, JSONPointer(["output"]))
        if let index = run.ending, case .end(let end) = run.stepDefinition(index).action, let output = end.output {
            (template, place) = (output, JSONPointer(["steps", String(index), "end", "output"]))
        }
        guard let template else {
            let output = run.steps[run.definition.steps.count - 1].output ?? .null
            if run.lists.isEmpty || !output.isLonger(than: Template.maxBytes) {
                return finish(.runCompleted(output: output, failure: nil))
            }
            // What all its elements have put out may be more than an output may be.
            return complete(without: TemplateError(.tooLarge(limit: Template.maxBytes), pointer: .root))
        }
        do {
            finish(.runCompleted(output: try template.render(run), failure: nil))
        } catch {
            complete(without: error.below(place))
        }
    }

    /// All effects are there and wanted; undoing them because a label can't be printed would be worse.
    private mutating func complete(without error: TemplateError) {
        let failure = Failure(
            kind: Failure.templateKind, message: "The run's output can't be built: \(error)",
            pointer: error.pointer.description)
        finish(.runCompleted(output: .null, failure: failure))
    }

    /// After a failure, a cancel or the deadline: nothing new starts, calls in flight finish, and then effects are
    /// undone, except those that a person has undone already.
    mutating func drain() {
        // What undoes itself goes on.
        for (index, step) in run.steps.enumerated()
        where step.awaitsSignal
            || (step.nextAttemptAt != nil && step.waitingAction == .execute && !step.awaitsChild)
            || (step.status == .executing && run.hasList(index))
        {
            append(.stepAbandoned(step: index))
        }
        cancelChildren()
        abandonAccepted()
        if run.hasLiveChild, !isPlanted(.childCancelForgotten) { return }
        if run.hasCallInFlight, !isPlanted(.undoneBesideForwardCall) { return }
        let withEffect = run.steps.indices.filter {
            let step = run.steps[$0]
            if isPlanted(.onlySucceededIsUndone), step.status != .succeeded { return false }
            if isPlanted(.undoForgetsStep), run.cause == .undoRequested, $0 == 0 { return false }
            guard step.mayHaveEffect else { return false }
            if isPlanted(.elementsForgotten), run.isElement($0), !run.isElement($0 - 1) { return false }
            return step.compensationStatus == .notRequired
                || (step.compensationStatus == .compensated && isPlanted(.resolvedUndoneAgain))
        }
        append(
            .runCompensating(
                steps: withEffect.filter { run.isUndoable($0) },
                uncompensated: withEffect.filter { !run.isUndoable($0) }))
    }
}
