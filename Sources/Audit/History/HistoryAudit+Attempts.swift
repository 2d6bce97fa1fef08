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
        requireTurn(step, at)
        let (id, isFree) = (id(step), inFlight[step] == nil)
        require(isFree, 11, "\(id) began a call while another was in flight")
        switch action {
        case .execute:
            require(
                run.stepDefinition(step).action.call != nil && !isListed(step), 8, "\(id) makes no call, but made one")
            let (isForward, isNew) = (
                !hasLeftForward && undoing == nil, !succeeded.contains(step) && !skipped.contains(step)
            )
            require(isForward, 7, "\(id) was called forward after forward progress had ended")
            requireReady(step)
            require(isNew, 11, "\(id) was called again after it was done")
        case .compensate:
            requireUndoing(step)
        }
        let last = attempts[step]?[action] ?? 0
        require(attempt == last + 1, 14, "attempt \(attempt) of \(id) follows attempt \(last)")
        if !isEndless(step, action), let maximum = rules(step, action)?.map(\.policy.maxAttempts).max() {
            let unspent = unspent(step, action)
            require(
                attempt - unspent <= maximum, 14,
                "attempt \(attempt) of \(id), \(unspent) of them free, the policy allows \(maximum)")
        }
        if last > 0 {
            let due = waiting[step]
            require(
                due.map { $0 <= at } ?? false, 14,
                "attempt \(attempt) of \(id) began at \(at), due at \(due?.description ?? "no time at all")")
        }
        waiting[step] = nil
        if action == .execute, run.isElement(step) { begunElements.insert(step) }
        attempts[step, default: [:]][action] = attempt
        if attempt == 1 { began[step, default: [:]][action] = at }
        inFlight[step] = (action, attempt)
    }

    /// Attempts begun so far that the policy does not count.
    private func unspent(_ step: Int, _ action: CallAction) -> Int {
        (lost[step]?[action] ?? 0) + (notAllowed[step]?[action] ?? 0) + (patient[step]?[action] ?? 0)
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
        if action == .execute, Self.mayHaveEffect(failed.report) { mayHaveEffect.insert(step) }
        guard let rules = rules(step, action) else {
            require(false, 5, "\(id) was undone, but has no compensation")
            return
        }
        let isLost = failed.failure.kind == Failure.lostKind
        if isLost { lost[step, default: [:]][action, default: 0] += 1 }
        let isNotAllowed = failed.failure.kind == Failure.notAllowedKind
        if isNotAllowed { notAllowed[step, default: [:]][action, default: 0] += 1 }
        let isPatient = failed.failure.patientAttempts > 0
        if isPatient {
            require(failed.report.outcome == .busy, 14, "\(id) was not told when to come back, but does not count it")
            patient[step, default: [:]][action, default: 0] += 1
        }
        let policies = Self.policies(for: failed.report, among: rules)
        let isFinal = failed.report.outcome == .rejected || (action == .execute && hasLeftForward)
        let isFree = isNotAllowed || isPatient || isLost
        let unspent = unspent(step, action)
        func isOver(_ policy: RetryPolicy, jitter: Double) -> Bool {
            if isLost { return lost[step]?[action] ?? 0 >= RetryPolicy.maxLostAttempts }
            if !isFree, failed.attempt - unspent >= policy.maxAttempts { return true }
            guard !isNotAllowed, let bound = policy.maxElapsed, let began = began[step]?[action] else { return false }
            let delay = jitter < 1 ? policy.delay(afterAttempt: failed.attempt, jitter: 0) : longest(failed, policy)
            return at + delay >= began + bound
        }
        let isEndless = isEndless(step, action)
        let mustGiveUp = isFinal || (!isEndless && policies.allSatisfy { isOver($0, jitter: 0) })
        let mayGiveUp = isFinal || (!isEndless && policies.contains { isOver($0, jitter: 1) })
        let gaveUp = failed.retryIn == nil
        let limits = policies.map { String($0.maxAttempts) }.joined(separator: " or ")
        require(
            gaveUp ? mayGiveUp : !mustGiveUp, 14,
            "\(id) \(gaveUp ? "gave up" : "did not give up") after attempt \(failed.attempt), \(unspent) of them free, "
                + "of \(limits)")
        guard let retryIn = failed.retryIn else {
            if action == .execute { return giveUp(step, at) }
            gaveUpUndoing.insert(step)
            if !isPastPivot { hasLeftForward = true }
            return
        }
        waiting[step] = at + retryIn
        checkBackoff(failed, retryIn, policies)
    }

    /// No usable answer, or one of those to a request that may have begun.
    private static func mayHaveEffect(_ report: CallReport) -> Bool {
        switch (report.outcome, report.httpStatus ?? 0) {
        case (.unknown, _), (.busy, 408), (.busy, 200..<400), (.busy, 500...502), (.busy, 504...): true
        default: false
        }
    }

    /// The policies of which one counts. Where it takes the answer to tell which, there are several.
    private static func policies(
        for report: CallReport, among rules: [(on: [RetryRules.Match], policy: RetryPolicy)]
    ) -> [RetryPolicy] {
        var policies: [RetryPolicy] = []
        for rule in rules {
            var (fits, mayFit) = (rule.on.isEmpty, false)
            for match in rule.on {
                switch match {
                case .outcome(let outcome): fits = fits || outcome == report.outcome
                case .status(let status): fits = fits || status == report.httpStatus
                case .condition: mayFit = report.httpStatus != nil
                }
            }
            if fits || mayFit { policies.append(rule.policy) }
            if fits { break }
        }
        return policies
    }

    /// An action waits as the policy says, or as long as the participant or its breaker asked.
    private func checkBackoff(_ failed: FailedAttempt, _ retryIn: Duration, _ policies: [RetryPolicy]) {
        let id = id(failed.step)
        let bounds = policies.map { ($0.delay(afterAttempt: failed.attempt, jitter: 0), longest(failed, $0)) }
        let texts = bounds.map { "\($0) to \($1)" }.joined(separator: " or ")
        require(
            bounds.contains { $0 <= retryIn && retryIn <= $1 }, 14,
            "\(id) waits \(retryIn) after attempt \(failed.attempt), the policy says \(texts)")
    }

    private func longest(_ failed: FailedAttempt, _ policy: RetryPolicy) -> Duration {
        let longest = policy.delay(afterAttempt: failed.attempt, jitter: 1)
        let asks = failed.report.outcome == .busy || failed.report.outcome == .notSent
        return asks ? max(longest, retryAfterCap) : longest
    }

    private func rules(_ step: Int, _ action: CallAction) -> [(on: [RetryRules.Match], policy: RetryPolicy)]? {
        run.stepDefinition(step).call(of: action)?.retry.rules
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
            patient[step]?[.compensate] = 0
            if !undoesChild(step) { waiting[step] = at }
        } else if awaitingPerson.remove(step) != nil {
            // What makes no call begins anew.
            if run.stepDefinition(step).action.call != nil, !isListed(step) { waiting[step] = at }
        } else if waiting[step] != nil, children[step]?.isOpen != true {
            waiting[step] = at
        }
    }
}
