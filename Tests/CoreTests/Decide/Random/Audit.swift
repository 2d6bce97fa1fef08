import Core
import Simulation

/// Judges a run by its events alone; knows the definition's facts but none of the decider's code.
struct Audit {
    let workflow: RandomWorkflow
    var violations: [String] = []

    private(set) var sequence = 0
    private(set) var ended: RunEventKind?
    var succeeded: Set<Int> = []
    private(set) var skipped: Set<Int> = []
    /// They gave up, and the run went on.
    private(set) var leftBehind: Set<Int> = []
    /// Of those, the ones undone while it did.
    var undoneAtOnce: Set<Int> = []
    private var isEnding = false
    var mayHaveEffect: Set<Int> = []
    /// To be undone; nil before the run compensates.
    private(set) var undoing: Set<Int>?
    var undone: Set<Int> = []
    /// Undone by hand; among `undone`, too.
    private(set) var resolved: Set<Int> = []
    /// The decision that is being observed takes up a run that was over.
    private var resolvesSetAside = false
    /// What could be resolved before the decision that is being observed.
    private var resolvable: Set<Int> = []
    var gaveUpUndoing: Set<Int> = []
    var inFlight: [Int: (action: CallAction, attempt: Int)] = [:]
    var attempts: [[CallAction: Int]]
    /// Of those, the lost ones: they are counted apart.
    var lost: [[CallAction: Int]]
    /// And those after which the participant had said when to come back.
    var patient: [[CallAction: Int]]
    /// Steps that wait for a next attempt, and the earliest time for it.
    var waiting: [Int: Instant] = [:]
    var hasLeftForward = false
    private(set) var isCancelled = false
    /// It had completed, and is undone.
    private(set) var isUndoRequested = false
    private(set) var isPaused = false
    /// Steps that gave up past the pivot.
    private(set) var awaitingPerson: Set<Int> = []
    /// Steps that a person ended.
    var settled: Set<Int> = []
    var notBefore: Instant?
    /// What was accepted: when it is over if nothing comes; and what was told of it.
    var accepted: [Int: (until: Instant, beatBy: Instant?)] = [:]
    var callbacks: [Int: Callback] = [:]
    /// Of what is looked for: when the next look is due, and how many have failed since one did not.
    var looks: [Int: (due: Instant, failures: Int)] = [:]
    /// Steps that wait for a signal, and what is there for them.
    var awaiting: Set<Int> = []
    var kept: [(sequence: Int, name: String, isOK: Bool)] = []
    var signalKeys: Set<String> = []
    /// By step with a list that has begun, its elements' numbers; and the steps that elements are of.
    var elements: [Int: Range<Int>] = [:]
    private(set) var bases: [Int] = []
    /// Lists that are at work, and elements that have begun, or given up.
    var openLists: Set<Int> = []
    var begun: Set<Int> = []
    var failedElements: Set<Int> = []
    /// Runs that steps have started.
    var children: [Int: (runID: RunID, phase: ChildRun.Phase)] = [:]

    /// Another run has taken over what it did.
    private(set) var isHandedOver = false
    /// What it may take over itself.
    var inherited: Set<Int> = []

    init(_ workflow: RandomWorkflow) {
        self.workflow = workflow
        attempts = Array(repeating: [:], count: workflow.count)
        lost = attempts
        patient = attempts
    }

    mutating func require(_ holds: Bool, _ invariant: Int, _ text: @autoclosure () -> String) {
        if !holds { violations.append("invariant \(invariant) at event \(sequence): \(text())") }
    }

    /// Records what somebody else found wrong.
    mutating func note(_ text: String) { violations.append("after event \(sequence): \(text)") }

    /// The events that follow were decided together.
    mutating func beginDecision() {
        requireNoneOverlooked()
        resolvesSetAside = false
        resolvable = Set((0..<workflow.count + bases.count).filter { canResolve($0) })
    }

