// The end of what was accepted may be looked for, where its participant does not call back: while an attempt is accepted, looks
// follow one another. A look begins nothing and may be made twice, so its intent is the time at which it is due, stored with
// the attempt, and a look that an engine takes with it is made again.

extension Decision {
    /// The answer to a look is there.
    mutating func look(
        _ index: Int, _ action: CallAction, _ attempt: Int, _ result: CallResult, jitter: Double
    ) {
        if result.isVerdict { return finishAttempt(index, action, attempt, result, jitter: jitter) }
        if isPlanted(result.isAccepted ? .workTakenForDone : .failedLookEnds) {
            var result = result
            (result.isAccepted, result.outcome) = (false, result.isAccepted ? .succeeded : .rejected)
            return finishAttempt(index, action, attempt, result, jitter: jitter)
        }
        guard let poll = run.stepDefinition(index).call(of: action)?.completion?.poll,
            let accepted = run.marks.accepted.first(where: { $0.step == index })?.poll
        else { preconditionFailure("only what is polled is looked at") }
        if result.isAccepted {
            let wait = CallResult.wait(poll, result.retryAfter)
            return append(
                .attemptLooked(step: index, action: action, nil, lookIn: wait == poll.every ? nil : wait))
        }
        var failure =
            result.failure ?? Failure(kind: result.outcome.rawValue, message: "The look at the work failed.")
        // So often it may come that only what it is goes into the history, not what was said.
        failure.response = nil
        let backoff = poll.backoff(after: accepted.failures + 1, jitter: jitter)
        let wait = max(backoff, min(result.retryAfter ?? .zero, retryAfterCap))
        append(.attemptLooked(step: index, action: action, failure, lookIn: wait))
    }
}

extension Run {
    /// The attempt is open, and its end is looked for.
    func isPolled(_ index: Int, _ action: CallAction, attempt: Int) -> Bool {
        guard steps.indices.contains(index), steps[index].isAccepted,
            let open = steps[index].openAttempt, open == (action, attempt)
        else { return false }
        return marks.accepted.contains { $0.step == index && $0.poll != nil }
    }

    /// The looks whose time has come.
    package func dueLooks(at now: Instant) -> [Command.Look] {
        guard hasMarks, !status.isTerminal else { return [] }
        return marks.accepted.compactMap { accepted in
            guard let poll = accepted.poll, poll.lookAt <= now, let open = steps[accepted.step].openAttempt else {
                return nil
            }
            return Command.Look(
                call: .init(step: accepted.step, action: open.action, attempt: open.attempt), path: poll.path)
        }
    }

    /// Its holder has something to do for it, or waits for the answer: the lease is kept.
    package func isBusy(at now: Instant) -> Bool {
        hasCallInFlight || (hasMarks && !dueLooks(at: now).isEmpty) || hasElementsToBegin
    }
}
