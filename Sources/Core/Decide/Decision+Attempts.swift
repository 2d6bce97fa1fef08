extension Decision {
    /// Records the answer, and decides whether the action is tried again.
    mutating func finishAttempt(
        _ index: Int, _ action: CallAction, _ attempt: Int, _ result: CallResult, jitter: Double
    ) {
        var result = result
        if run.hasMarks, let callback = run.marks.callback(of: index, action), !result.isDefinite,
            !isPlanted(.earlyCallbackForgotten)
        {
            // Its end was told before its call was over.
            result = self.result(of: callback, index, action)
        }
        if result.isAccepted { return accept(index, action, attempt, result) }
        var report = CallReport(outcome: result.outcome, httpStatus: result.httpStatus, duration: result.duration)
        switch result.outcome {
        case .succeeded:
            // Nobody names what a compensation was answered.
            if action == .execute, let kept = run.stepDefinition(index).keptAnswer {
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
    mutating func undoAtOnce(_ index: Int) {
        guard run.cause == nil, run.stepDefinition(index).continuesOnFailure, !run.isElement(index),
            run.isUndoable(index), run.steps[index].mayHaveEffect
        else { return }
        append(.stepUndoing(step: index))
    }

    /// How long to wait before the next attempt; nil to give up.
    private func retryDelay(
        _ index: Int, _ action: CallAction, _ attempt: Int, _ result: CallResult, jitter: Double
    ) -> Duration? {
        if result.outcome == .rejected { return nil }
        if action == .execute && run.cause != nil { return nil }
        guard let call = run.stepDefinition(index).call(of: action) else { return nil }
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
            return run.stepDefinition(index).compensation == nil && (mayHaveEffect || run.steps[index].isAmbiguous)
        }
        return run.isPastPivot && !run.stepDefinition(index).continuesOnFailure
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
    mutating func loseCallsInFlight(jitter: Double) {
        for index in run.steps.activePlaces(where: { $0.openAttempt != nil }) {
            guard let call = isPlanted(.acceptedLost) ? run.steps[index].openAttempt : run.steps[index].callInFlight
            else { continue }
            if run.hasMarks, let callback = run.marks.callback(of: index, call.action) {
                let result = result(of: callback, index, call.action)
                finishAttempt(index, call.action, call.attempt, result, jitter: jitter)
                continue
            }
            let step = run.stepDefinition(index)
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
}

/// The longest `Retry-After` that is honoured: a participant must not be able to park a run for days.
package let retryAfterCap: Duration = .seconds(300)
