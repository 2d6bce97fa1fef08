/// How often and how far apart a call is attempted: exponential backoff with jitter.
package struct RetryPolicy: Hashable, Sendable {
    /// Attempts in all, the first included: 1...100, or `unlimited`.
    package var maxAttempts: Int
    /// The delay after the first attempt.
    package var initialInterval: Duration
    /// The delay at most, jitter included.
    package var maxInterval: Duration
    /// What each delay is the previous one times: 1...10.
    package var multiplier: Double
    /// The share by which a delay may be shorter or longer: 0...1.
    package var jitter: Double
    /// No attempt begins later than so long after the action's first; nil for no such bound.
    package var maxElapsed: Duration?

    /// As many attempts as it takes.
    package static let unlimited = Int.max

    package init(
        maxAttempts: Int, initialInterval: Duration, maxInterval: Duration, multiplier: Double = 2,
        jitter: Double = 0.1,
        maxElapsed: Duration? = nil
    ) {
        self.maxAttempts = maxAttempts
        self.initialInterval = initialInterval
        self.maxInterval = maxInterval
        self.multiplier = multiplier
        self.jitter = jitter
        self.maxElapsed = maxElapsed
    }

    /// After so many lost attempts an action gives up, whatever its policy: calls that take their engine with them are not
    /// made for ever. Up to then a lost attempt does not count as one of `maxAttempts`, for it is not the participant's
    /// failure.
    package static let maxLostAttempts = 10

    /// So long after an action's first attempt a participant that says when to come back uses up no attempts.
    package static let patience = Duration.seconds(3600)

    /// What an action has when nothing says otherwise.
    package static let action = RetryPolicy(
        maxAttempts: 3, initialInterval: .milliseconds(100), maxInterval: .seconds(10))

    /// What a compensation has when nothing says otherwise: more patient, for it must succeed in the end.
    package static let compensation = RetryPolicy(
        maxAttempts: 10, initialInterval: .milliseconds(200), maxInterval: .seconds(30))

    /// The delay between attempt `attempt` (from 1) and the next.
    ///
    /// `min(maxInterval, min(maxInterval, initialInterval × multiplier^(attempt−1)) × (1 + jitter × (2u − 1)))`, where `u`
    /// is the `unit` given, 0 ..< 1. Since the cap applies to the jitter too, delays at the cap are only ever shortened.
    package func delay(afterAttempt attempt: Int, jitter unit: Double) -> Duration {
        let cap = Double(maxInterval.microseconds)
        var delay = min(Double(initialInterval.microseconds), cap)
        // After that many steps every policy that grows has reached its longest interval.
        for _ in 1..<min(max(attempt, 1), 100) {
            guard delay < cap else { break }
            delay *= multiplier
        }
        delay = min(delay, cap)
        delay = min(delay * (1 + jitter * (2 * unit - 1)), cap)
        return .microseconds(Int64(max(delay, 0)))
    }
}

/// Policies by what an attempt came to; the first that fits counts, and the last fits always.
package struct RetryRules: Sendable {
    /// What one is for.
    package enum Match: Sendable {
        case outcome(Outcome)
        /// Of the answer.
        case status(Int)
        case condition(Condition)
    }

    /// At least one, with what each is for; empty: for everything.
    package let rules: [(on: [Match], policy: RetryPolicy)]

    /// One policy for everything.
    package init(_ policy: RetryPolicy) { rules = [([], policy)] }

    /// - Parameter rest: for what none of the rules is for.
    init(_ rules: [(on: [Match], policy: RetryPolicy)], rest: RetryPolicy) { self.rules = rules + [([], rest)] }

    /// What is inherited by those who say only a part.
    package var rest: RetryPolicy { rules[rules.count - 1].policy }

    /// Which policy counts depends on more than outcome and status.
    var readsContent: Bool {
        rules.contains { $0.on.contains { if case .condition = $0 { true } else { false } } }
    }

    /// One of them bounds the time.
    var boundsElapsed: Bool { rules.contains { $0.policy.maxElapsed != nil } }

    /// What its conditions name, with their places in the call.
    var uses: [ReferenceUse] {
        var uses: [ReferenceUse] = []
        for (index, rule) in rules.enumerated() {
            for case (let place, .condition(let condition)) in rule.on.enumerated() {
                let pointer = JSONPointer(["retry", String(index), "on", String(place)])
                uses += condition.uses.map { $0.below(pointer) }
            }
        }
        return uses
    }

    /// The policy for what came of an attempt.
    ///
    /// - Parameter holds: whether a condition holds; one that can't be evaluated does not.
    package func index(
        for outcome: Outcome, status: Int?, holds: (Condition) -> Bool
    ) -> Int {
        let found = rules.firstIndex { rule in
            rule.on.isEmpty
                || rule.on.contains { match in
                    switch match {
                    case .outcome(let wanted): wanted == outcome
                    case .status(let wanted): wanted == status
                    case .condition(let condition): holds(condition)
                    }
                }
        }
        return found ?? rules.count - 1
    }
}
