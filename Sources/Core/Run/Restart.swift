/// How a run does another one anew, and what it takes over from it.
package struct Restart: Sendable, Hashable {
    /// The run that is done anew.
    package let run: RunID
    /// From this step on all is done anew; nil: everything.
    package let fromStep: Int?
    package let by: String
    package let reason: String
    /// What is taken over, each after those it depends on.
    package let kept: [KeptStep]

    package init(run: RunID, fromStep: Int?, by: String, reason: String, kept: [KeptStep]) {
        self.run = run
        self.fromStep = fromStep
        self.by = by
        self.reason = reason
        self.kept = kept
    }

    /// The events with which that begins, after `runStarted`.
    var events: [RunEvent] {
        var events: [RunEvent] = [.restartedFrom(run: run, step: fromStep, by: by, reason: reason)]
        // A list's elements come right behind it.
        var open: (step: Int, left: Int)?
        for kept in kept {
            if let items = kept.items {
                events.append(.elementsStarted(step: kept.step, count: items.count, items: .array(items)))
                open = (kept.step, items.count)
            } else {
                events.append(kept.isSkipped ? .stepSkipped(step: kept.step) : .stepKept(kept))
                open?.left -= 1
            }
            guard let list = open, list.left == 0 else { continue }
            events.append(.elementsEnded(step: list.step))
            open = nil
        }
        return events
    }

    /// What the run that is done anew hands over, by its own numbers.
    ///
    /// - Parameters:
    ///   - old: that run.
    ///   - new: the run that does it anew, as its start leaves it.
    package func handedOver(by old: Run, to new: Run) -> [Int] {
        kept.filter { !$0.isSkipped && $0.items == nil }.compactMap { old.number(of: new.stepID($0.step)) }
    }
}

/// A step that is not done anew.
package struct KeptStep: Sendable, Hashable {
    /// In the run that takes it over.
    package let step: Int
    /// It was skipped; then nothing else is said of it.
    package let isSkipped: Bool
    package let output: JSON
    package let answer: StepAnswer?
    /// The run whose call had its effect, which is undone as if that run did it; nil when there is nothing to undo.
    package let effectOf: RunID?
    /// Of a step with a list: its entries. Its elements are kept, right behind it, each by itself.
    package let items: [JSON]?

    package init(step: Int, output: JSON, answer: StepAnswer?, effectOf: RunID?) {
        self.step = step
        isSkipped = false
        self.output = output
        self.answer = answer
        self.effectOf = effectOf
        items = nil
    }

    /// - Parameter items: the entries of the step's list.
    init(list step: Int, items: [JSON]) {
        self.step = step
        self.items = items
        isSkipped = false
        (output, answer, effectOf) = (.null, nil, nil)
    }

    package init(skipped step: Int) {
        self.step = step
        isSkipped = true
        (output, answer, effectOf, items) = (.null, nil, nil, nil)
    }
}

/// A run that does another one anew, or is done anew by it: what stands with either of them.
package struct RestartLink: Sendable, Hashable {
    /// The other run.
    package let run: RunID
    /// Of the new run: the step from which all is done anew; nil for everything.
    package let fromStep: Int?
    /// Of the old run: what was taken over from it. Where that is anything, nobody undoes this run any more.
    package let steps: [Int]

    package init(run: RunID, fromStep: Int? = nil, steps: [Int] = []) {
        self.run = run
        self.fromStep = fromStep
        self.steps = steps
    }
}

/// The effect of a step that another run's call had.
package struct KeptEffect: Sendable, Hashable {
    package let step: Int
    package let run: RunID

    package init(step: Int, run: RunID) {
        self.step = step
        self.run = run
    }
}

/// Why a run is not done anew as somebody asks.
package enum RestartRefusal: Error, Sendable, Hashable {
    /// It has not ended.
    case live(RunStatus)
    /// That was done before, by this run.
    case restarted(RunID)
    /// It is FAILED, and a person has to say first what becomes of what it did.
    case failed
    /// These steps would be taken over, but their effects are undone.
    case undone([String])
    /// These steps are not there in the version that is asked for, or are something else there.
    case missing([String])
    /// What the version that is asked for names of the answers of these steps was not kept.
    case answerNotKept([String])
    /// To undo these steps is to undo the runs that they have started, which know this run alone.
    case children([String])
    /// It is the child of this run, which would not know the other.
    case child(RunID)
    /// These steps would be done again, and what they did still stands.
    case stands([String])
}

extension Run {
    /// What a run that does this one anew takes over.
    ///
    /// That is what succeeded or was skipped, and need not be done again: neither is it `fromStep`, nor does it depend on
    /// that, or on a step that is done again.
    ///
    /// - Parameters:
    ///   - target: the version that the new run is of.
    ///   - fromStep: in that version; nil takes nothing over.
    ///   - repeats: what still stands may be done once more.
    package func keptSteps(
        for target: WorkflowDefinition, from fromStep: Int?, repeats: Bool
    ) throws(RestartRefusal) -> [KeptStep] {
        if let other = marks.restartedAs, !isPlanted(.restartedTwice) { throw .restarted(other.run) }
        guard status.isTerminal else { throw .live(status) }
        if let parent, !parent.isDetached { throw .child(parent.runID) }
        guard let fromStep else { return [] }
        if status == .failed { throw .failed }
        let again = stepsDoneAgain(of: target, from: fromStep)
        try requireKept(in: target, again)
        try requireNotUndone(in: target, again)
        if !repeats { try requireNothingStands(in: target, again) }
        var kept: [KeptStep] = []
        var open = target.steps.filter { !again.contains($0.index) }
        // Each after those it depends on, whatever the order in which they are written.
        while !open.isEmpty {
            let ready = open.filter { step in
                step.dependencies.allSatisfy { index in kept.contains { $0.step == index } }
            }
            for step in ready { kept += try keptSteps(step, behind: elements(of: kept) + target.steps.count) }
            open.removeAll { step in ready.contains { $0.index == step.index } }
        }
        return kept
    }

