// An answer of 202 to a call with `completion` says that its participant is at work. The attempt stays open without a lease; its
// end is told by a callback, found by a look (Decision+Polls.swift), or told by its time. Nobody knows which comes first, the answer to the call or the callback: what
// comes too early is kept until the call is over, and then takes the place of an answer that says less.

extension Decision {
    /// The attempt goes on without its call.
    mutating func accept(_ index: Int, _ action: CallAction, _ attempt: Int, _ result: CallResult) {
        guard let completion = run.stepDefinition(index).call(of: action)?.completion else {
            preconditionFailure("only a call with a completion is accepted")
        }
        let report = CallReport(outcome: .succeeded, httpStatus: result.httpStatus, duration: result.duration)
        append(
            .attemptAccepted(
                step: index, action: action, attempt: attempt, report, timeout: completion.timeout,
                heartbeat: completion.heartbeatTimeout, poll: result.poll))
    }

    /// The end of an attempt is told. The same again is nothing.
    mutating func receive(
        _ callback: Callback, _ index: Int, _ action: CallAction, jitter: Double
    ) throws(IllegalHappening) {
        guard run.takesCallback(step: index, action) else {
            throw IllegalHappening(run, .calledBack(step: index, action, callback))
        }
        if run.hasMarks, let known = run.marks.callback(of: index, action) {
            if known.digest == callback.digest { return }
            throw IllegalHappening(run, .calledBack(step: index, action, callback))
        }
        let step = run.steps[index]
        let isWaiting = step.openAttempt == nil
        if callback.outcome == .failed {
            // It is to be tried again already, or this is said of an attempt that is over: the same once more, perhaps.
            if isWaiting { return }
            if let attempt = callback.attempt, let open = step.openAttempt, attempt < open.attempt { return }
        }
        // What it says stands with what it leads to, when that follows at once.
        let isTaken = step.isAccepted || (isWaiting && !run.isPaused)
        append(.callbackReceived(step: index, action: action, isTaken ? callback.bare : callback))
        if let open = step.openAttempt, step.isAccepted {
            finishAttempt(index, action, open.attempt, result(of: callback, index, action), jitter: jitter)
        } else if isTaken {
            let attempt = (action == .execute ? step.attempts : step.compensationAttempts) + 1
            append(.attemptStarted(step: index, action: action, attempt: attempt))
            finishAttempt(index, action, attempt, result(of: callback, index, action), jitter: jitter)
        }
    }

    /// A sign of life.
    mutating func beat(_ index: Int, _ action: CallAction) throws(IllegalHappening) {
        guard run.takesCallback(step: index, action) else { throw IllegalHappening(run, .beat(step: index, action)) }
        if run.steps[index].isAccepted { append(.attemptHeartbeat(step: index, action: action)) }
    }

    /// An attempt that has just begun, and whose end was told while the run was paused.
    mutating func takeKeptCallback(_ event: RunEvent, jitter: Double) {
        guard run.hasMarks, case .attemptStarted(let index, let action, let attempt) = event,
            let callback = run.marks.callback(of: index, action)
        else { return }
        finishAttempt(index, action, attempt, result(of: callback, index, action), jitter: jitter)
    }

    /// Accepted attempts of whose end nothing was heard in time end `unknown`.
    mutating func endOverdue(jitter: Double) {
        guard run.hasMarks, !isPlanted(.acceptedForEver) else { return }
        for accepted in run.marks.accepted where accepted.endsAt.map({ $0 <= now }) ?? false {
            guard let open = run.steps[accepted.step].openAttempt,
                let call = run.stepDefinition(accepted.step).call(of: open.action), let completion = call.completion
            else { continue }
            let what =
                accepted.poll != nil
                ? "No look found the end of what was accepted within \(DurationText.format(completion.timeout))."
                : accepted.until <= now
                    ? "No callback came within \(DurationText.format(completion.timeout))."
                    : "No sign of life came within \(accepted.heartbeat.map { DurationText.format($0) } ?? "its time")."
            var result = CallResult(outcome: .unknown, failure: Failure(kind: Failure.timeoutKind, message: what))
            result.retryRule = call.retry.index(for: .unknown, status: nil) { _ in false }
            finishAttempt(accepted.step, open.action, open.attempt, result, jitter: jitter)
        }
    }

    /// A run that turns back does not wait for what was accepted: nobody knows what becomes of it, so it is undone.
    mutating func abandonAccepted() {
        guard run.hasMarks else { return }
        for accepted in run.marks.accepted {
            guard let open = run.steps[accepted.step].openAttempt, open.action == .execute else { continue }
            let failure = Failure(
                kind: Failure.abandonedKind,
                message: "The run turned back before it was told the end of what was accepted.")
            let outcome: Outcome = isPlanted(.acceptedHasNoEffect) ? .notSent : .unknown
            append(
                .attemptFailed(
                    step: accepted.step, action: .execute, attempt: open.attempt,
                    CallReport(outcome: outcome, httpStatus: nil, duration: .zero), failure, retryIn: nil))
        }
    }

    /// What a callback says, as the answer that it takes the place of.
    func result(of callback: Callback, _ index: Int, _ action: CallAction) -> CallResult {
        guard let call = run.stepDefinition(index).call(of: action) else {
            preconditionFailure("what was called has a call")
        }
        if callback.outcome == .succeeded {
            return CallResult(outcome: .succeeded, output: callback.output ?? .null).fitting(run)
        }
        let outcome: Outcome = callback.outcome == .rejected ? .rejected : .unknown
        var result = CallResult(
            outcome: outcome,
            failure: Failure(
                kind: outcome.rawValue, message: "The participant called back: \(callback.outcome.rawValue).",
                response: callback.error))
        result.retryRule = call.retry.index(for: outcome, status: nil) { _ in false }
        return result
    }
}

extension CallResult {
    /// Nothing that comes later can say more.
    var isDefinite: Bool { !isAccepted && (outcome == .succeeded || outcome == .rejected) }
}