    mutating func observe(_ event: RunEvent, at: Instant) {
        sequence += 1
        if ended != nil { require(event.kind.takesUp || event.kind == .restartedAs, 11, "\(event.kind) after the end") }
        require((event.kind == .runStarted) == (sequence == 1), 11, "\(event.kind)")
        switch event {
        case .runStarted(let due):
            // The first event of all, before those of skipped steps: readiness is judged when the step begins.
            for step in due { waiting[step] = at }
        case .attemptStarted(let step, .execute, let attempt): beginForward(step, attempt, at)
        case .attemptStarted(let step, .compensate, let attempt): beginUndoing(step, attempt, at)
        case .attemptSucceeded(let step, let action, let attempt, let report, _):
            judge(step, report, nil, at)
            finish(step, action, attempt)
            if action == .execute {
                succeeded.insert(step)
                mayHaveEffect.insert(step)
            } else {
                undone.insert(step)
            }
        case .attemptFailed(let step, let action, let attempt, let report, let failure, let retryIn):
            judge(step, report, failure, at)
            finish(step, action, attempt)
            fail(step, action, attempt, report, failure, retryIn, at)
        case .attemptAccepted(let step, let action, let attempt, _, _, _, let poll):
            accept(step, action, attempt, poll, at)
        case .attemptLooked(let step, let action, let failure, let lookIn): look(step, action, failure, lookIn, at)
        case .callbackReceived(let step, let action, let callback): callBack(step, action, callback, at)
        case .attemptHeartbeat(let step, let action): beat(step, action, at)
        case .stepSkipped(let step): skip(step)
        case .waitStarted(let step, let until):
            pass(step, at)
            guard case .wait(let length) = workflow.kinds[base(step)] else {
                return require(false, 8, "\(step) is no wait")
            }
            require(until == at + .milliseconds(length), 14, "step \(step) waits until \(until)")
            waiting[step] = until
        case .awaitStarted(let step, let until): beginAwaiting(step, until, at)
        case .signalReceived(let signal): receive(signal)
        case .signalTaken(let step, let signal): take(step, signal, at)
        case .elementsStarted(let step, let count, _):
            bases += Array(repeating: step, count: count)
            attempts += Array(repeating: [:], count: count)
            lost += Array(repeating: [:], count: count)
            patient += Array(repeating: [:], count: count)
            beginList(step, count, at)
        case .elementsEnded(let step): endList(step)
        case .parentLinked: require(sequence > 1 && inFlight.isEmpty, 24, "it becomes a child too late")
        case .childStarted(let step, let child, let until): startChild(step, child, until, at)
        case .childCancelRequested(let step, let failure): cancelChild(step, failure, at)
        case .childEnded(let step, let end): endChild(step, end)
        case .childUndoRequested(let step): undoChild(step, at)
        case .childUndoFailed(let step, _): failToUndoChild(step)
        case .endCallsStarted: break
        case .stepSucceeded(let step, _):
            switch workflow.kinds[base(step)] {
            case .signal: require(false, 20, "step \(step) went on without a signal")
            case .child:
                require(children[step]?.phase == .detached, 24, "step \(step) went on without its child")
                mayHaveEffect.insert(step)
            case .call: require(false, 8, "step \(step) succeeded without a call")
            case .wait:
                let due = waiting.removeValue(forKey: step)
                require(
                    due.map { $0 <= at } ?? false && !hasLeftForward, 14, "step \(step) was over too early or too late")
            case .end(let isCompleted):
                pass(step, at)
                require(isCompleted, 11, "step \(step) completes")
                isEnding = true
            }
            succeeded.insert(step)
        case .stepFailed(let step, _):
            if openLists.contains(step) { return failList(step) }
            if awaiting.contains(step) { return timeOut(step, at) }
            pass(step, at)
            guard case .end(completed: false) = workflow.kinds[base(step)] else {
                return require(false, 11, "step \(step) failed for no reason")
            }
            hasLeftForward = true
        case .stepUndoing(let step):
            let isMeant =
                leftBehind.contains(base(step)) && mayHaveEffect.contains(step) && isUndoable(step)
            require(
                isMeant && !hasLeftForward && undoneAtOnce.insert(step).inserted, 5, "step \(step) is undone at once")
        case .stepAbandoned(let step):
            require(
                waiting.removeValue(forKey: step) != nil || awaiting.contains(step) || openLists.remove(step) != nil,
                11,
                "step \(step) did not wait")
            awaiting.remove(step)
            callbacks[step] = nil
            require(hasLeftForward, 11, "step \(step) is dropped while going forward")
        case .cancelRequested:
            require(hasLeftForward || !mustGoOn, 18, "it is cancelled with no way back")
            isCancelled = true
            hasLeftForward = true
        case .cancelRefused: require(!hasLeftForward && mustGoOn, 18, "a cancel is refused for no reason")
        case .deadlineExceeded:
            require(!hasLeftForward && !isForwardDone, 11, "the deadline matters no longer")
            require(!mustGoOn, 18, "the deadline ends what can't turn back")
            hasLeftForward = true
        case .deadlineMissed: require(isPastPivot && !hasLeftForward, 18, "the deadline is missed for no reason")
        case .stepSettled(let step, let settlement, _, _, _): settle(step, settlement)
        case .runDelayed(let until):
            require(sequence == 2, 11, "it is put off too late")
            notBefore = until
        case .runPaused:
            require(!isPaused, 11, "it is paused twice")
            isPaused = true
        case .runResumed:
            require(isPaused, 11, "it is not paused")
            isPaused = false
        case .undoRequested:
            require(ended == .runCompleted && !isPastPivot && !isHandedOver, 18, "it is undone")
            (isUndoRequested, hasLeftForward, ended) = (true, true, nil)
        case .runCompensating(let steps, let uncompensated): beginCompensating(steps, uncompensated)
        case .runCompleted: complete()
        case .runCompensated: endUndone(.runCompensated, isCancelled: false)
        case .runCancelled: endUndone(.runCancelled, isCancelled: true)
        case .runFailed: endFailed()
        case .retryRequested(let step, _, _): retry(step, at)
        case .stepResolved(let step, _, _): resolve(step)
        case .runQuarantined: ended = .runQuarantined
        case .restartedFrom: require(sequence == 2, 23, "it does another run anew too late")
        case .stepKept(let kept): keep(kept)
        case .restartedAs(_, let steps, _, _):
            require(ended != nil, 23, "it is done anew before its end")
            isHandedOver = !steps.isEmpty
        }
        if ended != nil { isPaused = false }
    }

