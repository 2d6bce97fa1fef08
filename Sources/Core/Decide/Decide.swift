// The saga, as pure functions. `decide` turns something that happened into events; `evolve` (Evolve.swift) applies an
// event; `Run.nextCommands` (Command.swift) says what the lease holder has to do. No clock, no dice, no sockets: time and
// jitter are arguments, so every decision can be replayed, and every rule of the saga is in this folder:
//
//   forward      a step starts when all its dependencies are SUCCEEDED or SKIPPED            Decision+Forward.swift
//   giving up    after a failure nothing new starts; calls in flight finish; then …          Decision+Forward.swift
//   backward     … every step that may have had an effect is undone, dependents first        Decision+Backward.swift
//   elements     a step with a list is done for each entry of it                              Decision+Elements.swift
//   attempts     what an answer means, whether and when it is tried again                     Decision+Attempts.swift
//   callbacks    the end of what was accepted is told from outside                            Decision+Callbacks.swift
//   polls        … or looked for, again and again                                               Decision+Polls.swift
//   signals      what comes from outside waits for the step that takes it                     Decision+Signals.swift
//   children     runs that a step starts, waits for, and undoes                                Decision+Children.swift

/// Decides what `happening` leads to.
///
/// - Parameters:
///   - run: the run as stored, under a lease that is held.
///   - now: the database's clock.
///   - jitter: a number in 0..<1, for the backoff of a retry.
/// - Returns: the events, in order; empty when nothing changes (a second cancel, a wake-up too early).
/// - Throws: `IllegalHappening` when it does not fit the run; nothing is to be stored then.
package func decide(
    _ run: Run, _ happening: Happening, now: Instant, jitter: Double
) throws(IllegalHappening) -> [RunEvent] {
    var effort = Effort.full
    return try decide(run, happening, now: now, jitter: jitter, effort: &effort)
}

/// The same, with no more effort than is given. When it does not suffice (`effort.isSpent`), what comes back is worth
/// nothing, and the decision is to be made with more of it.
package func decide(
    _ run: Run, _ happening: Happening, now: Instant, jitter: Double, effort: inout Effort
) throws(IllegalHappening) -> [RunEvent] {
    try decision(run, happening, now: now, jitter: jitter, effort: &effort).events
}

/// The same, with the run as the events leave it.
///
/// - Parameter followsUp: false to note what came from outside and nothing else: more is to be decided at the same moment,
///   and time is up only for what nothing has come for.
///   - refusedChildren: by step, why the store can't start its child.
///   - portion: how many elements it begins at most.
func decision(
    _ run: Run, _ happening: Happening, now: Instant, jitter: Double, effort: inout Effort, followsUp: Bool = true,
    refusedChildren: [Int: Failure] = [:], portion: Portion = .whole
) throws(IllegalHappening) -> Decision {
    var decision = Decision(run, now: now, effort: effort, refusedChildren: refusedChildren, portion: portion)
    defer { effort = decision.effort }
    switch run.status {
    case .pending, .running, .compensating:
        try decision.decideLive(happening, jitter: jitter, followsUp: followsUp)
    case .failed:
        try decision.takeUp(run, happening)
        decision.followTakingUp(jitter: jitter)
    case .completed:
        // For how long a person may ask is no matter to a parent, whose undoing is it.
        guard case .undo(let by, let reason) = happening,
            run.canUndo(at: now) || run.canUndoForParent
        else {
            throw IllegalHappening(run, happening)
        }
        decision.append(.undoRequested(by: by, reason: reason))
        decision.advance()
    case .compensated, .cancelled:
        throw IllegalHappening(run, happening)
    }
    return decision
}

/// Decides what is asked of a FAILED run, all of it before anything follows: what was undone by hand is not undone once
/// more because somebody else asks for a retry, and a cancel that was accepted before the run FAILED is not too late because
/// the run is undone by then.
///
/// - Parameter refused: gets what does not fit the run.
func decisionOfFailed(
    _ run: Run, _ asked: [Happening], now: Instant, jitter: Double, effort: inout Effort,
    refusedChildren: [Int: Failure] = [:], portion: Portion = .whole, refused: (Happening, IllegalHappening) -> Void
) -> Decision {
    var decision = Decision(run, now: now, effort: effort, refusedChildren: refusedChildren, portion: portion)
    defer { effort = decision.effort }
    for happening in asked {
        do throws(IllegalHappening) { try decision.takeUp(run, happening) } catch { refused(happening, error) }
    }
    if !decision.events.isEmpty { decision.followTakingUp(jitter: jitter) }
    return decision
}

