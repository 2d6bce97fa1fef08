internal import Core

/// An attempt that came to nothing.
struct FailedAttempt {
    let step: Int
    let action: CallAction
    let attempt: Int
    let report: CallReport
    let failure: Failure
    let retryIn: Duration?

    init(
        step: Int, action: CallAction, attempt: Int, _ report: CallReport, _ failure: Failure, _ retryIn: Duration?
    ) {
        self.step = step
        self.action = action
        self.attempt = attempt
        self.report = report
        self.failure = failure
        self.retryIn = retryIn
    }
}

/// Attempts: when they may begin, how often, and how far apart.
extension HistoryAudit {
    mutating func begin(_ step: Int, _ action: CallAction, _ attempt: Int, _ at: Instant) {
        let (id, isFree) = (id(step), inFlight[step] == nil)
        require(isFree, 11, "\(id) began a call while another was in flight")
        switch action {
        case .execute:
            let (isForward, isReady, isNew) = (
                !hasLeftForward && undoing == nil, isReady(step), !succeeded.contains(step) && !skipped.contains(step)
            )
            require(isForward, 7, "\(id) was called forward after forward progress had ended")
            require(isReady, 10, "\(id) was called before what it depends on was done")
            require(isNew, 11, "\(id) was called again after it was done")
        case .compensate:
            let undoing = undoing ?? []
            let open = definition.steps[step].descendants.filter { undoing.contains($0) && !undone.contains($0) }
            let names = open.map { definition.steps[$0].id }.joined(separator: ", ")
            let isNew = !undone.contains(step)
            require(undoing.contains(step), 5, "\(id) is undone though the run never said so")
            require(isNew, 5, "\(id) is undone twice")
            require(open.isEmpty, 6, "\(id) is undone before \(names)")
        }
        let last = attempts[step]?[action] ?? 0
        require(attempt == last + 1, 14, "attempt \(attempt) of \(id) follows attempt \(last)")
        if let maximum = policy(step, action)?.maxAttempts {
            let unspent = unspent(step, action)
            require(
                attempt - unspent <= maximum, 14,
                "attempt \(attempt) of \(id), \(unspent) of them lost or not allowed, the policy allows \(maximum)")
        }
        if last > 0 {
            let due = waiting[step]
            require(
                due.map { $0 <= at } ?? false, 14,
                "attempt \(attempt) of \(id) began at \(at), due at \(due?.description ?? "no time at all")")
        }
        waiting[step] = nil
        attempts[step, default: [:]][action] = attempt
        inFlight[step] = (action, attempt)
    }

    /// Attempts begun so far that the policy does not count.
    private func unspent(_ step: Int, _ action: CallAction) -> Int {
        (lost[step]?[action] ?? 0) + (notAllowed[step]?[action] ?? 0)
    }

    mutating func end(_ step: Int, _ action: CallAction, _ attempt: Int) {
        let call = inFlight.removeValue(forKey: step)
        let id = id(step)
        require(
            call?.action == action && call?.attempt == attempt, 11,
            "attempt \(attempt) of \(id) ended without having been in flight")
    }

    mutating func fail(_ failed: FailedAttempt, _ at: Instant) {
        let (step, action, id) = (failed.step, failed.action, id(failed.step))
        let isUnknown =
            failed.report.outcome == .unknown || (failed.report.outcome == .busy && failed.report.httpStatus == 408)
        if action == .execute, isUnknown { mayHaveEffect.insert(step) }
        guard let policy = policy(step, action) else {
            require(false, 5, "\(id) was undone, but has no compensation")
            return
        }
        let isLost = failed.failure.kind == Failure.lostKind
        if isLost { lost[step, default: [:]][action, default: 0] += 1 }
        let isNotAllowed = failed.failure.kind == Failure.notAllowedKind
        if isNotAllowed { notAllowed[step, default: [:]][action, default: 0] += 1 }
        let unspent = unspent(step, action)
        let isOver =
            isLost
            ? lost[step]?[action] ?? 0 >= RetryPolicy.maxLostAttempts
            : !isNotAllowed && failed.attempt - unspent >= policy.maxAttempts
        let mustGiveUp = failed.report.outcome == .rejected || isOver || (action == .execute && hasLeftForward)
        let gaveUp = failed.retryIn == nil
        require(
            mustGiveUp == gaveUp, 14,
            "\(id) \(gaveUp ? "gave up" : "did not give up") after attempt \(failed.attempt), \(unspent) of them lost "
                + "or not allowed, of \(policy.maxAttempts)")
        guard let retryIn = failed.retryIn else {
            if action == .execute { hasLeftForward = true } else { gaveUpUndoing.insert(step) }
            return
        }
        waiting[step] = at + retryIn
        checkBackoff(failed, retryIn, policy)
    }

    /// An action waits as the policy says, or as long as the participant or its breaker asked.
    private func checkBackoff(_ failed: FailedAttempt, _ retryIn: Duration, _ policy: RetryPolicy) {
        let id = id(failed.step)
        let shortest = policy.delay(afterAttempt: failed.attempt, jitter: 0)
        var longest = policy.delay(afterAttempt: failed.attempt, jitter: 1)
        if failed.report.outcome == .busy || failed.report.outcome == .notSent { longest = max(longest, retryAfterCap) }
        require(
            shortest <= retryIn && retryIn <= longest, 14,
            "\(id) waits \(retryIn) after attempt \(failed.attempt), the policy says \(shortest) to \(longest)")
    }

    private func policy(_ step: Int, _ action: CallAction) -> RetryPolicy? {
        definition.steps[step].call(of: action)?.retry
    }

    mutating func retry(_ step: Int?, _ at: Instant) {
        guard let step else {
            for step in gaveUpUndoing { retry(step, at) }
            return
        }
        if gaveUpUndoing.remove(step) != nil {
            attempts[step]?[.compensate] = 0
            lost[step]?[.compensate] = 0
            notAllowed[step]?[.compensate] = 0
            waiting[step] = at
        } else if waiting[step] != nil {
            waiting[step] = at
        }
    }
}