    // MARK: People, and the point of no return

    var isPastPivot: Bool { workflow.pivot.map { succeeded.contains($0) } ?? false }

    /// The pivot has succeeded, or may have.
    var mustGoOn: Bool {
        guard let pivot = workflow.pivot else { return false }
        return succeeded.contains(pivot) || inFlight[pivot]?.action == .execute
            || (mayHaveEffect.contains(pivot) && waiting[pivot] != nil)
    }

    private func isEndless(_ step: Int, _ action: CallAction) -> Bool {
        guard let pivot = workflow.pivot, action == .execute, !hasLeftForward else { return false }
        if step == pivot { return !workflow.isCompensable[base(step)] && mayHaveEffect.contains(step) }
        return isPastPivot && !workflow.continues[base(step)]
    }

    func canSettle(_ step: Int, _ settlement: Settlement) -> Bool {
        guard ended == nil, !hasLeftForward else { return false }
        if awaitingPerson.contains(step) { return settlement != .fail }
        if isOpen(step) { return false }
        if accepted[step] != nil { return inFlight[step]?.action == .execute }
        let hasBegun = attempts[step][.execute] ?? 0 > 0 || !makesCall(step)
        return awaiting.contains(step) || (waiting[step] != nil && hasBegun && !undoneAtOnce.contains(step))
    }