/// The events with which a run begins: `runStarted`, skipped steps, and, if that was all, its end.
///
/// The API decides this without a lease, so nothing is started: the first steps are marked due. Where a condition takes
/// longer than a request can be kept waiting, or fails, nothing is due, and the engine that claims the run decides.
///
/// - Parameters:
///   - startAt: the run begins no sooner; then nothing is decided yet.
///   - restart: it does another run anew, and takes over what that did.
package func start(_ run: Run, now: Instant, startAt: Instant? = nil, restart: Restart? = nil) -> [RunEvent] {
    if let startAt, startAt > now { return [.runStarted(due: []), .runDelayed(until: startAt)] }
    var preview = Decision(run, now: now, effort: .brief)
    for event in restart?.events ?? [] { preview.append(event) }
    let begun = preview.events
    preview.skipAndCollect()
    // A step whose condition can't be evaluated has failed, with or without its run.
    let hasFailed = preview.run.cause != nil || preview.run.steps.contains { $0.attempts > 0 }
    if preview.effort.isSpent || hasFailed { return [.runStarted(due: [])] + begun }
    let due = preview.readySteps
    if due.contains(where: { !run.isBegunByAttempt($0) }) { return [.runStarted(due: [])] + begun }
    var decision = Decision(run, now: now, effort: .full)
    decision.append(.runStarted(due: due))
    for event in preview.events { decision.append(event) }
    if due.isEmpty { decision.advance() }
    // What follows the end is started with it, under a lease.
    if decision.run.status.isTerminal, run.definition.onEnd != nil { return [.runStarted(due: [])] + begun }
    return decision.events
}

extension Decision {
    /// One event for each step, before anything follows from the first.
    fileprivate mutating func resolve(_ steps: [Int], by: String, reason: String) {
        for step in steps { append(.stepResolved(step: step, by: by, reason: reason)) }
    }

    /// What is asked of a run that was FAILED when the decision began.
    fileprivate mutating func takeUp(_ failed: Run, _ happening: Happening) throws(IllegalHappening) {
        let isUp = run.status != .failed
        switch happening {
        case .resolve(let steps, let by, let reason)
        where failed.canResolve(steps: steps)
            && steps.allSatisfy { run.steps[$0].compensationStatus != .compensated }:
            resolve(steps, by: by, reason: reason)
        case .retry(let step, let by, let reason) where (isUp ? run : failed).canRetry(step: step):
            append(.retryRequested(step: step, by: by, reason: reason))
        case .cancel(let by, let reason) where isUp:
            if run.cause != .cancelRequested { cancel(by, reason) }
        case .pause(let by, let reason, let holdsDeadline) where isUp && !run.isPaused:
            append(.runPaused(by: by, reason: reason, holdsDeadline: holdsDeadline))
        case .resume(let by, let reason) where isUp && run.isPaused: resume(by, reason)
        // What was kept before it is taken first.
        case .signal(let signal) where isUp: note(signal)
        case .calledBack(let step, let action, let callback) where isUp:
            try receive(callback, step, action, jitter: 0.5)
        case .beat(let step, let action) where isUp: try beat(step, action)
        case .childEnded(let step, let end) where isUp: try receive(end, step)
        case .retry, .resolve, .finished, .looked, .tookOver, .woke, .cancel, .settle, .pause, .resume, .undo, .signal,
            .calledBack, .beat, .childEnded, .poison:
            throw IllegalHappening(failed, happening)
        }
    }

    /// Who asked may not have known that the pivot had begun meanwhile: the history tells what became of it.
    fileprivate mutating func cancel(_ by: String, _ reason: String?) {
        let isTooLate = run.cause == nil && run.mustGoOn && !isPlanted(.cancelledPastPivot)
        append(isTooLate ? .cancelRefused(by: by, reason: reason) : .cancelRequested(by: by, reason: reason))
    }

    fileprivate mutating func resume(_ by: String, _ reason: String?) {
        guard let pause = run.marks.pause else { return }
        append(.runResumed(by: by, reason: reason, held: pause.holdsDeadline ? max(.zero, now - pause.since) : .zero))
    }

    /// Everything that follows when a FAILED run has been taken up.
    fileprivate mutating func followTakingUp(jitter: Double) {
        checkDeadline()
        loseCallsInFlight(jitter: jitter)
        endOverdue(jitter: jitter)
        // A pause ended with the run.
        takeSignals()
        startDue(jitter: jitter)
        advance()
    }

