/// How often and how far apart a call is attempted: exponential backoff with jitter.
package struct RetryPolicy: Hashable, Sendable {
    /// Attempts in all, the first included: 1...100.
    package var maxAttempts: Int
    /// The delay after the first attempt.
    package var initialInterval: Duration
    /// The delay at most, jitter included.
    package var maxInterval: Duration
    /// What each delay is the previous one times: 1...10.
    package var multiplier: Double
    /// The share by which a delay may be shorter or longer: 0...1.
    package var jitter: Double

    package init(
        maxAttempts: Int, initialInterval: Duration, maxInterval: Duration, multiplier: Double = 2, jitter: Double = 0.1
    ) {
        self.maxAttempts = maxAttempts
        self.initialInterval = initialInterval
        self.maxInterval = maxInterval
        self.multiplier = multiplier
        self.jitter = jitter
    }

    /// After so many lost attempts an action gives up, whatever its policy: calls that take their engine with them are not
    /// made for ever. Up to then a lost attempt does not count as one of `maxAttempts`, for it is not the participant's
    /// failure.
    package static let maxLostAttempts = 10

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
        // No policy has more than 100 attempts.
        for _ in 1..<min(max(attempt, 1), 100) {
            guard delay < cap else { break }
            delay *= multiplier
        }
        delay = min(delay, cap)
        delay = min(delay * (1 + jitter * (2 * unit - 1)), cap)
        return .microseconds(Int64(max(delay, 0)))
    }
}