    private mutating func settle(_ step: Int, _ settlement: Settlement) {
        require(canSettle(step, settlement), 11, "step \(step) is ended by a person")
        looks[step] = nil
        if accepted.removeValue(forKey: step) != nil {
            inFlight[step] = nil
            callbacks[step] = nil
            mayHaveEffect.insert(step)
        }
        require(inFlight[step] == nil, 11, "a call of step \(step) is in flight")
        waiting[step] = nil
        awaiting.remove(step)
        awaitingPerson.remove(step)
        settled.insert(step)
        switch settlement {
        case .complete:
            succeeded.insert(step)
            if attempts[step][.execute] ?? 0 > 0 { mayHaveEffect.insert(step) }
        case .skip: skipped.insert(step)
        case .fail: giveUp(step)
        }
    }

    mutating func giveUp(_ step: Int) {
        if workflow.continues[base(step)] {
            if step != base(step) { failedElements.insert(step) } else { leftBehind.insert(step) }
        } else if isPastPivot, !hasLeftForward {
            awaitingPerson.insert(step)
        } else {
            hasLeftForward = true
            if step != base(step) { openLists.remove(base(step)) }
        }
    }

    mutating func requireTurn(_ step: Int, _ at: Instant) {
        require(!isPaused && notBefore.map { at >= $0 } ?? true, 19, "step \(step) begins out of time")
    }

    // MARK: Attempts

    private func isReady(_ step: Int) -> Bool {
        if step != base(step) { return isElementReady(step) }
        return workflow.dependencies[base(step)].allSatisfy { isDone($0) }
    }

    private func isDone(_ step: Int) -> Bool {
        if succeeded.contains(step) || skipped.contains(step) { return true }
        guard leftBehind.contains(step) else { return false }
        return ([step] + Array(elements[step] ?? 0..<0)).allSatisfy {
            !(mayHaveEffect.contains($0) && isUndoable($0)) || undone.contains($0)
        }
    }

    private var isForwardDone: Bool { (0..<workflow.count).allSatisfy { isDone($0) } }

    /// It begins, and makes no call.
    mutating func pass(_ step: Int, _ at: Instant) {
        requireTurn(step, at)
        require(!hasLeftForward && undoing == nil, 7, "step \(step) begins after forward progress ended")
        require(
            isReady(step) && !isDone(step) && waiting[step] == nil && !awaiting.contains(step) && !isOpen(step), 10,
            "step \(step) begins out of turn")
        if step != base(step) { begun.insert(step) }
    }

    private mutating func begin(_ step: Int, _ action: CallAction, _ attempt: Int, _ at: Instant) {
        requireTurn(step, at)
        require(inFlight[step] == nil, 11, "step \(step) is in flight already")
        let last = attempts[step][action] ?? 0
        require(attempt == last + 1, 14, "attempt \(attempt) of step \(step) follows \(last)")
        let limit = action == .execute ? workflow.maxAttempts : workflow.maxCompensationAttempts
        let counted = attempt - (lost[step][action] ?? 0) - (patient[step][action] ?? 0)
        require(
            counted <= limit || isEndless(step, action), 14, "attempt \(attempt) of step \(step), the limit is \(limit)"
        )
        if last > 0 {
            require(waiting[step].map { $0 <= at } ?? false, 14, "step \(step) is repeated too early")
        }
        waiting[step] = nil
        attempts[step][action] = attempt
        inFlight[step] = (action, attempt)
    }

    private mutating func beginForward(_ step: Int, _ attempt: Int, _ at: Instant) {
        require(!hasLeftForward && undoing == nil, 7, "step \(step) starts after forward progress ended")
        require(isReady(step), 10, "step \(step) starts before its dependencies are done")
        require(!succeeded.contains(step) && !skipped.contains(step), 11, "step \(step) starts again")
        if step == base(step) { require(workflow.lists[step] == nil, 22, "step \(step) has a list, and is called") }
        if step != base(step) { begun.insert(step) }
        begin(step, .execute, attempt, at)
    }

    private mutating func beginUndoing(_ step: Int, _ attempt: Int, _ at: Instant) {
        requireUndoing(step)
        begin(step, .compensate, attempt, at)
    }