    fileprivate mutating func decideLive(
        _ happening: Happening, jitter: Double, followsUp: Bool
    ) throws(IllegalHappening) {
        switch happening {
        case .finished(let step, let action, let attempt, let result):
            guard run.steps.indices.contains(step), let call = run.steps[step].callInFlight,
                call.action == action, call.attempt == attempt
            else { throw IllegalHappening(run, happening) }
            let result = result.fitting(run)
            // What fails after the deadline is not tried again, and not what ended forward progress.
            if result.outcome != .succeeded { checkDeadline() }
            finishAttempt(step, action, attempt, result, jitter: jitter)
        case .looked(let step, let action, let attempt, let result):
            guard run.isPolled(step, action, attempt: attempt) else { throw IllegalHappening(run, happening) }
            let result = result.fitting(run)
            if result.isVerdict, result.outcome != .succeeded { checkDeadline() }
            look(step, action, attempt, result, jitter: jitter)
        case .tookOver:
            checkDeadline()
            loseCallsInFlight(jitter: jitter)
        case .woke:
            break
        case .cancel(let by, let reason):
            guard run.cause != .cancelRequested else { return }
            cancel(by, reason)
        case .retry(let step, let by, let reason):
            guard run.canRetry(step: step) else { throw IllegalHappening(run, happening) }
            append(.retryRequested(step: step, by: by, reason: reason))
        case .resolve(let steps, let by, let reason):
            guard run.canResolve(steps: steps) else { throw IllegalHappening(run, happening) }
            resolve(steps, by: by, reason: reason)
        case .settle(let step, let settlement, let output, let by, let reason):
            guard run.canSettle(step: step, settlement) else { throw IllegalHappening(run, happening) }
            append(.stepSettled(step: step, settlement, output: output, by: by, reason: reason))
            if settlement == .fail { undoAtOnce(step) }
        case .pause(let by, let reason, let holdsDeadline):
            guard !run.isPaused else { return }
            append(.runPaused(by: by, reason: reason, holdsDeadline: holdsDeadline))
        case .resume(let by, let reason):
            guard run.isPaused else { throw IllegalHappening(run, happening) }
            resume(by, reason)
            takeSignals()
        case .signal(let signal): receive(signal)
        case .calledBack(let step, let action, let callback):
            // What fails after the deadline is not tried again.
            if callback.outcome != .succeeded { checkDeadline() }
            try receive(callback, step, action, jitter: jitter)
        case .beat(let step, let action): try beat(step, action)
        case .childEnded(let step, let end): try receive(end, step)
        case .undo:
            // The same asked twice is one undo.
            if run.cause != .undoRequested { throw IllegalHappening(run, happening) }
            return
        case .poison(let failure):
            append(.runQuarantined(failure))
            return
        }
        guard followsUp else { return }
        checkDeadline()
        endOverdue(jitter: jitter)
        startDue(jitter: jitter)
        advance()
    }

    /// The deadline ends forward progress; it never abandons effects, and it no longer matters once all is done.
    fileprivate mutating func checkDeadline() {
        guard let deadlineAt = run.deadlineToMeet, now >= deadlineAt,
            run.status == .pending || run.status == .running, !run.isForwardDone
        else { return }
        append(run.isPastPivot && !isPlanted(.deadlineEndsPastPivot) ? .deadlineMissed : .deadlineExceeded)
    }

    /// Begins the next attempt of every step whose time has come.
    fileprivate mutating func startDue(jitter: Double) {
        if run.isPaused && !isPlanted(.pausedRunBegins) { return }
        if run.isDraining, !isPlanted(.drainingRunBegins) { return }
        for event in run.dueAttempts(at: now) {
            // What was told of one may have ended forward progress.
            if run.isDraining, !isPlanted(.drainingRunBegins) { break }
            append(event)
            takeKeptCallback(event, jitter: jitter)
        }
        let over = run.steps.activePlaces { $0.status == .waiting && $0.nextAttemptAt.map { $0 <= now } ?? false }
        for index in over where run.steps[index].status == .waiting && run.cause == nil {
            switch run.stepDefinition(index).action {
            case .signal(let awaited): append(.stepFailed(step: index, awaited.timedOut))
            case .run(let child): timeOut(child, index)
            case .call, .wait, .end: append(.stepSucceeded(step: index, output: .null))
            }
        }
    }

    /// Everything that follows by itself from where the run now stands.
    mutating func advance() {
        if run.status == .pending || run.status == .running {
            if run.cause != nil { drain() } else if !mustWait { advanceForward() }
        }
        if run.status == .compensating { advanceBackward() }
    }
}

extension Decision {
    /// It is not to begin yet, or nothing new is.
    private var mustWait: Bool {
        guard run.hasMarks else { return false }
        if run.isPaused { return !run.isForwardDone && !isPlanted(.pausedRunBegins) }
        return !isPlanted(.delayedRunBegins) && run.status == .pending && run.marks.startAt.map { now < $0 } ?? false
    }
}