    /// `fromStep`, what neither succeeded nor was skipped, and all that depends on any of these.
    private func stepsDoneAgain(of target: WorkflowDefinition, from fromStep: Int) -> Set<Int> {
        var again: Set<Int> = []
        for step in target.steps {
            let isDone = number(of: step.id).map { steps[$0].status.isDone } ?? false
            if step.index == fromStep || !isDone { again.formUnion([step.index] + step.descendants) }
        }
        return again
    }

    /// What succeeded here is there in the other version, or had no effect that somebody would miss.
    private func requireKept(in target: WorkflowDefinition, _ again: Set<Int>) throws(RestartRefusal) {
        var missing: [String] = []
        var children: [String] = []
        for (number, step) in steps.enumerated() where step.status == .succeeded {
            let definition = stepDefinition(number)
            let same = target.step(definition.id)
            if let same, again.contains(same.index) { continue }
            guard let same, same.action.kind == definition.action.kind,
                (same.forEach != nil) == (definition.forEach != nil)
            else {
                if !isElement(number) { missing.append(definition.id) }
                continue
            }
            if undoesChild(number) || (same.undoesChild && step.child != nil) { children.append(stepID(number)) }
        }
        if !missing.isEmpty { throw .missing(missing) }
        if !children.isEmpty { throw .children(children) }
    }

    /// What is taken over was not undone.
    private func requireNotUndone(in target: WorkflowDefinition, _ again: Set<Int>) throws(RestartRefusal) {
        if isPlanted(.undoneIsKept) { return }
        let undone = target.steps.filter { step in
            guard !again.contains(step.index), let number = number(of: step.id) else { return false }
            let numbers = [number] + (list(of: number).map { Array($0.numbers) } ?? [])
            return numbers.contains { steps[$0].compensationStatus != .notRequired }
        }
        if !undone.isEmpty { throw .undone(undone.map(\.id)) }
    }

    /// Nothing is done twice that somebody could undo, or that there is no way back from.
    private func requireNothingStands(in target: WorkflowDefinition, _ again: Set<Int>) throws(RestartRefusal) {
        let standing = steps.indices.filter { number in
            let definition = stepDefinition(number)
            guard steps[number].mayHaveEffect, steps[number].compensationStatus != .compensated,
                isUndoable(number) || definition.isPivot
            else { return false }
            return target.step(definition.id).map { again.contains($0.index) } ?? true
        }
        if !standing.isEmpty { throw .stands(standing.map { stepID($0) }) }
    }

    /// The elements of lists that are kept.
    private func elements(of kept: [KeptStep]) -> Int { kept.reduce(0) { $0 + ($1.items?.count ?? 0) } }

    /// A step, and its elements with it.
    ///
    /// - Parameter first: the number that its first element gets.
    private func keptSteps(_ step: StepDefinition, behind first: Int) throws(RestartRefusal) -> [KeptStep] {
        guard let number = number(of: step.id), steps[number].status == .succeeded else {
            return [KeptStep(skipped: step.index)]
        }
        let had = stepDefinition(number).keptAnswer ?? KeptAnswer()
        if let wanted = step.keptAnswer,
            (wanted.keepsStatus && !had.keepsStatus) || !wanted.headers.isSubset(of: had.headers)
        {
            throw .answerNotKept([step.id])
        }
        guard let list = list(of: number) else { return [keptStep(number, as: step.index)] }
        return [KeptStep(list: step.index, items: list.items.array ?? [])]
            + list.numbers.enumerated().map { place, element in keptStep(element, as: first + place) }
    }

    private func keptStep(_ number: Int, as new: Int) -> KeptStep {
        let old = steps[number]
        guard old.status == .succeeded else { return KeptStep(skipped: new) }
        let effectOf = old.mayHaveEffect ? (marks.kept.first { $0.step == number }?.run ?? id) : nil
        return KeptStep(step: new, output: old.output ?? .null, answer: old.answer, effectOf: effectOf)
    }

    /// The run as which a call is made: that whose call had the effect, where it is undone.
    package func caller(of call: Command.Call) -> RunID {
        guard hasMarks, call.action == .compensate, !isPlanted(.keptUndoneAsOwn) else { return id }
        return marks.kept.first { $0.step == call.step }?.run ?? id
    }

    /// What it did was taken over by another run: nobody undoes this one any more.
    package var isHandedOver: Bool { hasMarks && marks.restartedAs.map { !$0.steps.isEmpty } ?? false }
}
