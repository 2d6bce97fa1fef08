// A step with a list does nothing itself: for each entry there is an element, which begins, is tried again, waits and is undone as a
// step is. The step is done when they are. When one has given up no other begins; those that have begun go on to their end, unless
// the run turns back.

extension Decision {
    /// Evaluates the list of a step, once.
    mutating func begin(_ forEach: ForEachDefinition, _ index: Int) {
        do throws(Failure) {
            let entries = try forEach.entries(of: run, step: index)
            append(.elementsStarted(step: index, count: entries.count, items: .array(entries)))
        } catch {
            append(.stepFailed(step: index, error))
        }
    }

    /// Ends the steps whose elements are all done, and those that go no further since one has given up.
    mutating func endLists() {
        for list in run.lists where run.steps[list.step].status == .executing {
            let progress = run.progress(of: list)
            if isPlanted(.listEndsWithItsLast), let last = list.numbers.last, run.steps[last].status.isDone {
                append(.elementsEnded(step: list.step))
                continue
            }
            guard progress.atWork == 0 else { continue }
            if let failed = progress.failed {
                let failure = run.steps[failed].error ?? Failure(kind: Failure.listKind, message: "An element gave up.")
                append(.stepFailed(step: list.step, failure.of(step: run.stepID(failed))))
                undoAtOnce(list)
            } else if progress.waiting == nil {
                append(.elementsEnded(step: list.step))
            }
        }
    }

    /// Elements that can begin now, of a step that is at work.
    ///
    /// - Parameter left: what is left for all lists; less what this one takes of it afterwards.
    func readyElements(of list: ElementList, within left: inout Portion) -> [Int] {
        guard run.steps[list.step].status == .executing, let forEach = run.stepDefinition(list.step).forEach else {
            return []
        }
        let progress = run.progress(of: list)
        guard let first = progress.waiting, progress.failed == nil || isPlanted(.elementsBeginAfterFailure) else {
            return []
        }
        var room = isPlanted(.parallelismIgnored) ? list.count : forEach.maxParallel - progress.atWork
        // What is left follows with the next decision, at once.
        switch run.stepDefinition(list.step).action {
        case .call: room = min(room, left.calls)
        case .run: room = min(room, left.children)
        case .wait, .signal, .end: break
        }
        var ready: [Int] = []
        for number in first..<list.numbers.upperBound where run.steps[number].isUntouched {
            if room <= 0 { break }
            ready.append(number)
            room -= 1
        }
        switch run.stepDefinition(list.step).action {
        case .call: left.calls -= ready.count
        case .run: left.children -= ready.count
        case .wait, .signal, .end: break
        }
        return ready
    }

    /// Elements that can be undone now: as many at a time as are at work on the way forward, the latest first. One after the other
    /// is exact reverse order, also where one can't be undone.
    func undoableElements(of list: ElementList) -> [Int] {
        guard let forEach = run.stepDefinition(list.step).forEach else { return [] }
        var room = forEach.maxParallel
        for number in list.numbers where run.steps[number].isUndoing { room -= 1 }
        var ready: [Int] = []
        for number in list.numbers.reversed() {
            switch run.steps[number].compensationStatus {
            case .notRequired, .compensated: continue
            case .failed, .compensating:
                if forEach.maxParallel == 1, !isPlanted(.elementsUndoneInAnyOrder) { return ready }
            case .pending:
                if run.steps[number].isUndoing {
                    if forEach.maxParallel == 1 { return ready }
                    continue
                }
                guard room > 0 else { return ready }
                ready.append(number)
                room -= 1
            }
        }
        return ready
    }

    /// A step that gave up, in a run that goes on, leaves nothing behind for those that depend on it.
    private mutating func undoAtOnce(_ list: ElementList) {
        guard run.cause == nil else { return }
        for number in list.numbers.reversed()
        where run.isUndoable(number) && run.steps[number].mayHaveEffect
            && run.steps[number].compensationStatus == .notRequired
        {
            append(.stepUndoing(step: number))
        }
    }
}

extension Run {
    /// How far a list is.
    fileprivate struct Progress {
        /// Elements that have begun and are not over, those that wait for a person included.
        var atWork = 0
        /// The first that has given up.
        var failed: Int?
        /// The first that has not begun.
        var waiting: Int?
    }

    fileprivate func progress(of list: ElementList) -> Progress {
        let tally = steps.tally(of: list.numbers)
        var progress = Progress(atWork: tally.atWork)
        if tally.failed > 0 { progress.failed = steps.first(of: list.numbers) { $0.failed } }
        if tally.untouched > 0 { progress.waiting = steps.first(of: list.numbers) { $0.untouched } }
        return progress
    }

    /// A decision has left elements that can begin for the next.
    var hasElementsToBegin: Bool {
        guard hasMarks, status == .running, cause == nil, !isPaused else { return false }
        return lists.contains { list in
            guard steps[list.step].status == .executing, let forEach = stepDefinition(list.step).forEach else {
                return false
            }
            let progress = progress(of: list)
            return progress.waiting != nil && progress.failed == nil && progress.atWork < forEach.maxParallel
        }
    }
}

extension Step {
    /// It has not begun, and nothing says when.
    fileprivate var isUntouched: Bool { status == .pending && attempts == 0 && nextAttemptAt == nil }

    /// Its compensation has begun and is not over, or waits to be repeated.
    fileprivate var isUndoing: Bool {
        compensationStatus == .compensating || (compensationStatus == .pending && nextAttemptAt != nil)
    }
}
