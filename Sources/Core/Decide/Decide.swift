// The saga, as pure functions. `decide` turns something that happened into events; `evolve` (Evolve.swift) applies an
// event; `Run.nextCommands` (Command.swift) says what the lease holder has to do. No clock, no dice, no sockets: time and
// jitter are arguments, so every decision can be replayed, and every rule of the saga is in this folder:
//
//   forward      a step starts when all its dependencies are SUCCEEDED or SKIPPED            Decision+Forward.swift
//   giving up    after a failure nothing new starts; calls in flight finish; then …          Decision+Forward.swift
//   backward     … every step that may have had an effect is undone, dependents first        Decision+Backward.swift

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
func decision(
    _ run: Run, _ happening: Happening, now: Instant, jitter: Double, effort: inout Effort
) throws(IllegalHappening) -> Decision {
    var decision = Decision(run, now: now, effort: effort)
    defer { effort = decision.effort }
    switch run.status {
    case .pending, .running, .compensating:
        try decision.decideLive(happening, jitter: jitter)
    case .failed:
        try decision.takeUp(run, happening)
        decision.followTakingUp(jitter: jitter)
    case .completed:
        guard case .undo(let by, let reason) = happening, run.canUndo(at: now) else {
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
    refused: (Happening, IllegalHappening) -> Void
) -> Decision {
    var decision = Decision(run, now: now, effort: effort)
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
/// - Parameter startAt: the run begins no sooner; then nothing is decided yet.
package func start(_ run: Run, now: Instant, startAt: Instant? = nil) -> [RunEvent] {
    if let startAt, startAt > now { return [.runStarted(due: []), .runDelayed(until: startAt)] }
    var preview = Decision(run, now: now, effort: .brief)
    preview.skipAndCollect()
    if preview.effort.isSpent || preview.run.cause != nil { return [.runStarted(due: [])] }
    let due = preview.readySteps
    if due.contains(where: { run.definition.steps[$0].action.call == nil }) { return [.runStarted(due: [])] }
    var decision = Decision(run, now: now, effort: .full)
    decision.append(.runStarted(due: due))
    for event in preview.events { decision.append(event) }
    if due.isEmpty { decision.advance() }
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
        case .retry, .resolve, .finished, .tookOver, .woke, .cancel, .settle, .pause, .resume, .undo, .poison:
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
        startDue()
        advance()
    }

    fileprivate mutating func decideLive(_ happening: Happening, jitter: Double) throws(IllegalHappening) {
        switch happening {
        case .finished(let step, let action, let attempt, let result):
            guard run.steps.indices.contains(step), let call = run.steps[step].callInFlight,
                call.action == action, call.attempt == attempt
            else { throw IllegalHappening(run, happening) }
            // What fails after the deadline is not tried again, and not what ended forward progress.
            if result.outcome != .succeeded { checkDeadline() }
            finishAttempt(step, action, attempt, result, jitter: jitter)
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
        case .undo:
            // The same asked twice is one undo.
            if run.cause != .undoRequested { throw IllegalHappening(run, happening) }
            return
        case .poison(let failure):
            append(.runQuarantined(failure))
            return
        }
        checkDeadline()
        startDue()
        advance()
    }

    /// Records the answer, and decides whether the action is tried again.
    private mutating func finishAttempt(
        _ index: Int, _ action: CallAction, _ attempt: Int, _ result: CallResult, jitter: Double
    ) {
        var report = CallReport(outcome: result.outcome, httpStatus: result.httpStatus, duration: result.duration)
        switch result.outcome {
        case .succeeded:
            // Nobody names what a compensation was answered.
            if action == .execute, let kept = run.definition.steps[index].keptAnswer {
                report.headers = result.headers.filter { kept.headers.contains($0.key) }
            }
            let output = result.output ?? .null
            append(.attemptSucceeded(step: index, action: action, attempt: attempt, report, output: output))
        case .rejected, .busy, .unknown, .notSent:
            var failure =
                result.failure
                ?? Failure(kind: result.outcome.rawValue, message: "The call failed.", httpStatus: result.httpStatus)
            failure.patientAttempts = isPatient(index, action, result) ? 1 : 0
            let retryIn = retryDelay(index, action, attempt, result, jitter: jitter)
            append(
                .attemptFailed(
                    step: index, action: action, attempt: attempt, report, failure, retryIn: retryIn))
            if action == .execute, retryIn == nil { undoAtOnce(index) }
        }
    }

    /// A step that gave up, in a run that goes on, leaves nothing behind for those that depend on it.
    private mutating func undoAtOnce(_ index: Int) {
        guard run.cause == nil, run.definition.steps[index].continuesOnFailure,
            run.definition.steps[index].compensation != nil, run.steps[index].mayHaveEffect
        else { return }
        append(.stepUndoing(step: index))
    }

    /// How long to wait before the next attempt; nil to give up.
    private func retryDelay(
        _ index: Int, _ action: CallAction, _ attempt: Int, _ result: CallResult, jitter: Double
    ) -> Duration? {
        if result.outcome == .rejected { return nil }
        if action == .execute && run.cause != nil { return nil }
        guard let call = run.definition.steps[index].call(of: action) else { return nil }
        let policy = call.retry.rules[min(result.retryRule, call.retry.rules.count - 1)].policy
        let backoff = policy.delay(afterAttempt: attempt, jitter: jitter)
        let mayHaveEffect = CallResult.mayHaveEffect(result.outcome, httpStatus: result.httpStatus)
        let goesOn = action == .execute && neverGivesUp(index, mayHaveEffect: mayHaveEffect)
        let state = run.steps[index]
        let notAllowed = state.notAllowedAttempts(before: attempt)
        if result.failure?.kind == Failure.notAllowedKind { return max(backoff, waitForAnother(notAllowed)) }
        let free = state.lostAttempts(before: attempt) + notAllowed + state.patientAttempts(before: attempt)
        guard goesOn || isPatient(index, action, result) || attempt - free < policy.maxAttempts else { return nil }
        let delay = result.retryAfter.map { max(backoff, min($0, retryAfterCap)) } ?? backoff
        if !goesOn, let bound = policy.maxElapsed, now + delay >= began(index, action) + bound { return nil }
        return delay
    }

    /// Past the pivot there is no way but forward. The pivot itself goes on for as long as nobody knows whether it has taken
    /// effect, where nothing would undo it.
    private func neverGivesUp(_ index: Int, mayHaveEffect: Bool) -> Bool {
        guard let pivot = run.definition.pivot, run.cause == nil, !isPlanted(.attemptsEndPastPivot) else {
            return false
        }
        if index == pivot {
            return run.definition.steps[index].compensation == nil && (mayHaveEffect || run.steps[index].isAmbiguous)
        }
        return run.isPastPivot && !run.definition.steps[index].continuesOnFailure
    }

    /// The participant said when to come back: that is no failure of its, and none of `maxAttempts`, for so long as
    /// `RetryPolicy.patience` says, or the policy's own bound. A compensation waits for it as long as it takes.
    private func isPatient(_ index: Int, _ action: CallAction, _ result: CallResult) -> Bool {
        guard result.outcome == .busy, result.retryAfter != nil else { return false }
        return action == .compensate || now < began(index, action) + RetryPolicy.patience
    }

    /// When the first attempt of an action began.
    private func began(_ index: Int, _ action: CallAction) -> Instant {
        let step = run.steps[index]
        return (action == .execute ? step.startedAt : step.undoingSince) ?? now
    }

    /// For how long a run is given back whose engine may not make a call: no attempt of the policy is spent on that, and
    /// one that may can claim it. Twice as long each time, at most `retryAfterCap`: there may be none.
    private func waitForAnother(_ before: Int) -> Duration {
        min(.seconds(1 << min(before, 9)), retryAfterCap)
    }

    /// A new lease holder can't know what became of calls in flight: each ends `unknown` and is repeated under the same
    /// key after the policy's wait. That is not the participant's failure, so it is none of `maxAttempts`; for calls that
    /// take their engines with them there is `RetryPolicy.maxLostAttempts`.
    fileprivate mutating func loseCallsInFlight(jitter: Double) {
        for index in run.steps.indices {
            guard let call = run.steps[index].callInFlight else { continue }
            let step = run.definition.steps[index]
            guard let definition = step.call(of: call.action) else { continue }
            var result = CallResult(.lost, of: definition, isAmbiguous: true, duration: .zero)
            if isPlanted(.lostCallHasNoEffect) { result.outcome = .notSent }
            let policy = definition.retry.rules[result.retryRule].policy
            let report = CallReport(outcome: result.outcome, httpStatus: nil, duration: .zero)
            let lost = run.steps[index].lostAttempts(before: call.attempt) + 1
            let isKept = call.action == .execute && neverGivesUp(index, mayHaveEffect: report.mayHaveEffect)
            let givesUp =
                !isKept
                && (lost >= RetryPolicy.maxLostAttempts || (call.action == .execute && run.cause != nil))
            let failure = result.failure ?? Failure(kind: Failure.lostKind, message: "The call was lost.")
            append(
                .attemptFailed(
                    step: index, action: call.action, attempt: call.attempt, report, failure,
                    retryIn: givesUp ? nil : policy.delay(afterAttempt: call.attempt, jitter: jitter)))
            if call.action == .execute, givesUp { undoAtOnce(index) }
        }
    }

    /// The deadline ends forward progress; it never abandons effects, and it no longer matters once all is done.
    fileprivate mutating func checkDeadline() {
        guard let deadlineAt = run.deadlineToMeet, now >= deadlineAt,
            run.status == .pending || run.status == .running, !run.isForwardDone
        else { return }
        append(run.isPastPivot && !isPlanted(.deadlineEndsPastPivot) ? .deadlineMissed : .deadlineExceeded)
    }

    /// Begins the next attempt of every step whose time has come.
    fileprivate mutating func startDue() {
        if run.isPaused && !isPlanted(.pausedRunBegins) { return }
        if run.isDraining, !isPlanted(.drainingRunBegins) { return }
        for event in run.dueAttempts(at: now) { append(event) }
        for index in run.steps.indices where run.steps[index].status == .waiting {
            if let due = run.steps[index].nextAttemptAt, due <= now {
                append(.stepSucceeded(step: index, output: .null))
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

/// The longest `Retry-After` that is honoured: a participant must not be able to park a run for days.
package let retryAfterCap: Duration = .seconds(300)