    mutating func requireUndoing(_ step: Int) {
        let undoing = undoing ?? []
        require(
            undoing.contains(step) || undoneAtOnce.contains(step), 5, "step \(step) is undone though nobody said so")
        require(!undone.contains(step), 5, "step \(step) is undone twice")
        let open = before(step).intersection(undoing.union(undoneAtOnce)).subtracting(undone)
        requireRoomToUndo(step)
        require(open.isEmpty, 6, "step \(step) is undone before \(open.sorted())")
    }

    private mutating func finish(_ step: Int, _ action: CallAction, _ attempt: Int) {
        let call = inFlight.removeValue(forKey: step)
        require(
            call?.action == action && call?.attempt == attempt, 11, "step \(step) ends a call that is not in flight")
    }

    private mutating func fail(
        _ step: Int, _ action: CallAction, _ attempt: Int, _ report: CallReport, _ failure: Failure,
        _ retryIn: Duration?, _ at: Instant
    ) {
        let isUnknown = report.outcome == .unknown || report.httpStatus == 408
        if action == .execute, isUnknown { mayHaveEffect.insert(step) }
        let limit = action == .execute ? workflow.maxAttempts : workflow.maxCompensationAttempts
        let isLost = failure.kind == "lost"
        if isLost { lost[step][action, default: 0] += 1 }
        let isPatient = failure.patientAttempts > 0
        require(!isPatient || report.outcome == .busy, 14, "step \(step) counts an attempt for nothing")
        if isPatient { patient[step][action, default: 0] += 1 }
        let (lost, patient) = (lost[step][action] ?? 0, patient[step][action] ?? 0)
        let isOver = !isEndless(step, action) && (isLost ? lost >= 10 : !isPatient && attempt - lost - patient >= limit)
        let mustGiveUp = report.outcome == .rejected || isOver || (action == .execute && hasLeftForward)
        require(
            mustGiveUp == (retryIn == nil), 14,
            "step \(step) after attempt \(attempt): "
                + "\(String(describing: retryIn))")
        guard let retryIn else {
            if action == .execute { return giveUp(step) }
            gaveUpUndoing.insert(step)
            if !isPastPivot { hasLeftForward = true }
            return
        }
        waiting[step] = at + retryIn
        var middle = workflow.initial
        for _ in 1..<attempt { middle = min(middle * workflow.multiplier, workflow.maximum) }
        let lower = min(middle, workflow.maximum) * (1 - RandomWorkflow.jitter) - .microseconds(1)
        let upper = max(min(middle * (1 + RandomWorkflow.jitter), workflow.maximum), .seconds(300))
        require(lower <= retryIn && retryIn <= upper, 14, "step \(step) waits \(retryIn), not \(lower)...\(upper)")
    }

    private mutating func skip(_ step: Int) {
        let wasReady = isReady(step)
        require((wasReady || isEnding) && !hasLeftForward, 10, "step \(step) is skipped too early or too late")
        waiting[step] = nil
        awaiting.remove(step)
        defer { skipped.insert(step) }
        if inherited.contains(step) { return }
        if isEnding {
            return require(!isDone(step) && inFlight[step] == nil && !isOpen(step), 11, "step \(step) had begun")
        }
        if workflow.needsSuccess[base(step)], !workflow.dependencies[base(step)].allSatisfy({ succeeded.contains($0) })
        {
            return
        }
        let isWanted =
            switch workflow.when[base(step)] {
            case .always: true
            case .never: false
            case .succeeded(let other): succeeded.contains(other)
            }
        require(!isWanted, 11, "step \(step) is skipped though its condition holds")
    }

    // MARK: The run

    private mutating func beginCompensating(_ steps: [Int], _ uncompensated: [Int]) {
        require(hasLeftForward && undoing == nil, 11, "compensation begins for no reason, or again")
        let open = inFlight.keys.filter { accepted[$0] == nil || inFlight[$0]?.action == .execute }
        let isIdle = waiting.keys.allSatisfy { undoneAtOnce.contains($0) }
        requireNoLiveChild("compensation begins")
        require(open.isEmpty && isIdle, 7, "calls of \(open) are in flight, or something waits")
        let standing = mayHaveEffect.subtracting(resolved).subtracting(undoneAtOnce)
        let undoable = standing.filter { isUndoable($0) }
        require(Set(steps) == undoable, 5, "\(steps) are undone, not \(undoable.sorted())")
        require(
            Set(uncompensated) == standing.subtracting(undoable), 5, "\(uncompensated) are named as not undone")
        awaitingPerson = []
        undoing = Set(steps)
    }

    private mutating func complete() {
        require(isForwardDone && inFlight.isEmpty, 4, "completed with steps open")
        requireNoLiveChild("it completed")
        require(!isCancelled, 17, "completed after a cancel was accepted")
        require(!hasLeftForward, 11, "completed after a failure")
        ended = .runCompleted
    }

    private mutating func endUndone(_ kind: RunEventKind, isCancelled expected: Bool) {
        let isUndone =
            undoing.map {
                $0.union(undoneAtOnce).isSubset(of: undone)
                    && undone.isSubset(of: $0.union(resolved).union(undoneAtOnce))
            } ?? false
        require(isUndone && inFlight.isEmpty, 4, "\(kind) with effects left")
        require(isCancelled == expected, 17, "\(kind)")
        ended = kind
    }

    private mutating func endFailed() {
        let undoing = (undoing ?? []).union(undoneAtOnce)
        require(inFlight.isEmpty && waiting.isEmpty, 6, "failed while something was going on")
        require(!gaveUpUndoing.isEmpty, 11, "failed for no reason")
        for step in undoing.subtracting(undone).subtracting(gaveUpUndoing) {
            let isBlocked = !before(step).isDisjoint(with: gaveUpUndoing)
            require(isBlocked, 6, "step \(step) could have been undone")
        }
        ended = .runFailed
    }

    private mutating func retry(_ step: Int?, _ at: Instant) {
        require(ended != .runCompleted && ended != .runCompensated && ended != .runCancelled, 11, "retry after the end")
        guard let step else {
            for step in gaveUpUndoing { retry(step, at) }
            ended = nil
            return
        }
        if gaveUpUndoing.remove(step) != nil {
            attempts[step][.compensate] = 0
            lost[step][.compensate] = 0
            patient[step][.compensate] = 0
            // Elements have their turn, and the undoing of a child is asked for anew.
            if step == base(step), !workflow.undoesChild(step) || children[step] == nil { waiting[step] = at }
        } else if awaitingPerson.remove(step) != nil {
            if makesCall(step) { waiting[step] = at }
        } else if waiting[step] != nil, !isOpen(step) {
            waiting[step] = at
        }
        ended = nil
    }

    private mutating func resolve(_ step: Int) {
        let isOpen = resolvable.contains(step) && !undone.contains(step)
        require(isOpen, 11, "step \(step) is resolved though nothing was left of it")
        if inFlight[step]?.action == .compensate {
            (inFlight[step], accepted[step], callbacks[step], looks[step]) = (nil, nil, nil, nil)
        }
        if undoing?.contains(step) ?? false { waiting[step] = nil }
        children[step]?.phase = .over
        gaveUpUndoing.remove(step)
        undone.insert(step)
        resolved.insert(step)
        if ended != nil || resolvesSetAside || !isPastPivot || undoing != nil { hasLeftForward = true }
        resolvesSetAside = resolvesSetAside || ended != nil
        ended = nil
    }

    /// What the run gave up on, or, of one set aside, what may have had an effect and is not undone.
    func canResolve(_ step: Int) -> Bool {
        if gaveUpUndoing.contains(step), ended == nil || ended == .runFailed { return true }
        let mayStand = mayHaveEffect.contains(step) || inFlight[step]?.action == .execute
        return ended == .runQuarantined && mayStand && !undone.contains(step)
    }
}
